"""The life of an order, from the letters about it.

`follow` is a pure function of a set of letters and of what is certified: any order, any duplicates
and any detours give the same. It looks at no clock; deadlines are in `rights`. Amounts are minor
units of the order's currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from governance.charter import Charter
from governance.orders import crossing
from governance.orders import table as t
from governance.orders.judging import Case, Context, charter_of, confirmable, fault, ruling
from governance.orders.parts import (
    Deal,
    Dispute,
    Returned,
    Standing,
    deal,
    dispute,
    returned,
    standing,
)
from governance.orders.past import STRANGER, Arranged, Line, Said, arrange
from governance.orders.view import View
from governance.waterfall import ordered, refunded
from protocol.letters.moves import (
    Move,
    Place,
    Refund,
)
from protocol.letters.order import MOST_AFTER, proven

CROSSED = "crossed"  # a move of somebody who did not know of it stands instead
ANOTHER_PLACE = "another-place"  # the order was begun by another letter
BAD_PROOF = "bad-proof"  # the order's key did not sign who buys and sells
ONESELF = "oneself"  # buyer and seller are one person


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
        gone = self.reduced if self._view.sale else total
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
    start = view.start.said
    if person == start.person and guest == start.letter.guest:
        return t.BUYER
    if guest:
        return ""
    if person == view.place.seller:
        return t.SELLER
    return t.MEDIATOR if person == view.asked else ""


class _Bench:
    """Where letters are judged one by one, each by what its author had."""

    def __init__(self, order: bytes, context: Context) -> None:
        self.order = order
        self.context = context
        self.lines: list[Line] = []  # in the order of their bits
        self.holding: list[Line] = []
        self.by_id: dict[bytes, Line] = {}
        self._views: dict[int, View | None] = {}

    def holds(self, said: Said) -> bool:
        """Whether a `place` is proven by the order's key."""
        place: Any = said.letter.move
        return _proven(self.order, place.proof, self.context.community, said.person, place.seller)

    def view(self, past: int) -> View | None:
        """What somebody knew who had these letters; None: nothing of the order."""
        if past not in self._views:
            self._views[past] = self._seen(past)
        return self._views[past]

    def _seen(self, past: int) -> View | None:
        last = self.lines[past.bit_length() - 1] if past else None
        if last is not None and last.past | last.bit == past:
            # Nearly always: one letter more than its author had.
            before = self.view(last.past)
            if last.reason:
                return before
            if before is not None:
                return before.then(last)
        seen = [line for line in self.holding if line.bit & past]
        places = [line for line in seen if line.word == Place.word]
        start = crossing.start(places, seen)
        if start is None:
            return None
        if len(places) > 1:
            seen = [line for line in seen if line.start is start]
        return View(start, self.by_id, self._ruling).read(seen)

    def judge(self, line: Line) -> None:
        """Say whether a letter holds; all of its past was judged before."""
        self.lines.append(line)
        view = self.view(line.past)
        move = line.move
        if isinstance(move, Place):
            line.side, line.start = t.BUYER, line
            line.reason = self._beginning(line, move)
        elif view is None:
            line.reason = STRANGER
        else:
            line.side = side(view, line.said.person, guest=line.said.letter.guest)
            line.start, line.base, line.outcome = view.start, view.deal, view.outcome
            line.reason = fault(self._case(line, view), line.word) if line.side else STRANGER
            line.bound = confirmable(view)
            if isinstance(move, Refund):
                line.reduces = move.amount - min(move.amount, _too_much(view))
                line.full = view.receipt is None and move.amount == view.money - view.refunded
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
        view = self.view(line.past)
        return None if view is None else ruling(self._case(line, view))


@lru_cache(maxsize=4096)  # an order is followed anew with each letter that comes
def _proven(order: bytes, proof: bytes, community: bytes, buyer: bytes, seller: bytes) -> bool:
    return proven(order, proof, community, buyer, seller)


def _too_much(view: View) -> int:
    """What was paid beyond the deal and has not been given back; all of it if there is no sale."""
    if view.terms is None or not view.sale:
        return view.money - view.refunded
    beyond: int = view.refunded - sum(line.reduces for line in view.refunds)
    return max(0, view.money - view.terms.total - beyond)


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
    if view is None:
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
    place, charter = view.place, charter_of(view, bench.context)
    received = view.received
    return Life(
        order=bench.order,
        start=view.start.id,
        place=place,
        buyer=view.start.said.person,
        seller=place.seller,
        guest=view.start.said.letter.guest,
        state=view.state,
        charter=charter,
        deal=deal(view, bench.by_id),
        offers=standing(view),
        paid=view.paid,
        confirmed=view.confirmed,
        money=view.money,
        refunded=view.refunded,
        owing=view.owing,
        owed_back=view.owed_back,
        reduced=view.reduced,
        sent=_id(view.sent),
        received=_id(view.received),
        received_signature=None if received is None else received.move.signature,
        receipt=_id(view.receipt),
        refunds=returned(view),
        dispute=dispute(view),
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


def _heads(lines: Iterable[Line]) -> tuple[bytes, ...]:
    """The last letters of those who have a part in the order: all else comes before one of them."""
    part = [line for line in lines if line.side]
    known = 0
    for line in part:
        known |= line.past
    return tuple(sorted([line.id for line in part if not line.bit & known][-MOST_AFTER:]))


def _since(view: View) -> dict[str, bytes]:
    """The letters from which deadlines run."""
    by_word = view.by_word
    last: dict[str, list[Line]] = {
        "offer": view.offers or [view.start],
        "deal": [view.deal] if view.deal is not None else [],
        "money": [*by_word["pay"], *by_word["confirm"]],
        "sent": by_word["sent"][:1],
        "received": [view.received] if view.received is not None else [],
        "end": view.ends,
        "dispute": [view.dispute] if view.dispute is not None else [],
        "asked": by_word["mediator"] if view.asked is not None else [],
        "taken": by_word["mediate"] if view.taken is not None else [],
        "outcome": [*view.agrees, *by_word["verdict"]],
    }
    return {
        what: max(lines, key=lambda line: (line.depth, line.id)).id
        for what, lines in last.items()
        if lines
    }
