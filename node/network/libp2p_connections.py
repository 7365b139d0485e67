"""Small tools for the library's connections: being told of them, naming them, closing them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import trio
from libp2p.abc import INetConn, INetStream, INetwork, INotifee
from libp2p.peer.id import ID

from node.network.libp2p_lobby import address_of
from node.network.libp2p_wire import is_relayed, wire_of
from node.network.links import Gate, Link, LinkError
from node.network.peer_id import device_key_of
from protocol.errors import Invalid

if TYPE_CHECKING:
    from multiaddr import Multiaddr  # type: ignore[import-untyped]

logger = logging.getLogger("moothall.network")

OF_ONE = 4  # peer at a time: dialled by both at once, and over two relays
STRANGERS = 40  # connections of theirs at a time, and
STRANGERS_EACH = 12  # from one address
PART_SECONDS = 1.0  # for closing connections properly


class Connections:
    """Those that stand now, by peer, and the bytes of all that ever stood."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._since: dict[str, dict[INetConn, float]] = {}
        self._past = (0, 0)  # bytes received and sent on those that have ended

    def peers(self) -> list[str]:
        """Who is connected."""
        return list(self._since)

    def of(self, peer: str) -> list[INetConn]:
        """All with this peer, the oldest first."""
        return list(self._since.get(peer, ()))

    def circuits(self, peer: str) -> list[INetConn]:
        """Those with this peer that go through a relay."""
        return [conn for conn in self.of(peer) if is_relayed(conn)]

    def is_direct(self, peer: str) -> bool:
        """Whether one with this peer goes through no relay."""
        return any(not is_relayed(conn) for conn in self.of(peer))

    def newest(self, peer: str) -> float:
        """When the last one with this peer began; now if there is none."""
        return max(self._since.get(peer, {}).values(), default=trio.current_time())

    def add(self, peer: str, conn: INetConn) -> bool:
        """One has opened; whether it is the first with this peer."""
        self._since.setdefault(peer, {})[conn] = trio.current_time()
        return len(self._since[peer]) == 1

    def remove(self, peer: str, conn: INetConn) -> bool:
        """One has closed; whether it stood until now."""
        if self._since.get(peer, {}).pop(conn, None) is None:
            return False
        if not self._since[peer]:
            del self._since[peer]
        ended = link_of(peer, conn, 0.0)
        self._past = self._past[0] + ended.received, self._past[1] + ended.sent
        return True

    def no_room(self, peer: str, conn: INetConn) -> str:
        """Why one that has just opened is one too many: a word; "" if it isn't."""
        if len(self.of(peer)) > OF_ONE:
            return "too-many"
        if self._gate(peer):
            return ""
        strangers = [
            address_of(each.muxed_conn)
            for other in self._since
            if not self._gate(other)
            for each in self.of(other)
        ]
        here = strangers.count(address_of(conn.muxed_conn))
        return "lobby-full" if len(strangers) > STRANGERS or here > STRANGERS_EACH else ""

    def links(self) -> list[Link]:
        """What there is to tell of each."""
        return [
            link_of(peer, conn, since)
            for peer, some in self._since.items()
            for conn, since in some.items()
        ]

    def traffic(self) -> tuple[int, int]:
        """Bytes received and sent, on those that have ended, too."""
        links, (received, sent) = self.links(), self._past
        return (
            received + sum(link.received for link in links),
            sent + sum(link.sent for link in links),
        )


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


async def close_all(connections: Sequence[INetConn]) -> None:
    """Close them all within moments, those that do not go by themselves from below."""
    with trio.CancelScope(shield=True):
        with trio.move_on_after(PART_SECONDS):
            async with trio.open_nursery() as nursery:
                for conn in connections:
                    nursery.start_soon(close_quietly, conn)
        for conn in connections:
            secured = getattr(conn.muxed_conn, "secured_conn", None)
            if secured is not None and not conn.muxed_conn.is_closed:
                with trio.move_on_after(PART_SECONDS):
                    await close_quietly(secured)


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
