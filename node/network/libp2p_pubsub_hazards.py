"""The hazards of py-libp2p 0.8.1's gossip; see `libp2p_hazards.py` for the rules.

Who may gossip is no hazard: `libp2p_gossip.py` builds the gate upon this.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable

import trio
from libp2p.abc import IHost, INetStream
from libp2p.custom_types import TProtocol
from libp2p.exceptions import ValidationError
from libp2p.network.stream.net_stream import NetStream
from libp2p.peer.id import ID
from libp2p.pubsub import gossipsub, pubsub
from libp2p.pubsub.exceptions import NoPubsubAttached
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.mcache import CacheEntry, MessageCache
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.pubsub import Pubsub
from libp2p.pubsub.rpc_queue import RpcQueue
from libp2p.pubsub.validators import PUBSUB_SIGNING_PREFIX

from node.network.libp2p_outgoing import Outgoing, Senders, framed
from node.network.peer_id import device_key_in
from protocol.errors import Invalid
from protocol.keys import verified

logger = logging.getLogger("moothall.network")

# Neighbours to whom a message is sent whole. Each costs a sending of every message by everybody;
# what so few do not bring, those brought who were only told of it, and sync.
DEGREE, DEGREE_LOW, DEGREE_HIGH = 3, 3, 4
SIGNED = PUBSUB_SIGNING_PREFIX.encode()
MESHSUB = TProtocol("/meshsub/1.1.0")  # 1.2 collapses at 20 messages a second


class ByContent(MessageCache):
    """What was sent lately, under the names that messages have here."""

    # H28: the library files it by sender and number, offers it to others by that name (IHAVE), and
    # finds nothing of that name among what it has seen, which it knows by our names: so whatever is
    # offered is fetched, again at each of three heartbeats. Goes when it asks for a message's name.

    def put(self, msg: rpc_pb2.Message) -> None:
        name = content_id(msg)
        if name not in self.msgs:
            self.msgs[name] = msg
            self.history[0].append(CacheEntry(name, msg.topicIDs))


class CarefulGossipSub(GossipSub):
    """GossipSub whose faults stay small."""

    def __init__(self) -> None:
        super().__init__(
            [MESHSUB],
            degree=DEGREE,
            degree_low=DEGREE_LOW,
            degree_high=DEGREE_HIGH,
            heartbeat_interval=1,
            spam_protection_enabled=False,  # its limit of 10 a second is below one burst of ours
            adaptive_gossip_enabled=False,
            eclipse_protection_enabled=False,  # would drop neighbours of one house for one address
        )
        # Scores weigh nothing by default and are reckoned for every peer at every message.
        self.scorer = None
        self.mcache = ByContent(self.mcache.window_size, self.mcache.history_size)

    async def heartbeat(self) -> None:
        # H1: an exception here ends the service and with it the node. Goes with H1.
        while True:
            await _or_log("heartbeat", super().heartbeat)
            await trio.sleep(self.heartbeat_interval)

    async def on_peer_subscribed(self, peer_id: ID, topic: str) -> None:
        """H1: runs as a task of the service."""
        await _or_log("subscription", super().on_peer_subscribed, peer_id, topic)

    async def flush_pending_messages(self, peer_id: ID) -> None:
        """H1: runs as a task of the service."""
        await _or_log("flush", super().flush_pending_messages, peer_id)

    async def publish(self, msg_forwarder: ID, pubsub_msg: rpc_pb2.Message) -> None:
        """Queue a message for the neighbours that are sent it whole."""
        # See libp2p_outgoing. Whose subscription is not known yet gets nothing, where the library
        # keeps it for later: new neighbours are synced with.
        pubsub, name = self.pubsub, content_id(pubsub_msg)
        if not isinstance(pubsub, CarefulPubsub):
            raise NoPubsubAttached
        self.mcache.put(pubsub_msg)
        frame = framed(rpc_pb2.RPC(publish=[pubsub_msg]), name)
        origin = ID(pubsub_msg.from_id)
        for peer in self._get_peers_to_send(pubsub_msg.topicIDs, msg_forwarder, origin):
            queue = pubsub.peer_queues.get(peer)
            if isinstance(queue, Outgoing) and not pubsub.senders.sent(name, peer):
                queue.put(frame)

    def _check_equivocation(self, msg: rpc_pb2.Message) -> bool:
        # H15: keeps up to 1,000 whole messages (64 MB) to compare sequence numbers, which mean
        # nothing where a message is named by its hash. Goes when it can be switched off.
        return True


class CarefulPubsub(Pubsub):
    """Pubsub that survives its peers. `judge(forwarder, message)` says what may be passed on."""

    def __init__(
        self,
        host: IHost,
        router: GossipSub,
        topic: str,
        judge: Callable[[ID, rpc_pb2.Message], Awaitable[bool]],
    ) -> None:
        super().__init__(
            host,
            router,
            strict_signing=True,
            msg_id_constructor=content_id,
            max_subscriptions_per_peer=4,
            allowed_topics={topic},
        )
        self.senders = Senders()
        self._judge = judge
        self._judging: set[bytes] = set()
        self._introducing: set[ID] = set()
        self._again: set[ID] = set()  # asked for while being introduced

    def introduce(self, peer_id: ID) -> None:
        """Open our gossip stream to a connected peer soon, if there is none."""
        stream = self.peers.get(peer_id)
        if isinstance(stream, NetStream) and stream.is_closed:
            # H7: the stream went with one of two connections, and the library doesn't notice
            # before a message is lost. Goes when it opens another by itself.
            self._handle_dead_peer(peer_id)
        if peer_id not in self.peers:
            self._schedule_peer_stream_retry(peer_id)

    async def push_msg(self, msg_forwarder: ID, msg: rpc_pb2.Message) -> None:
        # H1: runs as a task of the service for whatever a peer sends; what it raises ends the
        # node. Goes when pubsub isolates its tasks.
        name = content_id(msg)
        self.senders.note(name, msg_forwarder)
        if name in self._judging or self.seen_messages.has(name):
            return  # the library marks a message as seen only after judging it
        self._judging.add(name)
        try:
            await _or_log("message", super().push_msg, msg_forwarder, msg)
        finally:
            self._judging.discard(name)

    async def validate_msg(self, msg_forwarder: ID, msg: rpc_pb2.Message) -> None:
        # H9: the library remembers a refusal, a fault or a time-out for 300 s as "invalid",
        # whoever brings the message next. Nothing is remembered here. Goes when that is optional.
        if msg_forwarder == self.my_id:
            return
        if not await self._judge(msg_forwarder, msg):
            raise ValidationError("not to be passed on")

    def notify_subscriptions(self, publish_message: rpc_pb2.Message) -> None:
        """H8: the subscriber's channel holds 32 messages; `judge` has had the message already."""

    async def _handle_new_peer(self, peer_id: ID) -> None:
        # H7: with two connections, or both sides introducing at once, the library opens two
        # streams and forgets the first with its sending task. One at a time. Goes when it locks.
        if peer_id in self._introducing:
            self._again.add(peer_id)
            return
        self._introducing.add(peer_id)
        try:
            await super()._handle_new_peer(peer_id)
        finally:
            self._introducing.discard(peer_id)
            if peer_id in self._again:
                self._again.discard(peer_id)
                self.introduce(peer_id)

    async def handle_sending_messages(
        self, peer_id: ID, stream: INetStream, queue: RpcQueue
    ) -> None:
        """Write what is queued for a peer until its queue is closed or its stream ends."""
        if not isinstance(queue, Outgoing):
            raise TypeError("not a queue of ours")
        while piece := await queue.piece():
            data = self.senders.lacking(piece, peer_id)
            if data and not await self.write(stream, data):
                return

    async def write(self, stream: INetStream, data: bytes) -> bool:
        """Send frames; False if the peer is gone."""
        try:
            await stream.write(data)
        except Exception:  # whatever it was, the stream is of no use any more
            logger.debug("a gossip stream ended", exc_info=True)
            self._handle_dead_peer(stream.muxed_conn.peer_id)
            return False
        return True

    async def write_msg(self, stream: INetStream, rpc_msg: rpc_pb2.RPC) -> bool:
        """What the library would write past the queue goes through it, too: in order, and whole."""
        queue = self.peer_queues.get(stream.muxed_conn.peer_id)
        return queue is not None and queue.push(rpc_msg)


