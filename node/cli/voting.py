"""Commands about ballots: vote, count, rehearse."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from node.cli.completing import proposal_argument
from node.cli.output import Output
from protocol.errors import Refused

if TYPE_CHECKING:
    from governance.rehearsal import Sale
    from node.home import Home
    from node.importing.model import RowError

RECEIPT_SECONDS = 3.0
SHOWN = 3  # faults of a file that are told


@click.command()
@proposal_argument
@click.argument("choice")
@click.option("--reason", default="", metavar="TEXT", help="Why; an objection needs it.")
@click.pass_obj
def vote(out: Output, proposal_id: str, choice: str, reason: str) -> None:
    """Cast your ballot on proposal P.

    CHOICE is yes, no or abstain; consent, aside or object; A,C to approve of options; A>B=C to
    rank them; A:5,B:0 to score them. `moothall proposal show` says which. In quotes, so that your
    shell leaves it alone.
    """
    from node.assembly import casting
    from node.cli.assembly_text import receipts_text

    with out.opened() as home:
        casting.check(home, proposal_id)
        out.note("Ballots are open: everybody in the community can see how you vote.")
        try:
            made = casting.cast(
                home,
                proposal_id,
                choice,
                reason=reason,
                wait_s=RECEIPT_SECONDS,
                grew=lambda held, tellers: out.note(f"Held by {held} of {tellers} tellers so far."),
            )
        except Refused as error:
            if error.reason == "bad-choice":
                shown = f"`moothall proposal show {proposal_id}`"
                out.note(f"Options are named by their ids; {shown} says what each stands for.")
            raise
    lines = [f"Your ballot: {made['text']}", f"It is {receipts_text(made)}."]
    if made["late"]:
        lines.append(
            "By this machine's clock the vote is over; the teller's node takes it only if it is "
            "still open there."
        )
    elif not made["safe"]:
        lines.append(f"`moothall proposal show {made['proposal'][:8]}` says when it is.")
    out.answer(made, "\n".join(lines))


@click.command()
@proposal_argument
@click.pass_obj
def count(out: Output, proposal_id: str) -> None:
    """Count the vote on P again, and say every step.

    Your node counts for itself from the ballots it holds, and says whether that is what the
    tellers have certified.
    """
    from node.assembly import counts
    from node.assembly.words import plainly
    from node.cli.assembly_text import count_text
    from storage.views import profiles

    with out.opened() as home:
        data = plainly(counts.count(home.store, proposal_id), profiles.names(home.store))
        out.answer(data, count_text(data))


@click.command()
@proposal_argument
@click.option(
    "--sales",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Sales in a CSV file, instead of the community's own past ones.",
)
@click.pass_obj
def rehearse(out: Output, proposal_id: str, sales: Path | None) -> None:
    """Show what proposal P would have meant for past sales.

    The same sales are split by the fees before and after it. A file of sales has the columns
    price, category, referrer, host and currency, of which only the price is needed.
    """
    from node.assembly import rehearsing
    from node.cli.assembly_text import rehearsal_text

    with out.opened() as home:
        rehearsing.check(home.store, proposal_id)
        past = _sales(home, sales) if sales is not None else rehearsing.past_sales(home.store)
        if not past:
            raise Refused(
                "no-sales",
                f"There is no sale in {sales}."
                if sales is not None
                else "There are no receipts of sales in this community yet: name a file of sales "
                "with --sales.",
            )
        made = rehearsing.rehearse(home.store, proposal_id, past)
    out.answer(made, rehearsal_text(made))


def _sales(home: Home, path: Path) -> Sequence[Sale]:
    """The sales in a file; Refused with the first of its faults."""
    from node.sales import load_sales

    found = load_sales(path, currency=home.charter().currency)
    if found.errors:
        told = " ".join(_fault(each) for each in found.errors[:SHOWN])
        more = len(found.errors) - SHOWN
        raise Refused("bad-sales", told + (f" And {more} more." if more > 0 else ""))
    return found.sales


def _fault(error: RowError) -> str:
    return f"Line {error.line}, {error.column}: {error.reason}"
