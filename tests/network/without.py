"""Taking one workaround away, to see which of the library's hazards are still there.

`scripts/check-hazards` runs each hazard's tests in a process of their own with MOOTHALL_WITHOUT set
to its number: where they pass, the library has mended it and the workaround may go. This module
must be imported before `node.network`, to know the library as it came.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

from libp2p.abc import INetConn, INetStream
from libp2p.crypto.keys import KeyPair
from libp2p.host.basic_host import BasicHost
from libp2p.network.connection import swarm_connection
from libp2p.network.swarm import Swarm
from libp2p.peer.id import ID
from libp2p.pubsub.pubsub import Pubsub
from libp2p.security.insecure.transport import PLAINTEXT_PROTOCOL_ID, InsecureTransport
from libp2p.stream_muxer.yamux.yamux import Yamux, YamuxStream
from libp2p.transport.upgrader import TransportUpgrader
from multiaddr import Multiaddr

VARIABLE = "MOOTHALL_WITHOUT"
_LIBRARYS = {
    name: vars(owner)[name]
    for owner, name in (
        (YamuxStream, "write"),
        (YamuxStream, "_auto_tune_and_send_window_update"),
        (Yamux, "_write_frame"),
        (Yamux, "_read_data_body"),
        (Yamux, "accept_stream"),
        (YamuxStream, "reset"),
    )
}
_SWARMS_LOGGING = swarm_connection.logging
_was_first = "node.network.libp2p_hazards" not in sys.modules


def take_away() -> None:
    """Undo the workaround that MOOTHALL_WITHOUT names, if it is set."""
    hazard = os.environ.get(VARIABLE)
    if hazard is None:
        return
    assert _was_first, "the library was changed before this module saw it"
    UNDO[hazard]()


def _bare(owner: type, *names: str) -> None:
    """Let a subclass of ours fall back to the library's own methods."""
    for name in names:
        delattr(owner, name)


def _h1() -> None:
    from node.network.libp2p_pubsub_hazards import CarefulGossipSub, CarefulPubsub

    _bare(CarefulGossipSub, "heartbeat", "on_peer_subscribed", "flush_pending_messages")
    _bare(CarefulPubsub, "push_msg")
    _h2()


def _h2() -> None:
    from node.network.libp2p_hazards import CarefulHost

    async def handler(self: CarefulHost, net_stream: INetStream) -> None:
        await self.admit(net_stream)

    async def admit(self: CarefulHost, net_stream: INetStream) -> None:
        await BasicHost._swarm_stream_handler(self, net_stream)

    CarefulHost._swarm_stream_handler = handler  # type: ignore[method-assign]
    CarefulHost.admit = admit  # type: ignore[method-assign]


def _h3() -> None:
    from node.network.libp2p_hazards import CarefulSwarm

    _bare(CarefulSwarm, "_do_handle_inbound_connection")


def _h4() -> None:
    from node.network.libp2p_hazards import CarefulSwarm

    async def close_soon(self: CarefulSwarm, seconds: float) -> None:
        return

    CarefulSwarm.close_soon = close_soon  # type: ignore[method-assign]


def _h5() -> None:
    from node.network.libp2p_hazards import CarefulSwarm

    async def dial_one(self: CarefulSwarm, peer: ID, host: str, port: int) -> INetConn:
        self.peerstore.add_addrs(peer, [Multiaddr(f"/ip4/{host}/tcp/{port}")], 600)
        return (await Swarm.dial_peer(self, peer))[0]

    CarefulSwarm.dial_one = dial_one  # type: ignore[method-assign]


def _h6() -> None:
    from node.network.libp2p_hazards import CarefulSwarm, _NoAutoConnector

    _bare(CarefulSwarm, "dial_peer", "_schedule_auto_connect")
    _bare(_NoAutoConnector, "run_background_task", "maybe_connect")


def _h7() -> None:
    from node.network.libp2p_gossip import GatedPubsub

    YamuxStream.write = _LIBRARYS["write"]  # type: ignore[method-assign]

    async def handle(self: GatedPubsub, peer_id: ID) -> None:
        await Pubsub._handle_new_peer(self, peer_id)

    GatedPubsub._handle_new_peer = handle  # type: ignore[method-assign]


