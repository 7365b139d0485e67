"""What follows from letters by itself: receipts, counter-receipts, what was settled.

Each duty is read off the store as it is: what has been done is seen there, so doing all of it again
does nothing, and a node that is killed anywhere goes on where it was. Each is one transaction. A
running node does its duties after letters came; where none runs, the command that wrote a letter.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable

import trio

from governance.orders.table import BUYER, DISPUTED, SELLER
from node import control, post
from node.events import Events
from node.gateway.turn import turn
from node.home import LOCK, Home
from node.importing.prices import CREDIT
from node.loudness import loudness
from node.post import Letter, Outgoing
from node.trade import credit, disputing, ordering, reading, receipts, refunding
from node.trade.reading import Order
from protocol.errors import MoothallError
from protocol.letters import moves
from protocol.letters.message import Message
from protocol.letters.moves import Move
from protocol.letters.order import OrderLetter
from storage.own import Draft

logger = logging.getLogger("moothall.node")

RETRY_SECONDS = 5.0  # after the store was busy or full, or a command took long
AGAIN_SECONDS = 3600.0  # after which all orders are looked at: some duties come by the clock


class Clerk:
    """Does the duties of a running node, and tells of orders that came to another state.

    One order at a time: pages and sync have their turn in between, and so have commands.
    """

    def __init__(self, home: Home, events: Events) -> None:
        self._home = home
        self._events = events
        self._orders: frozenset[bytes] | None = None  # to be looked at; None: all of them
        self._news = trio.Event()
        self._told: dict[bytes, str] = {}  # order -> state
        self._begun = False  # whether all were looked at: what comes to be known then is news

    def came(self, orders: frozenset[bytes] | None) -> None:
        """Letters of these orders came, or were written; None: something that concerns all."""
        both = orders is not None and self._orders is not None
        self._orders = (self._orders or frozenset()) | (orders or frozenset()) if both else None
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled; all orders are looked at first, and every hour again."""
        again = trio.current_time() + AGAIN_SECONDS
        while True:
            self._news = trio.Event()
            asked, self._orders = self._orders, frozenset()
            orders: list[bytes] = []
            try:
                orders += self._every() if asked is None else asked
                asked = frozenset()
                while orders:
                    await self._look_at(orders[-1])
                    orders.pop()
                    await trio.sleep(0)
            except (MoothallError, sqlite3.Error) as error:
                logger.log(loudness(error), "what is due in orders waits: %s", error)
                self.came(None if asked is None else frozenset(orders))
                await trio.sleep(RETRY_SECONDS)
                continue
            self._begun = True
            with trio.move_on_at(again):
                await self._news.wait()
            if trio.current_time() >= again:
                self._orders = None
                again = trio.current_time() + AGAIN_SECONDS

    def _every(self) -> list[bytes]:
        return [each.id for each in post.threads(self._home) if each.sort == post.ORDER]

    async def _look_at(self, order: bytes) -> None:
        async with turn(self._home):
            try:
                states = work(self._home, [order])
            except (MoothallError, sqlite3.Error):
                raise
            except Exception as error:  # nothing that others write may end the node
                logger.error("an order: %s", type(error).__name__, exc_info=True)
                return
        self._tell(states)

    def _tell(self, states: dict[bytes, str]) -> None:
        """An event `order` {order, state} for each that came to another state since the start."""
        for order, state in states.items():
            if self._begun and self._told.get(order) != state:
                self._events.tell("order", order=order.hex(), state=state)
        self._told.update(states)


def work(home: Home, only: Iterable[bytes] | None = None) -> dict[bytes, str]:
    """Do what is due in these orders, or in all; how each stands then: id -> state.

    The caller holds the home's turn. What can't be done now is left for the next time.
    """
    if only is None:
        orders = reading.orders(home)
    else:
        orders = [found for each in only if (found := reading.find(home, each)) is not None]
    return {order.id: _tend(home, order).life.state for order in orders}


def after_command(home: Home, order_id: bytes) -> None:
    """Do what follows from a command's letter, unless a node runs, which does it."""
    if home.told is None and not control.is_running(home.path / LOCK):
        with home.turn():
            work(home, [order_id])


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
    """The seller's node takes what was paid in the community's own credit, and says so."""
    if order.mine != SELLER or order.currency != CREDIT or order.life.deal is None:
        return False
    drafts = credit.take_drafts(home, order.id, order.buyer)
    if not drafts:
        return False
    taken = {each.body["payment"] for each in drafts}
    paid = [each for each in credit.of_order(home, order.id) if each.record in taken]
    confirm = moves.Confirm(amount=sum(each.amount for each in paid))
    if order.life.refusal(home.person, confirm):
        home.append(drafts)  # its letter is not here yet
    else:
        _write(home, order, confirm, drafts)
    return True


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
    if mine[-1].id not in _before(order, theirs[-1].id):
        return False  # the buyer has not seen what the seller says now
    ordering.move(home, order.id, "accept", offer=theirs[-1].id)
    return True