def content_id(msg: rpc_pb2.Message) -> bytes:
    """A message is named by its content, so that it is one message whoever sent it."""
    return hashlib.sha256(msg.data).digest()


async def _or_log(what: str, work: Callable[..., Awaitable[object]], *args: object) -> None:
    """Do it, or say in the log why not."""
    try:
        await work(*args)
    except Exception as error:
        logger.warning("gossip %s failed: %s", what, type(error).__name__, exc_info=True)


# Signed peer records: the library attaches its own to every RPC, comparing all its addresses each
# time, and verifies and stores the sender's for every RPC received; an RPC whose record is older
# than the last one is dropped with all it carries, so that who set a fast clock right is not heard
# for as long as it was fast. We dial by address cards: none is sent and nobody's is looked at. Goes
# when the library sends records only when they change and takes a message whatever comes with it.
def _no_record(host: IHost) -> tuple[bytes, bool]:
    return b"", False


def _ignore_record(msg: rpc_pb2.RPC, host: IHost, peer_id: ID) -> bool:
    return True


# The library takes the key out of the sender's id and compares it by way of four encodings, which
# takes longer than the signature. Members' keys are Ed25519 (see peer_id). Goes when that is quick.
def is_signed(msg: rpc_pb2.Message) -> bool:
    said = rpc_pb2.Message(
        data=msg.data, topicIDs=msg.topicIDs, from_id=msg.from_id, seqno=msg.seqno
    )
    try:
        key = device_key_in(msg.from_id)
    except Invalid:
        return False
    return verified(key, msg.signature, SIGNED, said.SerializeToString())


def _install() -> None:
    for module in (pubsub, gossipsub):
        vars(module).update(
            env_to_send_in_RPC=_no_record, maybe_consume_signed_record=_ignore_record
        )
    vars(pubsub).update(RpcQueue=Outgoing, signature_validator=is_signed)


_install()
