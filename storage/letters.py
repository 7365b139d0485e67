"""The letters that this device could open, as they lie in its store: unreadable without its key.

`pending` gives sealed records that nobody has tried here, `opened` opens them in any thread, and
`file` keeps what came of it. What a letter says lies in a secret box under the home's *letters
key*, which is not in the store; beside it, in clear, only which thread it belongs to. A letter is
read while its record stands (`storage.views.sealed`), so that all who can read it see the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from governance.membership import CERTIFIED, PROVISIONAL
from protocol.codec import decode, encode
from protocol.errors import Invalid
from protocol.kinds import sealed
from protocol.letters.keys import HandedKeys
from protocol.letters.letter import LetterKind
from protocol.letters.message import Message
from protocol.letters.registry import read_letter
from protocol.letters.seen import Seen
from protocol.records import MAX_BODY, Record, read_body, read_record
from protocol.sealing import Opened, Opener, open_with
from storage.database import FAST
from storage.store import Store

NO_THREAD, MESSAGES, ORDER = 0, 1, 2  # sorts of threads
_TRIED, _KEYS_CAME = 1, 2  # `sealed.tried`; 0 is new
_MOST_AT_REST = 2 * MAX_BODY  # bytes


class Waiting(NamedTuple):
    """A sealed record to be opened. `keys`: handed on by others, still in their boxes."""

    record: Record
    person: bytes  # who wrote it
    by_key_alone: bool  # this device is none of its readers
    keys: tuple[bytes, ...]


class Found(NamedTuple):
    """What came of trying to open it; only `waiting` where it says nothing to us.

    `handed`: by a key that somebody handed on.
    """

    waiting: Waiting
    kind: LetterKind | None = None
    said: Any = None
    opened: Opened | None = None
    handed: bool = False


class New(NamedTuple):
    """A letter of a thread, and who wrote it. `fresh`: its owner hears of it for the first time."""

    person: bytes
    sort: int
    thread: bytes
    fresh: bool


class Row(NamedTuple):
    """A letter that stands, its content still in its box."""

    record: bytes
    person: bytes
    device: bytes
    log_no: int
    seq: int
    received_ms: int
    time_ms: int  # as claimed
    unread: bool
    box: bytes


class Thread(NamedTuple):
    """`sort` MESSAGES: with the person `id`; ORDER: about the order `id`."""

    sort: int
    id: bytes
    letters: int
    unread: int
    newest_ms: int  # when the newest letter was written, as it claims, or received if lower
    newest: bytes  # its id


class AtRest(NamedTuple):
    """What lies in a letter's box. `to` is known where it was written on this device."""

    content: bytes
    key: bytes
    to: frozenset[bytes]


# Opening


def pending(store: Store, limit: int) -> list[Waiting]:
    """Up to `limit` sealed records by persons in view that are to be opened, oldest first."""
    rows = store.db.execute(
        "SELECT tried, person, header, signature, salt, body"
        " FROM sealed JOIN record ON record.rowid = sealed.rowid"
        " JOIN log ON log.no = sealed.log_no JOIN device ON device.no = log.device_no"
        " WHERE tried != 1 AND standing > 0 AND person IS NOT NULL ORDER BY sealed.rowid LIMIT ?",
        [limit],
    ).fetchall()
    found = []
    for tried, person, *parts in rows:
        record = read_record(*parts)
        boxes = store.db.execute("SELECT box FROM handed_key WHERE record = ?", [record.id])
        keys = tuple(box for (box,) in boxes)
        found.append(Waiting(record, person, tried == _KEYS_CAME, keys))
    return found


def any_pending(store: Store) -> bool:
    """Whether there is anything to open."""
    return store.db.execute("SELECT 1 FROM sealed WHERE tried != 1 LIMIT 1").fetchone() is not None


def opened(
    opener: Opener, community: bytes, letters_key: bytes, some: Iterable[Waiting]
) -> list[Found]:
    """Open each, by one Diffie-Hellman or by keys that were handed on. Touches no store."""
    return [_opened(opener, community, letters_key, each) for each in some]


def _opened(opener: Opener, community: bytes, letters_key: bytes, waiting: Waiting) -> Found:
    body, author = read_body(waiting.record), waiting.record.header.device
    if body is None:
        return Found(waiting)
    try:
        body = sealed.read(body).body()
        got = None if waiting.by_key_alone else opener.open(body, author)
        handed = got is None
        for box in waiting.keys:
            if got is None and (key := _unboxed(letters_key, box)) is not None:
                got = open_with(body, key, community=community, author=author)
        if got is None:
            return Found(waiting)
        return Found(waiting, *read_letter(got.content), got, handed)
    except Invalid:
        return Found(waiting)


