"""The life of an order, from the letters about it.

`follow` is a pure function of a set of letters and of what is certified: any order, any duplicates
and any detours give the same. It looks at no clock; deadlines are in `rights`. Amounts are minor
units of the order's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from governance.charter import Charter
from governance.orders import table as t
from governance.orders.judging import Case, Context, charter_of, fault, ruling
from governance.orders.past import STRANGER, Arranged, Line, Said, arrange
from governance.orders.view import Terms, View, terms
from governance.waterfall import ordered, refunded
from protocol.kinds.receipt import Statement
from protocol.letters.moves import (
    Accept,
    Move,
    Offer,
    PayTo,
    Place,
    Propose,
    Received,
    Refund,
    Took,
)
from protocol.letters.order import MOST_AFTER, proven

__all__ = [
    "Context",
    "Deal",
    "Dispute",
    "Life",
    "Proposal",
    "Returned",
    "Said",
    "Standing",
    "follow",
]

CROSSED = "crossed"  # a move of somebody who did not know of it stands instead
ANOTHER_PLACE = "another-place"  # the order was begun by another letter
BAD_PROOF = "bad-proof"  # the order's key did not sign who buys and sells
ONESELF = "oneself"  # buyer and seller are one person


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Life:
    """An order as it stands."""

    order: bytes
    start: bytes  # id of the `place`
    place: Place
    buyer: bytes  # person; of a guest's order the host's
    seller: bytes  # person
    guest: bool
    state: str  # one of table.STATES
    charter: Charter  # of the deal; before there is one, the newest that was acknowledged
    deal: Deal | None  # stays, for who disputes, when the order ended without a sale
    offers: tuple[Standing, ...]
    paid: int  # as the buyer says
    confirmed: int  # as the seller says
    money: int  # the larger of the two
    refunded: int
    owing: int  # what the buyer still has to pay
    owed_back: int  # what the seller still has to give back
    reduced: int  # by how much less than agreed the sale counts
    sent: bytes | None  # ids of letters, from here on
    received: bytes | None
    received_signature: bytes | None  # of the order's key, over the deal's statement
    receipt: bytes | None
    refunds: tuple[Returned, ...]
    dispute: Dispute | None
    heads: tuple[bytes, ...]  # what the next letter names in `after`
    void: Mapping[bytes, str]  # letter -> reason word
    waiting: frozenset[bytes]  # letters whose past is not all here
    missing: frozenset[bytes]  # letters and certificates that they wait for
    since: Mapping[str, bytes]  # what happened -> the letter since which deadlines run
    _view: View = field(repr=False, compare=False)
    _context: Context = field(repr=False, compare=False)

    @property
    def currency(self) -> str:
        """The currency of all amounts."""
        return self.place.currency

    @property
    def final(self) -> bool:
        """Whether nobody waits for anybody."""
        return self.state in t.FINAL

    def side_of(self, person: bytes, *, guest: bool = False) -> str | None:
        """For which side a person's letters speak; `guest`: those written for a guest."""
        return side(self._view, person, guest=guest) or None

    def refusal(self, person: bytes, move: Move, *, guest: bool = False) -> str:
        """Why this move would be void now, as a reason word; "" if it would hold."""
        return self._judged(person, move.word, move, guest)

    def may(self, person: bytes, word: str, *, guest: bool = False) -> bool:
        """Whether some move of this word would hold now."""
        return not self._judged(person, word, None, guest)

    def _judged(self, person: bytes, word: str, move: Move | None, guest: bool) -> str:
        who = side(self._view, person, guest=guest)
        case = Case(self._view, who, person, move, self.order, self._context)
        return fault(case, word)

    def waterfall(self) -> dict[str, int]:
        """Where the deal's total goes, by role; it always adds up to it, {} without a deal.

        Beside the roles: `delivery`, `tip`, and `refunded`, which is no longer part of the sale.
        What is given back comes off the price first, by the rules of a counter-receipt.
        """
        if self.deal is None:
            return {}
        said, total = self.deal.statement, self.deal.terms.total
        gone = total if self._view.ends or self._view.gone else self.reduced
        of_price = min(gone, said.price)
        parts: list[dict[str, int]] = []
        taken = 0
        # The last step is what a settlement takes off beyond the refunds.
        for step in (*(each.of_price for each in self.refunds), of_price):
            part = min(step, of_price - taken)
            parts.append(refunded(self.charter, said, part, parts))
            taken += part
        shares = {
            role: amount - sum(part[role] for part in parts)
            for role, amount in ordered(self.charter, said).items()
        }
        delivery = max(0, self.deal.terms.delivery - (gone - of_price))
        tip = total - gone - sum(shares.values()) - delivery
        return {**shares, "delivery": delivery, "tip": tip, "refunded": gone}


