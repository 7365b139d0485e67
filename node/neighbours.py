"""Being in touch: where we are, where others are, and dialling those who are missing.

Addresses travel as signed cards: exchanged when a connection opens or membership changes, and
gossiped by their own device. Dialling has a longer pause after each failure.
"""

from __future__ import annotations

import json
import logging
import math
import random
from collections.abc import Callable

import trio

from node.gossip import card_message
from node.network.links import LinkError, Network, Stream
from node.peers import Peers, usable
from protocol.cards import LIFETIME_MS, MAX_FRAME, Card, make_card
from protocol.errors import Invalid, StoreError
from protocol.keys import Signer
from storage.store import Store

logger = logging.getLogger("moothall.neighbours")

CARDS = "/moothall/cards/1"
CARDS_SECONDS = 900.0  # between two exchanges with one peer
EXCHANGE_SECONDS = 10.0  # for one exchange
DIAL_SECONDS = 10.0
IDLE_SECONDS = 60.0
LONGEST_WAIT = 600.0
NEIGHBOURS = 8


class Neighbours:
    """Keeps one node in touch with up to NEIGHBOURS members."""

    def __init__(
        self,
        store: Store,
        network: Network,
        peers: Peers,
        *,
        clock: Callable[[], float],
        dice: random.Random,
    ) -> None:
        self._store = store
        self._network = network
        self._peers = peers
        self._clock = clock
        self._dice = dice
        self._signer: Signer | None = None
        self._card: Card | None = None
        self._exchanged: dict[str, float] = {}
        self._pauses: dict[str, tuple[float, float]] = {}  # peer -> (not before, next pause)
        self._known = trio.Event()

    def note_addresses(self, signer: Signer) -> None:
        """Sign where we listen, for peers and for invitations made while we are away."""
        self._signer = signer
        where = usable(self._network.addresses)
        if not where:
            return
        self._card = make_card(signer, self._store.community, where, self._store.now_ms())
        with self._store.transaction():
            self._store.db.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES ('addresses', ?)",
                [json.dumps(list(where))],
            )
            self._peers.keep(self._card)

    async def renew(self) -> None:
        """Sign it again when half its life is over, so that who runs for weeks can be found."""
        if self._signer is None or self._card is None:
            return
        if self._store.now_ms() - self._card.issued_ms >= LIFETIME_MS // 2:
            self.note_addresses(self._signer)
            await self.say_where()

    def up(self, peer: str) -> None:
        """A peer is here: nothing to dial."""
        self._pauses.pop(peer, None)

    def down(self) -> None:
        """A peer is gone: dial it soon, for if it has cut us off it only says so when asked."""
        self._known.set()

    def look(self) -> None:
        """Dial soon if somebody new is known."""
        if self._peers.news:
            self._known.set()

    async def exchange(self, peer: str) -> None:
        """Tell each other where everybody can be reached; not again for a while."""
        if self._exchanged.get(peer, -math.inf) > self._clock() - CARDS_SECONDS:
            return
        self._exchanged[peer] = self._clock()
        try:
            with trio.move_on_after(EXCHANGE_SECONDS):
                stream = await self._network.open(peer, CARDS)
                try:
                    await stream.send(self._peers.cards())
                    self._peers.take_cards(await stream.receive(MAX_FRAME), MAX_FRAME, peer)
                finally:
                    await stream.aclose()
        except (LinkError, Invalid, StoreError) as error:
            self._exchanged.pop(peer, None)
            logger.debug("address cards with %s: %s", peer, error.reason)
        self.look()

    async def serve(self, stream: Stream) -> None:
        """A peer exchanges cards with us."""
        if self._peers.waits(stream.peer) or not self._peers.may_ask(stream.peer):
            await stream.aclose()
            return
        try:
            with trio.move_on_after(EXCHANGE_SECONDS):
                self._peers.take_cards(await stream.receive(MAX_FRAME), MAX_FRAME, stream.peer)
                await stream.send(self._peers.cards())
        except Invalid as error:
            self._peers.fault(stream.peer, error.reason)
        finally:
            await stream.aclose()
        self.look()

    async def say_where(self) -> None:
        """Somebody came or went: who is new has not heard where we are."""
        if self._card is not None:
            await self._network.publish(card_message(self._card))
        for peer in self._network.peers():
            if self._peers.may_talk(peer):
                self._exchanged.pop(peer, None)
                await self.exchange(peer)

    async def dial(self) -> None:
        """Keep in touch, until cancelled."""
        while True:
            here = set(self._network.peers())
            known = list(self._peers.addresses().items())
            self._peers.news = False
            self._dice.shuffle(known)
            for peer, addresses in known:
                if len(here) >= NEIGHBOURS:
                    break
                after, pause = self._pauses.get(peer, (0.0, DIAL_SECONDS))
                if peer in here or after > self._clock() or not self._peers.may_talk(peer):
                    continue
                try:
                    with trio.move_on_after(DIAL_SECONDS):  # however many dead addresses it names
                        await self._network.connect(peer, addresses)
                        here.add(peer)
                        # It may drop us at once, and again.
                        self._pauses[peer] = (self._clock() + DIAL_SECONDS, DIAL_SECONDS)
                        continue
                except LinkError as error:
                    logger.debug("can't reach %s: %s", peer, error.reason)
                if peer not in here:
                    longer = min(LONGEST_WAIT, pause * 2)
                    self._pauses[peer] = (self._clock() + pause, longer)
            missing = len(here) < min(NEIGHBOURS, len(known))
            with trio.move_on_after(DIAL_SECONDS if missing else IDLE_SECONDS):
                await self._known.wait()
            self._known = trio.Event()
