"""What py-libp2p 0.8.1 does badly, each with its workaround, here and nowhere else.

Every workaround carries its number (H1 to H9 as measured for the library, H10 onwards found here),
why it is needed, and when it can go: as soon as its test in `tests/network/test_hazards.py` passes
without it. Rules of the community (gate, lobby) are not hazards and don't belong here.

Those of the stream multiplexer are beside it in `libp2p_yamux.py`, those of gossip in
`libp2p_pubsub_hazards.py`. Importing any of them imports libp2p (1 to 2 s, 85 MB) and changes parts
of it in this process, so only a node that runs may do so.
"""

from __future__ import annotations

import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import trio
from libp2p.abc import IMuxedConn, INetConn, INetStream, IPeerStore
from libp2p.crypto.keys import KeyPair
from libp2p.crypto.x25519 import create_new_key_pair as create_new_x25519_key_pair
from libp2p.custom_types import TProtocol
from libp2p.host.basic_host import BasicHost
from libp2p.io.abc import ReadWriteCloser
from libp2p.io.trio import TrioTCPStream
from libp2p.network.auto_connector import AutoConnector
from libp2p.network.config import ConnectionConfig
from libp2p.network.connection import swarm_connection
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.network.exceptions import SwarmException
from libp2p.network.swarm import Swarm
from libp2p.peer.id import ID
from libp2p.peer.peerstore import PeerStoreError
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as NoiseTransport
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX
from libp2p.stream_muxer.yamux.yamux import Yamux
from libp2p.transport.tcp.tcp import TCP
from libp2p.transport.upgrader import TransportUpgrader
from multiaddr import Multiaddr  # type: ignore[import-untyped]

from node.network import libp2p_yamux  # noqa: F401 - its import is what it does
from node.network.libp2p_wire import Wire, is_relayed, tcp_wire

logger = logging.getLogger("moothall.network")

INBOUND_LIMIT = 128  # accepted connections at a time
GREETING_EACH = 16  # unfinished handshakes from one address
RESET_SECONDS = 1.0


