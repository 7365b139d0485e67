"""Checking the store from the ground up, and building the views again.

`verify` trusts nothing that is derived: it hashes, follows the chains and checks signatures.
`rebuild` empties every view and fills it from the log, which must give the same digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from protocol.errors import Invalid
from protocol.records import GOV, read_record, signed
from storage import blobs, certificates, digest, erasing, sideset
from storage.prefix import advance, learn
from storage.rows import Log, all_logs, log_by_no
from storage.standing import settle
from storage.store import Store, h64
from storage.views.registry import VIEWS

Progress = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    """No progress wanted."""


def verify(store: Store, progress: Progress = _silent) -> tuple[int, list[str]]:
    """(records checked, sentences for what is wrong)."""
    (total,) = store.db.execute("SELECT count(*) FROM record").fetchone()
    faults = list(certificates.verify_chain(store))
    done = 0
    for each in all_logs(store):
        for fault in _verify_log(store, each):
            if isinstance(fault, str):
                faults.append(f"log {each.device.hex()[:16]}/{each.lane}: {fault}")
            else:
                done += 1
                if done % 500 == 0:
                    progress(done, total)
    faults += [f"picture {name.hex()[:16]}: its bytes are damaged" for name in blobs.damaged(store)]
    (check,) = store.db.execute("PRAGMA quick_check").fetchone()
    if check != "ok":
        faults.append(f"database: {check}")
    progress(total, total)
    return done, faults


def _verify_log(store: Store, each: Log) -> Iterator[str | None]:
    """None for each record, a sentence for each fault."""
    previous, seq = store.community, 0
    last_signed = 0
    # Read in slices: a long-open cursor would hold back the database's housekeeping.
    while True:
        rows = store.db.execute(
            "SELECT seq, h64, header, signature, salt, body FROM record"
            " WHERE log_no = ? AND seq > ? ORDER BY seq LIMIT 500",
            [each.no, seq],
        ).fetchall()
        if not rows:
            break
        for at, prefix, raw, signature, salt, body in rows:
            yield None
            try:
                record = read_record(raw, signature, salt, body)
            except Invalid as error:
                yield f"record {at}: {error}"
                previous, seq = b"", at
                continue
            header = record.header
            if at != seq + 1:
                yield f"record {at} follows {seq}"
            if (header.seq, header.lane, header.device) != (at, each.lane, each.device):
                yield f"record {at} belongs elsewhere"
            if at > 1 and header.prev != previous:
                yield f"record {at} does not follow the one before it"
            if h64(record.id) != prefix:
                yield f"record {at} is filed under another id"
            needed = body is None and at <= each.prefix_seq
            if needed and not erasing.excused(store, each.person, record):
                yield f"the body of record {at} is missing"
            if each.lane == GOV and not signed(record, store.community):
                yield f"record {at} is not validly signed"
            elif signature is not None and signed(record, store.community):
                last_signed = at
            previous, seq = record.id, at
    if seq != each.head_seq or (seq and previous != each.head_id):
        yield f"ends at {seq}, not at {each.head_seq} as noted"
    authentic = max(last_signed, _tip(store, each))
    if each.prefix_seq > authentic:
        yield f"records after {authentic} are covered by no signature"


def _tip(store: Store, each: Log) -> int:
    """The seq that a certificate or a fork proof makes authentic."""
    if each.cut_seq is not None:
        return each.cut_seq
    return (each.fork_seq or 1) - 1


def rebuild(store: Store, progress: Progress = _silent) -> tuple[int, str]:
    """Build every view again from the log; (number of views, digest)."""
    with store.transaction():
        for view in VIEWS:
            for table in view.tables:
                store.db.execute(f"DELETE FROM {table}")
        for table in ("author", "erasure", "erased"):
            store.db.execute(f"DELETE FROM {table}")
        store.db.execute("DELETE FROM meta WHERE key = 'text_indexed'")
        store.db.execute("UPDATE device SET standing = 0, person = NULL")
        store.db.execute("UPDATE log SET prefix_seq = 0, prefix_id = zeroblob(32)")
        store.db.execute("UPDATE side SET live = 0")
        store.certified = None
        state = certificates.current(store)
        if state is not None:
            certificates.learn_authors(store, state.roll.persons)
        logs = sorted(all_logs(store), key=lambda each: each.lane != GOV)
        for number, each in enumerate(logs):
            if each.lane != GOV and number and logs[number - 1].lane == GOV:
                _settle_again(store)
            advance(store, log_by_no(store, each.no))
            progress(number + 1, len(logs))
        _settle_again(store)
    return len(VIEWS), digest.digest(store)


def _settle_again(store: Store) -> None:
    """Who belongs, after what spared records say about erasures."""
    for record in sideset.spared(store):
        learn(store, record)
    store.changed.add("gov")
    settle(store)
