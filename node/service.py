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
from node import choosing, gossip, joining, network_view
from node.blobs import Blobs
from node.cards import CARDS
from node.comparing import Comparing
from node.duties import Duties
from node.events import Events
from node.home import Home
from node.indexing import Indexing
from node.keystore import Keys
from node.knocking import Knocking
from node.loudness import loudness
from node.neighbours import Neighbours
from node.network.links import BLOB, JOIN, LOBBY_SECONDS, SYNC, Network
from node.opening import Opening
from node.peers import Peers, forget_contacts
from node.publishing import Publishing
from node.record_news import RecordNews
from node.steady import keep_on
from node.storekeeping import Storekeeping
from node.syncing import Hooks, Syncing
from node.trade.clerk import Clerk, keys_for
from node.turnstile import Turnstile
from node.vote_news import VoteNews
from protocol.errors import StoreError
from protocol.lobby import Answer
from storage import certificates
from storage.standing import UNSETTLED

if TYPE_CHECKING:
    from trio_typing import TaskStatus

    from node.lan import Lan

logger = logging.getLogger("moothall.node")


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
        dice = dice or random.SystemRandom()
        self.comparing = Comparing(self.store, clock, self._differs)
        self.neighbours = Neighbours(
            self.store,
            network,
            self.peers,
            clock=clock,
            dice=dice,
            comparing=self.comparing,
            most=choosing.MOST_ALWAYS_ON if always_on else choosing.MOST,
            announced=self.announced,
        )
        self.syncing = Syncing(
            home,
            network,
            self.peers,
            self.neighbours,
            self.comparing,
            clock=clock,
            dice=dice,
            hooks=Hooks(kept=self.kept, through=self._through, soon=self._start),
        )
        self.sync_with = self.syncing.sync_with
        self.spread = self.syncing.spread
        self.ask_everybody = self.syncing.ask_everybody
        self._records = RecordNews(self.store, self.events)
        self._votes = VoteNews(self.store, self.events)
        self.blobs = Blobs(
            self.store,
            network,
            self.peers,
            clock=clock,
            dice=dice,
            everything=always_on,
        )
        self._indexing = Indexing(self.store, self.syncing.is_busy)
        self._clerk = Clerk(home, self.events)
        self.opening = Opening(
            home,
            keys.device,
            self.events,
            self.syncing.is_busy,
            came=self._clerk.came,
            wrote=self.spread,
            keys_for=partial(keys_for, home),
        )
        self._publishing = Publishing(
            self.store, network, self.spread, self.syncing.make_sure, self.metrics.gossip
        )
        self.say = self._publishing.say
        self._duties = Duties(
            self.store,
            keys.device,
            kept=self.kept,
            publish=self._publishing.publish,
            say=self._publishing.say,
            acted=self.syncing.gate_may_have_changed,
        )
        self._storekeeping = Storekeeping(self.store, home.path, self.events, mended=self._mended)
        self._knocking = Knocking(
            home,
            network,
            self.events,
            sync=self.syncing.sync_with,
            answered=self._answered,
        )
        self._nursery: trio.Nursery | None = None

    async def run(
        self,
        listen: Sequence[str],
        *,
        task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Work until cancelled; started once the network listens."""
        self._listen()
        self._records.begin()
        self._publishing.begin()
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await nursery.start(self.network.run, listen)
            self.neighbours.note_addresses(self._keys.device)
            self._forget_invitation()
            for what, work in (
                ("the store", self._storekeeping.run),
                ("dialling", self.neighbours.dial),
                ("sync", self.syncing.now_and_then),
                ("spreading news", self.syncing.spreading),
                ("the teller's duty", self._duties.run),
                ("the full text", self._indexing.run),
                ("letters", self.opening.run),
                ("orders", self._clerk.run),
                ("pictures", self.blobs.run),
                ("knocking", self._knocking.run),
            ):
                nursery.start_soon(keep_on, what, work)
            task_status.started()

    def _listen(self) -> None:
        """Say to the network who answers what."""
        self.network.handle(SYNC, self.syncing.serve)
        for protocol, sort, serve in (
            (CARDS, "cards", self.neighbours.serve),
            (BLOB, "blobs", self.blobs.serve),
        ):
            self.network.handle(protocol, Turnstile(self.peers, sort, serve).serve)
        lobby = joining.Lobby(self.store, self.kept, self.say, self.peers.fault)
        lobby.refuse.count = self.metrics.refused.add
        knocks = Turnstile(self.peers, "join", lobby.serve, seconds=LOBBY_SECONDS, strangers=True)
        self.network.handle(JOIN, knocks.serve)
        hearing = gossip.Hearing(self.store, self.peers, self.kept, self.syncing.ahead)
        self.network.on_gossip(hearing.check)
        self.network.on_peer(self._peer_changed)
        self.network.on_fault(self.peers.fault)
        self.network.on_refused(self.metrics.refused.add)
        self.network.consult(self.neighbours.relaying)
        self.network.on_addresses(self.neighbours.moved)

    async def network_only(
        self, *, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        """Only reach out, listening nowhere: for a command that joins and ends."""
        self.network.handle(SYNC, self.syncing.serve)
        await self.network.run([], task_status=task_status)

    # What changed, here or elsewhere

    def kept(self, words: set[str]) -> None:
        """Something new is in the store: tell listeners, wake who may have to act."""
        if words & (UNSETTLED | {"standing"}):
            self.peers.look_again()
        self._records.tell()
        if "certificate" in words:
            height, record_id = certificates.tip(self.store)
            self.events.tell("certificate", height=height, id=record_id.hex())
            self._votes.tell()
            self._clerk.came(None)  # an order may have waited for it
        if "fork" in words:
            self.events.tell("fork")
        if words & {"fork", "side"}:
            self.spread()  # proofs go by sync
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

    def _forget_invitation(self) -> None:
        """Once on the roll, the link and its secret have done their work."""
        if self.home.standing() == MEMBER:
            try:
                forget_contacts(self.store)
            except StoreError as error:  # later
                logger.log(loudness(error), "the invitation is kept for now: %s", error)

    def poke(self) -> None:
        """The owner's commands wrote to the store: publish what is new, act on it."""
        self.kept({"gov"})
        self._start(self._publishing.publish)

    def _answered(self, answer: Answer) -> None:
        self.last_answer = answer

    def _through(self) -> None:
        self._duties.catch_up()

    def _differs(self, peer: str, height: int) -> None:
        """Another member's node names a certificate that is not ours."""
        logger.warning("%s names another certificate at height %d than this node", peer, height)
        self.events.tell("differs", peer=peer, height=height)

    def _peer_changed(self, peer: str, up: bool) -> None:
        if up or self.home.standing() in (MEMBER, "provisional"):
            self.neighbours.changed()
        if not up:
            self.syncing.down(peer)
        if not self.peers.may_talk(peer):
            return
        self.events.tell("peer-up" if up else "peer-down", peer=peer)
        if up:
            self.reached.note(link for link in self.network.links() if link.peer == peer)
            self.blobs.news(peer=True)
            self.syncing.up(peer)

    def _mended(self) -> None:
        """The store can be written to again: catch up on what was missed."""
        self.kept({"gov"})
        self.syncing.spread()

    def _start(self, work: Callable[..., Awaitable[object]], *arguments: Any) -> None:
        """Start short work whose failure ends nothing but itself."""

        async def safely() -> None:
            try:
                await work(*arguments)
            except StoreError as error:
                logger.log(loudness(error), "%s: %s", work.__name__, error)
            except Exception as error:  # all else goes on
                logger.error("%s: %s", work.__name__, type(error).__name__, exc_info=True)

        if self._nursery is not None:
            self._nursery.start_soon(safely)

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
        return {"conversations": self.syncing.under_way}

    def touch(self) -> dict[str, Any]:
        """Who is in touch: peer -> seconds since it was last heard."""
        return self.syncing.touch()
