"""`/`: what is new, and the ways to look further."""

from __future__ import annotations

from starlette.responses import Response

from node.gateway.filters import COUNT_TO, PAGE_SIZE
from node.gateway.offers import card, mode_names
from node.gateway.pages.page import BOTH, Page
from node.gateway.visit import Visit
from storage.views.listing_queries import Query, search

CATEGORIES = 12


async def show(visit: Visit) -> Response:
    """The newest listings."""
    charter = visit.charter
    offers, total, more = [], 0, False
    categories: tuple[tuple[str, int], ...] = ()
    if visit.shows_listings:
        found = search(
            visit.store,
            Query(sort="new", limit=PAGE_SIZE, count_to=COUNT_TO, guests=visit.guests),
        )
        offers = [card(visit, offer) for offer in found.offers]
        total, more = found.total, found.more
        categories = visit.gateway.facts.categories(guests=visit.guests)[:CATEGORIES]
    return visit.render(
        "front.html",
        charter=charter,
        shows_listings=visit.shows_listings,
        offers=offers,
        total=total,
        more=more,
        categories=categories,
        modes=mode_names(visit.words),
        neighbours=None if visit.guests else _neighbours(visit),
    )


def _neighbours(visit: Visit) -> int:
    """How many other nodes this one is in touch with."""
    return len(visit.gateway.node.touch())


PAGE = Page(
    path="/",
    name="front",
    endpoint=show,
    audience=BOTH,
    menu=lambda words: words.gettext("Market"),
)
