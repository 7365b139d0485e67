"""`verdict`: members decide how much of an order's price goes back, where its sides can't agree.

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
from protocol.errors import Refused

MAX_REASON: Final = 200  # characters
_CURRENCY = re.compile(r"[A-Z]{3}|CREDIT")
_ORDER = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """`refund`, in minor units of `currency`, goes back to the buyer; 0: nothing does."""

    order: bytes  # the order key
    buyer: bytes  # persons
    seller: bytes
    refund: int
    currency: str
    text: str


class Judgement(Effect[Verdict]):
    """The members' word on an order that is in dispute."""

    name = "verdict"
    kinds = ("spending",)
    needed = ("order", "buyer", "seller", "refund", "text")
    optional = ("currency",)

    def _draft(self, given: dict[str, Any], state: Certified, names: Names) -> dict[str, Plain]:
        currency = a_word(given.get("currency", state.charter["currency"]), "currency")
        order, refund = a_word(given["order"], "order"), given["refund"]
        if not _ORDER.fullmatch(order):
            raise misshapen("order")
        return {
            "order": bytes.fromhex(order),
            "buyer": names.person(a_word(given["buyer"], "buyer")),
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
        return (read.buyer, read.seller) if recuse else ()

    def _show(self, read: Verdict) -> dict[str, object]:
        return {
            "order": read.order.hex(),
            "buyer": read.buyer.hex(),
            "seller": read.seller.hex(),
            "refund": read.refund,
            "currency": read.currency,
            "text": read.text,
        }

    def _say(self, read: Verdict, state: Certified) -> list[Said]:
        buyer, seller = PersonId.of(read.buyer), PersonId.of(read.seller)
        if not read.refund:
            return [
                said(
                    "%(seller)s keeps what %(buyer)s paid for the order in dispute: %(why)s",
                    seller=seller,
                    buyer=buyer,
                    why=read.text,
                )
            ]
        return [
            said(
                "%(seller)s pays %(amount)s back to %(buyer)s for the order in dispute: %(why)s",
                seller=seller,
                amount=Amount(read.refund, read.currency),
                buyer=buyer,
                why=read.text,
            )
        ]


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
    buyer, seller = a_key(effect["buyer"], "buyer"), a_key(effect["seller"], "seller")
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
