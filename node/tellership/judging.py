"""Judging what another teller proposes, on the records it cites and by one's own clock.

A proposal is right when this node would make the same step, apart from what may honestly differ:
the time it claims, which of the tellers' stops a close rests on, how far the logs of a person who
goes are here. What is not right yet may become so, when a record comes or time passes: whoever
asks again gets today's answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from governance import duties
from governance.certified import Certified
from governance.handover import is_ours
from node.tellership import handover, roll, votes
from node.tellership.votes import Step
from protocol.certificates import Certificate
from protocol.codec import Plain, encode
from protocol.errors import Invalid
from protocol.records import GOV, LANES
from protocol.teller_messages import read_body
from storage import certificates, recount
from storage.rows import find_log, id_at
from storage.store import Store

SLACK_S = 600  # by which the clocks of two tellers may differ
MOST_BEHIND = 256  # records of a log that a cut may leave out: its author may write on meanwhile
MOST_GOV = 16  # and of a `gov` log, which holds what others rely on

OK = ""


def judge(store: Store, body: bytes) -> str:
    """Why this certificate should not be made now, in one word; empty when it should."""
    state = certificates.current(store)
    if state is None:
        return "early"
    try:
        certificate = read_body(body)
        right = certificates.body(store, state, certificate.kind, certificate.decision)
    except Invalid:
        return "impossible"
    if right != body:
        return "impossible"
    if why := _time(store, state, certificate):
        return why
    if certificate.kind == "roll":
        return OK if roll.acceptable(store, certificate.decision) else "not-due"
    if certificate.kind == "close":
        return _close(store, state, certificate.decision)
    if is_ours(certificate.kind, certificate.decision):
        return OK if handover.acceptable(store, certificate.decision) else "not-due"
    if certificate.kind == "annul" and votes.is_proved(store, state, certificate.decision):
        return OK
    due = (mine for mine in votes.steps(store) if mine.kind == certificate.kind)
    return OK if any(_same(store, state, certificate, mine) for mine in due) else "not-due"


def _time(store: Store, state: Certified, certificate: Certificate) -> str:
    at = certificate.decision.get("at")
    if at is None:
        return OK
    if at < duties.latest_claimed(state):
        return "back-dated"
    return (
        OK if at <= max(duties.latest_claimed(state), store.now_ms() // 1000 + SLACK_S) else "early"
    )


def _close(store: Store, state: Certified, decision: Mapping[str, Any]) -> str:
    vote = state.votes[decision["proposal"]]
    mine = recount.closing(store, vote, decision["stops"])
    if mine is None or vote.round is None:
        return "not-here"
    if decision["at"] < duties.earliest_close(vote, vote.round):
        return "back-dated"
    return OK if _but(decision, "at") == encode(mine) else "miscounted"


def _same(store: Store, state: Certified, certificate: Certificate, mine: Step) -> bool:
    theirs, ours = certificate.decision, mine.decision
    if certificate.kind == "remove":
        person = state.votes[theirs["proposal"]].effect["person"]
        named = {(device, lane) for device, lane, _, _ in theirs["heads"]}
        wanted = votes.heads_of(store, state, person)
        return (
            _but(theirs, "at", "heads") == _but(ours, "at", "heads")
            and all((head[0], head[1]) in named for head in wanted)  # type: ignore[index]
            and _reach(store, theirs["heads"])
        )
    return _but(theirs, "at") == _but(ours, "at")


def _reach(store: Store, heads: Iterable[Any]) -> bool:
    """Whether logs would end where they are known to lead, and not much before what is here."""
    for device, lane, seq, record_id in heads:
        log = find_log(store, device, lane) if lane in LANES.values() else None
        most = MOST_GOV if lane == GOV else MOST_BEHIND
        if log is None or log.prefix_seq > seq + most:
            return False
        if seq and id_at(store, log.no, seq) != record_id:
            return False
    return True


def _but(decision: Mapping[str, Any], *left_out: str) -> bytes:
    kept: dict[str, Plain] = {k: v for k, v in decision.items() if k not in left_out}
    return encode(kept)
