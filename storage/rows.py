"""Reading and writing rows of the log: devices, logs and records. No rules live here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from governance.membership import CANDIDATE
from protocol.records import ZERO, Record, read_record
from storage.store import Store, h64

NO_END = 2**62


class Log(NamedTuple):
    """A row of the log table, with its device."""

    no: int
    device: bytes
    lane: int
    standing: int
    person: bytes | None
    head_seq: int
    head_id: bytes
    prefix_seq: int
    prefix_id: bytes
    fork_seq: int | None
    cut_seq: int | None
    cut_id: bytes | None

    @property
    def reached(self) -> bool:
        """Whether what is held leads to the certified cut."""
        return self.cut_seq is not None and self.head_seq == self.cut_seq

    @property
    def room(self) -> int:
        """The last seq that is held as the log itself; what lies beyond is held beside it."""
        if self.cut_seq is not None:
            return self.cut_seq
        return NO_END if self.fork_seq is None else self.fork_seq - 1

    @property
    def limit(self) -> int:
        """The last seq that may be admissible: a certified cut, else before the first fork.

        A cut names the branch that stands; until that branch is here up to the cut, a fork
        below it ends the log as any fork does, since nobody can tell which branch leads there.
        """
        if self.cut_seq is not None and not self.reached and self.fork_seq is not None:
            return min(self.cut_seq, self.fork_seq - 1)
        return self.room


_LOG = """SELECT log.no, device.key, log.lane, device.standing, device.person, head_seq, head_id,
          prefix_seq, prefix_id, fork_seq, cut_seq, cut_id
          FROM log JOIN device ON device.no = log.device_no"""


def device_no(store: Store, key: bytes) -> int:
    """The device's number; a new row if it is not known yet."""
    row = store.db.execute("SELECT no FROM device WHERE key = ?", [key]).fetchone()
    if row is None:
        row = store.db.execute("INSERT INTO device (key) VALUES (?) RETURNING no", [key]).fetchone()
    return int(row[0])


def standing_of(store: Store, key: bytes) -> tuple[int, bytes | None] | None:
    """(standing, person) of a device, or None when we have never heard of it."""
    row = store.db.execute("SELECT standing, person FROM device WHERE key = ?", [key]).fetchone()
    return None if row is None else (row[0], row[1])


def known_devices(store: Store) -> set[bytes]:
    """The keys of all devices that are, or were, a member's or a provisional member's."""
    rows = store.db.execute("SELECT key FROM device WHERE standing != ?", [CANDIDATE])
    return {row[0] for row in rows}


def find_log(store: Store, device: bytes, lane: int) -> Log | None:
    """The log, or None when nothing of it is here and nothing is certified about it."""
    row = store.db.execute(
        f"{_LOG} WHERE device.key = ? AND log.lane = ?", [device, lane]
    ).fetchone()
    return None if row is None else Log(*row)


def log_by_no(store: Store, no: int) -> Log:
    """The log with this number."""
    return Log(*store.db.execute(f"{_LOG} WHERE log.no = ?", [no]).fetchone())


def all_logs(store: Store) -> Iterator[Log]:
    """Every log, in the order of (device, lane)."""
    for row in store.db.execute(f"{_LOG} ORDER BY device.key, log.lane").fetchall():
        yield Log(*row)


def ensure_log(store: Store, device: bytes, lane: int) -> Log:
    """The log, made empty if need be."""
    found = find_log(store, device, lane)
    if found is not None:
        return found
    store.db.execute(
        "INSERT INTO log (device_no, lane, head_id, prefix_id) VALUES (?, ?, ?, ?)",
        [device_no(store, device), lane, store.community, ZERO],
    )
    made = find_log(store, device, lane)
    assert made is not None  # noqa: S101 - just inserted
    return made


_RECORD = "SELECT header, signature, salt, body FROM record"


def record_at(store: Store, log_no: int, seq: int) -> Record | None:
    """The record held at this place."""
    row = store.db.execute(f"{_RECORD} WHERE log_no = ? AND seq = ?", [log_no, seq]).fetchone()
    return None if row is None else read_record(*row)


def id_at(store: Store, log_no: int, seq: int) -> bytes | None:
    """The id held at this place."""
    row = store.db.execute(
        "SELECT header FROM record WHERE log_no = ? AND seq = ?", [log_no, seq]
    ).fetchone()
    return None if row is None else sha256(row[0]).digest()


def records_from(store: Store, log_no: int, seq: int, last: int = NO_END) -> Iterator[Record]:
    """The records held from `seq` to `last`, in order."""
    for row in store.db.execute(
        f"{_RECORD} WHERE log_no = ? AND seq BETWEEN ? AND ? ORDER BY seq", [log_no, seq, last]
    ):
        yield read_record(*row)


def find_record(store: Store, record_id: bytes) -> tuple[int, int, Record] | None:
    """(rowid, log number, record) of a held record, or None."""
    for rowid, log_no, *row in store.db.execute(
        "SELECT rowid, log_no, header, signature, salt, body FROM record WHERE h64 = ?",
        [h64(record_id)],
    ).fetchall():
        record = read_record(*row)
        if record.id == record_id:
            return rowid, log_no, record
    return None


def insert_records(store: Store, log_no: int, records: Iterable[Record]) -> int:
    """Insert records in a row; the first one's rowid.

    A place that is taken is an error, never ignored: forks must not be swallowed.
    """
    row = store.db.execute("SELECT max(rowid) FROM record").fetchone()
    first = (row[0] or 0) + 1
    store.db.conn.executemany(
        "INSERT INTO record (log_no, seq, h64, header, signature, salt, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(log_no, r.header.seq, h64(r.id), r.raw, r.signature, r.salt, r.body) for r in records],
    )
    return first


def note_fault(store: Store, who: str, reason: str) -> None:
    """Remember what somebody did wrong; the newest 200 are kept."""
    db = store.db
    if db.execute(
        "SELECT 1 FROM fault WHERE who = ? AND reason = ? ORDER BY no DESC LIMIT 1", [who, reason]
    ).fetchone():
        return
    db.execute(
        "INSERT INTO fault (at_ms, who, reason) VALUES (?, ?, ?)", [store.now_ms(), who, reason]
    )
    db.execute("DELETE FROM fault WHERE no <= (SELECT max(no) FROM fault) - 200")
