"""Multiaddresses as we use them: IP or DNS name, and TCP; anything else is refused.

Reads and writes the text form only; whether somebody answers there is not asked here.
"""

from __future__ import annotations

import errno
import socket

from libp2p.utils.address_validation import expand_wildcard_address
from multiaddr import Multiaddr  # type: ignore[import-untyped]

from node.network.libp2p_hazards import check_port_free
from node.network.links import LinkError

_IP = {"ip4": socket.AF_INET, "ip6": socket.AF_INET6}
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


def to_dial(text: str, peer: str) -> tuple[str, int]:
    """Host (an IP address or a name) and port of `peer`; LinkError `bad-address`."""
    address, names = _parse(text)
    if names[2:] == ["p2p"]:
        if str(address.value_for_protocol("p2p")) != peer:
            raise LinkError("bad-address", f"{text} is the address of another peer.")
        names = names[:2]
    if len(names) != 2 or names[0] not in (*_IP, *_NAMES) or names[1] != "tcp":
        raise _bad(text)
    return str(address.value_for_protocol(names[0])), int(str(address.value_for_protocol("tcp")))


def to_show(bound: Multiaddr, peer: str) -> list[str]:
    """The addresses others can use for what is bound: a wildcard becomes one per interface."""
    host = str(bound).split("/")[2]
    concrete = expand_wildcard_address(bound) if host in ("0.0.0.0", "::") else [bound]  # noqa: S104
    return [f"{address}/p2p/{peer}" for address in concrete]


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
