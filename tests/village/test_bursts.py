"""Much at once: what gossip drops, sync repairs. And all that a node gossips is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import cbor2
import pytest
import trio
from trio.testing import MockClock

from node import allowances, market
from node.gossip import CARD, CERTIFICATE, RECORDS
from node.metrics import SENT
from node.syncing import SETTLING_SECONDS, SPREAD_SECONDS
from protocol.kinds.listing import Listing
from storage import aside
from tests.village.network import World
from tests.village.village import Village, Villager

MINUTE = 60.0


async def test_several_who_bring_the_same_at_once_are_not_at_fault(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was away gets all of it from each of them, and only the quickest brings news."""
    useless = allowances.SHARES["useless"]._replace(size=1000, size_a_second=1)
    ana, ben, cleo, dan = await village.join("ana", "ben", "cleo", "dan")
    others = (ana, cleo, dan)
    for person in others:
        village.cut(ben, person)
        village.world.set_latency(ben.network, person.network, 0.3)
    for number in range(200):
        book = Listing(title=f"Book {number}", mode="give", description="x" * 9000)
        market.offer(ana.home, book)
    ana.node.poke()
    await village.agree(*others)
    peers = ben.node.peers
    monkeypatch.setitem(allowances.SHARES, "useless", useless)
    peers.allowances = allowances.Allowances(trio.current_time)
    for person in others:
        village.mend(ben, person)
        await ben.network.connect(person.network.peer_id, person.network.addresses)
    await village.agree()

    assert ben.faults == []


async def test_of_a_burst_of_1000_what_gossip_drops_is_there_within_a_minute(
    tmp_path: Path, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    world = World(seed=7)
    village = Village(tmp_path, nursery, world)
    ana, ben, eva = await village.join("ana", "ben", "eva")
    village.cut(ana, eva)
    await village.agree()
    world.loss = 0.3

    loaves, missing = set(), False
    for tenth in range(10):  # a node that is importing goes on with the rest meanwhile
        loaves |= {ana.offer(f"Loaf {tenth} {number}").id for number in range(100)}
        await trio.sleep(0.1)
        missing = missing or not loaves <= eva.ids
    assert missing
    await trio.sleep(MINUTE)

    assert loaves <= ben.ids
    assert loaves <= eva.ids
    assert ana.digest == ben.digest == eva.digest
    assert ben.faults == eva.faults == []
    for person in village.people:
        await person.stop()
        person.home.close()


async def test_what_waits_for_a_gap_and_finds_no_room_comes_by_sync(
    tmp_path: Path,
    nursery: trio.Nursery,
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aside, "SHARE_SEGMENTS", 2)
    world = World(seed=7)
    village = Village(tmp_path, nursery, world)
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await trio.sleep(SETTLING_SECONDS)  # from here on gossip carries it, and not sync as well
    seen = await _most_aside(village, lambda: _bake(world, ana))

    await village.agree(seconds=2 * MINUTE)

    assert seen == 2  # a third would have waited
    assert len(ben.ids) == len(eva.ids) == 40
    assert ben.faults == eva.faults == []
    for person in village.people:
        await person.stop()
        person.home.close()


async def test_only_whom_gossip_may_miss_is_synced_with_after_a_record(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await trio.sleep(SETTLING_SECONDS)
    asked: list[str] = []
    soon = ana.node.syncing.soon

    def noted(peer: str) -> None:
        asked.append(peer)
        soon(peer)

    monkeypatch.setattr(ana.node.syncing, "soon", noted)
    ana.offer("Loaf")
    await trio.sleep(2 * SPREAD_SECONDS)
    assert asked == []

    await eva.stop()
    await eva.start()
    await village.until(lambda: eva.node.network.peer_id in ana.node.touch())
    await trio.sleep(2 * SPREAD_SECONDS)
    asked.clear()
    loaf = ana.offer("Another loaf")
    await trio.sleep(2 * SPREAD_SECONDS)

    assert asked == [eva.node.network.peer_id]
    assert loaf.id in eva.ids & ben.ids


async def _bake(world: World, ana: Villager) -> None:
    world.loss = 1.0
    ana.offer("Loaf")  # nobody hears of it
    await trio.sleep(0.1)
    world.loss = 0.0
    for number in range(39):
        ana.offer(f"Loaf {number}")
        await trio.sleep(0.01)


async def _most_aside(village: Village, work: Callable[[], Awaitable[None]]) -> int:
    """How many segments waited at one node at a time while `work` went on."""
    most = 0
    async with trio.open_nursery() as nursery:

        async def look() -> None:
            nonlocal most
            while True:
                for person in village.people:
                    query = "SELECT count(*) FROM aside"
                    most = max(most, person.home.store.db.execute(query).fetchone()[0])
                await trio.sleep(0.005)

        nursery.start_soon(look)
        await work()
        nursery.cancel_scope.cancel()
    return most


async def test_all_that_a_node_gossips_is_counted(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    sorts: Counter[int] = Counter()

    def listened(publish: Callable[[bytes], Awaitable[None]]) -> Callable[[bytes], Awaitable[None]]:
        async def hear(message: bytes) -> None:
            sorts[cbor2.loads(message)[0]] += 1
            await publish(message)

        return hear

    before = sum(person.node.metrics.gossip[SENT] for person in (ana, ben))
    for person in (ana, ben):
        person.network.publish = listened(person.network.publish)  # type: ignore[method-assign]
    await village.invited("eva", by=ana)
    ben.offer("Bread")
    await village.agree()

    assert set(sorts) == {RECORDS, CERTIFICATE, CARD}
    counted = sum(person.node.metrics.gossip[SENT] for person in (ana, ben))
    assert counted - before == sorts.total()
