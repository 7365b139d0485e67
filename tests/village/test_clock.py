"""A clock that is a day wrong: its owner is told, and the node misses nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from node import clock_check
from node.neighbours import CARDS_SECONDS
from tests.village.village import Village, Villager, now_ms

HOUR = 3_600_000


def wrong(hours: int) -> Callable[[], int]:
    return lambda: now_ms() + hours * HOUR


async def misread(who: Villager, hours: int) -> None:
    """Who's machine starts again with a clock that is wrong by so many hours."""
    await who.stop()
    who.home.store.now_ms = wrong(hours)
    await who.start()


@pytest.mark.parametrize("hours", [25, -25])
async def test_a_node_whose_clock_is_a_day_wrong_misses_nothing(
    village: Village, autojump_clock: MockClock, hours: int
) -> None:
    ana, ben, eva, dan = people = await village.join("ana", "ben", "eva", "dan")
    await misread(dan, hours)

    bread = ana.offer("Bread")
    cheese = dan.offer("Cheese")
    await village.until(lambda: all({bread.id, cheese.id} <= each.ids for each in people))
    await village.agree()
    await village.until(lambda: clock_check.of_store(dan.home.store) is not None)

    doubt = clock_check.of_store(dan.home.store)
    assert doubt is not None
    assert abs(doubt.ahead_ms - hours * HOUR) <= clock_check.FRESH_MS
    for other in (ana, ben, eva):
        assert clock_check.of_store(other.home.store) is None
        assert dan.network.peer_id in other.node.peers.addresses()
        assert other.network.peer_id in dan.node.peers.addresses()
        assert other.faults == []


async def test_a_clock_that_goes_wrong_while_all_run_is_noticed_and_set_again(
    village: Village, autojump_clock: MockClock
) -> None:
    people = ana, ben, eva, dan = await village.join("ana", "ben", "eva", "dan")
    await trio.sleep(5 * 3600)
    assert not any(clock_check.of_store(each.home.store) for each in people)

    dan.home.store.now_ms = wrong(24)
    await village.until(lambda: clock_check.of_store(dan.home.store) is not None)
    dan.home.store.now_ms = now_ms
    await village.until(lambda: clock_check.of_store(dan.home.store) is None, 4 * CARDS_SECONDS)
