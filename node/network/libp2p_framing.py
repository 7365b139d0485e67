"""Whole messages over a libp2p stream: four bytes of big-endian length, then the message.

An end or a fault of the stream becomes a LinkError with one of these reasons: `ended` (between
two messages), `cut-short` (inside one), `reset` (the other side gave up), `lost` (the connection
went), `too-large` (above a limit, theirs or ours), `closed` (used after `aclose`), `broken`.
Receiving may be cancelled and tried again; after a cancelled send a stream can only be closed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import trio
from libp2p.network.stream.exceptions import StreamEOF, StreamReset

from node.network.links import MAX_MESSAGE, LinkError

if TYPE_CHECKING:
    from libp2p.abc import INetStream
    from libp2p.network.stream.net_stream import NetStream

logger = logging.getLogger("moothall.network")

_PREFIX = 4
_CHUNK = 64 * 1024
CLOSE_SECONDS = 1.0
LINGER_SECONDS = 5.0


class FramedStream:
    """One stream as `links.Stream`. `allowance` bounds its bytes, both ways together, for good."""

    def __init__(
        self,
        stream: NetStream,
        linger: Callable[[NetStream], None],
        *,
        allowance: int | None = None,
    ) -> None:
        self._stream = stream
        self._linger = linger
        self._allowance = allowance
        self._buffer = bytearray()
        self._sending = trio.Lock()
        self._receiving = trio.Lock()
        self._spoiled = False  # a message was sent in part
        self._closed = False
        self._wait = trio.CancelScope()  # around what waits for the peer; closing ends it

    @property
    def peer(self) -> str:
        return str(self._stream.muxed_conn.peer_id)

    async def send(self, message: bytes) -> None:
        if len(message) > MAX_MESSAGE:
            raise LinkError("too-large", f"A message of {len(message)} bytes can't be sent.")
        async with self._sending:
            self._check_open()
            if self._spoiled:
                raise LinkError("broken", "An earlier message was sent only in part.")
            self._spend(_PREFIX + len(message))
            self._spoiled = True
            try:
                await self._stream.write(len(message).to_bytes(_PREFIX, "big") + message)
            except Exception as error:
                raise self._link_error(error) from error
            self._spoiled = False

    async def receive(self, limit: int = MAX_MESSAGE) -> bytes:
        async with self._receiving:
            await self._fill(_PREFIX)
            size = int.from_bytes(self._buffer[:_PREFIX], "big")
            if size > limit:
                raise LinkError("too-large", f"The peer announced a message of {size} bytes.")
            await self._fill(_PREFIX + size)
            message = bytes(self._buffer[_PREFIX : _PREFIX + size])
            del self._buffer[: _PREFIX + size]
            return message

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._wait.cancel()
        if self._spoiled:
            await self.abort()
            return
        with trio.CancelScope(shield=True), trio.move_on_after(CLOSE_SECONDS):
            try:
                await self._stream.close()
            except Exception as error:
                logger.debug("closing a stream failed: %s", error, exc_info=True)
            else:
                self._linger(self._stream)
                return
        await self.abort()

    async def abort(self) -> None:
        """Give the stream up so that the other side sees a fault, not an end; never raises."""
        self._closed = True
        self._wait.cancel()
        await abort(self._stream)

    async def _fill(self, size: int) -> None:
        """Buffer at least `size` bytes."""
        while len(self._buffer) < size:
            self._check_open()
            chunk = b""
            try:
                with trio.CancelScope() as self._wait:
                    chunk = await self._stream.read(_CHUNK)
            except Exception as error:
                raise self._link_error(error) from error
            self._check_open()
            if not chunk:
                raise self._link_error(StreamEOF())
            self._buffer += chunk
            self._spend(len(chunk))

    def _check_open(self) -> None:
        if self._closed:
            raise LinkError("closed", "This stream was closed here.")

    def _spend(self, size: int) -> None:
        if self._allowance is None:
            return
        if size > self._allowance:
            raise LinkError("too-large", "This stream has used up its allowance.")
        self._allowance -= size

    def _link_error(self, error: Exception) -> LinkError:
        """H7: the library has many ways to say that a stream is over; callers get one."""
        conn = self._stream.muxed_conn
        gone = getattr(conn, "event_shutting_down", None)
        if gone is not None and gone.is_set():
            return LinkError("lost", "The connection with the peer was lost.")
        # H16: a reset that finds a reader waiting is reported to it as a proper end.
        if isinstance(error, StreamReset) or getattr(
            self._stream.muxed_stream, "reset_received", False
        ):
            return LinkError("reset", "The stream was given up.")
        if isinstance(error, StreamEOF):
            if self._buffer:
                return LinkError("cut-short", "The peer ended the stream inside a message.")
            return LinkError("ended", "The peer ended the stream.")
        return LinkError("broken", f"The stream broke: {type(error).__name__}.")


async def abort(stream: INetStream) -> None:
    """Reset a stream within a moment; never raises."""
    with trio.CancelScope(shield=True), trio.move_on_after(CLOSE_SECONDS):
        try:
            await stream.reset()
        except Exception as error:
            logger.debug("resetting a stream failed: %s", error, exc_info=True)


async def linger(stream: NetStream) -> None:
    """After our end of a stream: drop what the peer still sends, and give up after a while.

    A reset right away could overtake our own last message in the peer's program.
    """
    with trio.move_on_after(LINGER_SECONDS):
        try:
            while await stream.muxed_stream.read(_CHUNK):
                pass
        except Exception as error:
            logger.debug("stream ended: %s", error, exc_info=True)
            return
    await abort(stream)