class CarefulSwarm(Swarm):
    """TCP connections that are dialled only when we say so, and counted until they close."""

    def __init__(
        self,
        me: ID,
        peerstore: IPeerStore,
        upgrader: TransportUpgrader,
        *,
        limit: int = INBOUND_LIMIT,
    ) -> None:
        config = ConnectionConfig(
            max_connections=limit,
            high_watermark=limit,
            low_watermark=0,
            min_connections=0,
        )
        super().__init__(me, peerstore, upgrader, transports=[TCP()], connection_config=config)
        self.auto_connector = _NoAutoConnector(swarm=self)
        self._parting = False
        self._greeting: Counter[str] = Counter()  # unfinished handshakes by remote host
        self._accepted: Counter[str] = Counter()  # these and the connections that came of them
        self._accepted_each = limit // 2

    async def dial_one(self, peer: ID, host: str, port: int) -> INetConn:
        """Connect to `peer` at this one address or name; raises whatever the library raises."""
        # H5: the library's own dialling tries one address per transport class, waits 250 ms
        # whatever happens and then refuses the peer for 60 s. So none of it is used: one address,
        # one attempt. Goes when `host.connect` tries every address and forgets failures. The
        # system resolves names, as the library's resolver doesn't know those of the local network.
        stream = TrioTCPStream(await trio.open_tcp_stream(host, port))
        return await self.dial_over(tcp_wire(stream), peer)

    async def dial_over(self, wire: Wire, peer: ID) -> INetConn:
        """Connect to `peer` over this; it is closed if that fails."""
        raw = RawConnection(wire, True)
        try:
            return await self.upgrade_outbound_raw_conn(raw, peer)
        except BaseException:
            with trio.CancelScope(shield=True):
                await raw.close()
            raise

    async def accept(self, wire: Wire) -> None:
        """Serve a connection that somebody else began over this, until it closes."""
        await self._handle_inbound_connection(wire, Multiaddr(wire.address))

    def _select_connection(self, connections: list[INetConn], peer_id: ID) -> INetConn:
        # H17: the library prefers a direct connection to a relayed one, but never notes which is
        # which (its type stays "unknown"). Goes when connections are typed as they are upgraded.
        direct = [conn for conn in connections if not is_relayed(conn)]
        return super()._select_connection(direct or connections, peer_id)

    async def dial_peer(self, peer_id: ID) -> list[INetConn]:
        """Refuse: nothing in the library may dial by itself."""
        # H6: opening a stream, pubsub and identify all redial dropped peers on their own schedule.
        # Goes when the library has a switch for that.
        raise SwarmException(f"not connected to {peer_id}")

    def _schedule_auto_connect(self) -> None:
        """H6: a dropped peer is not replaced behind our back."""

    async def _do_handle_inbound_connection(
        self, read_write_closer: ReadWriteCloser, maddr: Multiaddr, failure_event: Any
    ) -> None:
        # H3: the library parks this task, with its token, until the whole swarm ends, so that the
        # node accepts nothing more after a few hundred connections in its life. Wait for this
        # connection instead. Goes when the library releases the token on close.
        wire = (
            read_write_closer
            if isinstance(read_write_closer, Wire)
            else tcp_wire(read_write_closer)
        )
        raw = RawConnection(wire, False)
        host = wire.place
        full = self._accepted[host] >= self._accepted_each
        if full or self._greeting[host] >= GREETING_EACH:
            # Silent connections hold tokens until they time out: few for each address. And nobody
            # takes so many that there is no room for anybody else.
            with trio.CancelScope(shield=True):
                await raw.close()
            return
        with _counted(self._accepted, host):
            with _counted(self._greeting, host):
                muxed = await self._greet(raw, maddr)
            if isinstance(muxed, Yamux):
                await muxed.event_closed.wait()

    async def _greet(self, raw: RawConnection, maddr: Multiaddr) -> IMuxedConn | None:
        """The handshake; None, and `raw` closed, if it fails."""
        try:
            return await self.upgrade_inbound_raw_conn(raw, maddr)
        except Exception as error:
            logger.debug("inbound connection refused: %s", error, exc_info=True)
            with trio.CancelScope(shield=True):
                await raw.close()
            return None
        except BaseException:
            with trio.CancelScope(shield=True):
                await raw.close()
            raise

    async def close_soon(self, seconds: float) -> None:
        """Stop listening, say goodbye to every peer, then cut what is left; never raises."""
        # H4: a cancelled nursery leaves the port accepting, and the library's own close takes the
        # connections one after another (0.2 s each) before the port. So: shielded, port first,
        # connections together, and bounded. Goes when cancelling `host.run` closes both.
        if self._parting:
            return
        self._parting = True
        with trio.CancelScope(shield=True):
            with trio.move_on_after(seconds / 4):
                for listener in list(self.listeners.values()):
                    await listener.close()
            connections = self.get_connections()
            with trio.move_on_after(seconds / 2):
                async with trio.open_nursery() as nursery:
                    for connection in connections:
                        nursery.start_soon(_quietly, connection.close)
            with trio.move_on_after(seconds / 8):
                for connection in connections:
                    # A writer stuck on a dead socket holds the goodbye up; closing frees it.
                    secured = getattr(connection.muxed_conn, "secured_conn", None)
                    if secured is not None:
                        await _quietly(secured.close)
            with trio.move_on_after(seconds / 8):
                await _quietly(self.close)


class _NoAutoConnector(AutoConnector):
    """H6: dials nobody."""

    async def run_background_task(self, nursery: trio.Nursery) -> None:
        return

    async def maybe_connect(self) -> None:
        return


