"""mDNS as libp2p specifies it: asking a LAN who speaks libp2p, and answering where we are.

Packets and sockets; whom to believe and when to speak is `node.lan`. The only place that knows
zeroconf, and of it only its reading and writing of DNS packets: its own service would file whatever
a LAN sends in a thread of its own, while here a packet that nobody can use is not even read.

The service is `_p2p._udp.local`, the same for all of libp2p, and our name in it is drawn by chance
for each run: nothing on the wire names the community. Reads `dnsaddr=` entries that are an IP
address, a TCP port and a peer id; names, relays and other transports are left out. See
https://github.com/libp2p/specs/blob/master/discovery/mdns.md and RFC 6762.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
import struct
import sys
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

import trio
from zeroconf import (  # type: ignore[attr-defined]
    DNSIncoming,
    DNSOutgoing,
    DNSPointer,
    DNSQuestion,
    DNSText,
)

from node.network.interfaces import Interface
from node.network.peer_id import device_key_of
from protocol.errors import Invalid

SERVICE = "_p2p._udp.local."
PORT = 5353
GROUPS = {socket.AF_INET: "224.0.0.251", socket.AF_INET6: "ff02::fb"}
TTL_SECONDS = 120  # of what we say
MOST_BYTES = 4096  # of a packet; a longer one is cut off and then unreadable
MOST_ANSWERS = 16  # addresses that are read from one packet
MOST_TOLD = 8  # that we say, so that they fit one
QUEUE_BYTES = 128 * 1024  # that the system keeps for us of what we have not read

_MARK = b"\x04_p2p"  # stands in every packet of the service, whatever else is compressed
_QUERY, _RESPONSE = 0x0000, 0x8400
_PTR, _TXT, _IN = 12, 16, 1
_UNIQUE = 0x8000
# Not in Python's socket module; Linux.
_IP_MULTICAST_ALL, _IPV6_MULTICAST_ALL = 49, 29


class Where(NamedTuple):
    """One address that somebody said a peer has. Nobody has proved it."""

    peer: str  # peer id
    host: IPv4Address | IPv6Address
    port: int
    seconds: int  # that it is good for; 0 takes it back

    @property
    def address(self) -> str:
        """As a multiaddress, without `/p2p/ID`."""
        return f"/ip{self.host.version}/{self.host}/tcp/{self.port}"


class Heard(NamedTuple):
    """What a packet of the service says."""

    asks: bool  # who is there?
    answers: list[Where]


def chance_name() -> str:
    """A name for one run, which says nothing about its bearer."""
    return secrets.token_hex(20)  # 40 characters


def question() -> bytes:
    """Who is there?"""
    out = DNSOutgoing(_QUERY)
    out.add_question(DNSQuestion(SERVICE, _PTR, _IN))
    return out.packets()[0]


def answer(name: str, addresses: Sequence[str], seconds: int = TTL_SECONDS) -> bytes:
    """We are here, at these multiaddresses, each with its `/p2p/ID`; good for so many seconds.

    What is beyond MOST_TOLD is left out.
    """
    full = f"{name}.{SERVICE}"
    entries = [f"dnsaddr={address}".encode() for address in addresses if len(address) < 200]
    text = b"".join(bytes([len(each)]) + each for each in entries[:MOST_TOLD])
    out = DNSOutgoing(_RESPONSE)
    out.add_answer_at_time(DNSPointer(SERVICE, _PTR, _IN, seconds, full), 0)
    out.add_additional_answer(DNSText(full, _TXT, _IN | _UNIQUE, seconds, text))
    return out.packets()[0]


def read(packet: bytes) -> Heard | None:
    """What a packet says of the service, None if nothing; Invalid `bad-packet` for broken bytes.

    Most of a LAN's mDNS is about printers and music: that is told apart before anything is decoded.
    """
    if _MARK not in packet.lower():
        return None
    try:
        message = DNSIncoming(packet)
        records = message.answers() if message.valid and message.is_response() else []
    except Exception as error:
        raise Invalid("bad-packet", "an mDNS packet that can't be read") from error
    if not message.valid:
        raise Invalid("bad-packet", "an mDNS packet that can't be read")
    if message.is_query():
        asked = any(
            each.type == _PTR and each.name.lower() == SERVICE for each in message.questions
        )
        return Heard(asked, []) if asked else None
    found: list[Where] = []
    for record in records:
        if isinstance(record, DNSText) and record.name.lower().endswith(f".{SERVICE}"):
            found += _entries(record.text, int(record.ttl))
    return Heard(False, found[:MOST_ANSWERS]) if found else None


def _entries(text: bytes, seconds: int) -> list[Where]:
    """The `dnsaddr=` entries of a TXT record that we can use."""
    found: list[Where] = []
    at = 0
    while at < len(text) and len(found) < MOST_ANSWERS:
        end = at + 1 + text[at]
        if end > len(text):
            break
        entry, at = text[at + 1 : end], end
        key, _, value = entry.partition(b"=")
        where = _where(value, seconds) if key.lower() == b"dnsaddr" else None
        if where is not None:
            found.append(where)
    return found


def _where(value: bytes, seconds: int) -> Where | None:
    try:
        empty, family, host, tcp, port, p2p, peer = value.decode("ascii").split("/")
        ip = ipaddress.ip_address(host)
        device_key_of(peer)
    except (ValueError, Invalid):
        return None
    if (empty, tcp, p2p) != ("", "tcp", "p2p") or family != f"ip{ip.version}" or "%" in host:
        return None
    if not port.isdigit() or not 0 < int(port) < 65_536:
        return None
    return Where(peer, ip, int(port), max(0, seconds))


class Wire:
    """A socket in mDNS's group on one interface, in one family. Close it with `close`.

    It hears that interface alone and speaks on it alone, and shares the port with other programs.
    Raises OSError where the system has no such family, or does not let us.
    """

    def __init__(self, interface: Interface, family: socket.AddressFamily) -> None:
        self.interface = interface
        self.family = family
        raw = socket.socket(family, socket.SOCK_DGRAM)
        try:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, QUEUE_BYTES)
            if family == socket.AF_INET:
                self._join4(raw, interface.number)
            else:
                self._join6(raw, interface.number)
            self._socket = trio.socket.from_stdlib_socket(raw)
        except BaseException:
            raw.close()
            raise

    def _join4(self, raw: socket.socket, index: int) -> None:
        group = GROUPS[socket.AF_INET]
        if sys.platform == "linux":
            raw.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        raw.bind((group, PORT))
        place = struct.pack("4s4si", socket.inet_aton(group), bytes(4), index)
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, place)
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, place)
        raw.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        self._to: tuple[str, int] | tuple[str, int, int, int] = (group, PORT)

    def _join6(self, raw: socket.socket, index: int) -> None:
        group = GROUPS[socket.AF_INET6]
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if sys.platform == "linux":
            raw.setsockopt(socket.IPPROTO_IPV6, _IPV6_MULTICAST_ALL, 0)
        raw.bind((group, PORT, 0, index))
        place = struct.pack("16si", socket.inet_pton(socket.AF_INET6, group), index)
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, place)
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        self._to = (group, PORT, 0, index)

    async def receive(self) -> bytes:
        """The next packet, empty if it is none of mDNS; OSError if the interface is gone."""
        packet, source = await self._socket.recvfrom(MOST_BYTES)
        return bytes(packet) if source[1] == PORT else b""  # RFC 6762, 6

    async def send(self, packet: bytes) -> None:
        """Say this to everybody on the interface; OSError if that can't be done."""
        await self._socket.sendto(packet, self._to)

    def close(self) -> None:
        """Leave the group."""
        self._socket.close()
