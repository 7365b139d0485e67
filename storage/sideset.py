"""The side set on disk: fork proofs, contests, moves of a seat, spared records, votes' evidence.

An object competes for a *place* (a log's fork, two invitations' contest, a record); of one place
the one with the lowest (rank, key, id) counts, so that any order of arrival leaves the same set.
The key is made of the ids of the records that an object shows, so that whoever holds the records
makes the same object as its peers.

An object *counts* (`live`: is passed on, and is part of the digest) only while it says something
that the logs in view don't: `weigh` judges that from what is held, again whenever that changes,
and an object that says nothing yet waits within a limit. What an object does to logs and members
is the business of `storage.log`, `storage.objects` and `storage.contests`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from governance.membership import CANDIDATE
from protocol.codec import decode
from protocol.errors import Invalid
from protocol.evidence import (
    MAX_OBJECT,
    Contest,
    Fork,
    Rivals,
    Spared,
    read_object,
    spare,
)
from protocol.kinds.enrol import Enrol
from protocol.kinds.erase import Erase
from protocol.kinds.recall import Recall
from protocol.kinds.registry import content
from protocol.records import GOV, Record, read_entry, signed
from storage import cited, erasing, fork_proofs, rivals
from storage.rows import find_log, id_at
from storage.store import Store

MAX_SPARED = 1024  # spared records a device; of more, those with the lowest ids
MAX_EVIDENCE = 4096  # of them what votes rest on, counted apart
MAX_LOOSE = 2048  # objects that wait, and records of devices in no view; the lowest ids stay
MAX_WAITING_BYTES = 8 * 1024 * 1024  # of objects that wait
SHARE_BYTES = 1024 * 1024  # of them those about one device
CANDIDATE_RECORDS = 8  # of a device whose membership chain is not here yet

_GROUP = (  # what is limited apart; what decides whether others count comes first
    "(CASE sort WHEN 'enrol' THEN 0 WHEN 'receipts' THEN 2 WHEN 'stop' THEN 2 WHEN 'ballot' THEN 3"
    " ELSE 1 END)"
)

_APART = "('contest', 'seats', 'split', 'teller', 'double')"  # sorts that other modules judge

# What waits here, nobody else may have: it takes no room from what counts everywhere, and what is
# about strangers none from the rest. It is part of no digest, and comes again once it counts.
_TOO_MUCH = (
    "WITH each AS (SELECT side.id AS id, coalesce(standing, 0) = 0 AS strange, length(raw) AS size,"
    " sum(length(raw)) OVER (PARTITION BY subject ORDER BY side.id) AS share"
    " FROM side LEFT JOIN device ON device.key = side.subject"
    f" WHERE sort NOT IN {_APART} AND live = 0"
    " AND NOT (sort = 'fork' AND coalesce(standing, 0) = 0))"  # see `storage.strangers`
    " SELECT id FROM each WHERE share > ? UNION ALL SELECT id FROM ("
    "SELECT id, sum(size) OVER nearest AS total, row_number() OVER nearest AS count"
    " FROM each WHERE share <= ? WINDOW nearest AS (ORDER BY strange, id))"
    " WHERE total > ? OR count > ?"
)

Key = tuple[int, bytes, bytes]


def digest(store: Store) -> bytes:
    """16 bytes over the ids of all that counts, for HELLO."""
    return sha256(b"".join(ids(store))).digest()[:16]


def ids(store: Store) -> list[bytes]:
    """The ids of all that counts, in order."""
    return [row[0] for row in store.db.execute("SELECT id FROM side WHERE live = 1 ORDER BY id")]


def lacking(store: Store, wanted: Collection[bytes]) -> list[bytes]:
    """Those of `wanted` that are not here, waiting or not."""
    mine = {row[0] for row in store.db.execute("SELECT id FROM side")}
    return [object_id for object_id in wanted if object_id not in mine]


def get(store: Store, object_id: bytes) -> bytes | None:
    """An object's bytes."""
    row = store.db.execute("SELECT raw FROM side WHERE id = ?", [object_id]).fetchone()
    return None if row is None else bytes(row[0])


class _About(NamedTuple):
    """What is noted of an object beside its bytes."""

    sort: str
    subject: bytes
    place: str
    rank: int
    key: bytes


def put(store: Store, found: Fork | Contest | Rivals | Spared) -> bool:
    """Keep a checked object if it beats what holds its place; True if it is new.

    Whether it counts is for `weigh` to say. Contests of one place are all kept: which of them
    counts depends on their joins.
    """
    about = _about(store, found)
    rows = store.db.execute(
        "SELECT rank, key, id FROM side WHERE place = ?", [about.place]
    ).fetchall()
    order = (about.rank, about.key, found.id)
    if about.sort == "contest":
        if order in rows:
            return False
    elif rows:
        if min(rows) <= order:
            return False
        store.db.execute("DELETE FROM side WHERE place = ?", [about.place])
    store.db.execute(
        "INSERT INTO side (id, sort, subject, place, rank, key, live, raw)"
        " VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
        [found.id, *about, found.raw],
    )
    store.changed.add("side")
    return True