class Seen:
    """From where others see us, in place of the library's own collection."""

    # The library advertises such addresses, with the port of a connection of the moment, as soon
    # as a few peers name them, and everybody would dial there. We only want the host.

    def __init__(self) -> None:
        self.hosts: dict[INetConn, tuple[int, str]] = {}

    def record_observation(self, conn: INetConn, observed: Multiaddr, listening: object) -> None:
        """A peer says from where we came; worth something only where we dialled."""
        parts = str(observed).split("/")
        if conn.muxed_conn.is_initiator and not is_relayed(conn) and parts[1] in ("ip4", "ip6"):
            self.hosts[conn] = int(parts[1][2]), parts[2]

    def remove_conn(self, conn: INetConn) -> None:
        self.hosts.pop(conn, None)

    def addrs(self) -> list[Multiaddr]:
        return []


class CarefulHost(BasicHost):
    """A host in which a fault in one stream ends that stream."""

    async def _swarm_stream_handler(self, net_stream: INetStream) -> None:
        # H1, H2: what escapes from a stream handler (ours, or pubsub reading a malformed frame)
        # reaches the swarm's nursery and ends the node. Goes when the library isolates handlers.
        try:
            await self.admit(net_stream)
        except Exception as error:
            peer = net_stream.muxed_conn.peer_id
            logger.debug("stream of %s ended: %s", peer, type(error).__name__, exc_info=True)
            with trio.CancelScope(shield=True), trio.move_on_after(RESET_SECONDS):
                await _quietly(net_stream.reset)

    def speaks(self, peer_id: ID, protocol: TProtocol) -> bool:
        """Whether this peer serves a protocol, as it told when it was asked; False if it wasn't."""
        try:
            return bool(self.peerstore.supports_protocols(peer_id, [protocol]))
        except PeerStoreError:
            return False

    def forget(self, peer_id: ID) -> None:
        """No connection is left: what the peer told of itself may not hold when it comes back."""
        # H18: a peer is asked who it is once in this process's life, whatever program it runs
        # when it comes back, and its addresses are kept, which nobody here uses. Goes when
        # identify forgets what it heard with the last connection.
        self.peerstore.clear_protocol_data(peer_id)
        self.peerstore.clear_addrs(peer_id)

    async def admit(self, net_stream: INetStream) -> None:
        """Agree on a protocol and serve it; a subclass may refuse first."""
        await super()._swarm_stream_handler(net_stream)


def noise_and_yamux(keys: KeyPair) -> TransportUpgrader:
    """How a connection is secured and shared: these two and nothing else."""
    # H10: the defaults also offer secio, and "plaintext", where a peer merely claims its id. A
    # gate that trusts peer ids must offer Noise alone. Goes when plaintext is off by default.
    noise_key = create_new_x25519_key_pair().private_key
    return TransportUpgrader(
        {NOISE: NoiseTransport(keys, noise_privkey=noise_key)}, {TProtocol(YAMUX): Yamux}
    )


def check_port_free(host: str, port: int, family: socket.AddressFamily) -> None:
    """Raise OSError when another socket listens there."""
    # H14: the library listens with SO_REUSEPORT, so that a second node of the same user on the
    # same port seems to work and each gets half of the connections. A plain bind tells. Goes when
    # listening without that option is possible.
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind((host, port))


@contextmanager
def _counted(counts: Counter[str], name: str) -> Iterator[None]:
    """Count one more of this name for so long."""
    counts[name] += 1
    try:
        yield
    finally:
        counts[name] -= 1
        if not counts[name]:
            del counts[name]


async def _quietly(close: Callable[[], Awaitable[object]]) -> None:
    """Close something that may be broken already."""
    try:
        await close()
    except Exception as error:
        logger.debug("closing failed: %s", error, exc_info=True)


def _install() -> None:
    # H13: this module logs through the root logger's functions, which install a handler on the
    # root logger of a program that has none. Goes when it has a logger of its own.
    vars(swarm_connection).update(logging=logging.getLogger(swarm_connection.__name__))
    # The library reports ordinary partings as warnings and errors, with tracebacks. What matters
    # to an owner is logged here, once; LIBP2P_DEBUG still opens everything.
    chatter = logging.getLogger("libp2p")
    if chatter.level == logging.WARNING:
        chatter.setLevel(logging.CRITICAL)


_install()
