"""What can't be placed yet waits, unseen and within a limit, and is placed when it can be."""

from __future__ import annotations

import pytest

from protocol.kinds import erase
from protocol.records import GOV, MARKET
from storage import aside, fork_proofs, frontier, log, sideset
from storage.store import Store
from tests.storage.post import (
    CERTIFICATE,
    FOUND,
    agree,
    deliver,
    log_of,
    new_store,
    on_offer,
    send,
    told,
)
from tests.storage.world import Branch, Device, World, village


def waiting(store: Store) -> int:
    (count,) = store.db.execute("SELECT count(*) FROM aside").fetchone()
    return int(count)


def seqs(store: Store, device: Device) -> list[int]:
    """Where the segments begin that wait of a device."""
    query = "SELECT seq FROM aside WHERE device = ? ORDER BY seq"
    return [seq for (seq,) in store.db.execute(query, [device.key])]


def bakery(breads: int = 6) -> tuple[World, Store]:
    """Ben's log as he wrote it, and mia who holds all but his listings."""
    world = village("ben")
    ben = world.of["ben1"]
    for number in range(breads):
        world.offer(ben, title=f"Bread {number}")
    mia = told(world, without=[ben])
    send(mia, world, ben.logs[GOV][0].records)
    return world, mia


def test_gossip_ahead_of_the_log_waits_and_is_placed_later() -> None:
    world, mia = bakery()
    breads = world.of["ben1"].logs[MARKET][0].records
    before = frontier.hello(mia)

    for start in (4, 2):
        send(mia, world, breads[start : start + 2])

    assert waiting(mia) == 2
    assert on_offer(mia) == set()
    assert frontier.hello(mia) == before
    send(mia, world, breads[:2])
    assert waiting(mia) == 0
    assert on_offer(mia) == {record.id for record in breads}


def test_two_branches_that_wait_at_one_place_are_both_kept() -> None:
    world, mia = bakery(4)
    ben = world.of["ben1"]
    breads = ben.logs[MARKET][0].records
    ben.logs[MARKET].append(Branch(breads[:2], 2))
    world.offer(ben, 1, title="Other bread")
    send(mia, world, breads[2:])
    send(mia, world, ben.logs[MARKET][1].records[2:])

    send(mia, world, breads[:2])

    assert fork_proofs.forks(mia) == [(ben.key, MARKET, 3)]


def test_of_one_author_the_newest_that_fit_a_share_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    world, mia = bakery(8)
    ben = world.of["ben1"]
    breads = ben.logs[MARKET][0].records
    monkeypatch.setattr(aside, "SHARE_SEGMENTS", 3)

    for record in breads[2:]:
        send(mia, world, [record])
    assert seqs(mia, ben) == [6, 7, 8]
    monkeypatch.setattr(aside, "SHARE_BYTES", 1)
    send(mia, world, breads[3:4])

    assert seqs(mia, ben) == []


def test_who_sends_most_ahead_makes_room_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    world = village("ben", "eva", "dan")
    ben, eva, dan = (world.of[name] for name in ("ben1", "eva1", "dan1"))
    mia = told(world)
    for device, count in ((ben, 9), (eva, 4), (dan, 4)):
        for _ in range(count):
            world.offer(device)
    monkeypatch.setattr(aside, "MAX_SEGMENTS", 9)

    for device in (eva, ben, dan):
        for record in device.logs[MARKET][0].records[1:]:
            send(mia, world, [record])

    assert seqs(mia, eva) == [2, 3, 4]
    assert seqs(mia, dan) == [2, 3, 4]
    assert seqs(mia, ben) == [7, 8, 9]
    monkeypatch.setattr(aside, "MAX_BYTES", 1)
    send(mia, world, dan.logs[MARKET][0].records[3:])
    assert waiting(mia) == 0


def test_strangers_share_one_room_however_many_keys_they_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world, mia = bakery(4)
    ben = world.of["ben1"]
    send(mia, world, ben.logs[MARKET][0].records[2:])
    monkeypatch.setattr(aside, "SHARE_SEGMENTS", 2)

    for name in ("eva1", "dan1", "gus1", "eva2"):
        world.offer(world.of[name])
        send(mia, world, world.of[name].logs[MARKET][0].records)

    assert seqs(mia, ben) == [3]
    assert [seqs(mia, world.of[name]) for name in ("eva1", "dan1", "gus1", "eva2")] == [
        [], [], [1], [1],
    ]  # fmt: skip


def test_what_was_dropped_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world, mia = bakery(8)
    breads = world.of["ben1"].logs[MARKET][0].records
    leo = told(world, "leo")
    monkeypatch.setattr(aside, "SHARE_SEGMENTS", 2)
    for record in breads[2:]:
        send(mia, world, [record])

    agree([mia, leo])

    assert on_offer(mia) == {record.id for record in breads}
    assert waiting(mia) == 0


def test_records_of_somebody_unknown_wait_and_are_placed_when_they_belong() -> None:
    world = village("ben")
    eva = world.of["eva1"]
    world.do_welcome(eva, 1, 0)  # joined, not certified
    bread = world.offer(eva, title="Bread")
    mia = new_store(world)
    send(mia, world, [bread])
    for number in range(12):
        world.write(eva, "x-vow", {"n": number}, lane=GOV)
    send(mia, world, eva.logs[GOV][0].records)
    assert log_of(mia, eva, GOV).head_seq == sideset.CANDIDATE_RECORDS
    assert frontier.places(mia) == []

    deliver(mia, (FOUND, world.found.entry()))
    for travel in world.certificates:
        deliver(mia, (CERTIFICATE, travel))
    send(mia, world, world.of["ana1"].logs[GOV][0].records)

    assert waiting(mia) == 0
    assert log_of(mia, eva, GOV).prefix_seq == 14
    assert on_offer(mia) == {bread.id}


def test_a_body_erased_while_it_waits_is_gone_from_what_waits() -> None:
    world, mia = bakery(4)
    ben = world.of["ben1"]
    breads = ben.logs[MARKET][0].records
    send(mia, world, breads[2:])
    secret = breads[3].body
    assert secret is not None
    assert any(secret in row[0] for row in mia.db.execute("SELECT entries FROM aside"))

    taken_back = world.write(ben, "erase", erase.body([breads[3].id]))
    send(mia, world, [taken_back])

    assert not any(secret in row[0] for row in mia.db.execute("SELECT entries FROM aside"))
    send(mia, world, breads[:2])
    assert on_offer(mia) == {record.id for record in breads[:3]}


def test_gossip_ahead_says_so_to_who_asks() -> None:
    world, mia = bakery()
    breads = world.of["ben1"].logs[MARKET][0].records
    entries = [record.entry() for record in breads[3:]]

    with mia.transaction():
        outcome = log.keep_segment(mia, world.of["ben1"].key, MARKET, entries)

    assert outcome == log.Outcome(log.ASIDE, 0)
