"""The sync conversation as two machines without I/O: one asks, one answers.

`Asker` pulls what the other side has and we lack; `Answerer` serves a peer's questions. Messages
go in, messages come out; what is held is reached only through `Holdings`, so tests run the real
machines over a toy store. The side that opened the stream asks first, then says `Turn`.

Order: certificates, side set, then places and segments, then forks. Nothing here trusts a peer:
what arrives is handed to `Holdings`, which checks before it keeps. Where two chains of certificates
part, the last height that they share is looked for, and `Holdings` says which continuation stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, Protocol

from protocol.errors import PeerFault
from protocol.messages import (
    MAX_SIDE_IDS,
    MAX_WANTS,
    Branch,
    Buckets,
    Certificates,
    End,
    Forked,
    Hello,
    Ids,
    Place,
    Places,
    Probe,
    ProbeChain,
    SegmentOf,
    Side,
    SideIds,
    Turn,
    Want,
    WantBranch,
    WantCertificates,
    WantSide,
    WantSideIds,
)

Log = tuple[bytes, int]
WAYS = 32  # seqs asked for in one step of a bisection
MOST = 100_000  # logs, and objects of the side set, that a peer may name in one conversation


class Holdings(Protocol):
    """What a node holds, as the sync machines need it. Every `keep_*` checks before it keeps."""

    def hello(self) -> Hello:
        """What we hold now."""
        ...

    def certificates(self, height: int) -> Certificates:
        """Certificates from `height` on, as many as fit a frame."""
        ...

    def certificate_ids(self, heights: Sequence[int]) -> list[bytes]:
        """Ids of the certificates at these heights; empty bytes where there is none."""
        ...

    def stands_not(self, certificate: bytes) -> bool:
        """Whether the chain with this tip was weighed before and does not stand."""
        ...

    def keep_certificates(self, answer: Certificates) -> int | None:
        """Check and keep, or take along until it can be said which chain stands.

        The height reached; None when they follow nothing that is held.
        """
        ...

    def side_ids(self) -> list[bytes]:
        """Ids of the side set."""
        ...

    def side_lacking(self, ids: Sequence[bytes]) -> list[bytes]:
        """Those of `ids` that are not here."""
        ...

    def side_object(self, object_id: bytes) -> bytes | None:
        """One object's bytes."""
        ...

    def keep_side(self, raw: bytes) -> None:
        """Check and keep one object."""
        ...

    def buckets(self, count: int | None = None) -> bytes:
        """8-byte digests of `count` buckets (None: a number that suits the frontier's size)."""
        ...

    def places(self, differing_from: bytes) -> list[Place]:
        """Our places in the buckets whose digests differ from the given ones."""
        ...

    def lacking(self, theirs: Sequence[Place]) -> tuple[list[Place], list[tuple[Log, int]]]:
        """(our places to be continued, logs that part below the given seq)."""
        ...

    def segments(self, places: Sequence[Place]) -> Iterator[SegmentOf | Forked]:
        """What follows these places: `gov` first, then the newest logs."""
        ...

    def keep_segment(self, segment: SegmentOf) -> Log | None:
        """Check and keep; the log if it turns out to part from ours and must be bisected."""
        ...

    def ids_at(self, device: bytes, lane: int, seqs: Sequence[int]) -> list[bytes]:
        """Ids at these seqs; empty bytes where there is none."""
        ...

    def branch(self, device: bytes, lane: int, seq: int) -> list[Any]:
        """`[[header, signature], ...]` from `seq` to the first signed record; maybe empty."""
        ...

    def head_seq(self, device: bytes, lane: int) -> int:
        """The last seq we hold of a log; 0 for none."""
        ...

    def keep_branch(self, device: bytes, lane: int, seq: int, headers: list[Any]) -> None:
        """Check that these headers part from our log at `seq`, and keep the proof."""
        ...


