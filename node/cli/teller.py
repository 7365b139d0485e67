"""Commands about the teller: who certifies, and the way on when their computer is lost."""

from __future__ import annotations

from typing import Any

import click

from node.cli.output import Output
from node.cli.render import line
from protocol.errors import Refused


@click.group()
def teller() -> None:
    """Show who certifies, and move the teller's seat."""


@teller.command("show")
@click.pass_obj
def teller_show(out: Output) -> None:
    """Show who certifies, and on which device."""
    from node import seat

    with out.opened() as home:
        found = seat.show(home)
    lines = [_line(each) for each in found["tellers"]] or ["Nobody is known here yet."]
    if found["halted"]:
        lines.append(
            "The seat was moved twice at once, so nothing is certified: `moothall teller "
            "move-seat` once more settles it."
        )
    if found["question"]:
        lines.append(_question(found["question"]))
    out.answer(found, "\n".join(lines))


def _line(each: dict[str, Any]) -> str:
    name = "you" if each["mine"] else line(each["name"]) or each["person"][:8]
    where = "this device" if each["here"] else f"device {each['device'][:8]}"
    return f"{name}, on {where}"


def _question(asked: dict[str, Any]) -> str:
    if asked["person"] is None:
        return (
            "Elsewhere other tellers were elected, on another chain of certificates, and that "
            f"would take {asked['lost']} certificates back here. Ask the others why; `moothall "
            "teller accept` agrees to it."
        )
    who = line(asked["name"]) or asked["person"][:8]
    return (
        f"{who} has moved the teller's seat, and that would take {asked['lost']} certificates "
        f"back here. Ask {who} why; `moothall teller accept` agrees to it."
    )


@teller.command("move-seat")
@click.option("--alone", is_flag=True, help="Also when no other member's node can be asked first.")
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def move_seat(out: Output, alone: bool, yes: bool) -> None:
    """Move the teller's seat to this device.

    The device that had it is retired: this is for the teller whose computer is lost. The members'
    nodes are asked first. What the lost device certified and none of them knows is void.
    """
    from node import control, running, seat

    with out.opened() as home:
        seat.check(home)
        out.confirm("Is the other device gone for good? It will be retired.", yes)
        answer = control.ask(home.socket, {"do": "move-seat", "alone": alone})
        if answer is None:
            answer = running.move_seat_once(home, alone=alone)
    asked = answer["asked"]
    by = f"{asked} of your neighbours' nodes told what they know" if asked else "nobody was asked"
    out.answer(
        answer,
        f"This device is the teller's now ({by}). The other one is retired.\n\n"
        "Next: keep `moothall run` running here.",
    )


@teller.command("accept")
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def accept(out: Output, yes: bool) -> None:
    """Agree to another chain that takes much back.

    Your node does not undo more than a few certificates unless you say so.
    """
    from node import control, seat

    with out.opened() as home:
        asked = seat.question(home)
        if asked is None:
            raise Refused("nothing-asked", "No other chain of certificates waits for your word.")
        out.note(_question(asked))
        out.confirm("Take these certificates back?", yes)
        answer = seat.accept(home)
        control.poke(home.socket)
    out.answer(answer, "Agreed. It is done when your node hears of it again.")
