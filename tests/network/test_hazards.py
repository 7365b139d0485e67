"""One test for each hazard of the library: when it passes without the workaround, that may go.

Over real sockets on 127.0.0.1, except where time itself is the matter.
"""

from __future__ import annotations

import contextlib
import logging
import random

import pytest
import trio
import trio.testing
from libp2p import new_host
from libp2p.abc import INetStream
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.custom_types import TProtocol
from libp2p.network.connection import swarm_connection
from libp2p.network.exceptions import SwarmException
from libp2p.network.stream.exceptions import StreamError
from libp2p.peer.peerinfo import PeerInfo
from libp2p.pubsub.pb import rpc_pb2
from libp2p.rcmgr import Direction
from libp2p.security.insecure.transport import PLAINTEXT_PROTOCOL_ID, InsecureTransport
from libp2p.stream_muxer.yamux.yamux import Yamux
from libp2p.utils import encode_varint_prefixed
from multiaddr import Multiaddr

from node.network.links import SYNC, LinkError, Stream
from tests.network.people import ANY_PORT, DEAD, TOPIC, Person, Village

MESHSUB = TProtocol("/meshsub/1.1.0")


async def echo(stream: Stream) -> None:
    while True:
        await stream.send(await stream.receive())


async def still_answers(person: Person, asker: Person) -> bool:
    stream = await asker.net.open(person.id, SYNC)
    await stream.send(b"still there?")
    answer = await stream.receive()
    await stream.aclose()
    return bool(answer == b"still there?")


async def two_friends(town: Village) -> tuple[Person, Person]:
    ana, ben = town.person("ana"), town.person("ben")
    ana.net.handle(SYNC, echo)
    ben.net.handle(SYNC, echo)
    await town.arrive(ana, ben)
    await town.meet(ana, ben)
    return ana, ben


async def test_h1_a_malformed_gossip_frame_ends_its_stream_only(town: Village) -> None:
    ana, ben = await two_friends(town)

    stream = await ana.net._host.new_stream(ben.net._me, [MESHSUB])
    await stream.write(b"\x05\xff\xff\xff\xff\xff")
    with pytest.raises(StreamError):
        while True:
            await stream.read(1)

    assert await still_answers(ben, ana)


async def test_h1_a_message_that_breaks_its_reader_breaks_nothing_else(town: Village) -> None:
    ana, ben = await two_friends(town)
    await town.gossiping(ana, ben)
    asked = trio.Event()

    async def trip(*_: object) -> bool:
        asked.set()
        raise ZeroDivisionError

    ben.net._pubsub._judge = trip
    await ana.net.publish(b"banana skin")
    await asked.wait()
    ben.net._pubsub._judge = ben.net._pubsub._check
    nonsense = rpc_pb2.Message(data=b"?", topicIDs=[TOPIC], from_id=b"\xff", key=b"\xff")
    stream = await ana.net._host.new_stream(ben.net._me, [MESHSUB])
    await stream.write(encode_varint_prefixed(rpc_pb2.RPC(publish=[nonsense]).SerializeToString()))

    await ana.net.publish(b"bread")
    assert await ben.heard.receive() == (ana.id, b"bread")


async def test_h2_an_exception_in_a_stream_handler_ends_its_stream_only(town: Village) -> None:
    ana, ben = await two_friends(town)

    async def fall_over(stream: INetStream) -> None:
        raise ZeroDivisionError

    ben.net._host.set_stream_handler(TProtocol("/trap"), fall_over)
    trap = await ana.net._host.new_stream(ben.net._me, [TProtocol("/trap")])
    with pytest.raises(StreamError):
        await trap.read(1)

    assert await still_answers(ben, ana)


