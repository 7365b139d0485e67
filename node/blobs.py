"""Pictures' bytes between neighbours: asked for by hash, on streams of their own.

On demand, when a page shows a picture that is not here, and ahead: for the newest listings' cards,
or, on a helper machine, for all listings, the newest first, as long as there is room.
Whoever sends other bytes than were asked for has to wait, as after any fault. Bytes that are what
was asked for but not what the listing says are its maker's doing: they are left, and nobody waits.
"""

from __future__ import annotations

import logging
import random
import sqlite3
from collections.abc import Callable, Sequence

import trio

from node.bucket import Bucket
from node.loudness import loudness
from node.network.links import BLOB, LinkError, Network, Stream
from node.network.peer_id import peer_id_of
from node.peers import Peers
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
from protocol.errors import Invalid, PeerFault, StoreError
from storage import blobs
from storage.database import FAST
from storage.store import Store

logger = logging.getLogger("moothall.node")

ASK_SECONDS = 15.0  # for one question to one neighbour, all its answers
SERVE_SECONDS = 60.0
WAIT_SECONDS = 8.0  # that a page's picture waits
NOWHERE_SECONDS = 60.0  # before neighbours who all lack a picture are asked again
AHEAD_SECONDS = 1.0  # after news, so that records come first
IDLE_SECONDS = 600.0
NEWEST = 100  # listings whose cards are fetched ahead
ASKING = AT_ONCE - 1  # pages' questions at a time: one more asks ahead, and nobody answers more
BURST = 32 * 1024 * 1024  # bytes that a neighbour may have at once, and
A_SECOND = 1024 * 1024  # after that
REMEMBERED = 10_000


