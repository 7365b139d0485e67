"""Erasures in force: which bodies every view ignores and the store deletes.

An erasure once in force stays, whatever later happens to the log that held it; so this only ever
adds. It works for a person on records of any of their devices, and only on erasable kinds.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocol.kinds.registry import erasable
from protocol.records import Record
from storage.rows import find_record, log_by_no
from storage.store import Store
from storage.views.registry import VIEWS


def enforce(store: Store, person: bytes, targets: Sequence[bytes]) -> list[int]:
    """Put erasures by `person` in force; the logs (by number) whose prefix may now go on."""
    store.db.conn.executemany(
        "INSERT OR IGNORE INTO erased (target, person) VALUES (?, ?)",
        [(target, person) for target in targets],
    )
    touched = []
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


def _erase_contested(store: Store, person: bytes, target: bytes) -> None:
    """What is held beyond a fork goes too; it is in no view."""
    store.db.execute(
        "UPDATE contested SET salt = NULL, body = NULL WHERE id = ? AND log_no IN"
        " (SELECT log.no FROM log JOIN device ON device.no = log.device_no"
        " WHERE log.lane != 0 AND device.person = ?)",
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


def any_erased(store: Store) -> bool:
    """Whether there is any erasure at all: bulk appends skip the look-up when not."""
    return store.db.execute("SELECT 1 FROM erased LIMIT 1").fetchone() is not None
