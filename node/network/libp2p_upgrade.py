"""From a circuit to a direct connection (DCUtR), where the two homes' routers allow it.

Who was reached through a relay asks, as the standard says: both tell their addresses over the
circuit, and dial each other at the same moment from the ports on which they listen, so that each
router takes the other's packets for an answer. Members only. The addresses are what a member says
of itself: few are dialled, a few times for each circuit, and whoever answers has to prove its id.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, cast
from weakref import WeakKeyDictionary

import trio
from libp2p.io.trio import TrioTCPStream
from libp2p.peer.id import ID
from libp2p.relay.circuit_v2.pb.dcutr_pb2 import HolePunch
from multiaddr import Multiaddr  # type: ignore[import-untyped]

from node.network import libp2p_addresses
from node.network.company import Company
from node.network.libp2p_addresses import Way
from node.network.libp2p_circuit import DCUTR, Linger, read, write
from node.network.libp2p_framing import abort
from node.network.libp2p_wire import is_relayed, tcp_wire
from node.network.links import LinkError

if TYPE_CHECKING:
    from libp2p.abc import INetConn, INetStream
    from libp2p.network.stream.net_stream import NetStream

    from node.network.libp2p_hazards import CarefulSwarm
    from node.network.libp2p_lobby import GatedHost

logger = logging.getLogger("moothall.network")

ROUNDS = 3  # of dials for one circuit, whoever asks for them
TALK_SECONDS = 10.0
PUNCH_SECONDS = 3.0  # for the dials of one round
AGAIN_SECONDS = 0.05  # a router that does not expect the packet yet refuses it
ADDRESSES = 4
LOOPBACK = False  # whether addresses of this machine itself count, which only a test wants


class Upgrade:
    """Direct connections in place of circuits. `listening` are the places where this node does;
    `company` knows whom to believe about where it is seen.
    """

    def __init__(
        self,
        host: GatedHost,
        swarm: CarefulSwarm,
        nursery: trio.Nursery,
        linger: Linger,
        listening: Callable[[], list[str]],
        company: Company,
    ) -> None:
        self._host = host
        self._swarm = swarm
        self._nursery = nursery
        self._linger = linger
        self._listening = listening
        self._company = company
        self._busy: set[ID] = set()
        self._rounds: WeakKeyDictionary[INetConn, int] = WeakKeyDictionary()  # circuit -> so far

    async def begin(self, peer: ID) -> None:
        """A member has reached us through a relay: try to do without; never raises."""
        if peer in self._busy:
            return
        self._busy.add(peer)
        try:
            while not self._is_direct(peer) and self._circuit(peer) is not None:
                await self._round(peer)
        except Exception as error:
            logger.debug("no direct way to %s: %s", peer, error, exc_info=True)
        finally:
            self._busy.discard(peer)

    async def _round(self, peer: ID) -> None:
        with trio.fail_after(TALK_SECONDS):
            stream = await self._host.new_stream(peer, [DCUTR])
            try:
                asked = trio.current_time()
                await write(stream, self._connect())
                ways = self._ways(await _expect(stream, HolePunch.CONNECT))
                trip = trio.current_time() - asked
                await write(stream, HolePunch(type=HolePunch.SYNC))
                await stream.close()
            except BaseException:
                await abort(stream)
                raise
            self._linger(cast("NetStream", stream))
        self._count(peer)
        await trio.sleep(trip / 2)
        # In the connection that two dials at once become, who asked for the circuit is the client.
        await self._dial(peer, ways, client=False)
        if not self._is_direct(peer):
            await self._dial(peer, ways, client=True)

    async def serve(self, stream: INetStream) -> None:
        """Whom we reached through a relay asks us to dial."""
        peer = stream.muxed_conn.peer_id
        self._count(peer)
        with trio.fail_after(TALK_SECONDS):
            ways = self._ways(await _expect(stream, HolePunch.CONNECT))
            await write(stream, self._connect())
            await _expect(stream, HolePunch.SYNC)
        await abort(stream)
        if not self._is_direct(peer):
            await self._dial(peer, ways, client=True)

    def _circuit(self, peer: ID) -> INetConn | None:
        """A circuit with this peer for which there may be another round."""
        for conn in self._swarm.get_connections(peer):
            if is_relayed(conn) and self._rounds.get(conn, 0) < ROUNDS:
                return conn
        return None

    def _count(self, peer: ID) -> None:
        """One more round begins; LinkError `too-often` if there were enough."""
        # Else a member could have us knock at anybody's door without end.
        circuit = self._circuit(peer)
        if circuit is None:
            raise LinkError("too-often", "There is no circuit, or it was tried to do without it.")
        self._rounds[circuit] = self._rounds.get(circuit, 0) + 1

    async def _dial(self, peer: ID, ways: list[Way], *, client: bool) -> None:
        """Dial all at once, from the listening port; the first that stands ends it."""
        with trio.move_on_after(PUNCH_SECONDS):
            async with trio.open_nursery() as nursery:
                for way in ways:
                    nursery.start_soon(self._punch, peer, way, client)
                while not self._is_direct(peer):
                    await trio.sleep(AGAIN_SECONDS)
                nursery.cancel_scope.cancel()

    async def _punch(self, peer: ID, way: Way, client: bool) -> None:
        while True:
            try:
                stream = await self._open(way)
            except OSError as error:
                logger.debug("dialling %s: %s", way.text, error)
                await trio.sleep(AGAIN_SECONDS)
                continue
            wire = tcp_wire(TrioTCPStream(stream))
            if not client:
                self._nursery.start_soon(self._swarm.accept, wire)
                return
            try:
                await self._swarm.dial_over(wire, peer)
            except Exception as error:
                logger.debug("dialling %s: %s", way.text, error, exc_info=True)
            return

    async def _open(self, way: Way) -> trio.SocketStream:
        """A TCP connection from the port on which we listen."""
        version = ipaddress.ip_address(way.host).version
        family = trio.socket.AF_INET if version == 4 else trio.socket.AF_INET6
        sock = trio.socket.socket(family, trio.socket.SOCK_STREAM)
        try:
            for option in (trio.socket.SO_REUSEADDR, trio.socket.SO_REUSEPORT):
                sock.setsockopt(trio.socket.SOL_SOCKET, option, 1)
            port = self._port(version)
            if port is not None:
                await sock.bind(("0.0.0.0" if version == 4 else "::", port))  # noqa: S104
            await sock.connect((way.host, way.port))
            return trio.SocketStream(sock)
        except BaseException:
            sock.close()
            raise

    def _port(self, version: int) -> int | None:
        for text in self._listening():
            _, family, _, _, port = text.split("/")[:5]
            if family == f"ip{version}":
                return int(port)
        return None

    def _connect(self) -> HolePunch:
        """Our addresses: where we listen, and where others see us, on the same port."""
        own = self._listening()
        seen = [
            f"/ip{version}/{host}/tcp/{port}"
            for version in (4, 6)
            for host in sorted(self._company.believed(self._host.seen_at(version)))
            if (port := self._port(version)) is not None
        ]
        bare = [text.partition("/p2p/")[0] for text in own]
        worth = [text for text in dict.fromkeys([*seen, *bare]) if _is_worth(text.split("/")[2])]
        raw = [Multiaddr(text).to_bytes() for text in worth[:ADDRESSES]]
        return HolePunch(type=HolePunch.CONNECT, ObsAddrs=raw)

    def _ways(self, told: HolePunch) -> list[Way]:
        ways = []
        for raw in told.ObsAddrs[:ADDRESSES]:
            try:
                way = libp2p_addresses.to_dial(str(Multiaddr(raw)), "")
                if not _is_worth(way.host) or libp2p_addresses.is_elsewhere(way.host):
                    continue
                if not libp2p_addresses.is_own(way.host):  # homes often have the same addresses
                    ways.append(way)
            except Exception as error:
                logger.debug("an address that can't be dialled: %s", error, exc_info=True)
        return ways

    def _is_direct(self, peer: ID) -> bool:
        return any(not is_relayed(conn) for conn in self._swarm.get_connections(peer))


def _is_worth(host: str) -> bool:
    """Whether it is an IP address that somebody on another machine could dial."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    if address.is_loopback:
        return LOOPBACK
    return not (address.is_unspecified or address.is_link_local or address.is_multicast)


async def _expect(stream: INetStream, kind: HolePunch.Type.ValueType) -> HolePunch:
    told = await read(stream, HolePunch)
    if not told.HasField("type") or told.type != kind:
        raise LinkError("unexpected", "The peer does not follow the protocol.")
    return told
