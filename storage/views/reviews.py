"""Reviews: facts as they were written, and which of an order's stands.

Of the reviews of one order whose key agreed to them the highest version stands; equal versions:
the lowest id, which only who has the key could grind. Whether one counts depends on the order's
receipt, and is asked when read (`storage.reviews`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from protocol.kinds.review import Review
from storage.store import Store
from storage.views.view import Item, View

_AT_ONCE = 500  # parameters of one question to SQLite


class Row(NamedTuple):
    """A review. `agreed`: whether the order's key gave these words to `author`.

    `shown_ms`: when it was written, as it claims, or received if that is lower.
    """

    record: bytes
    author: bytes  # person
    order: bytes
    version: int
    stars: int
    text: str  # Markdown
    buyer: bytes | None
    agreed: int  # 1 or 0
    shown_ms: int


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add each review, and whether its order's key agreed to it."""
    now = store.now_ms()
    store.db.conn.executemany(
        "INSERT INTO review (rowid, log_no, seq, record, order_key, version, stars, text, buyer,"
        " by_order, agreed, shown_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                item.rowid,
                item.log.no,
                item.record.header.seq,
                item.record.id,
                item.said.order,
                item.said.version,
                item.said.stars,
                item.said.text,
                item.said.buyer,
                item.said.by_order,
                item.log.person is not None and item.said.agreed(store.community, item.log.person),
                min(item.record.header.time_ms, now),
            )
            for item in items
        ],
    )


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back a log's reviews after a seq."""
    store.db.execute("DELETE FROM review WHERE log_no = ? AND seq > ?", [log_no, after])


def erase(store: Store, rowid: int) -> None:
    """Forget an erased review."""
    store.db.execute("DELETE FROM review WHERE rowid = ?", [rowid])


def standing(store: Store, devices: Iterable[int]) -> None:
    """A device may have turned out to be another person's: the order's key signed for persons."""
    for device in devices:
        rows = store.db.execute(
            "SELECT review.rowid, person, order_key, version, stars, text, buyer, by_order"
            f" {_FROM} WHERE device.no = ?",
            [device],
        ).fetchall()
        for rowid, person, *said in rows:
            fields = ("order", "version", "stars", "text", "buyer", "by_order")
            review = Review(**dict(zip(fields, said, strict=True)))
            store.db.execute(
                "UPDATE review SET agreed = ? WHERE rowid = ?",
                [person is not None and review.agreed(store.community, person), rowid],
            )


_FROM = "FROM review JOIN log ON log.no = review.log_no JOIN device ON device.no = log.device_no"
_ROWS = (
    "SELECT record, person, order_key, version, stars, text, buyer, agreed, shown_ms"
    f" {_FROM} WHERE device.standing > 0"
)


def every(store: Store) -> list[Row]:
    """Every review by a device in view, oldest first."""
    return _read(store, _ROWS, [])


def of_orders(store: Store, orders: Iterable[bytes]) -> list[Row]:
    """The reviews of these orders by devices in view, oldest first."""
    wanted = sorted(set(orders))
    found: list[Row] = []
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        found += _read(store, f"{_ROWS} AND order_key IN ({marks})", some)
    return sorted(found, key=_age)


def get(store: Store, record: bytes) -> Row | None:
    """A review by a device in view."""
    rows = _read(store, f"{_ROWS} AND record = ?", [record])
    return rows[0] if rows else None


def newest(rows: Iterable[Row]) -> dict[bytes, Row]:
    """Order -> the review of it that stands, among those that its key agreed to."""
    found: dict[bytes, Row] = {}
    for row in sorted(rows, key=lambda row: (-row.version, row.record)):
        if row.agreed and row.buyer in (None, row.author):
            found.setdefault(row.order, row)
    return found


def _read(store: Store, question: str, values: Sequence[bytes]) -> list[Row]:
    rows = store.db.execute(question, values).fetchall()
    return sorted(map(Row._make, rows), key=_age)


def _age(row: Row) -> tuple[int, bytes]:
    return row.shown_ms, row.record


def digest(store: Store) -> Iterator[bytes]:
    """Every review by a device in view."""
    for (record,) in store.db.execute(
        f"SELECT record {_FROM} WHERE device.standing > 0 ORDER BY record"
    ):
        yield record


VIEW = View(
    name="reviews",
    kinds=("review",),
    tables=("review",),
    apply=apply,
    retract=retract,
    erase=erase,
    standing=standing,
    digest=digest,
)
