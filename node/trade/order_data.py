"""An order as plain data, ready for JSON: one shape for commands and pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from governance.charter import charter_hash
from governance.orders.parts import Deal, Standing
from node import post
from node.home import Home
from node.plain import price_json
from node.post import Letter
from node.status import rfc3339
from node.trade import guest_contact, placing, reading, stock
from node.trade import terms as agreed
from node.trade.context import Context
from node.trade.reading import Order
from node.trade.receipts import in_order
from node.trade.words import command_of
from protocol.errors import MoothallError
from protocol.kinds.receipt import Statement
from protocol.letters.message import Message
from storage import receipts
from storage.receipts import Entry
from storage.views import profiles


class _Shared(NamedTuple):
    """What the data of several orders need, read once."""

    context: Context
    names: Mapping[bytes, str]
    receipts: Mapping[bytes, Sequence[Entry]]
    shelf: stock.Shelf


def data(home: Home, order: Order) -> dict[str, Any]:
    """Everything about an order as plain data; amounts are minor units of `currency`."""
    (found,) = listed(home, [order])
    return found


def listed(
    home: Home, some: Sequence[Order], every: Sequence[Order] | None = None
) -> list[dict[str, Any]]:
    """The same of some orders. `every`: all of this home, where they are at hand."""
    shared = _Shared(
        context=Context(home.store),
        names=profiles.names(home.store),
        receipts=receipts.of_orders(home.store, [each.id for each in some]),
        shelf=stock.Shelf(home, every),
    )
    return [_data(home, each, shared) for each in some]


def _data(home: Home, order: Order, shared: _Shared) -> dict[str, Any]:
    life, terms, deal = order.life, order.terms, order.life.deal
    statement = _statement(home, order, shared.context)
    due = order.rights.due_s
    names = shared.names
    persons = {order.buyer, order.seller, *filter(None, [order.host])}
    persons |= {letter.person for letter in order.letters}
    if life.dispute is not None:
        persons |= {*life.dispute.named.values(), *filter(None, [life.dispute.mediator])}
    receipt = _receipt(order, shared.receipts.get(order.id, ()))
    return {
        "order": order.id.hex(),
        "state": life.state,
        "mine": order.mine,
        "my_moves": [command_of(right.name) for right in reading.my_moves(order)],
        "later": [
            {"move": command_of(right.name), "from": rfc3339((right.from_s or 0) * 1000)}
            for right in reading.later_moves(order)
        ],
        "due": None if due is None else rfc3339(due * 1000),
        "waits_for": reading.asked_side(order),
        "waits_for_me": reading.waits(home, order),
        "charter": (statement.charter if statement else charter_hash(life.charter)).hex(),
        "currency": order.currency,
        "total": price_json(None if terms is None else terms.total, order.currency),
        "listed": price_json(_listed(order), order.currency),
        "price": price_json(None if terms is None else terms.price, order.currency),
        "fee": None if statement is None else statement.fee,
        "shares": {} if statement is None else in_order(home.store, statement),
        "extras": {
            "delivery": 0 if terms is None else terms.delivery,
            "tip": 0 if terms is None else terms.tip,
        },
        "enquiry": life.place.enquiry,
        "agreed": deal is not None,
        "listing": life.place.listing.hex(),
        "title": order.title,
        "quantity": life.place.quantity if terms is None else terms.quantity,
        "variant": life.place.variant,
        "buyer": order.buyer.hex(),
        "seller": order.seller.hex(),
        "host": None if order.host is None else order.host.hex(),
        "guest": order.guest,
        "names": {person.hex(): names.get(person, "") for person in sorted(persons)},
        "paid": life.paid,
        "confirmed": life.confirmed,
        "refunded": life.refunded,
        "owing": life.owing,
        "owed_back": life.owed_back,
        "pay": _pay(deal),
        "offers": [_standing(each) for each in life.offers],
        "receipt": receipt,
        "dispute": _dispute(order),
        "oversold": shared.shelf.oversold(order),
        "contact": _contact(home, order),
        "letters": [_letter(home, order, each) for each in order.letters],
    }


def _statement(home: Home, order: Order, context: Context) -> Statement | None:
    """What was agreed on; before that what would be if it were accepted now, or None."""
    if order.life.deal is not None:
        return order.life.deal.statement
    if order.terms is None:
        return None
    at = order.life.offers[-1].at if order.life.offers else order.life.place.at
    try:
        return agreed.statement(home, context, order.life, order.terms, at)
    except MoothallError:
        return None


def _listed(order: Order) -> int | None:
    """What so many cost by the listing as it is; None where that can't be said."""
    said, place = None if order.offer is None else order.offer.listing, order.life.place
    if said is None or said.currency != order.currency:
        return None
    variant = next((each for each in said.variants if each.name == place.variant), None)
    one = placing.price_of(said, variant)
    count = place.quantity if order.terms is None else order.terms.quantity
    return None if one is None else one * count


def _pay(deal: Deal | None) -> dict[str, Any] | None:
    return None if deal is None or deal.pay is None else dict(deal.pay.data())


def _standing(each: Standing) -> dict[str, Any]:
    return {
        "id": each.id.hex(),
        "by": each.side,
        "quantity": each.terms.quantity,
        "price": each.terms.price,
        "delivery": each.terms.delivery,
        "tip": each.terms.tip,
        "text": each.text,
    }


def _receipt(order: Order, entries: Iterable[Entry]) -> str | None:
    """The record of the public receipt, where it is here."""
    found = [entry for entry in entries if entry.author == order.seller]
    right = [entry for entry in found if not entry.reason] or found
    return right[0].record.hex() if right else None


def _dispute(order: Order) -> dict[str, Any] | None:
    held = order.life.dispute
    if held is None:
        return None
    return {
        "opened_by": held.side,
        "mediator": None if held.mediator is None else held.mediator.hex(),
        "taken": held.taken,
        "closed": order.life.state == "closed",
        "named": {side: person.hex() for side, person in held.named.items()},
        "proposals": [
            {
                "proposal": each.id.hex(),
                "by": each.side,
                "refund": each.refund,
                "text": each.text,
                "agreed": sorted(each.agreed),
            }
            for each in held.proposals
        ],
        "outcome": held.outcome,
        "refund": held.refund,
    }


def _contact(home: Home, order: Order) -> dict[str, str] | None:
    """How to reach the guest of an order, for its seller."""
    if not order.guest or order.mine != "seller":
        return None
    found = guest_contact.of_order(home, order.id, order.buyer)
    return None if found is None else {"name": found.name, "reach": found.reach}


def _letter(home: Home, order: Order, letter: Letter) -> dict[str, Any]:
    said = letter.body
    found: dict[str, Any] = {
        "id": letter.id.hex(),
        "from": letter.person.hex(),
        "mine": letter.mine,
        "kind": letter.kind,
        "move": None,
        "amount": None,
        "text": "",
        "guest": getattr(said, "guest", False),
        "at": rfc3339(letter.written_ms),
        "void": order.life.void.get(letter.id, ""),
    }
    if isinstance(said, Message):
        found["text"] = said.text
    else:
        move = said.move
        found["move"] = move.word
        found["text"] = getattr(move, "text", "")
        amount = getattr(move, "amount", getattr(move, "refund", None))
        found["amount"] = amount if isinstance(amount, int) else None
    if letter.mine:
        held = post.delivery_of(home, letter)
        found["delivery"] = {"state": held.state, "nodes": held.nodes}
    return found
