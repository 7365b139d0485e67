"""What members recommend: one row a version, of which the highest by a person stands.

Equal versions: the lowest id, which only that person could grind. The choice is made when reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from governance.receipts import Recommended
from protocol.kinds.recommend import Recommend
from storage.store import Store
from storage.views.view import Item, View


class Recommendation(NamedTuple):
    """A version of a recommendation, with the person who wrote it."""

    record: bytes
    by: bytes
    said: Recommend
    shown_ms: int


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add each version."""
    now = store.now_ms()
    store.db.conn.executemany(
        "INSERT INTO recommendation"
        " (rowid, log_no, seq, record, about, is_person, version, withdrawn, shown_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                item.rowid,
                item.log.no,
                item.record.header.seq,
                item.record.id,
                item.said.subject,
                item.said.listing is None,
                item.said.version,
                item.said.withdrawn,
                min(item.record.header.time_ms, now),
            )
            for item in items
            if item.said.subject is not None
        ],
    )


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back a log's versions after a seq."""
    store.db.execute("DELETE FROM recommendation WHERE log_no = ? AND seq > ?", [log_no, after])


_SHOWN = (
    "FROM recommendation JOIN log ON log.no = recommendation.log_no"
    " JOIN device ON device.no = log.device_no WHERE device.standing > 0"
)
_COLUMNS = "record, device.person, about, is_person, version, withdrawn, shown_ms"


def _read(row: tuple[bytes, bytes, bytes, int, int, int, int]) -> Recommendation:
    record, by, about, is_person, version, withdrawn, shown = row
    said = Recommend(
        listing=None if is_person else about,
        person=about if is_person else None,
        version=version,
        withdrawn=bool(withdrawn),
    )
    return Recommendation(record, by, said, shown)


def get(store: Store, record: bytes) -> Recommendation | None:
    """A version by its record; None if it is not here."""
    row = store.db.execute(f"SELECT {_COLUMNS} {_SHOWN} AND record = ?", [record]).fetchone()
    return None if row is None else _read(row)


def recommended(store: Store, record: bytes) -> Recommended | None:
    """A version as a receipt is held against it; None if it is not here."""
    found = get(store, record)
    return None if found is None else Recommended(found.said, found.by)


def about(store: Store, subjects: Sequence[bytes]) -> list[Recommendation]:
    """What stands about any of these listings and persons, newest first."""
    marks = ", ".join("?" * len(subjects))
    rows = store.db.execute(f"SELECT {_COLUMNS} {_SHOWN} AND about IN ({marks})", list(subjects))
    return _standing(map(_read, rows))


def of_person(store: Store, person: bytes) -> list[Recommendation]:
    """What this person recommends, newest first."""
    rows = store.db.execute(f"SELECT {_COLUMNS} {_SHOWN} AND device.person = ?", [person])
    return _standing(map(_read, rows))


def newest(store: Store, person: bytes, subject: bytes) -> Recommendation | None:
    """The version that stands of what this person says of one subject, withdrawn or not."""
    row = store.db.execute(
        f"SELECT {_COLUMNS} {_SHOWN} AND about = ? AND device.person = ?"
        " ORDER BY version DESC, record LIMIT 1",
        [subject, person],
    ).fetchone()
    return None if row is None else _read(row)


def starting_with(store: Store, low: bytes, high: bytes) -> list[bytes]:
    """The ids that lie between these two, at most two of them."""
    rows = store.db.execute(
        f"SELECT record {_SHOWN} AND record BETWEEN ? AND ? LIMIT 2", [low, high]
    )
    return [record for (record,) in rows]


def _standing(some: Iterator[Recommendation]) -> list[Recommendation]:
    best: dict[tuple[bytes, bytes | None, bytes | None], Recommendation] = {}
    for each in some:
        key = each.by, each.said.listing, each.said.person
        before = best.get(key)
        if before is None or _rank(each) < _rank(before):
            best[key] = each
    found = [each for each in best.values() if not each.said.withdrawn]
    return sorted(found, key=lambda each: (-each.shown_ms, each.record))


def _rank(each: Recommendation) -> tuple[int, bytes]:
    return -each.said.version, each.record


def digest(store: Store) -> Iterator[bytes]:
    """Every version by a device in view."""
    for (record,) in store.db.execute(f"SELECT record {_SHOWN} ORDER BY record"):
        yield record


VIEW = View(
    name="recommendations",
    kinds=("recommend",),
    tables=("recommendation",),
    apply=apply,
    retract=retract,
    digest=digest,
)
