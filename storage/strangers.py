"""Forks by devices that are in nobody's view, and what is held of such a device.

Whoever belongs can make up devices without end and fork their logs, and each proof is about another
log. So those that nobody stands for have little room, those that one person stands for a share, and
neither takes the place of the others: the lowest object ids stay, whatever the order in which they
came. With its proof goes all that is held of the log, as if nobody had heard of it, so that it can
be heard of again. Once a device is in view, the proof of its fork is none of these.

The caller holds the transaction.
"""

from __future__ import annotations

from collections import Counter

from governance.membership import CANDIDATE
from storage.rows import Log, find_log, standing_of
from storage.sideset import SHARE_BYTES
from storage.store import Store
from storage.views.registry import VIEWS

MAX_FORKS = 256  # of devices that nobody stands for
MAX_FORKS_EACH = 16  # of devices that one person stands for

NOBODY = b""


def keep_few(store: Store) -> None:
    """Let go of the proofs that have no room.

    Those that do not count, which nobody else need have, share the room that one author has.
    """
    _keep_waiting(store)
    found = _forks(store, live=True)
    kept: Counter[bytes] = Counter()
    for object_id, device, lane, _ in found if len(found) > MAX_FORKS_EACH else ():
        whose = _stands_for(store, device)
        kept[whose] += 1
        if kept[whose] > (MAX_FORKS if whose == NOBODY else MAX_FORKS_EACH):
            _let_go(store, object_id, device, lane)


def _keep_waiting(store: Store) -> None:
    size = 0
    for number, (object_id, device, lane, length) in enumerate(_forks(store, live=False)):
        size += length
        if number >= MAX_FORKS or size > SHARE_BYTES:
            _let_go(store, object_id, device, lane)


def _forks(store: Store, *, live: bool) -> list[tuple[bytes, bytes, int, int]]:
    """(object id, device, lane, bytes) of strangers' forks that count, or that don't, by id."""
    return [
        (object_id, device, int(place.split()[2]), length)
        for object_id, device, place, length in store.db.execute(
            "SELECT side.id, side.subject, side.place, length(side.raw)"
            " FROM side LEFT JOIN device ON device.key = side.subject WHERE side.sort = 'fork'"
            " AND side.live = ? AND coalesce(device.standing, 0) = 0 ORDER BY side.id",
            [live],
        )
    ]


def _let_go(store: Store, object_id: bytes, device: bytes, lane: int) -> None:
    store.db.execute("DELETE FROM side WHERE id = ?", [object_id])
    store.changed.add("side")
    forget(store, device, lane)


def _stands_for(store: Store, device: bytes) -> bytes:
    """Who enrolled this device, of those on the roll and their guests; else NOBODY.

    As the side set says it, which all have alike: a log that is in no view, and what a join in it
    proves, some have heard of and others not.
    """
    row = store.db.execute(
        "SELECT min(substr(key, 33)) FROM side WHERE subject = ? AND sort = 'enrol' AND live = 1",
        [device],
    ).fetchone()
    return NOBODY if row[0] is None else bytes(row[0])


def forget(store: Store, device: bytes, lane: int) -> None:
    """Let go of a stranger's log whose fork is proven no more. One that joined before it stays, as
    it may contest an invitation, but for what lay beside it.
    """
    log, known = find_log(store, device, lane), standing_of(store, device)
    if log is None or device == store.device or log.cut_seq is not None:
        return
    if known is not None and known[0] != CANDIDATE:
        return
    store.db.execute("DELETE FROM contested WHERE log_no = ?", [log.no])
    if _joined(store, log):
        store.db.execute("UPDATE log SET fork_seq = NULL WHERE no = ?", [log.no])
        return
    for view in VIEWS:
        view.retract(store, log.no, 0)
    store.db.execute("DELETE FROM record WHERE log_no = ?", [log.no])
    store.db.execute("DELETE FROM log WHERE no = ?", [log.no])
    store.db.execute(
        "DELETE FROM device WHERE key = ?"
        " AND NOT EXISTS (SELECT 1 FROM log WHERE device_no = device.no)",
        [device],
    )


def _joined(store: Store, log: Log) -> bool:
    query = "SELECT 1 FROM joining WHERE log_no = ? LIMIT 1"
    return store.db.execute(query, [log.no]).fetchone() is not None
