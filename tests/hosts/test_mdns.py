"""Nodes on one LAN find each other by mDNS, with real multicast, and bear a storm of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.lan import Host, World, internet
from tests.hosts.residents import Resident
from tests.system.people import agree

# Shouts well-formed answers for as long as it lives, all about one peer; says so once it has begun.
SHOUTER = """
import socket, struct, sys
from node.network.mdns import GROUPS, PORT, answer
peer, ours = sys.argv[1:]
voice = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
voice.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
voice.bind((ours, PORT))
voice.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(ours))
packets = [
    answer(f"n{n}", [f"/ip4/{ours}/tcp/{port}/p2p/{peer}" for port in range(1, 9)])
    for n in range(100)
]
sent = 0
while True:
    for packet in packets:
        voice.sendto(packet, (GROUPS[socket.AF_INET], PORT))
    sent += len(packets)
    if sent == 20_000:
        print("shouted", flush=True)
"""


@pytest.fixture
def world() -> Iterator[World]:
    with internet() as made:
        yield made


def at_one_table(world: World, folder: Path) -> tuple[list[Host], Resident, Resident]:
    """Ana and Ben are members, on hosts of one LAN; their nodes have ended."""
    gateway = world.host("gateway")
    hosts = [world.host("one"), world.host("two")]
    lan = gateway.lan("192.168.1.1/24")
    for number, host in enumerate(hosts):
        lan.plug(host, f"192.168.1.{10 + number}/24")
    ana, ben = world.person("Ana", folder, hosts[0]), world.person("Ben", folder, hosts[1])
    ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
    ana.start()
    ben.do("join", ana.do("invite")["link"], "--person", "Ben", "--no-passphrase")
    ben.start()
    ben.until(lambda: ben.members() == {"Ana": "member", "Ben": "member"}, "Ben is a member")
    agree(ana, ben)
    assert (ana.stop(), ben.stop()) == (0, 0)
    return hosts, ana, ben


def test_two_who_have_both_moved_find_each_other(world: World, tmp_path: Path) -> None:
    hosts, ana, ben = at_one_table(world, tmp_path)
    for number, host in enumerate(hosts):
        host.shell(f"ip addr flush dev eth0; ip addr add 10.7.0.{1 + number}/24 dev eth0")

    ana.start()
    ana.do("listing", "add", "--title", "Rye bread", "--mode", "give")
    ben.start()

    ben.until(lambda: ben.titles() == {"Rye bread"}, "the bread came")
    (link,) = ben.do("peers")["peers"]
    assert link["address"].startswith("/ip4/10.7.0.1/")
    assert "storm" not in ana.log() + ben.log()


def test_a_storm_is_said_once_and_the_node_goes_on(world: World, tmp_path: Path) -> None:
    (_, there), ana, ben = at_one_table(world, tmp_path)
    ben.start()
    ana.start()
    agree(ana, ben)
    shouter = there.start(
        sys.executable, "-c", SHOUTER, ben.ready["peer"], "192.168.1.11", stderr=2
    )

    assert shouter.stdout is not None
    assert shouter.stdout.readline() == "shouted\n"
    ben.do("listing", "add", "--title", "Rye bread", "--mode", "give")
    ana.until(lambda: ana.titles() == {"Rye bread"}, "the bread came")
    said = [line for line in ana.log().splitlines() if "mDNS storm" in line]
    assert len(said) == 1
    assert "on eth0" in said[0]
    assert "Your node goes on" in said[0]
    shouter.stdout.close()
