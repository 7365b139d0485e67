"""The network that other tests rely on: it hides homes, loses packets, is cut, and goes away."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.hosts.lan import Host, World, internet
from tests.system.people import SAFETY

PUBLIC, ROUTER, HOME = "11.0.1.10", "11.0.2.2", "192.168.1.10"
# Tells each visitor the address that they come from, after saying that it listens.
SERVER = """
import socket
door = socket.create_server(("0.0.0.0", 80))
print("open", flush=True)
while True:
    visitor, (address, _) = door.accept()
    visitor.send(address.encode())
    visitor.close()
"""
VISITOR = """
import socket, sys
try:
    with socket.create_connection((sys.argv[1], 80), timeout=float(sys.argv[2])) as door:
        print(door.recv(99).decode(), end="")
except OSError as error:
    print(type(error).__name__, end="")
"""
# One direction, and nothing answers: what arrives is counted by who drops it.
SHOUTER = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as voice:
    for _ in range(400):
        voice.sendto(b"hello", (sys.argv[1], 9))
"""
# Makes a world with a program that would run for ever, and waits to be killed.
HOLDER = """
import sys
from tests.hosts.lan import internet
with internet() as world:
    world.host("public").start("sleep", "infinity", stderr=2)
    print("made", flush=True)
    sys.stdin.read()
"""


def serve(host: Host) -> None:
    server = host.start(sys.executable, "-c", SERVER, stderr=2)
    assert server.stdout is not None
    assert server.stdout.readline() == "open\n"
    server.stdout.close()


def visit(host: Host, address: str, seconds: float = SAFETY) -> str:
    """The address that this host seems to have from there, or the name of the error."""
    return host.run(sys.executable, "-c", VISITOR, address, str(seconds))


def test_a_home_behind_nat_goes_out_by_its_routers_address_and_nobody_comes_in(
    world: World,
) -> None:
    net, public, router, home = (world.host(n) for n in ("net", "public", "router", "home"))
    net.lan("11.0.1.1/24").plug(public, f"{PUBLIC}/24")
    outside = net.lan("11.0.2.1/24").plug(router, f"{ROUTER}/24")
    router.masquerade()
    router.lan("192.168.1.1/24").plug(home, f"{HOME}/24")
    for host in (public, home):
        serve(host)

    assert visit(home, PUBLIC) == ROUTER
    assert visit(router, HOME) == "192.168.1.1"
    assert visit(public, HOME) == "OSError"  # no route leads to what is private
    assert visit(public, ROUTER, seconds=0.2) == "TimeoutError"

    outside.cut()
    assert visit(home, PUBLIC, seconds=0.2) == "TimeoutError"
    assert visit(router, HOME) == "192.168.1.1"
    outside.mend()
    assert visit(home, PUBLIC) == ROUTER


def test_packets_are_lost_on_their_way(world: World) -> None:
    net, ana, ben = (world.host(n) for n in ("net", "ana", "ben"))
    net.lan("11.0.1.1/24").plug(ana, "11.0.1.10/24")
    net.lan("11.0.2.1/24").plug(ben, "11.0.2.10/24")
    net.lose(50)

    ana.run(sys.executable, "-c", SHOUTER, "11.0.2.10")

    assert 100 < net.lost() < 300  # of 400; outside of this once in 10**24 runs


def test_nothing_is_left_when_the_tests_are_killed() -> None:
    with internet():
        pass  # skips where there can be none
    ours, theirs = os.pipe()
    with (
        subprocess.Popen(
            [sys.executable, "-c", HOLDER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=theirs,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        ) as holder,
        os.fdopen(ours, "rb") as still_there,
    ):
        os.close(theirs)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"made\n"

        holder.kill()

        assert still_there.read() == b""  # it ends once nobody has the other end any more
