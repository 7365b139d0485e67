"""What is wrong with a machine's network or clock: one line says it, and the node does what it can.

What these tests do to a network they do in namespaces of their own.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.hosts.lan import World, internet
from tests.system.people import Person, village

DESK = ("--desk", "127.0.0.1:0")


@pytest.fixture
def world() -> Iterator[World]:
    with internet() as made:
        yield made


@pytest.fixture
def ana(tmp_path: Path) -> Iterator[Person]:
    """Ana has founded; her node does not run yet."""
    with village(tmp_path, "Ana") as (person,):
        person.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        yield person


def listen(*addresses: str) -> list[str]:
    return [part for address in addresses for part in ("--listen", address)]


def told(person: Person) -> str:
    """The one warning in the log of a node that runs."""
    (line,) = person.log().splitlines()
    return line.partition(": ")[2]


def test_an_address_that_is_none_is_refused(ana: Person) -> None:
    for address in ("nonsense", "192.0.2.1:4001", "/ip4/127.0.0.1/udp/4001", "/ip4/::/tcp/99999"):
        error = ana.refused("run", *listen(address, "/ip4/127.0.0.1/tcp/0"), *DESK, code=2)

        assert error["error"] == "bad-address"
        assert error["message"] == (
            f"{address!r} is no address to listen on. Nothing was started. Write it like "
            "/ip4/0.0.0.0/tcp/4001 or /ip6/::/tcp/4001."
        )


def test_what_can_not_be_read_is_a_wrong_use_of_the_command(ana: Person) -> None:
    """So that a service manager does not try it again and again."""
    for option in ("--desk", "--shop", "--shop-url", "--announce"):
        error = ana.refused("run", option, "nonsense", code=2)
        assert error["error"] == "bad-address"
        assert error["message"].startswith("'nonsense' ")
        assert ana.refused("start", option, "nonsense", code=2) == error


def test_a_port_that_another_program_has(ana: Person) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"/ip4/127.0.0.1/tcp/{other.getsockname()[1]}"
        error = ana.refused("run", *listen(taken), *DESK)
        assert error["error"] == "port-in-use"
        assert "Nothing was started" in error["message"]
        assert "choose another port with --listen" in error["message"]

        # It was kept from an earlier run: then links lead elsewhere today, and the node is there.
    ana.start(*listen(taken), *DESK)
    assert ana.stop() == 0
    with socket.create_server(("127.0.0.1", int(taken.rpartition("/")[2]))):
        ana.start(*DESK)
        (address,) = ana.ready["addresses"]
        assert address.startswith("/ip4/127.0.0.1/tcp/")
        assert not address.startswith(f"{taken}/")
        assert "Your node takes a free port this time" in told(ana)
        assert f"{taken} stays kept" in told(ana)
        assert ana.stop() == 0
    ana.start(*DESK)
    assert ana.ready["addresses"][0].startswith(f"{taken}/")


def test_pages_whose_kept_port_another_program_has(ana: Person) -> None:
    alone = listen("/ip4/127.0.0.1/tcp/0")
    ana.start(*alone, *DESK, "--shop", "127.0.0.1:0")
    desk, shop = (urlsplit(ana.ready[each]).netloc for each in ("desk", "shop"))
    assert ana.stop() == 0

    with create_server(desk), create_server(shop):
        for page, taken in (("--desk", desk), ("--shop", shop)):  # asked for today
            error = ana.refused("run", *alone, page, taken)
            assert error["error"] == "port-in-use"
            assert f"choose another port with {page}." in error["message"]

        ana.start(*alone)
        for page, kept in (("desk", desk), ("shop", shop)):
            assert urlsplit(ana.ready[page]).netloc not in (desk, shop)
            assert f"takes a free port for the {page} this time; {kept} stays kept" in ana.log()
        assert len(ana.log().splitlines()) == 2
        assert ana.stop() == 0

    ana.start(*alone)
    assert [urlsplit(ana.ready[each]).netloc for each in ("desk", "shop")] == [desk, shop]


def test_pages_whose_kept_address_this_machine_has_no_more(world: World, ana: Person) -> None:
    gateway, host = world.host("gateway"), world.host("laptop")
    gateway.lan("192.168.1.1/24").plug(host, "192.168.1.10/24")
    ana.place = host.place
    alone = listen("/ip4/127.0.0.1/tcp/0")
    ana.start(*alone, *DESK, "--shop", "192.168.1.10:8080")
    assert ana.stop() == 0
    error = ana.refused("run", "--shop", "192.168.1.99:8080")
    assert error["error"] == "bad-address"
    assert "Choose another address with --shop." in error["message"]

    host.shell("ip addr flush dev eth0")
    ana.start(*alone)
    assert ana.ready["shop"].startswith("http://127.0.0.1:")
    assert "serves the shop on this computer alone this time; 192.168.1.10:8080 stays" in told(ana)
    assert ana.stop() == 0

    host.shell("ip addr add 192.168.1.10/24 dev eth0")
    ana.start(*alone)
    assert ana.ready["shop"] == "http://192.168.1.10:8080/"


def create_server(place: str) -> socket.socket:
    host, _, port = place.partition(":")
    return socket.create_server((host, int(port)))


def test_a_machine_without_ipv6(world: World, ana: Person) -> None:
    host = world.host("old")
    host.shell("echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6")
    ana.place = host.place

    error = ana.refused("run", *listen("/ip6/::/tcp/4001"), *DESK)
    assert error["error"] == "bad-address"
    assert "This machine has no IPv6" in error["message"]
    assert "Nothing was started" in error["message"]

    ana.start(*listen("/ip6/::/tcp/4001", "/ip4/127.0.0.1/tcp/4001"), *DESK)
    assert [address.split("/")[1] for address in ana.ready["addresses"]] == ["ip4"]
    assert "no IPv6, which listening on /ip6/::/tcp/4001 needs" in told(ana)
    assert "goes on with its other addresses" in told(ana)


def test_an_address_whose_interface_is_gone(world: World, ana: Person) -> None:
    gateway, host = world.host("gateway"), world.host("laptop")
    gateway.lan("192.168.1.1/24").plug(host, "192.168.1.10/24")
    ana.place = host.place
    ana.start(*listen("/ip4/192.168.1.10/tcp/4001"), *DESK)
    assert ana.stop() == 0

    host.shell("ip addr flush dev eth0; ip addr add 10.0.0.7/24 dev eth0")
    ana.start(*DESK)

    assert ana.ready["addresses"] == []
    assert "does not have the address 192.168.1.10 at the moment" in told(ana)
    assert "reaches others itself, but can't be reached" in told(ana)
    assert ana.do("listing", "add", "--title", "Rye bread", "--mode", "give")
    assert ana.stop() == 0

    host.shell("ip addr add 192.168.1.10/24 dev eth0")
    ana.start(*DESK)
    assert ana.ready["addresses"][0].startswith("/ip4/192.168.1.10/tcp/4001/")


def test_no_network_at_all(world: World, tmp_path: Path) -> None:
    host = world.host("cabin")
    ana = world.person("Ana", tmp_path, host)
    ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
    ana.start()

    assert "no network at the moment. Your desk and all commands work" in told(ana)
    ana.do("listing", "add", "--title", "Rye bread", "--mode", "give")
    assert "Rye bread" in ana.desk("/mine")
    assert "Rye bread" in ana.page()
    assert ana.stop() == 0

    host.shell("ip link set lo down")
    ana.start()
    assert "sudo ip link set lo up" in ana.log().splitlines()[-1]
    assert ana.titles() == {"Rye bread"}
