"""A network in memory, on trio's clock: what `links.Network` promises, without sockets or threads.

A `World` holds the nodes; between any two of them it has a latency and may be cut. Streams break
and dials fail across a cut, gossip may get lost by a seeded chance. The gate and the lobby's
limits are those of the real network; what a test may rely on is in tests/network/test_contract.py.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import trio
from nacl.signing import SigningKey

from node.bucket import Bucket
from node.network.company import Company
from node.network.links import (
    JOIN,
    LOBBY_BYTES,
    LOBBY_SECONDS,
    LOBBY_STREAMS,
    LOBBY_STREAMS_EACH,
    MAX_GOSSIP,
    PASSED,
    PASSED_A_SECOND,
    Gate,
    GossipCheck,
    Handler,
    Link,
    LinkError,
    Stream,
)
from node.network.peer_id import peer_id_of
from node.network.serving import Refusals, serve
from protocol.errors import Invalid
from tests.network.memory_streams import MemoryStream, Meter, Pipe

if TYPE_CHECKING:
    from trio_typing import TaskStatus

logger = logging.getLogger("moothall.network")

DIAL_SECONDS = 5.0
GOSSIP_WINDOW = 16 * 1024 * 1024  # bytes of gossip on their way between two nodes
SEEN = 4096  # gossiped messages remembered by a node


class World:
    """All nodes and what lies between them. Times are in seconds, `loss` is a chance for gossip."""

    def __init__(self, *, latency: float = 0.02, loss: float = 0.0, seed: int = 0) -> None:
        self.latency = latency
        self.loss = loss
        self._seed = seed
        self._latencies: dict[frozenset[str], float] = {}
        self._cuts: set[frozenset[str]] = set()
        self._nodes: dict[str, MemoryNetwork] = {}
        self._bound: dict[tuple[str, int], MemoryNetwork] = {}

    def network(
        self, device_seed: bytes, *, gate: Gate, topic: str, host: str | None = None
    ) -> MemoryNetwork:
        """A node of this world; `host` is its IP address, one of its own by default."""
        host = host or f"10.0.{len(self._nodes) // 250}.{len(self._nodes) % 250 + 1}"
        node = MemoryNetwork(self, device_seed, gate=gate, topic=topic, host=host)
        self._nodes[node.peer_id] = node
        return node

    def set_latency(self, a: MemoryNetwork, b: MemoryNetwork, seconds: float) -> None:
        self._latencies[_pair(a.peer_id, b.peer_id)] = seconds

    def cut(self, a: MemoryNetwork, b: MemoryNetwork) -> None:
        """Separate two nodes: what is open between them breaks at once."""
        self._cuts.add(_pair(a.peer_id, b.peer_id))
        a.part(b, "lost")

    def mend(self, a: MemoryNetwork, b: MemoryNetwork) -> None:
        """Let them reach each other again; nobody dials by itself."""
        self._cuts.discard(_pair(a.peer_id, b.peer_id))

    def is_cut(self, a: str, b: str) -> bool:
        return _pair(a, b) in self._cuts

    def loses(self, source: str, target: str, name: bytes) -> bool:
        """Whether this message gets lost on this way; the same in every run with this seed.

        Drawn for each by itself: one common sequence would depend on the order of trio's tasks,
        which is not the same in every run.
        """
        chance = random.Random(f"{self._seed} {source} {target} {name.hex()}")
        return chance.random() < self.loss

    def latency_of(self, a: str, b: str) -> float:
        return self._latencies.get(_pair(a, b), self.latency)

    def find(self, host: str, port: int) -> MemoryNetwork | None:
        return self._bound.get((host, port))

    def bind(self, node: MemoryNetwork, port: int) -> int:
        """Give the node a port of its host; 0 means any. LinkError `port-in-use`."""
        port = port or next(p for p in range(40_000, 65_536) if (node.host, p) not in self._bound)
        if (node.host, port) in self._bound:
            raise LinkError("port-in-use", f"Port {port} of {node.host} is taken.")
        self._bound[node.host, port] = node
        return port

    def unbind(self, node: MemoryNetwork) -> None:
        self._bound = {place: other for place, other in self._bound.items() if other is not node}


class MemoryNetwork:
    """One node's place in a `World`; implements `links.Network`."""

    def __init__(
        self, world: World, device_seed: bytes, *, gate: Gate, topic: str, host: str
    ) -> None:
        self.peer_id = peer_id_of(bytes(SigningKey(device_seed).verify_key))
        self.host = host
        self._world = world
        self._gate = gate
        self._topic = topic
        self._handlers: dict[str, Handler] = {}
        self._check: GossipCheck | None = None
        self._watchers: list[Callable[[str, bool], None]] = []
        self._refuse = Refusals()
        self._links: dict[str, _Link] = {}
        self._past = (0, 0)
        self._ports: list[int] = []
        self._lobby: Counter[str] = Counter()
        self._judging: set[bytes] = set()
        self._seen: dict[bytes, None] = {}
        self._passing = Bucket(size=PASSED, rate=PASSED_A_SECOND, now=trio.current_time())
        self._nursery: trio.Nursery | None = None

    @property
    def addresses(self) -> list[str]:
        return [f"/ip4/{self.host}/tcp/{port}/p2p/{self.peer_id}" for port in self._ports]

    def peers(self) -> list[str]:
        return list(self._links)

    def links(self) -> list[Link]:
        return [link.seen_by(self) for link in self._links.values()]

    def traffic(self) -> tuple[int, int]:
        links, (received, sent) = self.links(), self._past
        return (
            received + sum(link.received for link in links),
            sent + sum(link.sent for link in links),
        )

    def relaying(self) -> dict[str, Any]:
        """Nobody relays here: a world without walls between houses."""
        return {"offers": False, "reserved_at": [], "reserved": 0, "serving": 0}

    def on_addresses(self, changed: Callable[[], None]) -> None:
        """Never called: nothing is relayed here."""

    def consult(self, company: Company) -> None:
        """Never asked: nothing is relayed here."""

    def handle(self, protocol: str, handler: Handler) -> None:
        self._handlers[protocol] = handler

    def on_gossip(self, check: GossipCheck) -> None:
        self._check = check

    def on_peer(self, changed: Callable[[str, bool], None]) -> None:
        self._watchers.append(changed)

    def on_fault(self, said: Callable[[str, str], None]) -> None:
        """Never called: there is nothing below the protocols here."""

    def on_refused(self, count: Callable[[str], None]) -> None:
        self._refuse.count = count

    async def run(
        self,
        listen: Sequence[str],
        *,
        task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        try:
            for text in listen:
                self._ports.append(self._world.bind(self, _parse(text)[1]))
        except LinkError:
            self._world.unbind(self)
            self._ports.clear()
            raise
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                task_status.started()
                await trio.sleep_forever()
        finally:
            self._nursery = None
            self._world.unbind(self)
            self._ports.clear()
            for link in list(self._links.values()):
                self.part(link.other(self), "lost")

    async def connect(self, peer: str, addresses: Sequence[str]) -> None:
        self._running()
        if peer == self.peer_id:
            raise LinkError("self", "That is this node itself.")
        if peer in self._links:
            return
        for text in addresses:
            try:
                host, port = _parse(text)
            except LinkError:
                continue
            latency = self._world.latency_of(self.peer_id, peer)
            if self._world.is_cut(self.peer_id, peer):
                await trio.sleep(DIAL_SECONDS)
            else:
                await trio.sleep(2 * latency)
            if peer in self._links:
                return  # both dialled at once
            node = self._world.find(host, port)
            if node is not None and node.peer_id == peer and self._join(node):
                return
        raise LinkError("unreachable", f"{peer} can't be reached.")

    async def disconnect(self, peer: str) -> None:
        link = self._links.get(peer)
        if link is not None:
            self.part(link.other(self), "lost")
        await trio.lowlevel.checkpoint()

    async def open(self, peer: str, protocol: str) -> Stream:
        self._running()
        link = self._link(peer)
        if protocol != JOIN and not self._gate(peer):
            self._refuse(peer, f"protocol {protocol}", "stranger")
            raise LinkError("stranger", f"{peer} is no member as far as this node knows.")
        await trio.sleep(2 * self._world.latency_of(self.peer_id, peer))
        if self._links.get(peer) is not link:
            raise LinkError("lost", f"The connection with {peer} was lost.")
        node = link.other(self)
        handler = node._handlers.get(protocol)
        if handler is None or not (protocol == JOIN or node._gate(self.peer_id)):
            node._refuse(self.peer_id, f"protocol {protocol}", "stranger")
            raise LinkError("refused", f"{peer} doesn't serve {protocol} to us.")
        mine, theirs = link.open(self, node)
        if node._gate(self.peer_id):
            node._spawn(serve, handler, theirs)
        else:
            theirs.allowance = LOBBY_BYTES
            node._spawn(node._serve_stranger, handler, theirs, self.host)
        return mine

    async def publish(self, message: bytes) -> None:
        if len(message) > MAX_GOSSIP:
            raise Invalid("too-large", f"{len(message)} bytes are too many for one gossip message.")
        self._remember(hashlib.sha256(message).digest())
        self._passing.owe(1, trio.current_time())
        self._spread(message, None)
        await trio.lowlevel.checkpoint()

    async def refresh(self, peer: str) -> None:
        link = self._links.get(peer)
        if link is None:
            return
        if self._gate(peer):
            link.introduce()
        else:
            self._refuse(peer, "connection", "no-member")
            await self.disconnect(peer)

    def part(self, other: MemoryNetwork, reason: str) -> None:
        """Drop the link with another node, on both sides."""
        link = self._links.pop(other.peer_id, None)
        if link is None:
            return
        other._links.pop(self.peer_id, None)
        for end in (self, other):
            seen = link.seen_by(end)
            end._past = end._past[0] + seen.received, end._past[1] + seen.sent
        link.fail(reason)
        self._tell(other.peer_id, False)
        other._tell(self.peer_id, False)

    def trusts(self, peer: str) -> bool:
        return self._gate(peer)

    def _join(self, node: MemoryNetwork) -> bool:
        if self._nursery is None or node._nursery is None:
            return False
        if self._world.is_cut(self.peer_id, node.peer_id):
            return False
        link = _Link(self, node)
        self._links[node.peer_id] = node._links[self.peer_id] = link
        link.introduce()
        self._spawn(self._listen, node.peer_id, link.gossip_to(self))
        node._spawn(node._listen, self.peer_id, link.gossip_to(node))
        self._tell(node.peer_id, True)
        node._tell(self.peer_id, True)
        return True

    def _link(self, peer: str) -> _Link:
        link = self._links.get(peer)
        if link is None:
            raise LinkError("not-connected", f"There is no connection with {peer}.")
        return link

    def _running(self) -> None:
        if self._nursery is None:
            raise LinkError("not-running", "The network of this node isn't running.")

    def _spawn(self, task: Callable[..., object], *args: object) -> None:
        if self._nursery is not None:
            self._nursery.start_soon(task, *args)  # type: ignore[arg-type]

    async def _serve_stranger(self, handler: Handler, stream: MemoryStream, host: str) -> None:
        try:
            with self._place(host), trio.move_on_after(LOBBY_SECONDS) as patience:
                await serve(handler, stream)
            if patience.cancelled_caught:
                self._refuse(stream.peer, "lobby stream", "too-slow")
        except LinkError as error:
            self._refuse(stream.peer, "lobby stream", error.reason)
            await stream.abort()

    @contextmanager
    def _place(self, host: str) -> Iterator[None]:
        if self._lobby[host] >= LOBBY_STREAMS_EACH or self._lobby.total() >= LOBBY_STREAMS:
            raise LinkError("lobby-full", "Too many strangers at once.")
        self._lobby[host] += 1
        try:
            yield
        finally:
            self._lobby[host] -= 1

    def _tell(self, peer: str, up: bool) -> None:
        for changed in self._watchers:
            changed(peer, up)

    def _spread(self, message: bytes, source: str | None) -> None:
        for peer, link in list(self._links.items()):
            node = link.other(self)
            if peer == source or not link.gossips or node._topic != self._topic:
                continue
            if not (self._gate(peer) and node._gate(self.peer_id)):
                continue
            if not self._world.loses(self.peer_id, peer, hashlib.sha256(message).digest()):
                link.gossip_to(node).offer(message)

    async def _listen(self, source: str, pipe: Pipe) -> None:
        try:
            while True:
                await self._take(source, await pipe.get(MAX_GOSSIP))
        except LinkError:
            pass  # the link is gone

    async def _take(self, source: str, message: bytes) -> None:
        name = hashlib.sha256(message).digest()
        if source not in self._links or not self._gate(source):
            return
        if name in self._seen or name in self._judging or self._check is None:
            return
        self._judging.add(name)
        passed = False
        try:
            passed = await self._check(source, message)
        except Exception as error:
            logger.warning("gossip check failed: %s", type(error).__name__, exc_info=True)
        finally:
            self._judging.discard(name)
        if passed:
            self._remember(name)
            if self._passing.take(1, trio.current_time()):
                self._spread(message, source)

    def _remember(self, name: bytes) -> None:
        self._seen[name] = None
        if len(self._seen) > SEEN:
            del self._seen[next(iter(self._seen))]


class _Link:
    """A connection between two nodes with the streams on it."""

    def __init__(self, dialler: MemoryNetwork, listener: MemoryNetwork) -> None:
        self._ends = (dialler, listener)
        between = dialler.peer_id, listener.peer_id
        world = dialler._world
        self._since = trio.current_time()
        self._meters = Meter(), Meter()  # towards the dialler, towards the listener
        self._gossip = tuple(
            Pipe(lambda: world.latency_of(*between), GOSSIP_WINDOW, meter) for meter in self._meters
        )
        self._pipes: list[Pipe] = []
        self.gossips = False

    def other(self, one: MemoryNetwork) -> MemoryNetwork:
        return self._ends[self._ends[0] is one]

    def seen_by(self, one: MemoryNetwork) -> Link:
        other, inbound = self.other(one), one is self._ends[1]
        # The dialler's port is any: it is of no use to whom it dialled.
        address = f"/ip4/{other.host}/tcp/{0 if inbound else (other._ports or [0])[0]}"
        return Link(
            peer=other.peer_id,
            address=address,
            inbound=inbound,
            relay="",
            since=self._since,
            received=self._meter_to(one).bytes,
            sent=self._meter_to(other).bytes,
        )

    def gossip_to(self, one: MemoryNetwork) -> Pipe:
        return self._gossip[one is self._ends[1]]

    def _meter_to(self, one: MemoryNetwork) -> Meter:
        return self._meters[one is self._ends[1]]

    def introduce(self) -> None:
        """Gossip starts once both sides hold the other for a member, as of this moment."""
        a, b = self._ends
        self.gossips = self.gossips or (a.trusts(b.peer_id) and b.trusts(a.peer_id))

    def open(self, opener: MemoryNetwork, server: MemoryNetwork) -> tuple[MemoryStream, ...]:
        world = opener._world
        pair = opener.peer_id, server.peer_id
        there, back = (
            Pipe(lambda: world.latency_of(*pair), meter=self._meter_to(end))
            for end in (server, opener)
        )
        self._pipes = [pipe for pipe in self._pipes if not pipe.done]
        self._pipes += (there, back)
        return MemoryStream(server.peer_id, there, back), MemoryStream(opener.peer_id, back, there)

    def fail(self, reason: str) -> None:
        for pipe in (*self._pipes, *self._gossip):
            pipe.fail(reason)


def _pair(a: str, b: str) -> frozenset[str]:
    return frozenset((a, b))


def _parse(text: str) -> tuple[str, int]:
    parts = text.split("/")
    if len(parts) not in (5, 7) or parts[:2] != ["", "ip4"] or parts[3] != "tcp":
        raise LinkError("bad-address", f"{text!r} is no address.")
    if not parts[4].isdecimal() or (len(parts) == 7 and parts[5] != "p2p"):
        raise LinkError("bad-address", f"{text!r} is no address.")
    return parts[2], int(parts[4])
