"""Whom a node believes on a LAN, where it speaks, and what a storm or no network does to it."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Sequence
from ipaddress import ip_interface
from itertools import pairwise
from typing import Any, ClassVar

import pytest
import trio
from trio.testing import MockClock

from node import lan
from node.lan import (
    A_SECOND,
    BREATH_SECONDS,
    BURST,
    EACH,
    EACH_A_SECOND,
    LOOK_SECONDS,
    MOST_SEEN,
    Lan,
    on_link,
    told,
)
from node.network import mdns
from node.network.interfaces import Interface, interfaces
from node.network.mdns import Where, answer, question, read
from node.network.peer_id import peer_id_of

HOME = Interface(
    "eth0",
    2,
    (ip_interface("192.168.1.10/24"), ip_interface("2001:db8::10/64"), ip_interface("fe80::1/64")),
)
WLAN = Interface("wlan0", 3, (ip_interface("10.0.0.5/8"),))
ANA, BEN, EVE = (peer_id_of(bytes([n]) * 32) for n in (1, 2, 3))
EVERYWHERE = ["/ip4/0.0.0.0/tcp/4001"]


class Here:
    """A network that listens at these addresses."""

    def __init__(self, *addresses: str) -> None:
        self.peer_id = ANA
        self.addresses = [f"{address}/p2p/{ANA}" for address in addresses]


class Roll:
    """Peers of which Ben alone may talk, unless told otherwise."""

    def __init__(self, *members: str) -> None:
        self.members = members or (BEN,)
        self.seen: list[tuple[bytes, tuple[str, ...]]] = []

    def may_talk(self, peer: str) -> bool:
        return peer in self.members

    def found(self, device: bytes, addresses: Sequence[str]) -> None:
        self.seen.append((device, tuple(addresses)))


class Air:
    """Instead of a socket: what is sent stays, what comes is made up. Counts what is read."""

    packets: ClassVar[list[bytes]] = []
    trouble: ClassVar[OSError | None] = None
    deaf: ClassVar[OSError | None] = None  # when something is to be sent, in IPv6
    endless: ClassVar[bytes] = b""
    wires: ClassVar[list[Air]] = []

    def __init__(self, interface: Interface, family: socket.AddressFamily) -> None:
        if Air.trouble is not None:
            raise Air.trouble
        self.interface, self.family = interface, family
        self.read = 0
        self.said: list[tuple[float, bytes]] = []
        Air.wires.append(self)

    async def receive(self) -> bytes:
        await trio.lowlevel.checkpoint()
        if Air.endless:
            self.read += 1
            return Air.endless
        if not Air.packets:
            await trio.sleep_forever()
        return Air.packets.pop(0)

    async def send(self, packet: bytes) -> None:
        await trio.lowlevel.checkpoint()
        if Air.deaf is not None and self.family == socket.AF_INET6:
            raise Air.deaf
        self.said.append((trio.current_time(), packet))

    def close(self) -> None:
        Air.wires.remove(self)


@pytest.fixture
def air(monkeypatch: pytest.MonkeyPatch) -> type[Air]:
    monkeypatch.setattr(mdns, "Wire", Air)
    monkeypatch.setattr(lan, "interfaces", lambda: [HOME])
    Air.packets, Air.trouble, Air.deaf, Air.endless, Air.wires = [], None, None, b"", []
    return Air


def node(roll: Roll, *addresses: str, listen: Sequence[str] = EVERYWHERE) -> Lan:
    here: Any = Here(*(addresses or ("/ip4/192.168.1.10/tcp/4001", "/ip4/127.0.0.1/tcp/4001")))
    peers: Any = roll
    return Lan(here, peers, listen, look=lambda: None)


def where(peer: str, address: str, seconds: int = 120) -> Where:
    (found,) = said(answer("n", [f"{address}/p2p/{peer}"], seconds))
    return found


def said(packet: bytes) -> list[Where]:
    heard = read(packet)
    assert heard is not None
    return heard.answers


def test_on_each_interface_only_its_own_addresses_are_told() -> None:
    ours = [
        f"{address}/p2p/{ANA}"
        for address in (
            "/ip4/127.0.0.1/tcp/4001",
            "/ip4/192.168.1.10/tcp/4001",
            "/ip4/10.0.0.5/tcp/4001",
            "/ip6/2001:db8::10/tcp/4001",
            "/ip6/fe80::1/tcp/4001",
            f"/ip4/192.168.1.10/tcp/4001/p2p/{EVE}/p2p-circuit",
        )
    ]
    assert told(ours, HOME, socket.AF_INET) == [ours[1]]
    assert told(ours, HOME, socket.AF_INET6) == [ours[3]]
    assert told(ours, WLAN, socket.AF_INET) == [ours[2]]
    assert told(ours[:1], HOME, socket.AF_INET) == []


def test_nobody_sends_a_node_out_of_the_lan() -> None:
    assert on_link(where(BEN, "/ip4/192.168.1.77/tcp/22"), HOME)
    assert on_link(where(BEN, "/ip6/2001:db8::77/tcp/22"), HOME)
    for address in ("/ip4/8.8.8.8/tcp/53", "/ip4/127.0.0.1/tcp/22", "/ip6/fe80::77/tcp/22"):
        assert not on_link(where(BEN, address), HOME)


async def test_only_members_are_found_and_only_for_a_while(autojump_clock: MockClock) -> None:
    roll = Roll()
    here = node(roll)

    here.heard(
        HOME,
        [
            where(EVE, "/ip4/192.168.1.66/tcp/4001"),
            where(ANA, "/ip4/192.168.1.66/tcp/4001"),
            where(BEN, "/ip4/192.168.1.11/tcp/4001"),
            where(BEN, "/ip4/8.8.8.8/tcp/4001"),
        ],
    )
    here.heard(HOME, [where(BEN, "/ip4/192.168.1.12/tcp/4001", seconds=0)])

    assert roll.seen == [(bytes([2]) * 32, ("/ip4/192.168.1.11/tcp/4001",))]
    assert here.state()["seen"] == 1
    await trio.sleep(121)
    assert here.state()["seen"] == 0


async def test_who_shouts_about_a_member_is_taken_a_few_times(
    air: type[Air], autojump_clock: MockClock
) -> None:
    roll, looks = Roll(), []
    network: Any = Here("/ip4/192.168.1.10/tcp/4001")
    peers: Any = roll
    here = Lan(network, peers, EVERYWHERE, look=lambda: looks.append(trio.current_time()))
    air.endless = answer("n", [f"/ip4/192.168.1.66/tcp/4001/p2p/{BEN}"])
    with trio.move_on_after(60):
        await here.run()

    assert EACH < len(roll.seen) <= EACH + 60 * EACH_A_SECOND
    assert len(looks) <= len(roll.seen)
    assert all(later - at >= 1.0 for at, later in pairwise(looks))


async def test_what_is_remembered_is_bounded(autojump_clock: MockClock) -> None:
    crowd = [peer_id_of(n.to_bytes(32, "big")) for n in range(MOST_SEEN + 50)]
    here = node(Roll(*crowd))
    for peer in crowd:
        here.heard(HOME, [where(peer, "/ip4/192.168.1.11/tcp/4001")])
    assert here.state()["seen"] == MOST_SEEN


async def test_a_node_on_loopback_alone_says_nothing(
    air: type[Air], autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    here = node(Roll(), "/ip4/127.0.0.1/tcp/4001", listen=["/ip4/127.0.0.1/tcp/4001"])
    with trio.move_on_after(300):
        await here.run()

    assert air.wires == []
    assert here.state() == {"on": False, "seen": 0, "why": "loopback-only"}
    assert caplog.text == ""


async def test_however_many_ask_the_answer_is_one_a_second(
    air: type[Air], autojump_clock: MockClock
) -> None:
    air.packets = [question() for _ in range(100)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(node(Roll()).run)
        await trio.sleep(0.9)
        (wire,) = air.wires
        answers = [at for at, packet in wire.said if packet != question()]
        assert len(answers) == 1
        await trio.sleep(300)
        nursery.cancel_scope.cancel()

    answers = [at for at, packet in wire.said if packet != question()]
    assert len(answers) >= 6
    assert all(later - at >= 1.0 for at, later in pairwise(answers))
    assert 6 <= len(wire.said) - len(answers) <= 10  # questions: some at first, one a minute
    assert air.wires == []


async def test_of_a_storm_little_is_read_and_one_line_told(
    air: type[Air], autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    air.endless = answer("n", [f"/ip4/192.168.1.11/tcp/4001/p2p/{BEN}"])
    roll = Roll()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(node(roll).run)
        await trio.sleep(0.1)
        (wire,) = air.wires
        await trio.sleep(120)
        nursery.cancel_scope.cancel()

    assert BURST < wire.read <= BURST + A_SECOND * (120 + 2 * BREATH_SECONDS)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "An mDNS storm on eth0" in caplog.text


async def test_what_the_system_does_not_permit_is_said_once(
    air: type[Air], autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    air.trouble = OSError(errno.EPERM, "Operation not permitted")
    here = node(Roll())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(here.run)
        await trio.sleep(10 * LOOK_SECONDS)
        assert here.state() == {"on": False, "seen": 0, "why": "no-permission"}
        assert len(caplog.records) == 1
        assert "eth0: Operation not permitted. Your node goes on" in caplog.text

        air.trouble = None
        await trio.sleep(2 * LOOK_SECONDS)
        assert here.state()["on"]
        nursery.cancel_scope.cancel()


async def test_one_family_that_fails_leaves_the_other_alone(
    air: type[Air], autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    air.deaf = OSError(errno.ENETUNREACH, "Network is unreachable")
    here = node(Roll(), "/ip4/192.168.1.10/tcp/4001", "/ip6/2001:db8::10/tcp/4001")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(here.run)
        await trio.sleep(10 * LOOK_SECONDS + 5)
        assert here.state()["on"]
        assert [wire.family for wire in air.wires] == [socket.AF_INET]
        nursery.cancel_scope.cancel()

    (line,) = caplog.messages
    assert "on eth0: Network is unreachable. Your node goes on" in line


async def test_a_network_that_goes_and_comes_is_said_once_each(
    air: type[Air],
    autojump_clock: MockClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO, "moothall.lan")
    here = node(Roll())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(here.run)
        await trio.sleep(1)
        assert len(air.wires) == 1
        monkeypatch.setattr(lan, "interfaces", list)
        await trio.sleep(10 * LOOK_SECONDS)
        assert air.wires == []
        assert here.state() == {"on": False, "seen": 0, "why": "no-network"}
        monkeypatch.setattr(lan, "interfaces", lambda: [HOME])
        await trio.sleep(LOOK_SECONDS)
        assert len(air.wires) == 1
        nursery.cancel_scope.cancel()

    first, second = caplog.messages
    assert first.startswith("This machine has no network at the moment. Your desk")
    assert second == "This machine has a network again."


def test_loopback_is_no_interface_that_leads_anywhere() -> None:
    for each in interfaces():
        assert each.number > 0
        assert not any(address.is_loopback for address in each.addresses)
