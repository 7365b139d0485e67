"""Letters: sealed for the devices of those they are for, sent as records, read again, followed.

Everybody carries a letter; only its readers can open it. A running node opens what comes in the
background (`node.opening`); `open_pending` does it for commands.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, Literal, NamedTuple

from node import control
from node.home import Home
from protocol.codec import Plain
from protocol.errors import Invalid, NotFound, Refused
from protocol.letters.keys import MOST_KEYS, HandedKeys
from protocol.letters.message import Message
from protocol.letters.registry import LETTERS, read_letter, write_letter
from protocol.letters.seen import MOST_SEEN, Seen
from protocol.sealing import MOST_READERS, Opened, Opener, most_content, seal
from storage import letter_devices
from storage import letters as kept
from storage.database import FAST
from storage.letters import MESSAGES, ORDER, AtRest, Found, Row, Thread, Waiting
from storage.own import Draft
from storage.rows import find_record
from storage.store import Store
from storage.views import profiles

__all__ = ["MESSAGES", "ORDER", "Thread"]

STEP = 100  # letters that are opened in one go
MOST_REMEMBERED = 20_000  # letters whose content is kept in memory


class Outgoing(NamedTuple):
    """A letter to be sent: to the persons in `to` and to one's own devices; or to these alone."""

    kind: str
    body: dict[str, Plain]
    to: frozenset[bytes] = frozenset()
    only_own: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A letter that could be opened and stands. `id` is its record's, `body` its kind's dataclass.

    `received_ms`: when this node first had it open; `written_ms`: as its author claims. `to` is
    known of letters that were written on this device.
    """

    id: bytes
    person: bytes
    device: bytes
    log_no: int
    seq: int
    kind: str
    body: Any
    received_ms: int
    written_ms: int
    mine: bool
    unread: bool
    to: frozenset[bytes]
    content_key: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """How far a letter of one's own has come. `nodes`: how many are known to hold it."""

    state: Literal["sent", "held", "received"]
    nodes: int


# Sending


def send(home: Home, letters: Sequence[Outgoing], drafts: Sequence[Draft] = ()) -> list[bytes]:
    """Seal and append letters, and records beside them, all or none; their ids, letters first.

    Refused `too-large`, or `no-device` when somebody can't be written to any more.
    """
    letter_devices.begin_readers(home.store)
    made = [_sealed(home, each) for each in letters]
    ids = home.append([*(draft for draft, _ in made), *drafts])
    found = [
        _found(home, record, opened)
        for record, (_, opened) in zip(ids[: len(made)], made, strict=True)
    ]
    with home.store.transaction(sync=FAST):
        for each, letter in zip(found, letters, strict=True):
            to = frozenset() if letter.only_own else letter.to
            kept.file(home.store, home.letters_key(), home.person, [each], to)
    return ids


def write(
    home: Home,
    person: bytes,
    text: str,
    *,
    about: bytes | None = None,
    reply: bytes | None = None,
    guest: bool = False,
) -> bytes:
    """Send a message, whose length the caller has checked; the letter's id.

    `guest`: what a guest says in this home's shop window.
    """
    message = Message(to=person, text=text, about=about, reply=reply, guest=guest)
    (sent,) = send(home, [Outgoing("message", message.body(), frozenset({person}))])
    return sent


def share(home: Home, letters: Iterable[Letter], person: bytes) -> list[bytes]:
    """Hand the keys of these letters to a person's devices, so that new ones can open them too.

    To others than oneself only of kinds that may be shared: the caller answers for whose they are.
    """
    own = person == home.person
    keys = [
        (each.id, each.content_key) for each in letters if own or LETTERS[each.kind].may_be_shared
    ]
    some = [HandedKeys(keys=keys[at : at + MOST_KEYS]) for at in range(0, len(keys), MOST_KEYS)]
    outgoing = [Outgoing("keys", each.body(), frozenset({person}), own) for each in some]
    return send(home, outgoing) if outgoing else []


