"""What `links.Network` promises, asked of both implementations."""

from __future__ import annotations

import logging

import pytest
import trio

from node.network.links import JOIN, MAX_MESSAGE, SYNC, LinkError, Stream
from protocol.errors import Invalid
from tests.network.people import ANY_PORT, DEAD, Person, Village


async def echo(stream: Stream) -> None:
    while True:
        await stream.send(await stream.receive())


async def ask(person: Person, other: Person, protocol: str, message: bytes) -> bytes:
    """One round trip; also a way to know that what was sent before has been handled."""
    stream = await person.net.open(other.id, protocol)
    await stream.send(message)
    answer = await stream.receive()
    await stream.aclose()
    return bytes(answer)


def heard_by(person: Person) -> list[bytes]:
    heard = []
    while True:
        try:
            heard.append(person.heard.receive_nowait()[1])
        except trio.WouldBlock:
            return heard


async def until_heard(person: Person, source: Person, message: bytes) -> None:
    while await person.heard.receive() != (source.id, message):
        pass


async def test_messages_go_both_ways(village: Village, clock: object) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    ben.net.handle(SYNC, echo)
    await village.arrive(ana, ben)
    await village.meet(ana, ben)

    stream = await ana.net.open(ben.id, SYNC)
    assert stream.peer == ben.id
    for message in (b"", b"bread", bytes(300 * 1024), b"x" * MAX_MESSAGE):
        await stream.send(message)
        assert await stream.receive() == message


async def test_bytes_are_counted_and_stay_counted(village: Village, clock: object) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    ben.net.handle(SYNC, echo)
    await village.arrive(ana, ben)
    await village.meet(ana, ben)
    await ask(ana, ben, SYNC, bytes(100_000))

    (link,) = ana.net.links()
    assert (link.peer, link.inbound) == (ben.id, False)
    for bytes_seen in (link.received, link.sent, *ana.net.traffic(), *ben.net.traffic()):
        assert 100_000 <= bytes_seen < 150_000
    await ana.net.disconnect(ben.id)
    assert await ben.news.receive() == (ana.id, False)
    assert ana.net.links() == ben.net.links() == []
    for bytes_seen in (*ana.net.traffic(), *ben.net.traffic()):
        assert 100_000 <= bytes_seen < 150_000


async def test_both_may_send_much_at_once(village: Village, clock: object) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    ben.net.handle(SYNC, echo)
    await village.arrive(ana, ben)
    await village.meet(ana, ben)
    stream = await ana.net.open(ben.id, SYNC)

    async def send() -> None:
        for number in range(20):
            await stream.send(bytes([number]) * 100_000)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        for number in range(20):
            assert await stream.receive() == bytes([number]) * 100_000


async def test_what_was_sent_arrives_before_the_end(village: Village, clock: object) -> None:
    ana, ben = village.person("ana"), village.person("ben")

    async def two_and_goodbye(stream: Stream) -> None:
        await stream.send(b"one")
        await stream.send(b"two")

    ben.net.handle(SYNC, two_and_goodbye)
    await village.arrive(ana, ben)
    await village.meet(ana, ben)

    stream = await ana.net.open(ben.id, SYNC)
    assert await stream.receive() == b"one"
    assert await stream.receive() == b"two"
    for _ in range(2):
        with pytest.raises(LinkError) as ended:
            await stream.receive()
        assert ended.value.reason == "ended"
    await stream.aclose()
    await stream.aclose()
    with pytest.raises(LinkError) as closed:
        await stream.send(b"three")
    assert closed.value.reason == "closed"


async def test_too_large_a_message_is_refused(village: Village, clock: object) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    ben.net.handle(SYNC, echo)
    await village.arrive(ana, ben)
    await village.meet(ana, ben)

    stream = await ana.net.open(ben.id, SYNC)
    with pytest.raises(LinkError) as mine:
        await stream.send(bytes(MAX_MESSAGE + 1))
    await stream.send(b"eleven bytes"[:11])
    with pytest.raises(LinkError) as theirs:
        await stream.receive(limit=10)
    assert mine.value.reason == theirs.value.reason == "too-large"
    with pytest.raises(Invalid):
        await ana.net.publish(bytes(64 * 1024 + 1))


