"""Checking the store from the ground up, and building the views again.

`verify` trusts nothing that is derived: it hashes, follows the chains and checks signatures.
`rebuild` empties every view and fills it from the log, which must give the same digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from protocol.errors import Invalid, StoreError, Term
from protocol.records import GOV, read_record, signed
from storage import blobs, certificates, cited, digest, erasing, halts, sideset
from storage.prefix import advance, learn
from storage.rows import Log, all_logs, log_by_no
from storage.standing import settle
from storage.store import Store, h64
from storage.views.registry import VIEWS

Progress = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    """No progress wanted."""


def verify(store: Store, progress: Progress = _silent) -> tuple[int, list[StoreError]]:
    """(records checked, what is wrong). Faults are given, not raised: one hides no other."""
    (total,) = store.db.execute("SELECT count(*) FROM record").fetchone()
    faults = list(certificates.verify_chain(store))
    done = 0
    for each in all_logs(store):
        for fault in _verify_log(store, each):
            if fault is not None:
                faults.append(fault)
            else:
                done += 1
                if done % 500 == 0:
                    progress(done, total)
    faults += halts.verify(store)
    for name in blobs.damaged(store):
        faults.append(
            StoreError("damaged", "picture %(name)s: its bytes are damaged", name=name.hex()[:16])
        )
    (check,) = store.db.execute("PRAGMA quick_check").fetchone()
    if check != "ok":
        faults.append(StoreError("damaged", "database: %(why)s", why=check))
    progress(total, total)
    return done, faults


def _verify_log(store: Store, each: Log) -> Iterator[StoreError | None]:
    """None for each record, an error for each fault."""
    log = f"{each.device.hex()[:16]}/{each.lane}"
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
                yield StoreError(
                    "damaged",
                    "log %(log)s: record %(at)s: %(why)s",
                    log=log,
                    at=at,
                    why=Term(error),
                )
                previous, seq = b"", at
                continue
            header = record.header
            if at != seq + 1:
                yield StoreError(
                    "damaged",
                    "log %(log)s: record %(at)s follows %(before)s",
                    log=log,
                    at=at,
                    before=seq,
                )
            if (header.seq, header.lane, header.device) != (at, each.lane, each.device):
                yield StoreError(
                    "damaged", "log %(log)s: record %(at)s belongs elsewhere", log=log, at=at
                )
            if at > 1 and header.prev != previous:
                yield StoreError(
                    "damaged",
                    "log %(log)s: record %(at)s does not follow the one before it",
                    log=log,
                    at=at,
                )
            if h64(record.id) != prefix:
                yield StoreError(
                    "damaged",
                    "log %(log)s: record %(at)s is filed under another id",
                    log=log,
                    at=at,
                )
            needed = body is None and at <= each.prefix_seq
            if needed and not erasing.excused(store, each.person, record):
                yield StoreError(
                    "damaged", "log %(log)s: the body of record %(at)s is missing", log=log, at=at
                )
            if each.lane == GOV and not signed(record, store.community):
                yield StoreError(
                    "damaged", "log %(log)s: record %(at)s is not validly signed", log=log, at=at
                )
            elif signature is not None and signed(record, store.community):
                last_signed = at
            previous, seq = record.id, at
    if seq != each.head_seq or (seq and previous != each.head_id):
        yield StoreError(
            "damaged",
            "log %(log)s: ends at %(at)s, not at %(noted)s as noted",
            log=log,
            at=seq,
            noted=each.head_seq,
        )
    authentic = max(last_signed, _tip(store, each))
    if each.prefix_seq > authentic:
        yield StoreError(
            "damaged",
            "log %(log)s: records after %(at)s are covered by no signature",
            log=log,
            at=authentic,
        )


def _tip(store: Store, each: Log) -> int:
    """The seq that a certificate or a fork proof makes authentic."""
    if each.cut_seq is not None:
        return each.cut_seq
    return (each.fork_seq or 1) - 1


def rebuild(store: Store, progress: Progress = _silent) -> tuple[int, str]:
    """Build every view again from the log; (number of views, digest).

    StoreError `damaged` where a record can't be read; then all is as it was.
    """
    try:
        return _rebuild(store, progress)
    except Invalid as error:
        raise StoreError(
            "damaged",
            "An entry that is kept here is damaged, so nothing was changed. Make a copy of the "
            "home before anything else; your neighbours hold what you published.",
        ) from error


def _rebuild(store: Store, progress: Progress) -> tuple[int, str]:
    with store.transaction():
        for view in VIEWS:
            for table in view.tables:
                store.db.execute(f"DELETE FROM {table}")
        for table in ("author", "erasure", "erased", "receipted"):
            store.db.execute(f"DELETE FROM {table}")
        store.db.execute("DELETE FROM meta WHERE key = 'text_indexed'")
        store.db.execute("UPDATE device SET standing = 0, person = NULL")
        store.db.execute("UPDATE log SET prefix_seq = 0, prefix_id = zeroblob(32)")
        store.db.execute("UPDATE side SET live = 0")
        store.certified = None
        state = certificates.current(store)
        cited.rebuild(store, state)
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
