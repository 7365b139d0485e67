"""Commands about receipts: list, show, and hold every one against its charter."""

from __future__ import annotations

import click

from node.cli.output import Output


@click.group()
def receipt() -> None:
    """Show where the money of sales went, and check it."""


@receipt.command("list")
@click.option("--mine", is_flag=True, help="Only of sales in which you have a part.")
@click.option("--reason", metavar="WORD", help="Only those marked with this reason.")
@click.option(
    "--limit",
    default=50,
    type=click.IntRange(1, 10_000),
    metavar="NUMBER",
    help="Show at most so many.",
    show_default=True,
)
@click.pass_obj
def receipt_list(out: Output, mine: bool, reason: str | None, limit: int) -> None:
    """List receipts, newest first.

    They are public: everybody in the community sees them. They don't name the buyer.
    """
    from governance.receipts import REASONS
    from node.cli.receipt_text import receipts_text
    from node.trade import receipts
    from storage.views import profiles

    if reason is not None and reason not in REASONS:
        raise click.UsageError(f"A reason is one of {', '.join(REASONS)}.")
    with out.opened() as home:
        person = home.person if mine else None
        found, total = receipts.listed(home.store, person=person, reason=reason, limit=limit)
        listed = [receipts.data(home.store, entry) for entry in found]
        text = receipts_text(listed, profiles.names(home.store))
    if total > len(listed):
        text += f"\n... and {total - len(listed)} more"
    out.answer({"receipts": listed, "total": total}, text)


@receipt.command("show")
@click.argument("receipt_id", metavar="R")
@click.pass_obj
def receipt_show(out: Output, receipt_id: str) -> None:
    """Show receipt R, by its id or its order's.

    It says where the price went, what was refunded, and whether the receipt is valid.
    """
    from node import market
    from node.cli.receipt_text import receipt_text
    from node.trade import receipts
    from storage.views import profiles

    with out.opened() as home:
        entry = receipts.find(home.store, receipt_id)
        made = receipts.data(home.store, entry)
        title = market.title(home, entry.said.listing)
        out.answer(made, receipt_text(made, profiles.names(home.store), title))


@receipt.command("verify")
@click.pass_obj
def receipt_verify(out: Output) -> None:
    """Check every receipt here, and name those that are wrong."""
    from node.cli.receipt_text import verified_text
    from node.trade import receipts

    with out.opened() as home:
        made = receipts.verify(home.store)
        out.answer(made, verified_text(made))
