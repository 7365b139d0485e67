"""Who is connected, how, since when, and what that cost: as the socket and the wire tell it."""

from __future__ import annotations

import logging

import pytest
import trio

from node.network.links import SYNC, Link, Stream
from node.network.serving import MOST_TOLD, Refusals
from tests.network.people import Person, Village


async def echo(stream: Stream) -> None:
    while True:
        await stream.send(await stream.receive())


def only_link(person: Person) -> Link:
    (link,) = person.net.links()
    assert isinstance(link, Link)
    return link


async def test_a_link_tells_where_the_other_end_is(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    await town.arrive(ana, ben)
    before = trio.current_time()
    await town.meet(ana, ben)

    out, into = only_link(ana), only_link(ben)
    assert (out.peer, out.inbound, out.relay) == (ben.id, False, "")
    assert (into.peer, into.inbound, into.relay) == (ana.id, True, "")
    assert f"{out.address}/p2p/{ben.id}" in ben.net.addresses
    # Ana dials from a port of the moment, which is not the one she listens on.
    assert into.address.startswith("/ip4/127.0.0.1/tcp/")
    assert f"{into.address}/p2p/{ana.id}" not in ana.net.addresses
    assert before <= out.since <= trio.current_time()
    assert before <= into.since <= trio.current_time()


async def test_bytes_are_counted_in_both_directions(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    ben.net.handle(SYNC, echo)
    await town.arrive(ana, ben)
    await town.meet(ana, ben)
    at_first = only_link(ana)

    stream = await ana.net.open(ben.id, SYNC)
    await stream.send(bytes(100_000))
    assert len(await stream.receive()) == 100_000

    now = only_link(ana)
    assert 100_000 < now.sent - at_first.sent < 120_000
    assert 100_000 < now.received - at_first.received < 120_000
    assert only_link(ben).received >= 100_000 <= only_link(ben).sent


async def test_both_connections_of_two_who_dialled_at_once_are_told(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    await town.arrive(ana, ben)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ana.net.connect, ben.id, ben.net.addresses)
        nursery.start_soon(ben.net.connect, ana.id, ana.net.addresses)

    links = ana.net.links()
    assert {link.peer for link in links} == {ben.id}
    await ana.net.disconnect(ben.id)
    assert ana.net.links() == []


def test_only_refusals_out_of_the_ordinary_are_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "moothall.network")
    refuse = Refusals()
    for reason in ("stranger", "no_reservation", "too-fast", "too-fast"):
        refuse("12D3KooWBen", "relay", reason)

    assert [record.getMessage() for record in caplog.records] == [
        "refused relay to 12D3KooWBen: too-fast"
    ]


def test_who_comes_with_ever_new_peer_ids_does_not_fill_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "moothall.network")
    refuse = Refusals()
    for number in range(10 * MOST_TOLD):
        refuse(f"stranger {number}", "connection", "lobby-full")

    assert len(caplog.records) == MOST_TOLD
