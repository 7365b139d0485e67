"""Members who send more than anybody needs: it is held later or not at all, and all agree again."""

from __future__ import annotations

import contextlib
import os
from collections import Counter

import cbor2
import pytest
import trio
from trio.testing import MockClock

from node import admission, allowances, conversations, gossip, inviting, joining
from node import home as homes
from node.network.links import JOIN, SYNC, LinkError, Stream
from node.peers import Peers
from node.turnstile import AT_ONCE
from protocol import lobby
from protocol.cards import LIFETIME_MS
from protocol.codec import encode
from protocol.evidence import fork_proof
from protocol.keys import ADDRESS, Signer
from protocol.kinds import enrol
from protocol.messages import (
    Buckets,
    End,
    Places,
    SegmentOf,
    Side,
    SideIds,
    Want,
    WantSide,
    WantSideIds,
    pack,
    unpack,
)
from protocol.records import GOV, MARKET, Record, make_record
from storage.views import listing_queries as queries
from tests.village.test_hostile import meet
from tests.village.village import Village, Villager

HOUR = 3600


def held(person: Villager, title: str) -> int:
    """How many listings that begin so are shown."""
    found = queries.search(person.home.store, queries.Query(limit=10_000))
    return sum(offer.listing.title.startswith(title) for offer in found.offers)


def stranger(community: bytes, device: Signer | None = None) -> Record:
    """How the log of a device begins that nobody invited."""
    person, device = Signer(os.urandom(32)), device or Signer(os.urandom(32))
    return make_record(
        device,
        community=community,
        lane=GOV,
        seq=1,
        prev=community,
        gov=None,
        kind="enrol",
        time_ms=1,
        salt=bytes(16),
        body=enrol.body(person, community, device.public),
    )


