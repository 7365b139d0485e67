"""Whether a review counts, and if not, why: by what everybody holds, for everybody alike.

A *named* review counts in its seller's stars; an *unnamed* one is sound and stands apart, in no
total, because nobody answers for it. A *reason* is a stable word; "" means that nothing is wrong.
A review of a made-up order has no receipt: what is not here yet may come, so that can change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from governance.receipts import NO_ORDER_KEY, NO_RECEIPT, WAITING, counts

NOT_BUYER = "not-buyer"  # it names somebody else than its author as the buyer
BAD_RECEIPT = "bad-receipt"  # the order's receipt does not count itself
ONESELF = "oneself"  # who praises or blames their own sale
REASONS = (NO_ORDER_KEY, NOT_BUYER, NO_RECEIPT, WAITING, BAD_RECEIPT, ONESELF)


class Sale(NamedTuple):
    """A receipt of the order: who sold, whose goods they were, and what is wrong with it."""

    vendor: bytes  # persons
    seller: bytes
    reason: str


def fault(*, agreed: bool, author: bytes, buyer: bytes | None, sales: Iterable[Sale]) -> str:
    """What is wrong with a review.

    `agreed`: whether the order's key gave these words to `author`. `buyer`: the person it names.
    """
    if not agreed:
        return NO_ORDER_KEY
    if buyer is not None and buyer != author:
        return NOT_BUYER
    found = list(sales)
    if not found:
        return NO_RECEIPT
    valid = [sale for sale in found if counts(sale.reason)]
    if not valid:
        return WAITING if any(sale.reason == WAITING for sale in found) else BAD_RECEIPT
    if buyer is not None and any(buyer in (sale.vendor, sale.seller) for sale in valid):
        return ONESELF
    return ""


@dataclass(frozen=True, slots=True)
class Stars:
    """How often each number of stars was given, 1 to 5; from named reviews alone."""

    each: tuple[int, int, int, int, int]

    @property
    def count(self) -> int:
        """How many reviews there are."""
        return sum(self.each)

    @property
    def tenths(self) -> int | None:
        """The mean in tenths of a star, a half rounded up; None without any."""
        total = sum(stars * times for stars, times in enumerate(self.each, 1))
        return (20 * total + self.count) // (2 * self.count) if self.count else None


def stars(given: Iterable[int]) -> Stars:
    """The tally of these numbers of stars."""
    tally = [0] * 5
    for each in given:
        tally[each - 1] += 1
    return Stars((tally[0], tally[1], tally[2], tally[3], tally[4]))
