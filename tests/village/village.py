"""Named people whose real nodes live in one process, over the in-memory network and its clock."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import trio

from governance.charter import Charter
from governance.templates import template
from node import home as homes
from node import inviting, market
from node.home import Home
from node.peers import Peers
from node.service import Node
from protocol.invitation import Link
from protocol.kinds.listing import Listing
from storage import digest, fork_proofs
from storage.verify import verify
from storage.views import listing_queries as queries
from storage.views import members
from tests.village.network import MemoryNetwork, World

START_MS = 1_790_000_000_000


def now_ms() -> int:
    """The simulated clock as milliseconds since 1970."""
    return START_MS + int(trio.current_time() * 1000)


class Villager:
    """A person with a home on disk and a node that can be started and stopped."""

    def __init__(self, village: Village, name: str, home: Home) -> None:
        self.name = name
        self.home = home
        self.always_on = False  # from its next start
        self._village = village
        self._scope: trio.CancelScope | None = None
        self._ended = trio.Event()
        self.node: Node
        self.network: MemoryNetwork

    async def start(self) -> None:
        """Run the node."""
        peers = Peers(self.home.store, trio.current_time)
        self.network = self._village.world.network(
            self.home.unlock().device.seed,
            gate=peers.may_talk,
            topic=self.home.store.community.hex(),
            host=self._village.host(self.name),
        )
        self.node = Node(
            self.home,
            self.network,
            keys=self.home.unlock(),
            peers=peers,
            dice=random.Random(self.name),
            always_on=self.always_on,
        )
        await self._village.nursery.start(self._live)

    async def _live(self, *, task_status: trio.TaskStatus[None]) -> None:
        self._ended = trio.Event()
        try:
            async with trio.open_nursery() as nursery:
                self._scope = nursery.cancel_scope
                await nursery.start(self.node.run, ["/ip4/0.0.0.0/tcp/4001"])
                task_status.started()
        finally:
            self._ended.set()

    async def stop(self) -> None:
        """End the node; the home stays."""
        if self._scope is None:
            return
        self._scope.cancel()
        await self._ended.wait()

    def offer(self, title: str, price: int | None = None) -> queries.Offer:
        """List something for sale, as the command does."""
        made = market.offer(
            self.home, Listing(title=title, mode="sell", price=price, currency="EUR")
        )
        self.node.poke()
        return made

    @property
    def ids(self) -> set[bytes]:
        """Ids of all open listings."""
        found = queries.search(self.home.store, queries.Query(limit=10_000))
        return {offer.id for offer in found.offers}

    @property
    def digest(self) -> str:
        return digest.digest(self.home.store)

    @property
    def standing(self) -> str:
        return self.home.standing()

    @property
    def forks(self) -> list[tuple[bytes, int, int]]:
        return fork_proofs.forks(self.home.store)

    @property
    def faults(self) -> list[str]:
        return [row[0] for row in self.home.store.db.execute("SELECT reason FROM fault")]

    def members(self) -> dict[str, str]:
        """Name -> status."""
        return {m.name: m.status for m in members.everybody(self.home.store)}

    def status_of(self, other: Villager) -> str:
        """How this node sees that person."""
        return members.get(self.home.store, other.home.person).status

    def verify(self) -> list[str]:
        return [str(fault) for fault in verify(self.home.store)[1]]


class Village:
    """People of one community. Everything is deterministic but for the keys."""

    def __init__(self, folder: Path, nursery: trio.Nursery, world: World | None = None) -> None:
        self.folder = folder
        self.nursery = nursery
        self.world = world or World()
        self.people: list[Villager] = []

    def host(self, name: str) -> str:
        names = [person.name for person in self.people]
        return f"10.1.0.{names.index(name) + 1}"

    async def join(
        self,
        *names: str,
        probation_s: int = 0,
        rules: dict[str, Any] | None = None,
        tellers: int = 1,
    ) -> list[Villager]:
        """The first founds, the others join one by one; all run and hold the same at the end.

        `rules` change what the kitchen table's charter says of every kind of vote; `tellers` is
        how many seats the next election of tellers fills.
        """
        founder, *others = names
        ana = self._add(founder, self._found(founder, probation_s, rules or {}, tellers))
        await ana.start()
        for name in others:
            await self.invited(name, by=ana)
        return self.people

    def _found(self, name: str, probation_s: int, rules: dict[str, Any], tellers: int) -> Home:
        data: Any = template("kitchen-table")
        data["membership"]["probation_s"] = probation_s
        data["offices"]["teller"]["seats"] = tellers
        for rule in data["rules"].values():
            rule.update(rules)
        charter = Charter.from_data(data)
        return homes.found(self.folder / name, charter, name, None, now_ms)

    def _add(self, name: str, home: Home) -> Villager:
        person = Villager(self, name, home)
        self.people.append(person)
        return person

    async def invited(self, name: str, *, by: Villager, wait: bool = True) -> Villager:
        """Somebody joins by an invitation of `by`, and waits to be a member."""
        (link,) = inviting.make(by.home, 1)
        by.node.poke()
        person = await self.joins(name, link)
        if wait:
            await self.until(lambda: person.standing == "member")
        return person

    async def joins(self, name: str, link: Link) -> Villager:
        """Somebody uses a link and starts their node."""
        return await self.comes(name, homes.join_by(self.folder / name, link, name, None, now_ms))

    async def comes(self, name: str, home: Home) -> Villager:
        """Somebody with this home starts their node."""
        person = self._add(name, home)
        await person.start()
        return person

    def cut(self, one: Villager, other: Villager) -> None:
        self.world.cut(one.network, other.network)

    def mend(self, one: Villager, other: Villager) -> None:
        self.world.mend(one.network, other.network)

    async def until(self, condition: object, seconds: float = 3600.0) -> None:
        """Let simulated time pass until the condition holds; at most `seconds` of it."""
        assert callable(condition)
        with trio.fail_after(seconds):
            while not condition():
                await trio.sleep(1)

    async def agree(self, *some: Villager, seconds: float = 3600.0) -> str:
        """Wait until all (or these) hold the same; their digest."""
        chosen = some or tuple(self.people)
        await self.until(lambda: len({p.digest for p in chosen}) == 1, seconds)
        return chosen[0].digest
