"""Sealed records that stand, whoever can open them: a letter counts only while its record does.

So a fork or a cut takes a letter from everybody alike who could read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from storage.store import Store
from storage.views.view import Item, View


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add each sealed record, not tried yet."""
    store.db.conn.executemany(
        "INSERT INTO sealed (rowid, log_no, seq, record, time_ms) VALUES (?, ?, ?, ?, ?)",
        [
            (
                item.rowid,
                item.log.no,
                item.record.header.seq,
                item.record.id,
                item.record.header.time_ms,
            )
            for item in items
        ],
    )


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back a log's sealed records after a seq."""
    store.db.execute("DELETE FROM sealed WHERE log_no = ? AND seq > ?", [log_no, after])


def digest(store: Store) -> Iterator[bytes]:
    """Every sealed record by a device in view."""
    for (record,) in store.db.execute(
        "SELECT record FROM sealed JOIN log ON log.no = sealed.log_no"
        " JOIN device ON device.no = log.device_no WHERE device.standing > 0 ORDER BY record"
    ):
        yield record


VIEW = View(
    name="sealed",
    kinds=("sealed",),
    tables=("sealed",),
    apply=apply,
    retract=retract,
    digest=digest,
)
