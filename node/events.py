"""What happens on this node, told to whoever listens: `run`'s output, `watch`, the desk."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import trio

Event = dict[str, Any]
WAITING = 1000  # events a slow listener may be behind before it misses some
RECENT = 50  # events that are remembered


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Events:
    """Hands every event to every listener; a listener that lags misses events, nobody waits."""

    def __init__(self, now_ms: Callable[[], int] = _now_ms) -> None:
        self.recent: deque[tuple[int, Event]] = deque(maxlen=RECENT)  # when, and what; newest last
        self._listeners: set[trio.MemorySendChannel[Event]] = set()
        self._now_ms = now_ms

    def tell(self, event: str, **facts: Any) -> None:
        """Tell all listeners. Ids are hex; nothing private is in an event."""
        self.recent.append((self._now_ms(), {"event": event, **facts}))
        for listener in list(self._listeners):
            try:
                listener.send_nowait({"event": event, **facts})
            except (trio.WouldBlock, trio.BrokenResourceError):
                continue

    @contextmanager
    def listen(self) -> Iterator[trio.MemoryReceiveChannel[Event]]:
        """Events from now on."""
        send, receive = trio.open_memory_channel[Event](WAITING)
        self._listeners.add(send)
        try:
            with receive:
                yield receive
        finally:
            self._listeners.discard(send)
            send.close()
