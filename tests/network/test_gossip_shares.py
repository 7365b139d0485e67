"""What a node passes on: so much of one publisher, so that the others have their share."""

from __future__ import annotations

import pytest

from tests.network.people import Village


async def test_one_publishers_flood_leaves_the_others_their_share(
    town: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.network.libp2p_gossip.PASSED_EACH", 3)
    monkeypatch.setattr("node.network.libp2p_gossip.PASSED_EACH_A_SECOND", 0.001)
    ana, eva, ben, cyd = (town.person(name) for name in ("ana", "eva", "ben", "cyd"))
    await town.arrive(ana, eva, ben, cyd)
    for one, other in ((ana, ben), (eva, ben), (ben, cyd)):
        await town.meet(one, other)
        await town.gossiping(one, other)

    for number in range(10):
        await ana.net.publish(b"flood %d" % number)
    for _ in range(10):
        await ben.heard.receive()
    await eva.net.publish(b"bread")

    heard = []
    while b"bread" not in heard:
        heard.append((await cyd.heard.receive())[1])
    assert len(heard) == 3 + 1
