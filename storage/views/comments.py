"""What members say about proposals, ballots and newcomers; its author may erase it.

The texts that `gov` does not hold: a discussion, a ballot's reason, the answer of a person whom a
vote concerns, what speaks for somebody who was invited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from storage.store import Store
from storage.views.view import Item, View


class Remark(NamedTuple):
    """A comment. `shown_ms`: when it was written, as it claims, or received if that is lower."""

    record: bytes
    device: bytes
    person: bytes
    about: bytes
    reply: bytes | None
    text: str  # Markdown
    shown_ms: int


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add each comment."""
    now = store.now_ms()
    store.db.conn.executemany(
        "INSERT INTO comment (rowid, log_no, seq, record, about, reply, text, shown_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                item.rowid,
                item.log.no,
                item.record.header.seq,
                item.record.id,
                item.said.about,
                item.said.reply,
                item.said.text,
                min(item.record.header.time_ms, now),
            )
            for item in items
        ],
    )


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back a log's comments after a seq."""
    store.db.execute("DELETE FROM comment WHERE log_no = ? AND seq > ?", [log_no, after])


def erase(store: Store, rowid: int) -> None:
    """Forget an erased comment."""
    store.db.execute("DELETE FROM comment WHERE rowid = ?", [rowid])


_SHOWN = (
    "FROM comment JOIN log ON log.no = comment.log_no JOIN device ON device.no = log.device_no"
    " WHERE device.standing > 0"
)


def about(store: Store, records: Iterable[bytes]) -> list[Remark]:
    """The comments about any of these records by devices in view, oldest first."""
    found: list[tuple[int, int, Remark]] = []
    for record in set(records):
        for rowid, *row in store.db.execute(
            "SELECT comment.rowid, record, device.key, person, about, reply, text, shown_ms"
            f" {_SHOWN} AND about = ?",
            [record],
        ):
            remark = Remark(*row)
            found.append((remark.shown_ms, rowid, remark))
    return [remark for *_, remark in sorted(found)]


def digest(store: Store) -> Iterator[bytes]:
    """Every comment by a device in view."""
    for (record,) in store.db.execute(f"SELECT record {_SHOWN} ORDER BY record"):
        yield record


VIEW = View(
    name="comments",
    kinds=("comment",),
    tables=("comment",),
    apply=apply,
    retract=retract,
    erase=erase,
    digest=digest,
)
