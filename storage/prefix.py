"""The admissible prefix: moving it over records that are held, and telling the views.

A record is admitted once, in order, when nothing before it is missing. What `gov` says about
erasures comes in force here, and may in turn let other logs go on.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocol.evidence import spare
from protocol.kinds.erase import Erase
from protocol.kinds.found import Found
from protocol.kinds.receipts import Receipts
from protocol.kinds.registry import content
from protocol.records import GOV, Record, signed
from protocol.segments import MAX_RECORDS
from storage import cited, erasing, sideset
from storage.rows import Log, log_by_no, records_from
from storage.store import Store
from storage.views.registry import BY_KIND, VIEWS
from storage.views.view import Item


def advance(store: Store, log: Log) -> None:
    """Admit what has become admissible after the prefix."""
    while log.prefix_seq < min(log.head_seq, log.limit):
        last = min(log.prefix_seq + MAX_RECORDS, log.limit)
        records = list(records_from(store, log.no, log.prefix_seq + 1, last))
        before = log.prefix_seq
        admit(store, log, records, None)
        log = log_by_no(store, log.no)
        if log.prefix_seq == before:
            return


def admit(store: Store, log: Log, records: Sequence[Record], first: int | None) -> None:
    """Move the prefix over `records`, which follow it, and tell the views.

    `first` is the first one's rowid when they were inserted in a row just now.
    """
    items: list[Item] = []
    last: Record | None = None
    some_erased, limit = erasing.any_erased(store), log.limit
    for offset, record in enumerate(records):
        if record.header.seq > limit:
            break
        if some_erased and erasing.is_erased(store, log.person, record):
            last = record
            if record.body is not None:
                _drop_body(store, log, record)
            continue
        if record.body is None:
            break
        last = record
        said = content(record)
        if said is not None:
            rowid = _rowid(store, log.no, record.header.seq) if first is None else first + offset
            items.append(Item(rowid, log, record, said))
    if last is None:
        return
    store.db.execute(
        "UPDATE log SET prefix_seq = ?, prefix_id = ? WHERE no = ?",
        [last.header.seq, last.id, log.no],
    )
    _tell(store, items)
    if log.lane == GOV:
        store.changed.add("gov")
        for item in items:
            learn(store, item.record)


def learn(store: Store, record: Record) -> None:
    """What a gov record says about erasures and receipts comes in force, whatever becomes of its
    log.
    """
    said, device = content(record), record.header.device
    touched: list[int] = []
    if isinstance(said, Erase):
        touched = erasing.erase(store, device, said.records)
    elif isinstance(said, Found) and record.id == store.community:
        touched = erasing.author(store, device, said.person)
    elif isinstance(said, Receipts):
        for ballot in cited.learn(store, record, said):
            if sideset.spares(store, ballot) and signed(ballot, store.community):
                sideset.put(store, spare(ballot))
    elif (person := sideset.enrolled(store, record)) is not None:
        touched = erasing.author(store, device, person)
    advance_all(store, touched)


def advance_all(store: Store, numbers: Sequence[int]) -> None:
    """`advance` for logs by number."""
    for number in numbers:
        advance(store, log_by_no(store, number))


def _tell(store: Store, items: Sequence[Item]) -> None:
    """Give each view the items of its kinds, in order."""
    by_view: dict[str, list[Item]] = {}
    for item in items:
        for view in BY_KIND.get(item.record.header.kind, ()):
            by_view.setdefault(view.name, []).append(item)
    for view in VIEWS:
        if view.name in by_view:
            view.apply(store, by_view[view.name])


def _rowid(store: Store, log_no: int, seq: int) -> int:
    row = store.db.execute(
        "SELECT rowid FROM record WHERE log_no = ? AND seq = ?", [log_no, seq]
    ).fetchone()
    return int(row[0])


def _drop_body(store: Store, log: Log, record: Record) -> None:
    store.db.execute(
        "UPDATE record SET salt = NULL, body = NULL WHERE log_no = ? AND seq = ?",
        [log.no, record.header.seq],
    )