class Blobs:
    """One node's pictures. `clock` is monotonic seconds; `dice` chooses whom to ask.

    `everything`: all pictures of all listings are fetched before anybody looks at them.
    """

    def __init__(
        self,
        store: Store,
        network: Network,
        peers: Peers,
        *,
        clock: Callable[[], float],
        dice: random.Random,
        everything: bool = False,
    ) -> None:
        self._store = store
        self._room = blobs.HELPER_BYTES if everything else None
        self._network = network
        self._peers = peers
        self._clock = clock
        self._dice = dice
        self._wanted: dict[bytes, trio.Event] = {}  # a page waits for it; set when tried
        self._fetching: set[bytes] = set()
        self._nowhere: dict[bytes, float] = {}  # no neighbour had it: not again before
        self._useless: set[bytes] = set()  # not what its listing says
        self._buckets: dict[str, Bucket] = {}
        self._shown: set[bytes] = set()  # since the last sweep
        self._sweep_at = 0.0
        self._asked = trio.Event()
        self._news = trio.Event()

    def news(self, *, peer: bool = False) -> None:
        """Records came, or (`peer`) a neighbour who may have what nobody had."""
        if peer:
            self._nowhere.clear()
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._on_demand)
            nursery.start_soon(self._ahead)

    # Asking

    async def bring(self, name: bytes) -> bool:
        """Ask neighbours for a picture that a page shows; whether it is here, within seconds."""
        if blobs.here(self._store, name):
            self._shown.add(name)
            return True
        if self._known_to_fail(name) or not blobs.sizes(self._store, name):
            return False
        event = self._wanted.setdefault(name, trio.Event())
        self._asked.set()
        with trio.move_on_after(WAIT_SECONDS):
            await event.wait()
        return blobs.here(self._store, name)

    def _known_to_fail(self, name: bytes) -> bool:
        return name in self._useless or self._nowhere.get(name, 0.0) > self._clock()

    async def _on_demand(self) -> None:
        asking = trio.CapacityLimiter(ASKING)
        async with trio.open_nursery() as nursery:
            while True:
                await self._asked.wait()
                self._asked = trio.Event()
                await trio.lowlevel.checkpoint()  # all pictures of a page come as one question
                names = [name for name in self._wanted if name not in self._fetching]
                for start in range(0, len(names), MAX_ASKED):
                    some = names[start : start + MAX_ASKED]
                    self._fetching.update(some)
                    nursery.start_soon(self._answer_pages, some, asking)

    async def _answer_pages(self, names: Sequence[bytes], asking: trio.CapacityLimiter) -> None:
        try:
            async with asking:
                await self._fetch(names)
        except (StoreError, sqlite3.Error) as error:
            logger.log(loudness(error), "pictures wait: %s", error)
        finally:
            self._fetching.difference_update(names)
            for name in names:
                self._wanted.pop(name).set()

    async def _ahead(self) -> None:
        """What the first pages show, as soon as records came; and let go of what nobody shows."""
        while True:
            self._news = trio.Event()
            try:
                self._sweep_now_and_then()
                while await self._fetch_some():
                    pass
            except (StoreError, sqlite3.Error) as error:
                logger.log(loudness(error), "pictures wait: %s", error)
            with trio.move_on_after(IDLE_SECONDS):
                await self._news.wait()
            await trio.sleep(AHEAD_SECONDS)

    def _sweep_now_and_then(self) -> None:
        if self._clock() >= self._sweep_at:
            self._sweep_at = self._clock() + IDLE_SECONDS
            with self._store.transaction(sync=FAST):
                blobs.used(self._store, self._shown)
                blobs.sweep(self._store)
            self._shown.clear()
            self._store.wipe_trail()  # of what was erased since

    async def _fetch_some(self) -> bool:
        """Fetch a few of the pictures that are wanted ahead; whether any came."""
        if self._room is not None:
            if blobs.fetched_bytes(self._store) > self._room - MAX_ASKED * MAX_ANSWER:
                return False  # what came next would push out what came before
            lacking = blobs.missing_anywhere(
                self._store, NEWEST + len(self._nowhere) + len(self._useless)
            )
        else:
            lacking = blobs.missing(self._store, NEWEST, NEWEST)
        names = [name for name in lacking if not self._known_to_fail(name)][:MAX_ASKED]
        return bool(names) and await self._fetch(names) > 0

    async def _fetch(self, names: Sequence[bytes]) -> int:
        """Ask neighbours in turn, a picture's maker first, until all are here; how many came."""
        lacking = [name for name in names if not blobs.here(self._store, name)]
        wanted, everybody = len(lacking), True
        for peer in self._order(lacking):
            if not lacking:
                break
            try:
                with trio.fail_after(ASK_SECONDS):
                    await self._ask(peer, lacking)
            except (Invalid, PeerFault) as error:
                self._peers.fault(peer, error.reason)
            except (LinkError, trio.TooSlowError) as error:
                everybody = False
                logger.debug("no pictures from %s: %s", peer, error)
            except (StoreError, sqlite3.Error) as error:
                logger.log(loudness(error), "a picture could not be kept: %s", error)
                return 0
            except Exception as error:  # nothing that a peer sends may end the node
                logger.error("asking %s: %s", peer, type(error).__name__, exc_info=True)
                self._peers.fault(peer, "unreadable")
            lacking = [name for name in lacking if not blobs.here(self._store, name)]
        if everybody:
            self._note_nowhere(lacking)
        return wanted - len(lacking)

    def _note_nowhere(self, names: Sequence[bytes]) -> None:
        if len(self._nowhere) > REMEMBERED:
            self._nowhere.clear()
        self._nowhere.update(dict.fromkeys(names, self._clock() + NOWHERE_SECONDS))

    def _order(self, names: Sequence[bytes]) -> list[str]:
        """Neighbours to ask: makers of these first, the others in any order."""
        here = [
            peer
            for peer in self._network.peers()
            if self._peers.may_talk(peer) and not self._peers.waits(peer)
        ]
        devices = {device for name in names for device in blobs.makers(self._store, name)}
        makers = {peer_id_of(device) for device in devices}
        self._dice.shuffle(here)
        return sorted(here, key=lambda peer: peer not in makers)

    async def _ask(self, peer: str, names: Sequence[bytes]) -> None:
        stream = await self._network.open(peer, BLOB)
        try:
            await stream.send(question(names))
            for name in names:
                data = read_answer(await stream.receive(MAX_ANSWER), name)
                if data is not None:
                    self._keep(name, data)
        finally:
            await stream.aclose()

    def _keep(self, name: bytes, data: bytes) -> None:
        """Keep what came, unless its listing says otherwise or is gone by now."""
        said = blobs.sizes(self._store, name)
        if not said:
            return
        try:
            if len(data) not in said:
                raise Invalid("bad-blob", "a picture of another size than its listing says")
            with self._store.transaction(sync=FAST):
                blobs.put(self._store, name, data, own=False, room=self._room)
        except Invalid as error:
            logger.info("a picture is not kept: %s", error)
            if len(self._useless) > REMEMBERED:
                self._useless.clear()
            self._useless.add(name)

    # Answering

    async def serve(self, stream: Stream) -> None:
        """A neighbour asks for pictures."""
        peer = stream.peer
        try:
            with trio.move_on_after(SERVE_SECONDS):
                for name in read_question(await stream.receive(MAX_QUESTION)):
                    if not self._peers.may_ask(peer, "blobs"):
                        return
                    data = blobs.published(self._store, name)
                    if data is not None and not self._bucket(peer).take(len(data), self._clock()):
                        return  # it asks somebody else, or later
                    await stream.send(answer(data))
        except (Invalid, PeerFault) as error:
            self._peers.fault(peer, error.reason)

    def _bucket(self, peer: str) -> Bucket:
        if len(self._buckets) > REMEMBERED:
            self._buckets.clear()
        return self._buckets.setdefault(peer, Bucket(size=BURST, rate=A_SECOND, now=self._clock()))
