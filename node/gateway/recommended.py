"""Who recommends a listing, as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from node.gateway.offers import listing_path, member_path
from node.gateway.visit import Visit
from node.trade import recommending
from storage.views.listing_queries import Offer

SHOWN = 20
SHORTEST = 8  # digits by which a link names a recommendation


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A recommendation. `name` and `path` are empty where the reader may not see members."""

    name: str
    path: str
    text: str
    whole: bool  # of all that this person sells
    link: str  # to this listing, by this recommendation
    brought: bool  # by whose link the reader came


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommended:
    """What a listing's page says of recommendations. `write`: where the owner writes their own."""

    rows: list[Row]
    write: str


def recommended(visit: Visit, offer: Offer) -> Recommended:
    """The newest of them; the one by which the reader came is the first."""
    via = visit.request.query_params.get("via", "").lower()
    found = recommending.about_offer(visit.store, offer)
    rows = [
        Row(
            name=_name(visit, each.by),
            path=member_path(each.by) if visit.shows_members else "",
            text=each.text,
            whole=each.said.person is not None,
            link=f"{listing_path(offer.id)}?via={each.record.hex()[:16]}",
            brought=len(via) >= SHORTEST and each.record.hex().startswith(via),
        )
        for each in found
    ]
    rows.sort(key=lambda row: not row.brought)
    may = not visit.guests and offer.person != visit.gateway.owner and offer.status == "open"
    path = f"{listing_path(offer.id)}/recommend" if may else ""
    return Recommended(rows=rows[:SHOWN], write=path)


def _name(visit: Visit, person: bytes) -> str:
    if not visit.shows_members:
        return ""
    return visit.words.person(visit.gateway.facts.names().get(person, ""), person)
