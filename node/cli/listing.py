"""Commands about single listings: add, edit, show, withdraw, publish, erase; and import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from node.cli.exchange import listing_export, listing_import
from node.cli.fields import changes, fields
from node.cli.finding import listing_list
from node.cli.output import Output
from node.cli.photos import undescribed
from protocol.kinds.listing import Listing

if TYPE_CHECKING:
    from node.home import Home
    from storage.views.listing_queries import Offer


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
        _ask_for_evidence(out, offer)
        _ask_for_alts(out, offer)
        answer_listing(out, home, offer)


@listing.command("edit")
@click.argument("listing_id", metavar="ID")
@fields
@click.pass_obj
def listing_edit(out: Output, /, listing_id: str, **given: Any) -> None:
    """Change a listing or a draft of yours.

    What you don't name stays as it is; an empty text takes something away. Variants, values and
    tags are replaced as a whole, and so are photos; --alt alone describes those that are there.
    """
    from node import market

    if all(value is None or value is False or value == () for value in given.values()):
        raise click.UsageError("Name at least one thing to change.")
    with out.opened() as home:
        before = market.find(home, listing_id)
        after = changes(home, given, before.listing)
        offer = market.edit(home, listing_id, after)
        if "values" in after:
            _ask_for_evidence(out, offer)
        if "photos" in after:
            _ask_for_alts(out, offer)
        answer_listing(out, home, offer)


@listing.command("show")
@click.argument("listing_id", metavar="ID")
@click.pass_obj
def listing_show(out: Output, listing_id: str) -> None:
    """Show everything about one listing."""
    from node import market

    with out.opened() as home:
        answer_listing(out, home, market.find(home, listing_id))


listing.add_command(listing_list)
listing.add_command(listing_import)
listing.add_command(listing_export)


@listing.command("withdraw")
@click.argument("listing_id", metavar="ID")
@click.pass_obj
def listing_withdraw(out: Output, listing_id: str) -> None:
    """Take a listing of yours off the market, for good."""
    from node import market

    with out.opened() as home:
        if market.find(home, listing_id).status == "withdrawn":
            out.note("That was withdrawn already; nothing was changed.")
        answer_listing(out, home, market.withdraw(home, listing_id))


@listing.command("publish")
@click.argument("listing_id", metavar="ID")
@click.pass_obj
def listing_publish(out: Output, listing_id: str) -> None:
    """Publish a draft of yours; it gets a new id."""
    from node import market

    with out.opened() as home:
        answer_listing(out, home, market.publish(home, listing_id))


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


def _ask_for_evidence(out: Output, offer: Offer) -> None:
    from node import market

    for value in market.unproven(offer.listing):
        out.note(f"You claim {value} and don't say why; members will ask: --value {value}=WHY.")


def _ask_for_alts(out: Output, offer: Offer) -> None:
    sentence = undescribed(offer.listing.photos)
    if sentence:
        out.note(sentence)


def answer_listing(out: Output, home: Home, offer: Offer) -> None:
    """Show a listing as the command's answer."""
    import json

    from node.cli.render import offer_text
    from node.plain import offer_json
    from storage.claims import values
    from storage.views import grants, profiles

    row = home.store.db.execute(
        "SELECT pictures FROM imported WHERE listing = ?", [offer.id]
    ).fetchone()
    pictures = [] if row is None else json.loads(row[0])
    claimed, makers = values(home.store), grants.makers(home.store, [offer.listing])
    out.answer(
        {"listing": offer_json(offer, claimed, makers, pictures)},
        offer_text(offer, profiles.names(home.store), claimed, makers),
    )
