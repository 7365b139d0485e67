"""When a clock is doubted: three persons, most of those heard, all in one direction."""

from __future__ import annotations

import logging
from contextlib import closing
from pathlib import Path

import pytest

from governance.charter import Charter
from governance.templates import template
from node import clock_check
from node import home as homes
from node.clock_check import Said, Watch, judge, of_store, sentence

HOUR = 3_600_000
NOW = 1_790_000_000_000
RULES = Charter.from_data(template("kitchen-table"))


def off(*hours: float) -> list[Said]:
    """Persons whose clocks are behind ours by so much."""
    return [Said(NOW - int(each * HOUR), NOW) for each in hours]


@pytest.mark.parametrize(
    ("hours", "ahead"),
    [
        ((24, 24, 24.5), 24),
        ((-24, -24, -25), -24),
        ((24, 24, 24, 0, 0), 24),
        ((24, 24), None),  # too few
        ((24, 24, 24, 0, 0, 0), None),  # no more than those who agree with us
        ((24, 24, -24, -24), None),  # they contradict each other
        ((1.9, 1.9, 1.9), None),
        ((2.5, 2.5, 2.5), 2),
        ((-1.9, -1.9, -1.9), None),
        ((-2.5, -2.5, -2.5), -2),
        ((), None),
    ],
)
def test_three_persons_and_most_of_them(hours: tuple[float, ...], ahead: int | None) -> None:
    doubt = judge(off(*hours))

    assert (None if doubt is None else int(doubt.ahead_ms / HOUR)) == ahead


def test_it_is_said_once_and_taken_back_when_the_clock_is_set(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "moothall.clock")
    clock = [NOW]
    with closing(homes.found(tmp_path / "ana", RULES, "Ana", None, lambda: clock[0])) as home:
        watch = Watch(home.store)
        people = [bytes([n]) * 32 for n in range(5)]
        for person in people[:2]:
            watch.heard(person, NOW + 24 * HOUR)
            watch.heard(person, NOW + 24 * HOUR)  # one person is one, however often they say so
        assert of_store(home.store) is None
        for person in people[2:]:
            watch.heard(person, NOW + 24 * HOUR)

        doubt = of_store(home.store)
        assert doubt is not None
        assert doubt.persons == 5
        (line,) = caplog.messages
        assert line == sentence(doubt._replace(persons=3))
        assert "24 hours behind: the nodes of 3 members say so. Your node goes on" in line

        clock[0] += 24 * HOUR
        Watch(home.store).heard(people[0], clock[0])  # after a restart: too few to say anything
        assert of_store(home.store) is not None
        for person in people:
            watch.heard(person, clock[0])
        assert of_store(home.store) is None
        assert caplog.messages[1:] == ["This machine's clock agrees with the other members' again."]


def test_what_is_remembered_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_check, "MOST", 3)
    with closing(homes.found(tmp_path / "ana", RULES, "Ana", None, lambda: NOW)) as home:
        watch = Watch(home.store)
        for n in range(10):
            watch.heard(bytes([n]) * 32, NOW - 24 * HOUR)
        doubt = of_store(home.store)
    assert doubt is not None
    assert doubt.persons == 3