def side(view: View, person: bytes, *, guest: bool) -> str:
    """For which side somebody speaks in a letter; "" for none."""
    if view.start is None:
        return ""
    start, place = view.start.said, view.start.move
    assert isinstance(place, Place)
    if person == start.person and guest == start.letter.guest:
        return t.BUYER
    if guest:
        return ""
    if person == place.seller:
        return t.SELLER
    return t.MEDIATOR if person == view.asked else ""


class _Bench:
    """Where letters are judged one by one, each by what its author had."""

    def __init__(self, order: bytes, context: Context) -> None:
        self.order = order
        self.context = context
        self.holding: list[Line] = []
        self.by_id: dict[bytes, Line] = {}
        self._views: dict[int, View] = {}

    def holds(self, said: Said) -> bool:
        """Whether a `place` is proven by the order's key."""
        place = said.letter.move
        assert isinstance(place, Place)
        return _proven(self.order, place.proof, self.context.community, said.person, place.seller)

    def view(self, past: int) -> View:
        """What somebody knew who had these letters."""
        found = self._views.get(past)
        if found is None:
            seen = [line for line in self.holding if line.bit & past]
            found = self._views[past] = View(seen, self.by_id, self._ruling)
        return found

    def judge(self, line: Line) -> None:
        """Say whether a letter holds; all of its past was judged before."""
        view = self.view(line.past)
        move = line.move
        if isinstance(move, Place):
            line.side, line.start = t.BUYER, line
            line.reason = self._beginning(line, move)
        else:
            line.side = side(view, line.said.person, guest=line.said.letter.guest)
            line.start, line.reason = view.start, STRANGER
            if line.side:
                line.base, line.outcome = view.deal, view.outcome
                line.reason = fault(self._case(line, view), line.word)
            if isinstance(move, Refund) and not line.reason:
                line.reduces = move.amount - min(move.amount, _too_much(view))
        if not line.reason:
            self.holding.append(line)
            self.by_id[line.id] = line

    def _beginning(self, line: Line, move: Place) -> str:
        if line.past:
            return ANOTHER_PLACE
        if not self.holds(line.said):
            return BAD_PROOF
        oneself = line.said.person == move.seller and not line.said.letter.guest
        return ONESELF if oneself else ""

    def _case(self, line: Line, view: View) -> Case:
        return Case(view, line.side, line.said.person, line.move, self.order, self.context)

    def _ruling(self, line: Line) -> int | None:
        return ruling(self._case(line, self.view(line.past)))


@lru_cache(maxsize=4096)  # an order is followed anew with each letter that comes
def _proven(order: bytes, proof: bytes, community: bytes, buyer: bytes, seller: bytes) -> bool:
    return proven(order, proof, community, buyer, seller)


def _too_much(view: View) -> int:
    """What was paid beyond the deal and has not been given back; all of it if there is no sale."""
    if view.terms is None or view.ends:
        return view.money - view.refunded
    returned = view.refunded - sum(line.reduces for line in view.refunds)
    return max(0, view.money - view.terms.total - returned)


def follow(letters: Iterable[Said], context: Context) -> Life | None:
    """What all these letters about one order come to; None while there is no `place` that holds."""
    given = list(letters)
    if not given:
        return None
    bench = _Bench(given[0].letter.order, context)
    found = arrange(given, bench.holds, lambda at: context.height(at) is not None)
    everything = 0
    for line in found.lines:
        bench.judge(line)
        everything |= line.bit
    view = bench.view(everything)
    if view.start is None:
        return None
    void = {line.id: line.reason for line in found.lines if line.reason}
    void.update(found.void)
    void.update(_overruled(bench.holding, view))
    return _life(view, bench, found, void)