def acknowledge(home: Home) -> int:
    """Tell the authors of letters that came that they were received; how many letters."""
    count = 0
    for person, records in kept.unanswered(home.store).items():
        for at in range(0, len(records), MOST_SEEN):
            some = records[at : at + MOST_SEEN]
            if kept.devices_of(home.store, person):
                send(home, [Outgoing("seen", Seen(records=some).body(), frozenset({person}))])
            with home.store.transaction(sync=FAST):
                kept.answered(home.store, some)
            count += len(some)
    return count


def readers(home: Home, to: Iterable[bytes]) -> list[bytes]:
    """The devices that a letter to these persons is sealed for: this one, then in turns."""
    groups = []
    for person in sorted({*to, home.person}):
        devices = [d for d in kept.devices_of(home.store, person) if d != home.device]
        if not devices and person != home.person:
            raise Refused(
                "no-device",
                "%(name)s has no device here any more that could read a letter; nothing was sent.",
                name=_name(home.store, person),
            )
        groups.append(devices)
    in_turns = chain.from_iterable(zip_longest(*groups))
    return [home.device, *(each for each in in_turns if each is not None)][:MOST_READERS]


def _sealed(home: Home, letter: Outgoing) -> tuple[Draft, Opened]:
    devices = readers(home, () if letter.only_own else letter.to)
    return seal_letter(home, letter.kind, letter.body, devices)


def seal_letter(
    home: Home, kind: str, body: dict[str, Plain], devices: Sequence[bytes]
) -> tuple[Draft, Opened]:
    """A letter for these devices and no other, our own neither: to be appended by the caller."""
    content = write_letter(kind, body)
    read_letter(content)  # whoever gets it must be able to read it
    key = os.urandom(32)
    try:
        body = seal(
            content,
            devices,
            community=home.store.community,
            author=home.device,
            ephemeral=os.urandom(32),
            key=key,
        )
    except Invalid as error:
        if error.reason != "too-large":
            raise
        raise Refused(
            "too-large",
            "This takes %(size)s bytes, and a letter to so many devices holds %(most)s; nothing "
            "was sent. Shorten it, or send it in parts.",
            size=len(content),
            most=most_content(len(devices)),
        ) from error
    return Draft("sealed", body), Opened(content, key)


def _found(home: Home, record_id: bytes, opened: Opened) -> Found:
    place = find_record(home.store, record_id)
    assert place is not None  # noqa: S101 - it was just appended
    return Found(Waiting(place[2], home.person, False, ()), *read_letter(opened.content), opened)


# Opening


def open_pending(home: Home) -> int:
    """Open what came while no node did; how many sealed records were tried.

    A running node does it itself, and keeps its passphrase.
    """
    if home.told is not None or not kept.any_pending(home.store):
        return 0
    told = control.open_letters(home.socket)
    return open_here(home) if told is None else told


def open_here(home: Home) -> int:
    """Open what is pending with the key in this process; how many sealed records were tried."""
    opener = Opener(home.unlock().device, home.store.community)
    key, tried = home.letters_key(), 0
    while some := kept.pending(home.store, STEP):
        found = kept.opened(opener, home.store.community, key, some)
        with home.store.transaction(sync=FAST):
            kept.file(home.store, key, home.person, found)
        tried += len(some)
    return tried


# Reading


def thread(home: Home, thread_id: bytes, sort: int = ORDER) -> list[Letter]:
    """An order's letters, or with MESSAGES those with a person, oldest first."""
    return _letters(home, kept.of_thread(home.store, sort, thread_id))


def newest_of(
    home: Home, thread_id: bytes, count: int, skipped: int = 0, sort: int = MESSAGES
) -> list[Letter]:
    """The newest letters of a thread but for so many that are newer still; oldest first."""
    return _letters(home, kept.newest_of(home.store, sort, thread_id, count, skipped))


def order_letters(home: Home) -> Sequence[Letter]:
    """The letters of all orders, and messages about anything, oldest first.

    One page asks for them several times, so they are kept until something is written.
    """
    version = home.store.version()
    if home.order_letters is not None and home.order_letters[0] == version:
        return home.order_letters[1]
    found = _letters(home, kept.of_orders(home.store))
    home.order_letters = None if home.store.db.conn.in_transaction else (version, found)
    return found


