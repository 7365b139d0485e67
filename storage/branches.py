"""What is held beside a log: authentic records beyond a fork or a cut, shown nowhere.

Every branch that was seen stays here within a limit, so that a fork's proof, and the branch that a
certificate names later, depend on what is held and not on the order in which it came. Records
here hang on the log, on each other, or on something that is not here yet. Nothing in this module
touches the log itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice

from protocol.evidence import Fork, fork_proof
from protocol.records import GOV, Record, read_record, signed
from protocol.segments import MAX_RECORDS
from storage import cited
from storage.rows import Log, record_at
from storage.store import Store

MAX_HELD = 8192  # records beside one log that others may bring; sync brings what a cut names
MAX_HELD_BYTES = 8 * 1024 * 1024

_ROW = "SELECT header, signature, salt, body FROM contested"


def hold(store: Store, log: Log, records: Sequence[Record], *, own: bool = False) -> None:
    """Keep authentic records beside the log; `own` ones were part of it and know no limit.

    Beyond a cut only headers stay, up to the signature that vouches for what lies before it, and
    what a vote may rest on, since the teller's word on it may come later.
    """
    count, size = store.db.execute(
        "SELECT count(*), coalesce(sum(length(body)), 0) FROM contested WHERE log_no = ?", [log.no]
    ).fetchone()
    rows = []
    for record in _worth_holding(store, log, records):
        count, size = count + 1, size + len(record.body or b"")
        if not own and (count > MAX_HELD or size > MAX_HELD_BYTES):
            break
        if record.signature is not None and not own and not signed(record, store.community):
            record = record._replace(signature=None)  # came along unverified inside a segment
        rows.append((log.no, record.header.seq, record.id, *record.entry()))
    store.db.conn.executemany(
        "INSERT INTO contested (log_no, seq, id, header, signature, salt, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
        " signature = coalesce(excluded.signature, signature),"
        " salt = coalesce(salt, excluded.salt), body = coalesce(body, excluded.body)",
        rows,
    )


def _worth_holding(store: Store, log: Log, records: Sequence[Record]) -> Iterator[Record]:
    vouched = False
    for record in records:
        if log.cut_seq is None or record.header.seq <= log.cut_seq or _stays(store, record):
            yield record
        elif not vouched:
            yield record._replace(salt=None, body=None)
        if log.cut_seq is not None and record.header.seq > log.cut_seq and not vouched:
            vouched = signed(record, store.community)


def _stays(store: Store, record: Record) -> bool:
    """Whether a record is held whole wherever its log is cut.

    This device's own are: nobody else may have them, should the cut turn out to be void.
    """
    own = record.header.device == store.device
    return own or record.id == store.community or cited.evidence(record) is not None


def trim(store: Store, log: Log) -> None:
    """After a cut: bodies beyond it are not kept, but for what stays."""
    rows = store.db.execute(
        f"{_ROW} WHERE log_no = ? AND seq > ? AND body IS NOT NULL", [log.no, log.cut_seq]
    ).fetchall()
    some = [record for record in (read_record(*row) for row in rows) if not _stays(store, record)]
    store.db.conn.executemany(
        "UPDATE contested SET salt = NULL, body = NULL WHERE id = ?",
        [(record.id,) for record in some],
    )


def held(store: Store, log_no: int, seq: int, prev: bytes) -> Iterator[Record]:
    """The records held beside the log at this seq that hang on `prev`, in the order of their ids.

    Read one by one: a device that forks without end fills the place, and two are mostly enough.
    """
    rows = store.db.execute(
        "SELECT id FROM contested WHERE log_no = ? AND seq = ? AND instr(header, ?) ORDER BY id",
        [log_no, seq, prev],
    )
    for (record_id,) in rows:
        record = find(store, record_id)
        if record is not None and record.header.prev == prev:
            yield record


def all_held(store: Store, log_no: int) -> list[Record]:
    """All records held beside the log, in the order of their places."""
    rows = store.db.execute(f"{_ROW} WHERE log_no = ? ORDER BY seq, id", [log_no])
    return [read_record(*row) for row in rows.fetchall()]


def onward(store: Store, log: Log) -> list[Record]:
    """How the log goes on with what is held beside it, as long as only one way does.

    It ends at a valid signature, and in `gov` before a body that is missing.
    """
    tree = Tree(store, log)
    way: list[Record] = []
    signed_up_to = 0
    seq, prev = log.head_seq, log.head_id
    founding = find(store, store.community) if seq == 0 else None
    if founding is not None and founding.log == (log.device, log.lane):
        prev = founding.header.prev  # it hangs on nothing
    while seq < log.limit and len(found := list(islice(tree.after(seq + 1, prev), 2))) == 1:
        (record,) = found
        if record.header.lane == GOV and record.body is None:
            break
        way.append(record)
        if signed(record, store.community):
            signed_up_to = len(way)
        seq, prev = record.header.seq, record.id
    return way[:signed_up_to]


def find(store: Store, record_id: bytes) -> Record | None:
    """The record with this id, if it is held beside any log."""
    row = store.db.execute(f"{_ROW} WHERE id = ?", [record_id]).fetchone()
    return None if row is None else read_record(*row)


def absorb(store: Store, log: Log, records: Sequence[Record]) -> list[Record] | None:
    """Of records that become part of the log, what is still held beside it; None for nothing.

    What was held of the same records is taken over and no longer held.
    """
    first, last = records[0].header.seq, records[-1].header.seq
    beside = [log.no, first, last]
    if not store.db.execute(
        "SELECT 1 FROM contested WHERE log_no = ? AND seq BETWEEN ? AND ? LIMIT 1", beside
    ).fetchone():
        return None
    taken = []
    for record in records:
        other = find(store, record.id)
        if other is not None:
            store.db.execute("DELETE FROM contested WHERE id = ?", [record.id])
            if record.body is None:
                record = record._replace(salt=other.salt, body=other.body)
            record = record._replace(signature=record.signature or other.signature)
        taken.append(record)
    return taken


def path_to(store: Store, log: Log, record_id: bytes) -> list[Record]:
    """The records beside the log that lead from it to `record_id`; none unless all are here."""
    path: list[Record] = []
    want = record_id
    while (record := find(store, want)) is not None:
        path.append(record)
        want = record.header.prev
        if record.header.seq == 1:
            break
    if not path:
        return []
    path.reverse()
    before = path[0].header.seq - 1
    mine = record_at(store, log.no, before) if before else None
    return path if before == 0 or (mine is not None and mine.id == want) else []


class Tree:
    """The records of one log as they hang together: the log, what is beside it, and `more`."""

    def __init__(self, store: Store, log: Log, more: Sequence[Record] = ()) -> None:
        self._store, self._log = store, log
        self._more: dict[int, list[Record]] = {}
        for record in more:
            self._more.setdefault(record.header.seq, []).append(record)

    def after(self, seq: int, prev: bytes) -> Iterator[Record]:
        """The records at `seq` that hang on `prev`, in the order of their ids."""
        mine = record_at(self._store, self._log.no, seq)
        known = [*self._more.get(seq, ()), *([] if mine is None else [mine])]
        here = sorted(
            (each for each in known if each.header.prev == prev), key=lambda each: each.id
        )
        last = b""
        for each in merge(here, held(self._store, self._log.no, seq, prev), key=lambda r: r.id):
            if each.id != last:
                yield each
            last = each.id

    def run(self, first: Record, tips: Iterable[bytes] = ()) -> list[Record] | None:
        """The shortest way on from `first` to a valid signature, or to one of `tips`, or None.

        Of equally short ways that with the lowest last id. Signatures on the way are false ones.
        """
        ways = {first.id: [first]}
        ends = set(tips)
        for _ in range(MAX_RECORDS):
            for way in sorted(ways.values(), key=lambda way: way[-1].id):
                if way[-1].id in ends or signed(way[-1], self._store.community):
                    return way
            ways = {
                child.id: [*way, child]
                for way in ways.values()
                for child in self.after(way[-1].header.seq + 1, way[-1].id)
            }
            if not ways:
                return None
        return None


def fork_among(
    store: Store, log: Log, records: Sequence[Record], known: Sequence[Record] = ()
) -> Fork | None:
    """The lowest fork that these records make with what is held; None when they make none.

    Of three branches or more the two with the lowest ids prove it. `known`: what the proof at
    hand shows; a signature on its branches may shorten them.
    """
    tree = Tree(store, log, records)
    for record in records:
        if log.fork_seq is not None and record.header.seq > log.fork_seq:
            break
        if (found := _fork_at(store, tree, record)) is not None:
            return found
    last = max((record.header.seq for record in known), default=0)
    if any(log.fork_seq and log.fork_seq < r.header.seq <= last and r.signature for r in records):
        return _fork_at(store, tree, known[0])
    return None


def _fork_at(store: Store, tree: Tree, record: Record) -> Fork | None:
    """The fork at the place of this record, if others hang where it does."""
    ways = []
    for each in tree.after(record.header.seq, record.header.prev):
        way = tree.run(each)
        if way is not None:
            ways.append(way)
        if len(ways) == 2:
            return fork_proof(store.community, ways[0], ways[1])
    return None
