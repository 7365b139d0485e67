"""Who may talk, however they came: dialled by us or by them, directly or through a relay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
from libp2p.custom_types import TProtocol
from libp2p.host.exceptions import StreamFailure
from libp2p.peer.peerstore import PeerStoreError
from libp2p.relay.circuit_v2.pb.circuit_pb2 import PeerId
from libp2p.relay.circuit_v2.pb.dcutr_pb2 import HolePunch
from multiaddr import Multiaddr

from node.network import libp2p_circuit
from node.network.libp2p_pubsub_hazards import MESHSUB
from node.network.links import BLOB, JOIN, LOBBY_BYTES, SYNC, LinkError
from tests.network.people import Person, Village
from tests.network.relayed import ask, behind, call, circuits, echo, links

MEMBERS_ONLY = (
    SYNC,
    BLOB,
    "/ipfs/id/1.0.0",
    "/ipfs/ping/1.0.0",
    MESHSUB,
    libp2p_circuit.HOP,
    libp2p_circuit.STOP,
    libp2p_circuit.DCUTR,
)
Meet = Callable[[Person, Person], Awaitable[None]]


@pytest.fixture(
    params=["direct, she dials", "direct, we dial", "relay, she dials", "relay, we dial"]
)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def rita(town: Village) -> Person:
    return town.person("rita", offer_relay=True)


@pytest.fixture
def eva_and_ana(town: Village, rita: Person, way: str) -> Callable[[], Awaitable[Any]]:
    """Connects eva, a stranger to ana, with ana. Rita the relay trusts both."""

    async def meet() -> tuple[Person, Person]:
        ana, eva = town.person("ana"), town.person("eva")
        for person in (ana, eva):
            for protocol in (JOIN, SYNC, BLOB):
                person.net.handle(protocol, echo)
        ana.trusts = {rita.id}
        relayed = way.startswith("relay")
        if relayed:
            await behind(town, rita, ana, eva)
        else:
            await town.arrive(ana, eva)
        one, other = (eva, ana) if way.endswith("she dials") else (ana, eva)
        await (call(one, other) if relayed else town.meet(one, other))
        assert links(ana, eva)[0].relay == (rita.id if relayed else "")
        return eva, ana

    return meet


async def refuses(answering: Person, asking: Person, protocol: str) -> bool:
    with trio.fail_after(5):
        try:
            await asking.net._host.new_stream(answering.net._me, [TProtocol(protocol)])
        except StreamFailure:
            return True
    return False


async def test_a_stranger_gets_the_lobby_and_nothing_else(
    eva_and_ana: Callable[[], Awaitable[Any]],
) -> None:
    eva, ana = await eva_and_ana()

    for protocol in MEMBERS_ONLY:
        assert await refuses(ana, eva, protocol), protocol
    for protocol in (SYNC, BLOB):
        with pytest.raises(LinkError, match="no member"):
            await ana.net.open(eva.id, protocol)

    assert await ask(eva, ana, JOIN, b"may I?") == b"may I?"
    stream = await eva.net.open(ana.id, JOIN)
    await stream.send(bytes(LOBBY_BYTES))
    with pytest.raises(LinkError):
        await stream.receive()


async def test_membership_opens_all_doors_and_its_end_shuts_them(
    eva_and_ana: Callable[[], Awaitable[Any]],
) -> None:
    eva, ana = await eva_and_ana()
    ana.trusts.add(eva.id)
    await ana.net.refresh(eva.id)
    assert await ask(eva, ana, SYNC, b"now?") == b"now?"
    assert await ask(ana, eva, SYNC, b"and you?") == b"and you?"
    waiting = await eva.net.open(ana.id, SYNC)

    ana.trusts.discard(eva.id)
    await ana.net.refresh(eva.id)

    with pytest.raises(LinkError):
        await waiting.receive()
    assert await eva.news.receive() == (ana.id, False)
    assert eva.id not in ana.net.peers()


async def test_who_is_removed_loses_the_place_at_the_relay_and_all_circuits(
    town: Village, rita: Person
) -> None:
    ana, eva = town.person("ana"), town.person("eva")
    await behind(town, rita, ana, eva)
    await call(ana, eva)
    rita.trusts = {ana.id}

    await rita.net.refresh(eva.id)

    assert await ana.news.receive() == (eva.id, False)
    assert {await eva.news.receive(), await eva.news.receive()} == {
        (rita.id, False),
        (ana.id, False),
    }
    assert circuits(eva) == []
    while rita.net.relaying()["serving"]:
        await trio.lowlevel.checkpoint()
    eva_was_at = f"{rita.net.addresses[0]}/p2p-circuit/p2p/{eva.id}"
    with pytest.raises(LinkError, match="relay-refused"):
        await ana.net.connect(eva.id, [eva_was_at])
    with pytest.raises(LinkError):
        await eva.net.connect(ana.id, circuits(ana))


async def test_a_relay_serves_no_strangers_at_either_end(town: Village, rita: Person) -> None:
    ana, eva = town.person("ana"), town.person("eva")
    rita.trusts = {ana.id}
    await behind(town, rita, ana)
    await town.arrive(eva)

    with pytest.raises(LinkError):
        await eva.net.connect(ana.id, circuits(ana))
    assert await eva.news.receive() == (rita.id, True)
    assert rita.net._relay._reserved == {ana.id}
    with pytest.raises(LinkError):
        await ana.net.connect(eva.id, [f"{rita.net.addresses[0]}/p2p-circuit"])

    assert ana.net.peers() == [rita.id]
    assert circuits(eva) == []


async def test_the_gate_counts_at_once_for_circuits(town: Village, rita: Person) -> None:
    """Also before the relay has parted from somebody who is no member any more."""
    ana, ben = town.person("ana"), town.person("ben")
    await behind(town, rita, ana, ben)
    rita.trusts = {ana.id}

    with pytest.raises(LinkError, match="relay-refused"):
        await ana.net.connect(ben.id, circuits(ben))


async def test_nobody_calls_through_a_stranger(town: Village, rita: Person) -> None:
    """An address that names a relay which is no member is not dialled."""
    ana, ben = town.person("ana"), town.person("ben")
    ana.trusts = {ben.id}
    await behind(town, rita, ben)
    await town.arrive(ana)

    with pytest.raises(LinkError, match="stranger"):
        await ana.net.connect(ben.id, circuits(ben))

    assert rita.net.peers() == [ben.id]


async def test_only_a_relay_that_was_asked_brings_visitors(town: Village) -> None:
    """A member at which we hold no place can't hand us connections."""
    ana, ben = town.person("ana"), town.person("ben")
    await town.arrive(ana, ben)
    await town.meet(ben, ana)

    stream = await ben.net._host.new_stream(ana.net._me, [libp2p_circuit.STOP])
    peer = PeerId(id=ben.net._me.to_bytes())
    asked = libp2p_circuit.StopMessage(type=libp2p_circuit.StopMessage.CONNECT, peer=peer)
    await libp2p_circuit.write(stream, asked)

    with pytest.raises(LinkError, match="PERMISSION_DENIED"):
        await libp2p_circuit.agreed(stream, libp2p_circuit.StopMessage)


