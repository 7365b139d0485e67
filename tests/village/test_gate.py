"""What the gate remembers of who may talk, and until when."""

from __future__ import annotations

import pytest
from trio.testing import MockClock

from governance.membership import CANDIDATE, CERTIFIED
from node.peers import MOST_REMEMBERED, Peers
from storage.standing import UNSETTLED
from tests.village.village import Village


async def test_whatever_can_change_who_belongs_has_the_gate_look_again(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    peer, store = ben.network.peer_id, ana.home.store
    for word in sorted(UNSETTLED | {"standing"}):
        for standing in (CANDIDATE, CERTIFIED):
            before = ana.node.peers.may_talk(peer)
            store.db.execute(
                "UPDATE device SET standing = ? WHERE key = ?", [standing, ben.home.device]
            )
            ana.node.kept({word})
            assert ana.node.peers.may_talk(peer) != before, word


async def test_who_has_just_been_removed_is_cut_off_by_gossip_alone(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = await village.join("ana", "ben")
    peer, store = ben.network.peer_id, ana.home.store
    await village.until(lambda: peer in ana.network.peers())

    store.db.execute("UPDATE device SET standing = ? WHERE key = ?", [CANDIDATE, ben.home.device])
    monkeypatch.setattr(Peers, "waits", lambda self, peer: True)  # nobody is asked anything
    ana.node.kept({"certificate"})

    await village.until(lambda: peer not in ana.network.peers(), 2)


async def test_strangers_who_come_too_fast_are_not_remembered_without_end(
    village: Village, autojump_clock: MockClock
) -> None:
    (ana,) = await village.join("ana")
    peers = ana.node.peers
    for number in range(MOST_REMEMBERED + 100):
        while peers.may_ask(f"stranger {number}", "join"):
            pass

    assert len(peers._hasty) <= MOST_REMEMBERED
