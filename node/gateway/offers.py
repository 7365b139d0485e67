"""Offers in a reader's words: what a card and a listing's page say about price, mode and maker."""

from __future__ import annotations

from dataclasses import dataclass

from node.away import is_away
from node.gateway.distances import distance_text
from node.gateway.pictures import Shown, shown
from node.gateway.visit import Visit
from node.gateway.words import Words
from node.price_range import price_range
from protocol.kinds.listing import MODES, Listing
from storage.views.listing_queries import Offer

SHOWN_DIGITS = 16  # of an id, in addresses: too many to be matched on purpose


def mode_name(words: Words, mode: str) -> str:
    """A listing's mode as a label."""
    t = words.gettext
    names = {
        "sell": t("For sale"),
        "swap": t("To swap"),
        "lend": t("To lend"),
        "give": t("To give away"),
        "service": t("Service"),
        "wanted": t("Wanted"),
    }
    return names[mode]


def mode_names(words: Words) -> list[tuple[str, str]]:
    """Every mode with its label, in the order of the protocol."""
    return [(mode, mode_name(words, mode)) for mode in MODES]


def price_text(words: Words, listing: Listing) -> str:
    """The price, the lowest of several, or what stands in its place; empty where none belongs."""
    found = price_range(listing)
    if found is not None:
        lowest = words.money(found.low, listing.currency)
        if found.low == found.high:
            return lowest
        return words.gettext("from %(price)s") % {"price": lowest}
    if listing.mode in ("sell", "service"):
        return words.gettext("Price on request")
    return ""


def listing_path(listing: bytes) -> str:
    """Where a listing's page is."""
    return f"/listing/{listing.hex()[:SHOWN_DIGITS]}"


def member_path(person: bytes) -> str:
    """Where a person's page is."""
    return f"/member/{person.hex()[:SHOWN_DIGITS]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """An offer as it stands in a list."""

    path: str
    title: str
    price: str
    mode: str
    place: str
    distance: str
    maker: str
    provisional: bool
    members_only: bool
    away: str  # a sentence while its maker is away
    photo: Shown | None  # the first one


def card(visit: Visit, offer: Offer) -> Card:
    """The card of one offer."""
    said = offer.listing
    return Card(
        path=listing_path(offer.id),
        title=said.title,
        price=price_text(visit.words, said),
        mode=mode_name(visit.words, said.mode),
        place=said.place,
        maker=maker_name(visit, offer.person),
        distance=distance_text(visit, offer),
        provisional=offer.provisional,
        members_only=said.audience == "members",
        away=away_text(visit, offer.person),
        photo=shown(said.photos[0]) if said.photos else None,
    )


def away_text(visit: Visit, person: bytes) -> str:
    """That this person is away, and until when; empty while they are not.

    A profile says so, so only those who may see members read it.
    """
    if not visit.shows_members:
        return ""
    until = visit.gateway.facts.away().get(person)
    if until is None or not is_away(until, visit.store.now_ms()):
        return ""
    t = visit.words.gettext
    return t("%(name)s is away until %(day)s.") % {
        "name": maker_name(visit, person),
        "day": visit.words.date(until),
    }


def maker_name(visit: Visit, person: bytes) -> str:
    """What to call the member behind a listing; guests may always know that much."""
    return visit.words.person(visit.gateway.facts.names().get(person, ""), person)
