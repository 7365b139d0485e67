"""Places at relays: to whom they go, and that nobody counts on one that is gone; real libp2p."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest
import trio
from libp2p.abc import INetStream
from libp2p.relay.circuit_v2.pb.circuit_pb2 import HopMessage, Status
from multiaddr import Multiaddr

from node.network import libp2p_circuit, libp2p_reach, libp2p_relay
from node.network.company import Held, Plan, Strangers
from tests.network.people import Person, Village
from tests.network.relayed import behind, call, circuits, reachable


class Opinion(Strangers):
    """Takes those it likes, in that order, and leaves whom it has enough of."""

    def __init__(self, *likes: Person) -> None:
        self.likes = [person.id for person in likes]
        self.enough: set[str] = set()
        self.seen: list[Held] = []

    def relays(self, now: float, held: Sequence[Held], offering: Collection[str]) -> Plan:
        self.seen = list(held)
        leave = [each.relay for each in held if each.relay in self.enough]
        ask = [peer for peer in self.likes if peer in offering and peer not in self.enough]
        return Plan(ask if len(held) < 1 else [], leave)


async def dialled(one: Person, other: Person) -> None:
    """A further connection, whatever there is."""
    host, port = other.net.addresses[0].split("/")[2:5:2]
    await one.net._swarm.dial_one(other.net._me, host, int(port))


async def test_places_go_to_whom_the_node_wants_and_not_to_whom_offers_first(town: Village) -> None:
    ana, ben = town.person("ana"), town.person("ben")
    rita, rob = (town.person(name, offer_relay=True) for name in ("rita", "rob"))
    opinion = Opinion(rob)
    ana.net.consult(opinion)
    await town.arrive(ana, ben, rita, rob)
    await town.meet(ana, rita)
    await town.meet(ben, rob)
    while not ana.net._host.speaks(rita.net._me, libp2p_circuit.HOP):
        await trio.lowlevel.checkpoint()

    await town.meet(ana, rob)
    (way,) = await reachable(ana)
    assert rob.id in way
    await call(ben, ana)
    ana.net._reach.look()
    while opinion.seen != [Held(rob.id, carried=True)]:
        await trio.lowlevel.checkpoint()

    opinion.likes.append(rita.id)
    opinion.enough.add(rob.id)
    ana.net._reach.look()
    while [rita.id] != ana.net.relaying()["reserved_at"]:
        await ana.moved.wait()
    # Who has an old card reaches her still.
    await ben.net.disconnect(ana.id)
    assert await ana.news.receive() == (ben.id, False)
    await ben.net.connect(ana.id, [way])


async def test_an_answer_after_its_connection_has_gone_leaves_no_place(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it when there is another connection by then, of which the relay knows no place."""
    rita, ana = town.person("rita", offer_relay=True), town.person("ana")
    answered = trio.Event()

    async def late(stream: INetStream, kind: type[HopMessage]) -> HopMessage:
        answer = await libp2p_circuit.agreed(stream, kind)
        if not answered.is_set():
            await ana.net.disconnect(rita.id)
            await ana.net.connect(rita.id, rita.net.addresses)
            answered.set()
        return answer

    monkeypatch.setattr(libp2p_reach, "agreed", late)
    monkeypatch.setattr(libp2p_reach, "SOONEST_SECONDS", 600.0)
    await town.arrive(rita, ana)
    await ana.net.connect(rita.id, rita.net.addresses)
    await answered.wait()
    while not ana.net._reach._pauses:
        await trio.lowlevel.checkpoint()

    assert ana.net.relaying()["reserved_at"] == circuits(ana) == []


async def test_a_place_goes_with_the_connection_over_which_it_was_asked_for(town: Village) -> None:
    rita, ana = town.person("rita", offer_relay=True), town.person("ana")
    await behind(town, rita, ana)
    (first,) = ana.net._up.of(rita.id)
    await dialled(rita, ana)
    while len(ana.net._up.of(rita.id)) < 2:
        await trio.lowlevel.checkpoint()
    places = rita.net._relay._reserved
    places.clear()  # as if it had seen the first one end before the other began

    await first.close()
    with trio.fail_after(10):
        while not places:
            await trio.lowlevel.checkpoint()

    assert ana.net.relaying()["reserved_at"] == [rita.id]


async def test_a_relay_that_renews_no_place_is_given_up(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libp2p_reach, "RENEW_SECONDS", 0.05)
    monkeypatch.setattr(libp2p_reach, "LOOK_SECONDS", 0.05)
    rita, rob = (town.person(name, offer_relay=True) for name in ("rita", "rob"))
    ana = town.person("ana")
    ana.net.consult(Opinion(rita, rob))
    await behind(town, rita, ana)
    await town.arrive(rob)
    await town.meet(ana, rob)

    monkeypatch.setattr(libp2p_reach, "SOONEST_SECONDS", 0.05)
    rita.net._relay._reserved.clear()
    full = trio.Event()

    async def refuse(stream: INetStream, peer: str) -> None:
        full.set()
        await rita.net._relay._refuse(stream, Status.RESERVATION_REFUSED)

    monkeypatch.setattr(rita.net._relay, "_reserve", refuse)
    ana.net._reach._slots[rita.id].renew_at = 0.0
    ana.net._reach.look()
    await full.wait()
    while ana.net.relaying()["reserved_at"] != [rob.id]:
        await ana.moved.wait()


async def test_a_relay_keeps_no_place_for_who_has_gone(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    rita, ana = town.person("rita", offer_relay=True), town.person("ana")
    served = trio.Event()

    async def late(stream: INetStream, kind: type[HopMessage]) -> HopMessage:
        asked = await libp2p_circuit.read(stream, kind)
        with trio.CancelScope(shield=True):
            await ana.net.disconnect(rita.id)
            assert await rita.news.receive() == (ana.id, True)
            assert await rita.news.receive() == (ana.id, False)
        return asked

    monkeypatch.setattr(libp2p_relay, "read", late)
    reserve = libp2p_relay.Relay._reserve

    async def noted(self: libp2p_relay.Relay, stream: INetStream, peer: str) -> None:
        try:
            await reserve(self, stream, peer)
        finally:
            served.set()

    monkeypatch.setattr(libp2p_relay.Relay, "_reserve", noted)
    await town.arrive(rita, ana)
    await ana.net.connect(rita.id, rita.net.addresses)
    await served.wait()

    assert rita.net._relay._reserved == set()


async def test_one_that_lies_about_where_it_sees_us_is_not_believed(town: Village) -> None:
    ana = town.person("ana")
    others = [town.person(name) for name in ("ben", "cleo", "mallory")]
    await town.arrive(ana, *others)
    for other in others:
        await town.meet(ana, other)
    seen = ana.net._host._seen.hosts
    while len(seen) < 3:
        await trio.lowlevel.checkpoint()
    for conn, other in ((conn, other) for conn in seen for other in others):
        if conn.muxed_conn.peer_id == other.net._me:
            seen[conn] = (4, "203.0.113.66" if other is others[2] else "203.0.113.7")

    told = [str(Multiaddr(raw)) for raw in ana.net._direct._upgrade._connect().ObsAddrs]
    assert [text.split("/")[2] for text in told] == ["203.0.113.7"]
    for conn in [conn for conn in seen if conn.muxed_conn.peer_id == others[0].net._me]:
        del seen[conn]
    assert not ana.net._direct._upgrade._connect().ObsAddrs  # one against one
    assert "203.0.113" not in str(ana.net.addresses)  # what cards name is never hearsay
