"""What the owner finds on the desk's page of a listing of theirs: ways to change and share it."""

from __future__ import annotations

from dataclasses import dataclass

from node.gateway.offers import SHOWN_DIGITS, listing_path
from node.gateway.visit import Visit
from node.invitations import store_address
from storage.views.listing_queries import Offer


@dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """Addresses; empty where there is nothing to do or nobody would come."""

    edit: str
    withdraw: str
    erase: str
    outside: str  # as guests see it, for sharing
    code: str  # the same as a QR code


def own(visit: Visit, offer: Offer) -> Own | None:
    """For the desk's owner alone; None for everybody else's listings."""
    if visit.guests or offer.person != visit.home.person:
        return None
    path, number = listing_path(offer.id), offer.id.hex()[:SHOWN_DIGITS]
    gone = offer.status == "withdrawn"
    outside = outside_address(visit, offer)
    return Own(
        edit="" if gone else f"/offer/{number}",
        withdraw="" if gone else f"{path}/withdraw",
        erase=f"{path}/erase",
        outside=outside,
        code=f"/qr/listing/{number}" if outside else "",
    )


def owner_path(offer: Offer) -> str:
    """Where its owner finds a listing or draft at the desk."""
    if offer.status == "draft":
        return f"/offer/{offer.id.hex()[:SHOWN_DIGITS]}"
    return "/mine?show=waiting" if offer.status == "waiting" else listing_path(offer.id)


def outside_address(visit: Visit, offer: Offer) -> str:
    """Where guests find the listing on this home's shop window; empty when they can't."""
    shown = offer.listing.audience == "everyone" and offer.status in ("open", "expired")
    charter = visit.gateway.facts.charter()
    base = store_address(visit.store)
    if not shown or not base or charter is None or not charter.guests.see_listings:
        return ""
    return f"{base}{listing_path(offer.id)}"
