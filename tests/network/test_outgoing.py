"""What waits for one neighbour, and who need not be sent it."""

from __future__ import annotations

import hashlib

import pytest
import trio
import trio.testing
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.validators import signature_validator

from node.network.libp2p_members import MAX_RPC
from node.network.libp2p_outgoing import (
    PIECE,
    QUEUE_BYTES,
    QUEUE_LIMIT,
    REMEMBERED_SECONDS,
    Frame,
    Outgoing,
    Senders,
    framed,
)
from node.network.libp2p_pubsub_hazards import is_signed
from tests.network.people import Village


def some_peer(number: int) -> ID:
    return ID.from_pubkey(create_new_key_pair(bytes([number]) * 32).public_key)


def frame(text: bytes) -> Frame:
    rpc = rpc_pb2.RPC(publish=[rpc_pb2.Message(data=text)])
    return framed(rpc, text)


async def test_what_waits_goes_in_one_piece_and_in_order() -> None:
    queue = Outgoing()
    some = [frame(b"%d" % number) for number in range(20)]

    assert all(queue.put(each) for each in some)

    assert await queue.piece() == some
    assert len(queue) == 0


async def test_a_piece_has_bounds_and_a_long_frame_goes_alone() -> None:
    queue = Outgoing()
    long, short = frame(bytes(PIECE)), frame(b"bread")
    for each in (short, long, short, short):
        queue.put(each)

    assert [await queue.piece() for _ in range(3)] == [[short], [long], [short, short]]


async def test_who_waits_is_woken_by_a_frame_and_by_the_end(
    autojump_clock: trio.testing.MockClock,
) -> None:
    queue = Outgoing()
    came: list[list[Frame]] = []

    async def write() -> None:
        while piece := await queue.piece():
            came.append(piece)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        await trio.testing.wait_all_tasks_blocked()
        assert queue.push(rpc_pb2.RPC(publish=[rpc_pb2.Message(data=b"bread")]))
        await trio.testing.wait_all_tasks_blocked()
        assert [len(piece) for piece in came] == [1]
        queue.put(frame(b"jam"))
        queue.close()

    assert len(came) == 1  # nobody is there to be sent the jam
    assert not queue.put(frame(b"late"))


@pytest.mark.parametrize("size", [1, 64 * 1024])
async def test_what_finds_no_room_is_dropped(size: int) -> None:
    queue = Outgoing()
    each = frame(bytes(size))

    taken = [queue.put(each) for _ in range(QUEUE_LIMIT + 10)]

    assert taken.index(False) == min(QUEUE_LIMIT, QUEUE_BYTES // len(each.data))
    assert await queue.piece()
    assert queue.put(frame(b"there is room again"))


async def test_nobody_is_sent_what_it_has_sent(autojump_clock: trio.testing.MockClock) -> None:
    senders, ana, ben = Senders(), some_peer(1), some_peer(2)
    bread, jam = frame(b"bread"), frame(b"jam")
    hello = framed(rpc_pb2.RPC())
    senders.note(b"bread", ana)

    assert senders.lacking([bread, jam, hello], ana) == jam.data + hello.data
    assert senders.lacking([bread, jam], ben) == bread.data + jam.data


async def test_who_sent_what_is_forgotten_after_a_while(
    autojump_clock: trio.testing.MockClock,
) -> None:
    senders, ana = Senders(), some_peer(1)
    await trio.sleep(10)
    senders.note(b"bread", ana)
    await trio.sleep(REMEMBERED_SECONDS * 0.9)
    senders.note(b"jam", ana)
    assert senders.sent(b"bread", ana)

    for _ in range(2):
        await trio.sleep(REMEMBERED_SECONDS * 1.1)
        senders.note(b"honey", ana)

    assert not senders.sent(b"bread", ana)
    assert senders.sent(b"honey", ana)


async def test_what_came_from_a_peer_meanwhile_is_not_sent_to_it(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, cyd = (town.person(name) for name in ("ana", "ben", "cyd"))
    await town.arrive(ana, ben, cyd)
    for one, other in ((ana, ben), (ben, cyd)):
        await town.meet(one, other)
        await town.gossiping(one, other)
    pubsub = ben.net._pubsub
    assert pubsub is not None
    cyds = next(peer for peer in pubsub.peer_queues if str(peer) == cyd.net.peer_id)
    publish = pubsub.router.publish

    async def and_cyd_brings_it(forwarder: ID, msg: rpc_pb2.Message) -> None:
        await publish(forwarder, msg)
        if msg.data == b"bread":
            await pubsub.push_msg(cyds, msg)  # before the task that sends had its turn

    monkeypatch.setattr(pubsub.router, "publish", and_cyd_brings_it)
    await ana.net.publish(b"bread")
    await ana.net.publish(b"jam")

    assert [(await ben.heard.receive())[1] for _ in range(2)] == [b"bread", b"jam"]
    assert (await cyd.heard.receive())[1] == b"jam"


def signed_message(**other: bytes) -> rpc_pb2.Message:
    keys = create_new_key_pair(bytes(32))
    msg = rpc_pb2.Message(
        data=b"bread",
        topicIDs=["market"],
        from_id=ID.from_pubkey(keys.public_key).to_bytes(),
        seqno=b"1",
    )
    msg.signature = keys.private_key.sign(b"libp2p-pubsub:" + msg.SerializeToString())
    for field, value in other.items():
        setattr(msg, field, value)
    return msg


def test_a_message_is_signed_as_the_library_has_it() -> None:
    for check in (signature_validator, is_signed):
        assert check(signed_message())


@pytest.mark.parametrize(
    "other",
    [
        {"data": b"jam"},
        {"seqno": b"2"},
        {"signature": b""},
        {"signature": bytes(64)},
        {"from_id": some_peer(7).to_bytes()},
    ],
)
def test_what_is_not_so_signed_is_not(other: dict[str, bytes]) -> None:
    for check in (signature_validator, is_signed):
        assert not check(signed_message(**other))


@pytest.mark.parametrize("name", [b"", b"ana", bytes(38), some_peer(1).to_bytes() + b"\0"])
def test_a_sender_of_another_sort_is_none(name: bytes) -> None:
    assert not is_signed(signed_message(from_id=name))


async def test_what_is_asked_for_together_comes_in_frames_that_are_taken(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    faults: list[str] = []
    ben.net.on_fault(lambda peer, reason: faults.append(reason))
    ben.passes_on = False  # so that it can come once more
    await town.arrive(ana, ben)
    await town.meet(ana, ben)
    await town.gossiping(ana, ben)
    some = [bytes([number]) * 60_000 for number in range(2 * MAX_RPC // 60_000)]
    for each in some:
        await ana.net.publish(each)
        assert (await ben.heard.receive())[1] == each

    names = [hashlib.sha256(each).digest() for each in some]
    await ben.net._pubsub.router.emit_iwant(names, ana.net._me)

    assert [(await ben.heard.receive())[1] for _ in some] == some
    assert not faults