async def test_a_faulty_handler_harms_only_its_stream(
    village: Village, clock: object, caplog: pytest.LogCaptureFixture
) -> None:
    ana, ben = village.person("ana"), village.person("ben")

    async def moody(stream: Stream) -> None:
        message = await stream.receive()
        if message == b"rude":
            raise ZeroDivisionError("ben is offended")
        await stream.send(message)

    ben.net.handle(SYNC, moody)
    await village.arrive(ana, ben)
    await village.meet(ana, ben)

    with pytest.raises(LinkError) as error:
        await ask(ana, ben, SYNC, b"rude")
    assert error.value.reason == "reset"
    assert await ask(ana, ben, SYNC, b"polite") == b"polite"
    assert "ZeroDivisionError" in caplog.text


async def test_cancelling_receive_loses_nothing(village: Village, clock: object) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    ben.net.handle(SYNC, echo)
    await village.arrive(ana, ben)
    await village.meet(ana, ben)

    stream = await ana.net.open(ben.id, SYNC)
    for _ in range(5):
        with trio.move_on_after(0.001):
            await stream.receive()
    await stream.send(bytes(200_000))
    answer = None
    while answer is None:
        with trio.move_on_after(0.001):
            answer = await stream.receive()
    assert answer == bytes(200_000)


async def test_closing_wakes_a_receiver(village: Village, clock: object) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    ben.net.handle(SYNC, echo)
    await village.arrive(ana, ben)
    await village.meet(ana, ben)
    stream = await ana.net.open(ben.id, SYNC)
    reasons = []

    async def wait(task_status: object = trio.TASK_STATUS_IGNORED) -> None:
        task_status.started()  # type: ignore[attr-defined]
        with pytest.raises(LinkError) as error:
            await stream.receive()
        reasons.append(error.value.reason)

    async with trio.open_nursery() as nursery:
        await nursery.start(wait)
        await trio.lowlevel.checkpoint()
        await stream.aclose()
    assert reasons == ["closed"]


async def test_a_stranger_gets_the_lobby_only(
    village: Village, clock: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "moothall.network")
    ana, eva = village.person("ana"), village.person("eva")
    ana.trusts = set()
    counted: list[str] = []
    ana.net.on_refused(counted.append)
    for protocol in (JOIN, SYNC):
        ana.net.handle(protocol, echo)
        eva.net.handle(protocol, echo)
    await village.arrive(ana, eva)
    await village.meet(eva, ana)

    with pytest.raises(LinkError) as refused:
        await eva.net.open(ana.id, SYNC)
    with pytest.raises(LinkError) as stranger:
        await ana.net.open(eva.id, SYNC)
    assert (refused.value.reason, stranger.value.reason) == ("refused", "stranger")
    assert await ask(eva, ana, JOIN, b"please") == b"please"
    assert f"refused protocol {SYNC} to {eva.id}: stranger" in caplog.text
    assert counted.count("protocol") >= 2  # both ways; a library's own protocols may come first
    assert SYNC not in counted  # what a stranger names is in the log, and no label of a metric


async def test_a_lobby_stream_carries_64_kib(village: Village, clock: object) -> None:
    ana, eva = village.person("ana"), village.person("eva")
    ana.trusts = set()
    ana.net.handle(JOIN, echo)
    await village.arrive(ana, eva)
    await village.meet(eva, ana)

    assert await ask(eva, ana, JOIN, bytes(30_000)) == bytes(30_000)
    with pytest.raises(LinkError):
        await ask(eva, ana, JOIN, bytes(40_000))
    with pytest.raises(LinkError):
        await ask(eva, ana, JOIN, bytes(70_000))


async def test_an_address_has_three_places_in_the_lobby(village: Village, clock: object) -> None:
    ana, eva = village.person("ana"), village.person("eva")
    ana.trusts = set()
    ana.net.handle(JOIN, echo)
    await village.arrive(ana, eva)
    await village.meet(eva, ana)
    streams = []
    for number in range(3):
        stream = await eva.net.open(ana.id, JOIN)
        await stream.send(bytes([number]))
        assert await stream.receive() == bytes([number])
        streams.append(stream)

    with pytest.raises(LinkError):
        await ask(eva, ana, JOIN, b"one more")

    await streams.pop().aclose()
    while True:  # the place is free once ana has seen the end
        try:
            assert await ask(eva, ana, JOIN, b"now?") == b"now?"
            break
        except LinkError:
            await trio.lowlevel.checkpoint()


