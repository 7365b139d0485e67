"""Listings: one row a version, of which at most one per listing stands.

The standing version is the highest by a device of the first version's person; equal versions:
the lowest id, which only the owner could grind. `state` keeps that choice ready for pages; it is
recomputed for a listing whenever one of its facts comes or goes, so order does not matter.
Reading them is in `listing_queries`, the full text in `listing_text`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from governance.membership import ON_OFFER
from protocol.codec import encode
from protocol.kinds.listing import Listing
from protocol.kinds.withdraw import Withdraw
from storage import blobs
from storage.store import Store, h64
from storage.views import listing_text
from storage.views.view import Item, View

HIDDEN, OPEN, WITHDRAWN = 0, 1, 2
_SHOWN = ", ".join(map(str, ON_OFFER))
OF_ROOT = "listing.rowid IN (SELECT version FROM listing_version WHERE root64 = ?)"
"""Which rows of `listing` are versions of a listing, by the h64 of its first one's id."""


def fold(text: str) -> str:
    """How categories and places are compared."""
    return " ".join(text.casefold().split())


# A community has few of them. Of listings alone: those are short, what a page is asked may not be.
_folded = lru_cache(maxsize=4096)(fold)


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add versions and withdrawals, and choose again where that may matter."""
    now = store.now_ms()
    rows = []
    roots: set[int] = set()
    fresh: list[int] = []
    withdrawals = []
    pictures: list[tuple[object, ...]] = []
    for item in items:
        said, record = item.said, item.record
        if isinstance(said, Withdraw):
            root = h64(said.listing)
            withdrawals.append((item.log.no, record.header.seq, root, said.listing))
            roots.add(root)
            continue
        root = h64(said.root or record.id)
        if said.root is None:
            fresh.append(root)
        else:
            roots.add(root)
        rows.append(_row(item, said, root, now))
        if said.photos:
            pictures += _pictures(item.rowid, said)
    store.db.conn.executemany(
        "INSERT INTO withdrawal (log_no, seq, root64, root) VALUES (?, ?, ?, ?)", withdrawals
    )
    store.db.conn.executemany(
        "INSERT INTO listing (rowid, log_no, seq, id, root64, root, version, state, guests, mode,"
        " category, place, price, currency, expires_ms, shown_ms, claims, lat, lon)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    if pictures:
        store.db.conn.executemany(
            "INSERT OR IGNORE INTO photo (listing, hash, size, large, place)"
            " VALUES (?, ?, ?, ?, ?)",
            pictures,
        )
    roots.update(_talked_about(store, fresh))
    refresh(store, roots)
    listing_text.after_apply(store, len(rows), sum(item.record.header.body_size for item in items))


def _row(item: Item, said: Listing, root: int, now: int) -> tuple[object, ...]:
    shown = said.root is None and item.log.standing in ON_OFFER
    return (
        item.rowid,
        item.log.no,
        item.record.header.seq,
        item.record.id,
        root,
        said.root,
        said.version,
        OPEN if shown else HIDDEN,
        said.audience == "everyone",
        said.mode,
        _folded(said.category),
        _folded(said.place),
        said.price,
        said.currency,
        said.expires_ms,
        min(item.record.header.time_ms, now),
        f" {' '.join(claim.value for claim in said.values)} " if said.values else "",
        *(said.spot or (None, None)),
    )


def _pictures(rowid: int, said: Listing) -> Iterator[tuple[object, ...]]:
    """Rows of `photo`; one picture may be both sizes of a small photo, and come twice."""
    for place, photo in enumerate(said.photos):
        for large, one in enumerate((photo.small, photo.large)):
            yield rowid, one.hash, one.size, large, place


def _talked_about(store: Store, fresh: list[int]) -> Iterator[int]:
    """Of new listings, those that an edit or a withdrawal already named."""
    for start in range(0, len(fresh), 500):
        part = fresh[start : start + 500]
        marks = ", ".join("?" * len(part))
        for row in store.db.execute(
            "SELECT root64 FROM listing INDEXED BY listing_edit"
            f" WHERE root64 IN ({marks}) AND root IS NOT NULL"
            f" UNION SELECT root64 FROM withdrawal WHERE root64 IN ({marks})",
            part * 2,
        ):
            yield row[0]


def refresh(store: Store, roots: Iterable[int]) -> None:
    """Choose the standing version of each of these listings again."""
    for root in roots:
        rows = store.db.execute(
            "SELECT listing.rowid, listing.id, listing.root, version, device.person, state"
            " FROM listing JOIN log ON log.no = listing.log_no"
            " JOIN device ON device.no = log.device_no"
            f" WHERE {OF_ROOT} AND device.standing IN ({_SHOWN})",
            [root],
        ).fetchall()
        chosen: dict[int, int] = {}
        for _, first_id, first_root, _, owner, _ in rows:
            if first_root is not None:
                continue
            versions = [r for r in rows if r[4] == owner and (r[2] or r[1]) == first_id]
            best = min(versions, key=lambda r: (-r[3], r[1]))
            chosen[best[0]] = WITHDRAWN if _withdrawn(store, first_id, owner) else OPEN
        store.db.execute(f"UPDATE listing SET state = 0 WHERE {OF_ROOT} AND state != 0", [root])
        for rowid, state in chosen.items():
            store.db.execute("UPDATE listing SET state = ? WHERE rowid = ?", [state, rowid])


def _withdrawn(store: Store, root: bytes, owner: bytes) -> bool:
    return (
        store.db.execute(
            "SELECT 1 FROM withdrawal JOIN log ON log.no = withdrawal.log_no"
            " JOIN device ON device.no = log.device_no"
            f" WHERE root64 = ? AND root = ? AND person = ? AND standing IN ({_SHOWN})",
            [h64(root), root, owner],
        ).fetchone()
        is not None
    )


def _roots(store: Store, where: str, values: Sequence[object]) -> set[int]:
    rows = store.db.execute(
        f"SELECT root64 FROM listing WHERE {where}"
        f" UNION SELECT root64 FROM withdrawal WHERE {where}",
        [*values, *values],
    )
    return {row[0] for row in rows}


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back what a log said after a seq."""
    roots = _roots(store, "log_no = ? AND seq > ?", [log_no, after])
    listing_text.forget(store, "log_no = ? AND seq > ?", [log_no, after])
    listing_text.step_back(store, log_no, after)
    store.db.execute(
        "DELETE FROM photo WHERE listing IN"
        " (SELECT rowid FROM listing WHERE log_no = ? AND seq > ?)",
        [log_no, after],
    )
    store.db.execute("DELETE FROM listing WHERE log_no = ? AND seq > ?", [log_no, after])
    store.db.execute("DELETE FROM withdrawal WHERE log_no = ? AND seq > ?", [log_no, after])
    refresh(store, roots)


