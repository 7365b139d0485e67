"""Opening the home's database and writing to it in one transaction at a time.

`write` takes the write lock at once (BEGIN IMMEDIATE), so that reading a head and appending to
it are one step even with several processes. SQLite's own errors leave here as `StoreError` with
a sentence that says what to do.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlite_utils import Database

from protocol.errors import StoreError
from storage.migrations import MIGRATIONS

BUSY_SECONDS = 20.0
DURABLE, FAST = "FULL", "NORMAL"


def open_database(path: Path) -> Database:
    """The database at `path`, created and migrated as needed. StoreError when it can't be."""
    with friendly():
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA wal_autocheckpoint = 4000")  # pages; a third off a sync
            connection.execute("PRAGMA cache_size = -32000")  # KiB; keeps a busy index in memory
            database = Database(connection, execute_plugins=False)  # it looks for some else
            if MIGRATIONS.pending(database):
                _migrate(database)
        except BaseException:
            connection.close()
            raise
        return database


def _migrate(database: Database) -> None:
    """Apply what is pending, one process at a time: two may open a new home together."""
    database.conn.execute("BEGIN IMMEDIATE")
    try:
        MIGRATIONS.apply(database)
    except BaseException:
        database.conn.execute("ROLLBACK")
        raise
    database.conn.execute("COMMIT")


@contextlib.contextmanager
def write(database: Database, *, sync: str = DURABLE) -> Iterator[None]:
    """One transaction; nested uses join the outer one. With DURABLE, leaving means: on disk.

    FAST survives a killed process; after a power cut the last moments may be missing, which is
    right for what peers can send again.
    """
    connection = database.conn
    if connection.in_transaction:
        yield
        return
    with friendly():
        connection.execute(f"PRAGMA synchronous = {sync}")
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")  # may fail too, as on a full disk: then nothing is kept
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@contextlib.contextmanager
def friendly() -> Iterator[None]:
    """Turn SQLite's errors into a StoreError with a sentence for the person at the keyboard."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "disk is full" in text or "disk I/O" in text:
            raise StoreError(
                "disk-full",
                "The disk is full or failing; nothing of this was kept, all before it is. "
                "Free some space and try again.",
            ) from error
        if "readonly" in text or "unable to open" in text:
            raise StoreError(
                "read-only",
                "The home can't be written to; nothing was changed. Check its owner and rights.",
            ) from error
        if "locked" in text or "busy" in text:
            raise StoreError(
                "busy", "Another process is using the store; nothing was changed. Try again."
            ) from error
        if "malformed" in text or "not a database" in text:
            raise StoreError(
                "damaged",
                "The store is damaged and was left as it is. Copy the whole home before anything "
                "else; `moothall recover` then makes a new one from your recovery file. Your "
                "neighbours hold what you published.",
            ) from error
        raise


def get_meta(database: Database, key: str) -> str | None:
    """A setting of this home, or None."""
    row = database.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchone()
    return None if row is None else str(row[0])


def set_meta(database: Database, key: str, value: str) -> None:
    """Keep a setting of this home."""
    with write(database):
        database.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [key, value])
