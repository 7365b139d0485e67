"""What this machine can do at best: the limits that everything else is compared with."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter

import cbor2
from nacl.signing import SigningKey

from benchmarks.invented import Inventor
from benchmarks.report import Line
from protocol.codec import encode
from storage.store import h64

RUNS = 3
ROWS = 30_000
BATCH = 200  # rows in a transaction, about as many as in a segment
HEADER, BODY = 190, 400  # bytes

RECORD = """
CREATE TABLE record (
    rowid INTEGER PRIMARY KEY, log_no INTEGER NOT NULL, seq INTEGER NOT NULL, h64 INTEGER NOT NULL,
    header BLOB NOT NULL, signature BLOB, salt BLOB, body BLOB, UNIQUE (log_no, seq)
) STRICT
"""
INSERT = (
    "INSERT INTO record (log_no, seq, h64, header, signature, salt, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
TEXT = "CREATE VIRTUAL TABLE words USING fts5 (title, text, tokenize = 'unicode61')"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits as numbers, medians."""

    verify: float  # Ed25519 signatures a second
    hash_small: float  # SHA-256 of 200 bytes, a second
    insert: float  # rows of the record table a second
    decode: float  # records a second, decoded and encoded again as cbor2 does it
    text: float  # listings into a bare full-text index a second
    commit_ms: float  # one small durable transaction
    start_s: float  # an interpreter that does nothing

    def sync_seconds(self, records: int, signatures: int) -> float:
        """To check and keep records: two hashes and a row each, and so many signatures."""
        return records * (1 / self.insert + 2 / self.hash_small) + signatures / self.verify

    def parsed_seconds(self, records: int, signatures: int) -> float:
        """`sync_seconds` with each record decoded, and encoded again to compare."""
        return self.sync_seconds(records, signatures) + records / self.decode


def measure(folder: Path, rows: int) -> tuple[Limits, list[Line]]:
    """Measure them all, with fewer repetitions where `rows` is below ROWS."""
    share = rows / ROWS
    key = SigningKey(os.urandom(32))
    signed = key.sign(os.urandom(82))
    verify = _rates(
        lambda: key.verify_key.verify(signed.message, signed.signature), int(2000 * share)
    )
    small, block = os.urandom(200), os.urandom(1024 * 1024)
    hash_small = _rates(lambda: sha256(small).digest(), int(50_000 * share))
    hash_large = [
        rate * 1.048576 for rate in _rates(lambda: sha256(block).digest(), int(60 * share) + 1)
    ]
    bare = [_inserts(folder / f"bare-{n}.db", rows, index=False) for n in range(RUNS)]
    insert = [_inserts(folder / f"limit-{n}.db", rows, index=True) for n in range(RUNS)]
    decode = _decoded(int(2000 * share))
    text = [_texts(folder / f"text-{n}.db", rows // 4) for n in range(RUNS)]
    commits = _commits(folder / "commits.db")
    starts = [_start() for _ in range(5)]
    limits = Limits(
        verify=median(verify),
        hash_small=median(hash_small),
        insert=median(insert),
        decode=median(decode),
        text=median(text),
        commit_ms=median(commits),
        start_s=median(starts),
    )
    lines = [
        Line(key="verify", what="Ed25519 verify", unit="/s", values=verify),
        Line(key="sha256", what="SHA-256, 1 MiB blocks", unit="MB/s", values=hash_large),
        Line(key="sha256-small", what="SHA-256, 200 bytes", unit="/s", values=hash_small),
        Line(
            key="insert-bare",
            what="bare SQLite insert, shaped like `record`",
            unit="/s",
            values=bare,
            note=f"{BATCH} rows a transaction",
        ),
        Line(
            key="insert",
            what="the same with the index on ids",
            unit="/s",
            values=insert,
            note="the limit for first sync",
        ),
        Line(
            key="decode",
            what="header and body of a listing decoded, and encoded again",
            unit="/s",
            values=decode,
        ),
        Line(key="text-insert", what="bare FTS5 insert of a listing", unit="/s", values=text),
        Line(key="commit", what="one durable commit", unit="ms", values=commits),
        Line(key="python", what="Python that does nothing", unit="s", values=starts),
    ]
    return limits, lines


def _rates(work: Callable[[], object], count: int) -> list[float]:
    found = []
    for _ in range(RUNS):
        begun = perf_counter()
        for _ in range(count):
            work()
        found.append(count / (perf_counter() - begun))
    return found


def _decoded(count: int) -> list[float]:
    """Records a second through cbor2 and back, nothing else looked at."""
    header = [1, os.urandom(32), 1, 4711, os.urandom(32), os.urandom(32), "listing", 2**40, BODY]
    made = [
        (cbor2.dumps([*header, os.urandom(32)]), encode(each.body()))
        for each in Inventor("limits").listings(count)
    ]

    def through() -> None:
        for head, body in made:
            cbor2.dumps(cbor2.loads(head))
            cbor2.dumps(cbor2.loads(body))

    return [count * rate for rate in _rates(through, 1)]


def _open(path: Path, sync: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA synchronous = {sync}")
    db.execute("PRAGMA cache_size = -32000")
    return db


def _inserts(path: Path, rows: int, *, index: bool) -> float:
    """Rows a second into a fresh file."""
    noise = os.urandom(4096 + BODY)
    made = [
        (
            1,
            seq,
            h64(sha256(seq.to_bytes(8, "big")).digest()),
            noise[seq % 4096 :][:HEADER],
            None,
            noise[:16],
            noise[seq % 4093 :][:BODY],
        )
        for seq in range(rows)
    ]
    db = _open(path, "NORMAL")
    db.execute(RECORD)
    if index:
        db.execute("CREATE INDEX record_h64 ON record (h64)")
    begun = perf_counter()
    for part in _parts(made):
        db.execute("BEGIN IMMEDIATE")
        db.executemany(INSERT, part)
        db.execute("COMMIT")
    seconds = perf_counter() - begun
    db.close()
    return rows / seconds


def _parts(made: Sequence[tuple[object, ...]]) -> Iterator[Sequence[tuple[object, ...]]]:
    for start in range(0, len(made), BATCH):
        yield made[start : start + BATCH]


def _texts(path: Path, rows: int) -> float:
    """Listings a second into a fresh full-text index."""
    made = [
        (each.title, f"{each.description}\n{each.category}\n{each.place}")
        for each in Inventor("limits").listings(rows)
    ]
    db = _open(path, "NORMAL")
    db.execute(TEXT)
    begun = perf_counter()
    for part in _parts(made):
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO words (title, text) VALUES (?, ?)", part)
        db.execute("COMMIT")
    seconds = perf_counter() - begun
    db.close()
    return rows / seconds


def _commits(path: Path) -> list[float]:
    """Milliseconds of one small transaction that is on disk afterwards."""
    db = _open(path, "FULL")
    db.execute(RECORD)
    found = []
    for seq in range(60):
        begun = perf_counter()
        db.execute(INSERT, (1, seq, seq, bytes(HEADER), bytes(64), bytes(16), bytes(BODY)))
        found.append((perf_counter() - begun) * 1000)
    db.close()
    return found


def _start() -> float:
    begun = perf_counter()
    subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)
    return perf_counter() - begun
