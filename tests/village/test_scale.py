"""The simulation of many nodes, held against the real thing where it claims to be like it."""

from __future__ import annotations

import contextlib

import pytest
from trio.testing import MockClock

from protocol.errors import Invalid
from protocol.messages import unpack
from scripts.simulation import building, crowd
from scripts.simulation.crowd import Crowd
from scripts.simulation.light import Community
from scripts.simulation.scale import line, main
from tests.network.memory_streams import Pipe
from tests.village.village import Village


@pytest.mark.parametrize("opener_has", [True, False])
async def test_a_conversation_goes_as_between_real_nodes(
    village: Village,
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
    opener_has: bool,
) -> None:
    village.world.loss = 1.0
    ana, ben = await village.join("ana", "ben")
    ana.offer("Jam")
    await village.agree()
    await village.until(lambda: not (ana.node.syncing.under_way or ben.node.syncing.under_way))
    ana.home.told = lambda: None  # so that nobody is told of what comes now
    heard: list[str] = []
    put = Pipe.put

    async def tapped(pipe: Pipe, message: bytes) -> None:
        with contextlib.suppress(Invalid):  # address cards
            heard.append(type(unpack(message)).__name__)
        await put(pipe, message)

    monkeypatch.setattr(Pipe, "put", tapped)
    with monkeypatch.context() as quiet:
        quiet.setattr(ana.node, "poke", lambda: None)
        bread = ana.offer("Bread")
    opener, other = (ana, ben) if opener_has else (ben, ana)

    await opener.node.sync_with(other.network.peer_id)

    assert bread.id in ben.ids
    said = Community(2).talk(opener_has, not opener_has)
    first = heard[: len(said)]
    assert first == [each.kind for each in said]


def test_everybody_gets_a_listing_in_a_moment_and_the_same_each_time() -> None:
    once, again = line(40, seed=5), line(40, seed=5)

    assert 0 < once.half_s <= once.most_s <= once.all_s < 5
    assert once.most_hops >= 2
    assert 0 < once.bytes <= once.most_bytes
    assert (once.all_s, once.bytes, once.hops) == (again.all_s, again.bytes, again.hops)


def test_what_gossip_does_not_bring_repair_brings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "LOSS", 1.0)
    found = Crowd(20, seed=1).listing(3)

    assert len(found.times) == 20
    assert 1 < found.after(0.99) < 120
    assert found.spent["repair"] > 0


def test_links_go_both_ways_and_the_mesh_keeps_its_bounds() -> None:
    town = Crowd(60, seed=2)

    for number, node in enumerate(town.nodes):
        assert all(number in town.nodes[peer].links for peer in node.links)
        assert node.mesh <= set(node.links)
        assert town.rules.low <= len(node.mesh) <= town.rules.high + 2  # until the next heartbeat


def test_a_node_hears_all_of_its_lan_and_dials_its_own_alone() -> None:
    alone, among = building.listen(2, 60, seed=1), building.listen(8, 60, seed=1)

    assert (len(alone.own), len(among.own)) == (1, 1)
    assert (len(alone.others), len(among.others)) == (0, 0)
    assert among.packets > 2 * alone.packets > 0


@pytest.mark.parametrize("option", ["--nodes", "--communities"])
def test_a_size_below_one_is_refused_in_a_sentence(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([option, "10", "0"])

    assert "take numbers from 1 on" in capsys.readouterr().err
