"""Members who can't be dialled, reached through another member's relay; real libp2p."""

from __future__ import annotations

import pytest
import trio
from libp2p.network.stream.exceptions import StreamError
from libp2p.peer.id import ID
from libp2p.relay.circuit_v2.pb.circuit_pb2 import PeerId, Status

from node.network import libp2p_circuit, libp2p_relay
from node.network.libp2p_addresses import Way
from node.network.libp2p_upgrade import ROUNDS
from node.network.links import SYNC, LinkError, Stream
from node.network.serving import Refusals
from tests.network.people import ANY_PORT, DEAD, Village
from tests.network.relayed import ask, behind, call, circuits, echo, links, reachable


async def test_two_reach_each_other_through_a_relay(town: Village) -> None:
    rita = town.person("rita", offer_relay=True)
    ana, ben = town.person("ana"), town.person("ben")
    for person in (ana, ben):
        person.net.handle(SYNC, echo)
    await behind(town, rita, ana, ben)

    (way,) = circuits(ben)
    assert way == f"{rita.net.addresses[0]}/p2p-circuit/p2p/{ben.id}"
    await ana.net.connect(ben.id, [DEAD, way])
    assert await ana.news.receive() == (ben.id, True)
    assert await ben.news.receive() == (ana.id, True)

    assert await ask(ana, ben, SYNC, b"to ben") == b"to ben"
    assert await ask(ben, ana, SYNC, b"to ana") == b"to ana"
    for person, other, inbound in ((ana, ben, False), (ben, ana, True)):
        (link,) = links(person, other)
        assert (link.relay, link.inbound) == (rita.id, inbound)
        assert link.address.endswith(f"/p2p/{rita.id}/p2p-circuit")
    assert rita.net.relaying() == {"offers": True, "reserved_at": [], "reserved": 2, "serving": 1}
    nothing = {"offers": False, "reserved": 0, "serving": 0}
    assert ana.net.relaying() == {**nothing, "reserved_at": [rita.id]}

    await ben.net.disconnect(ana.id)
    assert await ana.news.receive() == (ben.id, False)
    assert await ben.news.receive() == (ana.id, False)
    while rita.net.relaying()["serving"]:
        await trio.lowlevel.checkpoint()
    await call(ben, ana)


async def test_a_relay_to_which_there_is_no_connection_is_dialled_first(town: Village) -> None:
    rita = town.person("rita", offer_relay=True)
    ana, ben = town.person("ana"), town.person("ben")
    await behind(town, rita, ben)
    await town.arrive(ana)

    await ana.net.connect(ben.id, circuits(ben))

    assert {await ana.news.receive(), await ana.news.receive()} == {
        (rita.id, True),
        (ben.id, True),
    }


async def test_a_relay_names_the_address_that_its_owner_announces(town: Village) -> None:
    outside = "/ip4/198.51.100.7/tcp/4001"
    rita = town.person("rita", offer_relay=True, announced=[outside])
    ben = town.person("ben")
    await behind(town, rita, ben)

    assert f"{outside}/p2p/{rita.id}/p2p-circuit/p2p/{ben.id}" in circuits(ben)
    assert outside not in str(rita.net.addresses)  # there it listens


async def test_the_relay_itself_may_call(town: Village) -> None:
    """Also one that offers a relay reaches others through another's."""
    rita, rob = (town.person(name, offer_relay=True) for name in ("rita", "rob"))
    ben = town.person("ben")
    await behind(town, rita, ben)
    await town.arrive(rob)

    await rob.net.connect(ben.id, circuits(ben))

    assert links(rob, ben)[0].relay == rita.id


async def test_two_relays_are_enough(town: Village) -> None:
    ana = town.person("ana")
    relays = [town.person(name, offer_relay=True) for name in ("rita", "rob", "ron")]
    await town.arrive(ana, *relays)
    for relay in relays[:2]:
        await town.meet(relay, ana)  # they dial, and so must say where they listen
    await reachable(ana, 2)
    await town.meet(ana, relays[2])

    first, second = (relay.net.addresses[0] for relay in relays[:2])
    assert sorted(circuits(ana)) == sorted(
        f"{relay}/p2p-circuit/p2p/{ana.id}" for relay in (first, second)
    )
    await ana.net.disconnect(relays[0].id)
    while set(circuits(ana)) != {
        f"{relay.net.addresses[0]}/p2p-circuit/p2p/{ana.id}" for relay in relays[1:]
    }:
        await ana.moved.wait()


