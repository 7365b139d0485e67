"""What this home holds, as the sync machines ask for it.

Reading is in small steps; each `keep_*` is one transaction, so that pages stay quick and a killed
node loses at most the segment at hand, which its peer still has.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from protocol.errors import Invalid, PeerFault
from protocol.messages import Certificates, Forked, Hello, Place, SegmentOf
from protocol.records import GOV, ZERO, Record, read_record, signed
from protocol.segments import MAX_BYTES, MAX_RECORDS, check_chain
from storage import branches, certificates, chain, fork_proofs, frontier, log, objects, sideset
from storage.database import FAST
from storage.rows import Log, find_log, id_at, record_at
from storage.standing import settle
from storage.store import Store


class StoreHoldings:
    """`protocol.sync.Holdings` over a store. `peer` names who is talking, for the fault list.

    `kept` is called after each transaction that brought something new, with words that say what.
    `wanted` says of a device, when a peer names more of a log of its, whether to ask for it now.
    `objects` says how many of so many objects of the side set to ask for now.
    """

    def __init__(
        self,
        store: Store,
        peer: str = "",
        kept: Callable[[set[str]], None] | None = None,
        wanted: Callable[[bytes], bool] | None = None,
        objects: Callable[[int], int] | None = None,
    ) -> None:
        self._store = store
        self._peer = peer
        self._kept = kept or (lambda words: None)
        self._wanted = wanted or (lambda device: True)
        self._objects = objects or (lambda count: count)
        self._incoming = chain.Incoming(store)
        self.new_records = 0

    def hello(self) -> Hello:
        """What we hold now."""
        return frontier.hello(self._store)

    def certificates(self, height: int) -> Certificates:
        """Certificates from `height` on, as many as fit a frame."""
        return certificates.travelling(self._store, height)

    def certificate_ids(self, heights: Sequence[int]) -> list[bytes]:
        """Ids of our certificates at these heights; empty bytes where there is none."""
        return [certificates.certificate_at(self._store, height) or b"" for height in heights]

    def stands_not(self, certificate: bytes) -> bool:
        """Whether the chain with this tip was weighed before and does not stand."""
        return certificate in self._store.decided

    def keep_certificates(self, answer: Certificates) -> int | None:
        """Check and keep, or take along until it can be said which chain stands.

        The height reached; None when they follow nothing that is held.
        """
        store = self._store
        with self._transaction():
            if answer.found is not None and certificates.founding(store) is None:
                certificates.keep_founding(store, answer.found)
            elif answer.certificates and certificates.founding(store) is None:
                raise Invalid("no-founding", "certificates before the founding record")
            reached = self._incoming.take(answer.certificates, answer.more)
            settle(store)
        return reached

    def side_ids(self) -> list[bytes]:
        """Ids of the side set."""
        return sideset.ids(self._store)

    def side_lacking(self, ids: Sequence[bytes]) -> list[bytes]:
        """Those of `ids` that are not here, as many as are asked for now."""
        lacking = sideset.lacking(self._store, ids)
        return lacking[: self._objects(len(lacking))]

    def side_object(self, object_id: bytes) -> bytes | None:
        """One object's bytes."""
        return sideset.get(self._store, object_id)

    def keep_side(self, raw: bytes) -> None:
        """Check and keep one object."""
        with self._transaction():
            new = objects.receive(self._store, raw)
            settle(self._store)
            if new:
                self._store.changed.add("side")  # what came by sync goes on by sync

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
                if self._wanted(device):
                    wanted.append((device, lane, 0, ZERO))
                continue
            seq_here = min(seq, held.room)
            if seq_here > held.prefix_seq:
                if self._wanted(device):
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
        # Towards a cut, a peer may need all of the branch to see that it is the one named.
        last = held.head_seq if held.reached else held.prefix_seq
        while seq < last:
            entries, seq = self._one_segment(held, seq)
            if not entries:
                return
            yield SegmentOf(held.device, held.lane, entries)

    def _one_segment(self, held: Log, seq: int) -> tuple[list[Any], int]:
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
            if (end and size > MAX_BYTES) or (body is None and held.lane == GOV):
                break
            entries.append([header, signature, salt, body])
            if signature is not None:
                end = len(entries)
        while end and held.lane != GOV:
            if signed(read_record(*entries[end - 1]), self._store.community):
                break
            entries[end - 1][1] = None  # a false signature that came along unverified
            end = max((n + 1 for n in range(end - 1) if entries[n][1] is not None), default=0)
        if not end and entries:
            return self._to_a_tip(held, entries), seq + len(entries)
        return entries[:end], seq + end

    def _to_a_tip(self, held: Log, entries: list[Any]) -> list[Any]:
        """An end of a log without signature: go on beside the log to one, by headers alone.

        Or stop at the id that a certificate or a proof makes authentic.
        """
        last = read_record(*entries[-1])
        way = branches.Tree(self._store, held).run(last)
        if way is not None and len(entries) + len(way) - 1 <= MAX_RECORDS:
            return entries + [[r.raw, r.signature, None, None] for r in way[1:]]
        tips = fork_proofs.tips(self._store, held.device, held.lane) | {held.cut_id}
        ends = [n for n, e in enumerate(entries, 1) if sha256(e[0]).digest() in tips]
        return entries[: max(ends, default=0)]

    def keep_segment(self, segment: SegmentOf) -> tuple[bytes, int] | None:
        """Check and keep; the log if it turns out to part from ours."""
        store = self._store
        with self._transaction():
            outcome = log.keep_segment(store, segment.device, segment.lane, segment.entries)
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
        first = None if held is None else record_at(self._store, held.no, seq)
        if held is None or first is None:
            return []
        tips = () if held.cut_id is None else (held.cut_id,)
        way = branches.Tree(self._store, held).run(first, tips) or []
        return [[r.raw, r.signature if signed(r, self._store.community) else None] for r in way]

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
        held = find_log(self._store, device, lane)
        if held is None or not records or records[0].header.seq != seq:
            raise PeerFault("bad-branch", "a branch that does not begin where it was asked for")
        tips = () if held.cut_id is None else (held.cut_id,)
        check_chain(records, community=self._store.community, device=device, lane=lane, tips=tips)
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
