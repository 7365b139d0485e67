"""The log: every record that is kept passes through here, in one transaction with its views.

Invariants:
- A log's held records are contiguous from seq 1; its *admissible prefix* ends before the first
  fork, at a certified cut, or before a missing body that no erase record excuses. Views, peers
  and digests see the prefix and nothing else.
- The prefix is a function of what is held, whatever the order in which it came.
- Callers hold the write transaction (`storage.database.write`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cbor2

from governance.membership import CANDIDATE
from protocol.errors import Invalid
from protocol.evidence import Fork, Spared, fork_proof, read_object, spare
from protocol.kinds.erase import Erase
from protocol.kinds.registry import content
from protocol.records import GOV, ZERO, Record, signed
from protocol.segments import MAX_RECORDS, read_segment
from storage import erasing, sideset
from storage.rows import (
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
from storage.store import Store
from storage.views.registry import BY_KIND, VIEWS
from storage.views.view import Item

ASIDE_SEGMENTS = 2000
ASIDE_BYTES = 8 * 1024 * 1024
CANDIDATE_RECORDS = 8  # of a device whose membership chain is not here yet

KEPT, HAD, ASIDE, PARTED, FORK, IGNORED = "kept", "had", "aside", "parted", "fork", "ignored"


class Outcome(NamedTuple):
    """What became of a segment: a word above, and how many records are new."""

    word: str
    new: int


def keep_segment(store: Store, device: bytes, lane: int, entries: object) -> Outcome:
    """Check a segment as it travelled and keep what is new of it; Invalid if it is false.

    ASIDE: it can't be placed yet (a gap, or an author nobody here knows). PARTED: it does not
    follow our head, so the log forked below. FORK: it shows a fork; the proof is kept.
    """
    log = find_log(store, device, lane)
    tips = sideset.tips(store, device, lane)
    if log is not None and log.cut_id is not None:
        tips.add(log.cut_id)
    segment = read_segment(entries, community=store.community, device=device, lane=lane, tips=tips)
    return keep_checked(store, device, lane, segment.records, entries)


def keep_checked(
    store: Store, device: bytes, lane: int, records: Sequence[Record], entries: object = None
) -> Outcome:
    """Keep records that `read_segment` has passed."""
    known = standing_of(store, device)
    if lane != GOV and (known is None or known[0] == CANDIDATE):
        return put_aside(store, device, lane, records, entries)
    if lane == GOV and (known is None or known[0] == CANDIDATE):
        first = records[0]
        if first.header.seq == 1 and first.header.kind not in ("enrol", "found"):
            raise Invalid("no-enrolment", "a gov log that does not begin with an enrolment")
        if records[-1].header.seq > CANDIDATE_RECORDS:
            put_aside(store, device, lane, records, entries)
            records = [r for r in records if r.header.seq <= CANDIDATE_RECORDS]
            if not records:
                return Outcome(ASIDE, 0)
    log = ensure_log(store, device, lane)
    usable = [record for record in records if record.header.seq <= log.limit]
    if not usable:
        if lane == GOV:
            spare_beyond(store, records)
        return Outcome(IGNORED, 0)
    if usable[0].header.seq > log.head_seq + 1:
        return put_aside(store, device, lane, records, entries)
    held = [record for record in usable if record.header.seq <= log.head_seq]
    fresh = usable[len(held) :]
    if held:
        parted = _compare(store, log, held)
        if parted is not None:
            keep_fork(store, log, records[parted - records[0].header.seq :])
            return Outcome(FORK, 0)
        log = log_by_no(store, log.no)
    elif fresh[0].header.prev != log.head_id and log.head_seq != 0:
        return Outcome(PARTED, 0)
    if not fresh:
        advance(store, log)
        return Outcome(HAD, 0)
    if device == store.device:
        _copied_home(store)
    rowid = insert_records(store, log.no, fresh)
    head = fresh[-1]
    store.db.execute(
        "UPDATE log SET head_seq = ?, head_id = ?, newest_ms = ? WHERE no = ?",
        [head.header.seq, head.id, head.header.time_ms, log.no],
    )
    if log.cut_id is not None and head.header.seq == log.cut_seq and head.id != log.cut_id:
        truncate(store, log, 0)  # a branch that the certificate does not name: begin again
        return Outcome(IGNORED, 0)
    if head.header.seq < records[-1].header.seq and lane == GOV:
        spare_beyond(store, records[len(usable) :])
    if log.prefix_seq == log.head_seq:
        _admit(store, log, fresh, rowid)
    else:
        advance(store, log_by_no(store, log.no))
    _place_waiting(store, device, lane)
    return Outcome(KEPT, len(fresh))


def _compare(store: Store, log: Log, held: Sequence[Record]) -> int | None:
    """Fill what was missing of records we hold; the first seq where they differ from ours."""
    ours = records_from(store, log.no, held[0].header.seq, held[-1].header.seq)
    for mine, other in zip(ours, held, strict=True):
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


def _copied_home(store: Store) -> None:
    """Peers hold signed records of this very device that we lack: this home is an old copy.

    They are kept like anybody's, but nothing is appended any more: it would fork the log.
    """
    store.db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('copied', '1')")
    note_fault(store, "this home", "copied-home")


def advance(store: Store, log: Log) -> None:
    """Admit what has become admissible after the prefix."""
    while log.prefix_seq < min(log.head_seq, log.limit):
        last = min(log.prefix_seq + MAX_RECORDS, log.limit)
        records = list(records_from(store, log.no, log.prefix_seq + 1, last))
        before = log.prefix_seq
        _admit(store, log, records, None)
        log = log_by_no(store, log.no)
        if log.prefix_seq == before:
            return


def _admit(store: Store, log: Log, records: Sequence[Record], first: int | None) -> None:
    """Move the prefix over `records`, which follow it, and tell the views.

    `first` is the first one's rowid when they were inserted in a row just now.
    """
    items: list[Item] = []
    last: Record | None = None
    some_erased = erasing.any_erased(store)
    for offset, record in enumerate(records):
        if record.header.seq > log.limit:
            break
        if some_erased and erasing.is_erased(store, log.person, record):
            last = record
            if record.body is not None:
                _drop_body(store, log, record)
            continue
        if record.body is None:
            break
        last = record
        said = content(record)
        if said is not None:
            rowid = _rowid(store, log.no, record.header.seq) if first is None else first + offset
            items.append(Item(rowid, log, record, said))
    if last is None:
        return
    store.db.execute(
        "UPDATE log SET prefix_seq = ?, prefix_id = ? WHERE no = ?",
        [last.header.seq, last.id, log.no],
    )
    _tell(store, items)
    if log.lane == GOV:
        store.changed.add("gov")
        for item in items:
            if isinstance(item.said, Erase):
                enforce_erase(store, log.device, item.said)


def enforce_erase(store: Store, device: bytes, erase: Erase) -> None:
    """Put an authentic erasure in force, once its author's person is known."""
    known = standing_of(store, device)
    if known is None or known[1] is None:
        return
    for log_no in erasing.enforce(store, known[1], erase.records):
        log = log_by_no(store, log_no)
        if log.prefix_seq < log.head_seq:
            advance(store, log)