def all_letters(home: Home) -> list[Letter]:
    """Every letter that stands, oldest first."""
    return _letters(home, kept.every(home.store))


def by_id(home: Home, letter_id: bytes) -> Letter | None:
    """A letter that is open and stands."""
    row = kept.by_id(home.store, letter_id)
    found = [] if row is None else _letters(home, [row])
    return found[0] if found else None


def threads(home: Home) -> list[Thread]:
    """All conversations and orders, the one with the newest letter first."""
    return kept.threads(home.store)


def unread(home: Home) -> int:
    """How many letters their owner has not looked at."""
    return kept.unread(home.store)


def mark_read(home: Home, thread_id: bytes, sort: int = ORDER) -> None:
    """Their owner has looked at this thread."""
    kept.mark_read(home.store, sort, thread_id)


def mark_seen(home: Home, letters: Iterable[Letter]) -> None:
    """Their owner has looked at these letters."""
    unread = [each.id for each in letters if each.unread]
    if unread:
        kept.mark_seen(home.store, unread)


def find(home: Home, text: str) -> Letter:
    """A letter by its id or the first 8 digits or more; NotFound or Refused `ambiguous`."""
    wanted = text.strip().lower()
    ids = kept.ids_like(home.store, wanted) if _is_prefix(wanted) else []
    if len(ids) > 1:
        raise Refused(
            "ambiguous", "Several letters fit %(text)s: give more digits of its id.", text=text
        )
    found = by_id(home, ids[0]) if ids else None
    if found is None:
        raise NotFound(
            "no-letter",
            "There is no letter %(text)s that you could read; `moothall message list` shows yours.",
            text=text,
        )
    return found


def delivery(home: Home, letter_id: bytes) -> Delivery:
    """How far a letter of one's own has come; NotFound for any other."""
    found = by_id(home, letter_id)
    if found is None or not found.mine:
        raise NotFound("no-letter", "That is no letter of yours.")
    return delivery_of(home, found)


def delivery_of(home: Home, letter: Letter) -> Delivery:
    """`delivery` for a letter at hand."""
    by = kept.acknowledged_by(home.store, letter.id) - {home.person}
    to = letter.to - {home.person}
    nodes = letter_devices.holders(home.store, letter.seq) if letter.device == home.device else 0
    if by & to if to else by:
        return Delivery(state="received", nodes=nodes)
    return Delivery(state="held" if nodes else "sent", nodes=nodes)


def _letters(home: Home, rows: Iterable[Row]) -> list[Letter]:
    found = []
    for row in rows:
        read = _read(home, row)
        if read is None:
            continue
        name, said, at_rest = read
        found.append(
            Letter(
                id=row.record,
                person=row.person,
                device=row.device,
                log_no=row.log_no,
                seq=row.seq,
                kind=name,
                body=said,
                received_ms=row.received_ms,
                written_ms=row.time_ms,
                mine=row.person == home.person,
                unread=row.unread,
                to=_addressees(said, at_rest),
                content_key=at_rest.key,
            )
        )
    return found


def _addressees(said: Any, at_rest: AtRest) -> frozenset[bytes]:
    return frozenset({said.to}) if isinstance(said, Message) else at_rest.to


def _read(home: Home, row: Row) -> tuple[str, Any, AtRest] | None:
    """What a letter says; None where its box can't be opened any more."""
    known = home.letters_read.get(row.record)
    if known is None:
        at_rest = kept.unboxed(home.letters_key(), row.box)
        if at_rest is None:
            return None
        try:
            kind, said = read_letter(at_rest.content)
        except Invalid:
            return None
        if len(home.letters_read) >= MOST_REMEMBERED:
            home.letters_read.clear()
        known = home.letters_read[row.record] = kind.name, said, at_rest
    return known


def _is_prefix(text: str) -> bool:
    return 8 <= len(text) <= 64 and all(each in "0123456789abcdef" for each in text)


def _name(store: Store, person: bytes) -> str:
    profile = profiles.get(store, person)
    return " ".join(profile.name.split()) if profile else person.hex()[:8]
