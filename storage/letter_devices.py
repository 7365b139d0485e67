"""Devices and letters: which hold our market log, and which got the keys of older letters.

All of it is this node's own notes: in no digest, and shown to nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable

from governance.membership import CERTIFIED, PROVISIONAL
from protocol.records import MARKET
from storage.database import FAST
from storage.rows import find_log
from storage.store import Store


def own_market_seq(store: Store) -> int:
    """How far this device's market log goes."""
    log = find_log(store, store.device, MARKET)
    return 0 if log is None else log.head_seq


def note_holder(store: Store, device: bytes, seq: int) -> None:
    """This device holds our market log up to `seq`: a conversation has come to its good end."""
    row = store.db.execute("SELECT seq FROM holder WHERE device = ?", [device]).fetchone()
    if seq > (0 if row is None else row[0]):
        with store.transaction(sync=FAST):
            store.db.execute("INSERT OR REPLACE INTO holder VALUES (?, ?)", [device, seq])


def holders(store: Store, seq: int) -> int:
    """How many devices are known to hold our market log up to `seq`."""
    row = store.db.execute("SELECT count(*) FROM holder WHERE seq >= ?", [seq]).fetchone()
    return int(row[0])


def begin_readers(store: Store) -> None:
    """Before this home's first letter all devices are the same: none needs keys of older ones."""
    known = store.db.execute("SELECT 1 FROM reader WHERE device = ?", [store.device]).fetchone()
    if known is None and store.device in (devices := dict(_not_noted(store))):
        note_readers(store, devices)


def new_readers(store: Store) -> list[tuple[bytes, bytes]]:
    """(device, person) of usable devices that came since they were noted last."""
    begin_readers(store)
    return [each for each in _not_noted(store) if each[0] != store.device]


def _not_noted(store: Store) -> list[tuple[bytes, bytes]]:
    rows = store.db.execute(
        "SELECT key, person FROM device WHERE standing IN (?, ?) AND person IS NOT NULL"
        " AND key NOT IN (SELECT device FROM reader) ORDER BY no",
        [PROVISIONAL, CERTIFIED],
    )
    return [(row[0], row[1]) for row in rows]


def note_readers(store: Store, devices: Iterable[bytes]) -> None:
    """These devices have got the keys of older letters, or need none."""
    with store.transaction():
        store.db.conn.executemany(
            "INSERT OR IGNORE INTO reader VALUES (?)", [(device,) for device in devices]
        )
