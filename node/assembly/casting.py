"""Casting a ballot: refused with a reason where it could not count, else on its way at once."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep
from typing import Any

from governance import duties
from governance.certified import Certified, Round, Vote
from governance.methods.registry import METHODS
from node import control
from node.assembly import finding, mine
from node.assembly.acting import checked_comment
from node.assembly.choices import on_ballot
from node.assembly.finding import Found
from node.assembly.member import member_state
from node.home import LOCK, Home
from protocol.codec import Plain
from protocol.errors import Invalid, Refused, Term
from protocol.kinds import ballot as ballot_kind
from protocol.kinds.comment import Comment
from storage.own import Draft

LOOK_S = 0.05  # between two looks for a receipt


def cast(
    home: Home,
    text: str,
    choice: str | None = None,
    *,
    data: object = None,
    reason: str = "",
    wait_s: float = 0.0,
    grew: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Cast a ballot in the open round of a proposal.

    `choice` is as typed, `yes` or `A>B=C`; a form may give plain `data` instead. An objection by
    consent needs a `reason`. Waits up to `wait_s` seconds for the tellers' receipts, as long as a
    node of this home runs that could bring them; a page does not wait. `grew` is told when more of
    them hold the ballot, though not yet enough: how many, and of how many.
    """
    state = member_state(home, Term("vote"))
    found = finding.find(home.store, text)
    vote, last = _open(home, state, found)
    chosen = _choice(vote, last, choice, data)
    said = ""
    if reason.strip():
        said = checked_comment(Term("reason"), reason)
    elif chosen == "object":
        raise Refused(
            "reason-needed",
            "An objection needs a reason, so that others can answer it: say it with your ballot "
            "(--reason). Nothing was written.",
        )
    with home.turn():
        before = mine.cast(home.store, vote, last, home.person)
        version = mine.next_version(home.store, last, home.person)
        if before is not None and not vote.rule.revise:
            raise Refused(
                "already-voted",
                "You have voted, and a ballot can't be changed under this rule; nothing was "
                "written.",
            )
        body = ballot_kind.body(last.open, version, chosen)
        (record,) = home.append([Draft("ballot", body)])
    if said:
        home.append([Draft("comment", Comment(about=record, text=said).body())])
    late = home.store.now_ms() >= 1000 * duties.ends(vote, last)
    made = _with_receipts(home, vote, last, record, wait_s, grew)
    return {
        "proposal": found.record.hex(),
        "ballot": record.hex(),
        "version": version,
        "choice": chosen,
        "text": METHODS[vote.rule.method].show(chosen),
        "receipts": made,
        "needed": mine.needed(last),
        "tellers": len(last.tellers),
        "safe": made >= mine.needed(last),
        "late": late,
    }


def check(home: Home, text: str) -> None:
    """Refused if this home can't cast a ballot on a proposal now."""
    state = member_state(home, Term("vote"))
    _open(home, state, finding.find(home.store, text))


def _open(home: Home, state: Certified, found: Found) -> tuple[Vote, Round]:
    """The vote and its open round; Refused when this person can't cast a ballot in it."""
    vote = found.vote
    last = None if vote is None else vote.round
    blocked = mine.blocked(home.store, state, found, home.person, None)
    if blocked is not None:
        raise Refused(blocked.reason, blocked.said.text, **blocked.said.values)
    assert vote is not None and last is not None  # noqa: S101 - nothing else is open
    return vote, last


def _choice(vote: Vote, last: Round, choice: str | None, data: object) -> Plain:
    method = METHODS[vote.rule.method]
    options = [option for option, _ in on_ballot(vote.rule, last.options)]
    if choice is not None:
        return method.parse(choice, options)
    try:
        return method.read(data, options)
    except Invalid as error:
        raise Refused(error.reason, error.text, **error.values) from error


def _with_receipts(
    home: Home,
    vote: Vote,
    last: Round,
    ballot: bytes,
    wait_s: float,
    grew: Callable[[int, int], None] | None,
) -> int:
    """How many tellers hold the ballot, after a short wait if a node may bring their word."""
    until = monotonic() + wait_s
    running = wait_s > 0 and control.is_running(home.path / LOCK)
    known = 0
    while True:
        cast = mine.cast(home.store, vote, last, home.person)
        receipts = 0 if cast is None or cast.record != ballot else cast.receipts
        if receipts >= mine.needed(last) or not running or monotonic() >= until:
            return receipts
        if receipts > known and grew is not None:
            grew(receipts, len(last.tellers))
        known = receipts
        sleep(LOOK_S)
