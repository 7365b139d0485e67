"""What the pages for guests who order share: whether they may, where, and who is asking."""

from __future__ import annotations

from node.gateway.limits import KEYED_PATH, asking
from node.gateway.offers import listing_path
from node.gateway.outside import base
from node.gateway.visit import Visit
from node.trade import guest_rules
from protocol.errors import Refused
from storage.views.listing_queries import Offer

DONE = "done"  # what a page is to say was done, as one of a few words in its address


def open_to(visit: Visit, offer: Offer) -> bool:
    """Whether this reader is a guest who can order this listing."""
    return (
        visit.guests
        and guest_rules.may_order(visit.store, visit.charter)
        and guest_rules.on_offer(offer)
    )


def order_path(offer: Offer) -> str:
    """Where a listing is ordered."""
    return f"{listing_path(offer.id)}/order"


def secret_path(secret: str) -> str:
    """Where the guest who holds this secret follows their order."""
    return f"{KEYED_PATH}{secret}"


def secret_link(visit: Visit, secret: str) -> str:
    """The same as a whole address to keep; a bare path if nobody knows where this site is."""
    return f"{base(visit)}{secret_path(secret)}"


def spend(visit: Visit, cost: float = 1.0) -> None:
    """Count an order, or a part of one, to whoever asks; Refused `too-many-orders`."""
    if not visit.gateway.order_limits.may(asking(visit.request.scope), cost):
        raise Refused(
            "too-many-orders",
            "Very many orders were sent to this shop window in a short time, so this was not kept. "
            "Try again in an hour.",
        )
