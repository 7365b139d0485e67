"""Named people on either network, for the tests of this folder."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import trio

from node.network.links import Network
from tests.village.network import World

if TYPE_CHECKING:
    from node.network.libp2p_host import Libp2pNetwork

TOPIC = "/moothall/test"
ANY_PORT = ["/ip4/127.0.0.1/tcp/0"]
DEAD = "/ip4/127.0.0.1/tcp/1"  # nobody listens on port 1


class WallClock(trio.abc.Clock):
    """Real time, for tests that use sockets."""

    def start_clock(self) -> None:
        pass

    def current_time(self) -> float:
        return time.perf_counter()

    def deadline_to_sleep_time(self, deadline: float) -> float:
        return deadline - self.current_time()


class Person:
    """A node with its owner's opinions: whom it trusts, what gossip it passes on, what it saw."""

    def __init__(self, make: Callable[..., Network], name: str, **options: Any) -> None:
        self.trusts: set[str] | None = None  # None is everybody
        self.passes_on = True
        seed = hashlib.sha256(name.encode()).digest()
        self.net: Any = make(seed, gate=self._gate, topic=TOPIC, **options)
        self.id: str = self.net.peer_id
        self._news, self.news = trio.open_memory_channel[tuple[str, bool]](100)
        self._heard, self.heard = trio.open_memory_channel[tuple[str, bytes]](100)
        self.net.on_peer(lambda peer, up: self._news.send_nowait((peer, up)))
        self.net.on_gossip(self._hear)
        self.moved = trio.Event()  # set, and another, whenever the addresses have changed
        self.net.on_addresses(self._move)

    def _gate(self, peer: str) -> bool:
        return self.trusts is None or peer in self.trusts

    def _move(self) -> None:
        self.moved.set()
        self.moved = trio.Event()

    async def _hear(self, peer: str, message: bytes) -> bool:
        self._heard.send_nowait((peer, message))
        return self.passes_on


class Village:
    """Makes people of one kind of network and runs them in the test's nursery."""

    def __init__(self, kind: str, nursery: trio.Nursery) -> None:
        self.kind = kind
        self._nursery = nursery
        if kind == "memory":
            self._make: Callable[..., Network] = World().network
        else:
            from node.network.libp2p_host import Libp2pNetwork

            self._make = Libp2pNetwork

    def person(self, name: str, **options: Any) -> Person:
        return Person(self._make, name, **options)

    async def arrive(self, *people: Person) -> None:
        for person in people:
            await self._nursery.start(person.net.run, ANY_PORT)

    async def meet(self, *people: Person) -> None:
        """Connect each to the next, and wait until both know."""
        for one, other in itertools.pairwise(people):
            await one.net.connect(other.id, other.net.addresses)
            assert await one.news.receive() == (other.id, True)
            assert await other.news.receive() == (one.id, True)

    async def gossiping(self, *people: Person) -> None:
        """Wait until each and the next have each other in their gossip mesh."""
        if self.kind == "memory":
            return
        for one, other in itertools.pairwise(people):
            await in_mesh(one.net, other.net)
            await in_mesh(other.net, one.net)


async def in_mesh(one: Libp2pNetwork, other: Libp2pNetwork) -> None:
    assert one._pubsub is not None
    await one._pubsub.wait_for_peer(other._me, 20)
    await one._pubsub.wait_for_mesh(other._me, TOPIC, 20)
