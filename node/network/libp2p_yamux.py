"""The hazards of py-libp2p 0.8.1's stream multiplexer; see `libp2p_hazards.py` for the rules.

The library names its Yamux classes where it uses them, so they can't be replaced by our own
subclasses; six methods are exchanged instead, once, when this module is imported.
"""

from __future__ import annotations

import logging
import struct

import trio
from libp2p.abc import IMuxedStream
from libp2p.io.exceptions import ConnectionClosedError
from libp2p.security.noise.io import MAX_PLAINTEXT_LENGTH
from libp2p.stream_muxer.exceptions import MuxedStreamError, MuxedStreamReset
from libp2p.stream_muxer.yamux.yamux import (
    DEFAULT_WINDOW_SIZE,
    HEADER_SIZE,
    TYPE_DATA,
    YAMUX_HEADER_FORMAT,
    Yamux,
    YamuxStream,
)

from node.bucket import Bucket

logger = logging.getLogger("moothall.network")

CREDIT_STEP = 64 * 1024  # bytes read from a stream before its sender is given as many again
WINDOW = 1024 * 1024  # bytes a stream's sender may be ahead of its reader, once it is being read
STALL_SECONDS = 60.0  # how long a writer waits for a reader that takes nothing
POLL_SECONDS = 0.002
MOST_HELD = 8 * 1024 * 1024  # bytes of one connection that nobody has read yet
STREAMS_AT_ONCE = 100  # that a peer opens, and
STREAMS_A_SECOND = 10  # each takes milliseconds to negotiate
FRAME_SECONDS = 20.0  # how long the socket may take for one frame
# The library's full frames are 17 bytes longer than a Noise message and so cost two of them.
MAX_PAYLOAD = MAX_PLAINTEXT_LENGTH - HEADER_SIZE


class _TooMuch(trio.TooSlowError):
    """Subclass of what makes the library's reader close the connection."""


async def _write(self: YamuxStream, data: bytes) -> None:
    """Send all of `data`, waiting for the reader; MuxedStreamError if the stream ends first."""
    # H7: the library gives a stalled reader 5 s, which a large commit on a slow disk takes.
    # Goes when that is an option.
    sent = 0
    while sent < len(data):
        with trio.move_on_after(STALL_SECONDS):
            while self.send_window <= 0 and not self.closed and not self.send_closed:
                await trio.sleep(POLL_SECONDS)
        if self.reset_received:
            raise MuxedStreamReset("stream was reset")
        if self.closed or self.send_closed:
            raise MuxedStreamError("stream is closed for sending")
        if self.send_window <= 0:
            raise MuxedStreamError("the reader takes nothing")
        size = min(self.send_window, MAX_PAYLOAD, len(data) - sent)
        self.send_window -= size  # before the next await, so two writers can't spend it twice
        header = struct.pack(YAMUX_HEADER_FORMAT, 0, TYPE_DATA, 0, self.stream_id, size)
        await self.conn._write_frame(header + data[sent : sent + size])
        sent += size


async def _give_credit(self: YamuxStream, *, bytes_read: int = 0) -> None:
    """Let the sender send as much again as was read, in steps."""
    # The library sends a window update for every read: a frame, a Noise message and a system call
    # each. Goes when it batches them itself.
    self._pending_recv_release += bytes_read
    if self._pending_recv_release < CREDIT_STEP or self.recv_closed:
        return
    credit = self._pending_recv_release
    self._pending_recv_release = 0
    if self.target_recv_window < WINDOW:
        credit += WINDOW - self.target_recv_window
        self.target_recv_window = WINDOW
    self.recv_window += credit
    # H11: the caller already holds what it read; cancelled here, it would lose it.
    with trio.CancelScope(shield=True):
        try:
            await self.send_window_update(credit)
        except Exception as error:
            # The bytes were read; the next read tells what broke.
            logger.debug("window update failed: %s", error, exc_info=True)


async def _write_frame(self: Yamux, data: bytes) -> None:
    """Write one frame, whole or not at all."""
    # H11: a task cancelled inside a write leaves half a Noise message on the wire, or a gap in
    # its counter, and every stream of the connection dies. So the wait for one's turn can be
    # cancelled and the write can't; a socket that takes nothing is closed after a while. Goes
    # when cancelling a writer leaves the other streams alone.
    async with self._write_lock:
        with trio.CancelScope(shield=True):
            with trio.move_on_after(FRAME_SECONDS) as patience:
                await self.secured_conn.write(data)
            if patience.cancelled_caught:
                await self.secured_conn.close()
        if patience.cancelled_caught:
            raise ConnectionClosedError("the connection takes no more data")


_read_body = Yamux._read_data_body


async def _read_data_body(self: Yamux, length: int) -> bytes:
    """Read one frame's data if the peer had the right to send it."""
    # H12: a peer that ignores its window only causes a warning, and fills the memory. Frames
    # beyond all windows of the connection together close it, and so does what lies unread on so
    # many streams that they hold MOST_HELD. Goes when the library does that.
    held = sum(map(len, self.stream_buffers.values()))
    windows = sum(stream.target_recv_window for stream in self.streams.values())
    if held + length > min(windows + DEFAULT_WINDOW_SIZE, MOST_HELD):
        raise _TooMuch
    return await _read_body(self, length)


_accept = Yamux.accept_stream


async def _accept_stream(self: Yamux) -> IMuxedStream:
    """The next stream that the peer opens, not too soon after the others."""
    # H24: streams are accepted as fast as a peer opens them, each with buffers and a task. While
    # one waits here, nothing more is read from its connection. Goes when the library paces them.
    bucket = vars(self).setdefault(
        "_accepting",
        Bucket(size=STREAMS_AT_ONCE, rate=STREAMS_A_SECOND, now=trio.current_time()),
    )
    await trio.sleep(bucket.owe(1, trio.current_time()))
    return await _accept(self)


_send_reset = YamuxStream.reset


async def _reset(self: YamuxStream) -> None:
    """Give the stream up, and what lies unread of it."""
    # H30: the library keeps that for a minute, for a reader that there is no more. A few streams
    # that were given up in the middle are MOST_HELD bytes, and end the connection (H12). Goes when
    # a reset frees the buffer.
    try:
        await _send_reset(self)
    finally:
        unread = self.conn.stream_buffers.get(self.stream_id)
        if unread:
            unread.clear()
    await self.conn._finalize_stream(self, fully_closed=True)


def _install() -> None:
    YamuxStream.write = _write  # type: ignore[method-assign]
    YamuxStream._auto_tune_and_send_window_update = _give_credit  # type: ignore[method-assign]
    Yamux._write_frame = _write_frame  # type: ignore[method-assign]
    Yamux._read_data_body = _read_data_body  # type: ignore[method-assign]
    Yamux.accept_stream = _accept_stream  # type: ignore[method-assign]
    YamuxStream.reset = _reset  # type: ignore[method-assign]


_install()