def _about(store: Store, found: Fork | Contest | Rivals | Spared) -> _About:
    match found:
        case Fork(device=device, lane=lane, seq=seq):
            place = f"fork {device.hex()} {lane}"
            return _About("fork", device, place, seq, fork_proofs.key(found))
        case Contest(records=records):
            joins = records[1::2]
            invites = sorted(content(join).invite.hex() for join in joins)
            key = b"".join(join.id for join in joins)
            return _About(
                "contest", records[0].header.device, "contest " + " ".join(invites), 0, key
            )
        case Rivals(sort=sort):
            return _About(sort, store.community, rivals.place(found), -found.attempt, found.key)
        case Spared(record=record):
            sort, key = "record", record.id
            if (said := cited.evidence(record)) is not None:
                sort, key = record.header.kind, record.id + said.open
            elif isinstance(content(record), Erase):
                sort = "erase"
            elif (person := enrolled(store, record)) is not None:
                sort, key = "enrol", record.id + person
            elif (person := recalling(store, record)) is not None:
                sort, key = "recall", record.id + person
            header = record.header
            return _About(sort, header.device, f"record {record.id.hex()}", header.seq, key)


def enrolled(store: Store, record: Record) -> bytes | None:
    """The person whose valid enrolment of its device this record is."""
    said = content(record)
    if not isinstance(said, Enrol) or record.header.seq != 1:
        return None
    try:
        said.check(store.community, record.header.device)
    except Invalid:
        return None
    return said.person


def recalling(store: Store, record: Record) -> bytes | None:
    """The person who signs a recall with this record."""
    said = content(record)
    if not isinstance(said, Recall):
        return None
    try:
        said.check(store.community)
    except Invalid:
        return None
    return said.person


def spares(store: Store, record: Record) -> bool:
    """Only erases, enrolments, recalls, what votes rest on, and what is cited, are spared."""
    if record.header.lane != GOV or record.body is None:
        return False
    certified = store.certified
    if (said := cited.evidence(record)) is not None and cited.in_force(
        store, record.header.kind, record.header.device, record.id, said.open
    ):
        return True
    return (
        isinstance(content(record), Erase)
        or (certified is not None and record.id in certified.roll.cited)
        or enrolled(store, record) is not None
        or recalling(store, record) is not None
    )


def weigh(store: Store, persons: Collection[bytes]) -> None:
    """Judge again which proofs and spared records count. `persons`: on the roll, or guests.

    A fork counts unless a cut lies below it. A record counts while no log in view holds it. Of
    devices in no view, only what everybody can know counts: the beginning of `gov`, and of
    records those for somebody in `persons`.
    """
    seen_devices = {
        row[0]
        for row in store.db.execute("SELECT key FROM device WHERE standing != ?", [CANDIDATE])
    }
    waiting = waiting_bytes = strange = 0
    for object_id, size, *about, live in store.db.execute(
        "SELECT id, length(raw), sort, subject, place, rank, key, live"
        f" FROM side WHERE sort NOT IN {_APART}"
    ).fetchall():
        noted = _About(*about)
        seen = noted.subject in seen_devices
        if noted.sort == "fork":
            counts = _fork_counts(store, noted, seen)
        else:
            counts = _record_counts(store, noted, seen, persons)
        waiting += not counts
        waiting_bytes += 0 if counts else size
        strange += counts and not seen and noted.sort != "fork"
        if counts != live:
            store.db.execute("UPDATE side SET live = ? WHERE id = ?", [counts, object_id])
    _keep_few(store)
    if waiting > MAX_LOOSE or waiting_bytes > SHARE_BYTES:
        _forget(store, _TOO_MUCH, [SHARE_BYTES, SHARE_BYTES, MAX_WAITING_BYTES, MAX_LOOSE])
    if strange > MAX_LOOSE:
        _forget_strange(store)


def _keep_few(store: Store) -> None:
    """Of one device's spared records that count only so many of a group stay."""
    counts = Counter(
        store.db.execute(
            f"SELECT subject, {_GROUP} FROM side"
            f" WHERE live = 1 AND sort NOT IN {_APART} AND sort != 'fork'"
        ).fetchall()
    )
    for group, most in enumerate((MAX_SPARED, MAX_SPARED, MAX_EVIDENCE, MAX_EVIDENCE)):
        over = [key[0] for key, count in counts.items() if key[1] == group and count > most]
        for subject in over:
            _forget(
                store,
                "SELECT id FROM side WHERE subject = ? AND live = 1"
                f" AND sort NOT IN {_APART} AND sort != 'fork' AND {_GROUP} = ?"
                " ORDER BY id LIMIT -1 OFFSET ?",
                [subject, group, most],
            )
        if over:
            return  # others may count no more; they are judged again


