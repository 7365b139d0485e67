"""Much at once: what gossip drops, sync repairs."""

from __future__ import annotations

from pathlib import Path

import trio
from trio.testing import MockClock

from tests.village.network import World
from tests.village.village import Village

MINUTE = 60.0


async def test_of_a_burst_of_1000_what_gossip_drops_is_there_within_a_minute(
    tmp_path: Path, nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    world = World(seed=7)
    village = Village(tmp_path, nursery, world)
    ana, ben, eva = await village.join("ana", "ben", "eva")
    village.cut(ana, eva)
    await village.agree()
    world.loss = 0.3

    loaves = set()
    for tenth in range(10):  # a node that is importing goes on with the rest meanwhile
        loaves |= {ana.offer(f"Loaf {tenth} {number}").id for number in range(100)}
        await trio.sleep(0.1)
    assert not loaves <= eva.ids
    await trio.sleep(MINUTE)

    assert loaves <= ben.ids
    assert loaves <= eva.ids
    assert ana.digest == ben.digest == eva.digest
    assert ben.faults == eva.faults == []
    for person in village.people:
        await person.stop()
        person.home.close()
