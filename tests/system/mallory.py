"""A member with a valid key and a hostile program: a process of its own, over real libp2p.

`python -m tests.system.mallory HOME ADDRESS`: HOME is a member's, without passphrase, and its node
does not run; ADDRESS is the multiaddress of the node to attack, ending in `/p2p/ID`. Orders come as
JSON objects, a line each, on standard input: `{"do": "start", "attack": NAME}`, `{"do": "stop"}`
(answered with how often it struck) and `{"do": "publish", "title": TEXT}`, an honest listing. The
end of input ends the process.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import cbor2
import trio
from libp2p.custom_types import TProtocol
from libp2p.network.stream.net_stream import NetStream
from libp2p.peer.id import ID
from libp2p.pubsub.pb import rpc_pb2

from node import gossip
from node.cards import CARDS
from node.home import Home, open_home
from node.network.libp2p_host import Libp2pNetwork
from node.network.links import BLOB, JOIN, MAX_GOSSIP, SYNC, LinkError, Stream
from protocol import lobby
from protocol.cards import LIFETIME_MS, MARK, Offer, pack_delivery, pack_offer, read_offer
from protocol.codec import Plain, encode
from protocol.errors import Invalid
from protocol.keys import ADDRESS, CERTIFICATE, Signer
from protocol.kinds import enrol
from protocol.messages import (
    Buckets,
    End,
    Hello,
    Ids,
    Places,
    Probe,
    SegmentOf,
    SideIds,
    Turn,
    Want,
    WantCertificates,
    WantSide,
    WantSideIds,
    pack,
    unpack,
)
from protocol.records import GOV, MARKET, Record, make_record
from storage import frontier
from storage.own import Draft
from storage.rows import find_log
from storage.sideset import ids as side_ids

YEAR_1970, YEAR_2200, LAST_TIME = 0, 7_258_118_400_000, 2**48
GOSSIP = "/meshsub/1.1.0"
FAR = 10_000  # seqs beyond the head, where nothing is


class Mallory:
    """What the attacks share. `struck` counts what was sent."""

    def __init__(self, home: Home, target: str) -> None:
        self.home = home
        self.store = home.store
        self.device = home.unlock().device
        self.address, _, self.peer = target.rpartition("/p2p/")
        self.struck = 0
        self.network = Libp2pNetwork(
            self.device.seed,
            gate=lambda peer: True,
            topic=f"moothall/{self.store.community.hex()[:16]}",
        )
        self.answer: Callable[[Stream], Awaitable[None]] = _hang_up
        self.wrong = False  # whether pictures are answered with other bytes

    async def serve_sync(self, stream: Stream) -> None:
        """Pretend to hold something else, and answer what is asked then."""
        hello = unpack(await stream.receive())
        await stream.send(pack(hello._replace(frontier=os.urandom(16))))
        await self.answer(stream)

    async def be_asked(self, answer: Callable[[Stream], Awaitable[None]]) -> None:
        """Open conversations and hand the asking over at once, for ever."""
        self.answer = answer  # in those that the target opens, too
        while True:
            stream = await self.open(SYNC)
            with contextlib.suppress(LinkError):
                await stream.send(pack(self.hello()))
                theirs = unpack(await stream.receive())
                await stream.send(pack(Turn(list(theirs._replace(frontier=os.urandom(16))))))
                await answer(stream)
            await stream.aclose()
            await trio.sleep(0.05)

    async def serve_blobs(self, stream: Stream) -> None:
        """Answer each picture with bytes that nobody asked for."""
        question = cbor2.loads(await stream.receive())
        for _ in question[1] if self.wrong else ():
            await stream.send(encode(["blob", os.urandom(1000)]))
            self.struck += 1

    async def open(self, protocol: str) -> Stream:
        """A stream to the target; the connection is made again where it was dropped."""
        while True:
            await self.reach()
            with contextlib.suppress(LinkError):
                return await self.network.open(self.peer, protocol)
            await trio.sleep(0.05)

    async def reach(self) -> None:
        """Have a connection with the target."""
        while self.peer not in self.network.peers():
            with contextlib.suppress(LinkError):
                await self.network.connect(self.peer, [self.address])
                return
            await trio.sleep(0.05)

    async def raw(self, protocol: str | None) -> NetStream:
        """A bare libp2p stream; without a protocol nothing is negotiated on it."""
        await self.reach()
        host = self.network._host
        assert host is not None
        peer = ID.from_string(self.peer)
        if protocol is None:
            (conn, *_) = host.get_network().get_connections(peer)
            return cast(NetStream, await conn.new_stream())
        return cast(NetStream, await host.new_stream(peer, [TProtocol(protocol)]))

    def hello(self) -> Hello:
        """What is held here, and something else besides."""
        return frontier.hello(self.store)._replace(frontier=os.urandom(16))

    def head(self) -> tuple[int, bytes]:
        """Where our market log ends."""
        found = find_log(self.store, self.device.public, MARKET)
        assert found is not None
        return found.head_seq, found.head_id

    def record(self, seq: int, prev: bytes, **changes: Any) -> Record:
        """A listing that is not in our own home."""
        return make_record(
            self.device,
            community=self.store.community,
            lane=MARKET,
            seq=seq,
            prev=prev,
            gov=None,
            kind="listing",
            time_ms=changes.get("time_ms", 1_790_000_000_000),
            salt=os.urandom(16),
            body={"title": changes.get("title", "Stone"), "mode": "give", "version": 1},
        )

    def write(self, count: int, title: str = "Tiny") -> list[Record]:
        """Valid listings of our own, each signed, kept here and so passed on by sync one day."""
        seq, _ = self.head()
        body: dict[str, Plain] = {"title": title, "mode": "give", "version": 1}
        for _ in range(count):
            self.home.append_here([Draft("listing", body)])
        return gossip.since(self.store, self.device.public, MARKET, seq, count)

    async def publish(self, message: bytes) -> None:
        """Gossip; the pause lets it leave, as no queue of ours is the target's trouble."""
        await self.network.publish(message)
        self.struck += 1
        await trio.sleep(0)

    async def records(self, *records: Record) -> None:
        """Gossip records, each in a message of its own."""
        for each in records:
            content = [each.header.device, each.header.lane, [each.entry()]]
            await self.publish(cbor2.dumps([gossip.RECORDS, [content]]))

    async def talk(self, *frames: bytes, reading: bool = True) -> None:
        """One sync conversation of these frames."""
        stream = await self.open(SYNC)
        try:
            for frame in frames:
                await stream.send(frame)
                self.struck += 1
                if reading:
                    await stream.receive()
        except LinkError:
            await trio.sleep(0.01)
        finally:
            await stream.aclose()


