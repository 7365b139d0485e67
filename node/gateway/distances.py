"""How far things are from the owner of this node, in a reader's words.

Distances tell what profiles say, so only those who may see members learn any. They are as coarse
as spots are, about a kilometre, and are never written finer.
"""

from __future__ import annotations

from functools import lru_cache

from node.gateway.visit import Visit
from node.gateway.words import Words
from protocol.spot import Spot
from storage.views.listing_queries import Offer
from storage.views.nearby import kilometres

_ROUGHLY = 100  # kilometres from which on tens are enough


def centre(visit: Visit) -> Spot | None:
    """Where distances are reckoned from; None when that is not known, or not for this reader."""
    if not visit.shows_members:
        return None
    return visit.gateway.facts.spots().get(visit.gateway.owner)


def distance_text(visit: Visit, offer: Offer) -> str:
    """About how far an offer is; empty when nobody said, and for what is where the owner is."""
    start = centre(visit)
    spot = offer.listing.spot
    if spot is None:
        if offer.person == visit.gateway.owner:
            return ""
        spot = visit.gateway.facts.spots().get(offer.person)
    if start is None or spot is None:
        return ""
    return about(visit, kilometres(start, spot))


def about(visit: Visit, distance: float) -> str:
    """A distance in kilometres from the owner: "about 3 km from Ana"."""
    t = visit.words.gettext
    whole = round(distance) if distance < _ROUGHLY else round(distance, -1)
    far = kilometres_text(visit.words, max(1, whole))
    if not visit.guests:
        text = t("about %(far)s from you") if whole else t("less than %(far)s from you")
        return text % {"far": far}
    text = t("about %(far)s from %(name)s") if whole else t("less than %(far)s from %(name)s")
    return text % {"far": far, "name": visit.gateway.name()}


@lru_cache(maxsize=4096)
def kilometres_text(words: Words, kilometres: int) -> str:
    """Whole kilometres as people say them: "3 km". Kept, since a page says many of them."""
    return words.distance(kilometres * 1000)
