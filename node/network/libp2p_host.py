"""The real network: libp2p over TCP, Noise and Yamux, as `links.Network`.

A connection may come from anyone; what a peer gets depends on `gate(peer)` (libp2p_lobby,
libp2p_gossip). Nothing is dialled, redialled or closed here on the library's initiative, and no
fault of a peer or of a handler reaches beyond its stream. Importing this module imports libp2p.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import trio
from libp2p.abc import INetConn, INetStream
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.host.exceptions import StreamFailure
from libp2p.identity.identify_push.identify_push import ID_PUSH
from libp2p.peer.id import ID
from libp2p.peer.peerstore import PeerStore
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr  # type: ignore[import-untyped]

from node.network import libp2p_addresses
from node.network.company import Company, Strangers
from node.network.libp2p_circuit import DCUTR, HOP, STOP
from node.network.libp2p_connections import Connections, Watch, close_all, id_of
from node.network.libp2p_dialling import Dialler
from node.network.libp2p_direct import Direct
from node.network.libp2p_framing import FramedStream, linger
from node.network.libp2p_gossip import GatedPubsub, PacedGossipSub
from node.network.libp2p_hazards import INBOUND_LIMIT, CarefulSwarm, noise_and_yamux
from node.network.libp2p_lobby import IDLE_SECONDS, GatedHost
from node.network.libp2p_members import Fault
from node.network.libp2p_reach import Reach
from node.network.libp2p_relay import Relay
from node.network.libp2p_upgrade import Upgrade
from node.network.links import (
    JOIN,
    MAX_GOSSIP,
    Gate,
    GossipCheck,
    Handler,
    Link,
    LinkError,
    Stream,
)
from node.network.serving import Refusals, serve
from protocol.errors import Invalid

if TYPE_CHECKING:
    from libp2p.network.stream.net_stream import NetStream
    from trio_typing import TaskStatus

logger = logging.getLogger("moothall.network")

DIRECT_FIRST = 4  # direct addresses in front of those through relays; a card holds eight in all
OPEN_SECONDS = 10.0
CLOSE_SECONDS = 2.8
INTRODUCE_SECONDS = 60.0  # between attempts to gossip with a member whose gate may be shut
ROOMY_LIMIT = 512  # connections of a helper machine; INBOUND_LIMIT of another


class Libp2pNetwork:
    """One device on the network; `run` it once. `topic` names the community's gossip."""

    def __init__(
        self,
        device_seed: bytes,
        *,
        gate: Gate,
        topic: str,
        announced: Sequence[str] = (),
        offer_relay: bool = False,
        roomy: bool = False,
    ) -> None:
        """`announced`: where a relay can be dialled besides the addresses that it sees itself.
        `offer_relay`: members may be reached through this node. `roomy`: many may connect.
        """
        self._keys = create_new_key_pair(device_seed)
        self._me = ID.from_pubkey(self._keys.public_key)
        self.peer_id = str(self._me)
        self._gate = gate
        self._topic = topic
        self._announced = [f"{address}/p2p/{self.peer_id}" for address in announced]
        self._offers_relay = offer_relay
        self._limit = ROOMY_LIMIT if roomy else INBOUND_LIMIT
        self._handlers: dict[str, Handler] = {}
        self._check: GossipCheck = _pass_nothing_on
        self._blame: Fault = _blame_nobody
        self._refuse = Refusals()
        self._company: Company = Strangers()
        self._watchers: list[Callable[[str, bool], None]] = []
        self._moved: list[Callable[[], None]] = []
        self._up = Connections(gate)
        self._dialling: dict[str, trio.Lock] = {}
        self._swarm: CarefulSwarm | None = None
        self._host: GatedHost | None = None
        self._pubsub: GatedPubsub | None = None
        self._relay: Relay | None = None
        self._reach: Reach | None = None
        self._dialler: Dialler | None = None
        self._direct: Direct | None = None
        self._nursery: trio.Nursery | None = None

    @property
    def addresses(self) -> list[str]:
        if self._swarm is None:
            return []
        direct = self._direct_addresses()
        circuits = self._reach.addresses if self._reach is not None else []
        relayed = [f"{address}/p2p/{self.peer_id}" for address in circuits]
        return [*direct[:DIRECT_FIRST], *relayed, *direct[DIRECT_FIRST:]]

    def _direct_addresses(self) -> list[str]:
        if self._swarm is None:
            return []
        bound = [a for listener in self._swarm.listeners.values() for a in listener.get_addrs()]
        return [text for a in bound for text in libp2p_addresses.to_show(a, self.peer_id)]

    def peers(self) -> list[str]:
        return self._up.peers()

    def links(self) -> list[Link]:
        return self._up.links()

    def traffic(self) -> tuple[int, int]:
        return self._up.traffic()

    def relaying(self) -> dict[str, Any]:
        return {
            "offers": self._offers_relay,
            "reserved_at": self._reach.reserved_at if self._reach is not None else [],
            "reserved": self._relay.reserved if self._relay is not None else 0,
            "serving": self._relay.serving if self._relay is not None else 0,
        }

    def on_addresses(self, changed: Callable[[], None]) -> None:
        self._moved.append(changed)

    def handle(self, protocol: str, handler: Handler) -> None:
        self._handlers[protocol] = handler

    def on_gossip(self, check: GossipCheck) -> None:
        self._check = check

    def on_peer(self, changed: Callable[[str, bool], None]) -> None:
        self._watchers.append(changed)

    def on_fault(self, said: Callable[[str, str], None]) -> None:
        self._blame = said

    def on_refused(self, count: Callable[[str], None]) -> None:
        self._refuse.count = count

    def consult(self, company: Company) -> None:
        self._company = company

    async def run(
        self,
        listen: Sequence[str],
        *,
        task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        wanted = [libp2p_addresses.to_listen(text) for text in listen]
        failed: LinkError | None = None
        host, swarm, pubsub, router = self._assemble()
        try:
            async with background_trio_service(swarm):
                try:
                    failed = await self._bind(swarm, wanted)
                    if failed is None:
                        async with (
                            background_trio_service(router),
                            background_trio_service(pubsub),
                            trio.open_nursery() as nursery,
                        ):
                            await pubsub.wait_until_ready()
                            await pubsub.subscribe(self._topic)
                            self._host, self._swarm, self._pubsub = host, swarm, pubsub
                            self._nursery = nursery
                            upgrade = Upgrade(
                                host,
                                swarm,
                                nursery,
                                self._linger,
                                self._direct_addresses,
                                self._company,
                            )
                            host.set_stream_handler(DCUTR, upgrade.serve)
                            self._direct = Direct(
                                self._up,
                                nursery,
                                upgrade,
                                self._gate,
                                down=self._down,
                                introduce=lambda peer: pubsub.introduce(id_of(peer)),
                            )
                            nursery.start_soon(self._tidy)
                            if self._reach is not None and not self._offers_relay:
                                nursery.start_soon(self._reach.keep)
                            try:
                                task_status.started()
                                await trio.sleep_forever()
                            finally:
                                self._nursery = None  # what begins from here on has no time
                                # Before the nurseries wait for tasks that wait for sockets.
                                await self._close(swarm)
                finally:
                    await self._close(swarm)
        finally:
            pubsub.seen_messages.stop()  # it keeps a thread
            self._host = self._swarm = self._pubsub = self._nursery = None
            self._relay = self._reach = self._dialler = self._direct = None
            for peer in self._up.peers():
                for conn in self._up.of(peer):
                    self._down(peer, conn)
        if failed is not None:
            raise failed

    async def connect(self, peer: str, addresses: Sequence[str]) -> None:
        self._check_running()
        if peer == self.peer_id:
            raise LinkError("self", "That is this node itself.")
        peer_id = id_of(peer)
        lock = self._dialling.setdefault(peer, trio.Lock())
        try:
            async with lock:
                if not self._up.of(peer) and self._dialler is not None:
                    await self._dialler.dial(peer_id, addresses)
        finally:
            if not lock.statistics().tasks_waiting and not lock.locked():
                self._dialling.pop(peer, None)

    async def disconnect(self, peer: str) -> None:
        await self._part(peer, self._up.of(peer))

    async def _part(self, peer: str, connections: list[INetConn]) -> None:
        await close_all(connections)
        for conn in connections:
            self._down(peer, conn)

    async def open(self, peer: str, protocol: str) -> Stream:
        self._check_running()
        host = self._host
        if host is None or not self._up.of(peer):
            raise LinkError("not-connected", f"There is no connection with {peer}.")
        if protocol != JOIN and not self._gate(peer):
            self._refuse(peer, f"protocol {protocol}", "stranger")
            raise LinkError("stranger", f"{peer} is no member as far as this node knows.")
        try:
            with trio.fail_after(OPEN_SECONDS):
                stream = await host.new_stream(id_of(peer), [TProtocol(protocol)])
        except trio.TooSlowError:
            raise LinkError("too-slow", f"{peer} didn't answer in time.") from None
        except StreamFailure as error:
            raise LinkError("refused", f"{peer} doesn't serve {protocol} to us.") from error
        except Exception as error:
            raise LinkError("lost", f"The connection with {peer} was lost.") from error
        return FramedStream(cast("NetStream", stream), self._linger)

    async def publish(self, message: bytes) -> None:
        if len(message) > MAX_GOSSIP:
            raise Invalid("too-large", f"{len(message)} bytes are too many for one gossip message.")
        if self._pubsub is None:
            return
        try:
            await self._pubsub.publish(self._topic, message)
        except Exception as error:
            logger.warning("gossip not sent: %s", type(error).__name__, exc_info=True)

    async def refresh(self, peer: str) -> None:
        if not self._up.of(peer):
            return
        if not self._gate(peer):
            self._refuse(peer, "connection", "no-member")
            await self.disconnect(peer)
        elif self._pubsub is not None and self._host is not None:
            self._pubsub.introduce(id_of(peer))
            self._host.identify(id_of(peer))
            self._look_at(peer)

    def _check_running(self) -> None:
        if self._swarm is None:
            raise LinkError("not-running", "The network of this node isn't running.")

    def _assemble(self) -> tuple[GatedHost, CarefulSwarm, GatedPubsub, PacedGossipSub]:
        peerstore = PeerStore()
        peerstore.add_key_pair(self._me, self._keys)
        upgrader = noise_and_yamux(self._keys)
        swarm = CarefulSwarm(self._me, peerstore, upgrader, limit=self._limit)
        host = GatedHost(swarm, self._gate, self._blame, self._refuse)
        host.remove_stream_handler(ID_PUSH)  # what peers say of their addresses we ask elsewhere
        for protocol, handler in self._handlers.items():
            host.set_stream_handler(TProtocol(protocol), partial(self._serve, handler))
        if JOIN in self._handlers:
            host.serve_strangers(partial(self._serve_stranger, self._handlers[JOIN]))
        if self._offers_relay:
            self._relay = Relay(
                host,
                self._gate,
                lambda: [*self._announced, *self._direct_addresses()],
                self._refuse,
            )
            host.set_stream_handler(HOP, self._relay.serve)
        self._reach = Reach(
            host,
            swarm,
            self._gate,
            self._linger,
            self._have_moved,
            self._refuse,
            self._company,
        )
        self._dialler = Dialler(self.peer_id, swarm, self._reach, self._gate)
        if not self._offers_relay:
            host.set_stream_handler(STOP, self._reach.serve)
            host.on_identified(self._reach.look)
        router = PacedGossipSub(self._gate)
        pubsub = GatedPubsub(
            host, router, self._topic, self._gate, self._check, self._blame, self._refuse
        )
        swarm.register_notifee(Watch(self._opened, self._down))
        return host, swarm, pubsub, router

    async def _bind(self, swarm: CarefulSwarm, wanted: list[Multiaddr]) -> LinkError | None:
        for address in wanted:
            if not await swarm.listen(address):
                return LinkError("bad-address", f"Can't listen on {address}. Nothing was started.")
        return None

    async def _close(self, swarm: CarefulSwarm) -> None:
        await swarm.close_soon(CLOSE_SECONDS)

    async def _serve(self, handler: Handler, stream: INetStream) -> None:
        await serve(handler, FramedStream(cast("NetStream", stream), self._linger))

    async def _serve_stranger(self, handler: Handler, stream: NetStream, allowance: int) -> None:
        await serve(handler, FramedStream(stream, self._linger, allowance=allowance))

    def _linger(self, stream: NetStream) -> None:
        if self._nursery is not None:
            self._nursery.start_soon(linger, stream)

    def _opened(self, conn: INetConn) -> None:
        peer = str(conn.muxed_conn.peer_id)
        if self._up.add(peer, conn):
            self._tell(peer, True)
        reason = self._up.no_room(peer, conn)
        if reason:
            self._refuse(peer, "connection", reason)
            if self._nursery is not None:
                self._nursery.start_soon(self._part, peer, [conn])
        if self._reach is not None:
            self._reach.came(conn)
        self._look_at(peer)

    def _look_at(self, peer: str) -> None:
        if self._direct is not None and self._nursery is not None:
            self._direct.look(peer)

    def _down(self, peer: str, conn: INetConn) -> None:
        if not self._up.remove(peer, conn):
            return
        if not self._up.is_direct(peer):
            for part in (self._relay, self._reach):
                if part is not None:
                    part.forget(peer)
        elif self._reach is not None:
            self._reach.look()  # a place may have gone with that one of two connections
        if not self._up.of(peer):
            if self._host is not None:
                self._host.forget(id_of(peer))
            self._tell(peer, False)
        else:
            self._look_at(peer)

    def _have_moved(self) -> None:
        for changed in self._moved:
            try:
                changed()
            except Exception as error:
                logger.warning("on_addresses failed: %s", type(error).__name__, exc_info=True)

    def _tell(self, peer: str, up: bool) -> None:
        for changed in self._watchers:
            try:
                changed(peer, up)
            except Exception as error:
                logger.warning("on_peer failed: %s", type(error).__name__, exc_info=True)

    async def _tidy(self) -> None:
        """Now and then: part from idle strangers, introduce members that missed it, look about."""
        introduced = trio.current_time()
        addresses = self._direct_addresses()
        while True:
            await trio.sleep(IDLE_SECONDS / 6)
            now_at = self._direct_addresses()
            if now_at != addresses:
                addresses = now_at
                self._have_moved()  # a laptop in another network
            host, pubsub = self._host, self._pubsub
            if host is None or pubsub is None:
                return
            now = trio.current_time()
            again = now - introduced > INTRODUCE_SECONDS
            introduced = now if again else introduced
            for peer in self._up.peers():
                if self._gate(peer):
                    if again:
                        pubsub.introduce(id_of(peer))
                        host.identify(id_of(peer))
                    continue
                if now - self._up.newest(peer) > IDLE_SECONDS and not host.in_lobby(id_of(peer)):
                    self._refuse(peer, "connection", "idle-stranger")
                    await self.disconnect(peer)


def _blame_nobody(peer: str, reason: str) -> None:
    pass


async def _pass_nothing_on(peer: str, message: bytes) -> bool:
    return False