async def _hang_up(stream: Stream) -> None:
    """Have nothing to say."""


# What Mallory does; each goes on until it is told to stop.


async def forks(mallory: Mallory) -> None:
    """Two records at one seq, and two more on each."""
    seq, prev = mallory.head()
    while True:
        for title in ("Here", "There"):
            one = mallory.record(seq + 1, prev, title=title)
            await mallory.records(one, mallory.record(seq + 2, one.id, title=title))
        await trio.sleep(0.01)


async def gaps(mallory: Mallory) -> None:
    """Signed records of which nobody has the ones before."""
    seq, _ = mallory.head()
    while True:
        seq += FAR
        await mallory.records(mallory.record(seq, os.urandom(32), title="Out of the blue"))


async def garbage(mallory: Mallory) -> None:
    """Other bytes under a signed header, by gossip and by sync."""
    seq, prev = mallory.head()

    def entry() -> list[Any]:
        one = mallory.record(seq + 1, prev, title="Garbage")
        return [one.raw, one.signature, one.salt, os.urandom(len(one.body or b""))]

    async with trio.open_nursery() as nursery:
        nursery.start_soon(mallory.be_asked, _offers(mallory, lambda: [entry()]))
        while True:
            content = [mallory.device.public, MARKET, [entry()]]
            await mallory.publish(cbor2.dumps([gossip.RECORDS, [content]]))


