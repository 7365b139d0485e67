"""`spend`: money is granted from the common fund, to be paid by the treasurer.

Nothing here knows what the fund holds: that is no certified fact. A grant to a member who has gone
before it came in force is stale; `to` may be left out for somebody outside the community.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from governance.certified import Certified, Spend, Vote
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
from governance.roll import MEMBER
from governance.saying import Amount, Said, said
from protocol.codec import Plain
from protocol.errors import Refused

MAX_PURPOSE: Final = 200  # characters
_CURRENCY = re.compile(r"[A-Z]{3}")


class Grant(Effect[Spend]):
    """A grant; it reads as one whose proposal, height and time are still empty."""

    name = "spend"
    kinds = ("spending",)
    needed = ("amount", "purpose")
    optional = ("currency", "to")

    def _draft(self, given: dict[str, Any], state: Certified, names: Names) -> dict[str, Plain]:
        currency = a_word(given.get("currency", state.charter["currency"]), "currency")
        amount, to = given["amount"], given.get("to")
        if type(amount) is str:
            amount = names.money(amount, currency)
        return {
            "amount": amount,
            "currency": currency,
            "to": None if to is None else names.person(a_word(to, "to")),
            "purpose": given["purpose"],
        }

    def _read(self, effect: Mapping[str, Any]) -> Spend:
        only_keys(effect, ("type", "amount", "currency", "to", "purpose"))
        amount, currency, to = effect["amount"], effect["currency"], effect["to"]
        if type(amount) is not int or not 1 <= amount <= MAX_MONEY:
            raise Refused(
                "bad-effect",
                "amount must be a whole number of the currency's smallest units, from 1 to "
                "%(most)s.",
                most=MAX_MONEY,
            )
        if type(currency) is not str or not _CURRENCY.fullmatch(currency):
            raise misshapen("currency")
        return Spend(
            amount=amount,
            currency=currency,
            to=None if to is None else a_key(to, "to"),
            purpose=a_text(effect["purpose"], "purpose", MAX_PURPOSE),
            proposal=b"",
            height=-1,
            at=0,
        )

    def _fit(self, read: Spend, state: Certified) -> None:
        if read.to is None:
            return
        line = state.roll.persons.get(read.to)
        if line is None:
            raise Refused(
                "bad-effect",
                "Who gets the money is not on the roll; leave them out for somebody outside.",
            )
        if line.standing != MEMBER:
            raise Stale("stale", "Who gets the money is no member any more.")

    def _carry_out(
        self, read: Spend, state: Certified, vote: Vote, height: int, at: int
    ) -> Certified:
        self._fit(read, state)
        grant = replace(read, proposal=vote.proposal, height=height, at=at)
        return replace(state, spends=(*state.spends, grant))

    def _concerned(self, read: Spend, recuse: bool) -> tuple[bytes, ...]:
        return (read.to,) if recuse and read.to is not None else ()

    def _show(self, read: Spend) -> dict[str, object]:
        return {
            "amount": read.amount,
            "currency": read.currency,
            "to": None if read.to is None else read.to.hex(),
            "purpose": read.purpose,
        }

    def _say(self, read: Spend, state: Certified) -> list[Said]:
        amount = Amount(read.amount, read.currency)
        if read.to is None:
            return [
                said(
                    "The common fund pays %(amount)s to somebody outside for: %(purpose)s",
                    amount=amount,
                    purpose=read.purpose,
                )
            ]
        return [
            said(
                "The common fund pays %(amount)s to %(who)s for: %(purpose)s",
                amount=amount,
                who=PersonId.of(read.to),
                purpose=read.purpose,
            )
        ]


EFFECT = Grant()
