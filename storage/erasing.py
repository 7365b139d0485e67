"""Erasures in force: which bodies every view ignores and the store deletes.

An erasure is in force when a device said so in an authentic record and a person enrolled that
device. Both facts only ever come (`erasure`, `author`), whatever becomes of the logs that held
them, so the order in which they come does not matter and none lapses. It works for the person on
records of any of their devices, and only on erasable kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from protocol.kinds.erase import Erase
from protocol.kinds.registry import content, erasable
from protocol.records import GOV, ZERO, Record
from storage import aside
from storage.branches import find
from storage.rows import find_log, find_record, id_at, log_by_no, records_from
from storage.store import Store
from storage.views.registry import VIEWS


def author(store: Store, device: bytes, person: bytes) -> list[int]:
    """`person` enrolled `device`; the logs (by number) whose prefix may now go on."""
    if _known(store, "author", "person", device, person):
        return []
    store.db.execute("INSERT INTO author (device, person) VALUES (?, ?)", [device, person])
    said = store.db.execute("SELECT target FROM erasure WHERE device = ?", [device]).fetchall()
    return enforce(store, person, [row[0] for row in said])


def disown(store: Store, device: bytes, person: bytes) -> None:
    """The roll no longer says that `person` enrolled `device`. If nothing else does, what the
    device erased in their name is theirs no more, and logs end before a body that is missing.
    """
    if _enrolled_by(store, device, person):
        return
    store.db.execute("DELETE FROM author WHERE device = ? AND person = ?", [device, person])
    _lapse(store, person)


def unsay(store: Store, device: bytes, beside: Iterable[Record]) -> None:
    """Some erase records of a device are not kept any more: only what the others name stays erased.

    `beside`: those that no log in view holds. So what is erased depends on what is kept alone.
    """
    said = list(beside)
    log = find_log(store, device, GOV)
    if log is not None:
        said += records_from(store, log.no, 1, log.prefix_seq)
    kept = {each for record in said for each in _targets(record)}
    held = store.db.execute("SELECT target FROM erasure WHERE device = ?", [device]).fetchall()
    store.db.conn.executemany(
        "DELETE FROM erasure WHERE device = ? AND target = ?",
        [(device, target) for (target,) in held if target not in kept],
    )
    for person in authors(store, device):
        _lapse(store, person)


def _targets(record: Record) -> Sequence[bytes]:
    said = content(record) if record.header.kind == "erase" else None
    return said.records if isinstance(said, Erase) else ()


def _lapse(store: Store, person: bytes) -> None:
    """What nobody says any more in this person's name is not erased."""
    gone = store.db.execute(
        "SELECT target FROM erased WHERE person = ? AND target NOT IN"
        " (SELECT target FROM erasure JOIN author USING (device) WHERE person = ?)",
        [person, person],
    ).fetchall()
    for (target,) in gone:
        store.db.execute("DELETE FROM erased WHERE target = ? AND person = ?", [target, person])
        found = find_record(store, target)
        if found is not None and found[2].body is None:
            _retreat(store, found[1], found[2].header.seq - 1)


def _enrolled_by(store: Store, device: bytes, person: bytes) -> bool:
    """Whether an authentic enrolment says so, in the log or in the side set."""
    values = [device, person]
    in_log = "SELECT 1 FROM enrolment WHERE device = ? AND person = ?"
    beside = "SELECT 1 FROM side WHERE subject = ? AND sort = 'enrol' AND substr(key, 33) = ?"
    query = store.db.execute
    return bool(query(in_log, values).fetchone() or query(beside, values).fetchone())


def _retreat(store: Store, log_no: int, last: int) -> None:
    """The log's admissible prefix ends at `last`, if it went on before; what is held stays."""
    log = log_by_no(store, log_no)
    if log.prefix_seq <= last:
        return
    for view in VIEWS:
        view.retract(store, log_no, last)
    store.db.execute(
        "UPDATE log SET prefix_seq = ?, prefix_id = ? WHERE no = ?",
        [last, id_at(store, log_no, last) or ZERO, log_no],
    )


