"""`/catalogue`: what the owner offers, to be printed and handed out.

At the desk too it holds only what guests may see, since paper goes anywhere; only where the charter
shows guests no listings at all is it for members, and the page says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from node.gateway.filters import LONGEST_NAME, clean
from node.gateway.offers import Card, card, maker_name
from node.gateway.pages.page import BOTH, Page
from node.gateway.pages.poster import shop_address
from node.gateway.visit import Visit
from storage.views.listing_queries import Offer, Query, search
from storage.views.listings import fold

MOST = 300  # listings: some twenty sheets


@dataclass(frozen=True, slots=True)
class Chapter:
    """The listings of one category, by title. `heading` is empty for those without one."""

    heading: str
    cards: list[Card]


async def show(visit: Visit) -> Response:
    """All open listings of the owner, or those of one category."""
    visit.require_listings()
    asked = clean(visit.request.query_params.get("category", ""))
    category = fold(asked) if len(asked) <= LONGEST_NAME else ""
    for_guests = visit.charter.guests.see_listings
    query = Query(
        person=visit.gateway.owner, guests=for_guests, sort="new", limit=MOST, count_to=MOST
    )
    everything = search(visit.store, query)
    names = sorted({fold(offer.listing.category) for offer in everything.offers} - {""})
    found = search(visit.store, replace(query, category=category)) if category else everything
    return visit.render(
        "catalogue.html",
        name=maker_name(visit, visit.gateway.owner),
        category=category,
        too_long=bool(asked) and not category,
        categories=names,
        chapters=_chapters(visit, found.offers),
        more=found.more,
        most=MOST,
        for_members=not for_guests,
        left_out=_left_out(visit) if for_guests and not visit.guests else False,
        address=shop_address(visit),
    )


def _chapters(visit: Visit, offers: Sequence[Offer]) -> list[Chapter]:
    chapters: dict[str, list[Offer]] = {}
    for offer in offers:
        chapters.setdefault(fold(offer.listing.category), []).append(offer)
    return [
        Chapter(
            heading[:1].upper() + heading[1:],
            [card(visit, offer) for offer in sorted(chapters[heading], key=_title)],
        )
        for heading in sorted(chapters, key=lambda name: (name == "", name))
    ]


def _title(offer: Offer) -> str:
    return fold(offer.listing.title)


def _left_out(visit: Visit) -> bool:
    """Whether the owner has listings that are for members only."""
    own = Query(person=visit.gateway.owner, limit=0)
    return search(visit.store, own).total > search(visit.store, replace(own, guests=True)).total


PAGE = Page(path="/catalogue", name="catalogue", endpoint=show, audience=BOTH)
