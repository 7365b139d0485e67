"""One process with one node, measured from inside: `python -m benchmarks.worker HOME LISTEN`.

It runs the node as `moothall run` does, without pages. Orders come as JSON objects, a line each,
on standard input and are answered on standard output; the end of input ends the node. Times are
CLOCK_MONOTONIC in nanoseconds, which all processes of this machine share.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from time import monotonic_ns, process_time_ns
from typing import Any

import trio

from benchmarks.invented import Inventor
from benchmarks.sampling import Sampler
from node.home import Home, open_home
from node.network.libp2p_host import Libp2pNetwork
from node.network.links import SYNC, Handler, Stream
from node.peers import Peers
from node.service import Node
from protocol.kinds.listing import Photo, Rendition
from storage import blobs
from storage.database import get_meta
from storage.digest import digest
from storage.own import Draft

RAW = "/moothall/bench/1"
FRAME = 256 * 1024  # bytes, as of a segment
PREFIX = 4  # bytes before each message on the wire
POLL_SECONDS = 0.005
QUIET_NS = 1_500_000_000  # after a conversation: what it brought is passed on within a second
SMALL_PICTURE = 2048  # bytes
WEBP = b"RIFF" + bytes(4) + b"WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\x08\0\0\x08\0\0"


@dataclass
class Talk:
    """One sync conversation, seen from its stream."""

    first_ns: int = 0  # when its first message was sent or came
    first_cpu_ns: int = 0  # this process's processor time then
    last_ns: int = 0
    sent: int = 0  # bytes with framing
    received: int = 0
    messages: int = 0
    round_trips: int = 0  # how often a message came after one of ours
    _asked: bool = False

    def note(self, size: int, *, outward: bool) -> None:
        """A message went by."""
        self.last_ns = monotonic_ns()
        if not self.messages:
            self.first_ns, self.first_cpu_ns = self.last_ns, process_time_ns()
        self.messages += 1
        if outward:
            self.sent += size + PREFIX
        else:
            self.received += size + PREFIX
            self.round_trips += self._asked
        self._asked = outward


class Tap:
    """A stream that counts what goes through it."""

    def __init__(self, stream: Stream, talk: Talk) -> None:
        self._stream = stream
        self._talk = talk

    @property
    def peer(self) -> str:
        """The peer id."""
        return self._stream.peer

    async def send(self, message: bytes) -> None:
        """Count when it sets off."""
        self._talk.note(len(message), outward=True)
        await self._stream.send(message)

    async def receive(self, limit: int = 512 * 1024) -> bytes:
        """Count when it is here."""
        message = await self._stream.receive(limit)
        self._talk.note(len(message), outward=False)
        return message

    async def aclose(self) -> None:
        """Close it."""
        await self._stream.aclose()


class TappedNetwork(Libp2pNetwork):
    """The real network; every sync conversation leaves a `Talk`."""

    def __init__(self, seed: bytes, **more: Any) -> None:
        super().__init__(seed, **more)
        self.talks: list[Talk] = []

    def _tap(self, stream: Stream) -> Stream:
        self.talks.append(Talk())
        return Tap(stream, self.talks[-1])

    async def open(self, peer: str, protocol: str) -> Stream:
        """Open and tap."""
        stream = await super().open(peer, protocol)
        return self._tap(stream) if protocol == SYNC else stream

    def handle(self, protocol: str, handler: Handler) -> None:
        """Serve and tap."""

        async def tapped(stream: Stream) -> None:
            await handler(self._tap(stream))

        super().handle(protocol, tapped if protocol == SYNC else handler)


class MeasuredNode(Node):
    """The real node; it remembers when the store last grew."""

    grown_to = 0
    grown_ns = 0
    grown_cpu_ns = 0

    def kept(self, words: set[str]) -> None:
        """Note the time if records came."""
        now = monotonic_ns()
        (last,) = self.store.db.execute("SELECT coalesce(max(rowid), 0) FROM record").fetchone()
        if last > self.grown_to:
            self.grown_to, self.grown_ns = last, now
            self.grown_cpu_ns = process_time_ns()
        super().kept(words)


class Worker:
    """The node and what may be ordered."""

    def __init__(self, home: Home) -> None:
        self.home = home
        peers = Peers(home.store, trio.current_time)
        topic = f"moothall/{home.store.community.hex()[:16]}"
        keys = home.unlock()
        self.network = TappedNetwork(keys.device.seed, gate=peers.may_talk, topic=topic)
        self.node = MeasuredNode(home, self.network, keys=keys, peers=peers)
        self.network.handle(RAW, _serve_raw)
        self._inventor = Inventor(home.device.hex())
        self._sampler = Sampler()

    async def run(self, listen: Sequence[str]) -> None:
        """Run the node and obey until standard input ends."""
        orders: dict[str, Callable[..., Awaitable[dict[str, Any]]]] = {
            "await": self.await_records,
            "sync": self.sync,
            "settled": self.settled,
            "photos": self.photos,
            "append": self.append,
            "publish": self.publish,
            "grown": self.grown,
            "raw": self.raw,
            "digest": self.digest,
            "sample": self.sample,
            "usage": self.usage,
        }
        async with trio.open_nursery() as nursery:
            await nursery.start(self.node.run, listen)
            _say({"peer": self.network.peer_id, "addresses": self.network.addresses})
            lines = _Lines(sys.stdin.fileno())
            while (line := await lines.next()) is not None:
                order = json.loads(line)
                _say(await orders[order.pop("do")](**order))
            nursery.cancel_scope.cancel()

    async def await_records(self, count: int) -> dict[str, Any]:
        """Wait until so many records are here and their text is indexed; the times since HELLO."""
        while self.node.grown_to < count:
            await trio.sleep(POLL_SECONDS)
        commit_ns, commit_cpu_ns = self.node.grown_ns, self.node.grown_cpu_ns
        while self._text_behind():
            await trio.sleep(POLL_SECONDS)
        text_ns = monotonic_ns()
        talk = max(self.network.talks, key=lambda talk: talk.received)
        return {
            "commit_s": (commit_ns - talk.first_ns) / 1e9,
            "text_s": (text_ns - talk.first_ns) / 1e9,
            "commit_cpu_s": (commit_cpu_ns - talk.first_cpu_ns) / 1e9,
            "text_cpu_s": (process_time_ns() - talk.first_cpu_ns) / 1e9,
            "received": talk.received,
            "messages": talk.messages,
        }

    def _text_behind(self) -> bool:
        reached = int(get_meta(self.home.store.db, "text_indexed") or 0)
        (last,) = self.home.store.db.execute("SELECT max(rowid) FROM listing").fetchone()
        return reached < (last or 0)

    async def settled(self) -> dict[str, Any]:
        """Wait until what came is indexed, and passed on to those who know it already."""
        while (
            self._text_behind()
            or self.node.waiting()["conversations"]
            or monotonic_ns() < max(talk.last_ns for talk in self.network.talks) + QUIET_NS
        ):
            await trio.sleep(POLL_SECONDS)
        return {}

    async def photos(self, size: int) -> dict[str, Any]:
        """Bring all pictures of so many bytes that are not here, as pages that show them do."""
        store = self.home.store
        names = [
            row[0]
            for row in store.db.execute(
                "SELECT hash FROM photo WHERE size = ? AND hash NOT IN (SELECT hash FROM blob)",
                [size],
            ).fetchall()
        ]
        begun = monotonic_ns()
        async with trio.open_nursery() as nursery:
            for name in names:
                nursery.start_soon(self.node.bring, name)
        here = sum(blobs.here(store, name) for name in names)
        return {"ms": (monotonic_ns() - begun) / 1e6, "here": here}

    async def sync(self, peer: str) -> dict[str, Any]:
        """Sync until both hold the same; the first conversation of it."""
        # A node does not ask in vain without end, nor one peer twice at a time.
        while self.node.waiting()["conversations"] or not self.node.peers.allowances.has(
            peer, "fruitless"
        ):
            await trio.sleep(POLL_SECONDS)
        before = len(self.network.talks)
        await self.node.sync_with(peer)
        talk = self.network.talks[before]
        return {
            "sent": talk.sent,
            "received": talk.received,
            "round_trips": talk.round_trips,
            "talk_ms": (talk.last_ns - talk.first_ns) / 1e6,
            "commit_ms": max(0, self.node.grown_ns - talk.first_ns) / 1e6,
        }

    def _drafts(self, count: int) -> list[Draft]:
        return [Draft("listing", each.body()) for each in self._inventor.listings(count)]

    async def append(self, count: int, letters: int = 0, photo_bytes: int = 0) -> dict[str, Any]:
        """New listings that nobody is told of, with a description of so many letters, or with a
        photo whose large rendition has so many bytes.
        """
        listings = list(self._inventor.listings(count))
        if letters:
            listings = [
                replace(each, description=self._inventor.prose(letters)) for each in listings
            ]
        if photo_bytes:
            listings = [replace(each, photos=(self._photo(photo_bytes),)) for each in listings]
        self.home.append_here([Draft("listing", each.body()) for each in listings])
        return {}

    def _photo(self, size: int) -> Photo:
        small, large = (self._rendition(bytes_) for bytes_ in (SMALL_PICTURE, size))
        return Photo(alt="", small=small, large=large)

    def _rendition(self, size: int) -> Rendition:
        """A picture that nobody can decode, of random bytes, kept as its owner's."""
        data = WEBP + os.urandom(size - len(WEBP))
        name = sha256(data).digest()
        with self.home.store.transaction():
            blobs.put(self.home.store, name, data, own=True)
        return Rendition(hash=name, width=9, height=9, size=size)

    async def publish(self) -> dict[str, Any]:
        """A new listing, told at once as after a command."""
        drafts = self._drafts(1)
        begun = monotonic_ns()
        self.home.append_here(drafts)
        kept = monotonic_ns()
        self.node.poke()
        return {"begun_ns": begun, "kept_ns": kept, "device": self.home.device.hex()}

    async def grown(self, after_ns: int, seconds: float) -> dict[str, Any]:
        """When the store last grew after that time; null if it does not within `seconds`."""
        with trio.move_on_after(seconds):
            while self.node.grown_ns <= after_ns:
                await trio.sleep(0.001)
        return {"at_ns": self.node.grown_ns if self.node.grown_ns > after_ns else None}

    async def raw(self, peer: str, mib: int, pings: int) -> dict[str, Any]:
        """What a bare stream carries: MiB/s, and round trips of 81 bytes in milliseconds."""
        stream = await self.network.open(peer, RAW)
        trips = []
        for _ in range(pings):
            begun = monotonic_ns()
            await stream.send(bytes(81))
            await stream.receive()
            trips.append((monotonic_ns() - begun) / 1e6)
        begun = monotonic_ns()
        await stream.send(mib.to_bytes(2, "big"))
        for _ in range(mib * 1024 * 1024 // FRAME):
            await stream.receive()
        seconds = (monotonic_ns() - begun) / 1e9
        await stream.aclose()
        return {"mib_s": mib / seconds, "trips_ms": trips}

    async def digest(self) -> dict[str, Any]:
        """The digest over everything, and how long it took."""
        begun = monotonic_ns()
        value = digest(self.home.store)
        return {"digest": value, "ms": (monotonic_ns() - begun) / 1e6}

    async def sample(self, on: bool) -> dict[str, Any]:
        """Begin to sample where this process spends its time; or end and tell."""
        if on:
            self._sampler.start()
            return {}
        return self._sampler.stop()

    async def usage(self) -> dict[str, Any]:
        """Processor seconds so far, and the most memory ever held, in MB."""
        times = os.times()
        return {"cpu_s": times.user + times.system, "peak_mb": memory_mb(os.getpid(), "VmHWM")}


async def _serve_raw(stream: Stream) -> None:
    """Echo what is short; two bytes ask for that many MiB."""
    frame = os.urandom(FRAME)
    while True:
        asked = await stream.receive()
        if len(asked) != 2:
            await stream.send(asked)
            continue
        for _ in range(int.from_bytes(asked, "big") * 1024 * 1024 // FRAME):
            await stream.send(frame)


def memory_mb(pid: int, what: str = "VmRSS") -> float:
    """Memory of a process in MB, as Linux counts it."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == what:
            return int(value.split()[0]) * 1024 / 1e6
    raise OSError(f"/proc/{pid}/status does not say {what}")


class _Lines:
    """Lines from a pipe, read without a thread."""

    def __init__(self, handle: int) -> None:
        self._pipe = trio.lowlevel.FdStream(os.dup(handle))
        self._rest = b""

    async def next(self) -> bytes | None:
        """The next line; None at the end."""
        while b"\n" not in self._rest:
            more = await self._pipe.receive_some()
            if not more:
                return None
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line


def _say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def main() -> None:
    """Run the node of the home named on the command line."""
    home = open_home(Path(sys.argv[1]))
    trio.run(Worker(home).run, sys.argv[2:])


if __name__ == "__main__":
    main()
