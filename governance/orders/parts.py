"""What stands in an order, each as a value of its own: deal, offers, refunds, dispute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from governance.orders import table as t
from governance.orders.past import Line
from governance.orders.view import Terms, View, terms
from protocol.kinds.receipt import Statement
from protocol.letters.moves import Accept, Offer, PayTo


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """An offer that the other side can accept, as things are."""

    id: bytes
    side: str
    terms: Terms
    at: bytes  # certificate that its author acknowledged
    text: str
    pay: PayTo | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Deal:
    """What was agreed on; `id` is the acceptance, by `side`."""

    id: bytes
    side: str
    offer: bytes  # id of the offer, or the `place`, that was accepted
    terms: Terms
    statement: Statement
    pay: PayTo | None  # how the seller is paid, as the seller said


@dataclass(frozen=True, kw_only=True, slots=True)
class Returned:
    """A refund that counts. `number`: from 1, as they are counted.

    `of_price` is by how much less the goods count: the amount of the counter-receipt, 0 for none.
    The rest is delivery, tip, or what had been paid too much.
    """

    id: bytes
    number: int
    amount: int
    of_price: int
    took: tuple[bytes, ...]  # signatures of the order's key, as they came and unchecked


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """How a dispute might end; `agreed`: sides that agree, its author's not among them."""

    id: bytes
    side: str
    refund: int  # by how much less than agreed the sale would count, in all
    text: str
    agreed: frozenset[str]
    signature: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispute:
    """A dispute, by the letters alone; which step's time it is, `rights` says."""

    id: bytes
    side: str  # who opened it
    named: Mapping[str, bytes]  # side -> whom it would have as mediator
    mediator: bytes | None  # whom both named
    taken: bool | None  # whether they do it; None: no answer yet
    proposals: tuple[Proposal, ...]
    evidence: tuple[bytes, ...]  # ids of letters
    outcome: str  # "", "agreed", "verdict" or "closed"
    settlement: bytes | None  # the proposal that was agreed to
    refund: int | None  # of the outcome


def deal(view: View, by_id: Mapping[bytes, Line]) -> Deal | None:
    """The deal, also of an order that ended."""
    if view.deal is None or view.terms is None:
        return None
    move: Accept = view.deal.move
    offered = by_id[move.offer].move
    said = offered.pay if isinstance(offered, Offer) else None
    return Deal(
        id=view.deal.id,
        side=view.deal.side,
        offer=move.offer,
        terms=view.terms,
        statement=move.statement,
        pay=move.pay if view.deal.side == t.SELLER else said,
    )


def standing(view: View) -> tuple[Standing, ...]:
    """The offers that can be accepted, where the state lets anybody accept."""
    if view.state not in t.OPEN:
        return ()
    return tuple(
        Standing(
            id=line.id,
            side=line.side,
            terms=offered,
            at=line.move.at,
            text=line.move.text,
            pay=line.move.pay if isinstance(line.move, Offer) else None,
        )
        for line in view.offers
        if (offered := terms(line.move)) is not None
    )


def returned(view: View) -> tuple[Returned, ...]:
    """The refunds that count."""
    found = []
    left = view.terms.price if view.terms is not None and view.sale else 0
    for number, line in enumerate(view.refunds, 1):
        of_price = min(left, line.reduces)
        left -= of_price
        took = tuple(
            each.move.signature for each in view.by_word["took"] if each.move.refund == line.id
        )
        found.append(
            Returned(
                id=line.id, number=number, amount=line.move.amount, of_price=of_price, took=took
            )
        )
    return tuple(found)


def dispute(view: View) -> Dispute | None:
    """The dispute, if there ever was one."""
    if view.dispute is None:
        return None
    closed = "closed" if view.closed else ""
    settled = "agreed" if view.outcome is not None else "verdict"
    return Dispute(
        id=view.dispute.id,
        side=view.dispute.side,
        named=dict(view.named),
        mediator=view.asked,
        taken=view.taken,
        proposals=tuple(_proposal(line, view) for line in view.by_word["propose"]),
        evidence=tuple(line.id for line in view.by_word["evidence"]),
        outcome=closed if view.settled is None else settled,
        settlement=None if view.outcome is None else view.outcome.id,
        refund=view.settled,
    )


def _proposal(line: Line, view: View) -> Proposal:
    return Proposal(
        id=line.id,
        side=line.side,
        refund=line.move.refund,
        text=line.move.text,
        agreed=view.agreed(line),
        signature=line.move.signature,
    )
