"""What happens on this node, told to whoever listens: `run`'s output, `watch`, the desk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import trio

Event = dict[str, Any]
WAITING = 1000  # events a slow listener may be behind before it misses some


class Events:
    """Hands every event to every listener; a listener that lags misses events, nobody waits."""

    def __init__(self) -> None:
        self._listeners: set[trio.MemorySendChannel[Event]] = set()

    def tell(self, event: str, **facts: Any) -> None:
        """Tell all listeners. Ids are hex; nothing private is in an event."""
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
