"""What the library lets a member do that it must not; see test_hazards for the rules.

H24 to H26, whose workarounds are in `libp2p_members` and `libp2p_yamux`.
"""

from __future__ import annotations

import contextlib

import pytest
import trio
from libp2p.network.stream.exceptions import StreamError
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from libp2p.utils import encode_varint_prefixed

from node.network import libp2p_members, libp2p_yamux
from node.network.links import SYNC, LinkError
from tests.network.people import TOPIC, Village
from tests.network.test_hazards import MESHSUB, still_answers, two_friends

A_MOMENT = 0.5  # seconds in which what must not happen would


async def test_h24_streams_are_accepted_at_a_pace(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libp2p_yamux, "STREAMS_AT_ONCE", 30)
    monkeypatch.setattr(libp2p_yamux, "STREAMS_A_SECOND", 0.001)
    ana, ben = await two_friends(town)
    accepted = 0

    async def admit(stream: object) -> None:
        nonlocal accepted
        accepted += 1

    ben.net._host.admit = admit
    (conn,) = ana.net._host.get_network().get_connections(ben.net._me)
    for _ in range(60):
        await conn.muxed_conn.open_stream()
    await trio.sleep(A_MOMENT)

    assert 0 < accepted <= 30


async def test_h25_messages_of_a_frame_are_taken_one_after_another(town: Village) -> None:
    ana, ben = await two_friends(town)
    at_once, most, done = 0, 0, 0

    async def push(*_: object) -> None:
        nonlocal at_once, most, done
        at_once += 1
        most = max(most, at_once)
        await trio.lowlevel.checkpoint()
        at_once -= 1
        done += 1

    ben.net._pubsub.push_msg = push
    frame = rpc_pb2.RPC()
    for number in range(100):
        frame.publish.add(data=b"%d" % number, topicIDs=[TOPIC])
    stream = await ana.net._host.new_stream(ben.net._me, [MESHSUB])
    await stream.write(encode_varint_prefixed(frame.SerializeToString()))
    while done < 100:
        await trio.sleep(0.01)

    assert most == 1


@pytest.mark.parametrize("messages", [0, 1, 5])
async def test_h25_frames_and_messages_are_taken_at_a_pace_on_all_streams_together(
    town: Village, monkeypatch: pytest.MonkeyPatch, messages: int
) -> None:
    monkeypatch.setattr(libp2p_members, "AT_ONCE", 20)
    monkeypatch.setattr(libp2p_members, "AT_ONCE_A_SECOND", 0.001)
    ana, ben = await two_friends(town)
    frames = pushed = 0

    def take(message: object) -> bool:
        nonlocal pushed
        pushed += 1
        return False

    async def handle(*_: object) -> None:
        nonlocal frames
        frames += 1

    ben.net._pubsub._is_subscribed_to_msg = take
    ben.net._pubsub.router.handle_rpc = handle
    frame = rpc_pb2.RPC(control=rpc_pb2.ControlMessage())
    for _ in range(messages):
        frame.publish.add(data=b"bread", topicIDs=[TOPIC])
    data = encode_varint_prefixed(frame.SerializeToString())
    for _ in range(3):
        stream = await ana.net._host.new_stream(ben.net._me, [MESHSUB])
        await stream.write(data * 20)
    await trio.sleep(A_MOMENT)

    assert frames > 0
    assert max(frames, pushed) <= 20


async def test_h25_a_frame_that_is_too_large_is_told(town: Village) -> None:
    ana, ben = await two_friends(town)
    told: list[tuple[str, str]] = []
    ben.net._pubsub._fault = lambda peer, reason: told.append((peer, reason))

    stream = await ana.net._host.new_stream(ben.net._me, [MESHSUB])
    with contextlib.suppress(StreamError):  # it may be given up before all of it is sent
        await stream.write(encode_varint_prefixed(bytes(libp2p_members.MAX_RPC + 1)))
    while not told:
        await trio.sleep(0.01)

    assert told == [(ana.id, "too-large")]
    assert await still_answers(ben, ana)


async def test_h25_a_message_is_sent_once_to_who_asks_for_it_often(town: Village) -> None:
    ana, ben = await two_friends(town)
    await town.gossiping(ana, ben)
    await ana.net.publish(b"bread")
    await ben.heard.receive()
    (name,) = ana.net._pubsub.router.mcache.window(TOPIC)
    sent: list[int] = []
    ana.net._pubsub.router.send_rpc = lambda peer, rpc, **_: sent.append(len(rpc.publish))

    frame = rpc_pb2.RPC()
    frame.control.iwant.add().messageIDs.extend([name] * 5000)
    stream = await ben.net._host.new_stream(ana.net._me, [MESHSUB])
    await stream.write(encode_varint_prefixed(frame.SerializeToString()))
    while not sent:
        await trio.sleep(0.01)

    assert max(sent) == 1


async def test_h26_a_member_has_so_many_streams_and_no_more(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libp2p_members, "STREAMS", 10)
    ana, ben = await two_friends(town)
    told: list[tuple[str, str]] = []
    ben.net._host._fault = lambda peer, reason: told.append((peer, reason))

    streams = []
    with pytest.raises(LinkError):
        for _ in range(20):
            streams.append(await ana.net.open(ben.id, SYNC))

    assert 0 < len(streams) <= 10
    assert (ana.id, "too-many-streams") in told
    for stream in streams:
        await stream.aclose()


def control_frames() -> dict[str, bytes]:
    """Frames that say small things very often."""
    frames = {name: rpc_pb2.RPC() for name in ("joining", "other meshes", "offers")}
    offers = frames["offers"].control.ihave.add(topicID=TOPIC).messageIDs
    for number in range(4000):
        frames["joining"].subscriptions.add(subscribe=number % 2 == 1, topicid=TOPIC)
        frames["other meshes"].control.graft.add(topicID=str(number))
        offers.append(b"%032d" % number)
    return {name: frame.SerializeToString() for name, frame in frames.items()}


@pytest.mark.parametrize("name", control_frames())
async def test_h25_what_a_frame_says_thousands_of_times_is_heard_once(
    town: Village, name: str
) -> None:
    ana, ben = await two_friends(town)
    await town.gossiping(ana, ben)
    pubsub, router = ben.net._pubsub, ben.net._pubsub.router
    handle_subscription, send_rpc = pubsub.handle_subscription, router.send_rpc
    answered: list[int] = []
    heard: list[object] = []

    def handle(peer: ID, said: object) -> None:
        heard.append(said)
        handle_subscription(peer, said)

    def send(peer: ID, rpc: rpc_pb2.RPC, **options: bool) -> None:
        answered.append(rpc.ByteSize())
        send_rpc(peer, rpc, **options)

    pubsub.handle_subscription, router.send_rpc = handle, send
    stream = await ana.net._host.new_stream(ben.net._me, [MESHSUB])
    frame = control_frames()[name]
    await stream.write(encode_varint_prefixed(frame) + encode_varint_prefixed(b"\xff"))
    with contextlib.suppress(StreamError):
        await stream.read(1)  # until it is given up, for the second frame

    assert len(heard) + len(answered) <= 2
    assert sum(answered) < 64 * libp2p_members.MOST_OFFERED


def test_h25_a_frame_of_very_many_messages_is_not_kept_in_memory() -> None:
    frame = b"\x12\x00" * (libp2p_members.MAX_RPC // 2)

    taken = libp2p_members._in_short(frame, TOPIC)

    assert len(taken.publish) == libp2p_members.MOST_TOGETHER
