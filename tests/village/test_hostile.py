"""A member with a valid key and a hostile program: what it does ends its own conversation only."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
import trio
from trio.testing import MockClock

from node import gossip
from node.allowances import QUESTIONS
from node.cards import CARDS
from node.conversations import AGAIN
from node.network.links import JOIN, SYNC, LinkError, Stream
from node.patience import WAIT_SECONDS
from node.turnstile import Turnstile
from protocol.keys import Signer
from protocol.kinds import enrol
from protocol.messages import (
    Buckets,
    Places,
    SegmentOf,
    Want,
    WantCertificates,
    WantSideIds,
    pack,
    unpack,
)
from protocol.records import MARKET, Record, make_record
from storage import frontier
from storage.rows import find_log
from tests.village.network import MemoryNetwork
from tests.village.village import Village, Villager

Reply = Callable[[Any], bytes | None]


class Mallory:
    """Takes a member's place on the network and answers sync by a script."""

    def __init__(self, village: Village, member: Villager) -> None:
        self.signer = member.home.unlock().device
        self.community = member.home.store.community
        self.member = member
        self.network: MemoryNetwork = village.world.network(
            self.signer.seed,
            gate=lambda peer: True,
            topic=self.community.hex(),
            host=village.host(member.name),
        )
        self.script: Reply = lambda message: None
        self.network.handle(SYNC, self._serve)

    async def _serve(self, stream: Stream) -> None:
        """Pretend to hold something else, then answer each question by the script."""
        try:
            hello = unpack(await stream.receive())
            await stream.send(pack(hello._replace(frontier=os.urandom(16))))
            while True:
                answer = self.script(unpack(await stream.receive()))
                if answer is None:
                    return
                await stream.send(answer)
        except LinkError:
            return
        finally:
            await stream.aclose()

    def head(self) -> tuple[int, bytes]:
        """Where the member's market log ends."""
        found = find_log(self.member.home.store, self.signer.public, MARKET)
        assert found is not None
        return found.head_seq, found.head_id

    def record(self, *, seq: int, prev: bytes, sign: bool = True, **changes: Any) -> Record:
        """A listing in the member's log."""
        return make_record(
            self.signer,
            community=changes.get("community", self.community),
            lane=MARKET,
            seq=seq,
            prev=prev,
            gov=None,
            kind="listing",
            time_ms=1,
            salt=bytes(16),
            body={"title": "Stone", "mode": "give", "version": 1},
            sign=sign,
        )

    def offering(self, entries: list[Any]) -> Reply:
        """A script that claims to have more of the log and serves `entries` for it."""
        seq, _ = self.head()
        place = (self.signer.public, MARKET, seq + len(entries), os.urandom(32))

        def reply(message: Any) -> bytes | None:
            match message:
                case WantSideIds():
                    return cbor2.dumps([4, []])
                case Buckets():
                    return pack(Places([place], False))
                case Want():
                    return pack(SegmentOf(self.signer.public, MARKET, entries))
            return None

        return reply


async def meet(village: Village) -> tuple[Villager, Villager, Mallory]:
    """Ana and Ben, and a third member whose place Mallory's program takes."""
    ana, ben, third = await village.join("ana", "ben", "third")
    third.offer("Something honest")
    await village.agree()
    await third.stop()
    mallory = Mallory(village, third)
    await village.nursery.start(mallory.network.run, ["/ip4/0.0.0.0/tcp/4001"])
    await mallory.network.connect(ben.network.peer_id, ben.network.addresses)
    await trio.sleep(1)
    return ana, ben, mallory


def deep() -> bytes:
    value: Any = 1
    for _ in range(30):
        value = [value]
    return cbor2.dumps(value)


