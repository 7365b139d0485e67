"""Commands about listings: add, edit, show, list, withdraw, publish, erase, import; and search."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.output import Output
from protocol.errors import NotFound, Refused
from protocol.kinds.listing import AUDIENCES, MODES, Claim, Listing, Variant

if TYPE_CHECKING:
    from node.home import Home
    from storage.views.listing_queries import Offer


def _fields(command: Callable[..., None]) -> Callable[..., None]:
    """The options that `add` and `edit` share."""
    for option in reversed(
        (
            click.option("--title", help="What it is, in a few words."),
            click.option("--mode", type=click.Choice(MODES), help="What you want to do with it."),
            click.option("--price", help='Such as 3.50; "none" means on request.'),
            click.option("--currency", help="ISO 4217 code; default: the community's."),
            click.option("--description", help="In Markdown."),
            click.option("--story", help="Where it comes from, in Markdown."),
            click.option("--category", help="One word or two."),
            click.option("--place", help="Where it is."),
            click.option("--quantity", type=click.IntRange(0, 10**9), help="How many there are."),
            click.option("--condition", help="New, used, worn..."),
            click.option(
                "--variant",
                "variants",
                multiple=True,
                metavar="NAME[=PRICE][*COUNT]",
                help='A form of it, such as "Large=15.99*3"; several times.',
            ),
            click.option(
                "--value",
                "values",
                multiple=True,
                metavar="ID=EVIDENCE",
                help="A value of the charter that this keeps, and why; several times.",
            ),
            click.option("--audience", type=click.Choice(AUDIENCES), help="Who may see it."),
            click.option("--delivery", help="How it gets to the buyer."),
            click.option("--expires", metavar="DATE", help="Such as 2027-01-31."),
            click.option(
                "--tag", "tags", multiple=True, help="A word to find it by; several times."
            ),
        )
    ):
        command = option(command)
    return command


@click.group()
def listing() -> None:
    """What members offer and want."""


@listing.command("add")
@_fields
@click.option("--draft", is_flag=True, help="Keep it here; publish it later.")
@click.pass_obj
def listing_add(out: Output, /, draft: bool, **given: Any) -> None:
    """Offer something, or say what you want. Needs --title and --mode."""
    from node import market

    if not given["title"] or not given["mode"]:
        raise click.UsageError("A listing needs --title and --mode.")
    with out.opened() as home:
        changes = _changes(home, given, None)
        wanted = Listing(**changes)
        if draft:
            with home.store.transaction():
                draft_id = market.save_draft(home, None, market.check(home, wanted))
            offer = market.find(home, draft_id.hex())
        else:
            offer = market.offer(home, wanted)
        _answer(out, home, offer)


@listing.command("edit")
@click.argument("listing_id", metavar="ID")
@_fields
@click.pass_obj
def listing_edit(out: Output, /, listing_id: str, **given: Any) -> None:
    """Change a listing of yours; what you don't name stays."""
    from node import market

    with out.opened() as home:
        before = market.find(home, listing_id)
        changes = _changes(home, given, before.listing)
        if not changes:
            raise click.UsageError("Name at least one thing to change.")
        _answer(out, home, market.edit(home, listing_id, changes))


@listing.command("show")
@click.argument("listing_id", metavar="ID")
@click.pass_obj
def listing_show(out: Output, listing_id: str) -> None:
    """Show one listing."""
    from node import market

    with out.opened() as home:
        _answer(out, home, market.find(home, listing_id))


@listing.command("withdraw")
@click.argument("listing_id", metavar="ID")
@click.pass_obj
def listing_withdraw(out: Output, listing_id: str) -> None:
    """Take a listing of yours off the market, for good."""
    from node import market

    with out.opened() as home:
        _answer(out, home, market.withdraw(home, listing_id))


@listing.command("publish")
@click.argument("listing_id", metavar="ID")
@click.pass_obj
def listing_publish(out: Output, listing_id: str) -> None:
    """Publish a draft of yours; it gets a new id."""
    from node import market

    with out.opened() as home:
        _answer(out, home, market.publish(home, listing_id))


