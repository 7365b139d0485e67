"""What follows from letters by itself: receipts, counter-receipts, countersignatures, keys handed on.

Each duty is read off the store as it is: what has been done is seen there, so doing all of it again
does nothing, and a node that is killed anywhere goes on where it was. Each is one transaction. A
running node does its duties after letters came; where none runs, the command that wrote a letter.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from governance.orders.life import Life, Returned
from governance.orders.table import BUYER, FINAL, SELLER
from node import post
from node.home import Home
from node.post import Outgoing
from node.trade import credit, ordering, reading, receipts
from node.trade.reading import Order
from protocol.errors import MoothallError, Refused
from protocol.keys import Signer
from protocol.kinds import refund as refund_kind
from protocol.letters import moves
from protocol.letters.order import OrderLetter
from storage.own import Draft

logger = logging.getLogger("moothall.clerk")


def work(home: Home, only: Iterable[bytes] | None = None) -> dict[bytes, str]:
    """Do what is due in these orders, or in all; how each stands then: id -> state.

    The caller holds the home's turn. What can't be done now is left for the next time.
    """
    wanted = None if only is None else set(only)
    found = {}
    for order in reading.orders(home):
        if wanted is not None and order.id not in wanted:
            continue
        found[order.id] = _tend(home, order).life.state
    return found


def _tend(home: Home, order: Order) -> Order:
    """All duties in one order; as it stands afterwards."""
    for duty in _DUTIES:
        try:
            if duty(home, order):
                order = reading.get(home, order.id)
        except MoothallError as error:
            logger.info("order %s: %s waits: %s", order.id.hex()[:8], duty.__name__, error.reason)
    return order


def _take_credit(home: Home, order: Order) -> bool:
    """The seller's node takes what was paid in the community's own credit."""
    if order.mine != SELLER:
        return False
    drafts = credit.take_drafts(home, order.id, order.buyer)
    if drafts:
        home.append(drafts)
    return bool(drafts)


def _accept_again(home: Home, order: Order) -> bool:
    """The seller's own terms came back as the buyer's: they are accepted.

    So a buyer accepts where goods are consigned, since only the seller knows the free units.
    """
    if order.mine != SELLER or order.version is None or order.version.grant is None:
        return False
    mine = [each for each in order.life.offers if each.side == SELLER]
    theirs = [each for each in order.life.offers if each.side == BUYER]
    if not mine or not theirs or mine[-1].terms != theirs[-1].terms:
        return False
    ordering.move(home, order.id, "accept", offer=theirs[-1].id)
    return True


def _write_receipt(home: Home, order: Order) -> bool:
    """Received and paid: the seller's node publishes what was agreed on."""
    life = order.life
    if order.mine != SELLER or life.deal is None or life.received_signature is None:
        return False
    if life.receipt is not None or not life.may(home.person, "receipt"):
        return False
    drafts = receipts.drafts(home, life.deal.statement.data(), life.received_signature)
    _write(home, order, moves.ReceiptOut(), drafts)
    return True


def _take_refunds(home: Home, order: Order) -> bool:
    """The buyer's node countersigns what makes the sale count for less."""
    if order.mine != BUYER or order.guest:
        return False
    due = [each for each in order.life.refunds if each.of_price and not each.took]
    key = reading.order_seed(home, order.id) if due else None
    if key is None:
        return False
    for each in due:
        signature = counter_signature(home, order, each.id, key)
        ordering.move(home, order.id, "took", key=key, refund=each.id, signature=signature)
    return True


def _write_counter_receipts(home: Home, order: Order) -> bool:
    """Refunds of a sale with a receipt, once the order's key agreed: each makes a public one."""
    life = order.life
    if order.mine != SELLER or life.deal is None or life.receipt is None:
        return False
    written = False
    said = life.deal.statement.data()
    for each, amounts in _counted(life):
        terms = receipts.counter_terms(home.store, life.deal.statement, amounts)
        signed = [
            signature
            for signature in each.took
            if refund_kind.signs(order.id, signature, home.store.community, terms)
        ]
        if not signed:
            break  # later ones divide what this one leaves
        drafts = receipts.refund_drafts(home, said, amounts, signed[0])
        if drafts:
            home.append(drafts)
            written = True
    return written


def _counted(life: Life) -> Iterable[tuple[Returned, list[int]]]:
    """Each refund that takes something off the price, with all such amounts up to it."""
    amounts: list[int] = []
    for each in life.refunds:
        if each.of_price:
            amounts.append(each.of_price)
            yield each, list(amounts)


def counter_signature(home: Home, order: Order, refund: bytes | None, key: Signer) -> bytes:
    """The order's key agrees that the sale counts for less by this refund, a letter."""
    deal = order.life.deal
    for each, amounts in _counted(order.life) if deal is not None else ():
        if each.id == refund and deal is not None:
            terms = receipts.counter_terms(home.store, deal.statement, amounts)
            return refund_kind.sign(key, home.store.community, terms)
    raise Refused("no-refund", "There is no such refund in this order; nothing was written.")


def _write(home: Home, order: Order, move: Any, drafts: list[Draft]) -> None:
    letter = OrderLetter(order=order.id, after=order.life.heads, move=move)
    readers = ordering.readers(order, move.word)
    post.send(home, [Outgoing("order", letter.body(), readers)], drafts)


def is_open(order: Order) -> bool:
    """Whether something may still come in this order by itself."""
    return order.life.state not in FINAL or bool(order.life.refunds)


_DUTIES = (_take_credit, _accept_again, _write_receipt, _take_refunds, _write_counter_receipts)