def bad_entries(mallory: Mallory, name: str) -> list[Any]:
    seq, prev = mallory.head()
    one = mallory.record(seq=seq + 1, prev=prev, sign=name == "gap")
    two = mallory.record(seq=seq + 2, prev=one.id)
    match name:
        case "wrong signature":
            return [one.entry(), two._replace(signature=os.urandom(64)).entry()]
        case "gap":
            three = mallory.record(seq=seq + 3, prev=two.id)
            return [one.entry(), three.entry()]
        case "other community":
            foreign = mallory.record(seq=seq + 1, prev=prev, community=os.urandom(32))
            return [foreign.entry()]
        case "altered body":
            altered = two._replace(body=two.body and two.body[:-1] + b"\x02")
            return [one.entry(), altered.entry()]
        case "too large":
            return [one._replace(raw=one.raw + bytes(600)).entry()]
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("wrong signature", "bad-signature"),
        ("gap", "gap"),
        ("other community", "bad-signature"),
        ("altered body", "bad-body"),
        ("too large", "too-large"),
    ],
)
async def test_false_records_end_the_conversation_and_nothing_is_stored(
    village: Village, autojump_clock: MockClock, what: str, reason: str
) -> None:
    ana, ben, mallory = await meet(village)
    before = ben.digest
    mallory.script = mallory.offering(bad_entries(mallory, what))

    await ben.node.sync_with(mallory.network.peer_id)

    assert ben.faults == [reason]
    assert ben.digest == before
    assert ben.node.peers.waits(mallory.network.peer_id)
    bread = ana.offer("Bread")
    await village.until(lambda: bread.id in ben.ids)
    await trio.sleep(WAIT_SECONDS + 1)
    assert not ben.node.peers.waits(mallory.network.peer_id)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"\xff\xfe garbage", "not-cbor"),
        (b"\x82\x00", "not-cbor"),
        (cbor2.dumps([99]), "bad-message"),
        (cbor2.dumps([1.5]), "not-cbor"),
        (cbor2.dumps({"b": 1, "a": 2}), "not-canonical"),
        (deep(), "too-deep"),
        (cbor2.dumps([0, b"otherone", 0, bytes(32), bytes(16), bytes(16), 1]), "other-community"),
    ],
)
async def test_bytes_that_are_no_message_end_the_conversation_with_a_reason(
    village: Village, autojump_clock: MockClock, frame: bytes, reason: str
) -> None:
    ana, ben, mallory = await meet(village)

    stream = await mallory.network.open(ben.network.peer_id, SYNC)
    await stream.send(frame)
    said = [unpack(await stream.receive())]
    while type(said[-1]).__name__ == "Hello":
        said.append(unpack(await stream.receive()))

    assert said[-1].reason in (reason, "not-cbor")
    assert ben.faults == [said[-1].reason]
    bread = ana.offer("Bread")
    await village.until(lambda: bread.id in ben.ids)


async def test_gossip_ahead_of_our_head_is_set_aside_and_not_passed_on(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)
    seq, prev = mallory.head()
    one = mallory.record(seq=seq + 1, prev=prev)
    two = mallory.record(seq=seq + 2, prev=one.id)
    hearing = gossip.Hearing(ben.home.store, ben.node.peers, ben.node.kept, lambda peer: None)
    (ahead,) = gossip.batches([two])
    (missing,) = gossip.batches([one])

    assert not await hearing.check(mallory.network.peer_id, ahead)
    assert two.id not in ben.ids
    aside = ben.home.store.db.execute("SELECT count(*) FROM aside").fetchone()
    assert aside == (1,)

    assert await hearing.check(mallory.network.peer_id, missing)
    assert {one.id, two.id} <= ben.ids
    assert ben.faults == []


async def test_the_number_of_a_gossip_message_is_no_truth_value(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)
    seq, prev = mallory.head()
    one = mallory.record(seq=seq + 1, prev=prev)
    hearing = gossip.Hearing(ben.home.store, ben.node.peers, ben.node.kept, lambda peer: None)
    (sound,) = gossip.batches([one])
    false = cbor2.dumps([False, cbor2.loads(sound)[1]])

    assert not await hearing.check(mallory.network.peer_id, false)
    assert one.id not in ben.ids
    assert ben.faults == ["bad-message"]


async def test_gossip_by_somebody_whose_membership_is_not_here_is_not_passed_on(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)
    person, device = Signer(os.urandom(32)), Signer(os.urandom(32))
    stranger = make_record(
        device,
        community=mallory.community,
        lane=0,
        seq=1,
        prev=mallory.community,
        gov=None,
        kind="enrol",
        time_ms=1,
        salt=bytes(16),
        body=enrol.body(person, mallory.community, device.public),
    )
    hearing = gossip.Hearing(ben.home.store, ben.node.peers, ben.node.kept, lambda peer: None)
    before = ben.digest
    (message,) = gossip.batches([stranger])

    assert not await hearing.check(mallory.network.peer_id, message)

    assert ben.digest == before
    assert ben.faults == []


