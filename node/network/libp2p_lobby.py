"""The lobby: what a stranger gets, few bytes of the JOIN protocol for a short time.

A stranger is a peer for whom `gate(peer)` is False. The peer id is proved by Noise before anything
here runs. Members never pass through the lobby; nothing else is offered in it, not even identify.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import trio
from libp2p.abc import IMuxedConn, INetStream
from libp2p.protocol_muxer.multiselect import Multiselect
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator

from node.network.libp2p_framing import abort
from node.network.libp2p_hazards import CarefulHost, CarefulSwarm, Seen
from node.network.libp2p_members import Fault, Members
from node.network.libp2p_wire import wire_of
from node.network.links import (
    JOIN,
    LOBBY_BYTES,
    LOBBY_SECONDS,
    LOBBY_STREAMS,
    LOBBY_STREAMS_EACH,
    Gate,
    LinkError,
)
from node.network.serving import Refusals

if TYPE_CHECKING:
    from libp2p.io.abc import ReadWriteCloser
    from libp2p.network.stream.net_stream import NetStream
    from libp2p.peer.id import ID

logger = logging.getLogger("moothall.network")

# A stranger's program also asks for identify and gossip when it connects. These are refused, and
# must not use up the few JOIN streams while that happens.
ASKING_EACH = 12
ASKING = 60
IDLE_SECONDS = 30.0  # a stranger's connection without a lobby stream
ATTEMPTS = 4  # protocols a stranger may name before it is turned away

Join = Callable[["NetStream", int], Awaitable[None]]
"""(stream, bytes it may still carry) -> None; closes the stream."""


class _Places:
    """So many at a time from one address, and in all."""

    def __init__(self, each: int, total: int) -> None:
        self._each = each
        self._total = total
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, where: str) -> Iterator[None]:
        """Hold a place; LinkError `lobby-full` if there is none."""
        if self._taken[where] >= self._each or self._taken.total() >= self._total:
            raise LinkError("lobby-full", "Too many strangers at once.")
        self._taken[where] += 1
        try:
            yield
        finally:
            self._taken[where] -= 1
            if not self._taken[where]:
                del self._taken[where]


class GatedHost(CarefulHost):
    """A host that serves members everything and strangers only JOIN."""

    def __init__(self, swarm: CarefulSwarm, gate: Gate, fault: Fault, refuse: Refusals) -> None:
        super().__init__(swarm, disable_identify_address_discovery=True)
        self._gate = gate
        self._fault = fault
        self._refuse = refuse
        self._members = Members()
        self._seen = Seen()
        self._observed_addr_manager = self._seen  # type: ignore[assignment]
        self._join: Join | None = None
        self._identified: Callable[[], None] | None = None
        self._asking = _Places(ASKING_EACH, ASKING)
        self._places = _Places(LOBBY_STREAMS_EACH, LOBBY_STREAMS)
        self._inside: Counter[ID] = Counter()

    def serve_strangers(self, join: Join) -> None:
        """Offer JOIN in the lobby; without this nothing is."""
        self._join = join

    def in_lobby(self, peer: ID) -> bool:
        """True while a lobby stream with this peer is open."""
        return self._inside[peer] > 0

    async def admit(self, net_stream: INetStream) -> None:
        peer = net_stream.muxed_conn.peer_id
        if self._gate(str(peer)):
            try:
                with self._members.place(peer):
                    await super().admit(net_stream)
            except LinkError as error:
                self._fault(str(peer), error.reason)
                await abort(net_stream)
            return
        stream = cast("NetStream", net_stream)
        self._inside[peer] += 1
        try:
            with trio.move_on_after(LOBBY_SECONDS) as patience:
                await self._lobby(stream, str(peer))
            if patience.cancelled_caught:
                self._refuse(str(peer), "lobby stream", "too-slow")
        except LinkError as error:
            self._refuse(str(peer), "lobby stream", error.reason)
        finally:
            self._inside[peer] -= 1
            if not self._inside[peer]:
                del self._inside[peer]
            if not stream.is_closed:
                await abort(stream)

    async def _lobby(self, stream: NetStream, peer: str) -> None:
        where = address_of(stream.muxed_conn)
        metered = _Metered(stream)
        with self._asking.take(where):
            if not await self._agree(metered, peer):
                return
        if self._join is None:
            return
        with self._places.take(where):
            await self._join(stream, metered.left)

    async def _agree(self, metered: _Metered, peer: str) -> bool:
        """Let the stranger name protocols until it names JOIN."""
        communicator = MultiselectCommunicator(cast("ReadWriteCloser", metered))
        await Multiselect().handshake(communicator)
        for _ in range(ATTEMPTS):
            asked = await communicator.read()
            if asked == JOIN and self._join is not None:
                await communicator.write(JOIN)
                return True
            self._refuse(peer, f"protocol {asked[:64]}", "stranger")
            await communicator.write("na")
        return False

    def identify(self, peer_id: ID) -> None:
        """Ask a member who it is, unless it has told."""
        self._schedule_identify(peer_id, reason="member")

    def seen_at(self, version: int) -> dict[str, str]:
        """Peer id -> the IP address, of this version, from which that member has seen us dial it,
        as it says.
        """
        return {
            str(conn.muxed_conn.peer_id): host
            for conn, (number, host) in self._seen.hosts.items()
            if number == version
        }

    def on_identified(self, known: Callable[[], None]) -> None:
        """Called whenever a peer has been asked who it is."""
        self._identified = known

    def _schedule_identify(self, peer_id: ID, *, reason: str) -> None:
        """Ask only members who they are; a stranger would answer with whatever it likes."""
        if self._gate(str(peer_id)):
            super()._schedule_identify(peer_id, reason=reason)

    async def _identify_peer(self, peer_id: ID, *, reason: str) -> None:
        await super()._identify_peer(peer_id, reason=reason)
        if self._identified is not None:
            self._identified()


class _Metered:
    """The bytes of a stream, up to the lobby's allowance."""

    def __init__(self, stream: NetStream) -> None:
        self._stream = stream
        self.left = LOBBY_BYTES

    async def read(self, n: int | None = None) -> bytes:
        data = await self._stream.read(self.left if n is None else min(n, self.left))
        self._spend(len(data))
        return data

    async def write(self, data: bytes) -> None:
        self._spend(len(data))
        await self._stream.write(data)

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left <= 0:
            raise LinkError("too-large", "More than the lobby's allowance.")


def address_of(conn: IMuxedConn) -> str:
    """Where a connection comes from, as one sender: an address, or a relay with all behind it."""
    wire = wire_of(conn)
    return wire.place if wire else "unknown"
