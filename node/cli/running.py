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
            "--always-on",
            is_flag=True,
            help="Run as a helper machine of the community: more connections, every photo, and a "
            "relay.",
        ),
        click.option(
            "--offer-relay",
            is_flag=True,
            help="Let members who can't be reached from outside be reached through this node.",
        ),
        click.option(
            "--notify",
            metavar="COMMAND",
            help="Have a shell run this for whatever asks for you, with the event as JSON on its "
            "standard input.",
        ),
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
            "--announce",
            multiple=True,
            metavar="MULTIADDR",
            help="Tell others that this node is reached here from outside, such as "
            "/ip4/198.51.100.7/tcp/4001 when your router forwards that port. Can be given several "
            'times; "none" forgets it.',
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
    the first lines, and the shop window if you want one. Ports are chosen once and kept.
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
    from node import control, telling

    with out.opened() as home:
        try:
            for event in control.watch(home.socket):
                out.answer(event, telling.sentence(home.store, event))
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
    from node import telling

    with out.opened() as home:
        data = states.of_home(home)

        def who(text: str) -> str:
            return telling.who(home.store, text)

        odd = telling.comparison(home.store, data["compared"])
        out.answer(data, _status_text(data, who, odd))


FRAUD = {"split": "two different decisions", "double": "two different answers"}


def _status_text(data: dict[str, Any], who: Callable[[str], str], odd: list[str]) -> str:
    from node.cli.render import line

    name, at = line(data["name"]) or "(no name yet)", line(data["community_name"])
    lines = [
        f"{name}, {data['status']}" + (f" of {at}" if at else ""),
        _touch_text(data),
        f"{data['records']} records, certified up to height {data['height']}",
        f"digest {data['digest'][:16]}",
    ]
    compared = data["compared"]
    if compared["peers"]:
        lines.append(
            f"newest certificate compared with {_counted(compared['peers'], 'member', 'members')}: "
            f"the same at {compared['same']}"
        )
    lines += [line(f"ASK: {each}") for each in odd]
    if data["newcomers"]:
        lines.append(_counted(data["newcomers"], "device is", "devices are") + " provisional")
    lines += [
        f"FORK: {fork['lane']} log of device {fork['device'][:16]} ({who(fork['device'])}) at "
        f"{fork['seq']}; what lies beyond is held and not shown"
        for fork in data["forks"]
    ]
    lines += [
        f"FRAUD: {FRAUD[each['what']]} at step {each['height']}, signed by "
        f"{', '.join(line(p['name']) or p['person'][:8] for p in each['persons'])}: see "
        "`moothall recall list`"
        for each in data["fraud"]
    ]
    if data["seat"]["halted"]:
        lines.append("two certificates contradict each other: see `moothall teller show`")
    elif data["seat"]["question"]:
        lines.append("another chain of certificates waits for you: see `moothall teller show`")
    if data["trouble"]:
        lines.append(f"{data['trouble']['message']} (since {data['trouble']['since']})")
    if data["recovery_old"]:
        lines.append("your recovery file names too few who can be reached: `moothall recovery`")
    lines += [f"{fault['at']} {who(fault['who'])}: {fault['reason']}" for fault in data["faults"]]
    return "\n".join(lines)


def _touch_text(data: dict[str, Any]) -> str:
    from node.cli.render import line

    if not data["running"]:
        return "your node is not running; `moothall run` starts it"
    near = ", ".join(
        f"{line(each['name']) or each['peer'][-8:]} ({each['seconds']} s ago)"
        for each in data["neighbours"]
    )
    count = _counted(data["peers"], "neighbour", "neighbours")
    return f"your node is running, in touch with {count}" + (f": {near}" if near else "")


def _counted(number: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many}"
