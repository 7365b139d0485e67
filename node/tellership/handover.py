"""Seats that change hands without a vote, where there are several tellers: what is due, and why.

A teller's node hands a seat on when its person asks, in a record that all can read; when they go;
when the chain shows that nobody speaks for the seat; when the device said two things at once; and
when nothing was heard of it for SILENCE_S. The last is by this node's own notes and clock, so each
teller judges for itself, and a quorum has to agree. A node that was away itself first listens for
LISTEN_S: what others said meanwhile comes in the first minutes.

So that a quiet community is no silence, a teller that had nothing to say for SIGN_S says `present`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from governance.certified import Certified
from governance.handover import DOUBLE, GONE, RESIGNED, SILENT, TELLERS, moving, stepping_in
from governance.roll import MEMBER
from governance.seats import MOVE
from governance.tellers import is_able, successors
from node.tellership import retiring
from node.tellership.votes import Step
from protocol.codec import Plain, decode
from protocol.errors import Refused
from protocol.keys import Signer
from protocol.kinds import present
from protocol.records import MAX_BODY
from storage import agreement, certificates, heard, own
from storage import assembly as held
from storage.assembly import Motion
from storage.own import Draft
from storage.store import Store

logger = logging.getLogger("moothall.teller")

SILENCE_S = 30 * 86_400  # unheard for so long, a teller is replaced
SIGN_S = 7 * 86_400  # a teller's node is never silent for longer
LISTEN_S = 600  # a node that was away waits so long before it calls another silent
_PAUSE_S = 900  # a node that did not ask for so long was away, or asleep


class Ask(NamedTuple):
    """What a teller asks about their seat; None as `device` gives it up."""

    record: bytes
    device: bytes | None
    certificate: bytes
    heads: list[Any]


def steps(store: Store) -> Iterator[Step]:
    """The certificates by which seats should change hands now, each as if it were the next one."""
    state = certificates.current(store)
    if state is None or len(state.tellers) == 1:
        return
    asked = _asks(store, state)
    moves = {at: [ask for ask in asks if ask.device] for at, asks in enumerate(asked)}
    for at, (ask, *_) in ((at, some) for at, some in moves.items() if some):
        yield Step(MOVE, _moving(state, at, ask))
    if not successors(state):
        return
    now = store.now_ms() // 1000
    for at in range(len(state.tellers)):
        if not moves[at] and (why := _why(store, state, at, asked[at])):
            yield Step(TELLERS, stepping_in(at, *why, now))


def acceptable(store: Store, decision: Mapping[str, Any]) -> bool:
    """Whether this node agrees to another teller's handover, which can be carried out.

    By what it holds and has heard: what it does not agree to today it may tomorrow.
    """
    state = certificates.current(store)
    if state is None or len(state.tellers) == 1:
        return False
    at = decision["seat"]
    asked = _asks(store, state)[at]
    moves = [ask for ask in asked if ask.device]
    if "device" in decision:
        named = [ask for ask in moves if ask.record == decision["record"]]
        return any(_moving(state, at, ask) == decision for ask in named)
    if moves:
        return False  # who gave a device up and goes on with another keeps the seat
    match decision["why"]:
        case "gone":
            return True  # the state says so
        case "resigned":
            return decision["record"] in _resigned(store, state, at, asked)
        case "double":
            return _said_two_things(store, state, at)
        case "silent":
            return _is_silent(store, state, at)
    return False


def next_look(store: Store, since: float) -> float | None:
    """When a clock makes something due at the earliest, after `since`; both since 1970."""
    state = certificates.current(store)
    if state is None or len(state.tellers) == 1:
        return None
    times: list[float] = []
    if any(seat.device == store.device for seat in state.tellers):
        times.append((heard.last(store, store.device) or 0) / 1000 + SIGN_S)
    if store.suspecting is not None:
        times.append(store.suspecting[0] / 1000 + LISTEN_S)
    if successors(state):
        for seat in state.tellers:
            last = heard.last(store, seat.device)
            if last is not None and seat.device != store.device:
                times.append(last / 1000 + SILENCE_S)
    return min((when for when in times if when > since), default=None)


def say_present(store: Store, signer: Signer) -> bool:
    """Say that this device is still there, where it had nothing to say for long; whether it did."""
    if not _has_been_quiet(store):
        return False
    with store.transaction():
        if not _has_been_quiet(store):
            return False
        newest = certificates.tip(store)[1]
        try:
            own.append(store, signer, [Draft("present", present.body(newest))])
        except Refused as error:  # its log has forked; what it certifies does not wait for that
            logger.warning("nothing can be said: %s", error)
            return False
    return True


def _has_been_quiet(store: Store) -> bool:
    state = certificates.current(store)
    if state is None or len(state.tellers) == 1:
        return False
    mine = [seat for seat in state.tellers if seat.device == store.device]
    last = heard.last(store, store.device) or 0
    return bool(mine) and is_able(state, mine[0]) and store.now_ms() - last >= 1000 * SIGN_S


def _moving(state: Certified, at: int, ask: Ask) -> dict[str, Plain]:
    assert ask.device is not None  # noqa: S101 - the caller has seen to that
    leaves = state.tellers[at].device
    return moving(at, ask.device, ask.record, [each for each in ask.heads if each[0] == leaves])


def _why(
    store: Store, state: Certified, at: int, asked: Iterable[Ask]
) -> tuple[str, bytes | None] | None:
    """Why this seat should go to an alternate, with the record that says so."""
    if not is_able(state, state.tellers[at]):
        return GONE, None
    resigned = _resigned(store, state, at, asked)
    if resigned:
        return RESIGNED, resigned[0]
    if _said_two_things(store, state, at):
        return DOUBLE, None
    return (SILENT, None) if _is_silent(store, state, at) else None


def _asks(store: Store, state: Certified) -> list[list[Ask]]:
    """What the person of each seat asks about it in this term, and can be done, lowest id first.

    Anybody may write as many such records as they like: only those of tellers are read.
    """
    of_device: dict[bytes, int] = {}
    for at, seat in enumerate(state.tellers):
        line = state.roll.persons.get(seat.person)
        if line is not None and line.standing == MEMBER:
            of_device |= {each: at for each in line.devices if not state.roll.is_cut(each)}
    found: list[list[Ask]] = [[] for _ in state.tellers]
    for motion in held.motions(store, "seat"):
        place = of_device.get(motion.device)
        if place is None:
            continue
        ask = _read(motion)
        if _in_this_term(store, state, ask.certificate) and (
            ask.device is None or _may_have_it(state, state.tellers[place].person, ask.device)
        ):
            found[place].append(ask)
    return found


def _may_have_it(state: Certified, person: bytes, device: bytes) -> bool:
    return (
        device in state.roll.persons[person].devices
        and not state.roll.is_cut(device)
        and all(seat.device != device for seat in state.tellers)
    )


def _read(motion: Motion) -> Ask:
    found: Any = decode(motion.detail, limit=MAX_BODY)  # the view wrote it so
    return Ask(motion.record, motion.about or None, found[0], found[1])


def _in_this_term(store: Store, state: Certified, certificate: bytes) -> bool:
    row = store.db.execute("SELECT height FROM certificate WHERE id = ?", [certificate]).fetchone()
    return row is not None and row[0] >= (-1 if state.term is None else state.term.height)


def _resigned(store: Store, state: Certified, at: int, asked: Iterable[Ask]) -> list[bytes]:
    """The records by which a teller gives the seat up: asking to, going, giving up its device."""
    seat = state.tellers[at]
    gives_up = [ask.record for ask in asked if ask.device is None]
    gone = [
        record
        for device, record in store.db.execute(
            "SELECT device, record FROM leaving ORDER BY record"
        ).fetchall()
        if state.roll.is_member_device(device) and state.roll.person_of(device) == seat.person
    ]
    given_up = [
        motion.record
        for motion in held.motions(store, "retire", seat.device)
        if retiring.may(state, motion, {})
    ]
    return [*gives_up, *gone, *given_up]


def _said_two_things(store: Store, state: Certified, at: int) -> bool:
    """Whether it is proved that a seat's device broke its word in this term."""
    began = -1 if state.term is None else state.term.height
    return any(
        proof.device == state.tellers[at].device and proof.messages[0].height > began
        for proof in agreement.doubles(store)
    )


def _is_silent(store: Store, state: Certified, at: int) -> bool:
    """Whether nothing was heard of a seat's device for SILENCE_S, while this node listened."""
    if not _unheard(store, state, at):
        if not any(_unheard(store, state, other) for other in range(len(state.tellers))):
            store.suspecting = None
        return False
    now = store.now_ms()
    began, asked = store.suspecting or (now, now)
    if not asked <= now <= asked + 1000 * _PAUSE_S:
        began = now
    store.suspecting = began, now
    return now - began >= 1000 * LISTEN_S


def _unheard(store: Store, state: Certified, at: int) -> bool:
    device = state.tellers[at].device
    last = heard.last(store, device)
    return device != store.device and last is not None and store.now_ms() - last >= 1000 * SILENCE_S