async def test_a_stranger_has_little_time(
    village: Village, clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    if village.kind == "libp2p":
        monkeypatch.setattr("node.network.libp2p_lobby.LOBBY_SECONDS", 0.3)
    ana, eva = village.person("ana"), village.person("eva")
    ana.trusts = set()
    ana.net.handle(JOIN, echo)
    await village.arrive(ana, eva)
    await village.meet(eva, ana)

    stream = await eva.net.open(ana.id, JOIN)
    with trio.fail_after(11), pytest.raises(LinkError) as error:
        await stream.receive()
    assert error.value.reason == "reset"


async def test_gossip_reaches_the_neighbours_neighbour(village: Village, clock: object) -> None:
    ana, ben, cyd = (village.person(name) for name in ("ana", "ben", "cyd"))
    await village.arrive(ana, ben, cyd)
    await village.meet(ana, ben, cyd)
    await village.gossiping(ana, ben, cyd)

    await ana.net.publish(b"bread")

    assert await ben.heard.receive() == (ana.id, b"bread")
    assert await cyd.heard.receive() == (ben.id, b"bread")
    assert heard_by(ana) == []


async def test_what_others_flood_is_passed_on_within_a_share(
    village: Village, clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("node.network.libp2p_gossip", "tests.village.network"):
        monkeypatch.setattr(f"{module}.PASSED", 5)
        monkeypatch.setattr(f"{module}.PASSED_A_SECOND", 0.001)
    ana, ben, cyd = (village.person(name) for name in ("ana", "ben", "cyd"))
    await village.arrive(ana, ben, cyd)
    await village.meet(ana, ben, cyd)
    await village.gossiping(ana, ben, cyd)

    for number in range(20):
        await ana.net.publish(b"loaf %d" % number)
    for _ in range(20):
        await ben.heard.receive()
    await ben.net.publish(b"ben's own")

    heard = []
    while b"ben's own" not in heard:
        heard.append((await cyd.heard.receive())[1])
    assert len(heard) == 5 + 1


async def test_gossip_that_is_not_good_goes_no_further(village: Village, clock: object) -> None:
    ana, ben, cyd = (village.person(name) for name in ("ana", "ben", "cyd"))
    await village.arrive(ana, ben, cyd)
    await village.meet(ana, ben, cyd)
    await village.gossiping(ana, ben, cyd)

    ben.passes_on = False
    await ana.net.publish(b"rumour")
    assert await ben.heard.receive() == (ana.id, b"rumour")
    ben.passes_on = True
    await ana.net.publish(b"bread")

    assert await cyd.heard.receive() == (ben.id, b"bread")
    assert heard_by(cyd) == []


async def test_a_stranger_neither_hears_nor_spreads_gossip(village: Village, clock: object) -> None:
    ana, ben, eva = (village.person(name) for name in ("ana", "ben", "eva"))
    ana.trusts = {ben.id}
    ana.net.handle(JOIN, echo)
    await village.arrive(ana, ben, eva)
    await village.meet(ana, ben)
    await village.meet(eva, ana)
    await village.gossiping(ana, ben)

    await ana.net.publish(b"bread")
    await eva.net.publish(b"spam")
    assert await ben.heard.receive() == (ana.id, b"bread")
    await ask(eva, ana, JOIN, b"anything for me?")
    assert heard_by(eva) == heard_by(ana) == heard_by(ben) == []

    ana.trusts.add(eva.id)
    await ana.net.refresh(eva.id)
    await village.gossiping(ana, eva)
    await eva.net.publish(b"cake")
    # What members said in the last seconds may be repeated to a new one, and by her.
    await until_heard(ana, eva, b"cake")
    await until_heard(ben, ana, b"cake")


async def test_the_gate_counts_at_once_for_gossip(village: Village, clock: object) -> None:
    ana, ben, cyd = (village.person(name) for name in ("ana", "ben", "cyd"))
    ana.net.handle(JOIN, echo)
    await village.arrive(ana, ben, cyd)
    await village.meet(ben, ana, cyd)
    await village.gossiping(ben, ana, cyd)
    ana.trusts = {cyd.id}

    await ben.net.publish(b"spam")
    await ana.net.publish(b"bread")

    assert await cyd.heard.receive() == (ana.id, b"bread")
    await ask(ben, ana, JOIN, b"anything for me?")
    assert heard_by(ana) == heard_by(ben) == heard_by(cyd) == []


async def test_who_is_no_member_any_more_is_disconnected(village: Village, clock: object) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    await village.arrive(ana, ben)
    await village.meet(ana, ben)
    ben.trusts = set()

    await ben.net.refresh(ana.id)

    assert await ana.news.receive() == (ben.id, False)
    assert await ben.news.receive() == (ana.id, False)


async def test_disconnecting_breaks_streams_and_is_told_once(
    village: Village, clock: object
) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    ben.net.handle(SYNC, echo)
    await village.arrive(ana, ben)
    await village.meet(ana, ben)
    stream = await ana.net.open(ben.id, SYNC)
    assert (ana.net.peers(), ben.net.peers()) == ([ben.id], [ana.id])

    await ben.net.disconnect(ana.id)
    await ben.net.disconnect(ana.id)

    with pytest.raises(LinkError) as lost:
        await stream.receive()
    assert lost.value.reason == "lost"
    assert await ana.news.receive() == (ben.id, False)
    assert await ben.news.receive() == (ana.id, False)
    assert ana.net.peers() == ben.net.peers() == []
    with pytest.raises(LinkError) as nobody:
        await ana.net.open(ben.id, SYNC)
    assert nobody.value.reason == "not-connected"
    await village.meet(ana, ben)


async def test_connecting_tries_every_address(village: Village, clock: object) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    await village.arrive(ana, ben)

    with pytest.raises(LinkError) as nobody:
        await ana.net.connect(ben.id, [DEAD, "nonsense"])
    assert nobody.value.reason == "unreachable"
    await ana.net.connect(ben.id, ["nonsense", DEAD, *ana.net.addresses, *ben.net.addresses])

    assert await ana.news.receive() == (ben.id, True)
    await ana.net.connect(ben.id, [])


async def test_two_may_dial_each_other_at_once(village: Village, clock: object) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    ben.net.handle(SYNC, echo)
    ana.net.handle(SYNC, echo)
    await village.arrive(ana, ben)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ana.net.connect, ben.id, ben.net.addresses)
        nursery.start_soon(ben.net.connect, ana.id, ana.net.addresses)

    assert await ask(ana, ben, SYNC, b"to ben") == b"to ben"
    assert await ask(ben, ana, SYNC, b"to ana") == b"to ana"
    await village.gossiping(ana, ben)
    await ana.net.publish(b"bread")
    assert await ben.heard.receive() == (ana.id, b"bread")
    await ana.net.disconnect(ben.id)
    for person, other in ((ana, ben), (ben, ana)):
        assert await person.news.receive() == (other.id, True)
        assert await person.news.receive() == (other.id, False)
    assert ana.net.peers() == ben.net.peers() == []


async def test_addresses_that_cannot_be_used_are_named(village: Village, clock: object) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    await village.arrive(ana)
    assert all(text.endswith(f"/p2p/{ana.id}") for text in ana.net.addresses)
    taken = ana.net.addresses[0].split("/p2p/")[0]

    if village.kind == "memory":
        ben.net.host = ana.net.host
    for text, reason in ((taken, "port-in-use"), ("nonsense", "bad-address")):
        with pytest.raises(LinkError) as error:
            await ben.net.run([text])
        assert error.value.reason == reason
    assert ben.net.addresses == []
    with pytest.raises(LinkError) as idle:
        await ben.net.connect(ana.id, ana.net.addresses)
    assert idle.value.reason == "not-running"


async def test_who_stops_is_gone_and_the_port_is_free(
    village: Village, clock: object, nursery: trio.Nursery
) -> None:
    ana, ben = village.person("ana"), village.person("ben")
    await village.arrive(ana)
    async with trio.open_nursery() as bens:
        await bens.start(ben.net.run, ANY_PORT)
        await village.meet(ana, ben)
        address = ben.net.addresses[0].split("/p2p/")[0]
        bens.cancel_scope.cancel()

    assert await ana.news.receive() == (ben.id, False)
    assert await ben.news.receive() == (ana.id, False)
    await nursery.start(ben.net.run, [address])
    await village.meet(ana, ben)
