"""Address cards: told once, and again only when there is something new to say."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from governance.membership import CERTIFIED
from node.cards import CARDS, CARDS_SECONDS
from node.neighbours import BREATH_SECONDS
from node.network.links import MAX_MESSAGE, LinkError, Stream
from protocol.cards import LIFETIME_MS, Offer, pack_delivery, pack_offer, read_offer
from tests.village.village import Village, Villager, now_ms

DAY_MS = 86_400_000


class Metered:
    """A stream whose bytes are counted."""

    def __init__(self, stream: Stream, spent: list[int]) -> None:
        self.peer = stream.peer
        self._stream = stream
        self._spent = spent

    async def send(self, message: bytes) -> None:
        self._spent.append(len(message))
        await self._stream.send(message)

    async def receive(self, limit: int = MAX_MESSAGE) -> bytes:
        message = await self._stream.receive(limit)
        self._spent.append(len(message))
        return message

    async def aclose(self) -> None:
        await self._stream.aclose()


def listen_in(monkeypatch: pytest.MonkeyPatch, *people: Villager) -> list[int]:
    """The sizes of all messages about cards from now on, on streams that these open."""
    spent: list[int] = []
    for person in people:
        opened = person.network.open

        async def metered(peer: str, protocol: str, opened=opened) -> Stream:  # type: ignore[no-untyped-def]
            stream: Stream = await opened(peer, protocol)
            return Metered(stream, spent) if protocol == CARDS else stream

        monkeypatch.setattr(person.network, "open", metered)
    return spent


def card(who: Villager, of: Villager) -> tuple[int, str]:
    """When the card of this device that is held there was issued, and its addresses."""
    asked = "SELECT issued_ms, addresses FROM peer WHERE device = ?"
    issued_ms, addresses = who.home.store.db.execute(asked, [of.home.device]).fetchone()
    return int(issued_ms), str(addresses)


async def test_where_nothing_has_changed_next_to_nothing_is_said(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await village.join("ana", "ben", "eva", "dan", "cleo")
    await trio.sleep(2 * CARDS_SECONDS)
    spent = listen_in(monkeypatch, *people)

    await trio.sleep(8 * CARDS_SECONDS)

    assert spent
    assert max(spent) < 24
    # Two messages a quarter of an hour for each of ten links, whichever end speaks first.
    assert len(spent) <= 2 * 10 * 9


async def test_who_comes_back_where_it_was_signs_nothing_and_who_moved_is_told_of(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = people = await village.join("ana", "ben", "eva")
    await village.until(lambda: len({card(each, eva) for each in people}) == 1)
    before = card(ana, eva)

    await eva.stop()
    await eva.start()
    await trio.sleep(2 * CARDS_SECONDS)
    assert {card(each, eva) for each in people} == {before}

    await eva.stop()
    village.people.append(village.people.pop(2))
    village.people.insert(2, ana)  # so that Eva's host is another one
    await eva.start()
    await village.until(lambda: card(ben, eva) == card(ana, eva) == card(eva, eva), 10)
    assert "10.1.0.4" in card(ben, eva)[1]


async def test_a_card_is_signed_again_when_half_its_life_is_over(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    first = card(ben, ana)[0]
    for days, renewed in ((6, False), (8, True)):
        for person in (ana, ben):
            person.home.store.now_ms = lambda days=days: now_ms() + days * DAY_MS  # type: ignore[misc]
        await trio.sleep(CARDS_SECONDS)
        assert (card(ben, ana)[0] > first) == renewed
    assert LIFETIME_MS // 2 == 7 * DAY_MS


async def test_a_card_that_was_lost_on_its_way_is_told_again(
    village: Village, autojump_clock: MockClock
) -> None:
    """Who was away while somebody moved hears of it from whoever heard, by what is new there."""
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await trio.sleep(2 * CARDS_SECONDS)
    village.cut(ben, eva)
    village.world.loss = 1.0  # gossip does not carry it

    eva.node.neighbours._announced = ("/ip4/192.0.2.9/tcp/4001",)
    eva.node.neighbours.moved()
    await village.until(lambda: "192.0.2.9" in card(ana, eva)[1], 60)

    await village.until(lambda: card(ben, eva) == card(ana, eva), 2 * CARDS_SECONDS)


async def test_what_was_not_wanted_is_not_taken(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    await village.until(lambda: bool(ana.network.peers()))
    stream = await ana.network.open(ben.network.peer_id, CARDS)
    await stream.send(pack_offer(Offer(now_ms(), True, ())))
    theirs = read_offer(await stream.receive(), 0)
    assert theirs.wanted == ()

    await stream.send(pack_delivery([[b"", b""]]))

    with pytest.raises(LinkError):
        await stream.receive()
    assert ben.faults == ["bad-card"]


async def test_devices_of_one_mark_are_offered_one_at_a_time(
    village: Village, autojump_clock: MockClock
) -> None:
    """Somebody can make two such keys; whoever tells of their cards must not be blamed for it."""
    ana, ben = await village.join("ana", "ben")
    await trio.sleep(CARDS_SECONDS)
    store = ana.home.store
    for twin in (bytes(32), bytes(31) + b"1"):
        store.db.execute(
            "INSERT INTO device (key, person, standing) VALUES (?, ?, ?)", [twin, twin, CERTIFIED]
        )
        where = '["/ip4/192.0.2.9/tcp/4001"]'
        store.db.execute("INSERT INTO peer VALUES (?, x'80', ?, 1, ?)", [twin, where, 2**53])

    ana.node.neighbours.changed()
    ana.node.neighbours._cards.begin_anew()
    await ana.node.neighbours.exchange(ben.network.peer_id)

    assert ben.faults == []


async def test_who_is_new_is_dialled_soon_whoever_asks_first_who_is_known(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, _ = await village.join("ana", "ben")
    neighbours, looked = ana.node.neighbours, trio.Event()
    carry_out = neighbours._carry_out

    def look(nursery: trio.Nursery) -> None:
        looked.set()
        carry_out(nursery)

    await trio.sleep(BREATH_SECONDS * 2)
    monkeypatch.setattr(neighbours, "_carry_out", look)
    ana.node.peers.news = True
    neighbours.relaying.relays(trio.current_time(), [], [])
    neighbours.look()

    with trio.fail_after(BREATH_SECONDS * 2):
        await looked.wait()


async def test_whose_addresses_come_and_go_is_found_where_it_is_in_the_end(
    village: Village, autojump_clock: MockClock
) -> None:
    """As where a relay gives a place and takes it back again and again."""
    ana, eva = await village.join("ana", "eva")
    there = "/ip4/192.0.2.9/tcp/4001"

    for number in range(121):
        eva.node.neighbours._announced = () if number % 2 else (there,)
        eva.node.neighbours.moved()
        await trio.sleep(5)
    await trio.sleep(120)

    assert there in card(ana, eva)[1]
    assert card(ana, eva) == card(eva, eva)
