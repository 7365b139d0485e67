"""What was found out about an object that never changes, kept while it is asked for again.

By identity, since hashing a charter or a fee rule takes longer than what is kept saves. The object
is kept as well, so its identity is nobody else's meanwhile. A result depends on its object alone,
so nothing here changes an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Answers of `find`, for at most `most` objects; then it begins anew."""

    __slots__ = ("_find", "_held", "_most")

    def __init__(self, find: Callable[[K], V], most: int) -> None:
        self._find = find
        self._most = most
        self._held: dict[int, tuple[K, V]] = {}

    def __call__(self, thing: K) -> V:
        """What `find` says of this object."""
        held = self._held.get(id(thing))
        if held is not None:
            return held[1]
        found = self._find(thing)
        if len(self._held) >= self._most:
            self._held.clear()
        self._held[id(thing)] = thing, found
        return found
