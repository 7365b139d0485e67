"""Being in touch: where we are, where others are, and dialling those who are chosen.

Addresses travel as signed cards: exchanged when a connection opens or membership changes
(`cards`), and gossiped by their own device. Whom to dial, and from whom to part, is decided in
`choosing`.
"""

from __future__ import annotations

import json
import logging
import math
import random
from collections.abc import Callable, Sequence
from itertools import zip_longest

import trio

from node import address_book, choosing
from node.admission import CARD_SECONDS, CARDS
from node.branches import Known
from node.bucket import Bucket
from node.cards import Cards
from node.comparing import Comparing
from node.gossip import card_message
from node.loudness import loudness
from node.metrics import SENT
from node.network.links import LinkError, Network, Stream
from node.peers import Peers, usable
from node.relaying import Relaying
from protocol.cards import LIFETIME_MS, Card, make_card
from protocol.errors import StoreError
from protocol.keys import Signer
from storage.store import Store

logger = logging.getLogger("moothall.neighbours")

DIAL_SECONDS = 30.0
LOOK_SECONDS = 10.0  # between two looks, where nothing calls for one
BREATH_SECONDS = 0.2  # what comes together is looked at once
TRIED = 4  # addresses in one dial; those that failed least often
MOVED_SECONDS = 5.0  # at least, between two cards because of new addresses, and for the first
MOVES = CARDS // 2  # of them; more would find no room at others, and the last one is what matters
BOOK_SECONDS = 60.0  # after which it is looked anew who is known
REACHED_SECONDS = 300.0  # between two notes of who is in touch


