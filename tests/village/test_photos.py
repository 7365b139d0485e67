"""Photos between neighbours: fetched by hash, checked, let go when nobody shows them any more."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from node import album, market
from node.blobs import NEWEST
from node.network.links import BLOB, LinkError, Stream
from node.photos import Prepared, prepare
from node.turnstile import AT_ONCE
from protocol.blobs import (
    MAX_ANSWER,
    MAX_ASKED,
    MAX_QUESTION,
    answer,
    question,
    read_answer,
    read_question,
)
from protocol.kinds.listing import LARGE_BYTES, Listing, Photo, Rendition
from storage import blobs
from storage.views.listing_queries import Offer
from tests.photos import pictures
from tests.village.network import MemoryNetwork
from tests.village.village import Village, Villager


@lru_cache
def shot(seed: int) -> Prepared:
    """A photo of its own for each seed."""
    return prepare(pictures.photo(900, 600, seed))


def shows(who: Villager, title: str, *seeds: int, audience: str = "everyone") -> Offer:
    """List something with photos, as the command does."""
    kept = tuple(album.keep(who.home, shot(seed), f"{title} {seed}") for seed in seeds)
    made = market.offer(who.home, Listing(title=title, mode="give", photos=kept, audience=audience))
    who.node.poke()
    return made


def has(who: Villager, photo: Photo) -> tuple[bool, bool]:
    """Whether the small and the large rendition are here."""
    store = who.home.store
    return blobs.here(store, photo.small.hash), blobs.here(store, photo.large.hash)


async def brings(who: Villager, photo: Photo) -> bool:
    """Show the photo on a page of who's."""
    return await who.node.blobs.bring(photo.large.hash)


