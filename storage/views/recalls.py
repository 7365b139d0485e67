"""Who signs that others should be the tellers, as `gov` logs say it; signatures are checked.

What a statement amounts to is for `storage.recalls`. That nobody can be cut off from a recall,
such records stay in force beyond forks and cuts too: see `storage.sideset`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocol.codec import encode
from protocol.errors import Invalid
from protocol.kinds.recall import plain
from storage.store import Store
from storage.views.view import Item, View


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add a row for each statement that its person signed."""
    for item in items:
        said = item.said
        try:
            said.check(store.community)
        except Invalid:
            continue
        slate = said.slate
        store.db.execute(
            "INSERT INTO recall (log_no, seq, record, person, prev, attempt, tellers, signature)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                item.log.no,
                item.record.header.seq,
                item.record.id,
                said.person,
                slate.prev,
                slate.attempt,
                encode(plain(slate.tellers)),
                said.signature,
            ],
        )


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back what a log said after a seq."""
    store.db.execute("DELETE FROM recall WHERE log_no = ? AND seq > ?", [log_no, after])


def digest(store: Store) -> Iterator[bytes]:
    """Every statement by a device in view."""
    for (record,) in store.db.execute(
        "SELECT record FROM recall JOIN log ON log.no = log_no"
        " JOIN device ON device.no = log.device_no WHERE device.standing > 0 ORDER BY record"
    ):
        yield record


VIEW = View(
    name="recalls",
    kinds=("recall",),
    tables=("recall",),
    apply=apply,
    retract=retract,
    digest=digest,
)
