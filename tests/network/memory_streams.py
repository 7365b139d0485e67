"""Streams in memory for tests/village/network.py: whole messages, a latency and a bounded buffer.

Everything waits on trio's clock; nothing here knows nodes, gates or worlds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import trio

from node.network.links import MAX_MESSAGE, LinkError

WINDOW = 256 * 1024  # bytes one end may be ahead of the other


class Meter:
    """How many bytes were put on one direction of a connection, all its pipes together."""

    def __init__(self) -> None:
        self.bytes = 0


class Pipe:
    """One direction of a stream: messages that arrive after the latency, in order."""

    def __init__(
        self, latency: Callable[[], float], window: int = WINDOW, meter: Meter | None = None
    ) -> None:
        self._latency = latency
        self._window = window
        self._meter = meter or Meter()
        self._queue: deque[tuple[float, bytes | None]] = deque()  # None is the end
        self._held = 0
        self._fault: str | None = None
        self._ignored = False
        self._ended = False
        self._changed = trio.Event()

    @property
    def done(self) -> bool:
        read = not self._queue or self._queue[0][1] is None
        return self._fault is not None or self._ignored or (self._ended and read)

    async def put(self, message: bytes) -> None:
        await trio.lowlevel.checkpoint()
        while self._held and self._held + len(message) > self._window and not self._over():
            await self._changed.wait()
        if self._fault is not None:
            raise _link_error(self._fault)
        if not self._ignored:
            self._hold(message)

    def offer(self, message: bytes) -> bool:
        """Put without waiting; False if there is no room or no reader."""
        if self._over() or self._held + len(message) > self._window:
            return False
        self._hold(message)
        return True

    async def get(self, limit: int) -> bytes:
        await trio.lowlevel.checkpoint()
        while True:
            if self._fault is not None:
                raise _link_error(self._fault)
            if self._ignored:
                raise _link_error("closed")
            event = self._changed
            if not self._queue:
                await event.wait()
                continue
            when, message = self._queue[0]
            if when > trio.current_time():
                with trio.move_on_at(when):
                    await event.wait()
                continue
            if message is None:
                raise _link_error("ended")
            if len(message) > limit:
                raise _link_error("too-large")
            self._queue.popleft()
            self._held -= len(message)
            self._wake()
            return message

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            self._queue.append((self._arrival(), None))
            self._wake()

    def ignore(self) -> None:
        """The reader has gone: what still comes is dropped."""
        self._ignored = True
        self._queue.clear()
        self._held = 0
        self._wake()

    def fail(self, reason: str) -> None:
        self._fault = self._fault or reason
        self._queue.clear()
        self._held = 0
        self._wake()

    def _hold(self, message: bytes) -> None:
        self._held += len(message)
        self._meter.bytes += len(message)
        self._queue.append((self._arrival(), message))
        self._wake()

    def _arrival(self) -> float:
        return trio.current_time() + self._latency()

    def _over(self) -> bool:
        return self._fault is not None or self._ignored

    def _wake(self) -> None:
        self._changed.set()
        self._changed = trio.Event()


class MemoryStream:
    """One end of a stream; implements `links.Stream`."""

    def __init__(self, peer: str, out: Pipe, into: Pipe) -> None:
        self._peer = peer
        self._out = out
        self._into = into
        self._closed = False
        self.allowance: int | None = None

    @property
    def peer(self) -> str:
        return self._peer

    async def send(self, message: bytes) -> None:
        if len(message) > MAX_MESSAGE:
            raise _link_error("too-large")
        if self._closed:
            raise _link_error("closed")
        self._spend(4 + len(message))
        await self._out.put(message)

    async def receive(self, limit: int = MAX_MESSAGE) -> bytes:
        if self._closed:
            raise _link_error("closed")
        message = await self._into.get(limit if self.allowance is None else self.allowance)
        self._spend(4 + len(message))
        return message

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            self._out.end()
            self._into.ignore()

    async def abort(self) -> None:
        self._closed = True
        self._out.fail("reset")
        self._into.fail("reset")

    def _spend(self, size: int) -> None:
        if self.allowance is None:
            return
        if size > self.allowance:
            raise _link_error("too-large")
        self.allowance -= size


def _link_error(reason: str) -> LinkError:
    return LinkError(reason, f"The stream can't be used: {reason}.")
