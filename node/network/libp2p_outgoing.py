"""What waits to be gossiped to one neighbour, and who need not be sent it.

The library copies, measures and encodes a message anew for each neighbour, and sends each in a
frame, a Noise message and a system call of its own, to neighbours from whom it has come meanwhile,
too. Here a message is encoded once, what waits for a neighbour goes in one piece, and nobody is
sent what it has sent itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import trio
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.rpc_queue import RpcQueue
from libp2p.utils import encode_uvarint

from node.network.libp2p_members import MAX_RPC

QUEUE_LIMIT = 1024  # frames waiting for one neighbour, and
QUEUE_BYTES = 4 * 1024 * 1024
PIECE = 32 * 1024  # bytes written at once, unless one frame is longer
REMEMBERED_SECONDS = 2.0  # how long, at least, who sent a message; it waits here no longer


class Frame(NamedTuple):
    """One frame as it travels; `name` is its message's, None for what must go anyhow."""

    data: bytes
    name: bytes | None = None


def framed(rpc: rpc_pb2.RPC, name: bytes | None = None) -> Frame:
    """A frame: its size as a varint, and what is to be said."""
    said = rpc.SerializeToString()
    return Frame(encode_uvarint(len(said)) + said, name)


class Outgoing(RpcQueue):
    """The frames for one neighbour, bounded; what finds no room is dropped, and sync repairs it."""

    # H8: the library's queue of 32 cuts bursts without a word, knows no bytes, and answers who asks
    # for much in frames four times as long as are taken here. Goes when its sizes are options.

    def __init__(self) -> None:
        super().__init__(max_message_size=MAX_RPC)
        self._frames: deque[Frame] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._frames)

    def push(self, rpc: rpc_pb2.RPC, priority: bool = False) -> bool:
        """Queue what the library wants to say; whether there was room."""
        return self.put(framed(rpc))

    def put(self, frame: Frame) -> bool:
        """Queue a frame; whether there was room."""
        size = len(frame.data)
        full = len(self._frames) >= QUEUE_LIMIT or self._bytes + size > QUEUE_BYTES
        if self._closed or (full and self._frames):
            return False
        self._frames.append(frame)
        self._bytes += size
        self._notify.set()
        return True

    async def piece(self) -> list[Frame]:
        """What goes next, as many frames as fit; none once the queue is closed."""
        while not self._frames and not self._closed:
            self._notify = trio.Event()
            await self._notify.wait()
        piece: list[Frame] = []
        size = 0
        while self._frames and (not piece or size + len(self._frames[0].data) <= PIECE):
            piece.append(self._frames.popleft())
            size += len(piece[-1].data)
        self._bytes -= size
        return [] if self._closed else piece


class Senders:
    """From whom each message came lately."""

    def __init__(self) -> None:
        self._lately: dict[bytes, set[ID]] = {}
        self._before: dict[bytes, set[ID]] = {}
        self._since = 0.0

    def note(self, name: bytes, peer: ID) -> None:
        """This peer has sent that message."""
        now = trio.current_time()
        if now - self._since > REMEMBERED_SECONDS:
            self._before, self._lately, self._since = self._lately, {}, now
        self._lately.setdefault(name, set()).add(peer)

    def sent(self, name: bytes | None, peer: ID) -> bool:
        """Whether this peer has sent that message not long ago."""
        if name is None:
            return False
        return peer in self._lately.get(name, ()) or peer in self._before.get(name, ())

    def lacking(self, piece: Sequence[Frame], peer: ID) -> bytes:
        """Of these frames, those that this peer has not sent itself."""
        return b"".join(each.data for each in piece if not self.sent(each.name, peer))
