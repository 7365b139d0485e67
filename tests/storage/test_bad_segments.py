"""What is false about a segment, and that nothing of it is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from protocol.errors import Invalid
from protocol.records import GOV, MARKET
from storage import certificates, log
from storage.digest import digest
from storage.standing import settle
from storage.store import Store
from tests.storage.post import told
from tests.storage.world import World, village

Spoil = Callable[[list[Any]], Any]


@pytest.fixture
def world() -> World:
    world = village("ben", "eva")
    for number in range(6):
        world.offer(world.of["ben1"], title=f"Bread {number}", sign=number == 5)
    return world


@pytest.fixture
def mia(world: World) -> Store:
    return told(world, without=[world.of["ben1"]])


def content(store: Store) -> list[tuple[str, list[Any]]]:
    """Every row of every table."""
    tables = store.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [(t, store.db.execute(f"SELECT * FROM {t}").fetchall()) for (t,) in tables]


def altered(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


SPOILED: dict[str, Spoil] = {
    "an altered header": lambda e: [*e[:2], [altered(e[2][0]), *e[2][1:]], *e[3:]],
    "an altered body": lambda e: [*e[:2], [*e[2][:3], altered(e[2][3])], *e[3:]],
    "an altered salt": lambda e: [*e[:2], [*e[2][:2], altered(e[2][2]), e[2][3]], *e[3:]],
    "a false signature at its end": lambda e: [*e[:-1], [e[-1][0], altered(e[-1][1]), *e[-1][2:]]],
    "no signature at its end": lambda e: e[:-1],
    "a record left out": lambda e: e[:2] + e[3:],
    "two records swapped": lambda e: [e[0], e[2], e[1], *e[3:]],
    "a record twice": lambda e: [*e[:2], *e[1:]],
    "a salt without body": lambda e: [[*e[0][:3], None], *e[1:]],
    "an entry of another shape": lambda e: [e[0][:3], *e[1:]],
    "no records": lambda e: [],
    "something else": lambda e: {"records": e},
}


@pytest.mark.parametrize("what", SPOILED)
def test_of_a_segment_with_a_fault_nothing_is_kept(what: str, world: World, mia: Store) -> None:
    ben = world.of["ben1"]
    entries = [record.entry() for record in ben.logs[MARKET][0].records]
    with mia.transaction():
        log.keep_segment(mia, ben.key, GOV, [r.entry() for r in ben.logs[GOV][0].records])
        settle(mia)
    before = content(mia)

    with pytest.raises(Invalid) as refusal, mia.transaction():
        log.keep_segment(mia, ben.key, MARKET, SPOILED[what](entries))

    assert refusal.value.reason.replace("-", "").isalpha()
    assert content(mia) == before
    with mia.transaction():
        assert log.keep_segment(mia, ben.key, MARKET, entries).word == log.KEPT


def test_a_good_segment_in_the_same_step_goes_with_the_bad_one(world: World, mia: Store) -> None:
    ben, eva = world.of["ben1"], world.of["eva1"]
    before = content(mia)

    with pytest.raises(Invalid), mia.transaction():
        log.keep_segment(mia, ben.key, GOV, [r.entry() for r in ben.logs[GOV][0].records])
        log.keep_segment(mia, eva.key, GOV, [[b"nonsense", None, None, None]])

    assert content(mia) == before


def test_a_log_of_another_community_or_device_is_refused(world: World, mia: Store) -> None:
    ben, eva = world.of["ben1"], world.of["eva1"]
    entries = [record.entry() for record in ben.logs[GOV][0].records]
    with pytest.raises(Invalid, match="another log"), mia.transaction():
        log.keep_segment(mia, eva.key, GOV, entries)
    mia.community = bytes(31) + b"x"
    with pytest.raises(Invalid), mia.transaction():
        log.keep_segment(mia, ben.key, GOV, entries)


def test_a_stranger_begins_with_an_enrolment(world: World, mia: Store) -> None:
    gus = world.of["gus1"]
    vow = world.write(gus, "x-vow", {}, lane=GOV)
    with pytest.raises(Invalid) as refusal, mia.transaction():
        log.keep_segment(mia, gus.key, GOV, [vow.entry()])
    assert refusal.value.reason == "no-enrolment"


def test_a_step_that_fails_takes_back_what_was_certified_in_it(world: World) -> None:
    """The state in memory never runs ahead of what is on disk."""
    mia = told(world)
    before = digest(mia)
    height = certificates.tip(mia)[0]
    eva = world.of["eva1"]
    world.certify({"retire": [[eva.key, []]]})

    with pytest.raises(Invalid), mia.transaction():
        certificates.keep(mia, world.certificates[-1])
        state = certificates.current(mia)
        assert state is not None
        assert state.height == height + 1
        log.keep_segment(mia, eva.key, GOV, [])

    state = certificates.current(mia)
    assert state is not None
    assert state.height == height
    assert digest(mia) == before
    with mia.transaction():
        assert certificates.keep(mia, world.certificates[-1])
        settle(mia)
    assert digest(mia) != before


def test_a_certificate_that_contradicts_ours_changes_nothing(world: World) -> None:
    mia = told(world)
    before = content(mia)
    travel = [*world.certificates[1]]
    travel[0] = altered(travel[0])

    with pytest.raises(Invalid), mia.transaction():
        certificates.keep(mia, travel)

    assert content(mia) == before
