"""With whom to sync, and when; a conversation itself is `node.conversations`.

A neighbour is asked when its connection opens, when gossip was ahead of what it had said, after
news that gossip did not carry, and a random one every minute. A peer is asked in one conversation
at a time, whoever opened it. While nothing can be written (`Store.trouble`) nobody is asked;
whoever asks is answered.
"""

from __future__ import annotations

import logging
import math
import random
import sqlite3
from collections.abc import Callable
from typing import NamedTuple

import trio

from node import farewell, joining
from node.comparing import Comparing
from node.conversations import Conversation
from node.home import Home
from node.loudness import loudness
from node.neighbours import Neighbours
from node.network.links import SYNC, LinkError, Network, Stream
from node.peers import Peers
from node.turnstile import Turnstile
from protocol.errors import StoreError

logger = logging.getLogger("moothall.node")

SYNC_SECONDS = 60.0
SPREAD_SECONDS = 1.0
SETTLE_SECONDS = 0.3
SETTLING_SECONDS = 90.0  # after which a neighbour is surely reached by gossip
ROUNDS = 4  # conversations in a row with one peer until both hold the same
SILENCE_SECONDS = 5.0  # after which a new neighbour is asked, whoever's turn it is
ASK_SECONDS = 20.0  # for asking everybody
MOST_ASKED = 50  # nodes


class Hooks(NamedTuple):
    """What the rest of the node does about it."""

    kept: Callable[[set[str]], None]  # something new is in the store
    through: Callable[[], None]  # a conversation came to its good end
    soon: Callable[..., None]  # start short work whose failure ends nothing but itself


