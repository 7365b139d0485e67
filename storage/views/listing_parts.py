"""All that guests may see, in parts of a bounded size, for those who fetch everything.

A part is a range of row numbers, so it stays the same part while listings come and go, and reading
one costs the same however many there are.
"""

from __future__ import annotations

from storage.store import Store

SIZE = 1000  # row numbers to a part

_SHOWN = "state = 1 AND guests = 1 AND (expires_ms IS NULL OR expires_ms > ?)"
_WITHIN = "rowid >= ? AND rowid < ?"


def count(store: Store, stop: int) -> int:
    """How many there are; counting ends at `stop`."""
    row = store.db.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM listing WHERE {_SHOWN} ORDER BY shown_ms LIMIT ?)",
        [store.now_ms(), stop],
    ).fetchone()
    return int(row[0])


def parts(store: Store) -> list[tuple[int, int]]:
    """Number of each part that holds something, and when its last listing was said."""
    (last,) = store.db.execute("SELECT coalesce(max(rowid), 0) FROM listing").fetchone()
    now = store.now_ms()
    found = []
    for number in range(last // SIZE + 1):
        row = store.db.execute(
            f"SELECT shown_ms FROM listing WHERE {_SHOWN} AND {_WITHIN}"
            " ORDER BY rowid DESC LIMIT 1",
            [now, number * SIZE, (number + 1) * SIZE],
        ).fetchone()
        if row is not None:
            found.append((number, row[0]))
    return found


def part(store: Store, number: int) -> list[tuple[bytes, int]]:
    """Id and time of each listing in a part, oldest first; empty for a part that is none."""
    rows = store.db.execute(
        f"SELECT coalesce(root, id), shown_ms FROM listing WHERE {_SHOWN} AND {_WITHIN}"
        " ORDER BY rowid",
        [store.now_ms(), number * SIZE, (number + 1) * SIZE],
    )
    return [(row[0], row[1]) for row in rows]
