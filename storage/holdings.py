"""What this home holds, as the sync machines ask for it.

Reading is in small steps; each `keep_*` is one transaction, so that pages stay quick and a killed
node loses at most the segment at hand, which its peer still has.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from protocol.errors import PeerFault
from protocol.messages import Certificates, Forked, Hello, Place, SegmentOf
from protocol.records import GOV, ZERO, Record, read_record, signed
from protocol.segments import MAX_BYTES, MAX_RECORDS, check_chain
from storage import certificates, frontier, log, objects, sideset
from storage.database import FAST
from storage.rows import Log, find_log, id_at, records_from
from storage.standing import settle
from storage.store import Store


class StoreHoldings:
    """`protocol.sync.Holdings` over a store. `peer` names who is talking, for the fault list.

    `kept` is called after each transaction that brought something new, with words that say what.
    """

    def __init__(
        self, store: Store, peer: str = "", kept: Callable[[set[str]], None] | None = None
    ) -> None:
        self._store = store
        self._peer = peer
        self._kept = kept or (lambda words: None)
        self.new_records = 0

    def hello(self) -> Hello:
        """What we hold now."""
        return frontier.hello(self._store)

    def certificates(self, height: int) -> Certificates:
        """Certificates from `height` on, as many as fit a frame."""
        return certificates.travelling(self._store, height)

    def keep_certificates(self, answer: Certificates) -> int:
        """Check and keep; the height reached."""
        store = self._store
        with self._transaction():
            if answer.found is not None and certificates.founding(store) is None:
                certificates.keep_founding(store, answer.found)
            for travel in answer.certificates:
                certificates.keep(store, travel)
            settle(store)
        return certificates.tip(store)[0]

    def side_ids(self) -> list[bytes]:
        """Ids of the side set."""
        return sideset.ids(self._store)

    def side_lacking(self, ids: Sequence[bytes]) -> list[bytes]:
        """Those of `ids` that are not here."""
        mine = set(sideset.ids(self._store))
        return [object_id for object_id in ids if object_id not in mine]

    def side_object(self, object_id: bytes) -> bytes | None:
        """One object's bytes."""
        return sideset.get(self._store, object_id)

    def keep_side(self, raw: bytes) -> None:
        """Check and keep one object."""
        with self._transaction():
            objects.receive(self._store, raw)
            settle(self._store)

    def buckets(self, count: int | None = None) -> bytes:
        """Digests of our frontier's buckets."""
        return frontier.buckets(self._store, count)

    def places(self, differing_from: bytes) -> list[Place]:
        """Our places in the buckets that differ."""
        return frontier.differing(self._store, differing_from)

    def lacking(self, theirs: Sequence[Place]) -> tuple[list[Place], list[tuple[Any, int]]]:
        """(our places to be continued, logs that part at or below the given seq)."""
        wanted: list[Place] = []
        parted: list[tuple[Any, int]] = []
        for device, lane, seq, record_id in theirs:
            held = find_log(self._store, device, lane)
            if held is None:
                wanted.append((device, lane, 0, ZERO))
                continue
            seq_here = min(seq, held.limit)
            if seq_here > held.prefix_seq:
                wanted.append((device, lane, held.prefix_seq, held.prefix_id))
            elif seq_here == seq and id_at(self._store, held.no, seq) != record_id:
                parted.append(((device, lane), seq))
        return sorted(wanted, key=lambda place: place[1]), parted

    def segments(self, places: Sequence[Place]) -> Iterator[SegmentOf | Forked]:
        """What follows these places: `gov` first, then the logs with the newest heads."""
        found = []
        for device, lane, seq, record_id in places:
            held = find_log(self._store, device, lane)
            if held is None or held.standing == 0:
                continue
            if seq > 0 and id_at(self._store, held.no, seq) not in (record_id, None):
                yield Forked(device, lane)
                continue
            if held.prefix_seq > seq:
                newest = self._store.db.execute(
                    "SELECT newest_ms FROM log WHERE no = ?", [held.no]
                ).fetchone()[0]
                found.append((lane != GOV, -newest, device, lane, seq, held))
        for *_, seq, held in sorted(found, key=lambda item: item[:4]):
            yield from self._segments_of(held, seq)

    def _segments_of(self, held: Log, seq: int) -> Iterator[SegmentOf]:
        tips = sideset.tips(self._store, held.device, held.lane)
        if held.cut_id is not None:
            tips.add(held.cut_id)
        while seq < held.prefix_seq:
            entries, seq = self._one_segment(held, seq, tips)
            if not entries:
                return
            yield SegmentOf(held.device, held.lane, entries)

    def _one_segment(self, held: Log, seq: int, tips: set[bytes]) -> tuple[list[Any], int]:
        """Entries after `seq` up to a limit, ending where they are authentic; and where that is.

        A segment may go beyond the prefix to reach a signature; the receiver admits less of it.
        """
        entries: list[Any] = []
        size, end = 0, 0
        for header, signature, salt, body in self._store.db.execute(
            "SELECT header, signature, salt, body FROM record"
            " WHERE log_no = ? AND seq > ? ORDER BY seq LIMIT ?",
            [held.no, seq, MAX_RECORDS],
        ):
            size += len(header) + len(body or b"") + 100
            if end and size > MAX_BYTES:
                break
            entries.append([header, signature, salt, body])
            if signature is not None:
                end = len(entries)
        if tips:
            end = max(end, self._tip_end(entries, tips))
        while end and held.lane != GOV:
            record = read_record(*entries[end - 1])
            if record.id in tips or signed(record, self._store.community):
                break
            entries[end - 1][1] = None  # a false signature that came along unverified
            end = max((n + 1 for n in range(end - 1) if entries[n][1] is not None), default=0)
        return entries[:end], seq + end

    def _tip_end(self, entries: list[Any], tips: set[bytes]) -> int:
        for number in range(len(entries), 0, -1):
            if read_record(entries[number - 1][0], None, None, None).id in tips:
                return number
        return 0

    def keep_segment(self, segment: SegmentOf) -> tuple[bytes, int] | None:
        """Check and keep; the log if it turns out to part from ours."""
        store = self._store
        with self._transaction():
            outcome = log.keep_segment(store, segment.device, segment.lane, segment.entries)
            if "gov" in store.changed or "fork" in store.changed:
                settle(store)
        self.new_records += outcome.new
        return (segment.device, segment.lane) if outcome.word == log.PARTED else None

    def ids_at(self, device: bytes, lane: int, seqs: Sequence[int]) -> list[bytes]:
        """Ids at these seqs; empty bytes where there is none."""
        held = find_log(self._store, device, lane)
        if held is None:
            return [b""] * len(seqs)
        return [id_at(self._store, held.no, seq) or b"" for seq in seqs]

    def branch(self, device: bytes, lane: int, seq: int) -> list[Any]:
        """Headers and signatures from `seq` to the first validly signed record; maybe none."""
        held = find_log(self._store, device, lane)
        if held is None:
            return []
        headers: list[Any] = []
        for record in records_from(self._store, held.no, seq, seq + MAX_RECORDS - 1):
            good = signed(record, self._store.community)
            headers.append([record.raw, record.signature if good else None])
            if good:
                return headers
        return []

    def head_seq(self, device: bytes, lane: int) -> int:
        """The last seq we hold of a log."""
        held = find_log(self._store, device, lane)
        return 0 if held is None else held.head_seq

    def keep_branch(self, device: bytes, lane: int, seq: int, headers: list[Any]) -> None:
        """Check that these headers part from our log at `seq`, and keep the proof."""
        records: list[Record] = []
        for item in headers:
            if not isinstance(item, list) or len(item) != 2 or not isinstance(item[0], bytes):
                raise PeerFault("bad-message", "a branch holds something that is no header")
            records.append(read_record(item[0], item[1], None, None))
        check_chain(records, community=self._store.community, device=device, lane=lane)
        held = find_log(self._store, device, lane)
        if held is None or records[0].header.seq != seq:
            raise PeerFault("bad-branch", "a branch that does not begin where it was asked for")
        before = held.head_id if seq == held.head_seq + 1 else None
        mine = id_at(self._store, held.no, seq - 1) if seq > 1 else self._store.community
        if seq > 1 and records[0].header.prev != (mine or before):
            raise PeerFault("bad-branch", "a branch that does not follow the last common record")
        with self._transaction():
            log.keep_fork(self._store, held, records)
            settle(self._store)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        """A fast write transaction that reports what changed when it is through."""
        store = self._store
        with store.transaction(sync=FAST):
            yield
        self._kept(set(store.changed))
