"""Five nodes on three hosts, two of them homes behind NAT, where one packet in twenty is lost.

             net (forwards, loses)
            /          |          \\
       public       router       router        each router: NAT by masquerade
        Ana            |            |
                     north        south        both 192.168.1.10, as at many homes
                    Ben, Cleo    Dan, Eva
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.hosts.lan import Cable, Host, World, internet
from tests.hosts.residents import Resident
from tests.photos import pictures
from tests.system.assembly import propose, reaches, status
from tests.system.people import agree

LOSS = 5  # percent
FEE = {"fee_bps": 500, "fee_min": 0, "fee_cap": None,
       "table": [{"role": "community", "bps": 10000, "fallback": None}]}  # fmt: skip


class Town(NamedTuple):
    world: World
    public: Host
    north: Host
    south: Host
    way_north: Cable  # the provider's to the router of the northern home


@pytest.fixture
def town() -> Iterator[Town]:
    with internet() as world:
        net, public = world.host("net"), world.host("public")
        net.lose(LOSS)
        net.lan("203.0.113.1/24").plug(public, "203.0.113.10/24")
        north, way_north = home(world, net, "north", "198.51.100")
        south, _ = home(world, net, "south", "192.0.2")
        yield Town(world, public, north, south, way_north)


def home(world: World, net: Host, name: str, outside: str) -> tuple[Host, Cable]:
    """A home behind a router at `outside`.2; inside, all homes have the same addresses."""
    router, host = world.host(f"router-{name}"), world.host(name)
    way = net.lan(f"{outside}.1/24").plug(router, f"{outside}.2/24")
    router.masquerade()
    router.lan("192.168.1.1/24").plug(host, "192.168.1.10/24")
    return host, way


def join(inviter: Resident, other: Resident) -> None:
    """By a link; the other's node runs from then on."""
    link = inviter.do("invite")["link"]
    other.do("join", link, "--person", other.name, "--no-passphrase")
    other.start()


def test_five_people_at_three_places(town: Town, tmp_path: Path) -> None:
    import time
    t0=time.time()
    def lap(w): print(f"{time.time()-t0:6.1f} {w}", flush=True)
    ana = town.world.person("Ana", tmp_path, town.public, 4001)
    ben = town.world.person("Ben", tmp_path, town.north, 4001)
    cleo = town.world.person("Cleo", tmp_path, town.north, 4002)
    dan = town.world.person("Dan", tmp_path, town.south, 4001)  # inside, the same as Ben's
    eva = town.world.person("Eva", tmp_path, town.south, 4002)
    people = (ana, ben, cleo, dan, eva)

    ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
    ana.start("--offer-relay")
    lap("founded")
    for inviter, other in ((ana, ben), (ben, cleo), (ben, dan), (ana, eva)):
        join(inviter, other)
        lap(other.name)
    wanted = {each.name: "member" for each in people}
    for each in people:
        each.until(lambda p=each: p.members() == wanted, "everybody is a member")
        lap(each.name+" sees members")

    file = tmp_path / "bread.jpg"
    file.write_bytes(pictures.photo(1200, 800))
    bread = ("--title", "Bread", "--mode", "give", "--photo", str(file), "--alt", "A round loaf")
    (photo,) = ben.do("listing", "add", *bread)["listing"]["photos"]
    lap("added")
    dan.until(lambda: "Bread" in dan.titles(), "there is bread")
    lap("dan sees bread")
    shop = dan.ready["shop"].rstrip("/")
    seen = dan.browse(f"{shop}/photo/{photo['large']}")
    lap("photo")
    assert (seen["status"], seen["sha256"]) == (200, photo["large"])
    for each in people: print(each.name, each.do("status"))
    for each in people: print(each.name, each.ready)
    agree(*people)
    lap("agreed")

    fees = propose(ben, tmp_path, "fees", {"type": "set_fees", "default": FEE})
    reaches(fees, "open", *people)
    lap("open")
    for each in (ana, cleo, dan):
        each.do("vote", fees, "yes")
    reaches(fees, "in_effect", *people)
    lap("in effect")

    town.way_north.cut()
    cleo.do("listing", "add", "--title", "Plum jam", "--mode", "give")
    dan.do("listing", "add", "--title", "Old lamp", "--mode", "give")
    ben.until(lambda: "Plum jam" in ben.titles(), "there is jam in the north")
    lap("jam at ben")
    for each in (ana, eva):
        each.until(lambda p=each: "Old lamp" in p.titles(), "there is a lamp elsewhere")
    lap("lamp")
    for each in people: print(each.name, each.titles())
    town.way_north.mend()
    agree(*people)
    lap("agreed")
    for each in people: print(each.name, each.titles())
    for each in people:
        assert each.do("status")["faults"] == []
        assert each.stop() == 0
    lap("stopped")
