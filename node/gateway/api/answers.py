"""What the API's operations answer: data from the views, in the shapes of `node.plain`.

Who sees what is decided as on the pages, by the same functions: a guest's program learns nothing
that a guest could not read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from governance.charter import charter_hash
from node.gateway.api.parameters import Asked
from node.gateway.filters import COUNT_TO, read_filters
from node.gateway.jsonld import listing_document
from node.gateway.pages.listing import find_offer
from node.gateway.pages.member import find_member, is_shown
from node.gateway.visit import Problem, Visit
from node.plain import member_json, offer_json, profile_json
from storage.claims import values
from storage.views import grants
from storage.views.listing_queries import Offer, search
from storage.views.members import profile

Answer = dict[str, Any]

LAST_PAGE = 100  # reading further on takes longer than a page may; the sitemap lists everything


def listings(visit: Visit, asked: Asked) -> Answer:
    """A page of what a search finds; the same filters in the same words as on the search page."""
    visit.require_listings()
    page, limit = asked["page"], asked["limit"]
    filters = read_filters(visit)
    query = replace(
        filters.query(guests=visit.guests),
        limit=limit,
        offset=(page - 1) * limit,
        count_to=max(COUNT_TO, page * limit),  # so that there is always a next page to see
    )
    found, claimed = search(visit.store, query), values(visit.store)
    makers = grants.makers(visit.store, (each.listing for each in found.offers))
    return {
        "listings": [offer_json(offer, claimed, makers) for offer in found.offers],
        "total": found.total,
        "more": found.more,
        "notes": filters.notices,
        **_paging(visit, asked, found.total + found.more),
    }


def listing(visit: Visit, asked: Asked) -> Answer:
    """One listing; also one that has ended, as its `status` says."""
    offer = _standing(visit)
    return offer_json(offer, values(visit.store), grants.makers(visit.store, [offer.listing]))


def listing_schema_org(visit: Visit, asked: Asked) -> Answer:
    """The same for search engines."""
    return listing_document(visit, _standing(visit))


def members(visit: Visit, asked: Asked) -> Answer:
    """A page of those this reader may see."""
    visit.require_members()
    shown = [m for m in visit.gateway.facts.members().values() if is_shown(visit, m)]
    first = (asked["page"] - 1) * asked["limit"]
    return {
        "members": [member_json(member) for member in shown[first : first + asked["limit"]]],
        "total": len(shown),
        **_paging(visit, asked, len(shown)),
    }


def member(visit: Visit, asked: Asked) -> Answer:
    """One person with their profile."""
    visit.require_members()
    found = find_member(visit)
    said = profile(visit.store, found.person)
    return {**member_json(found), "profile": None if said is None else profile_json(said)}


def community(visit: Visit, asked: Asked) -> Answer:
    """The charter is open to everybody."""
    charter = visit.charter
    data = charter.to_data()
    kept = ("name", "about", "place", "currency", "languages", "values", "guests")
    return {
        "community": visit.store.community.hex(),
        **{key: data[key] for key in kept},
        "charter": charter_hash(charter).hex(),
    }


def categories(visit: Visit, asked: Asked) -> Answer:
    """The largest categories; the counts may be a few seconds old."""
    visit.require_listings()
    found = visit.gateway.facts.categories(guests=visit.guests)
    return {"categories": [{"name": name, "listings": count} for name, count in found]}


def _standing(visit: Visit) -> Offer:
    """The listing that the address names. Guests are told no more of a withdrawn one: 410."""
    visit.require_listings()
    offer = find_offer(visit)
    if visit.guests and offer.status == "withdrawn":
        t = visit.words.gettext
        text = t("Its maker has withdrawn this listing. It is no longer on offer.")
        raise Problem(410, t("Not here"), text, "withdrawn")
    return offer


def _paging(visit: Visit, asked: Asked, known: int) -> Answer:
    """Where the reader is, and where to go on, given how many there are at least."""
    page, limit = asked["page"], asked["limit"]
    following = None
    if page * limit < known and page < LAST_PAGE:
        path = visit.request.scope["path"]
        pairs = {**dict(visit.request.query_params), "page": str(page + 1)}
        following = f"{path}?{urlencode(pairs)}"
    return {"page": page, "limit": limit, "next": following}
