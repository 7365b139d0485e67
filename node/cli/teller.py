"""Commands about the teller: who certifies, and the way on when their computer is lost."""

from __future__ import annotations

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
    """Show who certifies, what is due, and who signed what.

    Of several tellers also who was heard of when, and what each says on the step at hand.
    """
    from node import tellers
    from node.assembly.words import plainly
    from node.cli.teller_text import tellers_text
    from storage.views import profiles

    with out.opened() as home:
        found = plainly(tellers.show(home), profiles.names(home.store))
        text = tellers_text(found, home.store.now_ms())
    out.answer(found, text)


@teller.command("move-seat")
@click.option("--alone", is_flag=True, help="Also when no other member's node can be asked first.")
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def move_seat(out: Output, alone: bool, yes: bool) -> None:
    """Move your teller's seat to this device.

    The device that had it is retired: this is for the teller whose computer is lost. The members'
    nodes are asked first. What the lost device certified and none of them knows is void. One of
    several tellers asks the others instead, and nothing is void.
    """
    from node import control, running, seat

    with out.opened() as home:
        seat.check(home)
        out.confirm("Is the other device gone for good? It will be retired.", yes)
        if seat.is_one_of_several(home):
            out.answer(
                seat.ask(home),
                "Asked. The other tellers' nodes move your seat to this device by themselves, once "
                "enough of them have heard of it, and retire the other one.\n\n"
                "Next: keep `moothall run` running here; `moothall teller show` says when it is "
                "done.",
            )
            return
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


@teller.command("resign")
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def resign(out: Output, yes: bool) -> None:
    """Give up your teller's seat to the first alternate.

    For one of several tellers. You stay a member.
    """
    from node import seat

    with out.opened() as home:
        out.confirm("Give up your seat? Only an election brings it back.", yes)
        answer = seat.resign(home)
    who = line(answer["name"]) or answer["person"][:8]
    out.answer(
        answer,
        f"Said. {who} takes your seat as soon as enough tellers' nodes have heard of it.\n\n"
        "Next: keep `moothall run` running until `moothall teller show` names them.",
    )


@teller.command("accept")
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def accept(out: Output, yes: bool) -> None:
    """Agree to another chain that takes much back.

    Your node does not undo more than a few certificates unless you say so.
    """
    from node import control, seat
    from node.cli.teller_text import question

    with out.opened() as home:
        asked = seat.question(home)
        if asked is None:
            raise Refused("nothing-asked", "No other chain of certificates waits for your word.")
        out.note(question(asked))
        out.confirm("Take these certificates back?", yes)
        answer = seat.accept(home)
        control.poke(home.socket)
    out.answer(answer, "Agreed. It is done when your node hears of it again.")
