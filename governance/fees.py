"""The fee of a sale, who shares it, and who gives back what when money is returned.

Everything is in whole minor units, and nothing is lost or made: shares add up to the fee, fee and
seller's part to the price, parts of a refund to the refund. A division leaves a remainder of less
than one unit a part; those units go to the largest remainders, ties by table order, so that
everybody who reckons gets the same. Nothing here knows an order or a person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from governance.charter_market import SELLER, FeeRule, Fees
from governance.charter_read import ALL_BPS
from governance.remembered import Remembered
from protocol.errors import Refused


class Split(NamedTuple):
    """Where the price of one sale goes, in its minor units."""

    fee: int
    shares: dict[str, int]  # of the fee, by role in table order; absent roles are left out
    seller: int  # what remains of the price

    @property
    def waterfall(self) -> dict[str, int]:
        """The whole price by role: the shares, then the seller's part. Refunds begin with it."""
        return {**self.shares, SELLER: self.seller}


def rule_for(fees: Fees, category: str | None, *, own_currency: bool = True) -> FeeRule:
    """The fee rule for a sale in `category`.

    `fee_min` and `fee_cap` are amounts of the charter's currency and mean nothing in another; so a
    sale in another currency (`own_currency` false) pays the percentage alone.
    """
    rule = fees.of(category)
    return rule if own_currency else _unbounded(rule)


def _without_bounds(rule: FeeRule) -> FeeRule:
    return replace(rule, fee_min=0, fee_cap=None)


_unbounded = Remembered(_without_bounds, 256)


def fee(rule: FeeRule, price: int) -> int:
    """The fee on `price`, which is price times quantity without delivery, tip or tax.

    Rounded down, at least `fee_min`, at most `fee_cap`, and never more than the price.
    """
    if price < 0:
        raise ValueError("a price is never negative")
    least = max(rule.fee_min, price * rule.fee_bps // ALL_BPS)
    return min(price, least if rule.fee_cap is None else min(rule.fee_cap, least))


def split(rule: FeeRule, price: int, absent: Collection[str] = ()) -> Split:
    """Fee, shares and the seller's part of a sale at `price`.

    The weight of a role in `absent` moves along its fallbacks to the first role that is there. The
    row without a fallback is the common fund, which is there whatever `absent` says.
    """
    known = _shapes(rule)
    missing = absent if isinstance(absent, frozenset) else frozenset(absent)
    weights = known.get(missing)
    if weights is None:
        if len(known) >= _MOST_ABSENCES:
            known.clear()
        weights = known[missing] = _weights(rule, missing)
    whole = fee(rule, price)
    parts = _divide(whole, weights.values(), ALL_BPS)  # a table's weights are a whole
    return Split(whole, dict(zip(weights, parts, strict=True)), price - whole)


def _weights(rule: FeeRule, absent: Collection[str]) -> dict[str, int]:
    """The weight of each role that is there, in table order."""
    fallback = {row.role: row.fallback for row in rule.table}
    weights = {row.role: 0 for row in rule.table if row.fallback is None or row.role not in absent}
    for row in rule.table:
        role = row.role
        while role not in weights:
            role = fallback[role] or role
        weights[role] += row.bps
    return weights


def _none(_: FeeRule) -> dict[frozenset[str], dict[str, int]]:
    return {}


_shapes = Remembered(_none, 256)  # rule -> absent roles -> weights: most sales share a few of them
_MOST_ABSENCES = 64


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Divide `total` by `weights`: a part for each, in their order, by largest remainder.

    A weight of zero gets nothing. Raises ValueError for anything negative, and where there is
    something to divide but no weight.
    """
    whole = sum(weights)
    if total < 0 or min(weights, default=0) < 0 or (total and not whole):
        raise ValueError("only what is there can be divided, and only among somebody")
    if not total:
        return [0] * len(weights)
    return _divide(total, weights, whole)


def _divide(total: int, weights: Iterable[int], whole: int) -> list[int]:
    """`apportion` of what can be divided; `whole`: all weights together."""
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    if left:
        rests = [total * weight % whole for weight in weights]
        # Stable, so that of equal remainders the first in the table comes first. Fewer units are
        # left than there are remainders above zero.
        for i in sorted(range(len(rests)), key=rests.__getitem__, reverse=True)[:left]:
            parts[i] += 1
    return parts


def refund(remaining: Mapping[str, int], amount: int) -> dict[str, int]:
    """What each role gives back of a refund of `amount`, by what it still has of the sale.

    `remaining` is the waterfall without earlier refunds (`after_refund`). Nobody gives more than
    they have; a refund of all that remains takes exactly that. Raises `Refused("refund-too-large")`
    if `amount` is more than remains, or negative.
    """
    if not 0 <= amount <= sum(remaining.values()):
        raise Refused("refund-too-large", "No more can be refunded than is left of what was paid.")
    return dict(zip(remaining, apportion(amount, list(remaining.values())), strict=True))


def after_refund(remaining: Mapping[str, int], given: Mapping[str, int]) -> dict[str, int]:
    """What each role has left once it gave `given`, an answer of `refund`."""
    return {role: amount - given[role] for role, amount in remaining.items()}