async def tiny(mallory: Mallory) -> None:
    """Valid records, each in a message of its own, as fast as they can be signed."""
    while True:
        await mallory.records(*mallory.write(20))


async def tiny_by_sync(mallory: Mallory) -> None:
    """Valid records, each in a segment of its own, in answers that do not end."""
    device, lane = mallory.device.public, MARKET
    served, _ = mallory.head()

    def entries() -> list[Any]:
        nonlocal served
        found = gossip.since(mallory.store, device, lane, served, 1) or mallory.write(1)
        served = found[0].header.seq
        return [found[0].entry()]

    await mallory.be_asked(_offers(mallory, entries))


async def years(mallory: Mallory) -> None:
    """Listings of 1970, of 2200 and of the last year that fits, once."""
    seq, prev = mallory.head()
    for title, time_ms in (
        ("Of 1970", YEAR_1970),
        ("Of 2200", YEAR_2200),
        ("Of the last year", LAST_TIME),
    ):
        seq += 1
        one = mallory.record(seq, prev, time_ms=time_ms, title=title)
        prev = one.id
        await mallory.records(one)
    await trio.sleep_forever()


async def hellos(mallory: Mallory) -> None:
    """Conversations that end after HELLO."""
    while True:
        await mallory.talk(pack(mallory.hello()))


async def wants(mallory: Mallory) -> None:
    """All that is held, again and again."""
    want = pack(Want([(*place[:2], 0, bytes(32)) for place in frontier.places(mallory.store)]))
    while True:
        stream = await mallory.open(SYNC)
        with contextlib.suppress(LinkError):
            await stream.send(pack(mallory.hello()))
            await stream.receive()
            while True:
                await stream.send(want)
                mallory.struck += 1
                while not isinstance(unpack(await stream.receive()), End):
                    pass
        await stream.aclose()
        await trio.sleep(0.01)


async def unread(mallory: Mallory) -> None:
    """The same without reading an answer, on as many streams as are let in."""
    places = [(*place[:2], 0, bytes(32)) for place in frontier.places(mallory.store)]
    async with trio.open_nursery() as nursery:

        async def ask() -> None:
            while True:
                await mallory.talk(
                    pack(mallory.hello()), *[pack(Want(places))] * 1000, reading=False
                )

        for _ in range(8):
            nursery.start_soon(ask)


async def slow(mallory: Mallory) -> None:
    """Many streams of every sort, on which a byte comes now and then."""

    async def drip(protocol: str) -> None:
        while True:
            with contextlib.suppress(Exception):
                stream = await mallory.raw(protocol)
                mallory.struck += 1
                with trio.move_on_after(20):
                    for byte in (0, 0, 0, 200, *[1] * 200):
                        await stream.write(bytes([byte]))
                        await trio.sleep(0.1)
            await trio.sleep(0.1)

    async with trio.open_nursery() as nursery:
        for protocol in (SYNC, CARDS, BLOB, JOIN) * 25:
            nursery.start_soon(drip, protocol)


async def streams(mallory: Mallory) -> None:
    """Streams on which nothing is ever said, and some that are filled with what nobody reads."""
    held = []
    while True:
        with contextlib.suppress(Exception):
            held.append(await mallory.raw(None))
            mallory.struck += 1
            with trio.move_on_after(0.05):
                await held[-1].write(os.urandom(200_000))


async def frames(mallory: Mallory) -> None:
    """Gossip frames of a megabyte, of noise and of thousands of messages."""
    many = rpc_pb2.RPC()
    for _ in range(4000):
        one = many.publish.add()
        one.data, one.from_id, one.seqno = os.urandom(100), bytes(38), os.urandom(8)
        one.topicIDs.append(mallory.network._topic)
    sent = 0
    while True:
        with contextlib.suppress(Exception):
            stream = await mallory.raw(GOSSIP)
            with trio.move_on_after(5):
                while True:
                    data = many.SerializeToString() if sent % 2 else os.urandom(2**20 - 64)
                    sent += 1
                    mallory.struck += 1
                    await stream.write(_varint(len(data)) + data)
        await trio.sleep(0.05)


