"""What letters about an order say together, once each of them is judged.

The same for those that an author had and for all that are here. Amounts are minor units.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from governance.orders import crossing
from governance.orders import table as t
from governance.orders.past import Line
from protocol.letters.moves import Offer, Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """What is to be paid for how much: `price` is of the whole quantity."""

    quantity: int
    price: int
    delivery: int
    tip: int

    @property
    def total(self) -> int:
        """What the buyer pays."""
        return self.price + self.delivery + self.tip


def terms(move: Place | Offer) -> Terms | None:
    """The terms of a letter that can be accepted; None for a question about the price."""
    if move.price is None:
        return None
    return Terms(quantity=move.quantity, price=move.price, delivery=move.delivery, tip=move.tip)


_AGREEING = frozenset({"offer", "accept", "decline", "cancel", "sent", "received", "receipt"})
_MONEY = frozenset({"pay", "confirm", "refund"})
_ENDING = frozenset({"dispute", "agree", "verdict", "mediator", "mediate", "close"})


class View:
    """What somebody who had certain letters knew of the order."""

    def __init__(
        self, start: Line, by_id: Mapping[bytes, Line], ruling: Callable[[Line], int | None]
    ) -> None:
        """`by_id` has all letters that hold; `ruling` is what the members decided, by a `verdict`.

        Nothing else is set before `read`.
        """
        self.start = start
        self.place: Place = start.move
        self._by_id = by_id
        self._ruling = ruling

    def read(self, letters: list[Line]) -> View:
        """The same order with these letters, in the order of `past.arrange`."""
        self.letters = letters
        self.by_word: dict[str, list[Line]] = defaultdict(list)
        for line in letters:
            self.by_word[line.word].append(line)
        self._agreed()
        self._money()
        self._argued()
        self._reckon()
        return self

    def then(self, line: Line) -> View:
        """What `line`, whose author knew exactly this, adds to it."""
        later = View.__new__(View)
        later.__dict__.update(self.__dict__)
        later.letters = [*self.letters, line]
        later.by_word = self.by_word.copy()
        later.by_word[line.word] = [*self.by_word[line.word], line]
        # Most letters touch one thing or none. Where moves cross, any may decide by whose it is.
        agreeing = line.word in _AGREEING or len(later.by_word["accept"]) > 1
        paying = line.word in _MONEY or (agreeing and bool(later.refunds))
        ending = line.word in _ENDING or bool(later.by_word["close"] or later.by_word["agree"])
        if agreeing:
            later._agreed()
        if paying:
            later._money()
        if ending:
            later._argued()
        if agreeing or paying or ending:
            later._reckon()
        return later

    def _reckon(self) -> None:
        """What buyer and seller still owe each other, and the state."""
        due = 0
        self.reduced = self.lowered
        if self.terms is not None and self.sale:
            self.reduced = min(self.terms.total, max(self.lowered, self.settled or 0))
            due = self.terms.total - self.reduced
        kept = self.money - self.refunded
        self.owing, self.owed_back = max(0, due - kept), max(0, kept - due)
        self.state = self._state()

    def _agreed(self) -> None:
        """Deal, goods and end."""
        by_word = self.by_word
        received = by_word["received"]
        self.deal = crossing.deal(by_word["accept"], received, self.letters, self._by_id)
        self.received = next((line for line in received if line.base is self.deal), None)
        self.terms: Terms | None = None
        if self.deal is not None:
            self.terms = terms(self._by_id[self.deal.move.offer].move)
        self.ends = crossing.ends(by_word)
        self.sent = next(iter(by_word["sent"]), None)
        self.receipt = next(iter(by_word["receipt"]), None)
        self.offers = self._offers()

    def _offers(self) -> list[Line]:
        """Of each side its last offer, if it speaks about the deal as it is now."""
        found: dict[str, Line] = {}
        for line in (self.start, *self.by_word["offer"]):
            # A question is no offer. Of two that one side made on two devices the later by depth
            # and id is open, which only this side could grind.
            if line.base is self.deal and not getattr(line.move, "enquiry", False):
                found[line.side] = line
        return list(found.values())

    def _money(self) -> None:
        """What was paid, confirmed and given back."""
        by_word = self.by_word
        self.paid: int = sum(line.move.amount for line in by_word["pay"])
        self.confirmed = crossing.confirmed(by_word["confirm"])
        self.money = max(self.paid, self.confirmed)
        self.refunds = crossing.refunds(by_word["refund"], self.money)
        all_back = 0 < self.money == sum(line.move.amount for line in self.refunds)
        # Whether all that was paid went back before there was a receipt.
        self.gone = self.receipt is None and (all_back or crossing.gone(self.refunds, by_word))
        self.refunded: int = sum(line.move.amount for line in self.refunds)
        self.lowered: int = sum(line.reduces for line in self.refunds)

    def _argued(self) -> None:
        """Dispute, mediator, outcome."""
        by_word = self.by_word
        self.dispute = next(iter(by_word["dispute"]), None)
        self.outcome: Line | None = None
        self.agrees: crossing.Lines = ()
        self.verdict: int | None = None
        self.named: dict[str, bytes] = {}
        self.asked: bytes | None = None
        self.taken: bool | None = None
        self.closed = crossing.closed(by_word["close"], self.letters)
        if self.dispute is None:
            return
        settled = crossing.settlement(by_word["propose"], by_word["agree"], self.letters)
        if settled is not None:
            self.outcome, self.agrees = settled
        for line in by_word["verdict"]:
            self.verdict = self._ruling(line)
        for line in by_word["mediator"]:
            self.named[line.side] = line.move.person
        if len(self.named) == len(t.PARTIES) and len(set(self.named.values())) == 1:
            self.asked = self.named[t.BUYER]
        for line in by_word["mediate"]:
            if line.said.person == self.asked:
                self.taken = line.move.take

    @property
    def settled(self) -> int | None:
        """By how much less than agreed the sale counts after a dispute; None: no outcome."""
        if self.outcome is not None:
            refund: int = self.outcome.move.refund
            return refund
        return self.verdict

    def agreed(self, proposal: Line) -> frozenset[str]:
        """The sides that agree to a proposal of another."""
        return frozenset(
            line.side for line in self.by_word["agree"] if line.move.proposal == proposal.id
        )

    @property
    def sale(self) -> bool:
        """Whether anything of the deal stands: it did not end, or a dispute's outcome says so."""
        over = bool(self.ends) or self.gone
        return self.terms is not None and (self.settled is not None or not over)

    def _state(self) -> str:
        if self.dispute is not None:
            if self.settled is not None:
                return t.SETTLED
            return t.CLOSED if self.closed else t.DISPUTED
        if self.ends:
            return t.DECLINED if crossing.declined(self.ends) else t.CANCELLED
        if self.receipt is not None:
            return t.COMPLETED
        if self.gone:
            return t.REFUNDED
        if self.closed:
            return t.CLOSED
        return self._going()

    def _going(self) -> str:
        """The state of an order that goes its way."""
        if self.terms is None:
            asking = not any(line.side == t.BUYER for line in self.offers)
            return t.ENQUIRY if asking else t.ORDERED
        if self.received is not None:
            return t.RECEIVED
        if self.sent is not None:
            return t.SENT
        return t.PAID if self.money and not self.owing else t.ACCEPTED
