"""`/listing/{listing}`: one listing, with its story, its variants, the values it claims, its maker.

A guest who asks for what is for members gets the same page as for what does not exist.
"""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.responses import Response

from node.gateway import acquaintance, reviews
from node.gateway.distances import distance_text
from node.gateway.guest_ordering import open_to, order_path
from node.gateway.jsonld import listing_block
from node.gateway.offers import (
    away_text,
    listing_path,
    maker_name,
    member_path,
    mode_name,
    price_text,
)
from node.gateway.own_listing import own
from node.gateway.pages.page import BOTH, Page
from node.gateway.pictures import shown
from node.gateway.recommended import recommended
from node.gateway.sharing import share
from node.gateway.visit import Problem, Visit
from node.price_range import variant_price
from node.trade.recommending import sellers
from protocol.errors import Refused
from protocol.kinds.listing import Listing
from storage.claims import values
from storage.views.listing_queries import Offer, get, resolve

GONE = 410


async def show(visit: Visit) -> Response:
    """The listing as it stands. Withdrawn: 410 and no more than its title and maker."""
    visit.require_listings()
    offer = find_offer(visit)
    said = offer.listing
    withdrawn = offer.status == "withdrawn"
    return visit.render(
        "listing.html",
        status=GONE if withdrawn else 200,
        offer=offer,
        listing=said,
        withdrawn=withdrawn,
        mode=mode_name(visit.words, said.mode),
        price=price_text(visit.words, said),
        maker=maker_name(visit, offer.person),
        maker_path=member_path(offer.person) if visit.shows_members else "",
        goods_of=[maker_name(visit, each) for each in sellers(visit.store, offer)[1:]],
        photos=[shown(photo, otherwise=said.title) for photo in said.photos],
        acquaintance="" if withdrawn else acquaintance.sentence(visit, offer.person),
        distance=distance_text(visit, offer),
        variants=_variants(visit, said),
        claims=values(visit.store).marks(said.values),
        away=away_text(visit, offer.person),
        own=own(visit, offer),
        reviewed=reviews.of_listing(visit, offer.id),
        order=_order_path(visit, offer),
        write_to=_write_to(visit, offer),
        recommended=None if withdrawn else recommended(visit, offer),
        share=share(
            visit,
            title=said.title,
            text=said.description,
            path=listing_path(offer.id),
            photo=next(iter(said.photos), None),
        ),
        jsonld="" if withdrawn or not visit.guests else listing_block(visit, offer),
    )


def find_offer(visit: Visit, parameter: str = "listing") -> Offer:
    """The listing that the address names, if this reader may see it; Problem 404 otherwise."""
    given = visit.request.path_params[parameter]
    try:
        offer = get(visit.store, resolve(visit.store, given))
    except Refused:
        if not visit.guests:
            raise
        raise _not_here(visit) from None
    if visit.guests and offer.listing.audience != "everyone":
        raise _not_here(visit)
    return offer


def _not_here(visit: Visit) -> Problem:
    t = visit.words.gettext
    return Problem(
        404,
        t("Not here"),
        t("There is no such listing in this shop window. It may have been for members only."),
    )


def _write_to(visit: Visit, offer: Offer) -> str:
    """Where a member writes to its maker about it; empty for guests and for what is one's own."""
    if visit.guests or offer.person == visit.gateway.owner:
        return ""
    return f"/messages/{offer.person.hex()[:16]}?about={offer.id.hex()[:16]}"


def _order_path(visit: Visit, offer: Offer) -> str:
    """Where this reader orders it or asks about it; empty where they can't."""
    if visit.guests:
        may = open_to(visit, offer)
    else:
        theirs = offer.person != visit.gateway.owner
        may = theirs and offer.status == "open" and offer.listing.mode != "wanted"
    if not may:
        return ""
    via = visit.request.query_params.get("via", "")[:64]
    return order_path(offer) + (f"?{urlencode({'via': via})}" if via else "")


def _variants(visit: Visit, listing: Listing) -> list[tuple[str, str, int | None]]:
    """Name, price and number left of each variant."""
    rows = []
    for variant in listing.variants:
        amount = variant_price(listing, variant)
        text = "" if amount is None else visit.words.money(amount, listing.currency)
        rows.append((variant.name, text, variant.quantity))
    return rows


PAGE = Page(path="/listing/{listing}", name="listing", endpoint=show, audience=BOTH)