def erase(store: Store, device: bytes, targets: Sequence[bytes]) -> list[int]:
    """`device` said that these bodies go; the logs (by number) whose prefix may now go on."""
    fresh = [t for t in targets if not _known(store, "erasure", "target", device, t)]
    store.db.conn.executemany(
        "INSERT OR IGNORE INTO erasure (device, target) VALUES (?, ?)",
        [(device, target) for target in fresh],
    )
    touched = []
    for person in authors(store, device):
        touched += enforce(store, person, fresh)
    return touched


def authors(store: Store, device: bytes) -> list[bytes]:
    """Every person who is known to have enrolled this device."""
    rows = store.db.execute("SELECT person FROM author WHERE device = ?", [device])
    return [row[0] for row in rows.fetchall()]


def _known(store: Store, table: str, column: str, device: bytes, value: bytes) -> bool:
    return (
        store.db.execute(
            f"SELECT 1 FROM {table} WHERE device = ? AND {column} = ?", [device, value]
        ).fetchone()
        is not None
    )


def enforce(store: Store, person: bytes, targets: Sequence[bytes]) -> list[int]:
    """Put erasures by `person` in force; the logs (by number) whose prefix may now go on."""
    if not targets:
        return []
    store.db.conn.executemany(
        "INSERT OR IGNORE INTO erased (target, person) VALUES (?, ?)",
        [(target, person) for target in targets],
    )
    aside.forget_bodies(store, person, set(targets))
    touched = []
    with store.wiping():
        for target in targets:
            found = find_record(store, target)
            if found is None:
                _erase_contested(store, person, target)
                continue
            rowid, log_no, record = found
            if log_by_no(store, log_no).person != person or not erasable(record):
                continue
            touched.append(log_no)
            for view in VIEWS:
                view.erase(store, rowid)
            store.db.execute("UPDATE record SET salt = NULL, body = NULL WHERE rowid = ?", [rowid])
    return touched


def enforce_again(store: Store, person: bytes) -> list[int]:
    """A device turned out to be `person`'s: what they erased goes there as well."""
    rows = store.db.execute("SELECT target FROM erased WHERE person = ?", [person])
    return enforce(store, person, [row[0] for row in rows.fetchall()])


def _erase_contested(store: Store, person: bytes, target: bytes) -> None:
    """What is held beyond a fork goes too; it is in no view."""
    record = find(store, target)
    if record is not None and erasable(record):
        store.db.execute(
            "UPDATE contested SET salt = NULL, body = NULL WHERE id = ? AND log_no IN"
            " (SELECT log.no FROM log JOIN device ON device.no = log.device_no"
            " WHERE device.person = ?)",
            [target, person],
        )


def is_erased(store: Store, person: bytes | None, record: Record) -> bool:
    """Whether the author's `person` erased this record's body, and might."""
    return (
        person is not None
        and store.db.execute(
            "SELECT 1 FROM erased WHERE target = ? AND person = ?", [record.id, person]
        ).fetchone()
        is not None
        and erasable(record)
    )


def excused(store: Store, person: bytes | None, record: Record) -> bool:
    """Whether a missing body is in order. Of an unknown person's log anybody's erasure will do:
    the log was theirs when it came into force, and is in no view now."""
    if person is not None:
        return is_erased(store, person, record)
    row = store.db.execute("SELECT 1 FROM erased WHERE target = ?", [record.id]).fetchone()
    return row is not None and erasable(record)


def any_erased(store: Store) -> bool:
    """Whether there is any erasure at all: bulk appends skip the look-up when not."""
    return store.db.execute("SELECT 1 FROM erased LIMIT 1").fetchone() is not None


def without_erased(
    store: Store, person: bytes | None, lane: int, records: Iterable[Record]
) -> Sequence[Record]:
    """The records as they may be kept: erased bodies left out."""
    some = list(records)
    if lane == GOV or person is None or not any_erased(store):
        return some
    return [
        r._replace(salt=None, body=None)
        if r.body is not None and is_erased(store, person, r)
        else r
        for r in some
    ]
