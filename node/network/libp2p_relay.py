"""Offering to relay (circuit relay v2, "hop"): members who can't be dialled are reached through us.

A reservation is a member's, over a direct connection, and ends with it. A circuit joins two
streams and lasts until one of them ends; both ends are members for as long as it lasts, since who
is no member any more is disconnected, and its streams end with that. There is no limit of bytes or
time for one circuit, as a first sync may take both; all circuits together share a rate.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import trio
from libp2p.network.stream.exceptions import StreamEOF
from libp2p.peer.id import ID
from libp2p.relay.circuit_v2.pb.circuit_pb2 import (
    HopMessage,
    PeerId,
    Reservation,
    Status,
    StopMessage,
)
from multiaddr import Multiaddr  # type: ignore[import-untyped]

from node.network.libp2p_circuit import CHUNK, STOP, agreed, read, write
from node.network.libp2p_framing import abort, linger
from node.network.libp2p_wire import wire_of
from node.network.links import Gate
from node.network.serving import Refusals

if TYPE_CHECKING:
    from libp2p.abc import IHost, INetStream
    from libp2p.network.stream.net_stream import NetStream

logger = logging.getLogger("moothall.network")

RESERVATION_SECONDS = 3600
RESERVATIONS = 128  # members at a time
CIRCUITS = 128  # at a time
CIRCUITS_EACH = 16  # that one member has asked for
CIRCUITS_BETWEEN = 2  # of these to one other, whom they would keep from being reached by others
RATE = 8 * 1024 * 1024  # bytes a second for all circuits together
BURST_SECONDS = 4.0  # of unused rate that can be caught up on
ASK_SECONDS = 10.0
GRACE_SECONDS = 1.0  # for the other direction once one has ended
ADDRESSES = 8


class Relay:
    """The relay that a node offers. `addresses` are its own, with its peer id at the end."""

    def __init__(
        self, host: IHost, gate: Gate, addresses: Callable[[], list[str]], refuse: Refusals
    ) -> None:
        self._host = host
        self._gate = gate
        self._addresses = addresses
        self._said = refuse
        self._reserved: set[str] = set()
        self._circuits: Counter[tuple[str, str]] = Counter()  # (who asked, whom they reach)
        self._pace = _Pace()

    @property
    def serving(self) -> int:
        """Circuits open now."""
        return self._circuits.total()

    @property
    def reserved(self) -> int:
        """Members that have a place here now."""
        return len(self._reserved)

    def forget(self, peer: str) -> None:
        """There is no direct connection with this member any more."""
        self._reserved.discard(peer)

    async def serve(self, stream: INetStream) -> None:
        """A member asks for a reservation or for a circuit."""
        peer = str(stream.muxed_conn.peer_id)
        with trio.fail_after(ASK_SECONDS):
            asked = await read(stream, HopMessage)
        wire = wire_of(stream.muxed_conn)
        if wire is None or wire.relay:
            await self._refuse(stream, Status.PERMISSION_DENIED)  # no chains of relays
        elif asked.type == HopMessage.RESERVE:
            await self._reserve(stream, peer)
        elif asked.type == HopMessage.CONNECT:
            await self._connect(stream, peer, ID(asked.peer.id))
        else:
            await self._refuse(stream, Status.UNEXPECTED_MESSAGE)

    async def _reserve(self, stream: INetStream, peer: str) -> None:
        if stream.muxed_conn.is_closed:
            return  # it has gone already, and nobody would forget the place
        if peer not in self._reserved and len(self._reserved) >= RESERVATIONS:
            await self._refuse(stream, Status.RESERVATION_REFUSED)
            return
        self._reserved.add(peer)
        await _answer(
            stream,
            HopMessage(
                type=HopMessage.STATUS,
                status=Status.OK,
                # Without a limit: other implementations keep a limited circuit for small talk.
                reservation=Reservation(
                    expire=int(time.time()) + RESERVATION_SECONDS,
                    addrs=[Multiaddr(text).to_bytes() for text in self._addresses()[:ADDRESSES]],
                ),
            ),
        )

    async def _connect(self, stream: INetStream, peer: str, target: ID) -> None:
        other = str(target)
        if not self._gate(other):
            await self._refuse(stream, Status.PERMISSION_DENIED)
        elif other not in self._reserved or other == peer:
            await self._refuse(stream, Status.NO_RESERVATION)
        elif (
            self.serving >= CIRCUITS
            or sum(count for (who, _), count in self._circuits.items() if who == peer)
            >= CIRCUITS_EACH
            or self._circuits[peer, other] >= CIRCUITS_BETWEEN
        ):
            await self._refuse(stream, Status.RESOURCE_LIMIT_EXCEEDED)
        else:
            self._circuits[peer, other] += 1
            try:
                await self._join(stream, target)
            finally:
                self._circuits -= Counter([(peer, other)])

    async def _join(self, stream: INetStream, target: ID) -> None:
        """Have `target` accept, then carry bytes until one side ends."""
        onward: INetStream | None = None
        try:
            with trio.move_on_after(ASK_SECONDS) as patience:
                onward = await self._host.new_stream(target, [STOP])
                peer = PeerId(id=stream.muxed_conn.peer_id.to_bytes())
                await write(onward, StopMessage(type=StopMessage.CONNECT, peer=peer))
                await agreed(onward, StopMessage)
        except Exception as error:
            logger.debug("no circuit to %s: %s", target, error, exc_info=True)
            patience.cancel()
        if onward is None or patience.cancel_called:
            if onward is not None:
                await abort(onward)
            await self._refuse(stream, Status.CONNECTION_FAILED)
            return
        try:
            await write(stream, HopMessage(type=HopMessage.STATUS, status=Status.OK))
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._carry, stream, onward, nursery.cancel_scope)
                nursery.start_soon(self._carry, onward, stream, nursery.cancel_scope)
        finally:
            await abort(onward)
            await abort(stream)

    async def _carry(self, source: INetStream, sink: INetStream, circuit: trio.CancelScope) -> None:
        """One direction, chunk by chunk: what the sink doesn't take is not read from the source."""
        try:
            while True:
                data = await source.read(CHUNK)
                await self._pace.take(len(data))
                await sink.write(data)
        except StreamEOF:
            await self._end(sink)
        except Exception as error:
            logger.debug("a circuit broke: %s", error, exc_info=True)
        circuit.cancel()

    async def _end(self, sink: INetStream) -> None:
        """Pass an end on; a connection of which one direction has ended is over soon."""
        try:
            with trio.move_on_after(GRACE_SECONDS):
                await cast("NetStream", sink).close_write()
        except Exception as error:
            logger.debug("a circuit broke: %s", error, exc_info=True)
        else:
            await trio.sleep(GRACE_SECONDS)

    async def _refuse(self, stream: INetStream, status: Status.ValueType) -> None:
        self._said(str(stream.muxed_conn.peer_id), "relay", Status.Name(status).lower())
        await _answer(stream, HopMessage(type=HopMessage.STATUS, status=status))


class _Pace:
    """A rate of bytes that all circuits share in turn; who comes when it is used up waits."""

    def __init__(self) -> None:
        self._due = 0.0  # when what was carried so far is paid for

    async def take(self, size: int) -> None:
        now = trio.current_time()
        self._due = max(self._due, now - BURST_SECONDS) + size / RATE
        if self._due > now:
            await trio.sleep_until(self._due)


async def _answer(stream: INetStream, message: HopMessage) -> None:
    """The last message on a stream: our end of it, then its."""
    with trio.fail_after(ASK_SECONDS):
        await write(stream, message)
        await stream.close()
    await linger(cast("NetStream", stream))