async def test_all_behind_one_relay_share_three_places_in_the_lobby(
    town: Village, rita: Person
) -> None:
    ana = town.person("ana")
    strangers = [town.person(name) for name in ("eva", "fay")]
    ana.trusts = {rita.id}
    ana.net.handle(JOIN, echo)
    await behind(town, rita, ana, *strangers)
    for stranger in strangers:
        await call(stranger, ana)
    inside = []
    for stranger in (*strangers, strangers[0]):
        stream = await stranger.net.open(ana.id, JOIN)
        await stream.send(b"may I?")
        await stream.receive()
        inside.append(stream)

    with pytest.raises(LinkError):
        await ask(strangers[1], ana, JOIN, b"and I?")


# Peers that lie about where they are


def claims_to_be_at(liar: Person, victim: Person) -> None:
    """From now on the liar's identify, signed peer record and DCUtR name the victim's addresses."""
    there = victim.net.addresses[0].partition("/p2p/")[0]
    liar.net._host.get_addrs = lambda: [Multiaddr(f"{there}/p2p/{liar.id}")]
    punch = HolePunch(type=HolePunch.CONNECT, ObsAddrs=[Multiaddr(there).to_bytes()])
    liar.net._direct._upgrade._connect = lambda: punch


def told_of(person: Person, other: Person) -> bool:
    """Whether the other has been asked who it is, and has named some address."""
    try:
        return bool(person.net._host.peerstore.addrs(other.net._me))
    except PeerStoreError:
        return False


