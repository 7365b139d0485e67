"""A toy store for the sync machines: logs in dictionaries, nothing on disk.

It checks what it keeps with the real `read_segment`, `check_chain` and `read_object`, but knows no
membership: every log is admitted. Its places are the admissible prefixes, as the design says: a
proven fork ends a log before the fork. `converse` runs two machines against each other over real
frames, and counts the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from protocol.codec import encode
from protocol.errors import Invalid
from protocol.evidence import Fork, fork_proof, read_object
from protocol.messages import (
    Certificates,
    Forked,
    Hello,
    Place,
    SegmentOf,
    pack,
    unpack,
)
from protocol.records import GOV, ZERO, Record, read_record, signed
from protocol.segments import check_chain, read_segment
from protocol.sync import Answerer, Asker, Log, same, turn, turned

RUN = 50  # records in one segment of a toy


class Toy:
    """What one person holds."""

    def __init__(self, community: bytes, *logs: Sequence[Record]) -> None:
        self.community = community
        self.logs: dict[Log, list[Record]] = {}
        self.side: dict[bytes, bytes] = {}
        self.forks: dict[Log, Fork] = {}
        self.chain: list[Any] = []  # certificates as they travel
        self.page = 3  # certificates in one answer
        self.kept = 0  # segments taken in
        for records in logs:
            self.logs[records[0].log] = list(records)

    def prefix(self, log: Log) -> list[Record]:
        """The admissible part of a log."""
        records = self.logs.get(log, [])
        return records[: self.forks[log].seq - 1] if log in self.forks else records

    def ids(self) -> set[bytes]:
        """The ids of everything admissible."""
        return {record.id for log in self.logs for record in self.prefix(log)}

    # --- the Holdings of protocol.sync

    def hello(self) -> Hello:
        tip = sha256(encode(self.chain)).digest()
        return Hello(
            self.community[:8],
            len(self.chain) - 1,
            tip,
            _digest(encode([list(place) for place in sorted(self._places())])),
            _digest(b"".join(sorted(self.side))),
        )

    def certificates(self, height: int) -> Certificates:
        chosen = self.chain[height : height + self.page]
        return Certificates(None, chosen, height + len(chosen) < len(self.chain))

    def certificate_ids(self, heights: Sequence[int]) -> list[bytes]:
        known = [h for h in heights if h < len(self.chain)]
        tips = [sha256(encode(self.chain[: height + 1])).digest() for height in known]
        return tips + [b""] * (len(heights) - len(known))

    def stands_not(self, certificate: bytes) -> bool:
        return False

    def keep_certificates(self, answer: Certificates) -> int:
        for found in answer.certificates:
            if not isinstance(found, int):
                raise Invalid("bad-certificate")
            if found == len(self.chain):
                self.chain.append(found)
        return len(self.chain) - 1

    def side_ids(self) -> list[bytes]:
        return sorted(self.side)

    def side_lacking(self, ids: Sequence[bytes]) -> list[bytes]:
        return [each for each in ids if each not in self.side]

    def side_object(self, object_id: bytes) -> bytes | None:
        return self.side.get(object_id)

    def keep_side(self, raw: bytes) -> None:
        found = read_object(raw, self.community)
        if not isinstance(found, Fork):
            self.side[found.id] = raw
            return
        log = (found.device, found.lane)
        held = self.forks.get(log)
        if held is None or (found.seq, found.id) < (held.seq, held.id):
            if held is not None:
                del self.side[held.id]
            self.forks[log] = found
            self.side[found.id] = raw

    def buckets(self, count: int | None = None) -> bytes:
        count = count or 16
        sums = [b""] * count
        for place in sorted(self._places()):
            sums[_bucket(place, count)] += encode(list(place))
        return b"".join(_digest(each)[:8] for each in sums)

    def places(self, differing_from: bytes) -> list[Place]:
        count = len(differing_from) // 8
        mine = self.buckets(count)
        return [
            place
            for place in self._places()
            if mine[8 * (n := _bucket(place, count)) :][:8] != differing_from[8 * n :][:8]
        ]

    def lacking(self, theirs: Sequence[Place]) -> tuple[list[Place], list[tuple[Log, int]]]:
        wanted: list[Place] = []
        parted: list[tuple[Log, int]] = []
        for device, lane, seq, record_id in theirs:
            held = self.prefix((device, lane))
            limit = self.forks[device, lane].seq - 1 if (device, lane) in self.forks else seq
            if min(seq, limit) > len(held):
                wanted.append((device, lane, len(held), held[-1].id if held else ZERO))
            elif seq <= limit and seq and held[seq - 1].id != record_id:
                parted.append(((device, lane), seq))
        return wanted, parted

    def segments(self, places: Sequence[Place]) -> Iterator[SegmentOf | Forked]:
        for device, lane, seq, record_id in places:
            held = self.logs.get((device, lane), [])
            if 0 < seq <= len(held) and held[seq - 1].id != record_id:
                yield Forked(device, lane)
                continue
            for run in self._runs(held[seq:]):
                yield SegmentOf(device, lane, [record.entry() for record in run])

    def keep_segment(self, segment: SegmentOf) -> Log | None:
        log = (segment.device, segment.lane)
        found = read_segment(
            segment.entries,
            community=self.community,
            device=segment.device,
            lane=segment.lane,
            tips={fork.prev for fork in self.forks.values()},
        )
        held = self.logs.setdefault(log, [])
        self.kept += 1
        if found.first != len(held) + 1:
            return None  # ahead of us, or known
        if held and found.records[0].header.prev != held[-1].id:
            return log
        held += found.records
        return None

    def ids_at(self, device: bytes, lane: int, seqs: Sequence[int]) -> list[bytes]:
        held = self.logs.get((device, lane), [])
        return [held[seq - 1].id if seq <= len(held) else b"" for seq in seqs]

    def branch(self, device: bytes, lane: int, seq: int) -> list[Any]:
        headers: list[Any] = []
        for record in self.logs.get((device, lane), [])[seq - 1 :]:
            good = signed(record, self.community)
            headers.append([record.raw, record.signature if good else None])
            if good:
                return headers
        return []

    def head_seq(self, device: bytes, lane: int) -> int:
        return len(self.logs.get((device, lane), []))

    def keep_branch(self, device: bytes, lane: int, seq: int, headers: list[Any]) -> None:
        records = [read_record(raw, signature, None, None) for raw, signature in headers]
        check_chain(records, community=self.community, device=device, lane=lane)
        self.keep_side(fork_proof(self.community, self.logs[device, lane][seq - 1 :], records).raw)

    # --- inside

    def _places(self) -> Iterable[Place]:
        for (device, lane), records in self.logs.items():
            prefix = self.prefix((device, lane))
            if records and prefix:
                yield device, lane, len(prefix), prefix[-1].id

    def _runs(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        run: list[Record] = []
        for record in records:
            run.append(record)
            if record.signature is not None and (len(run) >= RUN or record.header.lane == GOV):
                yield run
                run = []
        while run and run[-1].signature is None:
            run.pop()
        if run:
            yield run


def _digest(data: bytes) -> bytes:
    return sha256(data).digest()[:16]


def _bucket(place: Place, count: int) -> int:
    return place[0][0] % count


class Talk:
    """What was said in a conversation: bytes each way, and the messages' names in order."""

    def __init__(self) -> None:
        self.sent = [0, 0]
        self.said: list[str] = []

    def carry(self, message: Any, who: int) -> Any:
        """The message as the other side hears it."""
        frame = pack(message)
        self.sent[who] += len(frame)
        self.said.append(type(message).__name__)
        return unpack(frame)


def converse(one: Toy, other: Toy) -> Talk:
    """A whole conversation that `one` opens, over real frames."""
    talk = Talk()
    mine = talk.carry(one.hello(), 0)
    theirs = talk.carry(other.hello(), 1)
    if same(mine, theirs):
        return talk
    _pull(talk, one, other, 0, theirs)
    handed = turned(talk.carry(turn(one.hello()), 0))
    _pull(talk, other, one, 1, handed)
    return talk


def _pull(talk: Talk, asks: Toy, answers: Toy, who: int, theirs: Hello) -> None:
    asker, answerer = Asker(asks), Answerer(answers)
    questions = asker.begin(asks.hello(), theirs)
    for _ in range(2000):
        if asker.done:
            return
        waiting: list[Any] = []
        for question in questions:
            waiting += answerer.answer(talk.carry(question, who))
        questions = []
        for answer in waiting:
            questions += asker.receive(talk.carry(answer, 1 - who))
    raise AssertionError("they never come to an end")