@listing.command("erase")
@click.argument("listing_id", metavar="ID")
@click.confirmation_option(prompt="Erase its texts on every node, for good?")
@click.pass_obj
def listing_erase(out: Output, listing_id: str) -> None:
    """Erase a listing of yours: title, texts and all, here and on every node."""
    from node import market

    with out.opened() as home:
        ids = market.erase(home, listing_id)
        out.answer(
            {"erased": [record_id.hex() for record_id in ids]}, f"{len(ids)} versions erased."
        )


def _filters(command: Callable[..., None]) -> Callable[..., None]:
    """The filters that `listing list` and `search` share."""
    for option in reversed(
        (
            click.option("--mode", type=click.Choice(MODES), help="Only this mode."),
            click.option("--category", default="", help="Only this category."),
            click.option("--place", default="", help="Only at this place."),
            click.option("--value", default="", metavar="ID", help="Only claiming this value."),
            click.option("--min", "minimum", help="Lowest price."),
            click.option("--max", "maximum", help="Highest price."),
            click.option("--person", default="", help="Only by this member."),
            click.option("--limit", default=50, type=click.IntRange(1, 10_000), show_default=True),
            click.option(
                "--sort",
                type=click.Choice(("best", "new", "price", "price-desc")),
                default="best",
                show_default=True,
            ),
        )
    ):
        command = option(command)
    return command


@listing.command("list")
@_filters
@click.option("--mine", is_flag=True, help="Only your own, drafts included.")
@click.pass_obj
def listing_list(out: Output, /, mine: bool, **given: Any) -> None:
    """List what is on offer, newest first."""
    _search(out, "", given, mine)


@click.command()
@click.argument("words", nargs=-1, required=True)
@_filters
@click.pass_obj
def search(out: Output, /, words: tuple[str, ...], **given: Any) -> None:
    """Search listings for WORDS; each must occur, the last one as a beginning."""
    _search(out, " ".join(words), given, mine=False)


def _search(out: Output, words: str, given: dict[str, Any], mine: bool) -> None:
    from node import market, people
    from storage.views import listing_queries as queries
    from storage.views import profiles

    with out.opened() as home:
        person = home.person if mine else None
        if given["person"]:
            person = people.resolve(home, given["person"]).person
        found = queries.search(
            home.store,
            queries.Query(
                words=words,
                mode=given["mode"] or "",
                category=given["category"],
                place=given["place"],
                value=given["value"],
                minimum=_bound(home, given["minimum"]),
                maximum=_bound(home, given["maximum"]),
                person=person,
                sort=given["sort"],
                limit=given["limit"],
            ),
        )
        offers = list(found.offers)
        total = found.total
        if mine:
            own_drafts = market.drafts(home)
            offers = own_drafts + offers
            total += len(own_drafts)
        _list(out, offers, total, profiles.names(home.store))


def _list(out: Output, offers: list[Offer], total: int, names: dict[bytes, str]) -> None:
    from node.cli.render import offer_json, offer_line

    lines = [offer_line(offer, names) for offer in offers]
    if total > len(offers):
        lines.append(f"... and {total - len(offers)} more")
    out.answer(
        {"listings": [offer_json(offer) for offer in offers], "total": total},
        "\n".join(lines) or "Nothing found.",
    )


