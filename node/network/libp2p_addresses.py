"""Multiaddresses as we use them: IP or DNS name, and TCP, maybe with a circuit through a relay
behind; anything else is refused.

Reads and writes the text form only; whether somebody answers there is not asked here.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Iterable
from ipaddress import IPv4Interface, IPv6Interface
from typing import NamedTuple

from libp2p.utils.address_validation import expand_wildcard_address
from multiaddr import Multiaddr  # type: ignore[import-untyped]

from node.network.interfaces import interfaces
from node.network.libp2p_hazards import check_port_free
from node.network.links import LinkError

_IP = {"ip4": socket.AF_INET, "ip6": socket.AF_INET6}
_PRIVATE = tuple(  # of homes and the like; the same addresses are used in many places
    ipaddress.ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("fc00::/7", "fe80::/10"),
    )
)
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
_NAMES = ("dns", "dns4", "dns6")


def to_listen(text: str) -> Multiaddr:
    """An address to bind; LinkError `bad-address`, or `port-in-use` if another program has it."""
    address, names = _parse(text)
    if len(names) != 2 or names[0] not in _IP or names[1] != "tcp":
        raise _bad(text)
    host = str(address.value_for_protocol(names[0]))
    port = int(str(address.value_for_protocol("tcp")))
    try:
        check_port_free(host, port, _IP[names[0]])
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise LinkError(
                "port-in-use",
                f"Port {port} is used by another program, perhaps another node of yours. "
                "Nothing was started; stop it or choose another port.",
            ) from error
        raise LinkError("bad-address", f"Can't listen on {text}: {error.strerror}.") from error
    return address


class Way(NamedTuple):
    """One way to a peer: a place to dial, and the relay that answers there, or "" for the peer."""

    text: str
    host: str  # an IP address or a name
    port: int
    relay: str  # peer id


def to_dial(text: str, peer: str) -> Way:
    """How to reach `peer` by this address; LinkError `bad-address`."""
    address, names = _parse(text)
    head, circuit, tail = text.partition("/p2p-circuit")
    if circuit:
        if tail not in ("", f"/p2p/{peer}") or names.count("p2p-circuit") != 1:
            raise _bad(text)
        address, names = _parse(head)
    named = str(address.value_for_protocol("p2p")) if names[2:] == ["p2p"] else ""
    if named:
        names = names[:2]
    if len(names) != 2 or names[0] not in (*_IP, *_NAMES) or names[1] != "tcp":
        raise _bad(text)
    if (circuit and named in ("", peer)) or (not circuit and named not in ("", peer)):
        raise LinkError("bad-address", f"{text} is no address of this peer.")
    host = str(address.value_for_protocol(names[0]))
    port = int(str(address.value_for_protocol("tcp")))
    return Way(text, host, port, named if circuit else "")


def in_order(ways: Iterable[Way]) -> list[Way]:
    """Direct ways first, then those through relays, then private networks that we are not in."""

    def rank(way: Way) -> int:
        if is_elsewhere(way.host):
            return 2
        return 1 if way.relay else 0

    return sorted(ways, key=rank)


def is_elsewhere(host: str) -> bool:
    """Whether it is an address of a private network in which this machine has none."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False  # a name
    if not any(address in network for network in _PRIVATE):
        return False
    return not any(address in each.network for each in _own())


def is_own(host: str) -> bool:
    """Whether it is an address of this machine, other than loopback."""
    return any(host == str(each.ip) for each in _own())


def _own() -> list[IPv4Interface | IPv6Interface]:
    """This machine's addresses; none when the system can't be asked just now."""
    try:
        return [each for one in interfaces() for each in one.addresses]
    except OSError:  # as without file handles left; a dial may go on
        return []


def of_relay(text: str, relay: str, *, here: bool) -> str | None:
    """An address that a relay names as its own, if others can dial it; `here`: on this machine."""
    try:
        way = to_dial(text, relay)
        address = ipaddress.ip_address(way.host)
    except (LinkError, ValueError):
        return None
    if way.relay or address.is_unspecified or (address.is_loopback and not here):
        return None
    return f"/ip{address.version}/{address}/tcp/{way.port}"


def is_loopback(host: str) -> bool:
    """Whether it is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def to_show(bound: Multiaddr, peer: str) -> list[str]:
    """The addresses others can use for what is bound: a wildcard becomes one per interface.

    None where there is no interface: the library hands the wildcard itself back then.
    """
    concrete = expand_wildcard_address(bound) if _host(bound) in _WILDCARDS else [bound]
    return [f"{each}/p2p/{peer}" for each in concrete if _host(each) not in _WILDCARDS]


def _host(address: Multiaddr) -> str:
    return str(address).split("/")[2]


def _parse(text: str) -> tuple[Multiaddr, list[str]]:
    try:
        address = Multiaddr(text)
        return address, [protocol.name for protocol in address.protocols()]
    except Exception as error:  # the library raises many kinds for bad text
        raise _bad(text) from error


def _bad(text: str) -> LinkError:
    return LinkError(
        "bad-address", f"{text!r} is no address like /ip4/192.0.2.1/tcp/4001; check the spelling."
    )