def _h8() -> None:
    from node.network import libp2p_outgoing, libp2p_pubsub_hazards

    libp2p_outgoing.QUEUE_LIMIT = 32
    _bare(libp2p_pubsub_hazards.CarefulPubsub, "notify_subscriptions")


def _h9() -> None:
    from node.network.libp2p_pubsub_hazards import CarefulPubsub

    async def validate(self: CarefulPubsub, forwarder: ID, msg: Any) -> None:
        self.set_topic_validator(next(iter(msg.topicIDs)), self._judge, True)
        await Pubsub.validate_msg(self, forwarder, msg)

    CarefulPubsub.validate_msg = validate  # type: ignore[method-assign]


def _h10() -> None:
    from node.network import libp2p_hazards, libp2p_host

    careful = libp2p_hazards.noise_and_yamux

    def with_plaintext(keys: KeyPair) -> TransportUpgrader:
        upgrader = careful(keys)
        upgrader.security_multistream.add_transport(PLAINTEXT_PROTOCOL_ID, InsecureTransport(keys))
        return upgrader

    libp2p_host.noise_and_yamux = with_plaintext


def _h11() -> None:
    from node.network import libp2p_yamux  # noqa: F401 - it must have changed what is put back

    name = "_auto_tune_and_send_window_update"
    setattr(YamuxStream, name, _LIBRARYS[name])
    Yamux._write_frame = _LIBRARYS["_write_frame"]  # type: ignore[method-assign]


def _h12() -> None:
    from node.network import libp2p_yamux  # noqa: F401 - it must have changed what is put back

    Yamux._read_data_body = _LIBRARYS["_read_data_body"]  # type: ignore[method-assign]


def _h13() -> None:
    from node.network import libp2p_hazards  # noqa: F401 - it must have changed what is put back

    vars(swarm_connection).update(logging=_SWARMS_LOGGING)
    assert _SWARMS_LOGGING is logging


def _h14() -> None:
    from node.network import libp2p_addresses

    libp2p_addresses.check_port_free = lambda host, port, family: None


def _h15() -> None:
    from node.network.libp2p_pubsub_hazards import CarefulGossipSub

    _bare(CarefulGossipSub, "_check_equivocation")


def _h28() -> None:
    from node.network.libp2p_pubsub_hazards import ByContent

    _bare(ByContent, "put")


def _h16() -> None:
    from node.network.libp2p_framing import FramedStream

    careful = FramedStream._link_error

    def link_error(self: FramedStream, error: Exception) -> Exception:
        self._stream.muxed_stream.reset_received = False
        return careful(self, error)

    FramedStream._link_error = link_error  # type: ignore[method-assign, assignment]


def _h17() -> None:
    from node.network.libp2p_hazards import CarefulSwarm

    _bare(CarefulSwarm, "_select_connection")


def _h18() -> None:
    from node.network.libp2p_hazards import CarefulHost

    def forget(self: CarefulHost, peer_id: ID) -> None:
        return

    CarefulHost.forget = forget  # type: ignore[method-assign]


def _h24() -> None:
    from node.network import libp2p_yamux  # noqa: F401 - it must have changed what is put back

    Yamux.accept_stream = _LIBRARYS["accept_stream"]  # type: ignore[method-assign]


def _h25() -> None:
    from node.network.libp2p_gossip import GatedPubsub

    _bare(GatedPubsub, "continuously_read_stream")


def _h26() -> None:
    from node.network.libp2p_members import Members

    setattr(Members, "place", lambda self, peer: contextlib.nullcontext())  # noqa: B010


def _h30() -> None:
    from node.network import libp2p_yamux  # noqa: F401 - it must have changed what is put back

    YamuxStream.reset = _LIBRARYS["reset"]  # type: ignore[method-assign]


UNDO: dict[str, Callable[[], None]] = {
    "H1": _h1,
    "H2": _h2,
    "H3": _h3,
    "H4": _h4,
    "H5": _h5,
    "H6": _h6,
    "H7": _h7,
    "H8": _h8,
    "H9": _h9,
    "H10": _h10,
    "H11": _h11,
    "H12": _h12,
    "H13": _h13,
    "H14": _h14,
    "H15": _h15,
    "H16": _h16,
    "H17": _h17,
    "H18": _h18,
    "H24": _h24,
    "H25": _h25,
    "H26": _h26,
    "H28": _h28,
    "H30": _h30,
}
