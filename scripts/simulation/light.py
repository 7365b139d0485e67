"""What a simulated node holds: the same logs as everybody, and one listing more or not.

The machines of `protocol.sync` and the buckets of `storage.frontier` are the real ones; only the
store is missing. All nodes share two of these, one with the listing and one without.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from node import gossip
from protocol.keys import Signer
from protocol.kinds.listing import Listing
from protocol.messages import Bye, Certificates, Forked, Hello, Place, SegmentOf, pack, unpack
from protocol.records import GOV, MARKET, Record, make_record
from protocol.sync import Answerer, Asker, same, turn, turned
from storage import frontier

FRAME = 4  # bytes of length in front of each message on a stream
DESCRIPTION = (
    "Baked this morning with flour from the mill down the road, rye and a little wheat, sour dough"
    " and nothing else. It keeps for a week in a cloth. Can be picked up after six, bring a bag."
)


class Community:
    """`members` with two logs each; the first of them lists something. Made of `seed` alone."""

    def __init__(self, members: int, seed: int = 0) -> None:
        self.id = _hash(f"{seed} community")
        author = Signer(_hash(f"{seed} author"))
        devices = [author.public, *(_hash(f"{seed} {n}") for n in range(1, members))]
        before = [
            (device, lane, 20, _hash(f"{seed} {n} {lane}"))
            for n, device in enumerate(devices)
            for lane in (GOV, MARKET)
        ]
        own = next(place for place in before if place[:2] == (author.public, MARKET))
        self.record = _listing(author, self.id, own)
        after = [
            (*place[:2], place[2] + 1, self.record.id) if place is own else place
            for place in before
        ]
        self.without = Light(self.id, before, None)
        self.with_it = Light(self.id, after, self.record)
        (self.message,) = gossip.batches([self.record])

    def holdings(self, has: bool) -> Light:
        """What who has the listing holds, or who has not."""
        return self.with_it if has else self.without

    @cache  # noqa: B019 - there are four, and they live as long as the community
    def talk(self, opener_has: bool, server_has: bool) -> list[Said]:
        """What goes over the stream when one opens a conversation with another."""
        return list(_converse(self.holdings(opener_has), self.holdings(server_has)))


class Said(NamedTuple):
    """One frame on a stream."""

    kind: str  # of message
    by_opener: bool
    size: int  # bytes, with its length in front
    brings: bool  # the listing


class Light:
    """`protocol.sync.Holdings` without a store, for logs that nobody forks."""

    def __init__(self, community: bytes, places: list[Place], news: Record | None) -> None:
        self._places = sorted(places)
        self._at = {place[:2]: place for place in places}
        self._news = news
        digest = frontier.digest_of(self._places)
        self._hello = Hello(community[:8], 40, _hash("certificate"), digest, bytes(16))

    def hello(self) -> Hello:
        return self._hello

    def certificates(self, height: int) -> Certificates:
        return Certificates(None, [], False)

    def certificate_ids(self, heights: Sequence[int]) -> list[bytes]:
        return [self._hello.certificate for _ in heights]

    def stands_not(self, certificate: bytes) -> bool:
        return False

    def keep_certificates(self, answer: Certificates) -> int | None:
        return self._hello.height

    def side_ids(self) -> list[bytes]:
        return []

    def side_lacking(self, ids: Sequence[bytes]) -> list[bytes]:
        return []

    def side_object(self, object_id: bytes) -> bytes | None:
        return None

    def keep_side(self, raw: bytes) -> None:
        """There is none."""

    def buckets(self, count: int | None = None) -> bytes:
        return frontier.buckets_of(self._places, count)

    def places(self, differing_from: bytes) -> list[Place]:
        return frontier.differing_in(self._places, differing_from)

    def lacking(self, theirs: Sequence[Place]) -> tuple[list[Place], list[Any]]:
        return [self._at[each[:2]] for each in theirs if each[2] > self._at[each[:2]][2]], []

    def segments(self, places: Sequence[Place]) -> Iterator[SegmentOf | Forked]:
        for device, lane, *_ in places:
            yield SegmentOf(device, lane, [] if self._news is None else [self._news.entry()])

    def keep_segment(self, segment: SegmentOf) -> None:
        """Whoever asked has it from now on; that is for the simulation to note."""

    def ids_at(self, device: bytes, lane: int, seqs: Sequence[int]) -> list[bytes]:
        raise AssertionError("nobody forks here")

    def branch(self, device: bytes, lane: int, seq: int) -> list[Any]:
        raise AssertionError("nobody forks here")

    def head_seq(self, device: bytes, lane: int) -> int:
        return self._at[device, lane][2]

    def keep_branch(self, device: bytes, lane: int, seq: int, headers: list[Any]) -> None:
        raise AssertionError("nobody forks here")


def _converse(opener: Light, server: Light) -> Iterator[Said]:
    """The order of `node.conversations`: hellos, the opener asks, a turn, the server asks."""
    yield _said(True, opener.hello())
    yield _said(False, server.hello())
    if same(opener.hello(), server.hello()):
        return
    got = False
    for frame in _ask(opener, server, server.hello(), by_opener=True):
        got = got or frame.brings
        yield frame
    now = server.hello() if got else opener.hello()
    handed = turn(now)
    yield _said(True, handed)
    if turned(unpack(pack(handed))) != server.hello():
        yield from _ask(server, opener, now, by_opener=False)
    yield _said(False, Bye("done"))


def _ask(asking: Light, answering: Light, theirs: Hello, *, by_opener: bool) -> Iterator[Said]:
    asker, answerer = Asker(asking), Answerer(answering)
    questions = asker.begin(asking.hello(), theirs)
    while not asker.done:
        (question,) = questions
        yield _said(by_opener, question)
        for answer in answerer.answer(unpack(pack(question))):
            yield _said(not by_opener, answer)
            questions = asker.receive(unpack(pack(answer)))


def _said(by_opener: bool, message: Any) -> Said:
    size = FRAME + len(pack(message))
    return Said(type(message).__name__, by_opener, size, isinstance(message, SegmentOf))


def _listing(author: Signer, community: bytes, place: Place) -> Record:
    body = Listing(
        title="Rye bread, one kilo",
        description=DESCRIPTION,
        mode="sell",
        price=420,
        currency="EUR",
        category="Food",
    ).body()
    return make_record(
        author,
        community=community,
        lane=MARKET,
        seq=place[2] + 1,
        prev=place[3],
        gov=None,
        kind="listing",
        time_ms=1_790_000_000_000,
        salt=bytes(16),
        body=body,
    )


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()
