"""Commands about single listings: add, edit, show, withdraw, publish, erase; and import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.fields import changes, currency_of, fields
from node.cli.finding import listing_list
from node.cli.output import Output
from protocol.errors import NotFound
from protocol.kinds.listing import Listing

if TYPE_CHECKING:
    from node.home import Home
    from node.importer import Imported
    from storage.views.listing_queries import Offer

SHOWN = 20  # errors of a file that are shown as text


@click.group()
def listing() -> None:
    """Add, edit, show, list, import and withdraw listings."""


@listing.command("add")
@fields
@click.option("--draft", is_flag=True, help="Keep it to yourself; publish it later.")
@click.pass_obj
def listing_add(out: Output, /, draft: bool, **given: Any) -> None:
    """Offer something, or say what you want.

    --title and --mode are needed, everything else is up to you.
    """
    from node import market

    if given["title"] is None or given["mode"] is None:
        raise click.UsageError("A listing needs --title and --mode.")
    with out.opened() as home:
        wanted = Listing(**changes(home, given, None))
        if draft:
            checked = market.check(home, wanted)
            with home.store.transaction():
                draft_id = market.save_draft(home, None, checked)
            offer = market.lookup(home, draft_id)
        else:
            offer = market.offer(home, wanted)
        _answer(out, home, offer)


@listing.command("edit")
@click.argument("listing_id", metavar="ID")
@fields
@click.pass_obj
def listing_edit(out: Output, /, listing_id: str, **given: Any) -> None:
    """Change a listing or a draft of yours.

    What you don't name stays as it is; an empty text takes something away. Variants, values and
    tags are replaced as a whole.
    """
    from node import market

    if all(value is None or value == () for value in given.values()):
        raise click.UsageError("Name at least one thing to change.")
    with out.opened() as home:
        before = market.find(home, listing_id)
        after = changes(home, given, before.listing)
        _answer(out, home, market.edit(home, listing_id, after))


@listing.command("show")
@click.argument("listing_id", metavar="ID")
@click.pass_obj
def listing_show(out: Output, listing_id: str) -> None:
    """Show everything about one listing."""
    from node import market

    with out.opened() as home:
        _answer(out, home, market.find(home, listing_id))


listing.add_command(listing_list)


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
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def listing_erase(out: Output, listing_id: str, yes: bool) -> None:
    """Erase a listing of yours on every node.

    Its title, texts and all its versions are gone for good, here and wherever they went.
    """
    from node import market

    with out.opened() as home:
        market.find(home, listing_id)  # no question about what isn't there
        out.confirm("Erase its texts on every node, for good?", yes)
        ids = market.erase(home, listing_id)
        out.answer(
            {"erased": [record_id.hex() for record_id in ids]},
            f"Erased, versions and all ({len(ids)}).",
        )


@listing.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "format_",
    metavar="NAME",
    help="The file's format: shopify.  [default: found by the column names]",
)
@click.option(
    "--currency", metavar="CODE", help="The currency of its prices.  [default: the community's]"
)
@click.option("--dry-run", is_flag=True, help="Read and check only, and write nothing.")
@click.pass_obj
def listing_import(
    out: Output, file: Path, format_: str | None, currency: str | None, dry_run: bool
) -> None:
    """Import products from a seller's CSV FILE.

    Everything is imported or nothing; unpublished products become drafts; the same file again
    changes nothing. Pictures are noted by their address and never fetched.
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
            currency=currency_of(home, currency),
            dry_run=dry_run,
            progress=progress,
        )
    _answer_import(out, result, dry_run)
    if result.errors:
        raise click.exceptions.Exit(1)


def _answer_import(out: Output, result: Imported, dry_run: bool) -> None:
    errors = [
        {"line": fault.line, "column": fault.column, "reason": fault.reason}
        for fault in result.errors
    ]
    counts = {
        "created": result.created,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "skipped": result.skipped,
        "drafts": result.drafts,
    }
    if errors:
        counts = dict.fromkeys(counts, 0)
        lines = [f"line {e['line']}, {e['column']}: {e['reason']}" for e in errors[:SHOWN]]
        if len(errors) > SHOWN:
            lines.append(f"... and {len(errors) - SHOWN} more")
        lines.append("Nothing was imported.")
    else:
        lines = [
            f"{'Would be imported' if dry_run else 'Imported'}: {result.created} created, "
            f"{result.updated} updated, {result.drafts} kept as drafts, "
            f"{result.unchanged} unchanged, {result.skipped} skipped."
        ]
    out.answer({**counts, "errors": errors}, "\n".join(lines))


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
