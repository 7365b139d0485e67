"""Commands about the running node: run, desk, watch, status."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

import click

from node.cli.output import Output

Command = TypeVar("Command", bound=Callable[..., Any])


def run_options(command: Command) -> Command:
    """The options of every command that runs a node."""
    for option in (
        click.option(
            "--shop-url",
            metavar="URL",
            help='Where guests reach the shop window; "none" forgets it.',
        ),
        click.option(
            "--shop",
            metavar="HOST:PORT",
            help='Switch the shop window on, at this address; "none" switches it off.',
        ),
        click.option(
            "--desk", metavar="HOST:PORT", help="Serve your own pages here; this machine only."
        ),
        click.option(
            "--listen",
            multiple=True,
            metavar="MULTIADDR",
            help="Listen for peers here, such as /ip4/0.0.0.0/tcp/4001. Can be given several "
            "times.",
        ),
    ):
        command = option(command)
    return command


@click.command()
@run_options
@click.pass_obj
def run(out: Output, /, **options: Any) -> None:
    """Run your node until Ctrl-C.

    It keeps in touch with the other members' nodes and serves your desk, whose login link is in
    the first line, and the shop window if you want one. Ports are chosen once and kept.
    """
    end_on_signals()
    from node import running

    with out.opened() as home:
        running.run(home, running.Options(as_json=out.as_json, **options))


def end_on_signals() -> None:
    """Until the node is far enough to end in good order, a signal ends it at once."""
    for sort in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sort, _end)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)


@click.command()
@click.pass_obj
def desk(out: Output) -> None:
    """Print a new link that opens your desk.

    It works once, in a browser on this machine, while your node runs.
    """
    from node import control
    from node.home import SOCKET, open_home

    open_home(out.home).close()  # says so when there is none
    link = control.desk(out.home / SOCKET)
    out.answer({"desk": link}, link)


@click.command()
@click.pass_obj
def watch(out: Output) -> None:
    """Print what happens on the running node, an event a line.

    It ends with Ctrl-C, or when the node ends.
    """
    from node import control
    from node.home import SOCKET, open_home

    open_home(out.home).close()  # says so when there is none
    try:
        for event in control.watch(out.home / SOCKET):
            out.answer(event, " ".join(str(value) for value in event.values()))
    except KeyboardInterrupt:
        return
    out.note("The node has ended.")


@click.command()
@click.pass_obj
def status(out: Output) -> None:
    """Show how this home and its node are.

    Who you are here, how much is held, how many neighbours are in touch, and what went wrong.
    """
    from node import status as states

    with out.opened() as home:
        data = states.of_home(home)
    lines = [
        f"{data['name'] or '(no name yet)'}, {data['status']}",
        f"{data['records']} records, certified up to height {data['height']}, "
        f"in touch with {data['peers']} neighbours",
        f"digest {data['digest'][:16]}",
    ]
    if data["newcomers"]:
        lines.append(f"{data['newcomers']} devices are provisional")
    lines += [
        f"FORK: {fork['lane']} log of device {fork['device'][:16]} at {fork['seq']}; what lies "
        "beyond is held and not shown"
        for fork in data["forks"]
    ]
    lines += [f"{fault['at']} {fault['who']}: {fault['reason']}" for fault in data["faults"]]
    out.answer(data, "\n".join(lines))
