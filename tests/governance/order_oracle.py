"""A second reader of an order's letters, written from the rules in `docs/trade.md`.

It shares nothing with `governance.orders` but the letters: sets of ids where that has bits, and
every question asked anew of all letters, at any cost. Its table is written the other way round,
by what is *forbidden*, side by side with the state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from governance.orders.life import Life
from governance.orders.past import Said
from governance.orders.view import Terms
from protocol.kinds import receipt
from protocol.letters.order import proven
from tests.governance.trading import Order

B, S, M = "buyer", "seller", "mediator"
GOING = ("accepted", "paid", "sent", "received")
NO_SALE = ("declined", "cancelled")
BINDING = ("accept", "pay", "confirm", "sent", "received")
ALL = ("enquiry", "ordered", *GOING, "completed", *NO_SALE, "refunded")
ALL = (*ALL, "disputed", "settled", "closed")

KEYS = (
    *("start", "state", "deal", "terms", "received", "paid", "confirmed", "refunds", "refunded"),
    *("reduced", "owing", "owed_back", "settled", "outcome", "asked", "taken"),
)


@dataclass
class Facts:
    """What a set of letters says."""

    start: Said
    state: str = ""
    deal: bytes | None = None
    terms: Terms | None = None
    offers: dict[str, bytes] = field(default_factory=dict)
    ends: list[bytes] = field(default_factory=list)
    sent: bool = False
    received: bytes | None = None
    receipt: bool = False
    paid: int = 0
    confirmed: int = 0
    refunds: list[bytes] = field(default_factory=list)
    refunded: int = 0
    back: bool = False  # all that was paid, before a receipt
    reduced: int = 0
    dispute: bool = False
    settled: int | None = None
    outcome: bytes | None = None
    asked: bytes | None = None
    taken: bool | None = None
    owing: int = 0
    owed_back: int = 0

    @cached_property
    def money(self) -> int:
        """What came, as either side says."""
        return max(self.paid, self.confirmed)


class Oracle:
    """All letters about one order."""

    def __init__(self, order: Order, letters: Iterable[Said]) -> None:
        self.order, self.town = order, order.town
        given = {said.id: said for said in letters}
        self.given = {i: s for i, s in given.items() if self._matters(s, given)}
        self._pasts: dict[bytes, frozenset[bytes] | None] = {}
        self._depths: dict[bytes, int] = {}
        self._facts: dict[frozenset[bytes], Facts | None] = {}
        self._faults: dict[bytes, bool] = {}
        self._saw: dict[bytes, Facts | None] = {}
        self._sides: dict[bytes, str] = {}

    # --- which letters count, and what comes before what

    def _matters(self, said: Said, given: dict[bytes, Said]) -> bool:
        earlier = [s for s in given.values() if s.device == said.device and s.seq < said.seq]
        if len(earlier) >= 100:
            return False
        if said.person in (self.order.buyer, self.order.seller):
            return True
        by = {
            (s.person, s.letter.guest)
            for s in given.values()
            if s.letter.move.word == "mediator"
            and s.letter.move.person == said.person  # type: ignore[union-attr]
            and s.person in (self.order.buyer, self.order.seller)
        }
        return len(by) > 1

    def past(self, name: bytes) -> frozenset[bytes] | None:
        """All letters before this one; None while some are missing."""
        if name not in self._pasts:
            self._pasts[name] = self._past(self.given[name])
        return self._pasts[name]

    def _past(self, said: Said) -> frozenset[bytes] | None:
        at = getattr(said.letter.move, "at", None)
        if at is not None and self.town.height(at) is None:
            return None
        direct = set(said.letter.after)
        direct |= {
            s.id for s in self.given.values() if s.device == said.device and s.seq < said.seq
        }
        found = set(direct)
        for name in direct:
            more = self.past(name) if name in self.given else None
            if more is None:
                return None
            found |= more
        return frozenset(found)

    def depth(self, name: bytes) -> int:
        """How long the longest way back is."""
        if name not in self._depths:
            past = self.past(name) or ()
            self._depths[name] = 1 + max(map(self.depth, past), default=0)
        return self._depths[name]

    @cached_property
    def counted(self) -> list[bytes]:
        """The letters whose past is here, in the order in which they are read."""
        names = [name for name in self.given if self.past(name) is not None]
        return sorted(names, key=lambda name: (self.depth(name), name))

    def crossed(self, one: bytes, other: bytes) -> bool:
        """Whether neither author had the other's letter."""
        past, before = self.past(one) or frozenset(), self.past(other) or frozenset()
        return one != other and one not in before and other not in past

    # --- what an author saw, and whether the letter holds

    def saw(self, name: bytes) -> Facts | None:
        """What the author of a letter knew."""
        if name not in self._saw:
            self._saw[name] = self.facts(self.past(name) or frozenset())
        return self._saw[name]

    def side(self, name: bytes) -> str:
        """For whom a letter speaks."""
        if name not in self._sides:
            self._sides[name] = self._side(name)
        return self._sides[name]

    def _side(self, name: bytes) -> str:
        said, known = self.given[name], self.saw(name)
        if said.letter.move.word == "place":
            return B
        if known is None:
            return ""
        guests = known.start.letter.guest
        if said.person == self.order.buyer and said.letter.guest == guests:
            return B
        if said.letter.guest:
            return ""
        if said.person == self.order.seller:
            return S
        return M if said.person == known.asked else ""

    def holds(self, name: bytes) -> bool:
        """Whether a letter holds by its own past."""
        if name not in self._faults:
            self._faults[name] = self._holds(name)
        return self._faults[name]

    def _holds(self, name: bytes) -> bool:
        said, known, order = self.given[name], self.saw(name), self.order
        move: Any = said.letter.move
        if move.word == "place":
            return (
                not self.past(name)
                and proven(order.id, move.proof, self.town.community, said.person, move.seller)
                and (said.person != move.seller or said.letter.guest)
            )
        side = self.side(name)
        if known is None or not side or not self._allowed(move.word, side, known.state):
            return False
        return self._sound(name, move, side, known)

    @staticmethod
    def _allowed(word: str, side: str, state: str) -> bool:
        final_sale = {"completed", "refunded", *NO_SALE, "settled"}
        never = {
            "offer": {*ALL} - {"enquiry", "ordered", "accepted", "paid", "sent"},
            "accept": {*ALL} - {"enquiry", "ordered", "accepted", "paid", "sent"},
            "decline": {*ALL} - {"enquiry", "ordered"},
            "cancel": {*ALL} - {"enquiry", "ordered", "accepted"},
            "pay": {"enquiry", "ordered", "paid", "completed", "refunded", *NO_SALE},
            "confirm": {"enquiry", "ordered"},
            "sent": {*ALL} - {"accepted", "paid", "disputed"},
            "received": {"enquiry", "ordered", "received", "completed", "refunded", *NO_SALE},
            "receipt": {*ALL} - {"received", "settled", "closed"},
            "refund": {"enquiry", "ordered"},
            "took": {"enquiry", "ordered"},
            "dispute": {"enquiry", "ordered", "disputed", "settled"},
            "close": {"enquiry", "ordered", "accepted", "paid", "closed", *final_sale},
        }
        argue = ("evidence", "propose", "agree", "mediator", "mediate", "verdict")
        bad = {*ALL} - {"disputed", "closed"} if word in argue else never[word]
        if word == "cancel" and side == S:
            bad = {*ALL} - {"accepted"}
        if word == "close" and side == B:
            bad = bad | {"sent"}
        only = {
            B: ("cancel", "pay", "received", "took"),
            S: ("decline", "cancel", "confirm", "sent", "receipt", "refund"),
            M: ("mediate",),
        }
        others = {each for who, words in only.items() if who != side for each in words}
        if word in others - set(only[side]):
            return False
        if side == M and word not in ("mediate", "evidence", "propose", "verdict"):
            return False
        return state not in bad

    def _sound(self, name: bytes, move: Any, side: str, known: Facts) -> bool:
        left = known.money - known.refunded
        arguing = known.dispute and known.settled is None
        ours = self.given[name].person == known.asked
        match move.word:
            case "accept":
                other = S if side == B else B
                return move.offer == known.offers.get(other) and self._stated(name, move)
            case "cancel":
                return not known.money and not known.sent
            case "pay":
                return move.amount <= known.owing
            case "confirm":
                return known.confirmed + move.amount <= self._can_have_come(known)
            case "sent":
                return not known.sent and known.received is None
            case "received":
                if known.received is not None or known.deal is None or move.deal != known.deal:
                    return False
                accept: Any = self.given[known.deal].letter.move
                return receipt.signs(
                    self.order.id,
                    move.signature,
                    self.town.community,
                    accept.statement.data(),
                )
            case "receipt":
                return known.received is not None and not known.receipt and not known.owing
            case "refund":
                return move.amount <= left
            case "took":
                return move.refund in known.refunds
            case "dispute":
                return left > 0 or known.sent or known.received is not None
            case "evidence" | "propose":
                total = known.terms.total if known.terms else 0
                fits = getattr(move, "refund", 0) <= total
                return arguing and fits and (side != M or (ours and bool(known.taken)))
            case "agree":
                past = self.past(name) or frozenset()
                mine = {
                    self.given[each].letter.move.proposal  # type: ignore[union-attr]
                    for each in self._here(past, "agree", known.start.id)
                    if self.side(each) == side
                }
                open_ = {
                    each
                    for each in self._here(past, "propose", known.start.id)
                    if self.side(each) != side
                }
                return arguing and move.proposal in open_ - mine
            case "mediator":
                parties = (self.order.buyer, self.order.seller)
                return arguing and "mediator" in self._steps(known) and move.person not in parties
            case "mediate":
                return arguing and ours
            case "verdict":
                found = "vote" in self._steps(known) and self._ruling(move.proposal) is not None
                return arguing and found
            case "close":
                return True
        return True

    def _steps(self, known: Facts) -> tuple[str, ...]:
        assert known.deal is not None
        accept: Any = self.given[known.deal].letter.move
        charter = self.town.charter(accept.statement.charter)
        assert charter is not None
        return charter.disputes.steps

    def _ruling(self, proposal: bytes) -> int | None:
        found = self.town.verdict(proposal)
        if found is None or (found.order, found.seller) != (self.order.id, self.order.seller):
            return None
        return found.refund

    def _stated(self, name: bytes, move: Any) -> bool:
        """Whether the statement is the one that the order's two sides have to reckon."""
        offered: Any = self.given[move.offer].letter.move
        terms = self._terms(move.offer)
        known = self.saw(name)
        assert terms is not None and known is not None
        right = self.order.statement(terms, (offered.at, move.at), guest=known.start.letter.guest)
        return bool(right.data() == move.statement.data())

    def _terms(self, offer: bytes) -> Terms:
        o: Any = self.given[offer].letter.move
        return Terms(quantity=o.quantity, price=o.price, delivery=o.delivery, tip=o.tip)

    # --- what letters say together

    def _here(self, names: frozenset[bytes], word: str, start: bytes) -> list[bytes]:
        """Those of a kind that hold and belong to the same beginning."""
        return [
            name
            for name in self._by_word.get(word, ())
            if name in names and self.holds(name) and self._belongs(name, start)
        ]

    @cached_property
    def _by_word(self) -> dict[str, list[bytes]]:
        found: dict[str, list[bytes]] = {}
        for name in self.counted:
            found.setdefault(self.given[name].letter.move.word, []).append(name)
        return found

    def facts(self, names: frozenset[bytes]) -> Facts | None:
        """What these letters say; None without a beginning."""
        if names not in self._facts:
            self._facts[names] = self._read(names)
        return self._facts[names]

    def _others(self, names: frozenset[bytes], side: str) -> Iterable[tuple[bytes, Facts]]:
        """(letter, what its author saw) of the other one of buyer and seller."""
        other = S if side == B else B
        for name in names:
            known = self.saw(name)
            if known is not None and self.holds(name) and self.side(name) == other:
                yield name, known

    def _read(self, names: frozenset[bytes]) -> Facts | None:
        places = [
            n
            for n in self.counted
            if n in names and self.given[n].letter.move.word == "place" and self.holds(n)
        ]
        if not places:
            return None
        answered = {known.start.id for _, known in self._others(names, B)}
        first = min(places, key=lambda n: (n not in answered, n))
        found = Facts(start=self.given[first])
        read: dict[str, list[bytes]] = {}

        def here(word: str) -> list[bytes]:
            if word not in read:
                read[word] = self._here(names, word, first)
            return read[word]

        self._dealt(found, names, here)
        self._ended(found, here)
        self._counted(found, here)
        self._argued(found, names, here)
        self._owed(found)
        waits_no_more = any(
            all(
                each in (self.past(close) or ())
                for each in names
                if self.holds(each)
                and each != close
                and self.given[each].letter.move.word not in ("close", "took", "refund")
                and self._belongs(each, first)
            )
            for close in here("close")
        )
        found.state = self._named(found, waits_no_more)
        return found

    def _belongs(self, name: bytes, start: bytes) -> bool:
        known = self.saw(name)
        return name == start or (known is not None and known.start.id == start)

    def _dealt(self, found: Facts, names: frozenset[bytes], here: Any) -> None:
        def based(name: bytes) -> bytes | None:
            known = self.saw(name)
            return None if known is None else known.deal

        def chain(name: bytes | None) -> list[bytes]:
            return [] if name is None else [name, *chain(based(name))]

        receipts = here("received")
        while True:
            competing = [n for n in here("accept") if based(n) == found.deal]
            if found.deal is not None:
                for each in receipts:
                    said: Any = self.given[each].letter.move
                    if said.deal == found.deal:
                        competing = [
                            n
                            for n in competing
                            if self._half(n) not in (self.past(each) or frozenset())
                        ]
            if not competing:
                break

            def rank(name: bytes) -> tuple[bool, bool, bytes]:
                side = self.side(name)
                built = any(
                    name in chain(known.deal)
                    for each, known in self._others(names, side)
                    if self._belongs(each, found.start.id)
                )
                return not built, side != S, name

            found.deal = min(competing, key=rank)
        if found.deal is not None:
            accept: Any = self.given[found.deal].letter.move
            found.terms = self._terms(accept.offer)
        found.received = next((n for n in receipts if based(n) == found.deal), None)
        found.sent, found.receipt = bool(here("sent")), bool(here("receipt"))
        for name in [found.start.id, *here("offer")]:
            offered: Any = self.given[name].letter.move
            if based(name) == found.deal and not getattr(offered, "enquiry", False):
                found.offers[self.side(name)] = name

    def _half(self, accept: bytes) -> bytes:
        """The letter by which the buyer signed a deal."""
        said: Any = self.given[accept].letter.move
        return accept if self.side(accept) == B else said.offer

    def _ended(self, found: Facts, here: Any) -> None:
        binding = [n for word in BINDING for n in here(word)]
        for name in (*here("decline"), *here("cancel")):
            own = [n for n in binding if self.side(n) == self.side(name)]
            if not any(self.crossed(name, n) for n in own):
                found.ends.append(name)

    def _counted(self, found: Facts, here: Any) -> None:
        def amount(name: bytes) -> int:
            move: Any = self.given[name].letter.move
            return int(move.amount)

        found.paid = sum(map(amount, here("pay")))
        for name in here("confirm"):
            known = self.saw(name)
            assert known is not None
            more = min(amount(name), self._can_have_come(known) - found.confirmed)
            found.confirmed += max(0, more)
        for name in here("refund"):
            if found.refunded + amount(name) <= found.money:
                found.refunded += amount(name)
                found.refunds.append(name)
                found.reduced += self._reduces(name, amount(name))
        if found.receipt or not found.money:
            return
        found.back = found.money == found.refunded
        for name in found.refunds:
            known = self.saw(name)
            assert known is not None
            full = not known.receipt and known.refunded + amount(name) == known.money
            own = [n for word in BINDING for n in here(word) if self.side(n) == S]
            if full and not any(self.crossed(name, n) for n in own):
                found.back = True

    @staticmethod
    def _can_have_come(known: Facts) -> int:
        if known.terms is None or known.ends:
            return known.paid
        return max(known.paid, known.terms.total - known.reduced)

    def _reduces(self, name: bytes, amount: int) -> int:
        """Of a refund, what is no return of what had been paid too much."""
        known = self.saw(name)
        assert known is not None
        if known.terms is None or not self._sale(known):
            return 0
        before = sum(
            self._reduces(each, self.given[each].letter.move.amount)  # type: ignore[union-attr]
            for each in known.refunds
        )
        too_much = max(0, known.money - known.terms.total - (known.refunded - before))
        return max(0, amount - too_much)

    def _argued(self, found: Facts, names: frozenset[bytes], here: Any) -> None:
        found.dispute = bool(here("dispute"))
        named: dict[str, bytes] = {}
        for name in here("mediator"):
            said: Any = self.given[name].letter.move
            named[self.side(name)] = said.person
        if found.dispute and B in named and named[B] == named.get(S):
            found.asked = named[B]
        for name in here("mediate"):
            said = self.given[name].letter.move
            if self.given[name].person == found.asked:
                found.taken = said.take
        ranked = []
        for name in here("propose"):
            said = self.given[name].letter.move
            mover = self.side(name)
            to = [
                each
                for each in here("agree")
                if self.given[each].letter.move.proposal == name  # type: ignore[union-attr]
            ]
            agreed = {self.side(each) for each in to}
            if {B, S} - {mover} <= agreed:
                last = {
                    self.side(each)
                    for each in to
                    if {B, S} - {mover, self.side(each)}
                    <= {self.side(n) for n in to if n in (self.past(each) or ())}
                }
                built = any(
                    known.outcome == name and self.side(each) not in last
                    for who in (B, S)
                    for each, known in self._others(names, who)
                    if self._belongs(each, found.start.id)
                )
                worse = said.refund if B in agreed else -said.refund
                ranked.append((not built, B not in agreed, worse, name))
        if ranked:
            found.outcome = min(ranked)[3]
            move: Any = self.given[found.outcome].letter.move
            found.settled = move.refund
            return
        for name in here("verdict"):
            said = self.given[name].letter.move
            found.settled = self._ruling(said.proposal)

    @staticmethod
    def _sale(found: Facts) -> bool:
        return found.settled is not None or not (found.ends or found.back)

    def _owed(self, found: Facts) -> None:
        due = 0
        if found.terms is not None and self._sale(found):
            less = max(found.reduced, found.settled or 0)
            found.reduced = min(less, found.terms.total)
            due = found.terms.total - found.reduced
        kept = found.money - found.refunded
        found.owing, found.owed_back = max(due - kept, 0), max(kept - due, 0)

    def _named(self, found: Facts, waits_no_more: bool) -> str:
        if found.dispute and found.settled is not None:
            return "settled"
        if found.dispute:
            return "closed" if waits_no_more else "disputed"
        if found.ends:
            words = {self.given[n].letter.move.word for n in found.ends}
            return "declined" if "decline" in words else "cancelled"
        if found.receipt:
            return "completed"
        if found.back:
            return "refunded"
        if waits_no_more:
            return "closed"
        if found.deal is None:
            return "ordered" if B in found.offers else "enquiry"
        if found.received is not None:
            return "received"
        if found.sent:
            return "sent"
        return "paid" if found.money and not found.owing else "accepted"

    # --- the answer

    def life(self) -> Facts | None:
        """The order, by all letters that count."""
        return self.facts(frozenset(self.counted))

    def void(self) -> set[bytes]:
        """The letters that don't hold by their own past."""
        return {name for name in self.counted if not self.holds(name)}


def facts(life: Life | None) -> dict[str, object] | None:
    """What the oracle says as well."""
    if life is None:
        return None
    return {
        "start": life.start,
        "state": life.state,
        "deal": None if life.deal is None else life.deal.id,
        "terms": None if life.deal is None else life.deal.terms,
        "received": life.received,
        "paid": life.paid,
        "confirmed": life.confirmed,
        "refunds": [each.id for each in life.refunds],
        "refunded": life.refunded,
        "reduced": life.reduced,
        "owing": life.owing,
        "owed_back": life.owed_back,
        "settled": None if life.dispute is None else life.dispute.refund,
        "outcome": None if life.dispute is None else life.dispute.settlement,
        "asked": None if life.dispute is None else life.dispute.mediator,
        "taken": None if life.dispute is None else life.dispute.taken,
    }


def told(oracle: Oracle) -> dict[str, object] | None:
    """The same as the oracle has it."""
    found = oracle.life()
    if found is None:
        return None
    said: dict[str, object] = {**vars(found), "start": found.start.id}
    if not found.dispute:
        said |= {"settled": None, "outcome": None, "asked": None, "taken": None}
    return {key: said[key] for key in KEYS}
