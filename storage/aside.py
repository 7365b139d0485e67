"""Segments that can't be placed yet: ahead of our head, or by somebody nobody here knows.

They wait within a limit, shown and passed on to nobody. It is a cache and no state: what is dropped
is still lacking, so it is asked for again by sync. Each author has a share, and strangers have one
together, since they have as many keys as they like; within it the oldest make room. Where many
authors fill it all, whoever has most there makes room: nobody can take the place of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import cbor2

from governance.membership import CANDIDATE
from protocol.kinds.registry import erasable
from protocol.records import Record, read_record
from storage.rows import Log, standing_of
from storage.store import Store

MAX_SEGMENTS = 2000
MAX_BYTES = 8 * 1024 * 1024
SHARE_SEGMENTS = 250  # of one author, or of all strangers
SHARE_BYTES = 1024 * 1024

_WHOSE = "(CASE WHEN coalesce(device.standing, 0) = 0 THEN x'' ELSE aside.device END)"
_WAITING = "FROM aside LEFT JOIN device ON device.key = aside.device"


def put(store: Store, device: bytes, lane: int, records: Sequence[Record]) -> None:
    """Let checked records wait; what waited longest of their author's may have to go."""
    raw = cbor2.dumps([record.entry() for record in records])
    place = [device, lane, records[0].header.seq, records[-1].header.seq, sha256(raw).digest()]
    store.db.execute(
        "INSERT OR IGNORE INTO aside (device, lane, seq, last, digest, entries)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        [*place, raw],
    )
    _keep_to_share(store, device)
    _keep_to_whole(store)


def _keep_to_share(store: Store, device: bytes) -> None:
    """Of what waits of this author the newest that fit its share stay."""
    known = standing_of(store, device)
    whose, values = "aside.device = ?", [device]
    if known is None or known[0] == CANDIDATE:
        whose, values = f"{_WHOSE} = x''", []
    store.db.execute(
        "DELETE FROM aside WHERE no IN (SELECT no FROM ("
        " SELECT aside.no AS no, row_number() OVER newer AS count,"
        f" sum(length(entries)) OVER newer AS size {_WAITING} WHERE {whose}"
        " WINDOW newer AS (ORDER BY aside.no DESC))"
        " WHERE count > ? OR size > ?)",
        [*values, SHARE_SEGMENTS, SHARE_BYTES],
    )


def _keep_to_whole(store: Store) -> None:
    """While too much waits, whoever has most there loses the oldest of it."""
    while True:
        count, size = store.db.execute(
            "SELECT count(*), coalesce(sum(length(entries)), 0) FROM aside"
        ).fetchone()
        if count <= MAX_SEGMENTS and size <= MAX_BYTES:
            return
        most = "sum(length(entries))" if size > MAX_BYTES else "count(*)"
        store.db.execute(
            f"DELETE FROM aside WHERE no = (SELECT min(aside.no) {_WAITING} GROUP BY {_WHOSE}"
            f" ORDER BY {most} DESC, 1 LIMIT 1)"
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
