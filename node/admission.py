"""How much of one author's records is taken in at a time, whoever carries them.

Carrying a record is never a fault, so what floods the disk is measured where it comes from. A
record that finds no room now is not held and not passed on now; it stays as valid as it was, and is
asked for again by a later sync, since its log's place still differs. A log only grows at its end,
so nodes that took in more or less of it hold prefixes of one another, and hold the same once its
author slows down. Kept in memory: a node that was away or just started has the whole burst to give.
"""

from __future__ import annotations

from collections.abc import Callable

from node.bucket import Bucket

MIB = 1024 * 1024
DAY = 24 * 3600
ROW = 512  # bytes that a record costs here besides its own
BURST = 128 * MIB  # about 150,000 listings
A_DAY = 32 * MIB
STEPS = 400  # segments and gossip messages, each of which is a transaction
STEPS_A_SECOND = 25
STRAY = 20  # steps that a message counts which forks a log or lies beyond its end
CARDS = 20  # address cards, and
CARD_SECONDS = 30.0  # between any more
MOST_AUTHORS = 20_000


class Admission:
    """The quotas of all authors but `own`. `clock` is monotonic seconds."""

    def __init__(self, clock: Callable[[], float], own: bytes) -> None:
        self._clock = clock
        self._own = own
        self._sizes: dict[bytes, Bucket] = {}
        self._steps: dict[bytes, Bucket] = {}
        self._cards: dict[bytes, Bucket] = {}

    def has_room(self, device: bytes) -> bool:
        """Whether any more of this author's is taken in now."""
        return device == self._own or self._size(device).has(0, self._clock())

    def takes_in(self, device: bytes) -> bool:
        """Whether one more message of this author's is taken in now; it counts."""
        return device == self._own or (
            self.has_room(device) and self._step(device).take(1, self._clock())
        )

    def pause(self, device: bytes) -> float:
        """Count one more segment of this author's; seconds to wait before it is taken in."""
        return 0.0 if device == self._own else self._step(device).owe(1, self._clock())

    def strayed(self, device: bytes) -> None:
        """A message of this author's forked its log, or lies beyond its end."""
        if device != self._own:
            self._step(device).owe(STRAY, self._clock())

    def spared(self, device: bytes) -> None:
        """A message of this author's changed nothing: its step is given back, or who replays it, or
        keeps back what comes before it, would spend the author's.
        """
        if device != self._own:
            self._step(device).owe(-1, self._clock())

    def took(self, device: bytes, records: int, size: int) -> None:
        """So many new records of so many bytes are held now."""
        if device != self._own and records:
            self._size(device).owe(records * ROW + size, self._clock())

    def takes_card(self, device: bytes) -> bool:
        """Whether one more address card of this device is kept; it counts."""
        bucket = _in(self._cards, device, CARDS, 1 / CARD_SECONDS, self._clock())
        return device == self._own or bucket.take(1, self._clock())

    def _size(self, device: bytes) -> Bucket:
        return _in(self._sizes, device, BURST, A_DAY / DAY, self._clock())

    def _step(self, device: bytes) -> Bucket:
        return _in(self._steps, device, STEPS, STEPS_A_SECOND, self._clock())


def _in(
    buckets: dict[bytes, Bucket], device: bytes, size: float, rate: float, now: float
) -> Bucket:
    found = buckets.get(device)
    if found is None:
        if len(buckets) >= MOST_AUTHORS:
            buckets.clear()
        found = buckets[device] = Bucket(size=size, rate=rate, now=now)
    return found
