"""Fork proofs that the side set holds: what each shows, and which logs are proven to have forked.

A proof competes for the place of its log; `storage.sideset` keeps the one that wins.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from protocol.codec import decode
from protocol.evidence import MAX_OBJECT, Fork
from protocol.records import Record, read_header, read_record
from storage.store import Store


def key(proof: Fork) -> bytes:
    """Both first ids, then for each branch how long it is and where it ends."""
    branches = [[sha256(raw).digest() for raw, _ in b] for b in _branches(proof.raw)]
    firsts = b"".join(branch[0] for branch in branches)
    return firsts + b"".join(len(b).to_bytes(2, "big") + b[-1] for b in branches)


def proof_of(store: Store, device: bytes, lane: int) -> bytes | None:
    """The bytes of the proof that this log forked."""
    row = store.db.execute(
        "SELECT raw FROM side WHERE place = ?", [f"fork {device.hex()} {lane}"]
    ).fetchone()
    return None if row is None else bytes(row[0])


def tips(store: Store, device: bytes, lane: int) -> set[bytes]:
    """The id in this log that a fork proof makes authentic: what both branches hang on."""
    raw = proof_of(store, device, lane)
    return set() if raw is None else {read_header(_branches(raw)[0][0][0]).prev}


def shown(proof: bytes) -> list[Record]:
    """The records of both branches of a proof, headers only, in the order of their seqs."""
    records = [
        read_record(raw, signature, None, None)
        for branch in _branches(proof)
        for raw, signature in branch
    ]
    return sorted(records, key=lambda record: (record.header.seq, record.id))


def forks(store: Store) -> list[tuple[bytes, int, int]]:
    """(device, lane, seq) of every proven fork that no certificate has settled."""
    rows = store.db.execute(
        "SELECT rank, place FROM side WHERE sort = 'fork' AND live = 1 ORDER BY place"
    )
    return [(bytes.fromhex(p.split()[1]), int(p.split()[2]), rank) for rank, p in rows]


def drop(store: Store, device: bytes, lane: int) -> None:
    """Forget the proof of a log's fork."""
    store.db.execute("DELETE FROM side WHERE place = ?", [f"fork {device.hex()} {lane}"])


def _branches(raw: bytes) -> list[Any]:
    proof: Any = decode(raw, limit=MAX_OBJECT)  # checked in full before it was kept
    return [proof[4], proof[5]]
