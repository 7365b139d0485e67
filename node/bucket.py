"""A token bucket: how much a peer may ask before it must wait. Stands before any decoding."""

from __future__ import annotations


class Bucket:
    """`take` spends from a store of `size` tokens that refills by `rate` a second."""

    def __init__(self, *, size: float, rate: float, now: float) -> None:
        self._size = size
        self._rate = rate
        self._tokens = size
        self._then = now

    def take(self, amount: float, now: float) -> bool:
        """Whether `amount` was there; `now` in seconds."""
        self._fill(now)
        if self._tokens < amount:
            return False
        self._tokens -= amount
        return True

    def has(self, amount: float, now: float) -> bool:
        """Whether `amount` is there; nothing is spent."""
        self._fill(now)
        return self._tokens >= amount

    def owe(self, amount: float, now: float) -> float:
        """Spend what was only known afterwards; until it has come in again nothing is there.

        The seconds until then.
        """
        self._fill(now)
        self._tokens -= amount
        return max(0.0, -self._tokens / self._rate)

    def _fill(self, now: float) -> None:
        self._tokens = min(self._size, self._tokens + (now - self._then) * self._rate)
        self._then = now