def enforce_erases(store: Store, gov: Log) -> None:
    """Put all erasures of a gov log in force, in its prefix and spared ones."""
    records = list(records_from(store, gov.no, 1, gov.prefix_seq))
    for (raw,) in store.db.execute(
        "SELECT raw FROM side WHERE subject = ? AND sort = 'record'", [gov.device]
    ).fetchall():
        found = read_object(raw, store.community)
        if isinstance(found, Spared):
            records.append(found.record)
    for record in records:
        said = content(record)
        if isinstance(said, Erase):
            enforce_erase(store, gov.device, said)


def _tell(store: Store, items: Sequence[Item]) -> None:
    """Give each view the items of its kinds, in order."""
    by_view: dict[str, list[Item]] = {}
    for item in items:
        for view in BY_KIND.get(item.record.header.kind, ()):
            by_view.setdefault(view.name, []).append(item)
    for view in VIEWS:
        if view.name in by_view:
            view.apply(store, by_view[view.name])


def _rowid(store: Store, log_no: int, seq: int) -> int:
    row = store.db.execute(
        "SELECT rowid FROM record WHERE log_no = ? AND seq = ?", [log_no, seq]
    ).fetchone()
    return int(row[0])


def _drop_body(store: Store, log: Log, record: Record) -> None:
    store.db.execute(
        "UPDATE record SET salt = NULL, body = NULL WHERE log_no = ? AND seq = ?",
        [log.no, record.header.seq],
    )


