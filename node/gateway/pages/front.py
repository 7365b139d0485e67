"""`/`: in the shop window the owner's own face, at the desk a view over the market.

A few bounded queries a visit, whatever the community's size.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from node.gateway import distances
from node.gateway.notices import notices
from node.gateway.offers import Card, card, maker_name, member_path
from node.gateway.pages.page import BOTH, Page
from node.gateway.picks import picked
from node.gateway.sharing import share
from node.gateway.visit import Visit
from storage.views.listing_queries import NEAREST, Query, search
from storage.views.members import profile as read_profile
from storage.views.nearby import Near

CATEGORIES = 6  # a row or two on a phone; the search page has the others
SHELF = 12  # listings of the owner, and of the others
WANTED = 6
NEARBY = 6


async def show(visit: Visit) -> Response:
    """What this reader is most likely to look for."""
    return _shop_window(visit) if visit.guests else _market(visit)


def _shop_window(visit: Visit) -> Response:
    """Who the owner is and what they make, then what the others offer, then what is wanted."""
    charter, owner = visit.charter, visit.gateway.owner
    name = maker_name(visit, owner)
    profile = read_profile(visit.store, owner) if visit.shows_members else None
    return visit.render(
        "front_shop.html",
        name=name,
        about=profile.about if profile else "",
        place=profile.place if profile else "",
        skills=profile.skills if profile else (),
        stands_for=charter.values[0].text if charter.values else "",
        owner_path=member_path(owner),
        share=share(
            visit,
            title=f"{name} · {charter.name}",
            text=(profile.about if profile else "") or charter.about,
            path="/",
        ),
        own=_shelf(visit, SHELF, person=owner, wanted=False),
        others=_shelf(visit, SHELF, besides=owner, wanted=False),
        **_common(visit, _shelf(visit, WANTED, wanted=True)),
    )


def _market(visit: Visit) -> Response:
    """What is new, what is near and what is needed."""
    owner, centre = visit.gateway.owner, distances.centre(visit)
    near = Near(spot=centre) if centre is not None else None
    return visit.render(
        "front.html",
        charter=visit.charter,
        notices=notices(visit),
        neighbours=len(visit.gateway.node.touch()),
        new=_shelf(visit, SHELF, wanted=False),
        near=_shelf(visit, NEARBY, besides=owner, wanted=False, near=near) if near else [],
        **_common(visit, _shelf(visit, WANTED, besides=owner, wanted=True)),
    )


def _common(visit: Visit, wanted: list[Card]) -> dict[str, Any]:
    facts = visit.gateway.facts
    return {
        "shows_listings": visit.shows_listings,
        "picked": picked(visit),
        "wanted": wanted,
        "categories": facts.categories(guests=visit.guests)[:CATEGORIES]
        if visit.shows_listings
        else (),
    }


def _shelf(visit: Visit, size: int, **filters: Any) -> list[Card]:
    """The first few that fit, newest first, or nearest first with `near`."""
    if not visit.shows_listings:
        return []
    query = Query(
        sort=NEAREST if filters.get("near") else "new",
        limit=size,
        count_to=0,
        guests=visit.guests,
        **filters,
    )
    return [card(visit, offer) for offer in search(visit.store, query).offers]


PAGE = Page(
    path="/",
    name="front",
    endpoint=show,
    audience=BOTH,
    menu=lambda words: words.gettext("Market"),
)
