"""Commands that find listings: `listing list` and `search`, with the same filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from node.cli.fields import currency_of
from node.cli.output import Output
from protocol.kinds.listing import MODES

if TYPE_CHECKING:
    from node.home import Home


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(
        (
            click.option("--mode", type=click.Choice(MODES), help="Only this mode."),
            click.option("--category", default="", metavar="TEXT", help="Only this category."),
            click.option("--place", default="", metavar="TEXT", help="Only at this place."),
            click.option(
                "--value", default="", metavar="ID", help="Only what claims this value to be kept."
            ),
            click.option(
                "--min", "minimum", metavar="AMOUNT", help="Only from this price on, such as 3.50."
            ),
            click.option("--max", "maximum", metavar="AMOUNT", help="Only up to this price."),
            click.option(
                "--person", default="", metavar="ID", help="Only by this member; an id or a name."
            ),
            click.option(
                "--limit",
                default=50,
                type=click.IntRange(1, 10_000),
                metavar="NUMBER",
                help="Show at most so many.",
                show_default=True,
            ),
            click.option(
                "--sort",
                type=click.Choice(("best", "new", "price", "price-desc")),
                default="best",
                show_default=True,
                help="The order: best match, newest, lowest or highest price first.",
            ),
        )
    ):
        command = option(command)
    return command


@click.command("list")
@_filters
@click.option("--mine", is_flag=True, help="Only your own, drafts included.")
@click.option("--drafts", is_flag=True, help="Only your own that are not published yet.")
@click.pass_obj
def listing_list(out: Output, /, mine: bool, drafts: bool, **given: Any) -> None:
    """List what is on offer and what is wanted, newest first."""
    if sum((mine, drafts, bool(given["person"]))) > 1:
        raise click.UsageError("Name only one of --mine, --drafts and --person.")
    _search(out, "", given, mine=mine, drafts=drafts)


@click.command()
@click.argument("words", nargs=-1, required=True)
@_filters
@click.pass_obj
def search(out: Output, /, words: tuple[str, ...], **given: Any) -> None:
    """Search the listings of the community.

    Each of the WORDS must occur, the last one at least as a beginning.
    """
    _search(out, " ".join(words), given)


def _search(
    out: Output, words: str, given: dict[str, Any], *, mine: bool = False, drafts: bool = False
) -> None:
    from node import market, people
    from node.cli.render import offer_line
    from node.plain import offer_json
    from storage.claims import values
    from storage.views import grants, profiles
    from storage.views import listing_queries as queries

    with out.opened() as home:
        person = home.person if mine else None
        if given["person"]:
            person = people.resolve(home, given["person"]).person
        minimum, maximum = _bound(home, given["minimum"]), _bound(home, given["maximum"])
        market.check_bounds(minimum, maximum)
        query = queries.Query(
            words=words,
            mode=given["mode"] or "",
            category=given["category"],
            place=given["place"],
            value=given["value"].strip(),
            minimum=minimum,
            maximum=maximum,
            person=person,
            sort=given["sort"],
            limit=given["limit"],
        )
        found = queries.Found(offers=(), total=0, more=False)
        own = market.unpublished(home, query) if mine or drafts else []
        if drafts:
            own = [offer for offer in own if offer.status == "draft"]
        else:
            found = queries.search(home.store, query)
        names, claimed = profiles.names(home.store), values(home.store)
        makers = grants.makers(home.store, (each.listing for each in [*own, *found.offers]))
        unknown = query.value and not found.total and _no_such_value(home, query.value)
    offers = [*own, *found.offers][: query.limit]
    total = found.total + len(own)
    lines = [offer_line(offer, names) for offer in offers]
    if total > len(offers):
        lines.append(f"... and {total - len(offers)} more")
    if unknown:
        out.note(f"The charter has no value {query.value}.")
    out.answer(
        {"listings": [offer_json(offer, claimed, makers) for offer in offers], "total": total},
        "\n".join(lines) or "Nothing found.",
    )


def _no_such_value(home: Home, value: str) -> bool:
    from storage import certificates

    charter = certificates.charter(home.store)
    return charter is not None and all(value != known.id for known in charter.values)


def _bound(home: Home, text: str | None) -> int | None:
    from node.importing.prices import minor_units

    return None if text is None else minor_units(text, currency_of(home, None))
