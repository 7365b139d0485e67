"""What a node passes on: so much of one publisher, so that the others have their share."""

from __future__ import annotations

import pytest
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2

from tests.network.people import TOPIC, Person, Village


@pytest.fixture(autouse=True)
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.network.libp2p_gossip.PASSED_EACH", 3)
    monkeypatch.setattr("node.network.libp2p_gossip.PASSED_EACH_A_SECOND", 0.001)


async def around_ben(town: Village) -> tuple[Person, Person, Person, Person]:
    """Ana and Eva, who are in touch with Ben alone, as Cyd is."""
    ana, eva, ben, cyd = (town.person(name) for name in ("ana", "eva", "ben", "cyd"))
    await town.arrive(ana, eva, ben, cyd)
    for one, other in ((ana, ben), (eva, ben), (ben, cyd)):
        await town.meet(one, other)
        await town.gossiping(one, other)
    return ana, eva, ben, cyd


async def heard_before(person: Person, last: bytes) -> int:
    """How many messages came before this one."""
    count = 0
    while (await person.heard.receive())[1] != last:
        count += 1
    return count


async def test_one_publishers_flood_leaves_the_others_their_share(
    town: Village,
) -> None:
    ana, eva, ben, cyd = await around_ben(town)

    for number in range(10):
        await ana.net.publish(b"flood %d" % number)
    for _ in range(10):
        await ben.heard.receive()
    await eva.net.publish(b"bread")

    assert await heard_before(cyd, b"bread") == 3


async def test_who_publishes_anothers_message_first_keeps_it_from_nobody(town: Village) -> None:
    ana, eva, ben, cyd = await around_ben(town)
    for number in range(3):
        await ana.net.publish(b"flood %d" % number)
    await ana.net.publish(b"bread")
    for _ in range(4):
        await ben.heard.receive()

    await eva.net.publish(b"bread")

    heard = [(await cyd.heard.receive())[1] for _ in range(4)]
    assert heard[3] == b"bread"


async def test_publishers_who_are_no_members_have_one_share_together(town: Village) -> None:
    ana, eva, ben, cyd = await around_ben(town)
    ben.trusts = {ana.id, eva.id, cyd.id}
    pubsub = ben.net._pubsub
    anas = next(peer for peer in pubsub.peer_queues if str(peer) == ana.id)

    for number in range(10):
        await pubsub.push_msg(anas, published_by(number))
        await ben.heard.receive()
    await eva.net.publish(b"bread")

    assert await heard_before(cyd, b"bread") == 3


def published_by(number: int) -> rpc_pb2.Message:
    """A message that is signed with a key of nobody's."""
    keys = create_new_key_pair(bytes([number]) * 32)
    from_id = ID.from_pubkey(keys.public_key).to_bytes()
    msg = rpc_pb2.Message(data=b"jam %d" % number, topicIDs=[TOPIC], from_id=from_id, seqno=b"1")
    msg.signature = keys.private_key.sign(b"libp2p-pubsub:" + msg.SerializeToString())
    return msg
