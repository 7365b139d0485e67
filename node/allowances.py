"""What one peer may send us unasked and ask of us: messages and bytes, by sort.

Looked at before anything is decoded. A refusal is remembered of the peer that came too fast, never
of a log that it carried; what is refused may come later, or through another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from node.bucket import Bucket

MIB = 1024 * 1024
QUESTIONS = 400  # conversations and questions, or gossip messages, in a burst
QUESTIONS_A_SECOND = 40
AHEAD = 100  # logs of gossip that are set aside for a gap before them, in a burst
AHEAD_A_SECOND = 5


class Share(NamedTuple):
    """A burst, and what may follow in each second."""

    messages: float
    messages_a_second: float
    size: float  # bytes
    size_a_second: float


# Each stands far above what a busy honest neighbour does, and below what would hurt.
SHARES = {
    "sync": Share(QUESTIONS, QUESTIONS_A_SECOND, 16 * MIB, MIB),  # conversations and questions
    "gossip": Share(QUESTIONS, QUESTIONS_A_SECOND, 16 * MIB, MIB / 2),
    "cards": Share(20, 0.2, 8 * MIB, MIB / 16),
    "blobs": Share(400, 40, MIB, MIB / 16),  # questions; what they cost is counted in node.blobs
    "join": Share(30, 0.5, MIB / 2, MIB / 64),
    "ahead": Share(AHEAD, AHEAD_A_SECOND, MIB, MIB),  # beyond it only sync is asked
    "newcomers": Share(32, 1 / 300, MIB, MIB),  # logs of devices that nobody here knows
    # Objects of the side set that we fetch, when asked for and when they come: each is weighed
    # against all others, and can be about a device that the peer has just made up.
    "objects": Share(1024, 4, 8 * MIB, MIB / 128),
    "fruitless": Share(60, 1, MIB, MIB),  # conversations that we open and that bring nothing
    "useless": Share(10_000, 100, 4 * MIB, MIB / 16),  # answers to us that brought nothing
    "answers": Share(1e9, 1e9, 256 * MIB, 4 * MIB),  # of ours; beyond it they come slower
}
MOST_PEERS = 10_000


class Allowances:
    """The shares of all peers. `clock` is monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], tuple[Bucket, Bucket]] = {}

    def take(self, peer: str, sort: str, size: int = 0) -> bool:
        """Spend one message of `size` bytes; whether that was there."""
        messages, sizes = self._of(peer, sort)
        now = self._clock()
        return sizes.has(size, now) and messages.take(1, now) and sizes.take(size, now)

    def has(self, peer: str, sort: str) -> bool:
        """Whether one more message is there; nothing is spent."""
        return self._of(peer, sort)[0].has(1, self._clock())

    def owe(self, peer: str, sort: str, size: int = 0) -> float:
        """Spend what can't be refused any more; how many seconds to wait before the next."""
        messages, sizes = self._of(peer, sort)
        now = self._clock()
        return max(messages.owe(1, now), sizes.owe(size, now))

    def _of(self, peer: str, sort: str) -> tuple[Bucket, Bucket]:
        found = self._buckets.get((peer, sort))
        if found is None:
            if len(self._buckets) >= MOST_PEERS * len(SHARES):
                self._buckets.clear()
            share, now = SHARES[sort], self._clock()
            found = self._buckets[peer, sort] = (
                Bucket(size=share.messages, rate=share.messages_a_second, now=now),
                Bucket(size=share.size, rate=share.size_a_second, now=now),
            )
        return found
