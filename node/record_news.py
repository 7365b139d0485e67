"""Telling of records that came into the store, by whoever wrote them."""

from __future__ import annotations

from node.events import Events
from protocol.records import read_header
from storage.store import Store

CHATTY = 50  # records of one transaction that are told one by one


class RecordNews:
    """Remembers what was told last; what was here before `begin` is no news."""

    def __init__(self, store: Store, events: Events) -> None:
        self._store = store
        self._events = events
        self._told = 0

    def begin(self) -> None:
        """What is held by now is not told."""
        self._told = self._newest()

    def tell(self) -> None:
        """An event `record` {kind, device} for each new one; {count} where they are many."""
        newest = self._newest()
        new = newest - self._told
        if 0 < new <= CHATTY:
            for (raw,) in self._store.db.execute(
                "SELECT header FROM record WHERE rowid > ? ORDER BY rowid", [self._told]
            ):
                header = read_header(raw)
                self._events.tell("record", kind=header.kind, device=header.device.hex())
        elif new > 0:
            self._events.tell("record", count=new)
        self._told = newest

    def _newest(self) -> int:
        row = self._store.db.execute("SELECT max(rowid) FROM record").fetchone()
        return int(row[0] or 0)
