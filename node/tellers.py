"""The tellers in plain values: who holds a seat, who was heard when, what is due, who signed what.

For `teller show` and the desk. Sentences are `Said`, for whoever shows them to put into words.
Everything is as this node sees it: what tellers tell each other reaches it like any other news.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, NamedTuple

from governance.agreement import Height, Table
from governance.certified import Certified
from governance.saying import Said, said
from governance.tellers import is_able, successors, term_ends, why_elect
from node import seat as seats
from node import teller
from node.assembly.phases import moment
from node.assembly.words import person_json
from node.home import Home
from node.status import rfc3339
from node.tellership import agreeing
from node.tellership.sentences import in_words
from protocol.certificates import Certificate, quorum
from protocol.errors import Invalid
from protocol.teller_messages import COMMIT, MOVE_ON, PREPARE, PROPOSE, Message, read_body
from storage import agreement, certificates, heard
from storage.store import Store
from storage.views import profiles

MOST_DUE = 10  # sentences that are shown
MOST_SIGNED = 5  # certificates, the newest
LATELY_MS = 3_600_000  # a teller heard of since then is there
GRACE_MS = 600_000  # what is due for less keeps nobody waiting

_ELECT = {
    "seats": said("The charter has another number of tellers now: it is time to elect them."),
    "vacant": said("A teller is gone and nobody is left to step in: it is time for an election."),
    "term": said("The tellers' term is over: it is time for an election. They go on until then."),
}

_PROPOSED = said("Has proposed it")
_FOUND_RIGHT = said("Finds it right")
_SIGNED = said("Has signed it")
_MOVES_ON = said("Asks that somebody else proposes")
_NO_WORD = said("No word yet")


def show(home: Home) -> dict[str, Any]:
    """`{tellers, needed, alternates, since, until, over, due, next, signed, halted, question}`.

    To what `node.seat.show` says of a teller comes `{able, heard, doubled, answers}`: whether they
    can sign, when they were last heard of, whether their device is proved to have said two things
    at once, and what they say on the step at hand, as sentences. `needed` of them must agree.
    `alternates`: `[{person, name, able}]`, in rank. `since`, `until` and `over` tell of their term,
    null before the first election. `due`: what is due, as sentences. `next`: null with one teller
    and while nothing goes on, else `{height, attempt, leader, proposed, patience}`: the place among
    `tellers` of who proposes this time, what they proposed, as sentences, and until when this node
    waits before it asks that somebody else does. `elect`: why it is time for an election, as a
    sentence, or null. `signed`: the newest certificates, newest first:
    `[{height, certificate, came, what, by, members}]`, `by` as `alternates`; `members` counts those
    who signed a recall, and is null for any other.
    """
    found, store = seats.show(home), home.store
    state = certificates.current(store)
    if state is None:
        return found | _NOBODY
    due = list(islice(_due(store, state), MOST_DUE))
    hand = _at_hand(store)
    if hand is not None and not due and not hand.words:
        hand = None
    ends = term_ends(state)
    return found | {
        "tellers": [
            each | _seat(store, state, number, hand) for number, each in enumerate(found["tellers"])
        ],
        "needed": quorum(len(state.tellers)),
        "alternates": _alternates(store, state),
        "since": None if state.term is None else moment(state.term.at),
        "until": moment(ends),
        "over": ends is not None and 1000 * ends <= store.now_ms(),
        "elect": elect(store),
        "due": due,
        "next": None if hand is None else _next(store, state, hand),
        "signed": [_signed(store, each) for each in _newest(store)],
    }


_NOBODY: dict[str, Any] = {
    "needed": 0,
    "alternates": [],
    "since": None,
    "until": None,
    "over": False,
    "elect": None,
    "due": [],
    "next": None,
    "signed": [],
}


def elect(store: Store) -> Said | None:
    """Why it is time to elect tellers; None while nothing calls for it."""
    state = certificates.current(store)
    why = None if state is None else why_elect(state, store.now_ms() // 1000)
    return None if why is None else _ELECT[why]


def waiting(store: Store) -> Said | None:
    """That something waits since too few of several tellers are there; None where nothing does."""
    state, hand = certificates.current(store), _at_hand(store)
    if state is None or hand is None:
        return None
    spoke = {message.device for message in hand.words}
    since = store.now_ms() - LATELY_MS
    there = [
        seat
        for seat in hand.at.tellers
        if seat.device in {store.device, *spoke} or (heard.last(store, seat.device) or 0) > since
    ]
    if len(there) >= hand.at.quorum or not overdue(store, GRACE_MS):
        return None
    return said(
        "A decision waits for the tellers: %(needed)s of %(all)s must agree, and this node has "
        "heard of %(there)s lately. It goes on by itself once enough of them are back.",
        needed=hand.at.quorum,
        all=len(hand.at.tellers),
        there=len(there),
    )


def overdue(store: Store, by_ms: int) -> bool:
    """Whether something was due so long ago already, by what was here then."""
    then = store.now_ms() - by_ms
    earlier = replace(store, now_ms=lambda: then)
    return any(
        all(_came(store, name) <= then for name in _names(step.decision))
        for step in islice(teller.due(earlier), MOST_DUE)
    )


def _came(store: Store, record: bytes) -> int:
    row = store.db.execute("SELECT at_ms FROM seen WHERE record = ?", [record]).fetchone()
    return 0 if row is None else int(row[0])


def _names(value: object) -> Iterator[bytes]:
    """Everything in a decision that may be the id of a record."""
    if isinstance(value, bytes) and len(value) == 32:
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _names(each)


def _due(store: Store, state: Certified) -> Iterator[Said]:
    for step in teller.due(store):
        yield from in_words(store, step.kind, step.decision, state.tellers)


class _AtHand(NamedTuple):
    """The next certificate, where several agree on it, and all they have said about it so far."""

    at: Height
    words: list[Message]
    table: Table


def _at_hand(store: Store) -> _AtHand | None:
    at = agreement.height(store)
    if at is None:
        return None
    own, rests_on = agreement.own(store)
    words = [*agreement.heard(store), *own, *rests_on]
    return _AtHand(at, words, Table(at, words))


def _seat(store: Store, state: Certified, number: int, hand: _AtHand | None) -> dict[str, Any]:
    seat = state.tellers[number]
    last = heard.last(store, seat.device)
    return {
        "able": is_able(state, seat),
        "heard": None if last is None else rfc3339(last),
        "doubled": any(proof.device == seat.device for proof in agreement.doubles(store)),
        "answers": [] if hand is None else _answers(hand, seat.device),
    }


def _answers(hand: _AtHand, device: bytes) -> list[Said]:
    """What a teller says in this attempt; a signature holds in every one."""
    said_by = [message for message in hand.words if message.device == device]
    now = {message.kind for message in said_by if message.view == hand.table.view}
    found = []
    if any(message.kind == COMMIT for message in said_by):
        found.append(_SIGNED)
    elif PREPARE in now:
        found.append(_FOUND_RIGHT)
    elif PROPOSE in now:
        found.append(_PROPOSED)
    if any(each.kind == MOVE_ON and each.view > hand.table.view for each in said_by):
        found.append(_MOVES_ON)
    return found or [_NO_WORD]


def _next(store: Store, state: Certified, hand: _AtHand) -> dict[str, Any]:
    at, _, table = hand
    proposal, prepared = table.proposals.get(table.view), table.highest_prepared()
    body = proposal.body if proposal else table.bodies.get(prepared.id) if prepared else None
    until = agreeing.patience_until(store, at, table)
    if until is not None and until <= store.now_ms():
        until = None  # it has asked
    return {
        "height": at.about.height,
        "attempt": table.view + 1,
        "leader": at.leader(table.view),
        "proposed": [] if body is None else _proposed(store, state, body),
        "patience": None if until is None else rfc3339(until),
    }


def _proposed(store: Store, state: Certified, body: bytes) -> list[Said]:
    """What a proposal would do; nobody has judged it yet, and it may hold anything."""
    made = read_body(body)
    try:
        possible = certificates.body(store, state, made.kind, made.decision) == body
    except Invalid:
        possible = False
    if not possible:
        return [said("Something that can't be carried out")]
    return in_words(store, made.kind, made.decision, state.tellers)


def _alternates(store: Store, state: Certified) -> list[dict[str, Any]]:
    names = profiles.names(store)
    able = {seat.person for seat in successors(state)}
    return [person_json(each, names) | {"able": each in able} for each in state.alternates]


def _newest(store: Store) -> list[Certificate]:
    tip = certificates.tip(store)[0]
    return certificates.above(store, tip - MOST_SIGNED)[::-1]


def _signed(store: Store, made: Certificate) -> dict[str, Any]:
    names = profiles.names(store)
    before = certificates.get(store, made.height - 1) if made.height else made
    tellers = before.next_tellers
    (came,) = store.db.execute(
        "SELECT received_ms FROM certificate WHERE height = ?", [made.height]
    ).fetchone()
    recall = made.kind == "recall"
    signers = [] if recall else [tellers[place].person for place, _ in made.signatures]
    return {
        "height": made.height,
        "certificate": made.id.hex(),
        "came": rfc3339(came),
        "what": in_words(store, made.kind, made.decision, tellers),
        "by": [person_json(person, names) for person in signers],
        "members": len(made.signatures) if recall else None,
    }
