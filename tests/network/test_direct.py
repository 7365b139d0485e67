"""Direct connections and circuits beside each other, when the direct one is dead; real libp2p."""

from __future__ import annotations

import pytest
import trio

from tests.network.people import Person, Village
from tests.network.relayed import ask, behind, circuits, echo, links

SYNC = "/moothall/sync/1"


class Wire:
    """A way to somebody's port that can fall silent, as when a router gets another address."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._flow = trio.CancelScope()

    async def to(self, person: Person) -> str:
        """The address at which it begins."""
        host, port = person.net.addresses[0].split("/")[2:5:2]
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        self._nursery.start_soon(self._carry, listener, host, int(port))
        return f"/ip4/127.0.0.1/tcp/{listener.socket.getsockname()[1]}"

    def fall_silent(self) -> None:
        self._flow.cancel()

    async def _carry(self, listener: trio.SocketListener, host: str, port: int) -> None:
        far = await trio.open_tcp_stream(host, port)
        async with listener, await listener.accept() as near, far:
            with self._flow:
                async with trio.open_nursery() as both:
                    both.start_soon(_copy, near, far)
                    both.start_soon(_copy, far, near)
            await trio.sleep_forever()  # nobody is told


async def _copy(source: trio.SocketStream, sink: trio.SocketStream) -> None:
    async for data in source:
        await sink.send_all(data)


async def test_a_dead_direct_connection_is_no_reason_to_let_a_circuit_go(
    town: Village, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.network.libp2p_direct.ANSWER_SECONDS", 0.3)
    rita = town.person("rita", offer_relay=True)
    ana, ben = town.person("ana"), town.person("ben")
    ben.net.handle(SYNC, echo)
    await behind(town, rita, ana, ben)
    wire = Wire(nursery)
    await ana.net.connect(ben.id, [await wire.to(ben)])
    assert await ask(ana, ben, SYNC, b"hello") == b"hello"

    wire.fall_silent()
    await ana.net._reach.dial(rita.id, ben.net._me)
    for one, other in ((ana, ben), (ben, ana)):
        while [link.relay for link in links(one, other)] != [rita.id]:
            await trio.sleep(0.01)

    assert await ask(ana, ben, SYNC, b"still there?") == b"still there?"


async def test_where_a_direct_connection_dies_beside_a_circuit_another_one_is_tried_for(
    town: Village, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.network.libp2p_direct.ANSWER_SECONDS", 0.3)
    monkeypatch.setattr("node.network.libp2p_upgrade.LOOPBACK", True)
    rita = town.person("rita", offer_relay=True)
    ana, ben = town.person("ana"), town.person("ben")
    ben.net.handle(SYNC, echo)
    await behind(town, rita, ana, ben)
    wire = Wire(nursery)
    await ana.net.connect(ben.id, [way := await wire.to(ben)])

    wire.fall_silent()
    await ana.net._reach.dial(rita.id, ben.net._me)
    while not (found := links(ana, ben)) or found[0].relay or found[0].address == way:
        await trio.sleep(0.01)

    assert await ask(ana, ben, SYNC, b"to ben") == b"to ben"
    assert circuits(ana)
