"""How many orders guests may place, and how often they may add to one.

Every step of an order is a record that all members keep for good, so guests have far fewer of these
than of pages: so many from one address, and so many from everywhere, however many addresses ask.
The numbers leave room for a busy market day. Memory is bounded as in `limits`, and no address is
written down. Orders from this very machine count only among all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from node.bucket import Bucket

HOUR = 3600.0
FROM_ONE = 12  # orders that one address may place at once; as many come in again within an hour
FROM_ALL = 60  # the same for all of them together
STEP = 0.2  # what a further step in an order costs, an order being 1
REMEMBERED = 4096  # addresses


class OrderLimits:
    """What guests may still place; `monotonic` in seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._all = _bucket(FROM_ALL, monotonic())
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def may(self, address: str | None, cost: float = 1.0) -> bool:
        """Whether so much is left for this address (None: this machine); then it is spent."""
        now = self._monotonic()
        if address is not None:
            bucket = self._buckets.pop(address, None) or _bucket(FROM_ONE, now)
            self._buckets[address] = bucket
            if len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
            if not bucket.take(cost, now):
                return False
        return self._all.take(cost, now)

    def give_back(self, address: str | None, cost: float = 1.0) -> None:
        """What was spent came to nothing."""
        now = self._monotonic()
        for bucket in (self._all, None if address is None else self._buckets.get(address)):
            if bucket is not None:
                bucket.owe(-cost, now)


def _bucket(size: int, now: float) -> Bucket:
    return Bucket(size=size, rate=size / HOUR, now=now)
