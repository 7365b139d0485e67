"""Five nodes on three hosts, two of them homes behind NAT, where one packet in twenty is lost.

                 net (forwards, loses)
                /          |          \\
           public        router       router     each router: NAT by masquerade
          Ana              |            |
                         north        south      both are 192.168.1.10, as many homes are
                       Ben, Cleo    Dan, Eva
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.hosts.lan import Cable, Host, World
from tests.hosts.residents import Resident
from tests.photos import pictures
from tests.system.assembly import decide, propose, reaches
from tests.system.people import agree

LOSS = 5  # percent
FEE = {
    "fee_bps": 500,
    "fee_min": 0,
    "fee_cap": None,
    "table": [{"role": "community", "bps": 10_000, "fallback": None}],
}


class Town(NamedTuple):
    """The hosts, with nobody there yet."""

    world: World
    net: Host
    public: Host
    north: Host
    south: Host
    way_north: Cable  # from the provider to the northern home's router


@pytest.fixture
def town(world: World) -> Town:
    net, public = world.host("net"), world.host("public")
    net.lose(LOSS)
    net.lan("203.0.113.1/24").plug(public, "203.0.113.10/24")
    north, way_north = home(world, net, "north", "198.51.100")
    south, _ = home(world, net, "south", "192.0.2")
    return Town(world, net, public, north, south, way_north)


def home(world: World, net: Host, name: str, outside: str) -> tuple[Host, Cable]:
    """A home, and the cable to its router at `outside`.2; inside, all homes have one address."""
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


def test_five_people_at_three_places_are_one_community(town: Town, tmp_path: Path) -> None:
    ana = town.world.person("Ana", tmp_path, town.public, port=4001)
    ben = town.world.person("Ben", tmp_path, town.north, port=4001)
    cleo = town.world.person("Cleo", tmp_path, town.north, port=4002)
    dan = town.world.person("Dan", tmp_path, town.south, port=4001)  # at Ben's private address
    eva = town.world.person("Eva", tmp_path, town.south, port=4002)
    people = (ana, ben, cleo, dan, eva)

    ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
    ana.start()
    # Ben's links lead to Ana's door as well: nobody outside his home could knock at his own.
    for inviter, other in ((ana, ben), (ben, cleo), (ben, dan), (ana, eva)):
        join(inviter, other)
    everybody = {person.name: "member" for person in people}
    for person in people:
        person.until(lambda p=person: p.members() == everybody, "everybody is a member")

    file = tmp_path / "bread.jpg"
    file.write_bytes(pictures.photo(1200, 800))
    bread = ("--title", "Bread", "--mode", "give", "--photo", str(file), "--alt", "A round loaf")
    (photo,) = ana.do("listing", "add", *bread)["listing"]["photos"]
    for person in (cleo, dan):
        person.until(lambda p=person: "Bread" in p.titles(), "there is bread")
        shown = person.browse(person.ready["shop"] + f"photo/{photo['large']}")
        assert (shown["status"], shown["sha256"]) == (200, photo["large"])

    fees = propose(ben, tmp_path, "fees", {"type": "set_fees", "default": FEE})
    decide(fees, "yes", ana, cleo, dan, eva)  # four of five are certain: it closes early
    reaches(fees, "in_effect", ben)

    town.way_north.cut()
    cleo.do("listing", "add", "--title", "Plum jam", "--mode", "give")
    dan.do("listing", "add", "--title", "Old lamp", "--mode", "give")
    ben.until(lambda: ben.titles() == {"Bread", "Plum jam"}, "there is jam in the north")
    for person in (ana, eva):
        person.until(lambda p=person: p.titles() == {"Bread", "Old lamp"}, "there is a lamp")
    assert cleo.titles() == {"Bread", "Plum jam"}
    town.way_north.mend()
    agree(*people)

    for person in people:
        assert person.titles() == {"Bread", "Plum jam", "Old lamp"}
        status = person.do("status")
        assert (status["faults"], status["forks"]) == ([], [])
    assert town.net.lost() > 0
    for person in people:
        assert person.stop() == 0
