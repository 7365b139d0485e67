"""The log: every record that is kept passes through here, in one transaction with its views.

Invariants:
- A log's held records are contiguous from seq 1; its *admissible prefix* ends before the first
  fork, at a certified cut, or before a missing body that no erase record excuses. Views, peers
  and digests see the prefix and nothing else. Other authentic records are held beside the log
  (`storage.branches`).
- The prefix is a function of what is held, whatever the order in which it came.
- Callers hold the write transaction (`storage.database.write`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from governance.membership import CANDIDATE
from protocol.errors import Invalid
from protocol.evidence import Fork, spare
from protocol.records import GOV, LANES, ZERO, Record, signed
from protocol.segments import read_segment
from storage import aside, branches, cited, erasing, fork_proofs, heard, sideset
from storage.database import get_meta
from storage.prefix import admit, advance, learn
from storage.rows import (
    NO_END,
    Log,
    ensure_log,
    find_log,
    insert_records,
    log_by_no,
    note_fault,
    record_at,
    records_from,
    standing_of,
)
from storage.sideset import CANDIDATE_RECORDS
from storage.store import Store
from storage.views.registry import VIEWS

KEPT, HAD, ASIDE, PARTED, FORK, IGNORED = "kept", "had", "aside", "parted", "fork", "ignored"


class Outcome(NamedTuple):
    """What became of a segment: a word above, and how many records are new."""

    word: str
    new: int


def keep_segment(store: Store, device: bytes, lane: int, entries: object) -> Outcome:
    """Check a segment as it travelled and keep what is new of it; Invalid if it is false.

    ASIDE: it can't be placed yet (a gap, or an author nobody here knows). PARTED: it does not
    follow our head, so the log forked below. FORK: it shows a fork; the proof is kept. IGNORED:
    it lies beyond a fork or a cut; what matters of it is held beside the log.
    """
    log = find_log(store, device, lane)
    tips = fork_proofs.tips(store, device, lane)
    if log is not None and log.cut_id is not None:
        tips.add(log.cut_id)
    segment = read_segment(entries, community=store.community, device=device, lane=lane, tips=tips)
    return keep_checked(store, device, lane, segment.records)


def keep_checked(store: Store, device: bytes, lane: int, records: Sequence[Record]) -> Outcome:
    """Keep records that `read_segment` has passed."""
    last = _may_keep(store, device, lane)
    if last != NO_END:
        first = records[0].header
        if lane == GOV and first.seq == 1 and first.kind not in ("enrol", "found"):
            raise Invalid("no-enrolment", "a gov log that does not begin with an enrolment")
        if records[-1].header.seq > last:
            aside.put(store, device, lane, records)
            records = [record for record in records if record.header.seq <= last]
            if not records:
                return Outcome(ASIDE, 0)
    if parts_from_founding(store, records[0]):
        return Outcome(IGNORED, 0)
    log = ensure_log(store, device, lane)
    records = erasing.without_erased(store, log.person, lane, records)
    room = log.room
    usable = [record for record in records if record.header.seq <= room]
    beyond = records[len(usable) :]
    if not usable:
        _keep_beyond(store, log, records, attached=False)
        return Outcome(IGNORED, 0)
    if usable[0].header.seq > log.head_seq + 1:
        if usable[0].header.seq <= log.limit:
            aside.put(store, device, lane, records)
            return Outcome(ASIDE, 0)
        _keep_beside(store, log, records)
        return Outcome(IGNORED, 0)
    held = [record for record in usable if record.header.seq <= log.head_seq]
    parted = _compare(store, log, held) if held else None
    if parted is not None:
        at = parted - records[0].header.seq
        if parted <= log.limit or log.cut_seq is None or log.reached:
            _keep_beside(store, log, records[at:])
            advance(store, log_by_no(store, log.no))  # bodies before it may have come with it
            return Outcome(FORK, 0)
        # Nobody can say yet which branch the cut names: the newest to come is held as the log.
        truncate(store, log, parted - 1)
        held = held[:at]
        log = log_by_no(store, log.no)
    fresh = usable[len(held) :]
    if fresh and fresh[0].header.prev != log.head_id and log.head_seq != 0:
        _keep_beside(store, log, records[len(held) :])
        return Outcome(PARTED, 0)
    if device == store.device and fresh:
        _copied_home(store)
    _append(store, log, fresh, beyond)
    if beyond:
        _keep_beyond(store, log_by_no(store, log.no), beyond, attached=True)
    place_lane(store, device, lane)
    return Outcome(KEPT if fresh else HAD, len(fresh))


def _may_keep(store: Store, device: bytes, lane: int) -> int:
    """The last seq of a log that is kept: of a mere candidate only how its `gov` log begins."""
    known = standing_of(store, device)
    if known is None or known[0] == CANDIDATE:
        return CANDIDATE_RECORDS if lane == GOV else 0
    return NO_END


def parts_from_founding(store: Store, record: Record) -> bool:
    """Whether this begins the founder's `gov` log in another way than the founding record does.

    Nothing hangs on it: the community's own id says how that log begins.
    """
    return (
        record.header.seq == 1
        and record.header.lane == GOV
        and record.id != store.community
        and get_meta(store.db, "founder") == record.header.device.hex()
    )


def _compare(store: Store, log: Log, held: Sequence[Record]) -> int | None:
    """Fill what was missing of records we hold; the first seq where they differ from ours."""
    ours = records_from(store, log.no, held[0].header.seq, held[-1].header.seq)
    for mine, other in zip(list(ours), held, strict=True):
        if mine.id != other.id:
            return other.header.seq
        if (
            mine.body is None
            and other.body is not None
            and not erasing.is_erased(store, log.person, mine)
        ):
            store.db.execute(
                "UPDATE record SET salt = ?, body = ? WHERE log_no = ? AND seq = ?",
                [other.salt, other.body, log.no, other.header.seq],
            )
        if mine.signature is None and signed(other, store.community):
            store.db.execute(
                "UPDATE record SET signature = ? WHERE log_no = ? AND seq = ?",
                [other.signature, log.no, other.header.seq],
            )
    return None


def _append(store: Store, log: Log, fresh: Sequence[Record], beyond: Sequence[Record]) -> None:
    """Add records that follow the head, and admit what may be. `beyond` follows in turn."""
    if fresh and fresh[-1].header.seq == log.cut_seq and fresh[-1].id != log.cut_id:
        other = fresh[-1:]  # on a branch that the certificate does not name
        _append(store, log, fresh[:-1], [*other, *beyond])
        _keep_beside(store, log_by_no(store, log.no), [*other, *beyond])
        return
    beside = branches.absorb(store, log, fresh) if fresh else None
    fresh = beside or fresh
    rowid = _extend(store, log, fresh) if fresh else None
    now = log_by_no(store, log.no)
    if fresh and log.prefix_seq == log.head_seq:
        admit(store, now, fresh, rowid)
    else:
        advance(store, now)
    if log.lane == GOV:
        prefix = log_by_no(store, log.no).prefix_seq
        spare_beyond(store, [record for record in fresh if record.header.seq > prefix])
    if beside is not None:
        _look(store, log_by_no(store, log.no), [*fresh, *beyond])
    if log.cut_id is not None:
        restore(store, log.no)


def _extend(store: Store, log: Log, fresh: Sequence[Record]) -> int:
    """Insert records after the head; the first one's rowid."""
    rowid = insert_records(store, log.no, fresh)
    head = fresh[-1]
    if log.lane == GOV:
        heard.note(store, log.device)
    store.db.execute(
        "UPDATE log SET head_seq = ?, head_id = ?, newest_ms = ? WHERE no = ?",
        [head.header.seq, head.id, head.header.time_ms, log.no],
    )
    return rowid