async def repeats(mallory: Mallory) -> None:
    """One gossip message asked for ten thousand times at once."""
    (one,) = mallory.write(1, "Asked for")
    message = cbor2.dumps([gossip.RECORDS, [[mallory.device.public, MARKET, [one.entry()]]]])
    await mallory.publish(message)
    await trio.sleep(0.5)
    rpc = rpc_pb2.RPC()
    rpc.control.iwant.add().messageIDs.extend([hashlib.sha256(message).digest()] * 10_000)
    data = rpc.SerializeToString()
    while True:
        with contextlib.suppress(Exception):
            stream = await mallory.raw(GOSSIP)
            while True:
                await stream.write(_varint(len(data)) + data)
                mallory.struck += 1
                await trio.sleep(0.05)
        await trio.sleep(0.05)


async def noise(mallory: Mallory) -> None:
    """Gossip of garbage."""
    while True:
        await mallory.publish(os.urandom(MAX_GOSSIP - 100))


async def lies(mallory: Mallory) -> None:
    """Digests that match nothing, and thousands of logs that are nowhere."""

    async def answer(stream: Stream) -> None:
        while True:
            mallory.struck += 1
            match unpack(await stream.receive()):
                case WantSideIds():
                    await stream.send(pack(SideIds([os.urandom(32) for _ in range(8192)], False)))
                case Buckets():
                    for left in reversed(range(40)):
                        nowhere = [(os.urandom(32), MARKET, 9, os.urandom(32)) for _ in range(2048)]
                        await stream.send(pack(Places(nowhere, left > 0)))
                case Want() | WantSide() | WantCertificates():
                    await stream.send(pack(End()))
                case Probe(_, _, seqs):
                    await stream.send(pack(Ids([os.urandom(32) for _ in seqs])))
                case _:
                    return

    await mallory.be_asked(answer)


async def blobs(mallory: Mallory) -> None:
    """Other bytes than those of the picture."""
    mallory.wrong = True
    await (await mallory.open(SYNC)).aclose()
    await trio.sleep_forever()


async def cards(mallory: Mallory) -> None:
    """Address cards by the thousand, each newer than the one before."""
    issued = mallory.store.now_ms()

    def card() -> list[Any]:
        nonlocal issued
        issued += 1
        raw = encode([mallory.device.public, ["/ip4/127.0.0.1/tcp/1"], issued, issued + 1000_000])
        return [raw, mallory.device.sign(ADDRESS, mallory.store.community, raw)]

    assert LIFETIME_MS > 1000_000
    while True:
        for _ in range(20):
            await mallory.publish(cbor2.dumps([gossip.CARD, card()]))
        stream = await mallory.open(CARDS)
        with contextlib.suppress(LinkError, Invalid):
            travel = card()
            offer = Offer(issued, True, ((mallory.device.public[:MARK], issued),))
            await stream.send(pack_offer(offer))
            wanted = read_offer(await stream.receive(), 1).wanted
            mallory.struck += 1
            await stream.send(pack_delivery([travel] * len(wanted)))
        await stream.aclose()


async def certificates(mallory: Mallory) -> None:
    """Certificates and tellers' words as large as gossip carries, signed by who is no teller."""
    while True:
        raw = encode(["huge", os.urandom(60_000)])
        signature = mallory.device.sign(CERTIFICATE, os.urandom(32), bytes(4))
        await mallory.publish(cbor2.dumps([gossip.CERTIFICATE, [raw, 0, [[0, signature]]]]))
        word = encode([7, os.urandom(60_000), mallory.device.public])
        await mallory.publish(cbor2.dumps([gossip.TELLER, word]))


