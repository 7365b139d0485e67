"""How long a peer has to wait after its faults: longer each time, and less again as days go by.

The wait after a fault is twice the one before, up to an hour. Each hour without a fault, once the
wait is over, halves what the next one begins from: one bad day shuts nobody out for a year. Nothing
of this is kept on disk, and of no more than MOST_REMEMBERED peers at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

WAIT_SECONDS = 30.0  # after a first fault; doubles up to the longest
LONGEST_WAIT = 3600.0
FORGIVING_SECONDS = 3600.0  # without a fault, after which a wait counts half
MOST_REMEMBERED = 1000  # peers; strangers have as many names as they like


class _Wait(NamedTuple):
    until: float
    length: float


class Patience:
    """The waits of one node's peers. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waits: dict[str, _Wait] = {}

    def fault(self, peer: str) -> float | None:
        """This peer misbehaved: the seconds that it has to wait.

        None while it waits already: what it does then makes the wait no longer.
        """
        if self.waits(peer):
            return None
        before = self._waits.pop(peer, None)
        length = WAIT_SECONDS if before is None else max(WAIT_SECONDS, 2 * self._left(before))
        length = min(LONGEST_WAIT, length)
        self._make_room()
        self._waits[peer] = _Wait(self._clock() + length, length)
        return length

    def waits(self, peer: str) -> bool:
        """Whether this peer's fault is still fresh."""
        found = self._waits.get(peer)
        return found is not None and found.until > self._clock()

    def _left(self, wait: _Wait) -> float:
        """What is left of the length of a wait that is over, after the time that passed since."""
        return wait.length / 2 ** ((self._clock() - wait.until) // FORGIVING_SECONDS)

    def _make_room(self) -> None:
        """Forget whom all was forgiven; if that is not enough, whose wait ended first or will."""
        if len(self._waits) < MOST_REMEMBERED:
            return
        self._waits = {
            peer: wait for peer, wait in self._waits.items() if 2 * self._left(wait) > WAIT_SECONDS
        }
        while len(self._waits) >= MOST_REMEMBERED:
            del self._waits[min(self._waits, key=lambda peer: self._waits[peer].until)]