class Neighbours:
    """Keeps one node in touch with `most` members of its choice, and hears of the others."""

    def __init__(
        self,
        store: Store,
        network: Network,
        peers: Peers,
        *,
        clock: Callable[[], float],
        dice: random.Random,
        comparing: Comparing,
        most: int = choosing.MOST,
        announced: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._network = network
        self._peers = peers
        self._announced = announced
        self._clock = clock
        self._dice = dice
        self._signer: Signer | None = None
        self._card: Card | None = None
        self._signed_ms = 0  # by our clock; the card may say a moment later than another of ours
        self._saying = self._unsaid = False  # where we are, to everybody
        self._comparing = comparing
        self._choosing = choosing.Choosing(dice, most=most)
        self._cards = Cards(store, network, peers, clock=clock, dice=dice, known=lambda: self.known)
        self.relaying = Relaying(dice, lambda: self.known)
        self._failures: dict[str, dict[str, int]] = {}  # peer -> address -> dials in vain
        self._book: Known | None = None
        self._book_at = self._reached_at = -math.inf
        self._known = trio.Event()
        self._moved = trio.Event()

    def note_addresses(self, signer: Signer) -> bool:
        """Say where we listen, to peers and in invitations made while we are away: whether that
        took a new card. Nothing is signed as long as the old card is as good.
        """
        self._signer = signer
        where = usable(self._network.addresses)
        if not where:
            return False
        now_ms = self._store.now_ms()
        issued_ms = self._peers.next_card_ms(now_ms)
        told = tuple(dict.fromkeys((*self._announced, *where)))
        card = make_card(signer, self._store.community, told, issued_ms)
        if self._card is None:
            self._card = self._peers.own_card()
            self._signed_ms = -1 if self._card is None else self._card.issued_ms
        if self._card is not None and self._card.addresses == card.addresses and self._is_young():
            return False
        self._card, self._signed_ms = card, now_ms
        with self._store.transaction():
            self._store.db.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES ('addresses', ?)",
                [json.dumps(list(where))],
            )
            self._peers.keep_own(card)
        return True

    async def renew(self) -> None:
        """Sign our card again when half its life is over, so that who runs for weeks can be found,
        or when our clock was set back.
        """
        if self._signer is not None and not self._is_young() and self.note_addresses(self._signer):
            await self.say_where()

    def _is_young(self) -> bool:
        """Whether less than half of our card's life is over."""
        return 0 <= self._store.now_ms() - self._signed_ms < LIFETIME_MS // 2

    def moved(self) -> None:
        """Where we can be reached has changed: sign it and tell, soon."""
        self._moved.set()

    def changed(self) -> None:
        """Who belongs has changed, or who is in touch. A peer that is gone may have cut us off,
        which it only says when it is asked.
        """
        self._book = None
        self._known.set()

    def look(self) -> None:
        """Dial soon if somebody new is known."""
        if self._peers.news:
            self._known.set()

    @property
    def known(self) -> Known:
        """Everybody who may be dialled; a moment old at most."""
        if self._book is None or self._peers.news or self._book_at + BOOK_SECONDS < self._clock():
            self.look()  # else who asks before the dialling does would keep the news from it
            self._peers.news = False
            self._book, self._book_at = self._peers.known(), self._clock()
            self._failures = {
                peer: some for peer, some in self._failures.items() if peer in self._book.person_of
            }
        return self._book

    async def exchange(self, peer: str) -> None:
        """Tell each other where everybody can be reached; not again for a while."""
        await self._cards.exchange(peer)
        self.look()

    async def serve(self, stream: Stream) -> None:
        """A peer exchanges cards with us."""
        await self._cards.serve(stream)
        self.look()

    async def say_where(self) -> None:
        """Somebody came or went: who is new has not heard where we are.

        Peers may be slow to listen, and newcomers many: calls while one is under way are one more.
        """
        self._unsaid = True
        if self._saying:
            return
        self._saying = True
        try:
            while self._unsaid:
                self._unsaid = False
                if self._card is not None:
                    await self._network.publish(card_message(self._card))
                    self._peers.metrics.gossip.add(SENT)
                self._cards.begin_anew()
                for peer in self._network.peers():
                    if self._peers.may_talk(peer):
                        await self.exchange(peer)
        finally:
            self._saying = False

    async def dial(self) -> None:
        """Keep in touch, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tell_moves)
            while True:
                self._known = trio.Event()
                self._carry_out(nursery)
                with trio.move_on_after(LOOK_SECONDS):
                    await self._known.wait()
                await trio.sleep(BREATH_SECONDS)

    def _carry_out(self, nursery: trio.Nursery) -> None:
        """Look at who is in touch, and begin what has to be done."""
        now, known, links = self._clock(), self.known, self._network.links()
        for peer in self._peers.moved:
            self._choosing.moved(peer, now)
        self._peers.moved.clear()
        ties = [choosing.Tie(link.peer, link.inbound, link.since) for link in links]
        plan = self._choosing.look(now, known, ties)
        for peer in plan.dial:
            nursery.start_soon(self._reach, peer)
        # A reservation lives with its connection, and so do circuits.
        needed = {*self._network.relaying()["reserved_at"], *(link.relay for link in links)}
        for peer in plan.part:
            if peer not in needed:
                logger.debug("parting from %s", peer)
                nursery.start_soon(self._network.disconnect, peer)
        self._comparing.look(known, {link.peer for link in links})
        if now >= self._reached_at + REACHED_SECONDS:
            here = [place.peer for place in self._choosing.places if place.up is not None]
            if here:
                self._reached_at = now
                self._note_reached(here)

    def _note_reached(self, peers: list[str]) -> None:
        try:
            address_book.note_reached(self._store, peers)
        except StoreError as error:
            logger.log(loudness(error), "who was reached could not be noted: %s", error)

    async def _reach(self, peer: str) -> None:
        """Dial a chosen peer, and say how that went, even if an error of our own has ended it."""
        reached = False
        try:
            reached = await self._dial_one(peer)
        finally:
            note = self._choosing.reached if reached else self._choosing.failed
            note(peer, self._clock())
            self._known.set()

    async def _dial_one(self, peer: str) -> bool:
        """Dial a peer at some of its addresses; those that failed before come last."""
        failures = self._failures.get(peer, {})
        where = sorted(_mixed(self._peers.where(peer)), key=lambda each: failures.get(each, 0))
        some = where[:TRIED]
        reached = False
        try:
            with trio.move_on_after(DIAL_SECONDS):
                await self._network.connect(peer, some)
                reached = True
        except LinkError as error:
            logger.debug("can't reach %s: %s", peer, error.reason)
        good = {link.address for link in self._network.links() if link.peer == peer}
        self._failures[peer] = {
            each: 0 if each in good else failures.get(each, 0) + (each in some) for each in where
        }
        return reached

    async def _tell_moves(self) -> None:
        """Sign a new card when our addresses changed, not too often, and tell it."""
        moves = Bucket(size=MOVES, rate=1 / CARD_SECONDS, now=self._clock())
        while True:
            await self._moved.wait()
            self._moved = trio.Event()
            pause = 0.0
            try:
                if self._signer is not None and self.note_addresses(self._signer):
                    pause = moves.owe(1, self._clock())
                    await self.say_where()
            except StoreError as error:
                logger.log(loudness(error), "the new addresses could not be told: %s", error)
            await trio.sleep(max(MOVED_SECONDS, pause))


def _mixed(addresses: Sequence[str]) -> list[str]:
    """Direct addresses and those over a relay in turn, so that a dial tries some of both."""
    direct = [each for each in addresses if "/p2p-circuit" not in each]
    relayed = [each for each in addresses if "/p2p-circuit" in each]
    return [each for pair in zip_longest(direct, relayed) for each in pair if each is not None]