async def test_cards_come_ahead_and_pages_on_demand(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")

    bread = shows(ana, "Bread", 1, 2)
    first, second = bread.listing.photos
    await village.until(lambda: has(ben, first)[0])

    assert has(ben, first) == (True, False)
    assert has(ben, second) == (False, False)
    assert await brings(ben, first)
    assert blobs.get(ben.home.store, first.large.hash) == shot(1).large.data
    assert ben.faults == ana.faults == []


async def test_a_helper_machine_holds_photos_that_nobody_looked_at(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await eva.stop()
    eva.always_on = True
    await eva.start()

    bread = shows(ana, "Bread", 1, 2)
    shows(ana, "Rolls", 3)
    first, second = bread.listing.photos
    await village.until(lambda: has(eva, second) == (True, True))
    await village.until(lambda: eva.digest == ben.digest)

    assert has(eva, first) == (True, True)
    assert has(ben, first) == (True, False)
    await ana.stop()
    assert await brings(ben, second)


async def test_a_full_helper_machine_keeps_what_it_has(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, eva = await village.join("ana", "eva")
    await eva.stop()
    eva.always_on = True
    monkeypatch.setattr(blobs, "HELPER_BYTES", MAX_ASKED * MAX_ANSWER + 1)
    await eva.start()

    bread = shows(ana, "Bread", 1)
    await village.until(lambda: has(eva, bread.listing.photos[0]) == (True, True))
    rolls = shows(ana, "Rolls", 2)
    await village.until(lambda: rolls.id in eva.ids)
    await trio.sleep(120)

    assert has(eva, bread.listing.photos[0]) == (True, True)
    assert has(eva, rolls.listing.photos[0]) == (False, False)
    assert await brings(eva, rolls.listing.photos[0])


async def test_a_friend_of_a_friend_has_it_when_the_maker_is_away(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    village.cut(ana, eva)
    bread = shows(ana, "Bread", 1)
    (photo,) = bread.listing.photos
    await village.until(lambda: bread.id in eva.ids)
    assert await brings(ben, photo)
    await ana.stop()

    assert await brings(eva, photo)


async def test_what_nobody_has_is_not_asked_for_all_the_time(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    bread = shows(ana, "Bread", 1)
    (photo,) = bread.listing.photos
    ana.home.store.db.execute("DELETE FROM blob")
    await village.until(lambda: bread.id in ben.ids)
    asked = _questions(ana.network)

    for _ in range(20):
        assert not await brings(ben, photo)
    assert len(asked) <= 2

    album.keep(ana.home, shot(1), "")
    await trio.sleep(60)
    assert await brings(ben, photo)


def _questions(network: MemoryNetwork) -> list[str]:
    """Who asks for pictures from here on."""
    asked: list[str] = []
    handler = network._handlers[BLOB]

    async def noted(stream: Stream) -> None:
        asked.append(stream.peer)
        await handler(stream)

    network._handlers[BLOB] = noted
    return asked


async def test_all_pictures_of_a_page_come_with_a_few_questions(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    made = [shows(ana, f"Loaf {n}", n) for n in range(20)]
    await village.until(lambda: made[-1].id in ben.ids)
    asked = _questions(ana.network)

    async with trio.open_nursery() as nursery:
        for offer in made:
            nursery.start_soon(brings, ben, offer.listing.photos[0])

    assert all(has(ben, offer.listing.photos[0])[1] for offer in made)
    assert len(asked) <= 4 and MAX_ASKED < 20 <= NEWEST


async def test_more_pictures_come_than_a_neighbour_answers_at_once(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.blobs.MAX_ASKED", 1)
    ana, ben = await village.join("ana", "ben")
    made = [shows(ana, f"Loaf {n}", n) for n in range(4 * AT_ONCE)]
    await village.until(lambda: made[-1].id in ben.ids)

    async with trio.open_nursery() as nursery:
        for offer in made:
            nursery.start_soon(brings, ben, offer.listing.photos[0])

    assert all(has(ben, offer.listing.photos[0])[1] for offer in made)


class Mallory:
    """Answers questions for pictures in a member's place, by a script."""

    def __init__(self, member: Villager, script: Callable[[bytes], bytes | None]) -> None:
        self.asked = 0
        self.script = script
        member.network._handlers[BLOB] = self._serve

    async def _serve(self, stream: Stream) -> None:
        self.asked += 1
        for name in read_question(await stream.receive(MAX_QUESTION)):
            frame = self.script(name)
            if frame is None:
                break
            await stream.send(frame)
        await stream.aclose()


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (answer(b"RIFF1234WEBPsomething else"), "wrong-blob"),
        (answer(b""), "wrong-blob"),
        (b"\xff\xff", "not-cbor"),
        (question([bytes(32)]), "bad-message"),
    ],
)
async def test_who_sends_other_bytes_has_to_wait_and_somebody_else_is_asked(
    village: Village, autojump_clock: MockClock, frame: bytes, reason: str
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    bread = shows(ana, "Bread", 1)
    (photo,) = bread.listing.photos
    await village.agree()
    assert await brings(eva, photo)
    mallory = Mallory(ana, lambda name: frame)  # as the maker she is asked first

    assert await brings(ben, photo)

    assert mallory.asked == 1
    assert reason in ben.faults
    assert ben.node.peers.waits(ana.network.peer_id)
    assert blobs.get(ben.home.store, photo.large.hash) == shot(1).large.data


async def test_a_picture_that_is_too_large_is_not_even_read(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    bread = shows(ana, "Bread", 1)
    (photo,) = bread.listing.photos
    await village.agree()
    assert await brings(eva, photo)
    mallory = Mallory(ana, lambda name: bytes(LARGE_BYTES + 1000))

    assert await brings(ben, photo)

    assert mallory.asked == 1
    assert blobs.get(ben.home.store, photo.large.hash) == shot(1).large.data


async def test_who_goes_silent_holds_up_one_question_only(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    bread = shows(ana, "Bread", 1)
    (photo,) = bread.listing.photos
    await village.agree()
    assert await brings(eva, photo)

    async def silent(stream: Stream) -> None:
        await trio.sleep_forever()

    ana.network._handlers[BLOB] = silent
    assert not await brings(ben, photo)
    await village.until(lambda: has(ben, photo)[1], seconds=60)

    assert ben.faults == []


@pytest.mark.parametrize("said", [{"size": 9}, {"size": 60_000}])
async def test_a_maker_who_lies_about_a_size_makes_nobody_else_wait(
    village: Village, autojump_clock: MockClock, said: dict[str, Any]
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    true = album.keep(ana.home, shot(1), "")
    lie = Photo(
        alt="",
        small=Rendition(hash=true.small.hash, width=9, height=9, **said),
        large=true.large,
    )
    made = market.offer(ana.home, Listing(title="Bread", mode="give", photos=(lie,)))
    ana.node.poke()
    await village.until(lambda: made.id in ben.ids)
    await trio.sleep(120)

    assert not await ben.node.blobs.bring(lie.small.hash)
    assert await brings(ben, lie)
    assert ben.faults == eva.faults == []


# 38 bytes of lossless WebP for which whoever shows them needs a gigabyte.
BOMB = bytes.fromhex("524946461e000000574542505650384c110000002f7ffe9f0f07d0842634a1ff8188e87f0000")


@pytest.mark.parametrize("page", [b"<html><script>alert(1)</script>", BOMB])
async def test_bytes_that_are_no_picture_or_a_bomb_are_not_kept(
    village: Village, autojump_clock: MockClock, page: bytes
) -> None:
    ana, ben = await village.join("ana", "ben")
    name = sha256(page).digest()
    one = Rendition(hash=name, width=9, height=9, size=len(page))
    made = market.offer(
        ana.home, Listing(title="X", mode="give", photos=(Photo(alt="", small=one, large=one),))
    )
    ana.node.poke()
    Mallory(ana, lambda asked: answer(page))
    await village.until(lambda: made.id in ben.ids)

    assert not await ben.node.blobs.bring(name)
    assert not blobs.here(ben.home.store, name)
    assert ben.faults == []


async def test_an_erased_listing_takes_its_photos_along_everywhere(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    bread, cake = shows(ana, "Bread", 1, 2), shows(ana, "Cake", 2)
    await village.agree()
    for photo in bread.listing.photos:
        assert await brings(ben, photo)

    market.erase(ana.home, bread.id.hex())
    ana.node.poke()
    await village.until(lambda: bread.id not in ben.ids)

    only, shared = bread.listing.photos
    assert cake.listing.photos == (album.keep(ana.home, shot(2), "Cake 2"),)
    for who in (ana, ben):
        assert has(who, only) == (False, False)
        assert has(who, shared)[1]
        who.home.store.wipe_trail()
        for path in who.home.path.glob("moothall.db*"):
            assert shot(1).large.data[100:164] not in path.read_bytes()


async def test_photos_of_a_draft_are_told_to_nobody(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    photo = album.keep(ana.home, shot(1), "")
    draft = Listing(title="Secret", mode="give", photos=(photo,))
    with ana.home.store.transaction():
        market.save_draft(ana.home, None, draft)

    async with asking(ben, ana) as stream:
        await stream.send(question([photo.large.hash]))
        assert read_answer(await stream.receive(), photo.large.hash) is None


@asynccontextmanager
async def asking(who: Villager, other: Villager) -> AsyncIterator[Stream]:
    """A stream on which who asks the other."""
    stream = await who.network.open(other.network.peer_id, BLOB)
    try:
        yield stream
    finally:
        await stream.aclose()


@pytest.mark.parametrize("frame", [b"", b"\xf6", question([]), question([b"short"]), bytes(900)])
async def test_who_asks_nonsense_has_to_wait(
    village: Village, autojump_clock: MockClock, frame: bytes
) -> None:
    ana, ben = await village.join("ana", "ben")

    async with asking(ben, ana) as stream:
        await stream.send(frame)
        with pytest.raises(LinkError):
            await stream.receive()

    assert ana.node.peers.waits(ben.network.peer_id)


async def test_nobody_takes_more_than_their_share(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.blobs.BURST", 3 * len(shot(1).large.data))
    monkeypatch.setattr("node.blobs.A_SECOND", 1)
    ana, ben = await village.join("ana", "ben")
    (photo,) = shows(ana, "Bread", 1).listing.photos
    got = 0

    async with asking(ben, ana) as stream:
        await stream.send(question([photo.large.hash] * MAX_ASKED))
        with pytest.raises(LinkError):
            while await stream.receive():
                got += 1

    assert got == 3


async def test_a_stranger_gets_no_picture(village: Village, autojump_clock: MockClock) -> None:
    ana, ben = await village.join("ana", "ben")
    with stranger(ana, ben), pytest.raises(LinkError):
        async with asking(ben, ana):
            pass


@contextmanager
def stranger(ana: Villager, ben: Villager) -> Iterator[None]:
    """Ana does not know Ben for a moment."""
    before = ana.network._gate
    ana.network._gate = lambda peer: peer != ben.network.peer_id
    yield
    ana.network._gate = before
