"""What waits for this home's owner, and until when: in trade, in letters and in the assembly.

Made anew each time it is asked for; nothing of it is kept. Whoever shows it says it in words.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.orders.rights import Wait
from node import market, post
from node.assembly import reading as assembly
from node.home import Home
from node.status import rfc3339
from node.trade import disputing, guest_queue, paying, reading, reviews
from node.trade.reading import Order
from node.trade.words import command_of
from storage.letters import MESSAGES, ORDER
from storage.views import profiles

KINDS = ("order", "guest-order", "mediation", "review", "payment", "vote", "letters")


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One thing that waits. `id` is that of the order, payment or proposal, in hex; for letters
    the order's, or the person's who wrote them.
    """

    kind: str  # one of KINDS
    id: str
    person: bytes | None  # whom it is about: who asks, pays or wrote
    title: str  # of the listing or proposal; may be empty
    state: str = ""  # of an order
    mine: str = ""  # the owner's side in it
    what: str = ""  # is awaited about an order: reply, pay, send and so on, see `Wait`
    moves: tuple[str, ...] = ()  # what may be done about an order
    count: int = 1  # letters
    amount: int | None = None  # of a payment, in minor units
    currency: str = ""
    fund: str = ""  # that a payment is to, for whoever keeps it
    until_ms: int | None = None
    since_ms: int | None = None  # as far as it is known


def items(home: Home) -> list[Item]:
    """All of it: what ends soonest first, then what has no end, newest first."""
    found = [*_trade(home), *_guests(home), *_asked(home), *_payments(home), *_votes(home)]
    return sorted(found, key=_pressing)


def data(home: Home, found: list[Item]) -> dict[str, Any]:
    """As JSON."""
    names = profiles.names(home.store)
    return {"inbox": [_data(each, names) for each in found], "total": len(found)}


def _data(each: Item, names: dict[bytes, str]) -> dict[str, Any]:
    amount = {"amount": each.amount, "currency": each.currency}
    return {
        "kind": each.kind,
        "id": each.id,
        "person": None if each.person is None else each.person.hex(),
        "name": "" if each.person is None else names.get(each.person, ""),
        "title": each.title,
        "state": each.state,
        "mine": each.mine,
        "what": each.what,
        "moves": list(each.moves),
        "count": each.count,
        "amount": None if each.amount is None else amount,
        "fund": each.fund or None,
        "until": None if each.until_ms is None else rfc3339(each.until_ms),
        "since": None if each.since_ms is None else rfc3339(each.since_ms),
    }


def _pressing(each: Item) -> tuple[bool, int, int, str]:
    endless = each.until_ms is None
    return (endless, each.until_ms or 0, -(each.since_ms or 0), each.id)


def _trade(home: Home) -> Iterator[Item]:
    """Orders in which it is my turn, then threads with letters that I have not looked at."""
    orders = {each.id: each for each in reading.orders(home)}
    waiting = {each.id: wait for each in orders.values() if (wait := wait_for(home, each))}
    for key, wait in waiting.items():
        yield _order(orders[key], wait)
    for thread in post.threads(home):
        if not thread.unread or thread.id in waiting:
            continue
        about = orders.get(thread.id) if thread.sort == ORDER else None
        if about is not None and about.guest and about.mine == "host":
            continue  # their guest reads it
        if thread.sort == MESSAGES or about is not None:
            yield Item(
                kind="letters",
                id=thread.id.hex(),
                person=thread.id if about is None else _other(about),
                title="" if about is None else about.title,
                state="" if about is None else about.life.state,
                mine="" if about is None else about.mine,
                count=thread.unread,
                since_ms=thread.newest_ms,
            )


def wait_for(home: Home, order: Order) -> Wait | None:
    """What an order waits for from this home's owner, the most pressing; None for nothing."""
    if order.mine == "host":
        return None  # their guest is asked
    return next((wait for wait in order.waits if home.person in wait.persons), None)


def _order(order: Order, wait: Wait) -> Item:
    return Item(
        kind="order",
        id=order.id.hex(),
        person=_other(order),
        title=order.title,
        state=order.life.state,
        mine=order.mine,
        what=wait.what,
        moves=tuple(command_of(right.name) for right in reading.my_moves(order)),
        until_ms=None if wait.due_s is None else wait.due_s * 1000,
        since_ms=reading.newest_ms(order),
    )


def _other(order: Order) -> bytes:
    return order.buyer if order.mine == "seller" else order.seller


def _guests(home: Home) -> Iterator[Item]:
    """Orders of guests that the owner wants to look at before they go out."""
    for each in guest_queue.all_waiting(home):
        yield Item(
            kind="guest-order",
            id=each.order.hex(),
            person=None,
            title=market.title(home, each.listing),
            until_ms=each.received_ms + guest_queue.KEPT_MS,
            since_ms=each.received_ms,
        )


def _asked(home: Home) -> Iterator[Item]:
    """Disputes that the owner is asked to mediate, and reviews to be published for a buyer."""
    for request in disputing.requests(home):
        if request.taken is None:
            yield Item(
                kind="mediation",
                id=request.order.hex(),
                person=request.sides[0],
                title="",
                since_ms=request.received_ms,
            )
    for each in reviews.asked(home):
        yield Item(
            kind="review",
            id=each.review.order.hex(),
            person=each.by,
            title="",
            since_ms=each.received_ms,
        )


def _payments(home: Home) -> Iterator[Item]:
    """What others say they have paid, to be confirmed."""
    for each in paying.awaited(home):
        yield Item(
            kind="payment",
            id=each.record.hex(),
            person=each.author,
            title="",
            amount=each.amount,
            currency=each.currency,
            fund=each.payee if isinstance(each.payee, str) else "",
            since_ms=each.shown_ms,
        )


def _votes(home: Home) -> Iterator[Item]:
    for each in assembly.waiting(home.store, home.person)["votes"]:
        closes = each["closes"]
        yield Item(
            kind="vote",
            id=each["proposal"],
            person=None if each["author"] is None else bytes.fromhex(each["author"]),
            title=each["title"],
            until_ms=None
            if closes is None
            else int(datetime.fromisoformat(closes).timestamp() * 1000),
        )
