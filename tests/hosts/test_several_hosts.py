"""Real nodes on three hosts, two of them homes behind NAT.

                 net (forwards, may lose)
                /          |          \
           public        router       router     each router: NAT by masquerade
        a relay: Ana       |            |
                         north        south      both are 192.168.1.10, as many homes are
                       Ben, Cleo    Dan, Eva
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from tests.hosts.lan import Cable, Host, World
from tests.hosts.residents import Resident
from tests.photos import pictures
from tests.system.assembly import decide, propose, reaches
from tests.system.people import agree

LOSS = 5  # percent
NORTH, SOUTH, SOUTH_LATER = "11.0.2.2", "11.0.3.2", "11.0.3.77"  # of the routers
FEE = {
    "fee_bps": 500,
    "fee_min": 0,
    "fee_cap": None,
    "table": [{"role": "community", "bps": 10_000, "fallback": None}],
}


class Town(NamedTuple):
    """The hosts, with nobody there yet."""

    net: Host
    public: Host
    north: Host
    south: Host
    way_north: Cable  # from the provider to that home's router
    way_south: Cable


def town(world: World, *, strict: bool) -> Town:
    """With routers that are `strict` about ports, or not."""

    def home(name: str, outside: str) -> tuple[Host, Cable]:
        router, host = world.host(f"router-{name}"), world.host(name)
        way = net.lan(f"{outside.rpartition('.')[0]}.1/24").plug(router, f"{outside}/24")
        router.masquerade(strict=strict)
        router.lan("192.168.1.1/24").plug(host, "192.168.1.10/24")
        return host, way

    net, public = world.host("net"), world.host("public")
    net.lan("11.0.1.1/24").plug(public, "11.0.1.10/24")
    north, way_north = home("north", NORTH)
    south, way_south = home("south", SOUTH)
    return Town(net, public, north, south, way_north, way_south)


def found(ana: Resident) -> None:
    ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
    ana.start("--offer-relay")


def join(inviter: Resident, other: Resident) -> None:
    """By a link; the other's node runs from then on."""
    link = inviter.do("invite")["link"]
    other.do("join", link, "--person", other.name, "--no-passphrase")
    other.start()


def touch(person: Resident, other: Resident) -> dict[str, Any]:
    """What `peers` says of being in touch with this other; empty while they are not."""
    rows: list[dict[str, Any]] = person.do("peers")["peers"]
    return next((row for row in rows if row["name"] == other.name), {})


def where(person: Resident, other: Resident) -> str:
    """The address at which this person's node is in touch with the other's; "" while it isn't."""
    return str(touch(person, other).get("address", ""))


def offer(person: Resident, title: str, *more: str) -> dict[str, Any]:
    made = person.do("listing", "add", "--title", title, "--mode", "give", *more)
    listing: dict[str, Any] = made["listing"]
    return listing


def well(*people: Resident) -> None:
    """Nobody has done anything wrong, and their nodes end as they should."""
    for person in people:
        status = person.do("status")
        assert (status["faults"], status["forks"]) == ([], [])
    for person in people:
        assert person.stop() == 0


def test_five_people_at_three_places_are_one_community(world: World, tmp_path: Path) -> None:
    at = town(world, strict=True)
    at.net.lose(LOSS)
    ana = world.person("Ana", tmp_path, at.public, port=4001)
    ben = world.person("Ben", tmp_path, at.north, port=4001)
    cleo = world.person("Cleo", tmp_path, at.north, port=4002)
    dan = world.person("Dan", tmp_path, at.south, port=4001)  # at Ben's private address
    eva = world.person("Eva", tmp_path, at.south, port=4002)
    people = (ana, ben, cleo, dan, eva)

    found(ana)
    # Ben's links lead to Ana's door as well: nobody outside his home could knock at his own.
    for inviter, other in ((ana, ben), (ben, cleo), (ben, dan), (ana, eva)):
        join(inviter, other)
    everybody = {person.name: "member" for person in people}
    for person in people:
        person.until(lambda p=person: p.members() == everybody, "everybody is a member")  # type: ignore[misc]

    over_ana = f"/ip4/11.0.1.10/tcp/4001/p2p/{ana.ready['peer']}/p2p-circuit"
    for one, other in ((ben, dan), (dan, ben), (cleo, eva)):
        one.until(lambda a=one, b=other: where(a, b) == over_ana, f"{other.name} is reached")  # type: ignore[misc]
    cleo.until(lambda: where(cleo, ben).startswith("/ip4/192.168.1.10/"), "Ben is at home, too")

    file = tmp_path / "bread.jpg"
    file.write_bytes(pictures.photo(1200, 800))
    (photo,) = offer(ben, "Bread", "--photo", str(file), "--alt", "A round loaf")["photos"]
    dan.until(lambda: "Bread" in dan.titles(), "there is bread")
    shown = dan.browse(dan.ready["shop"] + f"photo/{photo['large']}")
    assert (shown["status"], shown["sha256"]) == (200, photo["large"])
    assert touch(dan, ben)["received"] > shown["length"]  # from Ben's node, over the relay

    fees = propose(ben, tmp_path, "fees", {"type": "set_fees", "default": FEE})
    decide(fees, "yes", ana, cleo, dan, eva)  # four of five are certain: it closes early
    reaches(fees, "in_effect", ben)

    at.way_north.cut()
    offer(cleo, "Plum jam")
    offer(dan, "Old lamp")
    ben.until(lambda: ben.titles() == {"Bread", "Plum jam"}, "there is jam in the north")
    for person in (ana, eva):
        person.until(lambda p=person: p.titles() == {"Bread", "Old lamp"}, "there is a lamp")  # type: ignore[misc]
    assert cleo.titles() == {"Bread", "Plum jam"}
    at.way_north.mend()
    agree(*people)

    for person in people:
        assert person.titles() == {"Bread", "Plum jam", "Old lamp"}
    assert at.net.lost() > 0
    well(*people)


def test_two_homes_do_without_the_relay_and_meet_again_when_one_gets_a_new_address(
    world: World, tmp_path: Path
) -> None:
    at = town(world, strict=False)
    ana = world.person("Ana", tmp_path, at.public, port=4001)
    ben = world.person("Ben", tmp_path, at.north, port=4001)
    dan = world.person("Dan", tmp_path, at.south, port=4001)
    for person in (ana, ben, dan):
        person.build = "tests.hosts.impatient"

    found(ana)
    join(ana, ben)
    join(ana, dan)
    for one, other, router in ((ben, dan, SOUTH), (dan, ben, NORTH)):
        through = f"/ip4/{router}/tcp/4001"
        one.until(lambda a=one, b=other, t=through: where(a, b) == t, "through both routers")  # type: ignore[misc]

    # As providers do at night: the home's connections are dead, and nobody is told.
    at.way_south.give(f"{SOUTH_LATER}/24")
    offer(dan, "Old lamp")
    offer(ben, "Tent")
    agree(ana, ben, dan)
    again = f"/ip4/{SOUTH_LATER}/tcp/4001"
    ben.until(lambda: where(ben, dan) == again, "Dan is reached where he is now")

    assert dan.titles() == {"Old lamp", "Tent"}
    well(ana, ben, dan)
