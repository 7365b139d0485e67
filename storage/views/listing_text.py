"""Full text of listings, filled in the background so that a first sync need not wait for it.

A few new listings are indexed at once; a flood is left to `index_some`, which the node calls
while it is idle. Every version is indexed by its record's rowid; queries join the standing ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cbor2

from storage.database import get_meta, set_meta
from storage.store import Store

WIPE_PAGES = 200  # of the index, in one step
AT_ONCE = 64  # new versions that are indexed in the same transaction, if their bodies are
AT_ONCE_BYTES = 64 * 1024  # no more than this together: long texts take longer than all else
STEP_BYTES = 128 * 1024  # of bodies in one step, in which nothing else is done: about 10 ms


def _reached(store: Store) -> int:
    row = store.db.execute("SELECT value FROM meta WHERE key = 'text_indexed'").fetchone()
    return 0 if row is None else int(row[0])


def _reach(store: Store, rowid: int) -> None:
    store.db.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('text_indexed', ?)", [str(rowid)]
    )


def behind(store: Store) -> int:
    """How many versions are not indexed yet; at least 1 while erased words are to be wiped."""
    row = store.db.execute(
        "SELECT count(*) FROM listing WHERE rowid > ?", [_reached(store)]
    ).fetchone()
    return int(row[0]) or int(get_meta(store.db, "text_wipe") is not None)


def after_apply(store: Store, new: int, size: int) -> None:
    """Index at once when there is little to do: so many new versions, bodies of so many bytes."""
    if new <= AT_ONCE and size <= AT_ONCE_BYTES:
        index_some(store, AT_ONCE)


def index_some(store: Store, count: int) -> int:
    """Index up to `count` versions, fewer where they are long; how many were, or 1 while erased
    words are being wiped.

    The caller holds the transaction, and calls again until 0.
    """
    rows: list[tuple[int, bytes | None]] = []
    size = 0
    for rowid, body in store.db.execute(
        "SELECT listing.rowid, record.body FROM listing JOIN record USING (rowid)"
        " WHERE listing.rowid > ? ORDER BY listing.rowid LIMIT ?",
        [_reached(store), count],
    ):
        rows.append((rowid, body))
        size += len(body or b"")
        if size >= STEP_BYTES:
            break
    if not rows:
        return _wipe_some(store)
    store.db.conn.executemany(
        "INSERT OR REPLACE INTO listing_text (rowid, title, text) VALUES (?, ?, ?)",
        [(rowid, *_texts(body)) for rowid, body in rows],
    )
    _reach(store, rows[-1][0])
    return len(rows)


def _texts(body: bytes | None) -> tuple[str, str]:
    if body is None:
        return "", ""
    said: dict[str, Any] = cbor2.loads(body)  # was decoded strictly before it came into the view
    more = [said.get(key, "") for key in ("description", "story", "category", "place", "condition")]
    more += said.get("tags") or []
    more += [variant["name"] for variant in said.get("variants") or []]
    return said["title"], "\n".join(filter(None, more))


def forget(store: Store, where: str, values: Sequence[object]) -> None:
    """Take versions out of the index; their words leave the file when it is next wiped."""
    rows = store.db.execute(f"SELECT rowid FROM listing WHERE {where}", list(values)).fetchall()
    if rows:
        store.db.conn.executemany("DELETE FROM listing_text WHERE rowid = ?", rows)
        set_meta(store.db, "text_wipe", "begin")


def _wipe_some(store: Store) -> int:
    """A step of merging the index into one, which leaves out what was deleted; 0 when done.

    FTS5 only marks words as deleted until then. See "The 'merge' command" in its documentation.
    """
    stage = get_meta(store.db, "text_wipe")
    if stage is None:
        return 0
    connection = store.db.conn
    before = connection.total_changes
    connection.execute(
        "INSERT INTO listing_text (listing_text, rank) VALUES ('merge', ?)",
        [-WIPE_PAGES if stage == "begin" else WIPE_PAGES],
    )
    if connection.total_changes - before < 2:
        connection.execute("DELETE FROM meta WHERE key = 'text_wipe'")
        return 0
    set_meta(store.db, "text_wipe", "go on")
    return 1


def step_back(store: Store, log_no: int, after: int) -> None:
    """Records of a log after a seq are about to go: their rowids will be used again.

    All of them count, not only listings: an erased one left no row in the view.
    """
    (first,) = store.db.execute(
        "SELECT min(rowid) FROM record WHERE log_no = ? AND seq > ?", [log_no, after]
    ).fetchone()
    if first is not None and first <= _reached(store):
        _reach(store, first - 1)
