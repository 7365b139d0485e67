"""What tellers say while they agree on the next certificate: kept and carried by every member.

Messages are objects of the side set of the sort `teller`. They count while they are about the
certificate that would follow our newest one and are by its tellers; of one device, kind and view
the one with the lowest id is kept, and of one device and kind the MOST_VIEWS highest views. Honest
tellers never have two in one place, so choosing by id decides nothing between them. All are dropped
once there is a certificate. Whoever holds the commits of a quorum puts it together.

What this device said itself stays in `own_word`, written before it is sent: it binds a teller
beyond a restart. Two different messages in one place are kept as a proof of the sort `double`, one
a device, for good: the one about the newest height, so that nobody hides behind an old fault.

Callers hold the write transaction and settle afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import lru_cache

from governance.agreement import Height, Table
from governance.certified import Certified
from governance.duties import latest_claimed
from governance.tellers import is_able
from protocol.certificates import Certificate, read_certificate
from protocol.errors import Invalid
from protocol.evidence import read_object
from protocol.teller_messages import (
    PREPARE,
    PROPOSE,
    About,
    Double,
    Message,
    check_prepared,
    double,
    read_body,
    read_message,
)
from storage import certificates, rivals, sideset
from storage.heard import note
from storage.rows import note_fault
from storage.store import Store

logger = logging.getLogger("moothall.agreement")

MOST_VIEWS = 32  # of one kind and device; honest tellers need a handful
MOST_TAKEN_BACK = 64  # certificates, below which what this device said is not remembered


def height(store: Store) -> Height | None:
    """What the tellers agree on next; None with one teller, who certifies alone, and in a halt."""
    state = certificates.current(store)
    if state is None or len(state.tellers) == 1 or rivals.halting(store) is not None:
        return None
    return _next(store, state)


def _next(store: Store, state: Certified) -> Height:
    return Height(About(store.community, state.height + 1, state.id), state.tellers)


def receive(store: Store, message: Message) -> bool:
    """Keep what a teller says about the next certificate; True if it is new.

    What is about another certificate, or by nobody with a seat, is dropped: it is late or early,
    which is no fault of who carries it. Invalid when it shows a proof that proves nothing.
    """
    at = height(store)
    if at is None or (message.height, message.prev) != at.about[1:]:
        return _dropped(message, "about another certificate than the next")
    state, seat = certificates.current(store), at.seat(message.device)
    if seat is None or state is None or not is_able(state, at.tellers[seat]):
        return _dropped(message, "by a device that has no seat, or lost it")
    if message.kind == PROPOSE and at.leader(message.view) != seat:
        return _dropped(message, "by who does not lead that view")
    check_prepared(message, store.community, at.tellers)
    shown = () if message.prepared is None else message.prepared.prepares
    if any(not is_able(state, at.tellers[number]) for number, _ in shown):
        raise Invalid("bad-proof", "a teller's message that shows a prepare of a vacant seat")
    if message.body is not None and _is_back_dated(state, message.body):
        note_fault(store, f"teller {message.device.hex()}", "back-dated")
    place = _place(message)
    held = store.db.execute("SELECT id, raw FROM side WHERE place = ?", [place]).fetchone()
    if held is not None and held[0] != message.id:
        receive_double(store, double(_read(held[1], store.community), message, store.community))
    if held is not None and held[0] <= message.id:
        return False
    store.db.execute("DELETE FROM side WHERE place = ?", [place])
    _insert(store, message, "teller", place, message.view, message.prev)
    if not _keep_views(store, message):
        return _dropped(message, "of a view below many others")
    note(store, message.device)
    store.changed.add("teller")
    complete(store)
    return True


def _is_back_dated(state: Certified, body: bytes) -> bool:
    """Whether a proposal claims a time before what is certified: its leader signed that."""
    at = read_body(body).decision.get("at")
    return type(at) is int and at < latest_claimed(state)


def _dropped(message: Message, why: str) -> bool:
    logger.debug("a %s of %s is dropped: %s", message.kind, message.device.hex()[:8], why)
    return False


def _place(message: Message) -> str:
    return f"teller {message.device.hex()} {message.kind} {message.view}"


def _insert(
    store: Store, found: Message | Double, sort: str, place: str, rank: int, prev: bytes
) -> None:
    store.db.execute(
        "INSERT INTO side (id, sort, subject, place, rank, key, live, raw)"
        " VALUES (?, ?, ?, ?, ?, ?, 1, ?)",
        [found.id, sort, found.device, place, rank, prev, found.raw],
    )


def _keep_views(store: Store, message: Message) -> bool:
    """Keep the highest views that a device said this in; whether `message` is among them."""
    kind = f"teller {message.device.hex()} {message.kind} %"
    store.db.execute(
        "DELETE FROM side WHERE id IN (SELECT id FROM side WHERE subject = ? AND place LIKE ?"
        " ORDER BY rank DESC LIMIT -1 OFFSET ?)",
        [message.device, kind, MOST_VIEWS],
    )
    return store.db.execute("SELECT 1 FROM side WHERE id = ?", [message.id]).fetchone() is not None


@lru_cache(maxsize=1024)  # all that four tellers can have kept here, and it is read again often
def _read(raw: bytes, community: bytes) -> Message:
    return read_message(raw, community)


def heard(store: Store) -> list[Message]:
    """Everything that tellers said about the next certificate, as far as it is here."""
    rows = store.db.execute("SELECT raw FROM side WHERE sort = 'teller'").fetchall()
    return [_read(raw, store.community) for (raw,) in rows]


def own(store: Store) -> tuple[list[Message], list[Message]]:
    """(what this device said about the next certificate, the proposals that it prepared)."""
    rows = store.db.execute(
        "SELECT raw FROM own_word WHERE prev = ?"
        " UNION SELECT raw FROM side WHERE sort = 'teller' AND subject = ?",
        [certificates.tip(store)[1], store.device],
    ).fetchall()
    found = [_read(raw, store.community) for (raw,) in rows]
    return (
        [each for each in found if each.device == store.device],
        [each for each in found if each.device != store.device],
    )


def remember(store: Store, message: Message, rests_on: Iterable[Message] = ()) -> None:
    """Write down what this device says, before it is sent, and give it to the others.

    With a prepare, the proposal (`rests_on`) is kept too: its leader may say another in its place.
    """
    store.db.conn.executemany(
        "INSERT OR IGNORE INTO own_word (prev, id, raw) VALUES (?, ?, ?)",
        [(each.prev, each.id, each.raw) for each in (message, *rests_on)],
    )
    receive(store, message)


def prepared_on(message: Message, seen: Iterable[Message]) -> list[Message]:
    """The proposals of what a prepare prepares."""
    if message.kind != PREPARE:
        return []
    same = (each for each in seen if each.certificate == message.certificate)
    return [each for each in same if each.body is not None]


def complete(store: Store) -> Certificate | None:
    """Put the next certificate together once a quorum has committed to it; None if not."""
    at = height(store)
    if at is None:
        return None
    travel = Table(at, [*heard(store), *own(store)[1]]).certified()
    if travel is None:
        return None
    try:
        certificates.keep(store, travel)
    except Invalid as error:  # a quorum agreed on what this program can't carry out
        if store.unreadable != at.about.prev:  # said once, and not with every word that comes
            logger.error("what the tellers certified can't be kept: %s", error)
        store.unreadable = at.about.prev
        return None
    return read_certificate(travel)


def tidy(store: Store) -> None:
    """The newest certificate may be another: drop what is not about the next, judge proofs anew."""
    at = height(store)
    store.db.execute(  # asked after every change in `gov`, so nothing is read
        "DELETE FROM side WHERE sort = 'teller' AND key IS NOT ?",
        [None if at is None else at.about.prev],
    )
    store.db.execute(  # some certificates may be taken back
        "DELETE FROM own_word WHERE prev != ?1 AND prev NOT IN"
        " (SELECT id FROM certificate ORDER BY height DESC LIMIT ?2)",
        [store.community, MOST_TAKEN_BACK],
    )
    for (raw,) in store.db.execute("SELECT raw FROM side WHERE sort = 'double'").fetchall():
        proof = _double(raw, store.community)
        if not _had_seat(store, proof):
            sideset.drop(store, proof.id)
            store.changed.add("side")


# Proofs of two words


def receive_double(store: Store, proof: Double) -> bool:
    """Keep a proof that a device said two things in one place; True if it is new.

    Of one device the one about the newest height, and then with the lowest id, stays. What is about
    no height of our chain, or one at which the device had no seat, is dropped: it proves nothing
    here, and must not take the place of what does.
    """
    if not _had_seat(store, proof):
        return False
    place, rank = f"double {proof.device.hex()}", -proof.messages[0].height
    held = store.db.execute("SELECT rank, id FROM side WHERE place = ?", [place]).fetchone()
    if held is not None and held <= (rank, proof.id):
        return False
    store.db.execute("DELETE FROM side WHERE place = ?", [place])
    _insert(store, proof, "double", place, rank, proof.messages[0].prev)
    store.changed.add("side")
    logger.warning("Teller %s said two things at once; the proof is kept.", proof.device.hex())
    return True


@lru_cache(maxsize=16)
def _double(raw: bytes, community: bytes) -> Double:
    found = read_object(raw, community)
    assert isinstance(found, Double)  # noqa: S101 - kept as such
    return found


def _had_seat(store: Store, proof: Double) -> bool:
    """Whether the device was one of several tellers of the height that its words are about."""
    said = proof.messages[0]
    if certificates.certificate_at(store, said.height - 1) != said.prev or said.height == 0:
        return False
    before = certificates.get(store, said.height - 1)
    return len(before.next_tellers) > 1 and any(
        seat.device == proof.device for seat in before.next_tellers
    )


def doubles(store: Store) -> list[Double]:
    """The proofs against devices that held a seat and said two things in one place."""
    rows = store.db.execute("SELECT raw FROM side WHERE sort = 'double'").fetchall()
    return [_double(raw, store.community) for (raw,) in rows]
