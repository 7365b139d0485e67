"""`/guests`: the orders of guests that the owner wants to look at before they go out."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from node.gateway.forms import Form
from node.gateway.offers import listing_path, maker_name
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from node.trade import guest_queue, guest_rules, guests
from node.trade.guest_queue import Waiting
from protocol.errors import NotFound, Refused
from storage.views.listing_queries import get


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """An order that waits."""

    id: str
    title: str
    listing: str  # where the listing is
    maker: str  # empty for the owner's own
    quantity: int
    variant: str
    text: str
    ago: str


async def show(visit: Visit) -> Response:
    """What waits, oldest first."""
    return _page(visit)


async def decide(visit: Visit, form: Form) -> Response:
    """Let one go out, or turn it down."""
    t = visit.words.gettext
    try:
        order = guest_queue.resolve(visit.store, form.text("order"))
        if form.text("do") != "approve":
            guest_queue.turn_down(visit.store, order)
            return visit.done("/guests", t("Turned down; the guest reads it on their page."))
        guests.approve(visit.home, order)
    except Refused as error:
        return _page(visit, 422, visit.words.told(error))
    return visit.done("/guests", t("Approved: the order is on its way."))


def _page(visit: Visit, status: int = 200, problem: str = "") -> Response:
    return visit.render(
        "guests.html",
        status=status,
        problem=problem,
        orders=[_shown(visit, each) for each in guest_queue.all_waiting(visit.home)],
        setting=guest_rules.setting(visit.store),
        allowed=visit.charter.guests.may_order,
    )


def _shown(visit: Visit, waiting: Waiting) -> Shown:
    try:
        offer = get(visit.store, waiting.listing)
    except NotFound:
        offer = None
    elsewhere = offer is not None and offer.person != visit.home.person
    return Shown(
        id=waiting.order.hex(),
        title="" if offer is None else offer.listing.title,
        listing=listing_path(waiting.listing),
        maker=maker_name(visit, offer.person) if offer is not None and elsewhere else "",
        quantity=waiting.quantity,
        variant=waiting.variant,
        text=waiting.text,
        ago=visit.words.ago((visit.store.now_ms() - waiting.received_ms) / 1000),
    )


PAGE = Page(path="/guests", name="guests", endpoint=show, post=decide, audience=DESK)
