"""Proofs of two certificates on one `prev` that the side set holds: where they compete, which halt.

A proof competes for a place among others of its sort; `storage.halts` judges them.
"""

from __future__ import annotations

from protocol.evidence import SEATS, SPLIT, Rivals
from storage.store import Store


def place(found: Rivals) -> str:
    """Where a proof of two certificates competes with others: what both follow, and their kind."""
    kind = found.sort if found.sort == SPLIT else found.certificates[0].kind
    return f"{kind} {found.prev.hex()}"


def halting(store: Store) -> bytes | None:
    """The proof of two certificates that halts our chain, if one does.

    Of those that tellers made all are shown, and the one above our newest certificate halts it.
    """
    row = store.db.execute(
        "SELECT id FROM certificate ORDER BY height DESC LIMIT 1"
    ).fetchone() or (store.community,)
    found = store.db.execute(
        "SELECT raw FROM side WHERE live = 1 AND (sort = ? OR place = ?)",
        [SEATS, f"{SPLIT} {row[0].hex()}"],
    ).fetchone()
    return None if found is None else bytes(found[0])


def of_sort(store: Store, sort: str) -> list[tuple[bytes, bool]]:
    """(bytes, whether it counts) of every proof of two certificates of this sort."""
    rows = store.db.execute("SELECT raw, live FROM side WHERE sort = ? ORDER BY id", [sort])
    return [(row[0], bool(row[1])) for row in rows]


def at(store: Store, where: str) -> bytes | None:
    """The proof of two certificates that holds this place."""
    row = store.db.execute("SELECT raw FROM side WHERE place = ?", [where]).fetchone()
    return None if row is None else bytes(row[0])


def keep_waiting(store: Store, sort: str, most: int) -> None:
    """Of the objects of a sort that say nothing here yet only so many stay."""
    store.db.execute(
        "DELETE FROM side WHERE id IN (SELECT id FROM side WHERE sort = ? AND live = 0"
        " ORDER BY id LIMIT -1 OFFSET ?)",
        [sort, most],
    )