def file(
    store: Store,
    letters_key: bytes,
    person: bytes,
    found: Sequence[Found],
    to: frozenset[bytes] = frozenset(),
) -> None:
    """Keep what was opened. `person` is this home's own; `to`: whom its letters were written to.

    The caller holds the transaction.
    """
    for each in found:
        record = each.waiting.record.id
        store.db.execute("UPDATE sealed SET tried = ? WHERE record = ?", [_TRIED, record])
        store.db.execute("DELETE FROM handed_key WHERE record = ?", [record])
        if each.kind is None or each.opened is None:
            continue
        if isinstance(each.said, Seen):
            _acknowledge(store, each.waiting.person, each.said.records, own=person)
        elif isinstance(each.said, HandedKeys):
            _keep_keys(store, letters_key, each.waiting.record.header.device, each.said)
        else:
            _keep(store, letters_key, person, each, to)


def _keep(store: Store, letters_key: bytes, own: bytes, found: Found, to: frozenset[bytes]) -> None:
    assert found.kind is not None and found.opened is not None  # noqa: S101 - the caller's care
    record, author = found.waiting.record, found.waiting.person
    order = found.kind.order(found.said)
    sort, thread, about = ORDER if order else NO_THREAD, order, None
    foreign = author != own
    if isinstance(found.said, Message):
        about = found.said.about
        if found.said.guest:  # it concerns an order alone, and its host writes for somebody else
            sort, thread, foreign = ORDER if about else NO_THREAD, about, found.said.to == own
        elif own in (author, found.said.to):
            sort, thread = MESSAGES, found.said.to if author == own else author
        elif about is not None:  # between others, who have let us read it
            sort, thread = ORDER, about
    fresh = foreign and sort != NO_THREAD and not found.handed
    at_rest = encode([found.opened.content, found.opened.key, [*sorted(to)]])
    box = bytes(SecretBox(letters_key).encrypt(at_rest))
    if to:  # the running node may have been quicker, and does not know to whom
        store.db.execute("UPDATE letter SET box = ? WHERE record = ?", [box, record.id])
    store.db.execute(
        "INSERT OR IGNORE INTO letter"
        " (record, received_ms, sort, thread, about, box, unread, answered)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ? OR EXISTS"
        " (SELECT 1 FROM acknowledged WHERE record = ? AND person = ?))",
        [
            record.id,
            store.now_ms(),
            sort,
            thread,
            about,
            box,
            fresh,
            not fresh or author == own,
            record.id,
            own,
        ],
    )


def _acknowledge(store: Store, person: bytes, records: Sequence[bytes], *, own: bytes) -> None:
    store.db.conn.executemany(
        "INSERT OR IGNORE INTO acknowledged (record, person) VALUES (?, ?)",
        [(record, person) for record in records],
    )
    if person == own:  # another device of ours was quicker
        store.db.conn.executemany(
            "UPDATE letter SET answered = 1 WHERE record = ?", [(record,) for record in records]
        )


def _keep_keys(store: Store, letters_key: bytes, device: bytes, handed: HandedKeys) -> None:
    """For letters that aren't open: try again those that are here, wait for the others."""
    box = SecretBox(letters_key)
    for record, key in handed.keys:
        store.db.execute(
            "INSERT OR REPLACE INTO handed_key (record, device_no, box) SELECT ?, no, ? FROM device"
            " WHERE key = ? AND NOT EXISTS (SELECT 1 FROM letter WHERE record = ?)",
            [record, bytes(box.encrypt(key)), device, record],
        )
        store.db.execute(
            "UPDATE sealed SET tried = ? WHERE record = ? AND tried = ?"
            " AND EXISTS (SELECT 1 FROM handed_key WHERE record = ?)",
            [_KEYS_CAME, record, _TRIED, record],
        )


# Reading


_STANDS = (
    "FROM letter JOIN sealed USING (record) JOIN log ON log.no = sealed.log_no"
    " JOIN device ON device.no = log.device_no WHERE standing > 0 AND person IS NOT NULL"
)
_ROW = (
    "SELECT record, person, device.key, log_no, seq, received_ms, time_ms, unread, letter.box"
    f" {_STANDS}"
)
_ORDER = "ORDER BY min(time_ms, received_ms), log_no, seq"  # by the claim unless it is too late
_NEWEST = "ORDER BY min(time_ms, received_ms) DESC, log_no DESC, seq DESC"


def of_thread(store: Store, sort: int, thread: bytes) -> list[Row]:
    """The letters of a thread that stand, and messages about that order, oldest first."""
    about = " OR about = ?" if sort == ORDER else ""
    rows = store.db.execute(
        f"{_ROW} AND ((sort = ? AND thread = ?){about}) {_ORDER}",
        [sort, thread, *([thread] if about else [])],
    )
    return [_row(row) for row in rows]


def newest_of(store: Store, sort: int, thread: bytes, count: int, skipped: int = 0) -> list[Row]:
    """The newest letters of a thread but for so many that are newer still; oldest first."""
    rows = store.db.execute(
        f"{_ROW} AND sort = ? AND thread = ? {_NEWEST} LIMIT ? OFFSET ?",
        [sort, thread, count, skipped],
    ).fetchall()
    return [_row(row) for row in reversed(rows)]


