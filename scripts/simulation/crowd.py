"""One community of many nodes: whom they are in touch with, gossip, and the minute's repair.

Whom a node chooses is decided by the real `node.choosing`; gossip follows GossipSub's rules for one
topic, with the numbers that `node.network` configures; repair talks as in `light`. Simulated are
only time, latencies and loss. A node's own work on a message takes WORK_SECONDS.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import ClassVar

from node.branches import Branches, Known
from node.cards import CARDS_SECONDS
from node.choosing import MOST_INBOUND, Choosing, Tie
from node.syncing import SPREAD_SECONDS, SYNC_SECONDS
from protocol.cards import Offer, pack_offer

from .events import Events
from .frames import Frames, Rules
from .light import FRAME, Community

LOSS = 0.05  # of gossip frames
WORK_SECONDS = 0.005  # from a frame's arrival until it was checked and kept
MEDIAN_SECONDS, SPREAD, LEAST, MOST = 0.04, 0.7, 0.002, 0.8  # latencies one way: log-normal
LOOK_SECONDS = 5.0  # between two looks of `choosing`
LOOKS = 24
CARDS, BOOKS = 500, 40  # addresses that a node knows of, at most; different sets of them
LONGEST_SECONDS = 600.0  # that is waited for a listing to be everywhere
AFTERWARDS = 10.0  # in which the last offers and copies of it arrive
MESH_SECONDS = 30.0  # in which the mesh takes its shape
SLOTS = 5  # invitations of one member that were taken

Act = Callable[[int, int], None]  # (at whom, by whom)


@dataclass(slots=True)
class Node:
    """One member's node. Peers are numbers."""

    links: list[int] = field(default_factory=list)
    mesh: set[int] = field(default_factory=set)
    back_off: dict[int, float] = field(default_factory=dict)
    has_at: float | None = None
    hops: int = 0
    gossiped: bool = False  # came by gossip, so that it is offered to others
    age: int = 0  # heartbeats since
    exchanged: dict[int, float] = field(default_factory=dict)  # when cards were, with whom
    news: bool = False  # sync brought it: the neighbours are asked soon
    bytes: Counter[str] = field(default_factory=Counter)  # sent, by what they were for


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How one listing spread."""

    PAID: ClassVar = ("message", "control", "repair")

    times: list[float]  # seconds until each node had it, in order; those it never reached left out
    hops: list[int]
    spent: Counter[str]  # bytes that all nodes sent, by what they were for
    most: int  # bytes that any node sent for it

    @property
    def cost(self) -> int:
        """Bytes that all sent for it."""
        return sum(self.spent[what] for what in self.PAID)

    def after(self, share: float) -> float:
        """Seconds until this share of all nodes had it; infinite if they never did."""
        wanted = math.ceil(share * len(self.hops))
        return self.times[wanted - 1] if wanted <= len(self.times) else math.inf


class Crowd:
    """`size` nodes in touch, whose mesh has settled. Everything follows from `seed`."""

    def __init__(self, size: int, seed: int) -> None:
        self.size = size
        self.community = Community(size, seed)
        self.rules = Rules()
        self.frames = Frames(self.community.message)
        self.nodes = [Node() for _ in range(size)]
        self.events = Events()
        self.equal = 0  # conversations in which nothing was new
        self._having = 0  # nodes
        self._dice = random.Random(f"{seed} crowd")
        self._seed = seed
        self._offer = offer_bytes()
        self._get_in_touch()
        for number in range(size):
            self.events.after(self._dice.uniform(0, self.rules.heartbeat), self._heartbeat, number)
        self.events.run(MESH_SECONDS)
        for number in range(size):
            self.events.after(self._dice.uniform(0, SYNC_SECONDS), self._minute, number)

    @property
    def hello_bytes(self) -> float:
        """What a node sends in a minute in which nothing is new."""
        both = sum(said.size for said in self.community.talk(False, False))
        return both * 60 / SYNC_SECONDS

    def listing(self, author: int) -> Spread:
        """Somebody lists something: how it spreads until everybody has it."""
        self.forget()
        begun = self.events.now
        self._take(author, 0, by_gossip=True)
        self._push(author, None)
        while self._having < self.size and self.events.now < begun + LONGEST_SECONDS:
            self.events.run(self.events.now + 1.0)
        self.events.run(self.events.now + AFTERWARDS)
        spent = sum((node.bytes for node in self.nodes), Counter[str]())
        return Spread(
            times=sorted(n.has_at - begun for n in self.nodes if n.has_at is not None),
            hops=[node.hops for node in self.nodes],
            spent=spent,
            most=max(sum(node.bytes[what] for what in Spread.PAID) for node in self.nodes),
        )

    def forget(self) -> None:
        """Nobody has the listing, and nothing was counted."""
        for node in self.nodes:
            node.has_at, node.hops, node.gossiped, node.age, node.news = None, 0, False, 0, False
            node.bytes.clear()
        self.equal = self._having = 0

    # Whom they are in touch with

    def _get_in_touch(self) -> None:
        """All have the cards of CARDS others, and dial whom `choosing` says until they rest."""
        people = [sha256(f"{self._seed} person {n}".encode()).digest() for n in range(self.size)]
        peers = [f"peer-{n}" for n in range(self.size)]
        branches = Branches(self._inviters(people), people)
        person_of = dict(zip(peers, people, strict=True))
        # Beyond so many cards it takes minutes to choose for thousands of nodes, one by one.
        books = [
            Known(branches, person_of, self._dice.sample(peers, min(CARDS, self.size)))
            for _ in range(BOOKS if self.size > CARDS else 1)
        ]
        choosing = [Choosing(random.Random(f"{self._seed} {n}")) for n in range(self.size)]
        ties: list[dict[int, Tie]] = [{} for _ in range(self.size)]
        restless = set(range(self.size))  # the others would do nothing if they looked
        for look in range(LOOKS):
            now = look * LOOK_SECONDS
            for number in self._dice.sample(sorted(restless), len(restless)):
                known = books[number % len(books)]
                plan = choosing[number].look(now, known, list(ties[number].values()))
                if not plan.dial and not plan.part:
                    restless.discard(number)
                for other in map(_number, plan.part):
                    ties[number].pop(other, None)
                    ties[other].pop(number, None)
                    restless.add(other)
                for other in map(_number, plan.dial):
                    if other == number:  # a book is shared by many, and a node does not dial itself
                        choosing[number].failed(peers[other], now)
                        continue
                    choosing[number].reached(peers[other], now)
                    ties[number].setdefault(other, Tie(peers[other], False, now))
                    ties[other].setdefault(number, Tie(peers[number], True, now))
                    if len(ties[other]) > MOST_INBOUND:
                        restless.add(other)
        for node, some in zip(self.nodes, ties, strict=True):
            node.links = sorted(some)

    def _inviters(self, people: list[bytes]) -> dict[bytes, bytes | None]:
        """The founder, and then each by somebody who still had an invitation left."""
        inviters: dict[bytes, bytes | None] = {people[0]: None}
        free = [0] * SLOTS
        for number in range(1, self.size):
            at = self._dice.randrange(len(free))
            inviters[people[number]] = people[free[at]]
            free[at] = free[-1]
            free[-1:] = [number] * SLOTS
        return inviters

    def _latency(self, one: int, other: int) -> float:
        """Always the same between two."""
        low, high = sorted((one, other))
        chance = random.Random(hash((self._seed, low, high)))
        return min(MOST, max(LEAST, MEDIAN_SECONDS * chance.lognormvariate(0, SPREAD)))

    # Gossip

    def _send(self, source: int, target: int, size: int, what: str) -> float | None:
        """Spend the bytes; how long the frame takes, None if it gets lost."""
        self.nodes[source].bytes[what] += size
        if self._dice.random() < LOSS:
            return None
        return self._latency(source, target)

    def _push(self, number: int, source: int | None) -> None:
        """Hand the message to everybody in the mesh but its bringer."""
        node = self.nodes[number]
        for peer in sorted(node.mesh):
            if peer != source:
                self._hand(number, peer)

    def _hand(self, number: int, peer: int) -> None:
        way = self._send(number, peer, self.frames.message, "message")
        if way is not None:
            hops = self.nodes[number].hops + 1
            self.events.after(way + WORK_SECONDS, self._arrives, peer, number, hops)

    def _arrives(self, number: int, source: int, hops: int) -> None:
        if self.nodes[number].has_at is None:
            self._take(number, hops, by_gossip=True)
            self._push(number, source)

    def _take(self, number: int, hops: int, *, by_gossip: bool) -> None:
        node = self.nodes[number]
        node.has_at, node.hops, node.gossiped, node.age = self.events.now, hops, by_gossip, 0
        self._having += 1

    def _heartbeat(self, number: int) -> None:
        """Keep the mesh in shape, and offer what is new to some outside of it."""
        node, rules = self.nodes[number], self.rules
        self.events.after(rules.heartbeat, self._heartbeat, number)
        if len(node.mesh) < rules.low:
            now = self.events.now
            some = [p for p in node.links if p not in node.mesh and node.back_off.get(p, 0) <= now]
            for peer in self._some(some, rules.degree - len(node.mesh)):
                node.mesh.add(peer)
                self._control(number, peer, self.frames.graft, self._graft)
        elif len(node.mesh) > rules.high:
            for peer in self._some(sorted(node.mesh), len(node.mesh) - rules.degree):
                node.mesh.discard(peer)
                self._control(number, peer, self.frames.prune, self._prune)
        if node.gossiped and node.age < rules.history:
            node.age += 1
            if node.age <= rules.window:
                others = [peer for peer in node.links if peer not in node.mesh]
                for peer in self._some(others, rules.lazy(len(others))):
                    self._control(number, peer, self.frames.have, self._offered)

    def _some(self, of: list[int], count: int) -> list[int]:
        return self._dice.sample(of, count) if count < len(of) else of

    def _control(self, number: int, peer: int, size: int, what: Act) -> None:
        way = self._send(number, peer, size, "control")
        if way is not None:
            self.events.after(way, what, peer, number)

    def _graft(self, number: int, peer: int) -> None:
        node = self.nodes[number]
        if node.back_off.get(peer, 0) > self.events.now:
            self._control(number, peer, self.frames.prune, self._prune)
        else:
            node.mesh.add(peer)

    def _prune(self, number: int, peer: int) -> None:
        node = self.nodes[number]
        node.mesh.discard(peer)
        node.back_off[peer] = self.events.now + self.rules.back_off

    def _offered(self, number: int, peer: int) -> None:
        if self.nodes[number].has_at is None:
            self._control(number, peer, self.frames.want, self._wanted)

    def _wanted(self, number: int, peer: int) -> None:
        node = self.nodes[number]
        if node.gossiped and node.age < self.rules.history:
            self._hand(number, peer)

    # Repair

    def _minute(self, number: int) -> None:
        """As `node.service` does: a conversation with a random neighbour."""
        self.events.after(SYNC_SECONDS, self._minute, number)
        if links := self.nodes[number].links:
            peer = self._dice.choice(links)
            self._sync(number, peer)
            self._exchange(number, peer)

    def _exchange(self, number: int, peer: int) -> None:
        """After a conversation each says that it has no new card, unless they did a while ago."""
        ends = self.nodes[number], self.nodes[peer]
        if self.events.now - ends[0].exchanged.get(peer, -math.inf) >= CARDS_SECONDS:
            for node, other in zip(ends, (peer, number), strict=True):
                node.exchanged[other] = self.events.now
                node.bytes["cards"] += self._offer

    def _sync(self, opener: int, server: int) -> None:
        ends = self.nodes[server], self.nodes[opener]
        has = [end.has_at is not None for end in ends]
        what = "equal" if has[0] == has[1] else "repair"
        self.equal += has[0] == has[1]
        way = self._latency(opener, server)
        time = 2 * way  # for the stream
        for said in self.community.talk(has[1], has[0]):
            ends[said.by_opener].bytes[what] += said.size
            time += way
            if said.brings:
                learner = server if said.by_opener else opener
                teacher = opener if said.by_opener else server
                self.events.after(time + WORK_SECONDS, self._learns, learner, teacher)

    def _learns(self, number: int, teacher: int) -> None:
        node = self.nodes[number]
        if node.has_at is None:
            self._take(number, self.nodes[teacher].hops + 1, by_gossip=False)
        if not node.news:  # what sync brought, gossip did not carry: tell the neighbours
            node.news = True
            self.events.after(SPREAD_SECONDS, self._tell, number)

    def _tell(self, number: int) -> None:
        for peer in self.nodes[number].links:
            self._sync(number, peer)


def offer_bytes() -> int:
    """The frame in which a node says that it has no new address card."""
    return FRAME + len(pack_offer(Offer(1_790_000_000_000, False, ())))


def _number(peer: str) -> int:
    return int(peer.removeprefix("peer-"))
