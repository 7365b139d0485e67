"""The running node: one nursery in which the network, sync, gossip, the teller and the owner's
socket work over one store.

Everything touches SQLite inline in this one thread, in steps of at most some tens of
milliseconds; a peer's fault ends its conversation and nothing else. Cancelling `run` closes the
ports and leaves the store as it is: whatever was acknowledged is already on disk.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from governance.roll import MEMBER
from node import choosing, farewell, gossip, joining, network_view
from node.blobs import Blobs
from node.comparing import Comparing
from node.conversations import Conversation
from node.duties import Duties
from node.events import Events
from node.home import Home
from node.indexing import Indexing
from node.keystore import Keys
from node.neighbours import CARDS, Neighbours
from node.network.links import BLOB, JOIN, LOBBY_SECONDS, SYNC, LinkError, Network, Stream
from node.opening import Opening
from node.peers import Peers, forget_contacts
from node.publishing import Publishing
from node.record_news import RecordNews
from node.trade.clerk import Clerk, keys_for
from node.turnstile import Turnstile
from node.vote_news import VoteNews
from protocol import lobby
from protocol.errors import StoreError
from protocol.lobby import Answer
from storage import certificates

if TYPE_CHECKING:
    from trio_typing import TaskStatus

    from node.lan import Lan

logger = logging.getLogger("moothall.node")

SYNC_SECONDS = 60.0
SPREAD_SECONDS = 1.0
SETTLE_SECONDS = 0.3
SETTLING_SECONDS = 90.0  # after which a neighbour is surely reached by gossip
KNOCK_SECONDS = 5.0
ROUNDS = 4  # conversations in a row with one peer until both hold the same
SILENCE_SECONDS = 5.0  # after which a new neighbour is asked, whoever's turn it is
ASK_SECONDS = 20.0  # for asking everybody
MOST_ASKED = 50  # nodes


class Node:
    """A member's node. `clock` is monotonic seconds; `dice` chooses peers at random."""

    def __init__(
        self,
        home: Home,
        network: Network,
        *,
        keys: Keys,
        clock: Callable[[], float] = trio.current_time,
        dice: random.Random | None = None,
        peers: Peers | None = None,
        announced: Sequence[str] = (),
        always_on: bool = False,
    ) -> None:
        self.always_on = always_on  # a helper machine of the community
        self.announced = tuple(announced)  # outside addresses that its owner names
        self.home = home
        self.store = home.store
        self.network = network
        self.events = Events()
        self.peers = peers or Peers(home.store, clock)
        self.metrics = self.peers.metrics
        self.reached = network_view.Reached(home.store.now_ms)
        self.last_answer: Answer | None = None  # what the lobby said last, while waiting
        self.lan: Lan | None = None  # where nodes of a LAN find each other
        self._keys = keys
        self._clock = clock
        self._dice = dice or random.SystemRandom()
        self.comparing = Comparing(self.store, clock, self._differs)
        self.neighbours = Neighbours(
            self.store,
            network,
            self.peers,
            clock=clock,
            dice=self._dice,
            comparing=self.comparing,
            most=choosing.MOST_ALWAYS_ON if always_on else choosing.MOST,
            announced=self.announced,
        )
        self._talking: set[str] = set()
        self._serving = Turnstile(self.peers, "sync", self._serve_sync)
        self._again: set[str] = set()
        self._records = RecordNews(self.store, self.events)
        self._votes = VoteNews(self.store, self.events)
        self._heard: dict[str, float] = {}  # peer -> when it was last in touch
        self._let_in: dict[str, float] = {}  # members in touch, when last looked at: since when
        self.blobs = Blobs(
            self.store,
            network,
            self.peers,
            clock=clock,
            dice=self._dice,
            everything=always_on,
        )
        self._indexing = Indexing(self.store, self._is_busy)
        self._clerk = Clerk(home, self.events)
        self.opening = Opening(
            home,
            keys.device,
            self.events,
            self._is_busy,
            came=self._clerk.came,
            wrote=self.spread,
            keys_for=partial(keys_for, home),
        )
        self._news = trio.Event()
        self._publishing = Publishing(
            self.store, network, self.spread, self._is_unsure, self.metrics.gossip
        )
        self.say = self._publishing.say
        self._duties = Duties(
            self.store,
            keys.device,
            kept=self.kept,
            publish=self._publishing.publish,
            say=self._publishing.say,
            acted=self._gate_may_have_changed,
        )
        self._nursery: trio.Nursery | None = None

    async def run(
        self,
        listen: Sequence[str],
        *,
        task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Work until cancelled; started once the network listens."""
        self.network.handle(SYNC, self._serving.serve)
        for protocol, sort, serve in (
            (CARDS, "cards", self.neighbours.serve),
            (BLOB, "blobs", self.blobs.serve),
        ):
            self.network.handle(protocol, Turnstile(self.peers, sort, serve).serve)
        lobby = joining.Lobby(self.store, self.kept, self.say, self.peers.fault)
        lobby.refuse.count = self.metrics.refused.add
        knocks = Turnstile(self.peers, "join", lobby.serve, seconds=LOBBY_SECONDS, strangers=True)
        self.network.handle(JOIN, knocks.serve)
        hearing = gossip.Hearing(self.store, self.peers, self.kept, self._soon)
        self.network.on_gossip(hearing.check)
        self.network.on_peer(self._peer_changed)
        self.network.on_fault(self.peers.fault)
        self.network.on_refused(self.metrics.refused.add)
        self.network.on_addresses(self.neighbours.moved)
        self._records.begin()
        self._publishing.begin()
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await nursery.start(self.network.run, listen)
            self.neighbours.note_addresses(self._keys.device)
            self._forget_invitation()
            nursery.start_soon(self.neighbours.dial)
            nursery.start_soon(self._sync_now_and_then)
            nursery.start_soon(self._duties.run)
            nursery.start_soon(self._indexing.run)
            nursery.start_soon(self.opening.run)
            nursery.start_soon(self._clerk.run)
            nursery.start_soon(self.blobs.run)
            nursery.start_soon(self._spread)
            if self.home.standing() == "waiting":
                nursery.start_soon(self._knock)
            task_status.started()

    async def network_only(
        self, *, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Only reach out, listening nowhere: for a command that joins and ends."""
        self.network.handle(SYNC, self._serving.serve)
        await self.network.run([], task_status=task_status)

    async def sync_until_settled(self, peer: str) -> None:
        """Sync until this home is a member, as long as the peer has something new."""
        for _ in range(ROUNDS):
            await self.sync_with(peer)
            if self.home.standing() == "member":
                return
            await trio.sleep(SETTLE_SECONDS)  # the teller's certificate is on its way

    # What changed, here or elsewhere

    def kept(self, words: set[str]) -> None:
        """Something new is in the store: tell listeners, wake who may have to act."""
        self._records.tell()
        if "certificate" in words:
            height, record_id = certificates.tip(self.store)
            self.events.tell("certificate", height=height, id=record_id.hex())
            self._votes.tell()
            self._clerk.came(None)  # an order may have waited for it
        if "fork" in words:
            self.events.tell("fork")
        if words & {"fork", "side"}:
            self._news.set()  # proofs go by sync
        if words & {"gov", "certificate", "fork", "standing", "teller"}:
            self._duties.wake()
        if "standing" in words:
            self.neighbours.changed()
            self._start(self.neighbours.say_where)
            self._forget_invitation()
        self.neighbours.look()
        self._indexing.news()
        self.opening.news(devices="standing" in words)
        self.blobs.news()

    def _is_busy(self) -> bool:
        return bool(self._talking or self._serving.inside)

    def _forget_invitation(self) -> None:
        """Once on the roll, the link and its secret have done their work."""
        if self.home.standing() == MEMBER:
            forget_contacts(self.store)

    def poke(self) -> None:
        """The owner's commands wrote to the store: publish what is new, act on it."""
        self.kept({"gov"})
        self._start(self._publishing.publish)

    # Peers

    def _differs(self, peer: str, height: int) -> None:
        """Another member's node names a certificate that is not ours."""
        logger.warning("%s names another certificate at height %d than this node", peer, height)
        self.events.tell("differs", peer=peer, height=height)

    def _peer_changed(self, peer: str, up: bool) -> None:
        if up or self.home.standing() in (MEMBER, "provisional"):
            self.neighbours.changed()
        if not up:
            self._heard.pop(peer, None)
            self._let_in.pop(peer, None)
        if not self.peers.may_talk(peer):
            return
        self.events.tell("peer-up" if up else "peer-down", peer=peer)
        if up:
            self.reached.note(link for link in self.network.links() if link.peer == peer)
            self._heard[peer] = self._clock()
            self._let_in[peer] = self._clock()
            self.blobs.news(peer=True)
            self._start(self._welcome, peer)

    async def _welcome(self, peer: str) -> None:
        """A connection opened: exchange address cards; the lower id asks first.

        Whose turn it is and who says nothing may know of a certificate that cut us off.
        """
        if not self.peers.may_talk(peer):
            return
        at = self._heard.get(peer)
        await self.neighbours.exchange(peer)
        if self.network.peer_id > peer:
            await trio.sleep(SILENCE_SECONDS)
            if at is None or self._heard.get(peer) != at:
                return
        await self.sync_with(peer)

    # Sync

    def _soon(self, peer: str) -> None:
        """Sync with this peer without waiting for it."""
        self._start(self.sync_with, peer)

    def _start(self, work: Callable[..., Awaitable[object]], *arguments: Any) -> None:
        """Start short work whose failure ends nothing but itself."""

        async def safely() -> None:
            try:
                await work(*arguments)
            except Exception as error:  # the store may be full or busy; all else goes on
                logger.error("%s: %s", work.__name__, type(error).__name__, exc_info=True)

        if self._nursery is not None:
            self._nursery.start_soon(safely)

    async def sync_with(self, peer: str) -> bool:
        """Talk with a peer until both hold the same, or a few times; never raises LinkError.

        Whether a conversation came to its good end.
        """
        if peer in self._talking:
            self._again.add(peer)
            return False
        through = False
        self._talking.add(peer)
        try:
            for _ in range(ROUNDS):
                self._again.discard(peer)
                if self.peers.waits(peer) or not self.peers.may_talk(peer):
                    return through
                if not self.peers.allowances.has(peer, "fruitless"):
                    return through
                stream = await self.network.open(peer, SYNC)
                talk = self._conversation(stream)
                differed = await talk.start()
                through = through or talk.through
                if talk.through:
                    self.comparing.through(peer)
                    self._duties.catch_up()
                if talk.new_records:
                    self._news.set()
                else:
                    self.peers.allowances.owe(peer, "fruitless")
                self._heard[peer] = self._clock()
                await self._gate_may_have_changed()
                await self.neighbours.exchange(peer)
                if not differed and peer not in self._again:
                    return through
        except LinkError as error:
            logger.debug("no conversation with %s: %s", peer, error.reason)
            if error.reason == "refused":
                self._start(self._ask_why, peer)
        except StoreError as error:
            logger.error("what %s sent could not be kept: %s", peer, error)
        except Exception as error:  # nothing that a peer sends may end the node
            logger.error("talking with %s: %s", peer, type(error).__name__, exc_info=True)
            self.peers.fault(peer, "unreadable")
        else:
            if peer in self._again:
                self._news.set()
        finally:
            self._again.discard(peer)
            self._talking.discard(peer)
        return through

    def _conversation(self, stream: Stream) -> Conversation:
        return Conversation(self.store, stream, self.peers, self.kept, heard=self.comparing.heard)

    async def ask_everybody(self) -> int:
        """Bring what all members have who can be reached; with how many nodes that went well."""
        through: list[str] = []
        known = self.peers.addresses()
        some = dict.fromkeys([*self.network.peers(), *known])

        async def ask(peer: str) -> None:
            try:
                if peer not in self.network.peers():
                    await self.network.connect(peer, known.get(peer, []))  # it may just have gone
                while peer in self._talking:
                    await trio.sleep(SETTLE_SECONDS)
                if await self.sync_with(peer):
                    through.append(peer)
            except LinkError as error:
                logger.debug("can't ask %s: %s", peer, error.reason)

        with trio.move_on_after(ASK_SECONDS):
            async with trio.open_nursery() as nursery:
                for peer in list(some)[:MOST_ASKED]:
                    if self.peers.may_talk(peer):
                        nursery.start_soon(ask, peer)
        return len(through)

    def spread(self) -> None:
        """Sync with every neighbour soon."""
        self._news.set()

    def _is_unsure(self) -> bool:
        """Whether gossip may not reach some neighbour yet: its gate may have opened after ours."""
        return any(self._clock() - since < SETTLING_SECONDS for since in self._let_in.values())

    async def _ask_why(self, peer: str) -> None:
        """A peer won't talk with us: it may know of a certificate that we lack, or not know us."""
        if words := await farewell.ask(self.store, self.network, peer):
            self.kept(words)
        elif self.home.standing() == "provisional":
            await joining.introduce(self.home, self.network, peer)

    async def _serve_sync(self, stream: Stream) -> None:
        self._heard[stream.peer] = self._clock()
        talk = self._conversation(stream)
        # Already asking this peer on a stream of ours: twice would bring everything twice.
        await talk.serve(asking=stream.peer not in self._talking)
        if talk.through:
            self.comparing.through(stream.peer)
            self._duties.catch_up()
        if talk.new_records:
            self._news.set()
        await self._gate_may_have_changed()

    async def _sync_now_and_then(self) -> None:
        """Repair what gossip lost: a random neighbour every minute, or one that did not say yet
        which certificate is its newest.
        """
        while True:
            await trio.sleep(SYNC_SECONDS)
            self._start(self.neighbours.renew)
            here = [peer for peer in self.network.peers() if self.peers.may_talk(peer)]
            if here:
                untold = self.comparing.next(self.neighbours.known, here, self._dice)
                self._soon(untold or self._dice.choice(here))

    async def _spread(self) -> None:
        """What sync brought, gossip did not carry: tell the other neighbours, a few at a time."""
        while True:
            await self._news.wait()
            self._news = trio.Event()
            await trio.sleep(SPREAD_SECONDS)
            for peer in self.network.peers():
                if self.peers.may_talk(peer):
                    self._soon(peer)

    async def _gate_may_have_changed(self) -> None:
        """Who has become a member hears all; who was one is cut off; strangers keep the lobby."""
        for peer in self.network.peers():
            if self.peers.may_talk(peer):
                self._let_in.setdefault(peer, self._clock())
            elif peer in self._let_in:
                del self._let_in[peer]
            else:
                continue
            await self.network.refresh(peer)

    async def _knock(self) -> None:
        """A newcomer's node asks to be let in until it is; that nobody is there is said once."""
        alone = False
        while self.home.standing() == "waiting":
            try:
                peer, answer = await joining.knock(self.home, self.network)
                news, self.last_answer = answer != self.last_answer, answer
                if not answer.reason:
                    await self.sync_with(peer)
                    if self.home.standing() != "waiting":
                        return
                elif news:
                    further = joining.is_further(self.home)
                    told = joining.sentence(answer, self.home.person, further=further)
                    logger.warning("Not let in: %s", told)
                    self.events.tell("refused", reason=answer.reason, message=told)
            except LinkError as error:
                logger.log(logging.DEBUG if alone else logging.INFO, "not let in yet: %s", error)
                alone = True
            final = self.last_answer is not None and self.last_answer.reason in lobby.FINAL
            await trio.sleep(SYNC_SECONDS if final else KNOCK_SECONDS)

    # For the owner

    async def bring(self, name: bytes) -> bool:
        """A page shows the picture of this hash: whether it is here, after some seconds at most."""
        return await self.blobs.bring(name)

    def connections(self) -> network_view.View:
        """Who is in touch and how, and how this node can be reached."""
        return network_view.view(self)

    def compared(self) -> dict[str, Any]:
        """What others say the newest certificate is."""
        return self.comparing.result()

    def waiting(self) -> dict[str, int]:
        """How much is under way or waits its turn, by what it is."""
        return {"conversations": len(self._talking) + self._serving.inside}

    def touch(self) -> dict[str, Any]:
        """Who is in touch: peer -> seconds since it was last heard."""
        now = self._clock()
        return {
            peer: int(now - self._heard.get(peer, now))
            for peer in self.network.peers()
            if self.peers.may_talk(peer)
        }
