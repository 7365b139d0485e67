"""Hosts, the cables between them and what stands in the way, made of network namespaces.

    with internet() as world:
        net = world.host("net")                     # the provider: forwards, loses packets
        net.lose(5)
        public = world.host("public")
        net.lan("11.0.1.1/24").plug(public, "11.0.1.10/24")
        router, home = world.host("router"), world.host("home")
        net.lan("11.0.2.1/24").plug(router, "11.0.2.2/24")
        router.masquerade()
        cable = router.lan("192.168.1.1/24").plug(home, "192.168.1.10/24")
        home.run("ip", "route")                     # any program, to its end
        ben = world.person("Ben", folder, home)     # a `people.Person` whose node runs there
        cable.cut()

Public addresses must not be those kept for documentation: these count as private ones.

Everything lives in namespaces of its own (user, network, mounts, processes), also for root: no
packet gets out, and nothing on the machine itself is touched. When the server that starts programs
there ends, because the tests ended or were killed, the kernel ends what runs in them and takes
them away. What this needs and lacks is the reason of a skipped test.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from tests.hosts.residents import Resident
from tests.system import commands
from tests.system.people import SAFETY

UPLINK = "eth0"  # a host's first cable
_SYSTEM = "/usr/sbin:/sbin"  # where ip and nft are, and not in every user's PATH
_APART = ("--net", "--mount", "--pid", "--fork", "--kill-child")
# Names of network namespaces stand in a folder that only these processes see. A /proc of their own
# is good for programs that look themselves up there, and not permitted in every container.
_PREPARE = """
run=$(realpath /var/run)
mount -t tmpfs moothall "$run"
mkdir "$run/netns"
mount -t proc moothall /proc 2>/dev/null || true
exec "$@"
"""
_MASQUERADE = """
add table ip nat
add chain ip nat leaving {{ type nat hook postrouting priority srcnat; }}
add rule ip nat leaving oifname {uplink} masquerade {ports}
add table ip wall
add chain ip wall entering {{ type filter hook input priority filter; }}
add rule ip wall entering iifname {uplink} ct state {{ new, invalid }} drop
"""
_LOSS = """
add table inet loss
add chain inet loss passing {{ type filter hook forward priority filter; }}
add rule inet loss passing numgen random mod 100 < {percent} counter drop
"""
# What the kernel has to offer, tried once.
_TRY = f"""
ip netns add tried
ip link add tried type bridge
ip link add {UPLINK} type veth peer name eth1 netns tried
nft '{_MASQUERADE.format(uplink=UPLINK, ports="")}'
nft '{_LOSS.format(percent=5)}'
"""
_NAMES = Path("/var/run/netns")
_numbers = itertools.count(1)


@contextlib.contextmanager
def internet() -> Iterator[World]:
    """A world without hosts, which is taken away in the end; skips where there can't be one."""
    wrapper, lack = possible()
    if lack:
        pytest.skip(lack)
    world = World(wrapper, f"{next(_numbers)}-")
    try:
        yield world
    finally:
        world.end()


