"""What a connection runs over: the bytes below Noise, counted, and where they come from.

A connection's wire is a TCP socket or a circuit through a relay (libp2p_circuit). What a peer says
about its own addresses has no part in this.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING

from libp2p.io.abc import ReadWriteCloser
from libp2p.io.trio import TrioTCPStream

if TYPE_CHECKING:
    import trio
    from libp2p.abc import IMuxedConn, INetConn

AHEAD = 64 * 1024  # bytes read at a time
PATIENCE_SECONDS = 30  # with no sign of the other machine, until the connection counts as dead


class Wire(ReadWriteCloser):
    """Carries one connection's encrypted bytes."""

    def __init__(
        self, carrier: ReadWriteCloser, *, address: str, place: str, relay: str = ""
    ) -> None:
        """`address` is a multiaddress; `place` counts as one sender, for limits; `relay` a peer."""
        self.address = address
        self.place = place
        self.relay = relay
        self.received = 0
        self.sent = 0
        self._carrier = carrier
        self._ahead = b""  # read and not asked for yet, from `_at` on
        self._at = 0

    async def read(self, n: int | None = None) -> bytes:
        # The library asks for two bytes and then for as many as they say; to go to the socket for
        # each costs more than all it does with them.
        if self._at == len(self._ahead):
            self._ahead, self._at = await self._carrier.read(AHEAD), 0
            self.received += len(self._ahead)
        end = len(self._ahead) if n is None else min(self._at + n, len(self._ahead))
        data, self._at = self._ahead[self._at : end], end
        return data

    async def write(self, data: bytes) -> None:
        await self._carrier.write(data)
        self.sent += len(data)

    async def close(self) -> None:
        await self._carrier.close()

    def cut(self) -> None:
        """When it is closed, have the system forget it at once; its port is free for another.

        Else what was sent to a machine that does not answer is sent again for a while, and until
        then no other connection between the same two ports can be made.
        """
        if isinstance(self._carrier, TrioTCPStream):
            at_once = struct.pack("ii", 1, 0)
            with suppress(OSError):
                self._carrier.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)

    def get_remote_address(self) -> tuple[str, int] | None:
        """For the library, which tells peers how we see them; a relay's address is not theirs."""
        return None if self.relay else self._carrier.get_remote_address()


def tcp_wire(stream: ReadWriteCloser) -> Wire:
    """A TCP connection. An IPv6 sender is its /64, which one household or server commonly has."""
    # The library's own look-up knows IPv4 only, so ask the socket.
    try:
        if not isinstance(stream, TrioTCPStream):
            raise ValueError
        _notice_death(stream.stream.socket)
        host, port = stream.stream.socket.getpeername()[:2]
        address = ipaddress.ip_address(host.partition("%")[0])
    except (OSError, ValueError):
        return Wire(stream, address="", place="unknown")
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    place = str(address)
    if isinstance(address, ipaddress.IPv6Address):
        place = str(ipaddress.ip_network((address, 64), strict=False))
    return Wire(stream, address=f"/ip{address.version}/{address}/tcp/{port}", place=place)


def _notice_death(sock: trio.socket.SocketType) -> None:
    """Have the system ask now and then whether the other machine is there, and end the connection.

    A home that was given another address, a computer that lost its power: nobody says goodbye.
    Without this the node would believe in such a neighbour for a quarter of an hour when it sends
    something, and for ever when it does not. It also keeps a router from forgetting who is quiet.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (  # where the system has them
        ("TCP_KEEPIDLE", PATIENCE_SECONDS),
        ("TCP_KEEPINTVL", max(1, PATIENCE_SECONDS // 3)),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", PATIENCE_SECONDS * 1000),  # for what was sent
    ):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def wire_of(conn: IMuxedConn) -> Wire | None:
    """What a connection of ours runs over; None if it is none of ours."""
    layer: object = conn
    for name in ("secured_conn", "conn", "read_writer", "read_write_closer", "stream"):
        layer = getattr(layer, name, None)
    return layer if isinstance(layer, Wire) else None


def is_relayed(conn: INetConn) -> bool:
    """Whether a connection goes through a relay."""
    wire = wire_of(conn.muxed_conn)
    return wire is not None and wire.relay != ""