async def test_what_a_peer_says_of_itself_makes_nobody_dial(town: Village) -> None:
    ana, eva, ben = (town.person(name) for name in ("ana", "eva", "ben"))
    eva.net.handle(SYNC, echo)
    await town.arrive(ana, eva, ben)
    claims_to_be_at(eva, ben)
    await town.meet(eva, ana)  # identify
    await town.gossiping(ana, eva)  # the signed peer record
    while not told_of(ana, eva):
        await trio.lowlevel.checkpoint()

    # What opens streams, and what looks for missing peers, finds the connection that is there.
    assert await ask(ana, eva, SYNC, b"eva?") == b"eva?"
    await eva.net.disconnect(ana.id)
    assert await ana.news.receive() == (eva.id, False)
    with pytest.raises(LinkError):
        await ana.net.open(eva.id, SYNC)
    with pytest.raises(LinkError, match="no address known"):
        await ana.net.connect(eva.id, [])
    with pytest.raises(LinkError, match="no address known"):
        await ana.net.connect(ben.id, [])

    assert ben.news.statistics().current_buffer_used == 0
    assert ben.net.links() == []


@pytest.mark.parametrize("known", [False, True])
async def test_dialling_where_another_answers_harms_nobody(town: Village, known: bool) -> None:
    """A signed card that names another's address: whoever answers there is not taken for her."""
    ana, eva, ben = (town.person(name) for name in ("ana", "eva", "ben"))
    ben.net.handle(SYNC, echo)
    await town.arrive(ana, eva, ben)
    if known:
        await town.meet(ana, ben)

    with pytest.raises(LinkError) as error:
        await ana.net.connect(eva.id, [ben.net.addresses[0].partition("/p2p/")[0]])
    assert error.value.reason == "unreachable"
    with pytest.raises(LinkError, match="bad-address"):
        await ana.net.connect(eva.id, ben.net.addresses)

    assert ana.net.peers() == ([ben.id] if known else [])
    if known:
        assert await ask(ana, ben, SYNC, b"still there?") == b"still there?"
        assert len(links(ana, ben)) == len(links(ben, ana)) == 1
    else:
        await town.meet(ana, ben)
        assert await ask(ana, ben, SYNC, b"hello") == b"hello"
    await ana.net.connect(eva.id, eva.net.addresses)


async def test_a_lie_over_a_circuit_ends_with_one_handshake(
    town: Village, rita: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where DCUtR is told of another's address, she is dialled at most, and not taken for eva."""
    monkeypatch.setattr("node.network.libp2p_upgrade.LOOPBACK", True)
    monkeypatch.setattr("node.network.libp2p_upgrade.ROUNDS", 1)
    monkeypatch.setattr("node.network.libp2p_upgrade.PUNCH_SECONDS", 0.5)
    ana, eva, ben = (town.person(name) for name in ("ana", "eva", "ben"))
    eva.net.handle(SYNC, echo)
    await behind(town, rita, ana, eva)
    await town.arrive(ben)
    claims_to_be_at(eva, ben)
    ana.net._direct._upgrade._connect = lambda: HolePunch(type=HolePunch.CONNECT)
    done = trio.Event()
    begin = ana.net._direct._upgrade.begin

    async def told(peer: Any) -> None:
        await begin(peer)
        done.set()

    ana.net._direct._upgrade.begin = told
    await call(eva, ana)
    await done.wait()

    assert [link.relay for link in links(ana, eva)] == [rita.id]
    assert await ask(ana, eva, SYNC, b"still there?") == b"still there?"
    assert ben.id not in ana.net.peers()
    assert eva.id not in ben.net.peers()
