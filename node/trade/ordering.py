"""Making a move in an order: checked by the one table and one's own clock, then written.

All of a move is written in one transaction or nothing of it is. What follows from a move by itself,
such as a receipt, is for `node.trade.clerk`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from governance.orders.table import BUYER, SELLER
from node import post
from node.home import Home
from node.post import Outgoing
from node.trade import reading
from node.trade.limits import check_text
from node.trade.moving import MAKERS, Asked
from node.trade.placing import Wish, check, place
from node.trade.reading import Order
from node.trade.refusals import refused, too_early
from protocol.errors import Refused, Term
from protocol.keys import Signer
from protocol.letters.order import OrderLetter
from storage.own import Draft

__all__ = ["Wish", "check", "move", "place", "say"]

PRIVATE = ("dispute", "evidence", "propose", "agree", "mediator", "mediate", "verdict")
"""Moves that a host who is no party does not get to read."""


def move(
    home: Home,
    order_id: bytes,
    name: str,
    *,
    key: Signer | None = None,
    guest: bool = False,
    drafts: Sequence[Draft] = (),
    **fields: Any,
) -> list[bytes]:
    """Make a move; the ids of what was written, its letter first.

    `key`: the order's key, where it isn't kept here. `guest`: the host makes it for their guest.
    Refused, with nothing written, when the move isn't this person's, isn't possible as the order
    stands or not yet, or when a field can't be.
    """
    with home.turn():
        order = _order(home, order_id, guest=guest)
        side = order.life.side_of(home.person, guest=guest)
        if side is None or name not in MAKERS:
            raise refused(order, "not-yours")
        _check_time(order, name)
        asked = Asked(home=home, order=order, side=side, key=key, guest=guest, fields=fields)
        made = MAKERS[name](asked)
        reason = order.life.refusal(home.person, made.move, guest=guest)
        if reason:
            raise refused(order, reason)
        letter = OrderLetter(order=order.id, after=order.life.heads, move=made.move, guest=guest)
        to = readers(order, made.move.word)
        return post.send(home, [Outgoing("order", letter.body(), to)], [*made.drafts, *drafts])


def say(home: Home, order_id: bytes, text: str, *, guest: bool = False) -> list[bytes]:
    """Write to the other side of an order, as a mediator to both; the ids of the letters."""
    order = _order(home, order_id, guest=guest)
    if order.mine == "host":
        raise Refused("not-yours", "Only buyer, seller and mediator write here; nothing was sent.")
    if not check_text(Term("message"), text).strip():
        raise Refused("empty", "There is nothing in this message; nothing was sent.")
    others = {order.buyer, order.seller}
    if order.mine in (BUYER, SELLER):
        others = {order.seller if order.mine == BUYER else order.buyer}
    return [
        post.write(home, person, text, about=order.id, guest=guest) for person in sorted(others)
    ]


def _order(home: Home, order_id: bytes, *, guest: bool) -> Order:
    found = reading.as_guest(home, order_id) if guest else None
    return found or reading.get(home, order_id)


def _check_time(order: Order, name: str) -> None:
    """Refused while this move is only somebody's right from later on."""
    here = [right for right in order.rights.moves if right.name == name]
    if here and not any(right.now(order.now_s) for right in here):
        raise too_early(min(right.from_s for right in here if right.from_s is not None))


def readers(order: Order, word: str) -> frozenset[bytes]:
    """Persons whose devices can open a move: buyer and seller, a mediator, and the host."""
    persons = {order.buyer, order.seller}
    held = order.life.dispute
    if held is not None and held.mediator is not None and held.taken:
        persons.add(held.mediator)
    if held is None and word not in PRIVATE and order.host is not None:
        persons.add(order.host)
    return frozenset(persons)