def _copied_home(store: Store) -> None:
    """Peers hold signed records of this very device that we lack: this home is an old copy.

    They are kept like anybody's, but nothing is appended any more: it would fork the log.
    """
    store.db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('copied', '1')")
    note_fault(store, "this home", "copied-home")


def truncate(store: Store, log: Log, last: int) -> None:
    """Take what lies after `last` out of every view; it is held beside the log."""
    for view in VIEWS:
        view.retract(store, log.no, last)
    beyond = list(records_from(store, log.no, last + 1))
    if log.lane == GOV:
        spare_beyond(store, beyond)
        store.changed.add("gov")
    branches.hold(store, log, beyond, own=True)
    store.db.execute("DELETE FROM record WHERE log_no = ? AND seq > ?", [log.no, last])
    head = record_at(store, log.no, last) if last else None
    prefix_seq = min(log.prefix_seq, last)
    prefix = record_at(store, log.no, prefix_seq) if prefix_seq else None
    store.db.execute(
        "UPDATE log SET head_seq = ?, head_id = ?, prefix_seq = ?, prefix_id = ? WHERE no = ?",
        [
            head.header.seq if head else 0,
            head.id if head else store.community,
            prefix_seq,
            prefix.id if prefix else ZERO,
            log.no,
        ],
    )


def restore(store: Store, log_no: int) -> None:
    """Once all that leads to a certified cut is here, that branch is the log again."""
    log = log_by_no(store, log_no)
    if log.cut_id is None or log.reached:
        return
    path = branches.path_to(store, log, log.cut_id)
    if not path:
        return
    if path[0].header.seq <= log.head_seq:
        truncate(store, log, path[0].header.seq - 1)
        log = log_by_no(store, log_no)
    path = branches.absorb(store, log, path) or path
    _extend(store, log, path)
    advance(store, log_by_no(store, log_no))


