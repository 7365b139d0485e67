"""`verdict`: members decide how much less an order counts for, where its two sides can't agree.

It comes under the kind `spending`, the rule by which members decide about a sum of money; where
that rule has those who gain by it stand aside, neither of the two votes. It changes no certified
state: either side names the passed proposal in the order's letters, and whoever reads them asks
`decided`. One order gets one verdict: another is stale once the first is in effect. Nothing here
knows the order, which is private; what the members are told of it stands in the proposal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from governance.certified import IN_EFFECT, Certified, Vote
from governance.charter_read import MAX_MONEY
from governance.effects.effect import (
    Effect,
    Names,
    Stale,
    a_key,
    a_text,
    a_word,
    misshapen,
    only_keys,
)
from governance.effects.words import PersonId
from governance.saying import Amount, Said, said
from protocol.codec import Plain
from protocol.errors import Refused, Term

MAX_REASON: Final = 200  # characters
_LESS = Term(
    "%(buyer)s pays %(seller)s %(amount)s less than agreed for the order in dispute, or gets that "
    "back: %(why)s"
)
_ALL = Term("%(buyer)s pays %(seller)s all that was agreed for the order in dispute: %(why)s")
_GUEST_LESS = Term(
    "A guest pays %(seller)s %(amount)s less than agreed for the order in dispute, or gets that "
    "back: %(why)s"
)
_GUEST_ALL = Term("A guest pays %(seller)s all that was agreed for the order in dispute: %(why)s")
_CURRENCY = re.compile(r"[A-Z]{3}|CREDIT")
_ORDER = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The sale counts for `refund`, in minor units of `currency`, less than agreed, maybe 0."""

    order: bytes  # the order key
    buyer: bytes | None  # persons; None: a guest of somebody's shop window
    seller: bytes
    refund: int
    currency: str
    text: str


class Judgement(Effect[Verdict]):
    """The members' word on an order that is in dispute."""

    name = "verdict"
    kinds = ("spending",)
    needed = ("order", "seller", "refund", "text")
    optional = ("buyer", "currency")

    def _draft(self, given: dict[str, Any], state: Certified, names: Names) -> dict[str, Plain]:
        currency = a_word(given.get("currency", state.charter["currency"]), "currency")
        order, refund = a_word(given["order"], "order"), given["refund"]
        buyer = given.get("buyer")
        if not _ORDER.fullmatch(order):
            raise misshapen("order")
        return {
            "order": bytes.fromhex(order),
            "buyer": None if buyer is None else names.person(a_word(buyer, "buyer")),
            "seller": names.person(a_word(given["seller"], "seller")),
            "refund": names.money(refund, currency) if type(refund) is str else refund,
            "currency": currency,
            "text": given["text"],
        }

    def _read(self, effect: Mapping[str, Any]) -> Verdict:
        return _read(effect)

    def _fit(self, read: Verdict, state: Certified) -> None:
        if any(read.order == each.order for each in verdicts(state).values()):
            raise Stale("stale", "The members have decided about this order already.")

    def _carry_out(
        self, read: Verdict, state: Certified, vote: Vote, height: int, at: int
    ) -> Certified:
        self._fit(read, state)
        return state

    def _concerned(self, read: Verdict, recuse: bool) -> tuple[bytes, ...]:
        sides = (read.buyer, read.seller) if recuse else ()
        return tuple(side for side in sides if side is not None)

    def _show(self, read: Verdict) -> dict[str, object]:
        return {
            "order": read.order.hex(),
            "buyer": None if read.buyer is None else read.buyer.hex(),
            "seller": read.seller.hex(),
            "refund": read.refund,
            "currency": read.currency,
            "text": read.text,
        }

    def _say(self, read: Verdict, state: Certified) -> list[Said]:
        what: dict[str, object] = {"seller": PersonId.of(read.seller), "why": read.text}
        if read.refund:
            what["amount"] = Amount(read.refund, read.currency)
        if read.buyer is not None:
            what["buyer"] = PersonId.of(read.buyer)
        return [said(_sentence(read), **what)]


def _sentence(read: Verdict) -> str:
    if read.buyer is None:
        return _GUEST_LESS if read.refund else _GUEST_ALL
    return _LESS if read.refund else _ALL


EFFECT = Judgement()


def verdicts(state: Certified) -> dict[bytes, Verdict]:
    """Proposal -> verdict, of all that are in effect; one an order at most."""
    return {
        proposal: _read(vote.effect) for proposal, vote in state.votes.items() if _in_effect(vote)
    }


def decided(state: Certified, proposal: bytes) -> Verdict | None:
    """What members decided by this proposal; None unless it is a verdict in effect."""
    vote = state.votes.get(proposal)
    return None if vote is None or not _in_effect(vote) else _read(vote.effect)


def _in_effect(vote: Vote) -> bool:
    return vote.phase == IN_EFFECT and vote.effect.get("type") == EFFECT.name


def _read(effect: Mapping[str, Any]) -> Verdict:
    only_keys(effect, ("type", "order", "buyer", "seller", "refund", "currency", "text"))
    refund, currency = effect["refund"], effect["currency"]
    if type(refund) is not int or not 0 <= refund <= MAX_MONEY:
        raise Refused(
            "bad-effect",
            "refund must be a whole number of the currency's smallest units, from 0 to %(most)s.",
            most=MAX_MONEY,
        )
    if type(currency) is not str or not _CURRENCY.fullmatch(currency):
        raise misshapen("currency")
    buyer = None if effect["buyer"] is None else a_key(effect["buyer"], "buyer")
    seller = a_key(effect["seller"], "seller")
    if buyer == seller:
        raise Refused("bad-effect", "Buyer and seller of an order are two persons.")
    return Verdict(
        order=a_key(effect["order"], "order"),
        buyer=buyer,
        seller=seller,
        refund=refund,
        currency=currency,
        text=a_text(effect["text"], "text", MAX_REASON),
    )