async def joins(mallory: Mallory) -> None:
    """Knocking as a member: questions, nonsense and silence."""

    async def hold() -> None:
        while True:
            stream = await mallory.open(JOIN)
            mallory.struck += 1
            with contextlib.suppress(LinkError), trio.move_on_after(30):
                await stream.receive()
            await stream.aclose()

    async with trio.open_nursery() as nursery:
        for _ in range(60):
            nursery.start_soon(hold)
        while True:
            stream = await mallory.open(JOIN)
            with contextlib.suppress(LinkError):
                await stream.send(
                    lobby.ask_news(mallory.store.community, 0)
                    if mallory.struck % 2
                    else os.urandom(lobby.MAX_QUESTION)
                )
                mallory.struck += 1
                await stream.receive()
            await stream.aclose()


async def strangers(mallory: Mallory) -> None:
    """Enrolments of devices that nobody invited."""
    community = mallory.store.community
    while True:
        person, device = Signer(os.urandom(32)), Signer(os.urandom(32))
        await mallory.records(
            make_record(
                device,
                community=community,
                lane=GOV,
                seq=1,
                prev=community,
                gov=None,
                kind="enrol",
                time_ms=1,
                salt=bytes(16),
                body=enrol.body(person, community, device.public),
            )
        )


ATTACKS: dict[str, Callable[[Mallory], Awaitable[None]]] = {
    each.__name__: each
    for each in (
        forks, gaps, garbage, tiny, tiny_by_sync, years, hellos, wants, unread, slow, streams,
        frames, repeats, noise, lies, blobs, cards, certificates, joins, strangers,
    )
}  # fmt: skip


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _offers(
    mallory: Mallory, entries: Callable[[], list[Any]]
) -> Callable[[Stream], Awaitable[None]]:
    """Answer as who has a log that goes on for ever."""

    async def answer(stream: Stream) -> None:
        while True:
            match unpack(await stream.receive()):
                case WantSideIds():
                    await stream.send(pack(SideIds(side_ids(mallory.store), False)))
                case Buckets():
                    seq, _ = mallory.head()
                    place = (mallory.device.public, MARKET, seq + FAR, os.urandom(32))
                    await stream.send(pack(Places([place], False)))
                case Want():
                    while True:
                        segment = SegmentOf(mallory.device.public, MARKET, entries())
                        await stream.send(pack(segment))
                        mallory.struck += 1
                case _:
                    return

    return answer


async def _obey(mallory: Mallory) -> None:
    network = mallory.network
    network.handle(SYNC, mallory.serve_sync)
    network.handle(BLOB, mallory.serve_blobs)

    async def taken(peer: str, message: bytes) -> bool:
        return True

    network.on_gossip(taken)
    async with trio.open_nursery() as nursery:
        await nursery.start(network.run, ["/ip4/127.0.0.1/tcp/0"])
        await network.connect(mallory.peer, [mallory.address])
        await trio.sleep(0.5)  # until gossip has found its way
        _say({"ready": network.peer_id})
        scope = trio.CancelScope()
        rest = b""
        stdin = trio.lowlevel.FdStream(os.dup(0))
        while more := await stdin.receive_some():
            *lines, rest = (rest + more).split(b"\n")
            for line in lines:
                order = json.loads(line)
                if order["do"] == "start":
                    scope, mallory.struck = trio.CancelScope(), 0
                    nursery.start_soon(_attack, mallory, order["attack"], scope)
                    _say({"started": order["attack"]})
                elif order["do"] == "publish":
                    await mallory.records(*mallory.write(1, order["title"]))
                    _say({"published": order["title"]})
                else:
                    scope.cancel()
                    mallory.answer, mallory.wrong = _hang_up, False
                    _say({"struck": mallory.struck})
        nursery.cancel_scope.cancel()


async def _attack(mallory: Mallory, name: str, scope: trio.CancelScope) -> None:
    with scope:
        await ATTACKS[name](mallory)


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    try:
        trio.run(_obey, Mallory(open_home(Path(sys.argv[1])), sys.argv[2]))
    except* KeyboardInterrupt:
        pass
