"""`/orders/{order}`: one order. What is asked of me, where the money goes, and what was said."""

from __future__ import annotations

import segno
from starlette.responses import Response

from node import post
from node.gateway import disputes, order_moves, orders, qr, reviews
from node.gateway.forms import Form
from node.gateway.offers import listing_path
from node.gateway.order_words import move_done, order_path, ways_to_pay
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from node.trade import banking, ordering, reading, wishes
from node.trade.reading import Order
from protocol.errors import MoothallError, NotFound, Refused

LONGEST_TEXT = 2000


async def show(visit: Visit) -> Response:
    """All of it, which its reader has looked at then."""
    order = _order(visit)
    post.mark_read(visit.home, order.id)
    post.mark_seen(visit.home, order.letters)  # messages about it are in other threads, too
    return _page(visit, order)


async def act(visit: Visit, form: Form) -> Response:
    """Say something, or make a move; each form says what its move means before its button."""
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
        return _page(visit, _order(visit), 422, _told(visit, order, error), form)
    return visit.done(order_path(order.id), move_done(visit.words, do))


def _told(visit: Visit, order: Order, error: MoothallError) -> str:
    """Why it was refused; who accepts an older offer than the one that stands is told of that."""
    standing = any(each.name for each in orders.offers(visit, order))
    if error.reason == "nothing-to-accept" and standing:
        t = visit.words.gettext
        return t(
            "The offer has changed since you saw it, so nothing was accepted: look at it again."
        )
    return visit.words.told(error)


async def pay_code(visit: Visit) -> Response:
    """What a bank's program reads to fill in a transfer."""
    code = _code(_order(visit))
    if code is None:
        raise NotFound("no-code", "There is no code to pay this order with.")
    return qr.svg(code)


def _order(visit: Visit) -> Order:
    return reading.get(visit.home, visit.request.path_params["order"])


def _page(
    visit: Visit, order: Order, status: int = 200, problem: str = "", form: Form | None = None
) -> Response:
    visit.require_charter()
    typed = form or Form()
    each = reading.data(visit.home, order)
    row = orders.row(visit, order)
    usable = [right.name for right in reading.my_moves(order)]
    moves = order_moves.move_forms(visit, order, usable, typed)
    return visit.render(
        "order.html",
        status=status,
        problem=problem,
        action=order_path(order.id),
        currency=order.currency,
        row=row,
        listing=listing_path(bytes.fromhex(each["listing"])),
        waits_for=_waits_for(visit, order),
        due_ms=None if order.rights.due_s is None else order.rights.due_s * 1000,
        facts=orders.facts(visit, order),
        flow=orders.flow(visit, order, each),
        offers=orders.offers(visit, order),
        pay=_pay(visit, order),
        moves=moves,
        later=order_moves.later(visit, order, visit.gateway.clock() // 1000),
        ways=ways_to_pay(visit.words),
        letters=orders.spoken(visit, order, each),
        receipt=f"/receipt/{each['receipt'][:16]}" if each["receipt"] else "",
        contact=each["contact"],
        oversold=each["oversold"],
        dispute=disputes.dispute(visit, order),
        review=reviews.review(visit, order),
        writes=order.mine != "host",
        message=typed.lines("text"),
        longest=LONGEST_TEXT,
        now=visit.gateway.clock(),
    )


def _waits_for(visit: Visit, order: Order) -> str:
    """The others for whom it waits, by name; empty where it waits for me or nobody."""
    waited = order.rights.waits_for
    if visit.home.person in waited:
        return ""
    return visit.words.list([orders.name_of(visit, person) for person in waited])


def _pay(visit: Visit, order: Order) -> dict[str, str]:
    """Where to pay, for the buyer as long as something is owed; empty where nobody said."""
    deal, life = order.life.deal, order.life
    if deal is None or deal.pay is None or order.mine != "buyer" or not life.owing:
        return {}
    to = deal.pay
    return {
        "name": to.name,
        "iban": " ".join(to.iban[at : at + 4] for at in range(0, len(to.iban), 4)),
        "bic": to.bic,
        "reference": to.reference,
        "text": to.text,
        "amount": visit.words.money(life.owing, order.currency),
        "code": f"{order_path(order.id)}/pay.svg" if _code(order) else "",
    }


def _code(order: Order) -> segno.QRCode | None:
    deal, life = order.life.deal, order.life
    if deal is None or deal.pay is None or not deal.pay.iban or not life.owing:
        return None
    to = deal.pay
    return banking.epc_qr(
        iban=to.iban,
        name=to.name,
        bic=to.bic,
        amount=life.owing,
        currency=order.currency,
        reference=to.reference,
    )


PAGES_HERE = [
    Page(path="/orders/{order}", name="order", endpoint=show, post=act, audience=DESK),
    Page(
        path="/orders/{order}/pay.svg",
        name="order-code",
        endpoint=pay_code,
        audience=DESK,
        html=False,
    ),
]
