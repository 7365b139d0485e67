"""Who misbehaves waits longer each time, and is forgiven in the end."""

from __future__ import annotations

import pytest

from node import patience
from node.patience import FORGIVING_SECONDS, LONGEST_WAIT, WAIT_SECONDS, Patience


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def sulk(some: Patience, clock: Clock, times: int, peer: str = "mallory") -> float:
    """One fault after the other, each as soon as the wait is over; the last wait."""
    length = 0.0
    for _ in range(times):
        told = some.fault(peer)
        assert told is not None
        length = told
        clock.now += length
    return length


def test_each_fault_in_a_row_makes_the_wait_twice_as_long_up_to_an_hour(clock: Clock) -> None:
    some = Patience(clock)

    assert [sulk(some, clock, 1) for _ in range(9)] == [
        30, 60, 120, 240, 480, 960, 1920, LONGEST_WAIT, LONGEST_WAIT,
    ]  # fmt: skip


def test_what_is_done_while_waiting_makes_the_wait_no_longer(clock: Clock) -> None:
    some = Patience(clock)
    some.fault("mallory")

    assert some.waits("mallory")
    assert some.fault("mallory") is None
    clock.now += WAIT_SECONDS
    assert not some.waits("mallory")


def test_one_bad_day_is_forgiven_hour_by_hour(clock: Clock) -> None:
    some = Patience(clock)
    sulk(some, clock, 9)

    clock.now += 3 * FORGIVING_SECONDS
    assert some.fault("mallory") == LONGEST_WAIT / 4  # a second fault, after three quiet hours
    clock.now += 24 * 3600
    assert some.fault("mallory") == WAIT_SECONDS


def test_only_so_many_are_remembered_and_the_worst_of_them_last(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "MOST_REMEMBERED", 10)
    some = Patience(clock)
    sulk(some, clock, 5)
    some.fault("mallory")

    for number in range(100):
        some.fault(f"stranger {number}")

    assert len(some._waits) == 10
    assert some.waits("mallory")
    assert some.waits("stranger 99")