def of_orders(store: Store) -> list[Row]:
    """The letters of all orders that stand, and messages about anything, oldest first."""
    rows = store.db.execute(f"{_ROW} AND (sort = ? OR about IS NOT NULL) {_ORDER}", [ORDER])
    return [_row(row) for row in rows]


def every(store: Store) -> list[Row]:
    """All letters that stand, oldest first."""
    return [_row(row) for row in store.db.execute(f"{_ROW} {_ORDER}")]


def newest(store: Store) -> int:
    """The number of the letter that was opened or written last."""
    row = store.db.execute("SELECT max(no) FROM letter").fetchone()
    return int(row[0] or 0)


def since(store: Store, number: int) -> list[New]:
    """The letters of threads that were opened or written after `newest` gave this number."""
    rows = store.db.execute(
        f"SELECT person, sort, thread, unread {_STANDS} AND letter.no > ? AND thread IS NOT NULL",
        [number],
    )
    return [New(person, sort, thread, bool(fresh)) for person, sort, thread, fresh in rows]


def by_id(store: Store, record: bytes) -> Row | None:
    """The letter in this record, if it is open and stands."""
    row = store.db.execute(f"{_ROW} AND record = ?", [record]).fetchone()
    return None if row is None else _row(row)


def ids_like(store: Store, prefix: str) -> list[bytes]:
    """Ids of letters in threads whose hex begins like this."""
    rows = store.db.execute(
        f"SELECT record {_STANDS} AND sort != ? AND hex(record) LIKE ? LIMIT 2",
        [NO_THREAD, prefix.upper() + "%"],
    )
    return [row[0] for row in rows]


def threads(store: Store) -> list[Thread]:
    """Every thread, the one with the newest letter first."""
    rows = store.db.execute(  # with one max(), SQLite takes the other columns from its row
        "SELECT sort, thread, count(*), sum(unread), max(min(time_ms, received_ms)) AS newest,"
        f" record {_STANDS} AND thread IS NOT NULL GROUP BY sort, thread"
        " ORDER BY newest DESC, thread"
    )
    return [Thread(*row) for row in rows]


def unread(store: Store) -> int:
    """How many letters of threads were not looked at."""
    row = store.db.execute(f"SELECT count(*) {_STANDS} AND unread = 1").fetchone()
    return int(row[0])


def mark_read(store: Store, sort: int, thread: bytes) -> None:
    """The owner has looked at this thread."""
    where, values = "WHERE unread = 1 AND sort = ? AND thread = ?", [sort, thread]
    if store.db.execute(f"SELECT 1 FROM letter {where} LIMIT 1", values).fetchone():
        with store.transaction(sync=FAST):
            store.db.execute(f"UPDATE letter SET unread = 0 {where}", values)


def mark_seen(store: Store, records: Iterable[bytes]) -> None:
    """The owner has looked at these letters, in whatever threads they are."""
    with store.transaction(sync=FAST):
        store.db.conn.executemany(
            "UPDATE letter SET unread = 0 WHERE record = ?", [(record,) for record in records]
        )


def unboxed(letters_key: bytes, box: bytes) -> AtRest | None:
    """What lies in a letter's box; None when it was kept under another key or is damaged."""
    raw = _unboxed(letters_key, box)
    if raw is None:
        return None
    match decode(raw, limit=_MOST_AT_REST):
        case [bytes(content), bytes(key), list(to)]:
            return AtRest(content, key, frozenset(each for each in to if type(each) is bytes))
    return None


def _unboxed(letters_key: bytes, box: bytes) -> bytes | None:
    try:
        return bytes(SecretBox(letters_key).decrypt(box))
    except (CryptoError, ValueError):
        return None


def _row(row: Sequence[Any]) -> Row:
    *rest, unread, box = row
    return Row._make((*rest, bool(unread), box))


# Delivery


def unanswered(store: Store) -> dict[bytes, list[bytes]]:
    """Letters that their authors don't know to be received: person -> ids."""
    found: dict[bytes, list[bytes]] = {}
    for person, record in store.db.execute(
        f"SELECT person, record {_STANDS} AND answered = 0 ORDER BY received_ms"
    ):
        found.setdefault(person, []).append(record)
    return found


def answered(store: Store, records: Iterable[bytes]) -> None:
    """The authors of these letters were told. The caller holds the transaction."""
    store.db.conn.executemany(
        "UPDATE letter SET answered = 1 WHERE record = ?", [(record,) for record in records]
    )


def acknowledged_by(store: Store, record: bytes) -> set[bytes]:
    """The persons whose nodes say that they have opened this letter."""
    rows = store.db.execute("SELECT person FROM acknowledged WHERE record = ?", [record])
    return {row[0] for row in rows}


def devices_of(store: Store, person: bytes) -> list[bytes]:
    """The devices that a letter to this person is sealed for, the newest first."""
    rows = store.db.execute(
        "SELECT key FROM device WHERE person = ? AND standing IN (?, ?) ORDER BY no DESC",
        [person, PROVISIONAL, CERTIFIED],
    )
    return [row[0] for row in rows]
