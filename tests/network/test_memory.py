"""What only the network in memory can do: latency, loss and partitions on a mock clock."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from node.network.links import SYNC, LinkError, Stream
from tests.network.people import ANY_PORT, Person
from tests.village.network import World


async def echo(stream: Stream) -> None:
    while True:
        await stream.send(await stream.receive())


async def pair(world: World, nursery: trio.Nursery) -> tuple[Person, Person]:
    ana, ben = (Person(world.network, name) for name in ("ana", "ben"))
    for person in (ana, ben):
        person.net.handle(SYNC, echo)
        await nursery.start(person.net.run, ANY_PORT)
    await ana.net.connect(ben.id, ben.net.addresses)
    return ana, ben


async def test_a_round_trip_takes_twice_the_latency(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    world = World(latency=0.1)
    ana, ben = await pair(world, nursery)
    stream = await ana.net.open(ben.id, SYNC)
    start = trio.current_time()

    await stream.send(b"hello")
    assert await stream.receive() == b"hello"
    assert trio.current_time() - start == pytest.approx(0.2)

    world.set_latency(ana.net, ben.net, 2)
    await stream.send(b"hello")
    assert await stream.receive() == b"hello"
    assert trio.current_time() - start == pytest.approx(4.2)


async def test_a_cut_breaks_streams_and_dials_until_mended(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    world = World()
    ana, ben = await pair(world, nursery)
    stream = await ana.net.open(ben.id, SYNC)
    await stream.send(b"hello")

    world.cut(ana.net, ben.net)

    with pytest.raises(LinkError) as lost:
        await stream.receive()
    assert lost.value.reason == "lost"
    assert ana.net.peers() == ben.net.peers() == []
    start = trio.current_time()
    with pytest.raises(LinkError) as nobody:
        await ana.net.connect(ben.id, ben.net.addresses)
    assert nobody.value.reason == "unreachable"
    assert trio.current_time() - start == pytest.approx(5)
    world.mend(ana.net, ben.net)
    await ana.net.connect(ben.id, ben.net.addresses)
    assert ben.net.peers() == [ana.id]


async def test_a_sender_waits_for_its_reader(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    go = trio.Event()
    taken = []

    async def slow(stream: Stream) -> None:
        await go.wait()
        while True:
            taken.append(await stream.receive())

    ana, ben = await pair(World(), nursery)
    ben.net.handle(SYNC, slow)
    stream = await ana.net.open(ben.id, SYNC)
    sent = []

    async def send() -> None:
        for number in range(10):
            await stream.send(bytes(100_000))
            sent.append(number)

    nursery.start_soon(send)
    await trio.sleep(1000)
    assert len(sent) == 2
    go.set()
    await trio.sleep(1)
    assert (len(sent), len(taken)) == (10, 10)


async def test_loss_is_the_same_for_the_same_seed(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    runs = []
    for _ in range(2):
        async with trio.open_nursery() as home:
            ana, ben = await pair(World(loss=0.3, seed=5), home)
            for number in range(100):
                await ana.net.publish(b"loaf %d" % number)
            await trio.sleep(1)
            runs.append([])
            while ben.heard.statistics().current_buffer_used:
                runs[-1].append(ben.heard.receive_nowait())
            home.cancel_scope.cancel()
    assert runs[0] == runs[1]
    assert 50 < len(runs[0]) < 90


async def test_gossip_goes_round_a_ring_once(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    world = World()
    people = [Person(world.network, name) for name in "abcdefgh"]
    for person in people:
        await nursery.start(person.net.run, ANY_PORT)
    for one, other in zip(people, people[1:] + people[:1], strict=True):
        await one.net.connect(other.id, other.net.addresses)

    await people[0].net.publish(b"bread")
    await trio.sleep(1)

    for person in people[1:]:
        assert person.heard.receive_nowait()[1] == b"bread"
        assert person.heard.statistics().current_buffer_used == 0
    assert people[0].heard.statistics().current_buffer_used == 0


async def test_links_say_who_dialled_when_and_how_much_went_over_them(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    await trio.sleep(100)
    ana, ben = await pair(World(), nursery)
    stream = await ana.net.open(ben.id, SYNC)
    await stream.send(b"four")
    await stream.receive()
    await ben.net.publish(b"bread")

    (out,), (back,) = ana.net.links(), ben.net.links()

    assert (out.peer, out.inbound, out.relay) == (ben.id, False, "")
    assert (back.peer, back.inbound, back.relay) == (ana.id, True, "")
    assert f"{out.address}/p2p/{ben.id}" in ben.net.addresses
    assert out.since == back.since == pytest.approx(100, abs=1)
    assert (out.sent, out.received) == (back.received, back.sent) == (4, 9)
