"""Which payments are in effect: both sides have said so.

A pure function of what members signed and of the certified state, in any order. A payment counts
once its payee has answered, and the answer carries it: who forks their log afterwards takes nothing
back. Only a certified cut of the payer's log leaves out what lies beyond it, or whoever finds a
lost device could make its owner pay for ever.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from governance.certified import IN_EFFECT, Certified
from governance.effects.elect import winning
from protocol.records import MARKET

Party = bytes | str  # a person's key, or the role of a fund
TREASURER = "treasurer"

_CURRENCY = re.compile(r"[A-Z]{3}|CREDIT")
_ROLE = re.compile(r"[a-z0-9_-]{1,40}")


class Fact(NamedTuple):
    """What one record in view says: a `payment`, or a `got`, which repeats the payment."""

    got: bytes | None  # the id of the `got`; None: the payment itself says it
    by: bytes  # the person who says so
    record: bytes  # the payment's id
    person: bytes  # its author's person
    device: bytes  # its author
    place: int  # its seq in the author's log
    to: bytes | None
    fund: str
    from_fund: str
    amount: int
    currency: str
    order: bytes | None
    decision: bytes | None
    reference: str
    shown_ms: int  # when this record was written, as it claims, or received if that is lower


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """A payment as things stand."""

    record: bytes
    author: bytes  # the person who wrote it: the payer, or who keeps the purse
    payer: Party
    payee: Party | None  # None: somebody outside the community
    amount: int
    currency: str
    order: bytes | None
    decision: bytes | None
    reference: str
    shown_ms: int
    got: bytes | None  # the answer that puts it in effect
    got_by: bytes | None
    got_ms: int | None
    in_effect: bool

    @property
    def settles(self) -> bool:
        """Whether it lessens what its payer owes, and is neither a price nor a granted sum."""
        return self.order is None and self.decision is None

    @property
    def waits(self) -> bool:
        """Whether its payee has not answered yet."""
        return not self.in_effect


def treasurers(state: Certified) -> frozenset[bytes]:
    """Everybody who was ever elected treasurer; so what one of them confirmed stays confirmed."""
    found: set[bytes] = set()
    for vote in state.votes.values():
        effect = vote.effect
        purse = effect.get("type") == "elect" and effect["office"] == TREASURER
        if purse and vote.phase == IN_EFFECT:
            found.update(winning(effect["candidates"], vote))
    return frozenset(found)


def in_office(state: Certified) -> frozenset[bytes]:
    """Who keeps the purse now."""
    held = state.officers.get(TREASURER)
    return frozenset() if held is None else frozenset(held.persons) & state.members()


def payments(facts: Iterable[Fact], state: Certified) -> list[Payment]:
    """Every payment that somebody may make, oldest first as this node shows them.

    What nobody may say is left out: a payment to oneself, one from a fund by somebody who has
    never kept the purse, one beyond a certified cut; and what means nothing.
    """
    keepers = treasurers(state)
    cuts = state.roll.cuts
    found: dict[bytes, list[Fact]] = {}
    for fact in facts:
        cut = cuts.get((fact.device, MARKET))
        if cut is not None and fact.place > cut[0]:
            continue
        if fact.from_fund and fact.person not in keepers:
            continue
        if not _means_something(fact):
            continue
        found.setdefault(fact.record, []).append(fact)
    made = [_payment(each, keepers) for each in found.values()]
    return sorted(
        (each for each in made if each is not None), key=lambda each: (each.shown_ms, each.record)
    )


def _means_something(fact: Fact) -> bool:
    """One payer and one other payee, a currency, and a decision only where a fund pays."""
    if not _CURRENCY.fullmatch(fact.currency):
        return False
    if any(role and not _ROLE.fullmatch(role) for role in (fact.fund, fact.from_fund)):
        return False
    if fact.fund:
        return fact.to is None and not fact.from_fund and fact.decision is None
    if fact.from_fund:
        return True
    return fact.to is not None and fact.to != fact.person and fact.decision is None


def _payment(facts: list[Fact], keepers: Collection[bytes]) -> Payment | None:
    """One payment from all that is said of it; None when only somebody strange answers it."""
    said = next((fact for fact in facts if fact.got is None), None)
    answers = [fact for fact in facts if fact.got is not None and _may_answer(fact, keepers)]
    answer = min(answers, key=lambda fact: fact.got or b"", default=None)
    fact = said or answer
    if fact is None:
        return None
    outside = fact.to is None and not fact.fund
    return Payment(
        record=fact.record,
        author=fact.person,
        payer=fact.from_fund or fact.person,
        payee=fact.to if fact.to is not None else fact.fund or None,
        amount=fact.amount,
        currency=fact.currency,
        order=fact.order,
        decision=fact.decision,
        reference=fact.reference,
        shown_ms=fact.shown_ms,
        got=None if answer is None else answer.got,
        got_by=None if answer is None else answer.by,
        got_ms=None if answer is None else answer.shown_ms,
        in_effect=outside or answer is not None,
    )


def _may_answer(fact: Fact, keepers: Collection[bytes]) -> bool:
    return fact.by in keepers if fact.fund else fact.by == fact.to