def _overruled(holding: Iterable[Line], view: View) -> dict[bytes, str]:
    """Of the letters that hold by their past, those in whose place something else stands."""
    standing = {line.id for line in (*view.ends, *view.refunds)}
    step = view.deal
    while step is not None:
        standing.add(step.id)
        step = step.base
    standing.update(line.id for line in view.by_word["received"] if line.base is view.deal)
    decisions = ("accept", "decline", "cancel", "refund", "received")
    return {
        line.id: CROSSED if line.start is view.start else ANOTHER_PLACE
        for line in holding
        if line.start is not view.start or (line.word in decisions and line.id not in standing)
    }


def _life(view: View, bench: _Bench, found: Arranged, void: Mapping[bytes, str]) -> Life:
    assert view.start is not None
    place = view.start.move
    charter = charter_of(view, bench.context)
    assert isinstance(place, Place) and charter is not None
    received = None if view.received is None else view.received.move
    return Life(
        order=bench.order,
        start=view.start.id,
        place=place,
        buyer=view.start.said.person,
        seller=place.seller,
        guest=view.start.said.letter.guest,
        state=view.state,
        charter=charter,
        deal=_deal(view, bench.by_id),
        offers=tuple(_standing(line) for line in view.offers),
        paid=view.paid,
        confirmed=view.confirmed,
        money=view.money,
        refunded=view.refunded,
        owing=view.owing,
        owed_back=view.owed_back,
        reduced=view.reduced,
        sent=_id(view.sent),
        received=_id(view.received),
        received_signature=received.signature if isinstance(received, Received) else None,
        receipt=_id(view.receipt),
        refunds=_returned(view),
        dispute=_dispute(view),
        heads=_heads(found.lines),
        void=void,
        waiting=found.waiting,
        missing=found.missing,
        since=_since(view),
        _view=view,
        _context=bench.context,
    )


def _id(line: Line | None) -> bytes | None:
    return None if line is None else line.id


def _deal(view: View, by_id: Mapping[bytes, Line]) -> Deal | None:
    if view.deal is None or view.terms is None:
        return None
    move = view.deal.move
    assert isinstance(move, Accept)
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


def _standing(line: Line) -> Standing:
    assert isinstance(line.move, Place | Offer)
    agreed = terms(line.move)
    assert agreed is not None
    return Standing(
        id=line.id,
        side=line.side,
        terms=agreed,
        at=line.move.at,
        text=line.move.text,
        pay=line.move.pay if isinstance(line.move, Offer) else None,
    )


def _returned(view: View) -> tuple[Returned, ...]:
    found = []
    left = 0 if view.terms is None or view.ends else view.terms.price
    for number, line in enumerate(view.refunds, 1):
        assert isinstance(line.move, Refund)
        of_price = min(left, line.reduces)
        left -= of_price
        took = tuple(
            each.move.signature
            for each in view.by_word["took"]
            if isinstance(each.move, Took) and each.move.refund == line.id
        )
        found.append(
            Returned(
                id=line.id, number=number, amount=line.move.amount, of_price=of_price, took=took
            )
        )
    return tuple(found)


def _dispute(view: View) -> Dispute | None:
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
        settlement=_id(view.outcome),
        refund=view.settled,
    )


def _proposal(line: Line, view: View) -> Proposal:
    assert isinstance(line.move, Propose)
    return Proposal(
        id=line.id,
        side=line.side,
        refund=line.move.refund,
        text=line.move.text,
        agreed=view.agreed(line),
        signature=line.move.signature,
    )


def _heads(lines: Iterable[Line]) -> tuple[bytes, ...]:
    """The last letters of those who have a part in the order: all else comes before one of them."""
    part = [line for line in lines if line.side]
    known = 0
    for line in part:
        known |= line.past
    return tuple(sorted([line.id for line in part if not line.bit & known][-MOST_AFTER:]))


def _since(view: View) -> dict[str, bytes]:
    """The letters from which deadlines run."""
    assert view.start is not None
    by_word = view.by_word
    offers = view.offers or [view.start]
    last = {
        "offer": max(offers, key=lambda line: (line.depth, line.id)),
        "deal": view.deal,
        "money": max(
            [*by_word["pay"], *by_word["confirm"]],
            key=lambda line: (line.depth, line.id),
            default=None,
        ),
        "sent": view.sent,
        "received": view.received,
        "dispute": view.dispute,
        "asked": by_word["mediator"][-1] if view.asked is not None else None,
        "taken": by_word["mediate"][-1] if view.taken is not None else None,
    }
    return {what: line.id for what, line in last.items() if line is not None}
