"""The side set on disk: fork proofs, contests and spared records.

An object competes for a *place* (a log's fork, a slot's contest, a record); of one place the
lowest (rank, id) stays, so that any order of arrival leaves the same set. What an object does to
logs and members is the business of `storage.log` and `storage.objects`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from protocol.codec import decode
from protocol.evidence import MAX_OBJECT, Contest, Fork, SideObject, Spared
from protocol.kinds.erase import Erase
from protocol.kinds.registry import content
from protocol.records import Record, read_header, read_record
from storage.rows import standing_of
from storage.store import Store

MAX_SPARED = 1024  # spared records a device; of more, those with the lowest ids


def digest(store: Store) -> bytes:
    """16 bytes over all ids, for HELLO."""
    rows = store.db.execute("SELECT id FROM side ORDER BY id")
    return sha256(b"".join(row[0] for row in rows)).digest()[:16]


def ids(store: Store) -> list[bytes]:
    """All ids, in order."""
    return [row[0] for row in store.db.execute("SELECT id FROM side ORDER BY id")]


def get(store: Store, object_id: bytes) -> bytes | None:
    """An object's bytes."""
    row = store.db.execute("SELECT raw FROM side WHERE id = ?", [object_id]).fetchone()
    return None if row is None else bytes(row[0])


def put(store: Store, found: SideObject) -> bool:
    """Keep a checked object if it is wanted and beats what holds its place; True if it is new.

    A fork or a spared record of a device that nobody here knows is not kept: sync brings it
    again once the device's log is here.
    """
    subject, rank = _subject(found), 0
    match found:
        case Fork():
            sort, rank = "fork", found.seq
            place = f"fork {found.device.hex()} {found.lane}"
        case Contest():
            invites = sorted(content(join).invite for join in found.records[1::2])
            sort, place = "contest", f"contest {invites[0].hex()}"
        case Spared():
            sort, place = "record", f"record {found.record.id.hex()}"
            if not spares(store, found.record):
                return False
    if sort != "contest" and standing_of(store, subject) is None:
        return False
    other = store.db.execute("SELECT rank, id FROM side WHERE place = ?", [place]).fetchone()
    if other is not None:
        if (other[0], other[1]) <= (rank, found.id):
            return False
        store.db.execute("DELETE FROM side WHERE place = ?", [place])
    store.db.execute(
        "INSERT INTO side (id, sort, subject, place, rank, raw) VALUES (?, ?, ?, ?, ?, ?)",
        [found.id, sort, subject, place, rank, found.raw],
    )
    if sort == "record":
        store.db.execute(
            "DELETE FROM side WHERE id IN (SELECT id FROM side WHERE subject = ?"
            " AND sort = 'record' ORDER BY id LIMIT -1 OFFSET ?)",
            [subject, MAX_SPARED],
        )
    return True


def _subject(found: SideObject) -> bytes:
    match found:
        case Fork(device=device):
            return device
        case Contest(records=records):
            return records[0].header.device
        case Spared(record=record):
            return record.header.device


def spares(store: Store, record: Record) -> bool:
    """Only erases, and records that a certificate cites, are spared."""
    if isinstance(content(record), Erase):
        return True
    return store.certified is not None and record.id in store.certified.roll.cited


def tips(store: Store, device: bytes, lane: int) -> set[bytes]:
    """The id in this log that a fork proof makes authentic: what both branches hang on."""
    row = store.db.execute(
        "SELECT raw FROM side WHERE place = ?", [f"fork {device.hex()} {lane}"]
    ).fetchone()
    if row is None:
        return set()
    return {read_header(_proof_branch(row[0])[0][0]).prev}


def branch(store: Store, device: bytes, lane: int) -> list[Record]:
    """One branch of this log's fork proof, headers only, up to its signature."""
    row = store.db.execute(
        "SELECT raw FROM side WHERE place = ?", [f"fork {device.hex()} {lane}"]
    ).fetchone()
    if row is None:
        return []
    return [read_record(raw, signature, None, None) for raw, signature in _proof_branch(row[0])]


def _proof_branch(raw: bytes) -> list[Any]:
    proof: Any = decode(raw, limit=MAX_OBJECT)  # checked in full before it was kept
    chosen: list[Any] = proof[4]
    return chosen


def forks(store: Store) -> list[tuple[bytes, int, int]]:
    """(device, lane, seq) of every proven fork."""
    rows = store.db.execute("SELECT rank, place FROM side WHERE sort = 'fork' ORDER BY place")
    return [(bytes.fromhex(p.split()[1]), int(p.split()[2]), rank) for rank, p in rows]
