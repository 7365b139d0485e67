"""Recalls: who signed which, and the certificate as soon as enough have.

Everybody's node puts it together by itself from the records it holds: nothing in a `recall`
certificate may differ between those who do, so it has one id everywhere. Which chain stands then
is for `storage.chain`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from governance import recall
from governance.certified import Certified
from governance.folding import step
from governance.recall import RECALL
from protocol.certificates import make_body, read_certificate
from protocol.codec import Plain, decode
from protocol.errors import Invalid
from protocol.evidence import MAX_OBJECT
from protocol.kinds.recall import Recall, Slate, read_tellers
from protocol.kinds.registry import content
from protocol.records import MAX_BODY, read_entry
from storage import certificates, chain, halts, taking_back
from storage.store import Store

MOST_LOOKED_AT = 64  # slates, those with the most signatures, after every change
MOST_REMEMBERED = 64
MOST_READ = 8192  # statements: every change in `gov` asks for all, and anybody may write many


class Signed(NamedTuple):
    """A slate and who signed it."""

    slate: Slate
    by: dict[bytes, bytes]  # person -> signature


class Electorate(NamedTuple):
    """Who may sign a recall that follows a certificate."""

    height: int  # of that certificate
    persons: tuple[bytes, ...]  # in the order in which signatures name them
    needed: int
    attempt: int  # of the last recall before


def signed(store: Store) -> list[Signed]:
    """Every slate that may still count, or does since the last recall; most signatures first.

    Whoever was never on the roll is left out.
    """
    state = certificates.current(store)
    if state is None:
        return []
    found: dict[Slate, Signed] = {}
    for person, slate, signature in _statements(store, state.recall_attempt):
        if person in state.roll.persons:
            found.setdefault(slate, Signed(slate, {})).by[person] = signature
    return sorted(found.values(), key=lambda each: (len(each.by), _place(each.slate)), reverse=True)


@lru_cache(maxsize=MOST_READ)
def _place(slate: Slate) -> tuple[bytes, int, bytes]:
    """Where a slate comes among those that as many have signed."""
    return slate.prev, slate.attempt, slate.parts(b"")[-1]


def _statements(store: Store, attempt: int) -> Iterator[tuple[bytes, Slate, bytes]]:
    """(person, slate, signature) of what admissible records say, and spared ones."""
    for person, prev, number, tellers, signature in store.db.execute(
        "SELECT recall.person, prev, attempt, tellers, recall.signature FROM recall"
        " JOIN log ON log.no = log_no JOIN device ON device.no = log.device_no"
        " WHERE device.standing > 0 AND attempt >= ?",
        [attempt],
    ).fetchall():
        yield person, _slate(prev, number, tellers), signature
    for (raw,) in store.db.execute(
        "SELECT raw FROM side WHERE sort = 'recall' AND live = 1"
    ).fetchall():
        said = _spared(raw)
        if said.slate.attempt >= attempt:
            yield said.person, said.slate, said.signature


@lru_cache(maxsize=MOST_READ)
def _slate(prev: bytes, attempt: int, tellers: bytes) -> Slate:
    seats = read_tellers(decode(tellers, limit=MAX_BODY))
    return Slate(prev=prev, attempt=attempt, tellers=seats)


@lru_cache(maxsize=MOST_READ)
def _spared(raw: bytes) -> Recall:
    value: Any = decode(raw, limit=MAX_OBJECT)  # checked in full before it was kept
    said = content(read_entry(value[1]))
    assert isinstance(said, Recall)  # noqa: S101 - kept as such
    return said


def electorate(store: Store, prev: bytes) -> Electorate | None:
    """Who may sign what follows this certificate; None unless it is part of our chain."""
    height = certificates.height_of(store, prev)
    if height is None:
        return None
    if prev not in _electorates:  # its id settles it
        if len(_electorates) >= MOST_REMEMBERED:
            _electorates.clear()
        state = certificates.at(store, height)
        persons = tuple(recall.signers(state))
        _electorates[prev] = Electorate(height, persons, recall.needed(state), state.recall_attempt)
    return _electorates[prev]


_electorates: dict[bytes, Electorate] = {}


def gather(store: Store) -> None:
    """Keep the certificate of every recall that enough have signed, if it stands.

    The caller holds the transaction, and settles again when that changed something.
    """
    ready = [(each, voters) for each, voters in _ready(store) if not _known(store, each.slate)]
    for each, voters in sorted(ready, key=lambda item: -item[0].slate.attempt):
        travel = _travel(store, each, voters)
        if travel is None:
            continue
        asked, before = taking_back.question(store), certificates.tip(store)
        if asked is None or asked["chain"] != read_certificate(travel).id.hex():
            chain.Incoming(store).take([travel], False)
        if certificates.tip(store) != before:
            return  # the others are looked at from where the chain ends now


def _ready(store: Store) -> Iterator[tuple[Signed, Electorate]]:
    for each in signed(store)[:MOST_LOOKED_AT]:
        if 2 * len(each.by) <= _at_least(store, each.slate.prev):
            continue  # never enough; to know who may sign after an old certificate takes time
        voters = electorate(store, each.slate.prev)
        if voters is not None and len(each.by.keys() & set(voters.persons)) >= voters.needed > 0:
            yield each, voters


def _at_least(store: Store, prev: bytes) -> int:
    """How many members there were after this certificate at least: those who are members since."""
    state, height = certificates.current(store), certificates.height_of(store, prev)
    if state is None or height is None:
        return 0
    persons = state.roll.persons
    return sum(1 for person in state.members() if persons[person].since <= height)


def _known(store: Store, slate: Slate) -> bool:
    """Whether its certificate stands here, halts the chain with another, or is outranked."""
    state, stopped = certificates.current(store), halts.halt(store)
    assert state is not None  # noqa: S101 - there is a chain, since this slate follows it
    rivals = list(stopped.certificates) if stopped is not None else []
    height = certificates.height_of(store, slate.prev)
    if height is not None and height < state.height:
        rivals.append(certificates.get(store, height + 1))
    beside = [each for each in rivals if each.kind == RECALL and each.prev == slate.prev]
    decision = recall.recalling(slate.attempt, slate.tellers)
    if any(each.decision == decision for each in beside):
        return True
    return state.recall_attempt == slate.attempt and not beside


def _travel(store: Store, found: Signed, voters: Electorate) -> list[Plain] | None:
    """The certificate with as many signatures as it takes; None if it can't be carried out."""
    slate = found.slate
    key = slate.id(store.community)
    if key not in _bodies:  # made from what precedes `prev`, whose id settles it
        if len(_bodies) >= MOST_REMEMBERED:
            _bodies.clear()
        _bodies[key] = _body(certificates.at(store, voters.height), slate)
    raw = _bodies[key]
    signatures: list[Plain] = [
        [place, found.by[person]]
        for place, person in enumerate(voters.persons)
        if person in found.by
    ]
    return None if raw is None else [raw, 0, signatures[: voters.needed]]


_bodies: dict[bytes, bytes | None] = {}


def _body(state: Certified, slate: Slate) -> bytes | None:
    decision = recall.recalling(slate.attempt, slate.tellers)
    try:
        after = step(state, RECALL, decision)
    except Invalid:
        return None
    return make_body(
        community=state.community,
        height=state.height + 1,
        prev=state.id,
        kind=RECALL,
        charter_hash=after.charter_hash,
        roll_root=after.roll.root(),
        next_tellers=after.tellers,
        decision=decision,
    )
