"""Grants, by which makers let others sell their goods: one row a version.

Of the versions by the person who wrote the first one the highest stands; equal versions: the
lowest id, which only that person could grind. The choice is made when reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from governance.receipts import Granted
from protocol.kinds.grant import Grant
from protocol.kinds.listing import Listing
from protocol.kinds.registry import content
from storage.rows import find_record
from storage.store import Store
from storage.views.view import Item, View


class Version(NamedTuple):
    """A version of a grant with who wrote it. `root`: the first version's record."""

    record: bytes
    root: bytes
    maker: bytes
    said: Grant
    shown_ms: int


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add each version."""
    now = store.now_ms()
    store.db.conn.executemany(
        "INSERT INTO granted (rowid, log_no, seq, record, root, version, receiver, shown_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                item.rowid,
                item.log.no,
                item.record.header.seq,
                item.record.id,
                item.said.root or item.record.id,
                item.said.version,
                item.said.to,
                min(item.record.header.time_ms, now),
            )
            for item in items
        ],
    )


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back a log's versions after a seq."""
    store.db.execute("DELETE FROM granted WHERE log_no = ? AND seq > ?", [log_no, after])


_SHOWN = (
    "FROM granted JOIN log ON log.no = granted.log_no JOIN device ON device.no = log.device_no"
    " WHERE device.standing > 0"
)


def get(store: Store, record: bytes) -> Version | None:
    """A version by its record; None if it is not here, or is of a grant by somebody else."""
    row = store.db.execute(
        f"SELECT root, device.person, shown_ms {_SHOWN} AND record = ?", [record]
    ).fetchone()
    if row is None:
        return None
    root, maker, shown = row
    if root != record and not _begun_by(store, root, maker):
        return None
    return _version(store, record, root, maker, shown)


def makers(store: Store, listings: Iterable[Listing]) -> dict[bytes, bytes]:
    """Grant -> whose goods they are, for those of these listings that are on consignment."""
    named = {each.grant for each in listings}
    found = {record: get(store, record) for record in named if record is not None}
    return {record: each.maker for record, each in found.items() if each is not None}


def _begun_by(store: Store, root: bytes, maker: bytes) -> bool:
    """Whether this person wrote the first version."""
    row = store.db.execute(
        f"SELECT 1 {_SHOWN} AND record = ? AND root = record AND device.person = ?", [root, maker]
    ).fetchone()
    return row is not None


def standing(store: Store, root: bytes) -> Version | None:
    """The version of a grant that stands; None if the grant is not here."""
    begun = get(store, root)
    if begun is None or begun.root != root:
        return None
    record, shown = store.db.execute(
        f"SELECT record, shown_ms {_SHOWN} AND root = ? AND device.person = ?"
        " ORDER BY version DESC, record LIMIT 1",
        [root, begun.maker],
    ).fetchone()
    return _version(store, record, root, begun.maker, shown)


def granted(store: Store, record: bytes) -> Granted | None:
    """A version as a receipt is held against it; None if it is not here."""
    named = get(store, record)
    stands = None if named is None else standing(store, named.root)
    if named is None or stands is None:
        return None
    return Granted(named.said, named.maker, named.root, stands.said.quota)


def of_person(store: Store, person: bytes) -> list[Version]:
    """The grants by this person and to them, as they stand, newest first."""
    roots = store.db.execute(
        f"SELECT DISTINCT root {_SHOWN} AND (device.person = ? OR receiver = ?)", [person, person]
    ).fetchall()
    found = [version for (root,) in roots if (version := standing(store, root)) is not None]
    mine = [each for each in found if person in (each.maker, each.said.to)]
    return sorted(mine, key=lambda each: (-each.shown_ms, each.record))


def versions(store: Store, root: bytes) -> list[bytes]:
    """The records of all versions of a grant by its maker."""
    begun = get(store, root)
    if begun is None:
        return []
    rows = store.db.execute(
        f"SELECT record {_SHOWN} AND root = ? AND device.person = ? ORDER BY record",
        [root, begun.maker],
    )
    return [record for (record,) in rows]


def starting_with(store: Store, low: bytes, high: bytes) -> list[bytes]:
    """The roots of grants whose ids lie between these two, of the first two versions found."""
    rows = store.db.execute(
        f"SELECT DISTINCT root {_SHOWN} AND record BETWEEN ? AND ? LIMIT 2", [low, high]
    )
    return [root for (root,) in rows]


def _version(store: Store, record: bytes, root: bytes, maker: bytes, shown: int) -> Version | None:
    held = find_record(store, record)
    said = None if held is None else content(held[2])
    return Version(record, root, maker, said, shown) if isinstance(said, Grant) else None


def digest(store: Store) -> Iterator[bytes]:
    """Every version by a device in view."""
    for (record,) in store.db.execute(f"SELECT record {_SHOWN} ORDER BY record"):
        yield record


VIEW = View(
    name="grants",
    kinds=("grant",),
    tables=("granted",),
    apply=apply,
    retract=retract,
    digest=digest,
)
