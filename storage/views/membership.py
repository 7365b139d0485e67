"""Facts about membership, as the `gov` logs state them; what they amount to is settled elsewhere.

A row counts only as far as `governance.membership` lets it: an invitation by a device that is
not certified stays a row without effect. Proofs of joins are verified when a slot is settled,
since the invitation may arrive after the join.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocol.codec import encode
from protocol.errors import Invalid
from protocol.kinds.confirm import Confirm
from protocol.kinds.enrol import Enrol
from protocol.kinds.found import Found
from protocol.kinds.invite import Invite
from protocol.kinds.join import Join
from protocol.kinds.leave import Leave
from storage.store import Store
from storage.views.view import Item, View

JOIN_SEQ = 2  # a newcomer's gov log begins with enrol and join
TABLES = ("enrolment", "invitation", "joining", "confirmation", "leaving")


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add a row for each fact that is true on its own."""
    now = store.now_ms()
    for item in items:
        header, record = item.record.header, item.record
        at = (item.log.no, header.seq, header.device)
        match item.said:
            case Found() | Enrol():
                _enrol(store, item)
            case Invite(slot=slot, round=round_, key=key):
                _insert(store, "invitation", (*at, slot, round_, key, record.id))
            case Join(invite=invite, proof=proof):
                if header.seq == JOIN_SEQ:
                    _insert(store, "joining", (*at, invite, proof, record.id))
            case Confirm(slot=slot, round=round_, join=join):
                _insert(store, "confirmation", (*at, slot, round_, join))
            case Leave(heads=heads):
                _insert(store, "leaving", (*at, encode([list(h) for h in heads]), record.id))
        store.db.execute(
            "INSERT OR IGNORE INTO seen (record, at_ms) VALUES (?, ?)", [record.id, now]
        )


def _enrol(store: Store, item: Item) -> None:
    """An enrolment counts at the start of a gov log, with the person key's valid signature."""
    header, said = item.record.header, item.said
    if header.seq != 1:
        return
    try:
        if isinstance(said, Found):
            said.check(header.device)
        else:
            said.check(store.community, header.device)
    except Invalid:
        return
    _insert(
        store,
        "enrolment",
        (item.log.no, header.seq, header.device, said.person, item.record.id),
    )
    store.db.execute(
        "UPDATE device SET person = ? WHERE key = ? AND person IS NULL",
        [said.person, header.device],
    )


_COLUMNS = {
    "enrolment": "log_no, seq, device, person, record",
    "invitation": "log_no, seq, device, slot, round, key, record",
    "joining": "log_no, seq, device, invite, proof, record",
    "confirmation": "log_no, seq, device, slot, round, joined",
    "leaving": "log_no, seq, device, heads, record",
}


def _insert(store: Store, table: str, values: tuple[object, ...]) -> None:
    marks = ", ".join("?" * len(values))
    store.db.execute(
        f"INSERT INTO {table} ({_COLUMNS[table]}) VALUES ({marks})",
        list(values),
    )


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back the facts of a log after a seq."""
    for table in TABLES:
        store.db.execute(
            f"DELETE FROM {table} WHERE log_no = ? AND seq > ?",
            [log_no, after],
        )


def digest(store: Store) -> Iterator[bytes]:
    """Every device in view with its standing and person."""
    for row in store.db.execute(
        "SELECT key, standing, person FROM device WHERE standing > 0 ORDER BY key"
    ):
        yield encode(list(row))


VIEW = View(
    name="membership",
    kinds=("found", "enrol", "invite", "join", "confirm", "leave"),
    tables=TABLES,
    apply=apply,
    retract=retract,
    digest=digest,
)
