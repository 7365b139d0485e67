"""Segments that can't be placed yet: ahead of our head, or by somebody nobody here knows.

They wait within a limit, shown and passed on to nobody; what finds no room comes by sync.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import cbor2

from protocol.kinds.registry import erasable
from protocol.records import Record, read_record
from storage.rows import Log
from storage.store import Store

MAX_SEGMENTS = 2000
MAX_BYTES = 8 * 1024 * 1024


def put(store: Store, device: bytes, lane: int, records: Sequence[Record]) -> None:
    """Let checked records wait, if there is room."""
    raw = cbor2.dumps([record.entry() for record in records])
    count, size = store.db.execute(
        "SELECT count(*), coalesce(sum(length(entries)), 0) FROM aside"
    ).fetchone()
    if count < MAX_SEGMENTS and size + len(raw) <= MAX_BYTES:
        store.db.execute(
            "INSERT OR IGNORE INTO aside (device, lane, seq, last, digest, entries)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [
                device,
                lane,
                records[0].header.seq,
                records[-1].header.seq,
                sha256(raw).digest(),
                raw,
            ],
        )


def take(store: Store, device: bytes, lane: int, log: Log | None, last: int) -> Any | None:
    """Entries, none after `last`, that can be placed now and no longer wait; None for none."""
    head = 0 if log is None else log.head_seq
    limit = None if log is None else log.limit
    row = store.db.execute(
        "SELECT no, entries FROM aside WHERE device = ? AND lane = ? AND last <= ?"
        " AND (seq <= ? OR seq > ?) ORDER BY seq, digest LIMIT 1",
        [device, lane, last, head + 1, limit],
    ).fetchone()
    if row is None:
        return None
    store.db.execute("DELETE FROM aside WHERE no = ?", [row[0]])
    return cbor2.loads(row[1])


def forget_bodies(store: Store, person: bytes, targets: set[bytes]) -> None:
    """Bodies that `person` erased don't wait either."""
    for no, raw in store.db.execute(
        "SELECT aside.no, entries FROM aside JOIN device ON device.key = aside.device"
        " WHERE lane != 0 AND device.person = ?",
        [person],
    ).fetchall():
        entries = cbor2.loads(raw)
        kept = [
            [e[0], e[1], None, None]
            if sha256(e[0]).digest() in targets and erasable(read_record(e[0], None, None, None))
            else e
            for e in entries
        ]
        if kept != entries:
            store.db.execute("UPDATE aside SET entries = ? WHERE no = ?", [cbor2.dumps(kept), no])
