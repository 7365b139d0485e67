"""How large gossip is on the wire: GossipSub's own encoding, as this node fills it in."""

from __future__ import annotations

from libp2p.pubsub.pb import rpc_pb2

from node.network.libp2p_pubsub_hazards import CarefulGossipSub

TOPIC = "00" * 32  # a community's id in hex
PEER = bytes(38)  # the bytes of an Ed25519 peer id
LENGTH = 2  # bytes in front of each frame


class Frames:
    """Sizes in bytes, and the rules by which the library spreads a message."""

    def __init__(self, data: bytes) -> None:
        message = rpc_pb2.Message(
            from_id=PEER, data=data, seqno=bytes(8), topicIDs=[TOPIC], signature=bytes(64)
        )
        whole = rpc_pb2.RPC(publish=[message])
        self.message = LENGTH + whole.ByteSize()
        name = bytes(32)
        have = rpc_pb2.ControlIHave(topicID=TOPIC, messageIDs=[name])
        self.have = self._control(rpc_pb2.ControlMessage(ihave=[have]))
        want = rpc_pb2.ControlIWant(messageIDs=[name])
        self.want = self._control(rpc_pb2.ControlMessage(iwant=[want]))
        graft = rpc_pb2.ControlGraft(topicID=TOPIC)
        self.graft = self._control(rpc_pb2.ControlMessage(graft=[graft]))
        prune = rpc_pb2.ControlPrune(topicID=TOPIC, backoff=60)
        self.prune = self._control(rpc_pb2.ControlMessage(prune=[prune]))

    @staticmethod
    def _control(control: rpc_pb2.ControlMessage) -> int:
        return LENGTH + int(rpc_pb2.RPC(control=control).ByteSize())


class Rules:
    """What the node configures, read from where it does."""

    def __init__(self) -> None:
        router = CarefulGossipSub()
        self.degree, self.low, self.high = router.degree, router.degree_low, router.degree_high
        self.heartbeat = float(router.heartbeat_interval)
        self.window = router.mcache.window_size  # heartbeats in which a message is offered
        self.history = router.mcache.history_size  # and in which it can be had
        self.back_off = float(router.prune_back_off)

    def lazy(self, others: int) -> int:
        """To how many outside of the mesh a message is offered at each heartbeat."""
        return int(max(6, others * 0.25))
