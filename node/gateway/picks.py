"""The listings that members voted to show first, as far as this reader may see them."""

from __future__ import annotations

from dataclasses import dataclass

from node.gateway.hall import proposal_path
from node.gateway.offers import Card, card
from node.gateway.visit import Visit
from protocol.errors import NotFound
from storage import certificates
from storage.views.listing_queries import get


@dataclass(frozen=True, slots=True)
class Picked:
    """What was picked. `path` leads members to the vote; guests have none."""

    title: str
    cards: list[Card]
    path: str


def picked(visit: Visit) -> Picked | None:
    """The picks in force that are still on offer; None when there is nothing to show."""
    state = certificates.current(visit.store)
    if state is None or state.picks is None or not visit.shows_listings:
        return None
    cards = []
    for listing in state.picks.listings:
        try:
            offer = get(visit.store, listing)
        except NotFound:  # erased, or its maker has gone
            continue
        if offer.status == "open" and (not visit.guests or offer.listing.audience == "everyone"):
            cards.append(card(visit, offer))
    if not cards:
        return None
    path = "" if visit.guests else proposal_path(state.picks.proposal.hex())
    return Picked(state.picks.title, cards, path)
