"""What a running node counts, as plain numbers; the desk's `/metrics` shows them.

Counting is an addition, nothing more: no clock, no lock, no I/O, and nothing here knows Prometheus.
A count has no name of a person, a device or an address in it, only words of ours.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

CONVERSATION_SECONDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 120.0)
PAGE_SECONDS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
MOST_WORDS = 64  # different words of one count; what comes after is OTHER
OTHER = "other"

SENT, PASSED_ON, KEPT_BACK, REFUSED = "sent", "passed on", "kept back", "refused"  # gossip
THROUGH, BROKEN, FAULT = "through", "broken", "fault"  # how a sync conversation ended


class Timing:
    """How long something took: how often up to each bound, how often in all, and the sum."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self._counts = [0] * (len(self.bounds) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Once more."""
        self._counts[bisect_left(self.bounds, seconds)] += 1
        self.seconds += seconds

    def up_to(self) -> list[tuple[float, int]]:
        """(bound, how often it took no longer), the last bound being infinite."""
        total, found = 0, []
        for bound, count in zip((*self.bounds, float("inf")), self._counts, strict=True):
            total += count
            found.append((bound, total))
        return found


class Words(Counter[str]):
    """Counts by a word; however many words there are, few are told apart.

    `Words(expected)` begins with these at 0, so that they are shown before they happen.
    """

    def __init__(self, expected: Sequence[str] = ()) -> None:
        super().__init__(dict.fromkeys(expected, 0))

    def add(self, word: str) -> None:
        """Once more."""
        self[word if word in self or len(self) < MOST_WORDS else OTHER] += 1


class Metrics:
    """Everything since the node started."""

    def __init__(self) -> None:
        self.conversations = Words((THROUGH, BROKEN, FAULT))
        self.conversation_seconds = Timing(CONVERSATION_SECONDS)
        self.faults = Words()  # of peers, by the reason word that `status` names
        self.gossip = Words((SENT, PASSED_ON, KEPT_BACK, REFUSED))  # messages
        self.refused = Words()  # what was turned away before it was read: sync, gossip, cards, ...

    def conversation(self, seconds: float, ended: str) -> None:
        """A sync conversation has ended, well or not."""
        self.conversations.add(ended)
        self.conversation_seconds.add(seconds)
