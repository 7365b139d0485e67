"""Small tools for the library's connections: being told of them, naming them, closing them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from libp2p.abc import INetConn, INetStream, INetwork, INotifee
from libp2p.peer.id import ID

from node.network.libp2p_wire import wire_of
from node.network.links import Link, LinkError
from node.network.peer_id import device_key_of
from protocol.errors import Invalid

if TYPE_CHECKING:
    from multiaddr import Multiaddr  # type: ignore[import-untyped]

logger = logging.getLogger("moothall.network")


class Watch(INotifee):
    """The library's news of connections, for two functions that must not raise."""

    def __init__(
        self, opened: Callable[[INetConn], None], closed: Callable[[str, INetConn], None]
    ) -> None:
        self._opened = opened
        self._closed = closed

    async def connected(self, network: INetwork, conn: INetConn) -> None:
        self._opened(conn)

    async def disconnected(self, network: INetwork, conn: INetConn) -> None:
        self._closed(str(conn.muxed_conn.peer_id), conn)

    async def opened_stream(self, network: INetwork, stream: INetStream) -> None:
        pass

    async def closed_stream(self, network: INetwork, stream: INetStream) -> None:
        pass

    async def listen(self, network: INetwork, multiaddr: Multiaddr) -> None:
        pass

    async def listen_close(self, network: INetwork, multiaddr: Multiaddr) -> None:
        pass


def link_of(peer: str, conn: INetConn, since: float) -> Link:
    """What there is to tell of one connection."""
    wire = wire_of(conn.muxed_conn)
    inbound = not conn.muxed_conn.is_initiator
    if wire is None:
        return Link(peer, "", inbound, "", since, 0, 0)
    return Link(peer, wire.address, inbound, wire.relay, since, wire.received, wire.sent)


async def close_quietly(thing: INetConn) -> None:
    """Close something that may be broken already."""
    try:
        await thing.close()
    except Exception as error:
        logger.debug("closing failed: %s", error, exc_info=True)


def id_of(peer: str) -> ID:
    """The library's form of a peer id; LinkError `bad-peer-id`."""
    try:
        device_key_of(peer)
    except Invalid as error:
        raise LinkError("bad-peer-id", str(error)) from error
    return ID.from_base58(peer)
