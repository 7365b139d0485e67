"""`order`: one move in the life of an order.

Every letter about an order names the order by its key, and by `after` the letters that its author
had: so everybody reads the moves in the same order, whatever way they came. Which move may be made
when, and what crossing moves come to, is for `governance.orders`.

In a guest's order, the letters that the host writes for the guest carry `guest`; they speak for
the buyer's side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from protocol.codec import Plain
from protocol.keys import ORDER, Signer, verified
from protocol.kinds.listing import MAX_CURRENCY
from protocol.kinds.receipt import MAX_AMOUNT, Statement, read_statement
from protocol.letters.letter import LetterKind
from protocol.letters.moves import (
    HOW,
    MAX_QUANTITY,
    MAX_TEXT,
    PAY_TO,
    Accept,
    Agree,
    Cancel,
    Close,
    Confirm,
    Decline,
    Dispute,
    Evidence,
    Mediate,
    Mediator,
    Move,
    Offer,
    Pay,
    PayTo,
    Place,
    Propose,
    ReceiptOut,
    Received,
    Refund,
    Sent,
    Took,
    Verdict,
)
from protocol.shape import (
    Body,
    flag,
    ids,
    key32,
    maybe_key32,
    maybe_whole,
    one_line,
    signature,
    text,
    unreadable,
    whole,
)

MOST_AFTER = 32  # letters that one letter names as those before it


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderLetter:
    """A move in `order`, by somebody who had `after` (sorted, of each line of letters the last)."""

    order: bytes
    after: tuple[bytes, ...]
    move: Move
    guest: bool = False  # by the host, for a guest

    def body(self) -> dict[str, Plain]:
        """The letter's body."""
        fields = {key: _plain(getattr(self.move, key)) for key in self.move.__dataclass_fields__}
        data: dict[str, Plain] = {
            "order": self.order,
            "after": [*sorted(self.after)],
            "move": self.move.word,
            **fields,
        }
        return {**data, "guest": True} if self.guest else data


def prove(order: Signer, community: bytes, buyer: bytes, seller: bytes) -> bytes:
    """What the order's key signs for a `place`: persons, in this community."""
    return order.sign(ORDER, community, buyer, seller)


def proven(order: bytes, proof: bytes, community: bytes, buyer: bytes, seller: bytes) -> bool:
    """Whether `proof` is by the order's key, for this buyer and this seller."""
    return verified(order, proof, ORDER, community, buyer, seller)


def _plain(value: Any) -> Plain:
    plain: Plain = value.data() if isinstance(value, Statement | PayTo) else value
    return plain


def read(data: Body) -> OrderLetter:
    """The move that `data` holds."""
    word = data.get("move")
    found = MOVES.get(word) if type(word) is str else None
    if found is None:
        raise unreadable("move")
    after = data.get("after")
    return OrderLetter(
        order=key32(data, "order"),
        after=_after(after) if after else (),
        move=found(data),
        guest="guest" in data and flag(data, "guest"),
    )


def _after(value: object) -> tuple[bytes, ...]:
    named = ids(value, MOST_AFTER)
    if list(named) != sorted(set(named)):
        raise unreadable("after")
    return named


def _amount(data: Body, key: str, low: int = 0) -> int:
    return whole(data, key, low, MAX_AMOUNT)


def _said(data: Body, *, needed: bool = False) -> str:
    said = text(data, "text", MAX_TEXT)
    if needed and not said.strip():
        raise unreadable("text")
    return said


def _pay_to(data: Body) -> PayTo | None:
    value = data.get("pay")
    if value is None:
        return None
    if not isinstance(value, dict):
        raise unreadable("pay")
    said = {key: text(value, key, most) for key, most in PAY_TO.items()}
    if not all(one_line(each) for key, each in said.items() if key != "text"):
        raise unreadable("pay")
    return PayTo(**said)