class Bisection:
    """Finds the last seq at which two logs agree, asking for WAYS ids at a time.

    Of two chains of certificates, too: there `log` is None, and a seq is a height plus one.
    """

    def __init__(self, log: Log | None, differ_at: int) -> None:
        self.log = log
        self._same = 0  # they agree here; seq 0 is the empty log
        self._differ = differ_at  # they differ here

    @property
    def parted_at(self) -> int | None:
        """The first differing seq, once it is known."""
        return self._differ if self._differ == self._same + 1 else None

    def seqs(self) -> list[int]:
        """Which seqs to ask for next."""
        gap = self._differ - self._same
        steps = min(WAYS, gap - 1)
        return sorted({self._same + gap * step // (steps + 1) for step in range(1, steps + 1)})

    def learn(self, seqs: Sequence[int], ours: Sequence[bytes], theirs: Sequence[bytes]) -> None:
        """Narrow by ids; PeerFault if the answer has another length than the question."""
        if len(theirs) != len(seqs):
            raise PeerFault("bad-message", "an answer that does not fit the probe")
        for seq, mine, other in zip(seqs, ours, theirs, strict=True):
            if mine and mine == other:
                self._same = max(self._same, seq)
            else:
                self._differ = min(self._differ, seq)
                break


class Asker:
    """Pulls from one peer. `begin` with both hellos, then feed `receive` until `done`."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self._mine = holdings.hello()
        self._theirs: Hello | None = None
        self._expects: tuple[type[Any], ...] = ()
        self._from = 0  # the height from which certificates were asked for
        self._chains_met = False  # whether it is known where the chains part
        self._side: list[bytes] = []  # ids of their side set
        self._lacking: list[bytes] = []  # objects still to be asked for
        self._awaited: set[bytes] = set()  # objects asked for and not here yet
        self._named: set[Log] = set()  # logs whose places the peer has told
        self._wanted: list[Place] = []
        self._open: set[Log] = set()  # logs of the Want that is being answered
        self._parted: dict[Log, int] = {}
        self._forked: set[Log] = set()
        self._bisection: Bisection | None = None
        self._asked: list[int] = []
        self.done = False

    def begin(self, mine: Hello, theirs: Hello) -> list[Any]:
        """The first question, or none (and `done`) when there is nothing to ask."""
        self._mine, self._theirs = mine, theirs
        if self._holdings.stands_not(theirs.certificate):
            return self._ask_side()
        if theirs.height > mine.height:
            return self._ask_certificates(mine.height + 1)
        here = self._holdings.certificate_ids([theirs.height]) if theirs.height >= 0 else [b""]
        if theirs.height < 0 or here == [theirs.certificate]:
            return self._ask_side()
        return self._find_parting(theirs.height)

    def receive(self, message: Any) -> list[Any]:
        """Take the answer to the last question; returns the next question, if any."""
        if not isinstance(message, self._expects):
            raise PeerFault("unexpected", f"{type(message).__name__} was not asked for")
        match message:
            case Certificates():
                height = self._holdings.keep_certificates(message)
                if height is None:
                    if self._chains_met:
                        raise PeerFault("broken-chain", "certificates that follow nothing")
                    return self._find_parting(self._mine.height)
                if message.more and message.certificates:
                    if height < self._from:
                        raise PeerFault("no-progress", "certificates that lead nowhere")
                    return self._ask_certificates(height + 1)
                return self._ask_side()
            case SideIds(ids, more):
                self._side += ids
                if len(self._side) > MOST:
                    raise PeerFault("too-large", "a side set of too many objects")
                if not more:
                    self._lacking = list(dict.fromkeys(self._holdings.side_lacking(self._side)))
                    self._side = []
                    return self._ask_objects()
            case Side(raw):
                self._keep_side(raw)
            case Places(places, more):
                return self._take_places(places, more)
            case SegmentOf(device, lane):
                self._check_open((device, lane))
                parted = self._holdings.keep_segment(message)
                if parted is not None:
                    self._parted.setdefault(parted, self._holdings.head_seq(*parted))
            case Forked(device, lane):
                if (device, lane) in self._forked:
                    raise PeerFault("unexpected", "a fork that was told already")
                self._forked.add((device, lane))
                self._check_open((device, lane))
                self._parted.setdefault((device, lane), self._holdings.head_seq(device, lane))
            case End():
                return self._ask_objects() if Side in self._expects else self._ask_segments()
            case Ids(ids):
                return self._narrow(ids)
            case Branch(headers):
                return self._keep_branch(headers)
        return []

    def _ask(self, question: Any, *expects: type[Any]) -> list[Any]:
        self._expects = expects
        return [question]

    def _find_parting(self, height: int) -> list[Any]:
        """The chains differ at `height`: find the last one they share, and go on from there."""
        self._chains_met = True
        self._bisection = Bisection(None, height + 1)
        return self._probe_chain()

    def _probe_chain(self) -> list[Any]:
        assert self._bisection is not None  # noqa: S101 - set by the caller
        if (parted := self._bisection.parted_at) is not None:
            self._bisection = None
            return self._ask_certificates(parted - 1)
        self._asked = [seq - 1 for seq in self._bisection.seqs()]
        return self._ask(ProbeChain(self._asked), Ids)

    def _ask_certificates(self, height: int) -> list[Any]:
        self._from = height
        return self._ask(WantCertificates(height), Certificates)

    def _ask_side(self) -> list[Any]:
        assert self._theirs is not None  # noqa: S101 - begin() came first
        if self._theirs.side == self._holdings.hello().side:
            return self._ask_places()
        return self._ask(WantSideIds(), SideIds)

    def _ask_objects(self) -> list[Any]:
        if not self._lacking:
            return self._ask_places()
        now, self._lacking = self._lacking[:MAX_WANTS], self._lacking[MAX_WANTS:]
        self._awaited = set(now)
        return self._ask(WantSide(now), Side, End)

    def _keep_side(self, raw: bytes) -> None:
        object_id = sha256(raw).digest()
        if object_id not in self._awaited:
            raise PeerFault("unexpected", "an object that was not asked for")
        self._awaited.remove(object_id)
        self._holdings.keep_side(raw)

    def _ask_places(self) -> list[Any]:
        assert self._theirs is not None  # noqa: S101 - begin() came first
        if self._theirs.frontier == self._holdings.hello().frontier:
            return self._finish()
        return self._ask(Buckets(self._holdings.buckets()), Places)

    def _take_places(self, places: Sequence[Place], more: bool) -> list[Any]:
        """Compare frame by frame: one that names very many must not hold everything else up."""
        logs = {place[:2] for place in places}
        if len(logs) < len(places) or logs & self._named:
            raise PeerFault("bad-message", "two places of one log")
        self._named |= logs
        if len(self._named) > MOST:
            raise PeerFault("too-large", "a frontier of too many logs")
        wanted, parted = self._holdings.lacking(places)
        self._wanted += wanted
        self._parted.update(dict(parted))
        if more:
            return []
        self._wanted.sort(key=lambda place: place[1])  # `gov` first
        return self._ask_segments()

    def _ask_segments(self) -> list[Any]:
        if not self._wanted:
            return self._ask_fork()
        now, self._wanted = self._wanted[:MAX_WANTS], self._wanted[MAX_WANTS:]
        self._open = {place[:2] for place in now}
        return self._ask(Want(now), SegmentOf, Forked, End)

    def _check_open(self, log: Log) -> None:
        if log not in self._open:
            raise PeerFault("unexpected", "a log that was not asked for")

    def _ask_fork(self) -> list[Any]:
        while self._parted:
            log, seq = self._parted.popitem()
            if seq < 1:
                continue
            self._bisection = Bisection(log, seq)
            return self._probe()
        return self._finish()

    def _probe(self) -> list[Any]:
        assert self._bisection is not None  # noqa: S101 - set by the caller
        assert self._bisection.log is not None  # noqa: S101 - the chain was bisected before
        device, lane = self._bisection.log
        if (seq := self._bisection.parted_at) is not None:
            return self._ask(WantBranch(device, lane, seq), Branch)
        self._asked = self._bisection.seqs()
        return self._ask(Probe(device, lane, self._asked), Ids)

    def _narrow(self, theirs: list[bytes]) -> list[Any]:
        assert self._bisection is not None  # noqa: S101 - a probe was sent
        if self._bisection.log is None:
            ours = self._holdings.certificate_ids(self._asked)
            self._bisection.learn([height + 1 for height in self._asked], ours, theirs)
            return self._probe_chain()
        ours = self._holdings.ids_at(*self._bisection.log, self._asked)
        self._bisection.learn(self._asked, ours, theirs)
        return self._probe()

    def _keep_branch(self, headers: list[Any]) -> list[Any]:
        assert self._bisection is not None  # noqa: S101 - a branch was asked for
        assert self._bisection.log is not None  # noqa: S101 - the chain was bisected before
        seq = self._bisection.parted_at
        if headers and seq is not None:
            self._holdings.keep_branch(*self._bisection.log, seq, headers)
        return self._ask_fork()

    def _finish(self) -> list[Any]:
        self.done = True
        self._expects = ()
        return []


class Answerer:
    """Serves one peer's questions from what we hold."""

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings

    def answer(self, message: Any) -> Iterator[Any]:
        """The messages that answer a question; PeerFault `unexpected` if it is none."""
        holdings = self._holdings
        match message:
            case WantCertificates(height):
                yield holdings.certificates(height)
            case WantSideIds():
                side = holdings.side_ids()
                while len(side) > MAX_SIDE_IDS:
                    yield SideIds(side[:MAX_SIDE_IDS], True)
                    side = side[MAX_SIDE_IDS:]
                yield SideIds(side, False)
            case WantSide(ids):
                for object_id in ids:
                    raw = holdings.side_object(object_id)
                    if raw is not None:
                        yield Side(raw)
                yield End()
            case Buckets(digests):
                places = holdings.places(digests)
                while len(places) > MAX_WANTS:
                    yield Places(places[:MAX_WANTS], True)
                    places = places[MAX_WANTS:]
                yield Places(places, False)
            case Want(places):
                yield from holdings.segments(places)
                yield End()
            case ProbeChain(heights):
                yield Ids(holdings.certificate_ids(heights))
            case Probe(device, lane, seqs):
                yield Ids(holdings.ids_at(device, lane, seqs))
            case WantBranch(device, lane, seq):
                yield Branch(holdings.branch(device, lane, seq))
            case _:
                raise PeerFault("unexpected", f"{type(message).__name__} is no question")


def turn(hello: Hello) -> Turn:
    """Hand the asking over, with what we hold now."""
    return Turn(list(hello))


def turned(message: Turn) -> Hello:
    """The hello inside a `Turn`."""
    return Hello(*message.hello)


def same(one: Hello, other: Hello) -> bool:
    """Whether two hellos say that both hold the same; PeerFault when they can't talk at all."""
    if one.version != other.version:
        raise PeerFault("other-version", "the peer speaks another version of sync")
    if one.community != other.community:
        raise PeerFault("other-community", "the peer belongs to another community")
    return one[1:5] == other[1:5]
