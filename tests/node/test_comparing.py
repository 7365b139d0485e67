"""What counts as a difference between newest certificates, and what is only a moment's delay."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.charter import Charter
from governance.membership import CERTIFIED, PROVISIONAL
from governance.templates import template
from node import comparing
from node import home as homes
from node.branches import Branches, Known
from node.comparing import FRESH_SECONDS, ODD_SECONDS, PATIENCE_SECONDS, SETTLED_SECONDS, Comparing
from node.home import Home
from node.network.peer_id import peer_id_of
from storage import certificates


def device(number: int) -> bytes:
    return number.to_bytes(32, "big")


def peer(number: int) -> str:
    return peer_id_of(device(number))


def person(number: int) -> bytes:
    return bytes([number]) * 32


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A founder's home; devices 1 to 6 are those of persons 1 to 6, 11 is another of person 1's."""
    made = homes.found(tmp_path / "ana", Charter.from_data(template("kitchen-table")), "Ana", None)
    with made.store.transaction():
        for number, owner in [*((each, each) for each in range(1, 7)), (11, 1)]:
            row = [device(number), person(owner), CERTIFIED]
            made.store.db.execute(
                "INSERT INTO device (key, person, standing) VALUES (?, ?, ?)", row
            )
    yield made
    made.close()


class Watch:
    """Comparing with a clock that a test moves."""

    def __init__(self, home: Home) -> None:
        self.now = 1000.0
        self.told: list[tuple[str, int]] = []
        self.home = home
        self.comparing = Comparing(
            home.store, lambda: self.now, lambda *said: self.told.append(said)
        )
        self.height, self.newest = certificates.tip(home.store)

    def says(self, number: int, height: int, certificate: bytes, seconds: float = 0.0) -> None:
        self.comparing.heard(peer(number), height, certificate)
        self.now += seconds

    def certify(self, certificate: bytes) -> None:
        """Another certificate is here; only its place and id matter."""
        with self.home.store.transaction():
            self.home.store.db.execute(
                "INSERT INTO certificate (height, id, raw, travel, received_ms)"
                " VALUES (?, ?, x'', x'', 0)",
                [self.height + 1, certificate],
            )
        self.height, self.newest = self.height + 1, certificate

    @property
    def result(self) -> tuple[int, int, list[str]]:
        found = self.comparing.result()
        return found["peers"], found["same"], [each["peer"] for each in found["differ"]]


@pytest.fixture
def watch(home: Home) -> Watch:
    return Watch(home)


def test_several_devices_of_a_person_are_one_and_strangers_and_guests_none(watch: Watch) -> None:
    for number in (1, 11, 2, 99):
        watch.says(number, watch.height, watch.newest)
    assert watch.result == (2, 2, [])
    query = "UPDATE device SET standing = ? WHERE key = ?"
    watch.home.store.db.execute(query, [PROVISIONAL, device(2)])
    assert watch.result == (1, 1, [])
    watch.comparing.heard("no peer id", 0, watch.newest)
    watch.says(3, -1, watch.home.store.community)
    assert watch.result == (1, 1, [])


def test_who_is_behind_on_our_chain_differs_in_nothing(watch: Watch) -> None:
    old = watch.newest
    watch.certify(b"\1" * 32)
    watch.says(1, 0, old, 3000)
    assert watch.result == (1, 0, [])


def test_another_certificate_where_we_have_ours_differs_once_it_has_stayed(watch: Watch) -> None:
    watch.says(1, 0, b"\2" * 32)
    assert watch.result == (0, 0, [])
    watch.now += SETTLED_SECONDS
    assert watch.result == (1, 0, [peer(1)])
    known = Known(Branches({}), {}, [])
    watch.comparing.look(known, [])
    watch.comparing.look(known, [])
    assert watch.told == [(peer(1), 0)]
    watch.says(1, 0, watch.newest)
    assert watch.result == (1, 1, [])


def test_an_old_certificate_of_another_chain_differs_as_well(watch: Watch) -> None:
    watch.certify(b"\1" * 32)
    watch.says(1, 0, b"\2" * 32, SETTLED_SECONDS)
    assert watch.result == (1, 0, [peer(1)])


def test_who_is_ahead_is_believed_until_it_could_have_shown_it(watch: Watch) -> None:
    watch.says(1, 1, b"\1" * 32, SETTLED_SECONDS)
    assert watch.result == (0, 0, [])
    watch.comparing.through(peer(1))
    assert watch.result == (1, 0, [peer(1)])
    watch.certify(b"\1" * 32)
    assert watch.result == (1, 1, [])


def test_who_names_ever_newer_ones_and_never_gets_to_showing_them_differs(watch: Watch) -> None:
    for height in range(1, 11):
        assert watch.result == (0, 0, [])
        watch.says(1, height, bytes([height]) * 32, PATIENCE_SECONDS / 10)
    assert watch.result == (1, 0, [peer(1)])


def test_who_names_another_one_each_time_is_told_of_once(watch: Watch) -> None:
    known = Known(Branches({}), {}, [])
    watch.says(1, 1, os.urandom(32), PATIENCE_SECONDS)
    for _ in range(100):
        watch.says(1, 1, os.urandom(32), 1)
        watch.comparing.look(known, [])
    assert watch.told == [(peer(1), 1)]


def test_a_word_counts_for_an_hour(watch: Watch) -> None:
    watch.says(1, 0, watch.newest, FRESH_SECONDS - 1)
    assert watch.result == (1, 1, [])
    watch.now += 1
    assert watch.result == (0, 0, [])


def tree(watch: Watch) -> Known:
    """1 has invited 2, 3 and 4, the founder 1, 5 and 6; the founder is not us here."""
    inviters: dict[bytes, bytes | None] = {person(9): None}
    inviters |= {person(each): person(1) for each in (2, 3, 4)}
    inviters |= {person(each): person(9) for each in (1, 5, 6)}
    persons = {peer(each): person(each) for each in range(1, 7)} | {peer(11): person(1)}
    return Known(Branches(inviters, list(inviters)), persons, persons)


def test_three_persons_are_asked_and_of_other_branches_first(watch: Watch) -> None:
    known, here, dice = tree(watch), [peer(each) for each in (2, 3, 4, 5)], random.Random(1)
    watch.says(2, 0, watch.newest)
    assert watch.comparing.next(known, here, dice) == peer(5)
    watch.says(5, 0, watch.newest)
    assert watch.comparing.next(known, here, dice) in (peer(3), peer(4))
    watch.says(3, 0, watch.newest)
    assert watch.comparing.next(known, here, dice) is None
    assert watch.comparing.next(known, [peer(2)], dice) is None


def test_that_all_are_of_one_branch_is_said_when_it_stays_so(watch: Watch) -> None:
    known = tree(watch)
    watch.comparing.look(known, [peer(2), peer(3), peer(11)])
    assert watch.comparing.result()["branch"] is None
    watch.now += ODD_SECONDS
    watch.comparing.look(known, [peer(2), peer(3), peer(11)])
    assert watch.comparing.result()["branch"] == person(1).hex()
    watch.comparing.look(known, [peer(2), peer(3), peer(5)])
    assert watch.comparing.result()["branch"] is None
    watch.comparing.look(known, [])
    assert watch.comparing.result() == comparing.NOTHING
