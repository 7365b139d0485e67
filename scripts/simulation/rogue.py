"""Members with a valid key and a hostile program: as in tests/village/test_hostile.py, by chance.

A rogue lies to whoever syncs with it and now and then does one of its tricks to somebody. Some
tricks leave true records behind (a flood, years 1970 and 2200, a fork): those all must agree on.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

import cbor2
import trio

from node import gossip
from node.network.links import BLOB, SYNC, LinkError, Stream
from protocol.blobs import MAX_QUESTION, read_question
from protocol.cards import make_card
from protocol.messages import Buckets, Places, SegmentOf, Want, WantSideIds, pack, unpack
from protocol.records import GOV, MARKET, Record, make_record
from storage import frontier
from storage.rows import find_log
from tests.village.test_hostile import Mallory
from tests.village.village import Villager

from .town import HOUR, Town

TRICK_SECONDS = HOUR / 2  # between two tricks of one rogue, on average
ON = ["/ip4/0.0.0.0/tcp/4001"]
YEARS_MS = (0, 7_258_118_400_000)  # 1970 and 2200


class Rogue(Mallory):
    """One hostile member. `run` until cancelled."""

    def __init__(self, town: Town, member: Villager) -> None:
        super().__init__(town.village, member)
        self._town = town
        self._dice = town.dice(f"rogue {member.name}")
        self._hello = frontier.hello(member.home.store)
        self._heads = {lane: self._head(lane) for lane in (GOV, MARKET)}
        self._forked = False
        self.network.handle(BLOB, self._wrong_blobs)
        self._tricks = [
            self._garbage,
            self._false_records,
            self._gap,
            self._flood,
            self._odd_years,
            self._fork,
            self._hello_loop,
            self._wants_again_and_again,
            self._reads_nothing,
            self._false_card,
        ]

    async def run(self) -> None:
        """Listen, lie and play tricks."""
        member = self.member
        member.network = self.network  # so that the weather finds it
        async with trio.open_nursery() as nursery:
            await nursery.start(self.network.run, ON)
            while True:
                await trio.sleep(self._dice.expovariate(1 / TRICK_SECONDS))
                trick = self._dice.choice(self._tricks)
                self._town.done["trick"] += 1
                with contextlib.suppress(LinkError), trio.move_on_after(60):
                    await trick(await self._somebody())

    async def _somebody(self) -> str:
        """A peer to do it to, connected by now; LinkError."""
        here = self._town.here
        if not here:
            raise LinkError("unreachable", "Nobody is there.")
        victim = self._dice.choice(here)
        await self.network.connect(victim.network.peer_id, victim.network.addresses)
        return victim.network.peer_id

    def _head(self, lane: int) -> tuple[int, bytes]:
        found = find_log(self.member.home.store, self.signer.public, lane)
        return (0, self.community) if found is None else (found.head_seq, found.head_id)

    def _made(self, lane: int, place: tuple[int, bytes], title: str, time_ms: int = 1) -> Record:
        seq, prev = place
        body: dict[str, Any] = {"title": title, "mode": "give", "version": 1}
        return make_record(
            self.signer,
            community=self.community,
            lane=lane,
            seq=seq + 1,
            prev=prev,
            gov=None,
            kind="listing" if lane == MARKET else "leave-it",  # no known kind: held, says nothing
            time_ms=time_ms,
            salt=os.urandom(16),
            body=body,
        )

    async def _serve(self, stream: Stream) -> None:
        """Say that something differs, then answer with lies."""
        try:
            await stream.receive()
            await stream.send(pack(self._hello._replace(frontier=os.urandom(16))))
            while True:
                for answer in self._lies(unpack(await stream.receive())):
                    await stream.send(answer)
        except LinkError:
            return
        finally:
            await stream.aclose()

    def _lies(self, message: Any) -> list[bytes]:
        seq, _ = self._heads[MARKET]
        match message:
            case WantSideIds():
                return [cbor2.dumps([4, [], False])]
            case Buckets():
                place = (self.signer.public, MARKET, seq + 3, os.urandom(32))
                return [pack(Places([place], False))]
            case Want():
                one = self._made(MARKET, (seq + 1, os.urandom(32)), "Beyond a gap")
                entry = one._replace(signature=os.urandom(64)).entry()
                return [pack(SegmentOf(self.signer.public, MARKET, [entry]))]
        return [self._dice.randbytes(self._dice.randrange(1, 300))]

    async def _wrong_blobs(self, stream: Stream) -> None:
        with contextlib.suppress(LinkError):
            for _ in read_question(await stream.receive(MAX_QUESTION)):
                await stream.send(os.urandom(2000))
        await stream.aclose()

    # Tricks, each on one peer

    async def _garbage(self, peer: str) -> None:
        stream = await self.network.open(peer, SYNC)
        await stream.send(self._dice.randbytes(self._dice.randrange(1, 3000)))
        await self.network.publish(self._dice.randbytes(60_000))

    async def _false_records(self, peer: str) -> None:
        one = self._made(MARKET, self._heads[MARKET], "Not signed by me")
        (message,) = gossip.batches([one._replace(signature=os.urandom(64))])
        await self.network.publish(message)

    async def _gap(self, peer: str) -> None:
        seq, _ = self._heads[MARKET]
        (message,) = gossip.batches([self._made(MARKET, (seq + 5, os.urandom(32)), "Ahead")])
        await self.network.publish(message)

    async def _flood(self, peer: str) -> None:
        for number in range(40):
            await self._says(self._made(MARKET, self._heads[MARKET], f"Pebble {number}"))

    async def _odd_years(self, peer: str) -> None:
        for time_ms in YEARS_MS:
            await self._says(self._made(MARKET, self._heads[MARKET], "Out of time", time_ms))

    async def _says(self, record: Record) -> None:
        """A true record: from now on the log goes on from there."""
        (message,) = gossip.batches([record])
        await self.network.publish(message)
        if record.header.seq == self._heads[record.header.lane][0] + 1:
            self._heads[record.header.lane] = (record.header.seq, record.id)

    async def _fork(self, peer: str) -> None:
        """Two histories, told to different people; once is enough."""
        if self._forked:
            return
        self._forked = True
        lane = self._dice.choice([GOV, MARKET])
        here = self._heads[lane]
        for number, branch in enumerate(("One thing", "Another")):
            (message,) = gossip.batches([self._made(lane, here, branch)])
            for each, link in list(self.network._links.items())[number::2]:
                if link.gossips and each != self.network.peer_id:
                    link.gossip_to(link.other(self.network)).offer(message)
        self._town.done["fork"] += 1

    async def _hello_loop(self, peer: str) -> None:
        for _ in range(100):
            stream = await self.network.open(peer, SYNC)
            await stream.send(pack(self._hello._replace(frontier=os.urandom(16))))
            await stream.aclose()

    async def _wants_again_and_again(self, peer: str) -> None:
        stream = await self.network.open(peer, SYNC)
        await stream.send(pack(self._hello._replace(frontier=os.urandom(16))))
        everything = [(self.signer.public, MARKET, 0, bytes(32))]
        for _ in range(100):
            await stream.send(pack(Want(everything)))
            await stream.receive()

    async def _reads_nothing(self, peer: str) -> None:
        stream = await self.network.open(peer, SYNC)
        await stream.send(pack(self._hello._replace(frontier=os.urandom(16))))
        for _ in range(100):
            await stream.send(pack(Buckets(bytes(8))))
        await trio.sleep_forever()

    async def _false_card(self, peer: str) -> None:
        nowhere = ("/ip4/10.9.9.9/tcp/1", "/ip4/10.1.0.1/tcp/4001")  # the founder's, among others
        card = make_card(self.signer, self.community, nowhere, self.member.home.store.now_ms())
        await self.network.publish(gossip.card_message(card))
