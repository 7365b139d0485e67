"""`/orders/{order}`: one order. What is asked of me, where the money goes, and what was said."""

from __future__ import annotations

from starlette.responses import Response

from node.gateway import order_moves, qr
from node.gateway.dispute_part import dispute_part
from node.gateway.forms import Form
from node.gateway.offers import listing_path
from node.gateway.order_words import (
    HOW_TO_PAY,
    asked,
    move_done,
    order_path,
    state_name,
)
from node.gateway.orders import facts, flow, name_of, offers, pieces, spoken, title, whom
from node.gateway.pages.page import DESK, Page
from node.gateway.review_part import order_review
from node.gateway.trade_rooms import trade_rooms
from node.gateway.visit import Visit
from node.trade import banking, ordering, reading, wishes
from node.trade.reading import Order
from protocol.errors import MoothallError, NotFound, Refused

LONGEST_TEXT = 2000


async def show(visit: Visit) -> Response:
    """All of it."""
    return _page(visit, _order(visit))


async def act(visit: Visit, form: Form) -> Response:
    """Say something, or make a move; a move says what it means before its button."""
    order, do = _order(visit), form.text("do")
    try:
        if do == "message":
            ordering.say(visit.home, order.id, wishes.said(form.lines("text")))
        elif do in order_moves.FIELDS:
            named = wishes.fields(order, order_moves.given(order, do, form))
            ordering.move(visit.home, order.id, do, **named)
        else:
            raise Refused("unknown-move", "There is no such move; nothing was written.")
    except (Refused, NotFound) as error:
        return _page(visit, _order(visit), 422, visit.words.told(error), form)
    return visit.done(order_path(order.id), move_done(visit.words, do))


async def pay_code(visit: Visit) -> Response:
    """What a bank's program reads to fill in a transfer."""
    text = _epc(_order(visit))
    if text is None:
        raise NotFound("no-code", "There is no code to pay this order with.")
    return qr.svg(text)
