"""A clock of its own and what is to happen when: no waiting, no threads, the same in every run."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Any


class Events:
    """Runs what was planned in the order of time; at one moment, in the order of planning."""

    def __init__(self) -> None:
        self.now = 0.0
        self._heap: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._numbers = itertools.count()

    def at(self, when: float, what: Callable[..., None], *arguments: Any) -> None:
        """Plan something; `when` is in seconds and not in the past."""
        heapq.heappush(self._heap, (when, next(self._numbers), what, arguments))

    def after(self, seconds: float, what: Callable[..., None], *arguments: Any) -> None:
        """Plan something from now on."""
        self.at(self.now + seconds, what, *arguments)

    def run(self, until: float, enough: Callable[[], bool] = lambda: False) -> None:
        """Let time pass until then, or until it is enough, which is asked now and then."""
        count = 0
        while self._heap and self._heap[0][0] <= until:
            self.now, _, what, arguments = heapq.heappop(self._heap)
            what(*arguments)
            count += 1
            if count % 1000 == 0 and enough():
                return
        self.now = max(self.now, until)
