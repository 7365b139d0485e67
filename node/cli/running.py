"""Commands about the running node: run, watch, status."""

from __future__ import annotations

import json

import click

from node.cli.output import Output


@click.command()
@click.option(
    "--listen",
    multiple=True,
    metavar="MULTIADDR",
    help="Where peers reach you, such as /ip4/0.0.0.0/tcp/4001; several times.",
)
@click.option("--desk", metavar="HOST:PORT", help="Your own pages; on this machine only.")
@click.option("--shop", metavar="HOST:PORT", help="Switch the shop window on, at this address.")
@click.option("--shop-url", metavar="URL", help="How guests reach the shop window from outside.")
@click.pass_obj
def run(
    out: Output,
    listen: tuple[str, ...],
    desk: str | None,
    shop: str | None,
    shop_url: str | None,
) -> None:
    """Run your node until Ctrl-C. Ports are chosen once and kept."""
    from node import running

    with out.opened() as home:
        running.run(
            home,
            listen=listen,
            desk=desk,
            shop=shop,
            shop_url=shop_url,
            as_json=out.as_json,
        )


@click.command()
@click.pass_obj
def watch(out: Output) -> None:
    """Print what happens on the running node, an event a line, until Ctrl-C."""
    from node import control
    from node.home import SOCKET

    for event in control.watch(out.home / SOCKET):
        text = " ".join(str(value) for value in event.values())
        click.echo(json.dumps(event) if out.as_json else text)


@click.command()
@click.pass_obj
def status(out: Output) -> None:
    """How this home is: who you are here, what is held, who is in touch, what went wrong."""
    from node import status as states

    with out.opened() as home:
        data = states.of_home(home)
    lines = [
        f"{data['name'] or '(no name yet)'}, {data['status']}",
        f"{data['records']} records, {data['height'] + 1} certificates, "
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
