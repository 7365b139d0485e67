"""What the lobby of the real network refuses beyond the contract."""

from __future__ import annotations

import contextlib

import pytest
import trio
from libp2p.network.exceptions import SwarmException

from node.network.libp2p_connections import OF_ONE
from node.network.links import JOIN, SYNC, LinkError, Stream
from tests.network.people import Person, Village


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
    monkeypatch.setattr("node.network.libp2p_connections.STRANGERS", 2)
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


async def test_one_address_fills_only_a_part_of_the_lobby(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.network.libp2p_connections.STRANGERS_EACH", 1)
    ana, eva, fay = (town.person(name) for name in ("ana", "eva", "fay"))
    ana.trusts = set()
    await town.arrive(ana, eva, fay)
    await town.meet(eva, ana)

    await fay.net.connect(ana.id, ana.net.addresses)

    assert await fay.news.receive() == (ana.id, True)
    assert await fay.news.receive() == (ana.id, False)
    assert ana.net.peers() == [eva.id]


async def connect_again(town: Village, one: Person, other: Person, times: int) -> None:
    """Open so many more connections, without regard for what the other wants."""
    one.net._swarm.connection_config.max_connections_per_peer = times + 1
    port = int(other.net.addresses[0].split("/")[4])
    for _ in range(times):
        with contextlib.suppress(SwarmException):  # it is turned away
            await one.net._swarm.dial_one(other.net._me, "127.0.0.1", port)


@pytest.mark.parametrize("member", [False, True])
async def test_nobody_takes_the_places_of_all_others(town: Village, member: bool) -> None:
    """One key, one address, and as many connections as a node accepts."""
    ana, ben, eva = (town.person(name) for name in ("ana", "ben", "eva"))
    ana.trusts = {ben.id, eva.id} if member else {ben.id}
    ana.net.handle(SYNC, echo)
    await town.arrive(ana, ben, eva)
    await town.meet(eva, ana)

    await connect_again(town, eva, ana, 20)
    while len(ana.net.links()) > OF_ONE:
        await trio.lowlevel.checkpoint()

    await town.meet(ben, ana)
    while ana.net._swarm._inbound_limiter.borrowed_tokens > OF_ONE + 1:
        await trio.lowlevel.checkpoint()
    assert eva.id in ana.net.peers()


async def test_one_address_takes_half_of_the_places(town: Village) -> None:
    ana, ben, eva = (town.person(name) for name in ("ana", "ben", "eva"))
    await town.arrive(ana, ben, eva)
    ana.net._swarm._accepted_each = 1
    await town.meet(ben, ana)

    with pytest.raises(LinkError):
        await eva.net.connect(ana.id, ana.net.addresses)

    await ben.net.disconnect(ana.id)
    while ana.net._swarm._accepted.total():
        await trio.lowlevel.checkpoint()
    await eva.net.connect(ana.id, ana.net.addresses)


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
