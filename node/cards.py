"""Telling each other where everybody can be reached: first what one has, then what the other lacks.

When nothing has changed since two nodes did so last, they exchange two messages of twenty bytes.
Each also says what time it is there, for `clock_check`.
"""

from __future__ import annotations

import json
import logging
import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

import trio

from governance.membership import CERTIFIED, PROVISIONAL
from node.branches import Known, in_turn
from node.network.links import LinkError, Network, Stream
from node.network.peer_id import device_key_of
from node.peers import Peers
from protocol.cards import (
    MARK,
    MAX_CARDS,
    MAX_FRAME,
    MAX_OFFER,
    Offer,
    pack_delivery,
    pack_offer,
    read_delivery,
    read_offer,
)
from protocol.codec import Plain, decode
from protocol.errors import Invalid, StoreError
from storage.store import Store

logger = logging.getLogger("moothall.cards")

CARDS = "/moothall/cards/2"
CARDS_SECONDS = 900.0  # between two exchanges with one peer
EXCHANGE_SECONDS = 10.0  # for one exchange


class Cards:
    """One node's exchanges of cards. `known` says whom it may tell of."""

    def __init__(
        self,
        store: Store,
        network: Network,
        peers: Peers,
        *,
        clock: Callable[[], float],
        dice: random.Random,
        known: Callable[[], Known],
    ) -> None:
        self._store = store
        self._network = network
        self._peers = peers
        self._clock = clock
        self._dice = dice
        self._known = known
        self._exchanged: dict[str, float] = {}  # peers that know what we did, as of then
        self._told: dict[str, int] = {}  # peer -> number of the newest card that it was offered

    def begin_anew(self) -> None:
        """Who belongs has changed: a card that nobody here could place before may be one to keep,
        and the other way round.
        """
        self._exchanged.clear()

    async def exchange(self, peer: str) -> None:
        """Tell each other what is new; not again for a while."""
        before = self._exchanged.get(peer, -math.inf)
        if before > self._clock() - CARDS_SECONDS:
            return
        self._exchanged[peer] = self._clock()
        through = False
        try:
            with trio.fail_after(EXCHANGE_SECONDS):
                stream = await self._network.open(peer, CARDS)
                try:
                    await self._ask(stream, whole=before == -math.inf)
                finally:
                    await stream.aclose()
            through = True
        except Invalid as error:
            self._peers.fault(peer, error.reason)
        except (LinkError, StoreError) as error:
            logger.debug("address cards with %s: %s", peer, error.reason)
        except trio.TooSlowError:
            logger.debug("address cards with %s: too slow", peer)
        finally:
            if not through:
                self._exchanged.pop(peer, None)

    async def serve(self, stream: Stream) -> None:
        """A peer exchanges cards with us."""
        try:
            with trio.move_on_after(EXCHANGE_SECONDS):
                await self._answer(stream)
        except Invalid as error:
            self._peers.fault(stream.peer, error.reason)

    async def _ask(self, stream: Stream, *, whole: bool) -> None:
        peer = stream.peer
        ours, newest = self._offered(peer, whole)
        await stream.send(self._offer(ours, whole=whole))
        theirs = read_offer(await stream.receive(MAX_OFFER), len(ours))
        self._peers.heard_clock(peer, theirs.now_ms)
        wanted = self._lacking(theirs)
        if theirs.wanted or wanted:
            await stream.send(pack_delivery(self._wanted(ours, theirs.wanted), wanted))
        if wanted:
            await self._take(stream, theirs, wanted, 0)
        self._told[peer] = newest

    async def _answer(self, stream: Stream) -> None:
        peer = stream.peer
        theirs = read_offer(await stream.receive(MAX_OFFER), 0)
        self._peers.heard_clock(peer, theirs.now_ms)
        ours, newest = self._offered(peer, theirs.whole)
        wanted = self._lacking(theirs)
        await stream.send(self._offer(ours, wanted=wanted))
        try:
            asked = await self._take(stream, theirs, wanted, len(ours))
        except LinkError as error:
            if error.reason != "ended" or wanted:
                return
            asked = ()  # it has all of that, and we have all of its
        if asked:
            await stream.send(pack_delivery(self._wanted(ours, asked)))
        self._told[peer] = newest
        if theirs.whole or peer in self._exchanged:
            self._exchanged[peer] = self._clock()

    async def _take(
        self, stream: Stream, theirs: Offer, wanted: Sequence[int], offered: int
    ) -> tuple[int, ...]:
        """Keep what was wanted of a peer's offer; what it wants of ours."""
        frame = await stream.receive(MAX_FRAME)
        asked = {theirs.cards[place][0] for place in wanted}
        delivery = read_delivery(frame, self._store.community, asked, offered)
        with self._store.transaction(sync="NORMAL"):
            for card in delivery.cards:
                self._peers.keep(card)
        return delivery.wanted

    def _offer(
        self, ours: Mapping[bytes, int], *, whole: bool = False, wanted: Sequence[int] = ()
    ) -> bytes:
        named = tuple((device[:MARK], issued_ms) for device, issued_ms in ours.items())
        return pack_offer(Offer(self._store.now_ms(), whole, named, tuple(wanted)))

    def _wanted(self, ours: Mapping[bytes, int], places: Sequence[int]) -> list[Plain]:
        """The cards that a peer wants of those we offered."""
        devices = list(ours)
        rows = self._store.db.execute(
            "SELECT card FROM peer WHERE hex(device) IN (SELECT value FROM json_each(?))",
            [_hex(devices[place] for place in places)],
        ).fetchall()
        return [decode(row[0], limit=MAX_FRAME) for row in rows]

    def _offered(self, peer: str, whole: bool) -> tuple[dict[bytes, int], int]:
        """Whose cards to offer and when these were issued, and the number of the newest of them.

        Only what came since this peer was last offered some, unless it has nothing to build on.
        """
        newest = self._peers.newest_card
        if whole or peer not in self._told:
            return self._good([self._store.device, *map(device_key_of, self._some())]), newest
        news = self._peers.cards_since(self._told[peer])
        if len(news) > MAX_CARDS:
            news = news[:MAX_CARDS]
            newest = news[-1][1]
        return self._good([device for device, _ in news]), newest

    def _good(self, devices: Sequence[bytes]) -> dict[bytes, int]:
        """Of these devices, those whose cards may be passed on; when the cards were issued.

        Of two with one mark the second: somebody may have made such keys, and what names both is
        refused.
        """
        rows = self._store.db.execute(
            "SELECT peer.device, issued_ms FROM peer JOIN device ON device.key = peer.device"
            " WHERE card IS NOT NULL AND expires_ms > ? AND standing IN (?, ?)"
            " AND hex(peer.device) IN (SELECT value FROM json_each(?))",
            [self._store.now_ms(), PROVISIONAL, CERTIFIED, _hex(devices)],
        ).fetchall()
        told = {row[0][:MARK]: row for row in rows}
        return dict(told.values())

    def _lacking(self, offer: Offer) -> list[int]:
        """Which of the cards in an offer would be kept here."""
        return [
            place
            for place, (mark, issued_ms) in enumerate(offer.cards)
            if self._peers.lacks(mark, issued_ms)
        ]

    def _some(self) -> list[str]:
        """Whose cards to offer: half of them branch by branch, the others as chance will have
        it. The newest would be those of whoever signs most often.
        """
        known = self._known()
        if len(known.fresh) < MAX_CARDS:
            return list(known.fresh)
        persons = islice(in_turn(known, {}, self._dice.shuffle), MAX_CARDS // 2)
        chosen = [self._dice.choice(known.devices[person]) for person in persons]
        drawn = self._dice.sample(known.persons, min(MAX_CARDS, len(known.persons)))
        others = [self._dice.choice(known.devices[person]) for person in drawn]
        return list(dict.fromkeys([*chosen, *others]))[: MAX_CARDS - 1]


def _hex(devices: Iterable[bytes]) -> str:
    return json.dumps([device.hex().upper() for device in devices])
