"""The store of one home: its database, its community, and the certified state folded so far.

Everything that changes the log goes through `storage.log`; this module only holds what the other
storage modules share, so that they need no globals.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sqlite_utils import Database

from governance.certified import Certified
from protocol.errors import StoreError
from protocol.messages import Hello
from storage.database import DURABLE, get_meta, open_database, set_meta, write

LASTING = ("disk-full", "read-only", "damaged")  # reasons that do not pass by waiting a moment


class Trouble(NamedTuple):
    """Why nothing can be written: a word of LASTING, and since when by this machine's clock."""

    reason: str
    since_ms: int


@dataclass(kw_only=True)
class Store:
    """An open home. `now_ms` is this machine's clock, used for display and tellers only."""

    db: Database
    community: bytes
    device: bytes  # this home's own device key
    now_ms: Callable[[], int]
    certified: Certified | None = None  # cache; see storage.certificates.current
    decided: set[bytes] = field(default_factory=set)  # tips of chains that do not stand
    suspecting: tuple[int, int] | None = None  # since when, and when last, a teller was unheard of
    unreadable: bytes | None = None  # after this certificate tellers made one we can't carry out
    said: tuple[tuple[int, int], Hello] | None = None  # cache; see storage.frontier.hello
    changed: set[str] = field(default_factory=set)  # words for the service: 'gov', 'certificate'
    trouble: Trouble | None = None  # set where a write failed; for who can try again to clear

    @contextlib.contextmanager
    def transaction(self, *, sync: str = DURABLE) -> Iterator[None]:
        """One write transaction; `changed` tells afterwards what it touched."""
        if self.db.conn.in_transaction:
            yield
            return
        self.changed.clear()
        try:
            with write(self.db, sync=sync):
                yield
        except BaseException as error:
            self.certified = None  # may have been folded further than what is on disk
            if isinstance(error, StoreError) and error.reason in LASTING and self.trouble is None:
                self.trouble = Trouble(error.reason, self.now_ms())
            raise

    def version(self) -> tuple[int, int]:
        """Differs whenever something was written, by this connection or by another process."""
        (others,) = self.db.conn.execute("PRAGMA data_version").fetchone()
        return int(others), self.db.conn.total_changes

    @contextlib.contextmanager
    def wiping(self) -> Iterator[None]:
        """What is deleted inside is overwritten in the file, not only marked as free."""
        (before,) = self.db.execute("PRAGMA secure_delete").fetchone()
        self.db.execute("PRAGMA secure_delete = ON").fetchall()
        try:
            yield
        finally:
            self.db.execute(f"PRAGMA secure_delete = {before}").fetchall()

    def wipe_trail(self) -> None:
        """Empty the write-ahead log, which may still hold what was wiped, unless it is in use."""
        with contextlib.suppress(sqlite3.OperationalError):
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the file."""
        self.db.close()


def open_store(path: Path, *, device: bytes, now_ms: Callable[[], int]) -> Store:
    """The store at `path`, whose community was set by `create_store`."""
    db = open_database(path)
    community = get_meta(db, "community")
    return Store(db=db, community=bytes.fromhex(community or ""), device=device, now_ms=now_ms)


def create_store(
    path: Path, *, community: bytes, device: bytes, now_ms: Callable[[], int]
) -> Store:
    """A new store for `community`."""
    db = open_database(path)
    set_meta(db, "community", community.hex())
    return Store(db=db, community=community, device=device, now_ms=now_ms)


def h64(record_id: bytes) -> int:
    """The first 8 bytes of an id as SQLite's signed integer."""
    return int.from_bytes(record_id[:8], "big", signed=True)