@cache
def possible() -> tuple[tuple[str, ...], str]:
    """What starts a program apart from this machine's network; or the sentence why nothing can."""
    path = f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}"
    for tool, package in (("unshare", "util-linux"), ("ip", "iproute2"), ("nft", "nftables")):
        if shutil.which(tool, path=path) is None:
            return (), f"{tool} is missing; install it: sudo apt-get install {package}"
    # A user namespace gives no power over the machine, not even to root; some machines permit
    # none, and there root can do without.
    ways = [("--user", "--map-root-user")] + [()] * (os.geteuid() == 0)
    for way in ways:
        wrapper = ("unshare", *way, *_APART, "/bin/sh", "-euc", _PREPARE, "apart")
        tried = subprocess.run(
            [*wrapper, "/bin/sh", "-euc", _TRY],
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if tried.returncode == 0:
            return wrapper, ""
    return (), (
        "this machine lets nobody make network namespaces with NAT: run the tests as root, or "
        f"allow user namespaces (sysctl user.max_user_namespaces). It said: {tried.stderr.strip()}"
    )


class World:
    """Hosts that reach each other, and nothing else."""

    def __init__(self, wrapper: tuple[str, ...], prefix: str) -> None:
        self._wrapper = wrapper
        self._prefix = prefix  # worlds of one process share the folder of names
        self._hosts: list[Host] = []
        self._people: list[Resident] = []

    def host(self, name: str) -> Host:
        """A new host; it forwards what is not for itself, as soon as it has two cables."""
        unique = self._prefix + name
        place = commands.Place(self._wrapper, str(_NAMES / unique))
        _run(commands.Place(self._wrapper), "ip", "netns", "add", unique)
        made = Host(name, unique, place)
        self._hosts.append(made)
        made.shell("ip link set lo up; echo 1 > /proc/sys/net/ipv4/ip_forward")
        return made

    def person(self, name: str, folder: Path, host: Host, port: int = 0) -> Resident:
        """Somebody whose node, commands and browser are on this host; ended with the world.

        The node listens at this port; 0 is one that is free.
        """
        person = Resident(name, folder, host.place, port)
        self._people.append(person)
        return person

    def end(self) -> None:
        """End what runs in it, and take it away."""
        for person in self._people:
            if person.node is not None:
                person.kill()
        for host in self._hosts:
            for process in host.started:
                process.kill()
                process.wait(SAFETY)
        for host in self._hosts:
            _run(commands.Place(self._wrapper), "ip", "netns", "delete", host.unique)


@dataclass(eq=False)
class Host:
    """A network namespace: interfaces, addresses, routes and rules of its own."""

    name: str
    unique: str  # its name for `ip -n` and `ip netns exec`
    place: commands.Place
    started: list[commands.Process] = field(default_factory=list)
    cables: int = 0
    lans: int = 0

    def run(self, *command: str) -> str:
        """What a program says that must succeed."""
        return _run(self.place, *command)

    def shell(self, script: str) -> str:
        """The same for a shell's script."""
        return self.run("/bin/sh", "-euc", script)

    def start(self, *command: str, stderr: int) -> commands.Process:
        """A program that goes on; its output can be read from `stdout`. Ended with the world."""
        process = commands.start(
            command, _environment(), stderr, build="tests.hosts.program", place=self.place
        )
        self.started.append(process)
        return process

    def lan(self, address: str) -> Lan:
        """A network that others are plugged into, with this host's own address in it: IP/BITS."""
        bridge = f"lan{self.lans}"
        self.lans += 1
        self.shell(
            f"ip link add {bridge} type bridge mcast_snooping 0;"
            f"ip address add {address} dev {bridge}; ip link set {bridge} up"
        )
        return Lan(self, bridge, address.partition("/")[0])

    def masquerade(self, *, strict: bool = False) -> None:
        """As a router at home: what leaves by the first cable bears this host's address (NAT).

        What comes in there unasked is dropped without an answer. A strict router gives every
        connection a port of its own choice, so that nobody outside can tell which.
        """
        ports = "fully-random" if strict else ""
        self.run("nft", _MASQUERADE.format(uplink=UPLINK, ports=ports))

    def lose(self, percent: int) -> None:
        """Drop so many of a hundred packets that pass through here, each way."""
        self.run("nft", _LOSS.format(percent=percent))

    def lost(self) -> int:
        """How many packets `lose` has dropped."""
        told = self.run("nft", "list", "table", "inet", "loss")
        return int(told.split("counter packets ")[1].split()[0])


@dataclass(frozen=True)
class Lan:
    """A bridge of the host that is the gateway."""

    gateway: Host
    bridge: str
    address: str  # of the gateway

    def plug(self, host: Host, address: str) -> Cable:
        """A cable to this host, which gets this address (IP/BITS); its first is its way out."""
        mine, theirs = f"{self.bridge}p{self.gateway.cables}", f"eth{host.cables}"
        self.gateway.cables += 1
        host.cables += 1
        # Without gso_max_segs the kernel passes 64 KiB at once, and one loss would lose them all.
        script = (
            f"ip link add {mine} gso_max_segs 1 type veth"
            f" peer name {theirs} gso_max_segs 1 netns {host.unique};"
            f"ip link set {mine} master {self.bridge} up;"
            f"ip -n {host.unique} link set {theirs} up"
        )
        self.gateway.shell(script)
        cable = Cable(self, mine, host, theirs)
        cable.give(address)
        return cable


@dataclass(frozen=True)
class Cable:
    """From a LAN's gateway to a host; it can be pulled out there, addresses and routes stay."""

    lan: Lan
    port: str  # the gateway's interface
    host: Host
    interface: str

    def cut(self) -> None:
        """No packet passes any more, and nobody is told that connections are dead."""
        self.lan.gateway.run("ip", "link", "set", self.port, "down")

    def mend(self) -> None:
        self.lan.gateway.run("ip", "link", "set", self.port, "up")

    def give(self, address: str) -> None:
        """The host has this address (IP/BITS) instead of the one before."""
        script = (
            f"ip address flush dev {self.interface} scope global;"
            f"ip address add {address} dev {self.interface};"
        )
        if self.interface == UPLINK:
            script += f"ip route replace default via {self.lan.address}"
        self.host.shell(script)


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}"}


def _run(place: commands.Place, *command: str) -> str:
    done = commands.run(command, _environment(), SAFETY, build="tests.hosts.program", place=place)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
