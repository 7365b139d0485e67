"""What the lobby of the real network refuses beyond the contract."""

from __future__ import annotations

import pytest
import trio

from node.network.links import JOIN, SYNC, LinkError, Stream
from tests.network.people import Village


async def echo(stream: Stream) -> None:
    while True:
        await stream.send(await stream.receive())


async def test_an_idle_stranger_is_shown_out(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.network.libp2p_host.IDLE_SECONDS", 0.3)
    ana, ben, eva = (town.person(name) for name in ("ana", "ben", "eva"))
    ana.trusts = {ben.id}
    await town.arrive(ana, ben, eva)
    await town.meet(ben, ana)
    await town.meet(eva, ana)

    assert await eva.news.receive() == (ana.id, False)
    assert ana.net.peers() == [ben.id]


async def test_strangers_fill_only_the_lobby(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.network.libp2p_host.CONNECTIONS", 2)
    ana, ben = town.person("ana"), town.person("ben")
    ana.net.handle(JOIN, echo)
    ana.trusts = {ben.id}
    strangers = [town.person(name) for name in ("eva", "fay", "gus")]
    await town.arrive(ana, ben, *strangers)
    for stranger in strangers[:2]:
        await town.meet(stranger, ana)

    await strangers[2].net.connect(ana.id, ana.net.addresses)
    assert await strangers[2].news.receive() == (ana.id, True)
    assert await strangers[2].news.receive() == (ana.id, False)
    await ben.net.connect(ana.id, ana.net.addresses)
    assert await ben.news.receive() == (ana.id, True)
    assert sorted(ana.net.peers()) == sorted([strangers[0].id, strangers[1].id, ben.id])


async def test_asking_without_end_is_refused(town: Village) -> None:
    """Streams that never name a protocol, or name many, hold no place for long."""
    ana, eva = town.person("ana"), town.person("eva")
    ana.trusts = set()
    ana.net.handle(JOIN, echo)
    await town.arrive(ana, eva)
    await town.meet(eva, ana)

    silent = [await eva.net._swarm.new_stream(ana.net._me) for _ in range(30)]
    asking = ana.net._host._asking._taken
    while not asking.total():
        await trio.lowlevel.checkpoint()
    assert asking.total() <= 12
    for stream in silent:
        await stream.reset()
    while asking.total():
        await trio.lowlevel.checkpoint()

    stream = await eva.net.open(ana.id, JOIN)
    await stream.send(b"please")
    assert await stream.receive() == b"please"
    with pytest.raises(LinkError):
        await eva.net.open(ana.id, SYNC)