def is_full(store: Store, device: bytes) -> bool:
    """Whether some of a teller's receipts that no log in view holds may have been given up."""
    (count,) = store.db.execute(
        "SELECT count(*) FROM (SELECT 1 FROM side WHERE subject = ? AND live = 1"
        " AND sort IN ('receipts', 'stop') LIMIT ?)",
        [device, MAX_EVIDENCE],
    ).fetchone()
    return bool(count == MAX_EVIDENCE)


def _forget(store: Store, ids: str, values: Sequence[object]) -> None:
    """Drop the objects that a query names; what they said is not in force any more.

    Unless others say it too: so what is in force depends on what is kept, and not on what was.
    """
    named = f"FROM side WHERE id IN ({ids})"
    gone = store.db.execute(f"SELECT DISTINCT sort, subject, substr(key, 33) {named}", values)
    lost = {(sort, device, about if sort == "enrol" else b"") for sort, device, about in gone}
    store.db.execute(f"DELETE {named}", values)
    for sort, device, person in sorted(lost):
        if sort == "receipts":
            for ballot in cited.relearn(store, device, _kept(store, sort, device)):
                if spares(store, ballot) and signed(ballot, store.community):
                    put(store, spare(ballot))
        elif sort == "erase":
            erasing.unsay(store, device, _kept(store, sort, device))
        elif sort == "enrol" and not _on_the_roll(store, device, person):
            erasing.disown(store, device, person)
    store.changed.add("side")  # other objects may count no more, or again


def _kept(store: Store, sort: str, device: bytes) -> list[Record]:
    """The records of this sort by a device that are in the side set."""
    rows = store.db.execute("SELECT raw FROM side WHERE subject = ? AND sort = ?", [device, sort])
    values: list[Any] = [decode(raw, limit=MAX_OBJECT) for (raw,) in rows.fetchall()]
    return [read_entry(value[1]) for value in values]  # checked in full before they were kept


def _on_the_roll(store: Store, device: bytes, person: bytes) -> bool:
    return store.certified is not None and store.certified.roll.person_of(device) == person


def _fork_counts(store: Store, noted: _About, seen: bool) -> bool:
    lane = int(noted.place.split()[2])
    if not seen and (lane != GOV or noted.rank > CANDIDATE_RECORDS):
        return False
    log = find_log(store, noted.subject, lane)
    return log is None or log.cut_seq is None or noted.rank <= log.cut_seq


def _record_counts(store: Store, noted: _About, seen: bool, persons: Collection[bytes]) -> bool:
    certified = store.certified
    if certified is None:
        return False
    named = noted.key[:32] in certified.roll.cited
    if noted.sort == "record" and not named:
        return False
    if noted.sort in cited.KINDS and not (
        seen and (named or cited.in_force(store, noted.sort, noted.subject, *_vote(noted)))
    ):
        return False
    if not seen and noted.sort == "recall":
        return noted.key[32:] in persons  # their own key signs, on whatever device
    if not seen:
        return noted.rank <= CANDIDATE_RECORDS and _concerns(store, noted, persons)
    log = find_log(store, noted.subject, GOV)
    in_view = log is not None and noted.rank <= log.prefix_seq
    return not (in_view and log and id_at(store, log.no, noted.rank) == noted.key[:32])


def _vote(noted: _About) -> tuple[bytes, bytes]:
    """Of a piece of evidence: its record, and the `open` of its round."""
    return noted.key[:32], noted.key[32:]


def _concerns(store: Store, noted: _About, persons: Collection[bytes]) -> bool:
    """Whether a device in no view was enrolled by one of `persons`."""
    if noted.sort == "enrol":
        return noted.key[32:] in persons
    rows = store.db.execute("SELECT person FROM author WHERE device = ?", [noted.subject])
    return any(row[0] in persons for row in rows.fetchall())


def _forget_strange(store: Store) -> None:
    """About devices in no view so many records count, and no more. Forks have a room of their own
    (`storage.strangers`), which hangs on these: so what is kept depends on no order.
    """
    _forget(
        store,
        "SELECT side.id FROM side LEFT JOIN device ON device.key = side.subject"
        f" WHERE sort NOT IN {_APART} AND sort != 'fork' AND live = 1"
        " AND coalesce(standing, 0) = 0 ORDER BY side.id LIMIT -1 OFFSET ?",
        [MAX_LOOSE],
    )


def let_count(store: Store, object_id: bytes, counts: bool) -> None:
    """Whether an object counts."""
    store.db.execute("UPDATE side SET live = ? WHERE id = ?", [counts, object_id])


def drop(store: Store, object_id: bytes) -> None:
    """Forget an object that turned out to say nothing."""
    store.db.execute("DELETE FROM side WHERE id = ?", [object_id])


def spared(store: Store) -> list[Record]:
    """Every spared record, whether it counts or waits."""
    rows = store.db.execute(f"SELECT raw FROM side WHERE sort NOT IN {_APART} AND sort != 'fork'")
    found = (read_object(raw, store.community) for (raw,) in rows.fetchall())
    return [each.record for each in found if isinstance(each, Spared)]