@pytest.mark.parametrize("garbage", [b"", b"\x00", b"\x82\x00\x81", os.urandom(2000), deep()])
async def test_garbage_in_gossip_is_named_and_changes_nothing(
    village: Village, autojump_clock: MockClock, garbage: bytes
) -> None:
    ana, ben, mallory = await meet(village)
    before = ben.digest

    await mallory.network.publish(garbage)
    await trio.sleep(1)

    assert ben.digest == before
    bread = ana.offer("Bread")
    await village.until(lambda: bread.id in ben.ids)


async def test_a_question_asked_without_end_is_cut_short(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)
    stream = await mallory.network.open(ben.network.peer_id, SYNC)
    hello = frontier.hello(ben.home.store)
    await stream.send(pack(hello._replace(frontier=os.urandom(16))))
    await stream.receive()

    with contextlib.suppress(LinkError):
        for number in range(2 * QUESTIONS):
            await stream.send(pack(WantCertificates(number)))  # and never reads an answer

    await village.until(lambda: ben.faults == ["too-fast"])


async def test_the_same_question_again_and_again_is_answered_a_few_times(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)
    stream = await mallory.network.open(ben.network.peer_id, SYNC)
    hello = frontier.hello(ben.home.store)
    await stream.send(pack(hello._replace(frontier=os.urandom(16))))
    await stream.receive()

    with contextlib.suppress(LinkError):
        for _ in range(AGAIN + 1):
            await stream.send(pack(WantSideIds()))
            await stream.receive()

    await village.until(lambda: ben.faults == ["asked-again"])


async def test_what_was_asked_long_ago_is_forgotten(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conversation may go on for days, and what is remembered of it must not grow."""
    monkeypatch.setattr("node.conversations.REMEMBERED", 3)
    _, ben, mallory = await meet(village)
    stream = await mallory.network.open(ben.network.peer_id, SYNC)
    hello = frontier.hello(ben.home.store)
    await stream.send(pack(hello._replace(frontier=os.urandom(16))))
    await stream.receive()

    for _ in range(AGAIN + 1):
        for height in range(3):
            await stream.send(pack(WantCertificates(height)))
            await stream.receive()

    assert ben.faults == []


async def test_a_member_that_knocks_with_nonsense_is_named(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)

    stream = await mallory.network.open(ben.network.peer_id, JOIN)
    await stream.send(b"\xff")

    await village.until(lambda: ben.faults == ["not-cbor"])


async def test_false_cards_in_an_answer_are_named(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)

    async def serve(stream: Stream) -> None:
        await stream.receive()
        await stream.send(b"\xff")
        await stream.aclose()

    mallory.network.handle(CARDS, serve)
    await ben.node.neighbours.say_where()

    assert ben.faults == ["not-cbor"]


async def test_whoever_listens_slowly_does_not_pile_up_what_is_said(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)
    heard = 0

    async def serve(stream: Stream) -> None:
        nonlocal heard
        heard += 1
        await trio.sleep_forever()

    mallory.network.handle(CARDS, serve)
    async with trio.open_nursery() as nursery:
        for _ in range(30):  # as newcomers come in
            nursery.start_soon(ben.node.neighbours.say_where)

    assert 1 <= heard <= 2


async def test_a_stream_opened_just_before_its_bearer_was_removed_is_not_served(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)
    stranger = village.world.network(
        os.urandom(32), gate=lambda peer: True, topic=mallory.community.hex(), host="elsewhere"
    )
    await village.nursery.start(stranger.run, ["/ip4/0.0.0.0/tcp/4001"])
    await stranger.connect(ben.network.peer_id, ben.network.addresses)

    async def serve(stream: Stream) -> None:
        await stream.send(b"for members")

    ben.network.handle(JOIN, Turnstile(ben.node.peers, "sync", serve).serve)  # past the gate

    with pytest.raises(LinkError):
        await (await stranger.open(ben.network.peer_id, JOIN)).receive()
    assert await (await mallory.network.open(ben.network.peer_id, JOIN)).receive() == b"for members"