async def test_a_relay_that_comes_back_is_asked_again(town: Village, nursery: trio.Nursery) -> None:
    rita = town.person("rita", offer_relay=True)
    ana, ben = town.person("ana"), town.person("ben")
    await town.arrive(ana, ben)
    async with trio.open_nursery() as first_run:
        await first_run.start(rita.net.run, ANY_PORT)
        for person in (ana, ben):
            await town.meet(person, rita)
            await reachable(person)
        place = rita.net.addresses[0].partition("/p2p/")[0]
        await call(ana, ben)
        first_run.cancel_scope.cancel()
    assert {await ana.news.receive(), await ana.news.receive()} == {
        (ben.id, False),
        (rita.id, False),
    }
    assert circuits(ana) == []

    await nursery.start(rita.net.run, [place])
    await ana.net.connect(rita.id, [place])

    assert circuits(ana) == [] or await reachable(ana)
    await reachable(ana)


async def test_h17_a_direct_connection_is_used_before_a_relayed_one(town: Village) -> None:
    rita = town.person("rita", offer_relay=True)
    ana, ben = town.person("ana"), town.person("ben")
    ben.net.handle(SYNC, echo)
    await behind(town, rita, ana, ben)
    await call(ana, ben)
    held = [await ana.net.open(ben.id, SYNC) for _ in range(5)]  # as many streams decide it else
    (circuit,) = links(ana, ben)
    host, port = ben.net.addresses[0].split("/")[2:5:2]
    await ana.net._swarm.dial_one(ben.net._me, host, int(port))
    (direct,) = [link for link in links(ana, ben) if not link.relay]

    stream = await ana.net.open(ben.id, SYNC)
    await stream.send(bytes(300_000))
    assert len(await stream.receive()) == 300_000

    sent = {link.relay: link.sent for link in links(ana, ben)}
    assert sent[""] > direct.sent + 300_000
    assert sent[rita.id] < circuit.sent + 10_000
    for one in held:
        await one.aclose()


async def test_a_circuit_in_use_is_waited_for_once_however_often_the_gate_changes(
    town: Village,
) -> None:
    rita = town.person("rita", offer_relay=True)
    ana, ben = town.person("ana"), town.person("ben")
    ben.net.handle(SYNC, echo)
    await behind(town, rita, ana, ben)
    await call(ana, ben)
    await ana.net.open(ben.id, SYNC)
    host, port = ben.net.addresses[0].split("/")[2:5:2]
    await ana.net._swarm.dial_one(ben.net._me, host, int(port))
    before = len(ana.net._nursery.child_tasks)

    for _ in range(20):
        await ana.net.refresh(ben.id)

    assert len(ana.net._nursery.child_tasks) <= before + 1
    assert len(links(ana, ben)) == 2


async def test_h18_what_a_peer_said_of_itself_holds_while_it_is_connected(
    town: Village, nursery: trio.Nursery
) -> None:
    """Who comes back without offering a relay is not asked for one, and the other way round."""
    plain, rita = town.person("rita"), town.person("rita", offer_relay=True)
    ana = town.person("ana")
    await town.arrive(ana)
    async with trio.open_nursery() as first_run:
        await first_run.start(plain.net.run, ANY_PORT)
        await town.meet(ana, plain)
        while not ana.net._host.speaks(rita.net._me, libp2p_circuit.STOP):
            await trio.lowlevel.checkpoint()
        first_run.cancel_scope.cancel()
    assert await ana.news.receive() == (rita.id, False)

    await nursery.start(rita.net.run, ANY_PORT)
    await town.meet(ana, rita)

    with trio.fail_after(10):
        await reachable(ana)