@listing.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "format_", help="The file's format; found by itself otherwise.")
@click.option("--currency", help="Currency of its prices; default: the community's.")
@click.option("--dry-run", is_flag=True, help="Read and check only; write nothing.")
@click.pass_obj
def listing_import(
    out: Output, file: Path, format_: str | None, currency: str | None, dry_run: bool
) -> None:
    """Import products from a seller's CSV FILE (Shopify).

    Everything is imported or nothing; unpublished products become drafts; the same file again
    changes nothing. Pictures are noted by address and never fetched.
    """
    from node import importer

    try:
        data = file.read_bytes()
    except OSError as error:
        raise NotFound("no-file", f"{file} can't be read ({error.strerror}).") from error
    with out.opened() as home, out.progress("Importing") as progress:
        result = importer.run(
            home,
            data,
            format_=format_,
            currency=_currency(home, currency),
            dry_run=dry_run,
            progress=progress,
        )
        errors = [
            {"line": fault.line, "column": fault.column, "reason": fault.reason}
            for fault in result.errors
        ]
        answer = {
            "created": result.created,
            "updated": result.updated,
            "unchanged": result.unchanged,
            "skipped": result.skipped,
            "drafts": result.drafts,
            "errors": errors,
        }
    lines = [f"line {e['line']}, {e['column']}: {e['reason']}" for e in errors[:20]]
    if len(errors) > 20:
        lines.append(f"... and {len(errors) - 20} more")
    if errors:
        lines.append("Nothing was imported.")
    else:
        verb = "would be" if dry_run else "were"
        lines.append(
            f"{result.created} {verb} created, {result.updated} updated, {result.drafts} kept as "
            f"drafts, {result.unchanged} unchanged, {result.skipped} skipped."
        )
    out.answer(answer, "\n".join(lines))
    if errors:
        raise click.exceptions.Exit(1)


def _answer(out: Output, home: Home, offer: Offer) -> None:
    import json

    from node.cli.render import offer_json, offer_text
    from storage.views import profiles

    row = home.store.db.execute(
        "SELECT pictures FROM imported WHERE listing = ?", [offer.id]
    ).fetchone()
    pictures = [] if row is None else json.loads(row[0])
    out.answer(
        {"listing": offer_json(offer, pictures)}, offer_text(offer, profiles.names(home.store))
    )


def _currency(home: Home, given: str | None) -> str:
    return given.upper() if given else home.charter().currency


def _bound(home: Home, text: str | None) -> int | None:
    from node.importing.prices import minor_units

    return None if text is None else minor_units(text, _currency(home, None))


def _changes(home: Home, given: dict[str, Any], before: Listing | None) -> dict[str, Any]:
    """The fields that were named, as `Listing` holds them."""
    from node.importing.prices import minor_units

    changes: dict[str, Any] = {
        key: given[key]
        for key in (
            "title",
            "mode",
            "description",
            "story",
            "category",
            "place",
            "quantity",
            "condition",
            "audience",
            "delivery",
        )
        if given[key] is not None
    }
    needs_currency = given["price"] is not None or given["currency"] or given["variants"]
    if needs_currency:
        kept = before.currency if before is not None and before.currency else None
        changes["currency"] = _currency(home, given["currency"] or kept)
    if given["price"] is not None:
        changes["price"] = (
            None if given["price"] == "none" else minor_units(given["price"], changes["currency"])
        )
    if given["tags"]:
        changes["tags"] = tuple(given["tags"])
    if given["values"]:
        changes["values"] = tuple(_claim(text) for text in given["values"])
    if given["variants"]:
        changes["variants"] = tuple(
            _variant(text, changes["currency"]) for text in given["variants"]
        )
    if given["expires"] is not None:
        changes["expires_ms"] = _date(given["expires"])
    return changes


def _claim(text: str) -> Claim:
    value, _, evidence = text.partition("=")
    return Claim(value=value.strip(), evidence=evidence.strip())


def _variant(text: str, currency: str) -> Variant:
    from node.importing.prices import minor_units

    rest, star, count = text.rpartition("*")
    if not star or not count.strip().isdigit():
        rest, count = text, ""
    name, equals, price = rest.rpartition("=")
    if not equals:
        name, price = rest, ""
    if not name.strip():
        raise Refused("bad-variant", f"{text!r} has no name; write NAME=PRICE*COUNT.")
    return Variant(
        name=name.strip(),
        price=minor_units(price.strip(), currency) if price else None,
        quantity=int(count) if count else None,
    )


def _date(text: str) -> int:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused("bad-date", f"{text!r} is no date; write 2027-01-31.") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return int(moment.timestamp() * 1000)