def uncut(store: Store, device: bytes, lane: int) -> None:
    """A cut is void: the log goes on, with what is held beside it, up to a fork or for good.

    Bodies beyond the cut are mostly gone; peers that did not cut there bring them again.
    """
    log = ensure_log(store, device, lane)
    store.db.execute("UPDATE log SET cut_seq = NULL, cut_id = NULL WHERE no = ?", [log.no])
    log = log_by_no(store, log.no)
    _look(store, log, branches.all_held(store, log.no))
    log = log_by_no(store, log.no)
    if log.head_seq > log.limit:
        truncate(store, log, log.limit)
        log = log_by_no(store, log.no)
    way = branches.onward(store, log)
    if way:
        _append(store, log, way, [])
    advance(store, log_by_no(store, log.no))
    place_lane(store, device, lane)


def _keep_beside(store: Store, log: Log, records: Sequence[Record]) -> None:
    """Hold authentic records that are not part of the log, and see what they prove."""
    if log.device == store.device and any(branches.find(store, r.id) is None for r in records):
        _copied_home(store)
    if log.lane == GOV:
        spare_beyond(store, records)
    branches.hold(store, log, records)
    _look(store, log, records)
    restore(store, log.no)


def _keep_beyond(store: Store, log: Log, records: Sequence[Record], *, attached: bool) -> None:
    """Records after the last seq that the log has room for.

    Beyond a cut nothing is kept but spared records, what a vote may rest on, and the headers that
    make what lies before it (`attached`) authentic.
    """
    if not records:
        return
    if log.cut_seq is None or attached:
        _keep_beside(store, log, records)
    elif log.lane == GOV:
        spare_beyond(store, records)
        branches.hold(store, log, [each for each in records if cited.evidence(each) is not None])


def keep_fork(store: Store, log: Log, branch: Sequence[Record]) -> None:
    """Another branch of this log, authentic up to its last record: keep the proof, cut views.

    Nobody is blamed but the log's device: carrying a valid branch is not a fault.
    """
    if not parts_from_founding(store, branch[0]):
        _keep_beside(store, log, branch)


def _look(store: Store, log: Log, records: Sequence[Record]) -> None:
    """Keep the lowest fork that these records prove."""
    known = fork_proofs.proof_of(store, log.device, log.lane) if log.fork_seq else None
    shown = [] if known is None else fork_proofs.shown(known)
    proof = branches.fork_among(store, log, records, shown)
    if proof is not None:
        apply_fork(store, proof)


def apply_fork(store: Store, proof: Fork) -> bool:
    """Keep a proof if it is the lowest for its log, and end the admissible prefix before it."""
    shown = fork_proofs.shown(proof.raw)
    if parts_from_founding(store, shown[0]):
        return False
    if not sideset.put(store, proof):
        return False
    store.changed.add("fork")
    log = ensure_log(store, proof.device, proof.lane)
    if log.fork_seq is None or proof.seq < log.fork_seq:
        store.db.execute("UPDATE log SET fork_seq = ? WHERE no = ?", [proof.seq, log.no])
        log = log_by_no(store, log.no)
        if log.head_seq > log.limit:
            truncate(store, log, log.limit)
            log = log_by_no(store, log.no)
    _keep_beside(store, log, shown)
    place_lane(store, proof.device, proof.lane)
    return True


def spare_beyond(store: Store, records: Sequence[Record]) -> None:
    """Records of a gov log beyond its prefix: erases, evidence and cited ones stay in force."""
    # Receipts first: a ballot that came with them may not be held yet when they are learned.
    for record in sorted(records, key=lambda each: each.header.kind != "receipts"):
        if sideset.spares(store, record) and signed(record, store.community):
            apply_spared(store, record)


def apply_spared(store: Store, record: Record) -> bool:
    """Keep one spared record and what it does."""
    if not sideset.put(store, spare(record)):
        return False
    learn(store, record)
    return True


def append_own(store: Store, log: Log, records: Sequence[Record]) -> None:
    """Append records this device has just signed; the last one carries its signature."""
    admit(store, log, records, _extend(store, log, records))


def place_lane(store: Store, device: bytes, lane: int) -> None:
    """Keep what waited for this log and can be placed now."""
    last = _may_keep(store, device, lane)
    while True:
        log = find_log(store, device, lane)
        entries = aside.take(store, device, lane, log, last)
        if entries is None:
            return
        try:
            keep_segment(store, device, lane, entries)
        except Invalid as error:
            note_fault(store, device.hex()[:16], error.reason)


def place_waiting(store: Store, device: bytes) -> None:
    """After a device became known: keep what waited for any of its logs."""
    for lane in LANES.values():
        place_lane(store, device, lane)