async def test_a_place_is_renewed(town: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RENEW_SECONDS", "SOONEST_SECONDS", "LOOK_SECONDS"):
        monkeypatch.setattr(f"node.network.libp2p_reach.{name}", 0.05)
    rita = town.person("rita", offer_relay=True)
    ana = town.person("ana")
    await behind(town, rita, ana)
    places = rita.net._relay._reserved

    places.clear()
    while not places:
        await trio.lowlevel.checkpoint()

    assert places == {ana.id}


async def test_a_full_relay_says_so(town: Village, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libp2p_relay, "RESERVATIONS", 2)
    monkeypatch.setattr(libp2p_relay, "CIRCUITS", 1)
    rita = town.person("rita", offer_relay=True)
    ana, ben, cyd, dan = (town.person(name) for name in ("ana", "ben", "cyd", "dan"))
    await behind(town, rita, ana, ben)
    await town.arrive(cyd, dan)
    for person in (cyd, dan):
        await town.meet(person, rita)
    await call(ana, ben)

    with pytest.raises(LinkError, match="relay-refused"):
        await cyd.net.connect(ben.id, circuits(ben))
    with pytest.raises(LinkError, match="relay-refused"):  # there was no place for cyd
        await dan.net.connect(cyd.id, [f"{rita.net.addresses[0]}/p2p-circuit"])

    await ana.net.disconnect(ben.id)
    assert await ben.news.receive() == (ana.id, False)
    while rita.net.relaying()["serving"]:
        await trio.lowlevel.checkpoint()
    await cyd.net.connect(ben.id, circuits(ben))


async def test_no_member_takes_all_circuits_to_another(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks again and again, and says nothing over what it gets, keeps nobody out."""
    monkeypatch.setattr("node.network.libp2p_relay.CIRCUITS_EACH", 4)
    rita = town.person("rita", offer_relay=True)
    ana, ben, mallory = (town.person(name) for name in ("ana", "ben", "mallory"))
    await behind(town, rita, ben)
    await town.arrive(ana, mallory)
    for person in (ana, mallory):
        await town.meet(person, rita)
    said = []
    for _ in range(4):
        stream = await mallory.net._host.new_stream(rita.net._me, [libp2p_circuit.HOP])
        wanted = PeerId(id=ben.net._me.to_bytes())
        asked = libp2p_circuit.HopMessage(type=libp2p_circuit.HopMessage.CONNECT, peer=wanted)
        await libp2p_circuit.write(stream, asked)
        said.append((await libp2p_circuit.read(stream, libp2p_circuit.HopMessage)).status)

    assert said == [Status.OK] * 2 + [Status.RESOURCE_LIMIT_EXCEEDED] * 2
    await ana.net.connect(ben.id, circuits(ben))


async def test_who_reads_nothing_holds_the_writer_up(town: Village) -> None:
    """What the relay and both ends hold together stays small, however much is sent."""
    rita = town.person("rita", offer_relay=True)
    ana, ben = town.person("ana"), town.person("ben")

    async def sleep(stream: Stream) -> None:
        await trio.sleep_forever()

    ben.net.handle(SYNC, sleep)
    await behind(town, rita, ana, ben)
    await call(ana, ben)
    stream = await ana.net.open(ben.id, SYNC)

    with trio.move_on_after(2) as patience:
        for _ in range(100):
            await stream.send(bytes(512 * 1024))

    assert patience.cancelled_caught
    (link,) = links(ana, ben)
    assert link.sent < 2 * 1024 * 1024


async def test_gossip_goes_over_a_relay(town: Village) -> None:
    rita = town.person("rita", offer_relay=True)
    ana, ben = town.person("ana"), town.person("ben")
    await behind(town, rita, ana, ben)
    await call(ana, ben)
    rita.passes_on = False
    await town.gossiping(ana, ben)

    await ana.net.publish(b"bread")

    assert await ben.heard.receive() == (ana.id, b"bread")


async def test_a_relay_cannot_pass_somebody_off_as_another(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    rita = town.person("rita", offer_relay=True)
    ana, ben, cyd = town.person("ana"), town.person("ben"), town.person("cyd")
    for person in (ben, cyd):
        person.net.handle(SYNC, echo)
    await behind(town, rita, ana, ben, cyd)
    await town.meet(ana, cyd)
    join = rita.net._relay._join
    monkeypatch.setattr(rita.net._relay, "_join", lambda stream, target: join(stream, cyd.net._me))

    with pytest.raises(LinkError) as error:
        await ana.net.connect(ben.id, circuits(ben))

    assert error.value.reason == "unreachable"
    assert sorted(ana.net.peers()) == sorted([rita.id, cyd.id])
    assert await ask(ana, cyd, SYNC, b"still there?") == b"still there?"
    assert len(links(cyd, ana)) == 1


async def test_there_are_no_chains_of_relays(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relay reached through a relay gives no place, and who calls over it finds nobody."""
    rita, rob = (town.person(name, offer_relay=True) for name in ("rita", "rob"))
    rob.net._offers_relay = False  # so that it reserves at rita's, but relays too
    ana = town.person("ana")
    await behind(town, rita, rob)
    rob.net._relay = libp2p_relay.Relay(rob.net._host, rob._gate, list, Refusals())
    rob.net._host.set_stream_handler(libp2p_circuit.HOP, rob.net._relay.serve)
    await town.arrive(ana)
    await ana.net.connect(rob.id, circuits(rob))

    stream = await ana.net._host.new_stream(rob.net._me, [libp2p_circuit.HOP])
    asked = libp2p_circuit.HopMessage(type=libp2p_circuit.HopMessage.RESERVE)
    await libp2p_circuit.write(stream, asked)
    answer = await libp2p_circuit.read(stream, libp2p_circuit.HopMessage)

    assert answer.status == Status.PERMISSION_DENIED


async def test_circuits_are_upgraded_where_a_direct_connection_can_stand(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.network.libp2p_upgrade.LOOPBACK", True)
    rita = town.person("rita", offer_relay=True)
    ana, ben = town.person("ana"), town.person("ben")
    ben.net.handle(SYNC, echo)
    await behind(town, rita, ana, ben)
    rita.passes_on = False

    await call(ana, ben)
    stream = await ana.net.open(ben.id, SYNC)
    while rita.net.relaying()["serving"]:
        await stream.send(b"still there?")  # what goes on over the circuit is not cut off
        assert await stream.receive() == b"still there?"
        if any(not link.relay for link in links(ana, ben)):
            await stream.aclose()
            stream = await ana.net.open(ben.id, SYNC)

    assert [link.relay for link in links(ana, ben)] == [""]
    assert await ask(ana, ben, SYNC, b"to ben") == b"to ben"
    await town.gossiping(ana, ben)
    await ana.net.publish(b"bread")
    assert await ben.heard.receive() == (ana.id, b"bread")
    assert ana.news.statistics().current_buffer_used == 0  # nobody was told of a parting


async def test_a_circuit_is_tried_to_be_done_without_a_few_times_only(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by us, whenever the gate may have changed, nor because a member asks for it."""
    monkeypatch.setattr("node.network.libp2p_upgrade.PUNCH_SECONDS", 0.01)
    rita = town.person("rita", offer_relay=True)
    ana, ben = town.person("ana"), town.person("ben")
    await behind(town, rita, ana, ben)
    dialled: list[bool] = []
    for person in (ana, ben):
        person.net._direct._upgrade._ways = lambda told: []
    dial = ana.net._direct._upgrade._dial

    async def count(peer: ID, ways: list[Way], *, client: bool) -> None:
        dialled.append(client)
        await dial(peer, ways, client=client)

    ana.net._direct._upgrade._dial = count
    await call(ana, ben)  # ben begins, and ana is asked
    while len(dialled) < ROUNDS or ben.net._direct._upgrade._busy:
        await trio.lowlevel.checkpoint()

    await ben.net.refresh(ana.id)
    while ben.net._direct._upgrade._busy:
        await trio.lowlevel.checkpoint()
    ben.net._direct._upgrade._rounds.clear()
    with pytest.raises(StreamError):  # and if ben asks all the same
        while True:
            await ben.net._direct._upgrade._round(ana.net._me)

    assert len(dialled) == ROUNDS


NONSENSE = (
    b"\xff" * 20,  # no length
    b"\xff\xff\xff\x7f",  # a length beyond the limit
    b"\x03abc",  # no message
    b"\x02\x08\x02",  # an answer where a request belongs
    b"\x04\x08\x01\x12\x00",  # a circuit to nobody
)


@pytest.mark.parametrize(
    "protocol", [libp2p_circuit.HOP, libp2p_circuit.STOP, libp2p_circuit.DCUTR]
)
async def test_nonsense_ends_its_stream_only(town: Village, protocol: str) -> None:
    rita = town.person("rita", offer_relay=True)
    ana, eva = town.person("ana"), town.person("eva")
    for person in (rita, ana):
        person.net.handle(SYNC, echo)
    await behind(town, rita, ana, eva)
    await call(eva, ana)
    target = rita if protocol == libp2p_circuit.HOP else ana

    for nonsense in NONSENSE:
        stream = await eva.net._host.new_stream(target.net._me, [protocol])
        await stream.write(nonsense)
        with trio.fail_after(5), pytest.raises(StreamError):
            while True:
                await stream.read(100)

    assert await ask(eva, target, SYNC, b"still there?") == b"still there?"
    assert rita.net.relaying()["serving"] == 1
