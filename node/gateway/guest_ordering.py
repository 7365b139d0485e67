"""What the pages for guests who order share: whether they may, where, and who is asking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

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


@contextmanager
def counted(visit: Visit, cost: float = 1.0) -> Iterator[None]:
    """Count an order, or a step in one, to whoever asks; a refused one costs nothing.

    Refused `too-many-orders`.
    """
    limits, address = visit.gateway.order_limits, asking(visit.request.scope)
    if not limits.may(address, cost):
        raise Refused(
            "too-many-orders",
            "Very many orders were sent to this shop window in a short time, so this was not kept. "
            "Try again in an hour.",
        )
    try:
        yield
    except BaseException:
        limits.give_back(address, cost)
        raise
