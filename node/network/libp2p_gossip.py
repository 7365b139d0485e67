"""Gossip among members: GossipSub behind the gate.

No gossip stream is opened to a stranger, none is accepted, nothing is sent to or taken from one,
even if the peer was a member a moment ago. A message is a hint: it may be lost.
"""

from __future__ import annotations

import logging

import trio
from libp2p.abc import IHost, INetStream
from libp2p.peer.id import ID
from libp2p.pubsub import pubsub
from libp2p.pubsub.pb import rpc_pb2

from node.bucket import Bucket
from node.network.libp2p_framing import abort
from node.network.libp2p_members import Fault, Pace, read_frames
from node.network.libp2p_pubsub_hazards import (
    CarefulGossipSub,
    CarefulPubsub,
    content_id,
    is_signed,
)
from node.network.links import (
    MAX_GOSSIP,
    PASSED,
    PASSED_A_SECOND,
    PASSED_EACH,
    PASSED_EACH_A_SECOND,
    Gate,
    GossipCheck,
)
from node.network.serving import Refusals

logger = logging.getLogger("moothall.network")

CHECK_SECONDS = 5.0
MOST_PUBLISHERS = 1000  # whose shares are remembered
MOST_HELD_BACK = 1000  # messages that found no room in their publisher's share

NOBODY = b""  # who is no member: such publishers are made up at will, and share one share


class PacedGossipSub(CarefulGossipSub):
    """Passes on no more than its neighbours take from one peer."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate
        self._passing: Bucket | None = None
        self._passing_of: dict[bytes, Bucket] = {}  # by who published it
        self.held_back: set[bytes] = set()  # names of messages

    async def publish(self, msg_forwarder: ID, pubsub_msg: rpc_pb2.Message) -> None:
        """Send a new message on, unless too many others, or of its publisher, went out lately."""
        now = trio.current_time()
        passing = self._passing or Bucket(size=PASSED, rate=PASSED_A_SECOND, now=now)
        self._passing = passing
        if self.pubsub is not None and msg_forwarder == self.pubsub.my_id:
            passing.owe(1, now)
        elif not self._of(pubsub_msg.from_id, now).take(1, now):
            if len(self.held_back) >= MOST_HELD_BACK:
                self.held_back.clear()
            self.held_back.add(content_id(pubsub_msg))
            return
        elif not passing.take(1, now):
            return
        await super().publish(msg_forwarder, pubsub_msg)

    def _of(self, publisher: bytes, now: float) -> Bucket:
        """The share of one publisher, so that nobody takes the others' as well."""
        if publisher not in self._passing_of and not self._gate(str(ID(publisher))):
            publisher = NOBODY
        if publisher not in self._passing_of:
            if len(self._passing_of) >= MOST_PUBLISHERS:
                self._passing_of.clear()
            self._passing_of[publisher] = Bucket(
                size=PASSED_EACH, rate=PASSED_EACH_A_SECOND, now=now
            )
        return self._passing_of[publisher]


class GatedPubsub(CarefulPubsub):
    """One topic, members only."""

    def __init__(
        self,
        host: IHost,
        router: PacedGossipSub,
        topic: str,
        gate: Gate,
        check: GossipCheck,
        fault: Fault,
        refuse: Refusals,
    ) -> None:
        super().__init__(host, router, topic, self._check)
        self._fault = fault
        self._refuse = refuse
        self._pace = Pace()
        self._router = router
        self._topic = topic
        self._gate = gate
        self._ask = check

    async def _check(self, forwarder: ID, msg: rpc_pb2.Message) -> bool:
        peer = str(forwarder)
        if list(msg.topicIDs) != [self._topic] or len(msg.data) > MAX_GOSSIP:
            reason = "too-large" if len(msg.data) > MAX_GOSSIP else "other-topic"
            self._refuse(peer, "gossip", reason)
            return False
        with trio.move_on_after(CHECK_SECONDS):
            return await self._ask(peer, msg.data)
        logger.warning("gossip from %s dropped: check took too long", peer)
        return False

    async def push_msg(self, msg_forwarder: ID, msg: rpc_pb2.Message) -> None:
        if msg_forwarder != self.my_id and not self._gate(str(msg_forwarder)):
            self._refuse(str(msg_forwarder), "gossip", "stranger")
            return
        name = content_id(msg)
        again = name in self._router.held_back and self.seen_messages.has(name)
        await super().push_msg(msg_forwarder, msg)
        if again and list(msg.topicIDs) == [self._topic] and is_signed(msg):
            # It was held back for its publisher's share. If somebody else publishes it, it goes by
            # theirs: else whoever is quick could swallow what others say, in their own name.
            self._router.held_back.discard(name)
            await self._router.publish(msg_forwarder, msg)

    async def stream_handler(self, stream: INetStream) -> None:
        peer = stream.muxed_conn.peer_id
        if not self._gate(str(peer)):
            self._refuse(str(peer), "gossip stream", "stranger")
            await abort(stream)
            return
        # The peer accepts us now, which it may not have done when the connection opened.
        self.introduce(peer)
        await super().stream_handler(stream)

    async def continuously_read_stream(self, stream: INetStream) -> None:
        """One message after another: a peer that sends much waits for itself alone."""
        await read_frames(stream, self._topic, self._pace, self._fault, self._take)

    async def _take(self, peer: ID, rpc: rpc_pb2.RPC) -> None:
        consume = vars(pubsub)["maybe_consume_signed_record"]  # as libp2p_pubsub_hazards left it
        if not consume(rpc, self.host, peer):
            return
        for number, msg in enumerate(rpc.publish):
            if number:
                await self._pace.wait(peer, messages=1)
            if self._is_subscribed_to_msg(msg):
                await self.push_msg(peer, msg)
        for subscription in rpc.subscriptions:
            self.handle_subscription(peer, subscription)
        if rpc.HasField("control"):
            await self.router.handle_rpc(rpc, peer)

    async def write(self, stream: INetStream, data: bytes) -> bool:
        peer = stream.muxed_conn.peer_id
        if self._gate(str(peer)):
            return await super().write(stream, data)
        self._refuse(str(peer), "gossip stream", "stranger")
        await abort(stream)
        self._handle_dead_peer(peer)
        return False

    async def _handle_new_peer(self, peer_id: ID) -> None:
        if self._gate(str(peer_id)):
            await super()._handle_new_peer(peer_id)
