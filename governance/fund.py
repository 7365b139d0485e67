"""The funds: what was paid in, what was paid out, and by which decision.

A fund is a role of the charter that is no person's part in a sale. Its money lies with whoever is
treasurer, and nowhere here; this is the book. What is paid out without a decision, or otherwise
than decided, is not undone by it but marked for everybody to see.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from governance.certified import Certified, Spend
from governance.charter import Charter
from governance.charter_market import HOST, REFERRER, SELLER
from governance.paying import Payment

# Why a payment from a fund is marked.
NO_DECISION, UNKNOWN, OTHER_FUND = "no-decision", "unknown-decision", "other-fund"
OTHER_PAYEE, OTHER_CURRENCY, TOO_MUCH = "other-payee", "other-currency", "too-much"


@dataclass(frozen=True, kw_only=True, slots=True)
class Granted:
    """What members granted from the common fund, and how much of it is paid out."""

    spend: Spend
    paid: int  # in effect
    waiting: int  # said to be paid, and not answered

    @property
    def left(self) -> int:
        """What is still to be paid."""
        return max(0, self.spend.amount - self.paid - self.waiting)


def roles(charter: Charter) -> list[str]:
    """The funds that the charter names, the common one first."""
    found: dict[str, None] = {}
    for rule in (charter.fees.default, *(rule for _, rule in charter.fees.categories)):
        for row in sorted(rule.table, key=lambda row: row.fallback is not None):
            if row.role not in (REFERRER, HOST, SELLER):
                found[row.role] = None
    return list(found)


def common(charter: Charter) -> str:
    """The common fund: the row of the fee's table that falls back on nobody."""
    return next(row.role for row in charter.fees.default.table if row.fallback is None)


def were_common(state: Certified) -> frozenset[str]:
    """The common funds of all versions of the charter."""
    found: set[str] = set()
    for version in state.versions:
        fees = cast(Mapping[str, Any], version.data["fees"])
        for rule in (fees["default"], *fees["categories"].values()):
            found.update(row["role"] for row in rule["table"] if row["fallback"] is None)
    return frozenset(found)


def granted(state: Certified, paid: Sequence[Payment]) -> list[Granted]:
    """Every decision with what became of it, oldest first."""
    return [
        Granted(
            spend=spend,
            paid=_sum(each for each in paid if each.in_effect and _fits(each, spend)),
            waiting=_sum(each for each in paid if each.waits and _fits(each, spend)),
        )
        for spend in state.spends
    ]


def _fits(payment: Payment, spend: Spend) -> bool:
    """A payment to somebody else uses nothing up, or any former treasurer could block a grant."""
    told = (payment.decision, payment.currency, payment.payee)
    return told == (spend.proposal, spend.currency, spend.to)


def _sum(payments: Iterable[Payment]) -> int:
    return sum(each.amount for each in payments)


def marks(
    state: Certified, paid: Sequence[Payment], surplus: Mapping[tuple[str, str], int]
) -> dict[bytes, str]:
    """Payment -> what is wrong with it, of those from funds; where nothing is, nothing.

    `surplus`: (role, currency) -> what that fund got beyond its shares, as after a refund: so much
    it may give back without a decision. Where more was paid than may be, all payments concerned
    are marked: which of two devices was first, nobody can say.
    """
    spends = {spend.proposal: spend for spend in state.spends}
    out = [each for each in paid if isinstance(each.payer, str)]
    too_much = {
        each.spend.proposal
        for each in granted(state, out)
        if each.paid + each.waiting > each.spend.amount
    }
    back: dict[tuple[str, str], int] = {}
    for each in out:
        if each.decision is None and each.payee is not None:
            key = (str(each.payer), each.currency)
            back[key] = back.get(key, 0) + each.amount
    commons = were_common(state)
    found: dict[bytes, str] = {}
    for each in out:
        spend = spends.get(each.decision or b"")
        key = (str(each.payer), each.currency)
        if each.decision is None:
            if each.payee is None or back[key] > surplus.get(key, 0):
                found[each.record] = NO_DECISION
        elif spend is None:
            found[each.record] = UNKNOWN
        elif each.currency != spend.currency:
            found[each.record] = OTHER_CURRENCY
        elif each.payee != spend.to:
            found[each.record] = OTHER_PAYEE
        elif each.payer not in commons:
            found[each.record] = OTHER_FUND
        elif spend.proposal in too_much:
            found[each.record] = TOO_MUCH
    return found


def balances(paid: Iterable[Payment], currency: str) -> dict[str, int]:
    """Role -> what its fund holds in `currency`: paid in less paid out, both in effect."""
    found: dict[str, int] = {}
    for each in paid:
        if not each.in_effect or each.currency != currency:
            continue
        if isinstance(each.payee, str):
            found[each.payee] = found.get(each.payee, 0) + each.amount
        if isinstance(each.payer, str):
            found[each.payer] = found.get(each.payer, 0) - each.amount
    return found
