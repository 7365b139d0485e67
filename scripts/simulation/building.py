"""Nodes of many communities on one LAN, and what one of them notices of the others.

`node.lan` is the real one, on trio's mock clock; only the wire is not: a packet that one machine
sends is heard by all. What others answer is read by the one node that is watched alone, since
nobody's doing depends on it.
"""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import IPv4Interface
from socket import AddressFamily
from typing import Any, cast

import trio
from trio.testing import MockClock

from node.lan import Lan, _Turn
from node.network import mdns
from node.network.interfaces import Interface
from node.network.peer_id import peer_id_of
from protocol.keys import Signer

HEADERS = 42  # bytes of Ethernet, IP and UDP around each packet
QUEUE = mdns.QUEUE_BYTES // 768  # packets in it, with what the system keeps about each
BEGINNING = 180.0  # seconds until all have found their rhythm


@dataclass
class Noticed:
    """What the watched node heard and did, from `BEGINNING` on."""

    packets: int = 0
    bytes: int = 0
    own: set[str] = field(default_factory=set)  # nodes of its community that it was told of
    others: set[str] = field(default_factory=set)  # and of others: each would be a dial in vain


class _Air:
    """The wire of a LAN."""

    def __init__(self) -> None:
        self.wires: list[_Wire] = []

    def carry(self, packet: bytes, source: _Wire) -> None:
        heard = mdns.read(packet)
        asks = heard is not None and heard.asks
        for wire in self.wires:
            if wire is not source and (asks or wire.watched):
                with contextlib.suppress(trio.WouldBlock):  # the system's queue is full
                    wire.put.send_nowait(packet)


class _Wire:
    """One machine's socket; in place of `mdns.Wire`."""

    family = AddressFamily.AF_INET

    def __init__(self, air: _Air, interface: Interface, noticed: Noticed | None) -> None:
        self.interface = interface
        self.watched = noticed is not None
        self._noticed = noticed
        self._air = air
        self.put, self._got = trio.open_memory_channel[bytes](QUEUE)

    async def send(self, packet: bytes) -> None:
        await trio.lowlevel.checkpoint()
        self._air.carry(packet, self)

    async def receive(self) -> bytes:
        packet = await self._got.receive()
        if self._noticed is not None and trio.current_time() >= BEGINNING:
            self._noticed.packets += 1
            self._noticed.bytes += len(packet) + HEADERS
        return packet


class _Machine:
    """One node as `node.lan` sees it: its network and its address book at once."""

    def __init__(self, number: int, mates: set[str]) -> None:
        self.peer_id = peer_id_of(Signer(sha256(b"%d" % number).digest()).public)
        self.host = f"10.0.{number >> 8}.{number & 255}"
        self.addresses = [f"/ip4/{self.host}/tcp/4001/p2p/{self.peer_id}"]
        self.told: set[bytes] = set()
        self.mates = mates

    def may_talk(self, peer: str) -> bool:
        """The gate: members of one's own community."""
        return peer in self.mates

    def found(self, device: bytes, addresses: list[str]) -> None:
        self.told.add(device)


def listen(nodes: int, seconds: float, seed: int) -> Noticed:
    """What one node notices in this time; one other on its LAN is of its community."""
    random.seed(seed)
    noticed = Noticed()
    trio.run(_listen, nodes, seconds, noticed, clock=MockClock(autojump_threshold=0))
    return noticed


async def _listen(nodes: int, seconds: float, noticed: Noticed) -> None:
    air = _Air()
    watched = _Machine(1, set())
    machines = [watched, *(_Machine(number, set()) for number in range(2, nodes + 1))]
    mates = {machine.peer_id for machine in machines[1:2]}
    watched.mates |= mates
    async with trio.open_nursery() as nursery:
        for machine in machines:
            interface = Interface("lan", 2, (IPv4Interface(f"{machine.host}/8"),))
            wire = _Wire(air, interface, noticed if machine is watched else None)
            air.wires.append(wire)
            # They implement what `Lan` needs of a network, a gate and an address book.
            some: Any = machine
            lan = Lan(some, some, machine.addresses, look=lambda: None)
            turn = _Turn(lan, cast(mdns.Wire, wire), nursery)
            nursery.start_soon(_after, random.uniform(0, 60), turn)
            nursery.start_soon(turn.hear)
        await trio.sleep(BEGINNING + seconds)
        nursery.cancel_scope.cancel()
    told = {peer_id_of(device) for device in watched.told}
    noticed.own = told & mates
    noticed.others = told - mates


async def _after(seconds: float, turn: _Turn) -> None:
    """Machines are not all switched on in the same moment."""
    await trio.sleep(seconds)
    await turn.ask()
