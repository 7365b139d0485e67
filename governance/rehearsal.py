"""What a change of fees would have meant for sales that took place.

The same sales are split by the fees in force and by the proposed ones; nothing is estimated, and
nobody is assumed to buy more or less. Amounts of different currencies are never added up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from governance.charter_market import HOST, REFERRER, SELLER, FeeRule, Fees
from governance.fees import rule_for, split

Totals = Mapping[str, int]  # role, the seller among them -> minor units


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """One sale, as far as its fee depends on it."""

    price: int  # minor units: price times quantity, without delivery, tip or tax
    currency: str  # ISO 4217, or "CREDIT"
    category: str = ""
    referrer: bool = False  # whether somebody recommended it
    host: bool = False  # whether it was found in somebody's shop window

    @property
    def absent(self) -> frozenset[str]:
        """The roles that nobody has in this sale."""
        there = ((REFERRER, self.referrer), (HOST, self.host))
        return frozenset(role for role, present in there if not present)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearsal:
    """All sales added up, by currency in the order of their appearance.

    Roles come in the order of the tables that were used, the seller last; a role that was absent
    from every sale has 0.
    """

    counts: Mapping[str, int]  # currency -> how many sales
    before: Mapping[str, Totals]  # currency -> by the fees in force
    after: Mapping[str, Totals]  # currency -> by the proposed fees

    @property
    def sales(self) -> int:
        """How many sales there are in all currencies."""
        return sum(self.counts.values())


def rehearse(sales: Iterable[Sale], before: Fees, after: Fees, *, currency: str) -> Rehearsal:
    """Split every sale by both fees and add up; `currency` is the charter's.

    Elsewhere a smallest and a largest fee don't apply; see `rule_for`.
    """
    counts: dict[str, int] = {}
    old: dict[str, dict[str, int]] = {}
    new: dict[str, dict[str, int]] = {}
    for sale, times in Counter(sales).items():  # most prices are paid again and again
        counts[sale.currency] = counts.get(sale.currency, 0) + times
        for fees, totals in ((before, old), (after, new)):
            rule = rule_for(fees, sale.category, own_currency=sale.currency == currency)
            _add(totals.setdefault(sale.currency, {}), rule, sale, times)
    return Rehearsal(counts=counts, before=_seller_last(old), after=_seller_last(new))


def _add(totals: dict[str, int], rule: FeeRule, sale: Sale, times: int) -> None:
    for row in rule.table:
        totals.setdefault(row.role, 0)
    for role, amount in split(rule, sale.price, sale.absent).waterfall.items():
        totals[role] = totals.get(role, 0) + amount * times


def _seller_last(totals: Mapping[str, dict[str, int]]) -> dict[str, Totals]:
    return {
        currency: {**{r: n for r, n in roles.items() if r != SELLER}, SELLER: roles[SELLER]}
        for currency, roles in totals.items()
    }