async def test_what_an_author_floods_is_held_later_and_then_by_all(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, an_hour = 20, 60  # records of this size
    cost = admission.ROW + 300
    monkeypatch.setattr(admission, "BURST", room * cost)
    monkeypatch.setattr(admission, "A_DAY", an_hour * 24 * cost)
    ana, ben, cleo = await village.join("ana", "ben", "cleo")
    for number in range(80):
        cleo.offer(f"Tiny {number}")
        await trio.sleep(0.5)
    bread = ana.offer("Bread")
    await village.until(lambda: bread.id in ben.ids & cleo.ids)

    for person in (ana, ben):
        assert 0 < held(person, "Tiny") < 80
        assert person.verify() == []
        assert not person.node.peers.waits(cleo.network.peer_id)

    await village.agree(seconds=3 * HOUR)

    assert held(ana, "Tiny") == held(ben, "Tiny") == 80
    assert {(who, reason) for _, who, reason in _faults(ana)} == {
        (f"author {cleo.home.device.hex()}", "flood")
    }


def _faults(person: Villager) -> list[tuple[int, str, str]]:
    return list(person.home.store.db.execute("SELECT at_ms, who, reason FROM fault"))


async def test_a_flood_is_told_of_its_author_and_not_of_who_carries_it(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "BURST", 20 * (admission.ROW + 300))
    monkeypatch.setattr(admission, "A_DAY", 1)
    ana, ben, cleo = await village.join("ana", "ben", "cleo")
    village.cut(ben, cleo)
    for number in range(60):
        cleo.offer(f"Tiny {number}")
        await trio.sleep(5)
    await trio.sleep(180)

    told = {(who, reason) for _, who, reason in _faults(ben)}
    assert told == {(f"author {cleo.home.device.hex()}", "flood")}
    assert not ben.node.peers.waits(ana.network.peer_id)


async def test_who_carries_the_burst_of_several_is_not_blamed(
    village: Village, autojump_clock: MockClock
) -> None:
    """What each may send in a burst is together more than who carries it may pass on."""
    ana, ben, cleo, dan = await village.join("ana", "ben", "cleo", "dan")
    for other in (cleo, dan):
        village.cut(ben, other)
    for number in range(300):
        cleo.offer(f"Tiny {number}")
        dan.offer(f"Tiny {number} too")
        await trio.sleep(0.001)
    await trio.sleep(120)

    assert ben.faults == ana.faults == []
    await village.agree()


async def test_a_new_home_takes_in_years_at_once(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben = await village.join("ana", "ben")
    for number in range(30):
        ana.offer(f"Jar {number}")
    await village.agree()
    # For every node but Ana's and Ben's own ones, which are there already.
    monkeypatch.setattr(admission, "BURST", 1)
    monkeypatch.setattr(admission, "A_DAY", 1)
    monkeypatch.setattr(admission, "STEPS", 1)

    cleo = await village.invited("cleo", by=ben)

    assert held(cleo, "Jar") == 30


async def test_devices_that_nobody_invited_find_little_room(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, mallory = await meet(village)
    hearing = gossip.Hearing(ben.home.store, ben.node.peers, ben.node.kept, lambda peer: None)
    room = int(allowances.SHARES["newcomers"].messages)

    for _ in range(2 * room):
        (message,) = gossip.batches([stranger(mallory.community)])
        await hearing.check(mallory.network.peer_id, message)

    known = ben.home.store.db.execute("SELECT count(*) FROM device WHERE standing = 0")
    assert known.fetchone()[0] <= room + 1
    dan = await village.invited("dan", by=ana)
    await village.until(lambda: ben.status_of(dan) == "member")
    assert held(ben, "") == held(ana, "")


async def test_a_link_that_goes_round_fills_no_disk(
    village: Village, autojump_clock: MockClock
) -> None:
    """While no teller is there to say whom it was meant for."""
    ana, ben = await village.join("ana", "ben")
    (link,) = inviting.make(ana.home, 1)
    ana.node.poke()
    await village.agree()
    await ana.stop()
    answers: Counter[str] = Counter()
    for number in range(3 * joining.MOST_JOINS):
        home = homes.join_by(village.folder / f"guest {number}", link, "Guest", None)
        seed = home.unlock().device.seed
        network = village.world.network(seed, gate=lambda peer: True, topic="", host="10.9.0.1")
        async with trio.open_nursery() as nursery:
            await nursery.start(network.run, [])
            await network.connect(ben.network.peer_id, ben.network.addresses)
            stream = await network.open(ben.network.peer_id, JOIN)
            await stream.send(lobby.ask(link.community, *homes.first_words(home)))
            answer = lobby.read_answer(await stream.receive(lobby.MAX_ANSWER))
            answers[answer.reason] += 1
            nursery.cancel_scope.cancel()
        home.close()

    most = joining.MOST_JOINS
    assert answers == {"": 1, "contested": most - 1, "used": 2 * most}
    await ana.start()
    await village.agree()


async def test_proofs_about_made_up_devices_come_in_slowly(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = allowances.SHARES["objects"]._replace(messages=40, messages_a_second=0.1)
    monkeypatch.setitem(allowances.SHARES, "objects", share)
    ana, ben, mallory = await meet(village)
    village.world.cut(ana.network, mallory.network)  # else she would bring Ben some as well
    proofs = {}
    for _ in range(200):
        signer = Signer(os.urandom(32))
        one, other = (stranger(mallory.community, signer) for _ in range(2))
        proof = fork_proof(mallory.community, [one], [other])
        proofs[proof.id] = proof.raw

    async def serve(stream: Stream) -> None:
        with contextlib.suppress(LinkError):
            hello = unpack(await stream.receive())
            await stream.send(pack(hello._replace(side=os.urandom(16))))
            while True:
                match unpack(await stream.receive()):
                    case WantSideIds():
                        await stream.send(pack(SideIds(list(proofs), False)))
                    case WantSide(wanted):
                        for each in wanted:
                            await stream.send(pack(Side(proofs[each])))
                        await stream.send(pack(End()))

    mallory.network.handle(SYNC, serve)
    for _ in range(3):
        await ben.node.sync_with(mallory.network.peer_id)

    (count,) = ben.home.store.db.execute("SELECT count(*) FROM side").fetchone()
    assert 0 < count <= share.messages
    bread = ana.offer("Bread")
    await village.until(lambda: bread.id in ben.ids)


async def test_logs_that_are_nowhere_are_asked_for_a_few_times(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    useless = allowances.SHARES["useless"]._replace(size=allowances.MIB, size_a_second=1)
    monkeypatch.setitem(allowances.SHARES, "useless", useless)
    ana, ben, mallory = await meet(village)

    def reply(message: object) -> bytes | None:
        match message:
            case WantSideIds():
                return pack(SideIds([], False))
            case Buckets():
                nowhere = [(os.urandom(32), MARKET, 9, os.urandom(32)) for _ in range(2048)]
                return pack(Places(nowhere, False))
            case Want() | WantSide():
                return pack(End())
        return None

    asked: list[object] = []

    def script(message: object) -> bytes | None:
        asked.append(message)
        return reply(message)

    mallory.script = script
    for _ in range(10):
        await ben.node.sync_with(mallory.network.peer_id)

    named = sum(len(message.places) for message in asked if isinstance(message, Want))
    assert 0 < named <= allowances.SHARES["newcomers"].messages + 20
    assert ben.node.peers.waits(mallory.network.peer_id)
    assert set(ben.faults) == {"too-fast"}
    bread = ana.offer("Bread")
    await village.until(lambda: bread.id in ben.ids)


async def test_a_frontier_of_made_up_logs_is_a_fault(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, mallory = await meet(village)
    monkeypatch.setattr(conversations, "MOST_UNKNOWN", 100)
    nowhere = [(os.urandom(32), MARKET, 9, os.urandom(32)) for _ in range(101)]
    answers = {WantSideIds: pack(SideIds([], False)), Buckets: pack(Places(nowhere, False))}
    mallory.script = lambda message: answers.get(type(message))

    await ben.node.sync_with(mallory.network.peer_id)

    assert ben.faults == ["unknown-logs"]
    bread = ana.offer("Bread")
    await village.until(lambda: bread.id in ben.ids)


async def test_cards_by_the_thousand_are_not_passed_on(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)
    hearing = gossip.Hearing(ben.home.store, ben.node.peers, ben.node.kept, lambda peer: None)
    now, passed = ben.home.store.now_ms(), 0

    for number in range(200):
        raw = encode(
            [mallory.signer.public, ["/ip4/10.0.0.1/tcp/1"], now + number, now + LIFETIME_MS]
        )
        signature = mallory.signer.sign(ADDRESS, mallory.community, raw)
        message = cbor2.dumps([gossip.CARD, [raw, signature]])
        passed += await hearing.check(mallory.network.peer_id, message)

    assert 0 < passed <= admission.CARDS


async def test_a_member_holds_a_few_streams_of_the_lobby_for_a_moment(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)
    streams = [await mallory.network.open(ben.network.peer_id, JOIN) for _ in range(20)]
    await trio.sleep(1)

    assert await _open(streams) <= AT_ONCE

    await trio.sleep(20)
    assert await _open(streams) == 0
    assert "too-slow" in ben.faults


async def _open(streams: list[Stream]) -> int:
    """On how many of them the other side has not hung up."""
    count = 0
    for stream in streams:
        with trio.move_on_after(0.5) as patience:
            try:
                await stream.receive()
            except LinkError:
                continue
        count += patience.cancelled_caught
    return count


async def test_whoever_opens_conversations_without_end_is_named(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, mallory = await meet(village)
    village.world.latency = 0.001

    for _ in range(3 * allowances.QUESTIONS):
        stream = await mallory.network.open(ben.network.peer_id, SYNC)
        await stream.aclose()

    assert ben.faults == ["too-fast"]
    bread = ana.offer("Bread")
    await village.until(lambda: bread.id in ben.ids)


async def test_who_replays_what_is_held_uses_up_none_of_its_authors_steps(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    ana.offer("Bread")
    await village.agree()
    held = gossip.since(ana.home.store, ana.home.device, MARKET, 0, 10)
    (message,) = gossip.batches(held)
    monkeypatch.setattr(admission, "STEPS", 5)
    eva.node.peers.admission._steps.clear()

    assert eva.network._check is not None
    for _ in range(40):
        assert not await eva.network._check(
            ben.network.peer_id, message
        )  # nor its publisher's share
    village.cut(ana, eva)
    jam = ana.offer("Jam")
    (message,) = gossip.batches(gossip.since(ana.home.store, ana.home.device, MARKET, 1, 10))
    assert await eva.network._check(ben.network.peer_id, message)
    assert jam.id in eva.ids


async def test_a_record_that_came_without_its_body_is_passed_on_when_it_comes_whole(
    village: Village, autojump_clock: MockClock
) -> None:
    _, ben, mallory = await meet(village)
    hearing = gossip.Hearing(ben.home.store, ben.node.peers, ben.node.kept, lambda peer: None)
    seq, prev = mallory.head()
    record = mallory.record(seq=seq + 1, prev=prev)
    (bare,) = gossip.batches([record._replace(salt=None, body=None)])
    (whole,) = gossip.batches([record])

    assert await hearing.check(mallory.network.peer_id, bare)
    assert await hearing.check(mallory.network.peer_id, whole)
    assert held(ben, "Stone") == 1
    assert not await hearing.check(mallory.network.peer_id, whole)


async def test_who_names_an_author_beside_what_is_left_uses_up_none_of_its_steps(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, mallory = await meet(village)
    jam = ana.offer("Jam")
    (sound,) = gossip.batches(gossip.since(ana.home.store, ana.home.device, MARKET, 0, 10))
    peers = Peers(ben.home.store, trio.current_time)
    hearing = gossip.Hearing(ben.home.store, peers, ben.node.kept, lambda peer: None)
    peer = mallory.network.peer_id
    while peers.may_ask(peer, "newcomers"):
        pass

    named, stray = [ana.home.device, MARKET, []], [os.urandom(32), MARKET, []]
    for _ in range(20):
        assert not await hearing.check(peer, cbor2.dumps([gossip.RECORDS, [named] * 30 + [stray]]))

    assert ben.faults == []
    assert await hearing.check(ana.network.peer_id, sound)
    assert jam.id in ben.ids


async def test_who_serves_what_is_held_already_uses_up_none_of_its_authors_steps(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "STEPS", 5)
    monkeypatch.setattr(admission, "STEPS_A_SECOND", 0.001)
    ana, ben, mallory = await meet(village)
    ana.offer("Bread")
    await village.agree(ana, ben)
    author = ana.home.device
    entries = [each.entry() for each in gossip.since(ana.home.store, author, MARKET, 0, 1)]

    async def serve(stream: Stream) -> None:
        hello = unpack(await stream.receive())
        await stream.send(pack(hello._replace(frontier=os.urandom(16))))
        with contextlib.suppress(LinkError):
            while True:
                match unpack(await stream.receive()):
                    case WantSideIds():
                        await stream.send(pack(SideIds([], False)))
                    case Buckets():
                        place = (author, MARKET, 9, os.urandom(32))
                        await stream.send(pack(Places([place], False)))
                    case Want():
                        for _ in range(conversations.USELESS + 1):
                            await stream.send(pack(SegmentOf(author, MARKET, entries)))

    mallory.network.handle(SYNC, serve)
    ben.node.peers.admission._steps.clear()
    with trio.fail_after(60):
        await ben.node.sync_with(mallory.network.peer_id)

    assert ben.faults == []
    assert all(ben.node.peers.admission.takes_in(author) for _ in range(5))


async def test_gaps_without_end_are_left_to_sync_and_cost_their_author_nothing(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "STEPS", 5)
    _, ben, mallory = await meet(village)
    peer, asked = mallory.network.peer_id, []
    hearing = gossip.Hearing(ben.home.store, ben.node.peers, ben.node.kept, asked.append)
    room = int(allowances.SHARES["ahead"].messages)
    seq, prev = mallory.head()

    for number in range(2 * room):
        beyond = mallory.record(seq=seq + 2 + number, prev=os.urandom(32))
        (message,) = gossip.batches([beyond])
        assert not await hearing.check(peer, message)

    (waiting,) = ben.home.store.db.execute("SELECT count(*) FROM aside").fetchone()
    assert waiting == room
    assert asked == [peer] * (2 * room)
    assert ben.faults == []
    (message,) = gossip.batches([mallory.record(seq=seq + 1, prev=prev)])
    assert await hearing.check(peer, message)


async def test_who_is_ahead_all_the_time_is_asked_once_a_second(
    village: Village, autojump_clock: MockClock
) -> None:
    _, _, mallory = await meet(village)
    asked = 0

    async def serve(stream: Stream) -> None:
        nonlocal asked
        asked += 1
        await stream.aclose()

    mallory.network.handle(SYNC, serve)
    seq, _ = mallory.head()
    for number in range(100):
        (message,) = gossip.batches([mallory.record(seq=seq + 2 + number, prev=os.urandom(32))])
        await mallory.network.publish(message)
        await trio.sleep(0.05)

    assert 3 <= asked <= 6
