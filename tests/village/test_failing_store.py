"""A home that can't be written to, or not even read, for a while: the node goes on and recovers."""

from __future__ import annotations

import logging
import sqlite3

import pytest
import trio
from trio.testing import MockClock

from node import telling
from node.cards import Cards
from node.conversations import Conversation
from node.steady import TOLD_SECONDS
from protocol.errors import StoreError
from tests.village.village import Village

HOUR = 3600.0


def said(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= level]


async def test_what_cannot_be_kept_is_said_now_and_then_and_fetched_later(
    village: Village, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    bread = ana.offer("Bread")
    await village.agree()
    caplog.clear()
    ana.home.store.db.execute("PRAGMA query_only = ON")  # as a disk that is mounted read-only

    jam = ben.offer("Jam")
    with pytest.raises(StoreError, match="can't be written"):
        ana.offer("Cake")
    await trio.sleep(HOUR)

    assert set(said(caplog)) == {telling.trouble("read-only")}
    assert len(said(caplog)) <= HOUR / TOLD_SECONDS + 1
    assert ana.ids == {bread.id}
    assert eva.ids == {bread.id, jam.id}
    assert ben.faults == eva.faults == []
    ana.home.store.db.execute("PRAGMA query_only = OFF")
    await village.agree(seconds=60)
    assert jam.id in ana.ids
    assert ana.home.store.trouble is None


async def test_who_was_told_of_nothing_for_want_of_room_asks_nobody_in_vain(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    await village.agree()
    ana.home.store.db.execute("PRAGMA query_only = ON")
    ben.offer("Jam")
    await trio.sleep(60)
    ana_heard = sum(link.received for link in ana.network.links())

    await trio.sleep(HOUR)

    heard = sum(link.received for link in ana.network.links()) - ana_heard
    assert heard < 60 * 1024  # hellos and cards, a few a minute
    ana.home.store.db.execute("PRAGMA query_only = OFF")
    await village.agree()


async def test_a_store_that_cannot_be_read_for_a_minute_ends_nothing(
    village: Village, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    ana, ben = await village.join("ana", "ben")
    await village.agree()
    db = ana.home.store.db
    caplog.clear()
    db.execute("ALTER TABLE device RENAME TO away")  # who talks, who is dialled: nobody can tell

    ana.node.peers.look_again()
    ana.node.poke()
    ben.offer("Jam")
    await trio.sleep(150)

    assert said(caplog, logging.ERROR)
    assert len(said(caplog)) < 40
    db.execute("ALTER TABLE away RENAME TO device")
    jar = ana.offer("Jar")
    await village.agree(seconds=300)
    assert jar.id in ben.ids


async def test_dials_that_a_failing_disk_ended_are_begun_again(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, *others = await village.join("ana", "ben", "eva", "dan", "cleo")
    where = ana.node.peers.where

    def fail(peer: str) -> list[str]:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(ana.node.peers, "where", fail)
    for each in others:
        monkeypatch.setattr(each.node.peers, "where", lambda peer: [])  # so that she has to dial
        village.cut(ana, each)
    await village.until(lambda: not ana.network.peers(), 600)
    await trio.sleep(600)
    monkeypatch.setattr(ana.node.peers, "where", where)
    for each in others:
        village.mend(ana, each)

    await village.until(lambda: bool(ana.network.peers()), 3600)


async def test_nobody_is_blamed_for_what_cannot_be_read_here(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = await village.join("ana", "ben")
    ben_id = ben.network.peer_id

    async def fail(*_: object) -> bool:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patched:
        patched.setattr(Conversation, "start", fail)
        assert not await ana.node.sync_with(ben_id)
    with monkeypatch.context() as patched:
        patched.setattr(Cards, "exchange", fail)
        await ana.node.sync_with(ben_id)

    assert not ana.node.peers.waits(ben_id)
    assert await ana.node.sync_with(ben_id)