def _write_receipt(home: Home, order: Order) -> bool:
    """Received and paid: the seller's node publishes what was agreed on.

    A buyer's word alone makes no receipt, by which the seller owes others their shares: the seller
    has said that the money came, or has sent the goods knowing that it was said to be paid.
    """
    life = order.life
    if order.mine != SELLER or life.deal is None or life.received_signature is None:
        return False
    if not life.may(home.person, "receipt") or not (_came(order) or _sent_for(order)):
        return False
    drafts = receipts.drafts(home, life.deal.statement.data(), life.received_signature)
    _write(home, order, moves.ReceiptOut(), drafts)
    return True


def _came(order: Order) -> bool:
    """Whether the seller has confirmed all that the buyer says to have paid, or had to pay."""
    life = order.life
    due = life.paid if life.deal is None else min(life.paid, life.deal.terms.total)
    return life.confirmed >= due


def _sent_for(order: Order) -> bool:
    """Whether the seller had letters that said it was paid when saying that it was sent."""
    pays = {
        each.id
        for each in order.letters
        if isinstance(each.body, OrderLetter) and isinstance(each.body.move, moves.Pay)
    }
    return bool(pays) and pays <= _before(order, order.life.sent)


def _before(order: Order, letter: bytes | None) -> set[bytes]:
    """The letters that the author of this one says to have had."""
    after = {each.id: each.body.after for each in order.letters if each.kind == "order"}
    found: set[bytes] = set()
    left = [] if letter is None else [letter]
    while left:
        new = set(after.get(left.pop(), ())) - found
        found |= new
        left.extend(new)
    return found


def _take_refunds(home: Home, order: Order) -> bool:
    """The buyer's node countersigns refunds that its owner has settled on, or not objected to.

    Whether the money came, only the owner knows. Yet no wait is without an end: who says nothing
    for as long as the charter gives anybody for an answer has no objection.
    """
    if order.mine != BUYER or order.guest or not order.refunds:
        return False
    held = order.life.dispute
    settled = 0 if held is None or held.refund is None else held.refund
    patience_s = order.life.charter.orders.reply_s
    came_s = {each.id: each.received_ms // 1000 for each in order.letters}
    due = [
        each
        for each, amounts in refunding.counted(order.life)
        if each.id in order.refunds
        and (
            sum(amounts) <= settled
            or (order.life.state != DISPUTED and order.now_s - came_s[each.id] >= patience_s)
        )
    ]
    key = reading.order_seed(home, order.id) if due else None
    if key is None:
        return False
    for each in due:
        ordering.move(home, order.id, "took", key=key, refund=each.id)
    return True


def _write_counter_receipts(home: Home, order: Order) -> bool:
    """Refunds of a sale with a receipt, once the order's key agreed: each makes a public one.

    So does what two settled on and the buyer had never paid, which no refund gives back.
    """
    life = order.life
    if order.mine != SELLER or life.deal is None or life.receipt is None:
        return False
    written = False
    for each, amounts in refunding.counted(life):
        signature = refunding.agreed(home, life, each, amounts)
        if signature is None:
            break  # later ones divide what this one leaves
        said = life.deal.statement.data()
        drafts = receipts.refund_drafts(home, said, amounts, signature)
        if drafts:
            home.append(drafts)
            written = True
    else:
        drafts = refunding.settled(home, life, _settling(order))
        if drafts:
            home.append(drafts)
            written = True
    return written


def _settling(order: Order) -> list[bytes | None]:
    """What the letters by which both settled a dispute have of the order's key."""
    held = order.life.dispute
    wanted = None if held is None else held.settlement
    some = [(each.id, each.body.move) for each in order.letters if each.kind == "order"]
    return [
        said.signature
        for letter, said in some
        if (isinstance(said, moves.Propose) and letter == wanted)
        or (isinstance(said, moves.Agree) and said.proposal == wanted)
    ]


def _write(home: Home, order: Order, move: Move, drafts: list[Draft]) -> None:
    letter = OrderLetter(order=order.id, after=order.life.heads, move=move)
    readers = ordering.readers(order, move.word)
    post.send(home, [Outgoing("order", letter.body(), readers)], drafts)


def keys_for(home: Home, persons: Iterable[bytes]) -> dict[bytes, list[Letter]]:
    """Person -> the letters of orders that a new device of theirs should be able to read.

    Moves, and what this person wrote about an order or was written. Of orders that have ended, too:
    a refund comes later, and a recovered home has nobody else to ask.
    """
    wanted = frozenset(persons) - {home.person}
    found: dict[bytes, list[Letter]] = {}
    for order in reading.orders(home) if wanted else ():
        for letter in order.letters:
            for person in wanted & _readers(order, letter):
                found.setdefault(person, []).append(letter)
    return found


def _readers(order: Order, letter: Letter) -> frozenset[bytes]:
    if isinstance(letter.body, Message):
        return frozenset({letter.person, letter.body.to})
    return ordering.readers(order, letter.body.move.word)


_DUTIES = (
    _take_credit,
    _accept_again,
    _write_receipt,
    _take_refunds,
    _write_counter_receipts,
    disputing.tend,
)