class Syncing:
    """One node's conversations. `clock` is monotonic seconds; `dice` chooses a peer at random."""

    def __init__(
        self,
        home: Home,
        network: Network,
        peers: Peers,
        neighbours: Neighbours,
        comparing: Comparing,
        *,
        clock: Callable[[], float],
        dice: random.Random,
        hooks: Hooks,
    ) -> None:
        self._home = home
        self._store = home.store
        self._network = network
        self._peers = peers
        self._neighbours = neighbours
        self._comparing = comparing
        self._clock = clock
        self._dice = dice
        self._hooks = hooks
        self._door = Turnstile(peers, "sync", self._answer)
        self._talking: set[str] = set()
        self._asked: set[str] = set()  # peers that we ask on a stream of theirs
        self._again: set[str] = set()
        self._heard: dict[str, float] = {}  # peer -> when it was last in touch
        self._let_in: dict[str, float] = {}  # members in touch, when last looked at: since when
        self._news = trio.Event()
        self._behind: set[str] = set()  # with whom to sync soon
        self._ahead: dict[str, float] = {}  # peer -> when gossip was last ahead of it

    # Who is in touch

    def up(self, peer: str) -> None:
        """A connection with a member opened."""
        self._heard[peer] = self._let_in[peer] = self._clock()
        self._hooks.soon(self._welcome, peer)

    def down(self, peer: str) -> None:
        """The last connection with this peer is gone."""
        self._heard.pop(peer, None)
        self._let_in.pop(peer, None)
        self._ahead.pop(peer, None)

    def touch(self) -> dict[str, int]:
        """Who is in touch: peer -> seconds since it was last heard."""
        now = self._clock()
        return {peer: int(now - self._heard.get(peer, now)) for peer in self._members()}

    def is_busy(self) -> bool:
        """Whether records may be coming in."""
        return self.under_way > 0

    @property
    def under_way(self) -> int:
        """How many conversations there are now."""
        return len(self._talking) + self._door.inside

    async def gate_may_have_changed(self, talked: str = "") -> None:
        """Who has become a member hears all; who was one is cut off; strangers keep the lobby.

        `talked` is with whom a conversation has just ended: gossip shall reach it from now on.
        """
        for peer in self._network.peers():
            member = self._peers.may_talk(peer)
            if member == (peer in self._let_in) and not (member and peer == talked):
                continue
            if member:
                self._let_in.setdefault(peer, self._clock())
            await self._network.refresh(peer)
            if not member:  # where this was cancelled before, it is tried again
                self._let_in.pop(peer, None)

    def _members(self) -> list[str]:
        return [peer for peer in self._network.peers() if self._peers.may_talk(peer)]

    async def _welcome(self, peer: str) -> None:
        """A connection opened: exchange address cards; the lower id asks first.

        Whose turn it is and who says nothing may know of a certificate that cut us off.
        """
        if not self._peers.may_talk(peer):
            return
        at = self._heard.get(peer)
        await self._neighbours.exchange(peer)
        if self._network.peer_id > peer:
            await trio.sleep(SILENCE_SECONDS)
            if at is None or self._heard.get(peer) != at:
                return
        await self.sync_with(peer)

    # When

    def spread(self) -> None:
        """Sync with every neighbour soon."""
        self._behind.update(self._network.peers())
        self._news.set()

    def make_sure(self) -> None:
        """Sync soon with neighbours whom gossip may not reach yet: their gate may have opened
        after ours.
        """
        now = self._clock()
        new = [peer for peer, at in self._let_in.items() if now - at < SETTLING_SECONDS]
        if new:
            self._behind.update(new)
            self._news.set()

    def ahead(self, peer: str) -> None:
        """Gossip was ahead of what this peer had said: sync with it, at most once a second."""
        last, self._ahead[peer] = self._ahead.get(peer, -math.inf), self._clock()
        if self._ahead[peer] - last >= SPREAD_SECONDS:
            self.soon(peer)
        else:
            self._behind.add(peer)
            self._news.set()

    def soon(self, peer: str) -> None:
        """Sync with this peer without waiting for it."""
        self._hooks.soon(self.sync_with, peer)

    async def now_and_then(self) -> None:
        """Repair what gossip lost, until cancelled: a random neighbour every minute, or one that
        did not say yet which certificate is its newest.
        """
        while True:
            await trio.sleep(SYNC_SECONDS)
            self._hooks.soon(self._neighbours.renew)
            if here := self._members():
                untold = self._comparing.next(self._neighbours.known, here, self._dice)
                self.soon(untold or self._dice.choice(here))

    async def spreading(self) -> None:
        """What sync brought, gossip did not carry: tell the other neighbours, until cancelled."""
        while True:
            await self._news.wait()
            self._news = trio.Event()
            await trio.sleep(SPREAD_SECONDS)
            behind, self._behind = self._behind, set()
            for peer in self._members():
                if peer in behind:
                    self.soon(peer)

    # Asking

    async def sync_with(self, peer: str) -> bool:
        """Talk with a peer until both hold the same, or a few times; never raises LinkError.

        Whether a conversation came to its good end.
        """
        if peer in self._talking or peer in self._asked:  # twice would bring everything twice
            self._again.add(peer)
            return False
        through = False
        self._talking.add(peer)
        try:
            for _ in range(ROUNDS):
                self._again.discard(peer)
                if not self._may_ask(peer):
                    return through
                stream = await self._network.open(peer, SYNC)
                talk = self._conversation(stream)
                differed = await talk.start()
                through = through or talk.through
                self._after(talk, peer)
                if not talk.new_records:
                    self._peers.allowances.owe(peer, "fruitless")
                self._heard[peer] = self._clock()
                await self.gate_may_have_changed(peer)
                await self._neighbours.exchange(peer)
                if not differed and peer not in self._again:
                    return through
        except LinkError as error:
            logger.debug("no conversation with %s: %s", peer, error.reason)
            if error.reason == "refused":
                self._hooks.soon(self._ask_why, peer)
        except (StoreError, sqlite3.Error) as error:
            logger.log(loudness(error), "what %s sent could not be kept: %s", peer, error)
        except Exception as error:  # nothing that a peer sends may end the node
            logger.error("talking with %s: %s", peer, type(error).__name__, exc_info=True)
            self._peers.fault(peer, "unreadable")
        else:
            if peer in self._again:
                self._behind.add(peer)
                self._news.set()
        finally:
            self._again.discard(peer)
            self._talking.discard(peer)
        return through

    def _may_ask(self, peer: str) -> bool:
        return (
            self._store.trouble is None
            and not self._peers.waits(peer)
            and self._peers.may_talk(peer)
            and self._peers.allowances.has(peer, "fruitless")
        )

    async def ask_everybody(self) -> int:
        """Bring what all members have who can be reached; with how many nodes that went well."""
        through: list[str] = []
        known = self._peers.addresses()
        some = dict.fromkeys([*self._network.peers(), *known])

        async def ask(peer: str) -> None:
            try:
                if peer not in self._network.peers():
                    await self._network.connect(peer, known.get(peer, []))  # it may just have gone
                while peer in self._talking or peer in self._asked:
                    await trio.sleep(SETTLE_SECONDS)
                if await self.sync_with(peer):
                    through.append(peer)
            except LinkError as error:
                logger.debug("can't ask %s: %s", peer, error.reason)

        with trio.move_on_after(ASK_SECONDS):
            async with trio.open_nursery() as nursery:
                for peer in list(some)[:MOST_ASKED]:
                    if self._peers.may_talk(peer):
                        nursery.start_soon(ask, peer)
        return len(through)

    async def sync_until_settled(self, peer: str) -> None:
        """Sync until this home is a member, as long as the peer has something new."""
        for _ in range(ROUNDS):
            while peer in self._asked:
                await trio.sleep(SETTLE_SECONDS)
            await self.sync_with(peer)
            if self._home.standing() == "member":
                return
            await trio.sleep(SETTLE_SECONDS)  # the teller's certificate is on its way

    async def _ask_why(self, peer: str) -> None:
        """A peer won't talk with us: it may know of a certificate that we lack, or not know us."""
        if words := await farewell.ask(self._store, self._network, peer):
            self._hooks.kept(words)
        elif self._home.standing() == "provisional":
            await joining.introduce(self._home, self._network, peer)

    # Answering

    async def serve(self, stream: Stream) -> None:
        """A peer opened a conversation."""
        await self._door.serve(stream)

    async def _answer(self, stream: Stream) -> None:
        peer = stream.peer
        self._heard[peer] = self._clock()
        talk = self._conversation(stream)
        asking = not self._store.trouble and peer not in self._talking and peer not in self._asked
        if asking:
            self._asked.add(peer)
        try:
            await talk.serve(asking=asking)
        except (StoreError, sqlite3.Error) as error:
            logger.log(loudness(error), "what %s sent could not be kept: %s", peer, error)
            raise LinkError("store", "What came can't be kept here.") from error
        finally:
            if asking:
                self._asked.discard(peer)
                if peer in self._again:
                    self.soon(peer)
        self._after(talk, peer)
        await self.gate_may_have_changed(peer)

    def _conversation(self, stream: Stream) -> Conversation:
        heard = self._comparing.heard
        return Conversation(self._store, stream, self._peers, self._hooks.kept, heard=heard)

    def _after(self, talk: Conversation, peer: str) -> None:
        if talk.through:
            self._comparing.through(peer)
            self._hooks.through()
        if talk.new_records:
            self.spread()
