"""A clock that is a day wrong: its owner is told, and the node misses nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from node import clock_check
from node.cards import CARDS_SECONDS
from tests.village.village import Village, Villager, now_ms

HOUR = 3_600_000


def wrong(hours: int) -> Callable[[], int]:
    return lambda: now_ms() + hours * HOUR


def card(who: Villager, of: Villager) -> int:
    """When the card of this device was issued that is held there."""
    asked = "SELECT issued_ms FROM peer WHERE device = ?"
    (issued_ms,) = who.home.store.db.execute(asked, [of.home.device]).fetchone()
    return int(issued_ms)


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
    assert abs(doubt.ahead_ms - hours * HOUR) < 1000
    await village.until(lambda: all(card(each, dan) == card(dan, dan) for each in people))
    for other in (ana, ben, eva):
        assert clock_check.of_store(other.home.store) is None
        assert dan.network.peer_id in other.node.peers.addresses()
        assert other.network.peer_id in dan.node.peers.addresses()
        assert other.faults == []


async def test_the_time_is_told_whenever_cards_are_exchanged_however_old_they_are(
    village: Village, autojump_clock: MockClock
) -> None:
    people = await village.join("ana", "ben", "eva", "dan")
    for person in people:  # four hours pass for everybody
        person.home.store.now_ms = wrong(4)
    await trio.sleep(2 * CARDS_SECONDS)

    assert not any(clock_check.of_store(each.home.store) for each in people)


async def test_a_clock_that_goes_wrong_while_all_run_is_noticed_and_set_again(
    village: Village, autojump_clock: MockClock
) -> None:
    _, _, _, dan = await village.join("ana", "ben", "eva", "dan")

    dan.home.store.now_ms = wrong(24)
    await village.until(lambda: clock_check.of_store(dan.home.store) is not None)
    dan.home.store.now_ms = now_ms
    await village.until(lambda: clock_check.of_store(dan.home.store) is None, 4 * CARDS_SECONDS)