def truncate(store: Store, log: Log, last: int) -> None:
    """Take what lies after `last` out of every view; it is held as contested."""
    for view in VIEWS:
        view.retract(store, log.no, last)
    beyond = list(records_from(store, log.no, last + 1))
    if log.lane == GOV:
        spare_beyond(store, beyond)
        store.changed.add("gov")
    store.db.conn.executemany(
        "INSERT OR IGNORE INTO contested (log_no, seq, id, header, signature, salt, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(log.no, r.header.seq, r.id, r.raw, r.signature, r.salt, r.body) for r in beyond],
    )
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


def keep_fork(store: Store, log: Log, branch: Sequence[Record]) -> None:
    """Another branch of this log, authentic up to its last record: keep the proof, cut views.

    Nobody is blamed but the log's device: carrying a valid branch is not a fault.
    """
    seq = branch[0].header.seq
    if log.cut_seq is not None:
        return  # a certificate says which branch stands
    ours = list(records_from(store, log.no, seq, seq + MAX_RECORDS - 1))
    if log.fork_seq is not None:
        # An earlier proof cut our log short; what it shows goes on to a signature.
        ours += sideset.branch(store, log.device, log.lane)
    if ours and ours[0].id != branch[0].id:
        apply_fork(store, fork_proof(store.community, ours, branch))


def apply_fork(store: Store, proof: Fork) -> bool:
    """Keep a proof if it is the lowest for its log, and end the admissible prefix before it."""
    if not sideset.put(store, proof):
        return False
    log = ensure_log(store, proof.device, proof.lane)
    if log.fork_seq is None or proof.seq < log.fork_seq:
        store.db.execute("UPDATE log SET fork_seq = ? WHERE no = ?", [proof.seq, log.no])
        if log.cut_seq is None and log.head_seq >= proof.seq:
            truncate(store, log, proof.seq - 1)
    store.changed.add("fork")
    return True


def spare_beyond(store: Store, records: Sequence[Record]) -> None:
    """Records of a gov log beyond its prefix: erases and cited ones stay in force."""
    for record in records:
        if sideset.spares(store, record) and signed(record, store.community):
            apply_spared(store, record)


def apply_spared(store: Store, record: Record) -> bool:
    """Keep one spared record and what it does."""
    if not sideset.put(store, spare(record)):
        return False
    said = content(record)
    if isinstance(said, Erase):
        enforce_erase(store, record.header.device, said)
    return True


def append_own(store: Store, log: Log, records: Sequence[Record]) -> None:
    """Append records this device has just signed; the last one carries its signature."""
    first = insert_records(store, log.no, records)
    last = records[-1]
    store.db.execute(
        "UPDATE log SET head_seq = ?, head_id = ?, newest_ms = ? WHERE no = ?",
        [last.header.seq, last.id, last.header.time_ms, log.no],
    )
    _admit(store, log, records, first)


def put_aside(
    store: Store, device: bytes, lane: int, records: Sequence[Record], entries: object
) -> Outcome:
    """Keep a checked segment for later, within the limit; shown and passed on to nobody."""
    raw = cbor2.dumps(entries if entries is not None else [r.entry() for r in records])
    count, size = store.db.execute(
        "SELECT count(*), coalesce(sum(length(entries)), 0) FROM aside"
    ).fetchone()
    if count < ASIDE_SEGMENTS and size + len(raw) <= ASIDE_BYTES:
        store.db.execute(
            "INSERT OR REPLACE INTO aside (device, lane, seq, entries) VALUES (?, ?, ?, ?)",
            [device, lane, records[0].header.seq, raw],
        )
    return Outcome(ASIDE, 0)


def _place_waiting(store: Store, device: bytes, lane: int) -> None:
    """Keep what was set aside for this log and can be placed now."""
    while True:
        log = find_log(store, device, lane)
        head = 0 if log is None else log.head_seq
        row = store.db.execute(
            "SELECT no, entries FROM aside WHERE device = ? AND lane = ? AND seq <= ?"
            " ORDER BY seq LIMIT 1",
            [device, lane, head + 1],
        ).fetchone()
        if row is None:
            return
        store.db.execute("DELETE FROM aside WHERE no = ?", [row[0]])
        try:
            outcome = keep_segment(store, device, lane, cbor2.loads(row[1]))
        except Invalid as error:
            note_fault(store, device.hex()[:16], error.reason)
            continue
        if outcome.word == ASIDE:
            return


def place_waiting(store: Store, device: bytes) -> None:
    """After a device became known: keep what was set aside for any of its logs."""
    for lane in (0, 1, 2):
        _place_waiting(store, device, lane)
