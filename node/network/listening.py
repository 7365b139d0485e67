"""Which of the addresses that a node was to listen on can be had on this machine, now.

An address that can't be had is left out with a sentence, as long as the node can do something
without it; it stays kept for the next start. What is no address at all is refused, for its owner
meant something else. Asked before the network is brought in, which takes a second or two.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import psutil  # type: ignore[import-untyped]

from protocol.errors import Misused, Refused


def check(asked: Sequence[str]) -> None:
    """Misused `bad-address` unless all of these are addresses, whether they can be had or not."""
    for address in asked:
        _read(address)


def sort_out(asked: Sequence[str], *, kept: bool) -> tuple[list[str], list[str]]:
    """(What to listen on, a sentence on each address that can't be had).

    `kept`: they are from an earlier run, and nobody has asked for them today. Then something else
    is done instead: a free port for one that is taken, or to listen nowhere. Otherwise, if none
    can be had, Refused `port-in-use` or `bad-address`. Misused `bad-address` for what is none.
    """
    usable, faults = [], []
    for address in asked:
        fault = _fault(address)
        if fault is None:
            usable.append(address)
        else:
            faults.append((address, *fault))
    if faults and not usable and not kept:
        _, reason, what, todo = faults[0]
        raise Refused(reason, f"{what}. Nothing was started. {todo}")
    instead = []
    if not usable:
        instead = [_any_port(address) for address, reason, *_ in faults if reason == "port-in-use"]
    if usable:
        goes_on = "goes on with its other addresses"
    elif instead:
        goes_on = "takes a free port this time"
    else:
        goes_on = "goes on and reaches others itself, but can't be reached"
    return usable or instead, [
        f"{what}. Your node {goes_on}; {address} stays kept for its next start. {todo}"
        for address, _, what, todo in faults
    ]


def _any_port(address: str) -> str:
    return f"{address.rpartition('/')[0]}/0"


def _fault(address: str) -> tuple[str, str, str] | None:
    """(Reason word, what is wrong, what to do) with listening here; None if nothing is."""
    ip, port = _read(address)
    if ip.version == 6 and not _has_ipv6():
        what = f"This machine has no IPv6, which listening on {address} needs"
        return "bad-address", what, "Leave it out of --listen, or switch IPv6 on."
    try:
        probe(str(ip), port)
    except OSError as error:
        return _said(address, str(ip), port, error)
    return None


def _read(address: str) -> tuple[IPv4Address | IPv6Address, int]:
    try:
        empty, family, host, tcp, number = address.split("/")
        ip, port = ipaddress.ip_address(host), int(number)
    except ValueError:
        raise _bad(address) from None
    if (empty, family, tcp) != ("", f"ip{ip.version}", "tcp") or "%" in host:
        raise _bad(address)
    if str(port) != number or not 0 <= port < 65_536:
        raise _bad(address)
    return ip, port


def _bad(address: str) -> Misused:
    return Misused(
        "bad-address",
        "%(text)s is no address to listen on. Nothing was started. Write it like %(example)s.",
        text=repr(address),
        example=f"{_anywhere(4001)} or /ip6/::/tcp/4001",
    )


def probe(host: str, port: int) -> None:
    """OSError if nothing could listen there now: the address is missing, or the port in use."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            trial.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        trial.bind((host, port))


def _said(address: str, host: str, port: int, error: OSError) -> tuple[str, str, str]:
    if error.errno == errno.EADDRINUSE:
        what = f"Port {port} is used by another program, perhaps another node of yours"
        return "port-in-use", what, "Stop that, or choose another port with --listen."
    if error.errno == errno.EADDRNOTAVAIL:
        what = f"This machine does not have the address {host} at the moment"
        todo = f"Connect what has it, or choose another with --listen, such as {_anywhere(port)}."
        return "bad-address", what, todo
    what = f"Can't listen on {address} ({(error.strerror or str(error)).lower()})"
    return "bad-address", what, "Choose another address with --listen."


def _anywhere(port: int) -> str:
    return f"/ip4/0.0.0.0/tcp/{port}"


def _has_ipv6() -> bool:
    """Whether any interface, loopback included, has an address of IPv6."""
    return any(
        each.family == socket.AF_INET6 for some in psutil.net_if_addrs().values() for each in some
    )
