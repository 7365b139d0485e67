"""Commands about consignment: what makers let others sell, and selling it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from node.cli.fields import date
from node.cli.output import Output
from protocol.errors import Refused

if TYPE_CHECKING:
    from node.home import Home
    from storage.views.grants import Version

_COUNT = click.IntRange(0, 10**9)
_until = click.option("--until", metavar="DATE", help="The day after which no sale is agreed on.")


@click.group()
def consign() -> None:
    """Let others sell your goods, and sell theirs."""


@consign.command("new")
@click.argument("person", metavar="P")
@click.option("--listing", "listings", multiple=True, metavar="ID", help="Only this one; repeat.")
@click.option(
    "--margin", required=True, metavar="LOW-HIGH", help="What they may keep, in per cent: 10-25."
)
@click.option("--quota", required=True, type=_COUNT, metavar="NUMBER", help="How many in all.")
@_until
@click.pass_obj
def consign_new(out: Output, /, person: str, listings: tuple[str, ...], **given: Any) -> None:
    """Let P sell goods of yours: those that you name, or all.

    Their margin is of what would be yours, after the community's fee; the fee stays as it is. The
    grant is public.
    """
    from node import people
    from node.trade import consigning

    with out.opened() as home:
        made = consigning.grant(
            home,
            to=people.resolve(home, person).person,
            listings=listings,
            margin=_margin(given["margin"]),
            quota=given["quota"],
            until_ms=_until_ms(given["until"]),
        )
        _answer(out, home, made)


def _margin(text: str) -> tuple[int, int]:
    """`10-25` or `20` per cent, with at most two decimals, as basis points."""
    found = [_bps(part) for part in text.split("-")]
    if len(found) == 1:
        found *= 2
    if len(found) != 2:
        raise _no_margin(text)
    return found[0], found[1]


def _bps(text: str) -> int:
    match = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2}))?", text.strip().removesuffix("%").strip())
    if match is None:
        raise _no_margin(text)
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def _no_margin(text: str) -> Refused:
    return Refused(
        "bad-margin",
        "%(text)s is no margin: write per cent with at most two decimals, as 20 or 10-25. Nothing "
        "was written.",
        text=repr(text),
    )


def _until_ms(text: str | None) -> int | None:
    return None if text is None else date(text)


@consign.command("list")
@click.pass_obj
def consign_list(out: Output) -> None:
    """List the grants that you made and those you were given."""
    from node.cli.consign_text import grant_line
    from node.trade import consigning
    from storage.views import grants, profiles

    with out.opened() as home:
        listed = [
            consigning.data(home.store, each) for each in grants.of_person(home.store, home.person)
        ]
        names = profiles.names(home.store)
        lines = [grant_line(each, home.person.hex(), names) for each in listed]
    out.answer({"grants": listed}, "\n".join(lines) or "There is none.")


@consign.command("show")
@click.argument("grant_id", metavar="GRANT")
@click.pass_obj
def consign_show(out: Output, grant_id: str) -> None:
    """Show a grant as it stands."""
    from node.trade import consigning

    with out.opened() as home:
        _answer(out, home, consigning.find(home.store, grant_id))


@consign.command("change")
@click.argument("grant_id", metavar="GRANT")
@click.option("--quota", type=_COUNT, metavar="NUMBER", help="How many in all, those sold too.")
@_until
@click.pass_obj
def consign_change(out: Output, grant_id: str, quota: int | None, until: str | None) -> None:
    """Let more or fewer be sold by a grant of yours.

    Or until another day. A withdrawn grant is good again.
    """
    from node.trade import consigning

    if quota is None and until is None:
        raise click.UsageError("Name at least one thing to change.")
    with out.opened() as home:
        made = consigning.change(home, grant_id, quota=quota, until_ms=_until_ms(until))
        _answer(out, home, made)


@consign.command("sell")
@click.argument("grant_id", metavar="GRANT")
@click.argument("goods", metavar="[ID]", required=False)
@click.option("--margin", metavar="NUMBER", help="Per cent for you.  [default: the highest]")
@click.option("--price", metavar="AMOUNT", help="What it costs.  [default: the maker's price]")
@click.option("--quantity", type=_COUNT, metavar="NUMBER", help="How many.  [default: all left]")
@click.pass_obj
def consign_sell(out: Output, /, grant_id: str, goods: str | None, **given: Any) -> None:
    """Put up the maker's listing ID as your own, by the grant.

    You collect the money, and owe the maker their part; `moothall settle` says how much.
    """
    from node.cli.listing import answer_listing
    from node.trade import consigning

    with out.opened() as home:
        margin = None if given["margin"] is None else _margin(given["margin"])[1]
        offer = consigning.sell(
            home,
            grant_id,
            goods,
            margin_bps=margin,
            price=given["price"],
            quantity=given["quantity"],
        )
        answer_listing(out, home, offer)


@consign.command("withdraw")
@click.argument("grant_id", metavar="GRANT")
@click.option(
    "--quota",
    type=_COUNT,
    metavar="NUMBER",
    help="Sales up to this unit stand.  [default: the last one with a receipt here]",
)
@click.pass_obj
def consign_withdraw(out: Output, grant_id: str, quota: int | None) -> None:
    """Let nothing more be sold by a grant of yours.

    Ask the other first how many they have sold: a sale that has no receipt yet is made wrong by
    a quota below it.
    """
    from node.trade import consigning

    with out.opened() as home:
        _answer(out, home, consigning.withdraw(home, grant_id, quota=quota))


def _answer(out: Output, home: Home, found: Version) -> None:
    from node.cli.consign_text import grant_text
    from node.trade import consigning
    from storage.views import profiles

    made = consigning.data(home.store, found)
    out.answer({"grant": made}, grant_text(made, profiles.names(home.store)))