async def test_h3_a_closed_connection_makes_room_for_another(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    await town.arrive(ana, ben)
    ben.net._swarm._inbound_limiter.total_tokens = 2  # 128 else, and 250 in the library

    for _ in range(8):
        await town.meet(ana, ben)
        await ana.net.disconnect(ben.id)
        assert await ana.news.receive() == (ben.id, False)
        assert await ben.news.receive() == (ana.id, False)
        # The token is given back a moment after the parting is told.
        while ben.net._swarm._inbound_limiter.borrowed_tokens > 1:
            await trio.lowlevel.checkpoint()


async def test_h3_a_node_accepts_more_than_400_connections_in_its_life(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    await town.arrive(ana, ben)
    port = int(ben.net.addresses[0].split("/")[4])

    async def come_and_go(times: int) -> None:
        for _ in range(times):
            connection = await ana.net._swarm.dial_one(ben.net._me, "127.0.0.1", port)
            await connection.muxed_conn.secured_conn.close()

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(come_and_go, 101)

    while ben.net._swarm._inbound_limiter.borrowed_tokens > 1:
        await trio.lowlevel.checkpoint()


async def test_h4_a_cancelled_node_closes_its_port_within_3_seconds(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    await town.arrive(ana)
    async with trio.open_nursery() as bens:
        await bens.start(ben.net.run, ANY_PORT)
        port = int(ben.net.addresses[0].split("/")[4])
        await town.meet(ana, ben)
        silent = await trio.open_tcp_stream("127.0.0.1", port)
        await silent.send_all(b"\x13/multi")
        start = trio.current_time()
        bens.cancel_scope.cancel()

    assert trio.current_time() - start < 3
    with pytest.raises(OSError, match="failed"):
        await trio.open_tcp_stream("127.0.0.1", port)
    assert await ana.news.receive() == (ben.id, False)
    await silent.aclose()


async def test_h5_a_failed_dial_is_not_held_against_the_next(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    await town.arrive(ana, ben)

    with pytest.raises(LinkError):
        await ana.net.connect(ben.id, [DEAD])
    await ana.net.connect(ben.id, [DEAD, "/ip4/127.0.0.1/tcp/2", *ben.net.addresses])

    assert await ben.news.receive() == (ana.id, True)


async def test_h5_a_peer_that_moved_is_found_at_its_new_address(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    await town.arrive(ana)
    async with trio.open_nursery() as first:
        await first.start(ben.net.run, ANY_PORT)
        old = ben.net.addresses
        await town.meet(ana, ben)
        first.cancel_scope.cancel()
    assert await ana.news.receive() == (ben.id, False)
    assert await ben.news.receive() == (ana.id, False)
    await town.arrive(ben)
    assert ben.net.addresses != old

    with pytest.raises(LinkError):
        await ana.net.connect(ben.id, old)
    await ana.net.connect(ben.id, [*old, *ben.net.addresses])

    assert await ben.news.receive() == (ana.id, True)


async def test_h6_nothing_is_dialled_that_we_did_not_dial(town: Village) -> None:
    ana, ben = await two_friends(town)
    ana.net._host.get_peerstore().add_addrs(
        ben.net._me, [Multiaddr(ben.net.addresses[0].split("/p2p/")[0])], 600
    )
    await ana.net.disconnect(ben.id)
    assert await ben.news.receive() == (ana.id, False)

    await ana.net._swarm.auto_connector.maybe_connect()
    with pytest.raises(SwarmException):
        await ana.net._host.new_stream(ben.net._me, [TProtocol(SYNC)])

    assert ana.net.peers() == []


async def test_h7_of_two_connections_the_first_and_the_last_are_told(town: Village) -> None:
    ana, ben = await two_friends(town)
    port = int(ben.net.addresses[0].split("/")[4])
    second = await ana.net._swarm.dial_one(ben.net._me, "127.0.0.1", port)
    while len(ben.net._swarm.get_connections(ana.net._me)) < 2:
        await trio.lowlevel.checkpoint()
    assert await still_answers(ben, ana)

    await second.close()
    while len(ben.net._swarm.get_connections(ana.net._me)) > 1:
        await trio.lowlevel.checkpoint()
    assert await still_answers(ben, ana)
    assert await still_answers(ana, ben)
    await town.gossiping(ana, ben)
    await ana.net.publish(b"bread")
    assert await ben.heard.receive() == (ana.id, b"bread")

    await ana.net.disconnect(ben.id)
    assert await ana.news.receive() == (ben.id, False)
    assert await ben.news.receive() == (ana.id, False)


async def test_h7_a_peer_is_introduced_to_gossip_once(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    ana.trusts = set()
    await town.arrive(ana, ben)
    await town.meet(ana, ben)
    ana.trusts.add(ben.id)

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(ana.net._pubsub.ensure_peer_stream, ben.net._me)
    await town.gossiping(ana, ben)

    streams = [
        stream
        for conn in ana.net._swarm.get_connections(ben.net._me)
        for stream in conn.get_streams()
        if stream.get_protocol() == MESHSUB and stream._direction == Direction.OUTBOUND
    ]
    assert len(streams) == 1


class Wire:
    """A secured connection in memory, as the multiplexer sees it."""

    is_initiator = True

    def __init__(self, end: trio.StapledStream) -> None:
        self._end = end

    async def read(self, n: int | None = None) -> bytes:
        return bytes(await self._end.receive_some(n))

    async def write(self, data: bytes) -> None:
        await self._end.send_all(data)

    async def close(self) -> None:
        await self._end.aclose()


async def test_h7_a_writer_waits_for_a_reader_that_pauses(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    ana_id, ben_id = (create_new_key_pair(bytes([n]) * 32).public_key for n in (1, 2))
    here, there = trio.testing.memory_stream_pair()
    ana = Yamux(Wire(here), ana_id, is_initiator=True)  # type: ignore[arg-type]
    ben = Yamux(Wire(there), ben_id, is_initiator=False)  # type: ignore[arg-type]
    nursery.start_soon(ana.start)
    nursery.start_soon(ben.start)
    await ana.event_started.wait()
    out = await ana.open_stream()
    into = await ben.accept_stream()
    left = 4 * 1024 * 1024
    nursery.start_soon(out.write, bytes(left))

    await trio.sleep(30)
    while left:
        left -= len(await into.read(64 * 1024))

    nursery.cancel_scope.cancel()


async def test_h7_a_reader_that_stalls_harms_its_own_stream_only(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    stalled = trio.Event()

    async def serve(stream: Stream) -> None:
        if await stream.receive() == b"stall":
            stalled.set()
            await trio.sleep_forever()
        await stream.send(b"as ever")

    ben.net.handle(SYNC, serve)
    await town.arrive(ana, ben)
    await town.meet(ana, ben)

    async def push(stream: Stream) -> None:
        with contextlib.suppress(LinkError):
            while True:
                await stream.send(bytes(500_000))

    async with trio.open_nursery() as nursery:
        pushed = [await ana.net.open(ben.id, SYNC) for _ in range(8)]
        for stream in pushed:
            await stream.send(b"stall")
            nursery.start_soon(push, stream)
        await stalled.wait()
        while any(stream._stream.muxed_stream.send_window > 0 for stream in pushed):
            await trio.lowlevel.checkpoint()
        for _ in range(20):
            steady = await ana.net.open(ben.id, SYNC)
            await steady.send(b"go on")
            assert await steady.receive() == b"as ever"
        nursery.cancel_scope.cancel()


async def test_h8_a_burst_of_gossip_arrives_whole(town: Village) -> None:
    ana, ben = await two_friends(town)
    await town.gossiping(ana, ben)
    burst = {b"loaf %d" % number for number in range(90)}

    async with trio.open_nursery() as nursery:
        for loaf in burst:
            nursery.start_soon(ana.net.publish, loaf)

    while burst:
        burst.remove((await ben.heard.receive())[1])


async def test_h9_a_refusal_is_of_the_bringer_not_of_the_message(town: Village) -> None:
    ana, ben, cyd = (town.person(name) for name in ("ana", "ben", "cyd"))
    ana.passes_on = False
    await town.arrive(ana, ben, cyd)
    await town.meet(ben, ana)
    await town.meet(cyd, ana)
    await town.gossiping(ben, ana, cyd)

    await ben.net.publish(b"bread")
    assert await ana.heard.receive() == (ben.id, b"bread")
    ana.passes_on = True
    await cyd.net.publish(b"bread")

    assert await ana.heard.receive() == (cyd.id, b"bread")


async def test_h10_nobody_gets_in_on_a_claimed_name(town: Village) -> None:
    ana = town.person("ana")
    await town.arrive(ana)
    keys = create_new_key_pair(b"m" * 32)
    mallory = new_host(
        key_pair=keys, sec_opt={PLAINTEXT_PROTOCOL_ID: InsecureTransport(keys)}, negotiate_timeout=5
    )
    address = Multiaddr(ana.net.addresses[0].split("/p2p/")[0])

    async with mallory.run([Multiaddr(ANY_PORT[0])]):
        try:
            with pytest.raises(SwarmException):
                await mallory.connect(PeerInfo(ana.net._me, [address]))
        finally:
            await mallory.close()

    assert ana.net.peers() == []


async def test_h11_a_cancelled_sender_leaves_other_streams_alone(town: Village) -> None:
    ana, ben = await two_friends(town)
    chance = random.Random(7)
    steady = await ana.net.open(ben.id, SYNC)

    for _ in range(60):
        stream = await ana.net.open(ben.id, SYNC)
        with trio.move_on_after(chance.random() / 50):
            for _ in range(8):
                await stream.send(bytes(500_000))
        await stream.aclose()
        await steady.send(b"as ever")
        assert await steady.receive() == b"as ever"


async def test_h12_who_ignores_the_window_is_cut_off(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")

    async def never_read(stream: Stream) -> None:
        await trio.sleep_forever()

    ben.net.handle(SYNC, never_read)
    await town.arrive(ana, ben)
    await town.meet(ana, ben)
    stream = await ana.net.open(ben.id, SYNC)
    stream._stream.muxed_stream.send_window = 2**30

    with pytest.raises(LinkError):
        for _ in range(40):
            await stream.send(bytes(500_000))

    assert await ben.news.receive() == (ana.id, False)


async def test_h30_what_lies_unread_of_a_stream_goes_when_it_is_given_up(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")

    async def serve(stream: Stream) -> None:
        if await stream.receive() != b"push":
            await stream.send(b"still there?")
            return
        muxed = stream._stream.muxed_stream
        while len(muxed.conn.stream_buffers[muxed.stream_id]) < 150_000:
            await trio.lowlevel.checkpoint()
        raise LinkError("too-slow", "enough of it")

    ben.net.handle(SYNC, serve)
    await town.arrive(ana, ben)
    await town.meet(ana, ben)

    for _ in range(60):  # 9 MB; beyond 8 MiB a connection is closed
        stream = await ana.net.open(ben.id, SYNC)
        await stream.send(b"push")
        await stream.send(bytes(200_000))
        with pytest.raises(LinkError):
            await stream.receive()
        await stream.aclose()

    assert await still_answers(ben, ana)
    (connection,) = ben.net._swarm.get_connections(ana.net._me)
    assert sum(map(len, connection.muxed_conn.stream_buffers.values())) < 150_000


async def test_h13_the_root_logger_is_left_alone() -> None:
    assert isinstance(swarm_connection.logging, logging.Logger)


async def test_h14_a_second_node_on_one_port_is_told(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    await town.arrive(ana)

    with trio.move_on_after(5), pytest.raises(LinkError) as error:
        await ben.net.run([ana.net.addresses[0].split("/p2p/")[0]])

    assert error.value.reason == "port-in-use"


async def test_h15_messages_are_not_hoarded(town: Village) -> None:
    ana, ben = await two_friends(town)
    await town.gossiping(ana, ben)

    for number in range(20):
        await ana.net.publish(b"%d" % number + bytes(50_000))
        await ben.heard.receive()

    assert not ben.net._pubsub.router.equivocation_detection


async def test_h28_what_is_offered_is_not_fetched_again_by_who_has_it(town: Village) -> None:
    ana, ben = await two_friends(town)
    await town.gossiping(ana, ben)

    await ana.net.publish(b"bread")
    await ben.heard.receive()

    offered = ana.net._pubsub.router.mcache.window(TOPIC)
    assert len(offered) == 1
    assert ana.net._pubsub.router.mcache.get(offered[0]).data == b"bread"  # to who lacks it
    with trio.fail_after(5):
        while not ben.net._pubsub.seen_messages.has(offered[0]):
            await trio.sleep(0.01)  # it is noted a moment after it was judged


async def test_h16_a_reader_learns_that_the_other_side_gave_up(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    waiting = trio.Event()

    async def give_up(stream: Stream) -> None:
        await stream.receive()
        await waiting.wait()
        raise ZeroDivisionError

    ben.net.handle(SYNC, give_up)
    await town.arrive(ana, ben)
    await town.meet(ana, ben)
    stream = await ana.net.open(ben.id, SYNC)
    await stream.send(b"go on")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.testing.wait_all_tasks_blocked)
        waiting.set()
        with pytest.raises(LinkError) as error:
            await stream.receive()

    assert error.value.reason == "reset"