def _maybe_signature(data: Body) -> bytes | None:
    return None if data.get("signature") is None else signature(data, "signature")


def _place(data: Body) -> Place:
    price, enquiry = maybe_whole(data, "price", 0, MAX_AMOUNT), flag(data, "enquiry")
    if price is None and not enquiry:
        raise unreadable("price")
    currency = text(data, "currency", MAX_CURRENCY, default=None)
    if not currency:
        raise unreadable("currency")
    return Place(
        listing=key32(data, "listing"),
        version=key32(data, "version"),
        seller=key32(data, "seller"),
        quantity=whole(data, "quantity", 1, MAX_QUANTITY),
        price=price,
        currency=currency,
        at=key32(data, "at"),
        proof=signature(data, "proof"),
        delivery=_amount(data, "delivery"),
        tip=_amount(data, "tip"),
        variant=text(data, "variant", 200),
        text=_said(data),
        host=maybe_key32(data, "host"),
        referral=maybe_key32(data, "referral"),
        enquiry=enquiry,
    )


def _offer(data: Body) -> Offer:
    return Offer(
        quantity=whole(data, "quantity", 1, MAX_QUANTITY),
        price=_amount(data, "price"),
        at=key32(data, "at"),
        delivery=_amount(data, "delivery"),
        tip=_amount(data, "tip"),
        text=_said(data),
        pay=_pay_to(data),
    )


def _accept(data: Body) -> Accept:
    statement = data.get("statement")
    if not isinstance(statement, dict):
        raise unreadable("statement")
    return Accept(
        offer=key32(data, "offer"),
        at=key32(data, "at"),
        statement=read_statement(statement),
        pay=_pay_to(data),
    )


def _pay(data: Body) -> Pay:
    how = data.get("how")
    if how not in HOW:
        raise unreadable("how")
    return Pay(amount=_amount(data, "amount", 1), how=how, payment=maybe_key32(data, "payment"))


def _proposal(data: Body) -> Propose:
    return Propose(
        refund=_amount(data, "refund"), text=_said(data), signature=_maybe_signature(data)
    )


def _readers(*rows: tuple[Any, Callable[[Body], Move]]) -> Mapping[str, Callable[[Body], Move]]:
    return {move.word: reader for move, reader in rows}


MOVES = _readers(
    (Place, _place),
    (Offer, _offer),
    (Accept, _accept),
    (Decline, lambda data: Decline(text=_said(data))),
    (Cancel, lambda data: Cancel(text=_said(data))),
    (Pay, _pay),
    (Confirm, lambda data: Confirm(amount=_amount(data, "amount", 1))),
    (Sent, lambda data: Sent(text=_said(data))),
    (
        Received,
        lambda data: Received(deal=key32(data, "deal"), signature=signature(data, "signature")),
    ),
    (ReceiptOut, lambda _data: ReceiptOut()),
    (Refund, lambda data: Refund(amount=_amount(data, "amount", 1), text=_said(data))),
    (
        Took,
        lambda data: Took(refund=key32(data, "refund"), signature=signature(data, "signature")),
    ),
    (Dispute, lambda data: Dispute(text=_said(data, needed=True))),
    (Evidence, lambda data: Evidence(text=_said(data, needed=True))),
    (Propose, _proposal),
    (
        Agree,
        lambda data: Agree(proposal=key32(data, "proposal"), signature=_maybe_signature(data)),
    ),
    (Mediator, lambda data: Mediator(person=key32(data, "person"))),
    (Mediate, lambda data: Mediate(take=flag(data, "take"))),
    (Verdict, lambda data: Verdict(proposal=key32(data, "proposal"))),
    (Close, lambda _data: Close()),
)
"""How the body of each move is read, by its word."""


def order_of(said: OrderLetter) -> bytes:
    """The order that a letter is about."""
    return said.order


LETTER = LetterKind(name="order", read=read, order=order_of, may_be_shared=True)
