"""A village in which one person has brought in half of the nodes: whoever they bring in as well
keeps in touch with others, sees what is kept from it, and says so.
"""

from __future__ import annotations

from trio.testing import MockClock

from node import inviting, telling
from node.network.links import SYNC, LinkError, Stream
from node.network.peer_id import peer_id_of
from protocol.messages import Hello, pack, unpack
from storage import certificates
from tests.village.village import Village, Villager

HONEST = ("ana", "ben", "eva", "dan")
SYBILS = 6


async def surrounded(village: Village) -> tuple[list[Villager], list[Villager], Villager]:
    """(those who came in by ana, mal and the sybils, vic whom mal has invited)."""
    honest = await village.join(*HONEST)
    mal = await village.invited("mal", by=honest[0])
    bad = [mal]
    for number in range(SYBILS):
        bad.append(await village.invited(f"sybil{number}", by=bad[number // 2]))
    vic = await village.invited("vic", by=mal)
    return list(honest[: len(HONEST)]), bad, vic


def chosen(at: Villager, some: list[Villager]) -> int:
    """How many of these a node keeps in touch with by its own choice."""
    peers = {peer_id_of(each.home.device) for each in some}
    places = at.node.neighbours._choosing.places
    return len([place for place in places if place.peer in peers and place.up is not None])


async def test_who_was_invited_into_a_nest_of_sybils_sees_what_is_kept_from_it(
    village: Village, autojump_clock: MockClock
) -> None:
    honest, bad, vic = await surrounded(village)
    await village.until(lambda: chosen(vic, honest) >= 3, 600)
    assert chosen(vic, bad) <= 5

    # A link of vic's names nodes of both branches, each of another person.
    people = {each.home.device: each for each in village.people}
    await village.until(lambda: len(inviting.known_peers(vic.home)) == 7, 600)
    named = [people[device] for device in inviting.known_peers(vic.home)]
    assert sum(each in honest for each in named) >= 3
    assert len({each.home.person for each in named}) == len(named)

    # Nobody else can be reached: that is said, and what the others certify does not arrive.
    for each in honest:
        village.cut(vic, each)
        for one in bad:
            village.cut(one, each)
    before = certificates.tip(vic.home.store)
    await village.invited("new", by=honest[0])
    newest = certificates.tip(honest[1].home.store)
    assert newest[0] > before[0]
    village.cut(vic, village.people[-1])
    for one in bad:
        village.cut(one, village.people[-1])
    await village.until(lambda: vic.node.compared()["branch"] is not None, 1800)
    assert certificates.tip(vic.home.store) == before
    result = vic.node.compared()
    assert result["branch"] == bad[0].home.person.hex()
    (said,) = telling.comparison(vic.home.store, result)
    assert "came in through mal" in said

    # One way out is enough to see what was kept from it, whatever its neighbours say.
    village.mend(vic, honest[2])
    await village.until(lambda: certificates.tip(vic.home.store) == newest, 900)
    for each in (honest[0], honest[1]):
        village.mend(vic, each)
    await village.until(lambda: chosen(vic, honest) >= 3, 1800)
    assert vic.node.compared()["branch"] is None


async def test_who_names_another_certificate_is_named(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, _, eva = await village.join("ana", "ben", "eva")
    await village.until(lambda: ana.node.compared()["same"] == 2, 600)
    assert ana.node.compared() == {"peers": 2, "same": 2, "differ": [], "branch": None}
    await eva.stop()
    says = certificates.tip(eva.home.store)[0], b"\x07" * 32

    async def lie(stream: Stream) -> None:
        try:
            hello = unpack(await stream.receive())
            assert isinstance(hello, Hello)
            await stream.send(pack(hello._replace(height=says[0], certificate=says[1])))
            await stream.receive()
        except LinkError:
            pass
        finally:
            await stream.aclose()

    network = village.world.network(
        eva.home.unlock().device.seed,
        gate=lambda peer: True,
        topic=eva.home.store.community.hex(),
        host=village.host("eva"),
    )
    network.handle(SYNC, lie)
    await village.nursery.start(network.run, ["/ip4/0.0.0.0/tcp/4001"])
    await village.until(lambda: ana.node.compared()["differ"] != [], 600)
    result = ana.node.compared()
    assert result["differ"] == [
        {"peer": network.peer_id, "height": says[0], "certificate": says[1].hex()}
    ]
    assert result["same"] == 1
    await village.until(
        lambda: any(event["event"] == "differs" for _, event in ana.node.events.recent), 60
    )
    assert "eva" in telling.comparison(ana.home.store, result)[0]
