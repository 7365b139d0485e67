"""Conversations of two nodes at the same time."""

from __future__ import annotations

from trio.testing import MockClock

from node.network.links import SYNC, Stream
from protocol.messages import Bye, pack, unpack
from protocol.sync import turn
from storage.holdings import StoreHoldings
from tests.village.village import Village


async def test_who_is_asked_on_a_stream_of_theirs_is_not_asked_on_another(
    village: Village, autojump_clock: MockClock
) -> None:
    """Else a newcomer fetches all there is twice, when both open a conversation."""
    ana, ben = await village.join("ana", "ben")
    there = ana.network.peer_id
    hello = StoreHoldings(ana.home.store).hello()._replace(frontier=b"other" + bytes(11))
    stream = await ana.network.open(ben.network.peer_id, SYNC)
    await stream.send(pack(hello))
    await stream.receive()
    served: list[str] = []
    handler = ana.network._handlers[SYNC]

    async def noted(asked: Stream) -> None:
        served.append("asked")
        await handler(asked)

    ana.network._handlers[SYNC] = noted
    assert not await ben.node.sync_with(there)
    assert served == []

    await stream.send(pack(turn(hello)))
    assert not isinstance(unpack(await stream.receive()), Bye)  # now it asks, here
    await stream.aclose()
    await village.until(lambda: bool(served))  # what it was to ask there