def erase(store: Store, rowid: int) -> None:
    """Forget an erased version, and the pictures that no other listing names."""
    row = store.db.execute("SELECT root64 FROM listing WHERE rowid = ?", [rowid]).fetchone()
    if row is None:
        return
    listing_text.forget(store, "rowid = ?", [rowid])
    named = store.db.execute("SELECT hash FROM photo WHERE listing = ?", [rowid]).fetchall()
    store.db.execute("DELETE FROM photo WHERE listing = ?", [rowid])
    store.db.execute("DELETE FROM listing WHERE rowid = ?", [rowid])
    refresh(store, [row[0]])
    blobs.forget(store, [each[0] for each in named])


def standing(store: Store, devices: Iterable[int]) -> None:
    """Devices came into view or left it: choose again for everything they spoke of."""
    for device in devices:
        where = "log_no IN (SELECT no FROM log WHERE device_no = ?)"
        refresh(store, _roots(store, where, [device]))


def digest(store: Store) -> Iterator[bytes]:
    """Each listing's standing version and whether it is withdrawn."""
    for row in store.db.execute(
        "SELECT coalesce(root, id), id, state FROM listing WHERE state != 0 ORDER BY 1, 2"
    ):
        yield encode(list(row))


VIEW = View(
    name="listings",
    kinds=("listing", "withdraw"),
    tables=("listing", "withdrawal", "photo", "listing_text"),
    apply=apply,
    retract=retract,
    erase=erase,
    standing=standing,
    digest=digest,
)
