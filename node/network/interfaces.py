"""This machine's network interfaces that lead to others: what is up, and which addresses it has.

Asked anew each time, for cables are pulled and laptops move. Loopback leads to nobody else and is
left out, as are interfaces that are down or have no address.
"""

from __future__ import annotations

import ipaddress
import socket
from ipaddress import IPv4Interface, IPv6Interface
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]


class Interface(NamedTuple):
    """One interface; two are equal when nothing about it has changed."""

    name: str
    number: int  # the system's index of it
    addresses: tuple[IPv4Interface | IPv6Interface, ...]  # with the subnet of each


def interfaces() -> list[Interface]:
    """All that lead to others now; empty where there is no network."""
    states = psutil.net_if_stats()
    found = []
    for name, told in sorted(psutil.net_if_addrs().items()):
        if name not in states or not states[name].isup:
            continue
        addresses = [_read(each.family, each.address, each.netmask) for each in told]
        some = tuple(each for each in addresses if each is not None and not each.is_loopback)
        try:
            number = socket.if_nametoindex(name)
        except OSError:
            continue  # gone since
        if some:
            found.append(Interface(name, number, some))
    return found


def loopback_is_up() -> bool:
    """Whether programs on this machine reach each other, and so a browser the desk."""
    return any(state.isup and "loopback" in state.flags for state in psutil.net_if_stats().values())


def _read(family: int, address: str, mask: str | None) -> IPv4Interface | IPv6Interface | None:
    if family not in (socket.AF_INET, socket.AF_INET6):
        return None
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
        bits = ip.max_prefixlen if not mask else int(ipaddress.ip_address(mask)).bit_count()
        return ipaddress.ip_interface(f"{ip}/{bits}")
    except ValueError:
        return None
