"""The steps of votes that are due: which certificate comes next, by this teller's clock.

The certified state and the records held say it all. What is remembered between calls is only
which proposals lead nowhere as things stand: a teller asks after every record that comes.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from governance import assembly, duties
from governance.certified import (
    APPEAL,
    CHALLENGE,
    FAILED,
    MISSED,
    NOTICE,
    OPEN,
    RUN_OFF,
    RUNNING,
    SECOND_CALL,
    TIED,
    Certified,
    Vote,
)
from governance.opening import first_opening
from governance.roll import MOST_HEADS
from node.tellership.clock import by_our_clock
from protocol.certificates import quorum
from protocol.codec import Plain
from protocol.errors import Invalid, Refused
from storage import assembly as held
from storage import certificates, opened, recount
from storage.assembly import Motion
from storage.rows import all_logs
from storage.store import Store

logger = logging.getLogger("moothall.teller")

MOST_WAITING = 20  # proposals of one person that are not opened yet, beyond which none is judged
MOST_REFUSED = 20_000  # proposals that are remembered
_refused: dict[bytes, bytes] = {}  # proposal -> the newest certificate when it couldn't be opened

_ROUND = {NOTICE: "", TIED: RUN_OFF, MISSED: SECOND_CALL, "again": "again"}


class Step(NamedTuple):
    """A certificate to be made."""

    kind: str
    decision: dict[str, Plain]


def steps(store: Store) -> Iterator[Step]:
    """The certificates that votes need now, each as if it were the next one."""
    state = certificates.current(store)
    if state is not None:
        yield from _steps(store, state)


def next_deadline(store: Store, since: float) -> float | None:
    """When a clock makes something due at the earliest, after `since` (seconds since 1970).

    What was due by then, and is due still, waits for news: for what another teller holds, or a
    record that is not here. None for never.
    """
    state = certificates.current(store)
    if state is None:
        return None
    times: list[int | None] = []
    for vote in duties.running(state):
        vote = by_our_clock(store, state, vote, since)
        times.append(duties.due(vote, since).when)
        last = vote.round
        if vote.phase == OPEN and last is not None:
            times.append(duties.given_up(vote, last))
            if vote.rule.early_close:
                times.append(duties.earliest_end(vote, last))
    return min((when for when in times if when is not None and when > since), default=None)


def _steps(store: Store, state: Certified) -> Iterator[Step]:
    now = store.now_ms() // 1000
    for vote in duties.running(state):
        ours = by_our_clock(store, state, vote, now)
        step = _challenged(store, vote, None, now) or _step_of(store, state, ours, now)
        if step is not None:
            yield step
    for vote in state.votes.values():
        if vote.phase == FAILED:
            until = duties.challengeable_until(by_our_clock(store, state, vote, now))
            step = _challenged(store, vote, until, now)
            if step is not None:
                yield step
    yield from _drafts(store, state, now)


def _step_of(store: Store, state: Certified, vote: Vote, now: int) -> Step | None:
    if vote.phase != CHALLENGE and assembly.is_stale(state, vote):
        return _annul(vote, "stale", None, now)
    if vote.phase == NOTICE:
        taken_back = _motion_by(store, state, "withdraw", vote.proposal, vote.author)
        if taken_back is not None:
            return _annul(vote, "withdrawn", taken_back.record, now)
    if vote.phase == CHALLENGE:
        return _after_close(store, state, vote, now)
    if vote.phase == OPEN:
        return _close(store, state, vote, now)
    if duties.due(vote, now).step == "begin":
        return Step(
            "open",
            {
                "proposal": vote.proposal,
                "stage": "vote",
                "round": _ROUND[vote.phase],
                "at": now,
            },
        )
    return None


def _after_close(store: Store, state: Certified, vote: Vote, now: int) -> Step | None:
    """An appeal in time, or the effect when its time has come."""
    until = duties.challengeable_until(vote)
    if vote.effect.get("type") == "expel" and APPEAL not in vote.tried:
        appeal = _motion_by(store, state, "appeal", vote.proposal, vote.effect["person"])
        if appeal is not None and until is not None and _seen(store, appeal, now) <= until:
            decision: dict[str, Plain] = {
                "proposal": vote.proposal,
                "stage": "vote",
                "round": APPEAL,
                "record": appeal.record,
                "at": now,
            }
            return Step("open", decision)
    if duties.due(vote, now).step != "effect":
        return None
    kind = assembly.certificate_for(state, vote, now)
    decision = {"proposal": vote.proposal, "at": now}
    if kind == "remove":
        decision["heads"] = heads_of(store, state, vote.effect["person"])
    return Step(kind, decision)


def _close(store: Store, state: Certified, vote: Vote, now: int) -> Step | None:
    """Close a round once enough of its tellers have stopped; open it again if they can't."""
    last = vote.round
    if last is None:
        return None
    counted = recount.closing_now(store, vote)
    if counted is not None:
        certified = state.votes[vote.proposal]
        assert certified.round is not None  # noqa: S101 - it is this one, with the times it claims
        earliest = duties.earliest_close(certified, certified.round)
        return Step("close", {**counted, "at": max(now, earliest)})
    able = sum(
        state.roll.is_member_device(seat.device)
        or held.stop_of(store, seat.device, last.open) is not None
        for seat in last.tellers
    )
    lost = able < quorum(len(last.tellers))
    # A teller who says nothing, or names ballots that nobody has, must not keep a vote for ever.
    return _annul(vote, "again", None, now) if lost or now >= duties.given_up(vote, last) else None


def _challenged(store: Store, vote: Vote, until: int | None, now: int) -> Step | None:
    """What a challenge that is proved asks for; it goes before anything else in its vote.

    `until`: when it must have come by, where nothing else is to come that would end the time for
    it.
    """
    first: dict[bytes, Motion] = {}
    for motion in held.motions(store, "challenge", vote.proposal):
        first.setdefault(motion.detail[:32], motion)
    for against, motion in first.items():
        if until is not None and _seen(store, motion, now) > until:
            continue
        why = proved(store, vote, against)
        if why:
            return _annul(vote, why, motion.record, now)
    return None


def proved(store: Store, vote: Vote, against: bytes) -> str:
    """Why a vote is annulled that is challenged for this certificate of it; empty if it isn't.

    What is here has to prove it, and no clock is asked: what proves it to one teller does so to
    all who hold the same.
    """
    last = vote.round
    if against == vote.opened and opened.otherwise(store, vote) is not None:
        return "opening" if vote.phase in RUNNING else ""
    if last is None or against != last.close or vote.why == "stale":
        return ""
    if vote.phase not in (CHALLENGE, TIED, MISSED, FAILED):
        return ""
    if recount.hasty(vote, last) is not None:
        return "again"
    return "recount" if recount.is_wrong(store, vote, last) else ""


def is_proved(store: Store, state: Certified, decision: Mapping[str, Any]) -> bool:
    """Whether the challenge that this `annul` rests on is here and proves what it says."""
    proposal, record = decision["proposal"], decision.get("record")
    named = (each for each in held.motions(store, "challenge", proposal) if each.record == record)
    return any(
        proved(store, state.votes[proposal], each.detail[:32]) == decision["why"] for each in named
    )


def _drafts(store: Store, state: Certified, now: int) -> Iterator[Step]:
    """Proposals that were never opened, in the order in which this node came to hold them."""
    for draft in _waiting(store, state):
        author = state.roll.person_of(draft.device)
        if (
            _refused.get(draft.record) == state.id
            or author is None
            or not state.roll.is_member_device(draft.device)
            or not duties.may_open(state, author)
            or _motion_by(store, state, "withdraw", draft.record, author) is not None
        ):
            continue
        found = held.proposal(store, draft.record)
        if found is None:
            continue
        _, said = found
        try:
            decision = first_opening(
                state,
                proposal=draft.record,
                author=author,
                kind=said.kind,
                effect=said.effect,
                options=said.options,
                at=now,
            )
        except (Invalid, Refused) as error:
            logger.debug("a proposal is not opened: %s", error)
            if len(_refused) >= MOST_REFUSED:
                _refused.clear()
            _refused[draft.record] = state.id
            continue
        yield Step("open", decision)


def _waiting(store: Store, state: Certified) -> list[held.Proposal]:
    """Proposals that were not opened so far; of each person the newest, which are soon judged."""
    found: list[held.Proposal] = []
    written: Counter[bytes] = Counter()
    for draft in reversed(held.proposals(store)):
        if draft.record not in state.votes:
            written[draft.person] += 1
            if written[draft.person] <= MOST_WAITING:
                found.append(draft)
    return found[::-1]


def _motion_by(
    store: Store, state: Certified, sort: str, about: bytes, person: bytes
) -> Motion | None:
    """What this person moved about a proposal, from any device of theirs."""
    for motion in held.motions(store, sort, about):
        if state.roll.person_of(motion.device) == person:
            return motion
    return None


def _seen(store: Store, motion: Motion, now: int) -> int:
    """When this node first held it, in seconds since 1970."""
    row = store.db.execute("SELECT at_ms FROM seen WHERE record = ?", [motion.record]).fetchone()
    return now if row is None else int(row[0]) // 1000


def heads_of(store: Store, state: Certified, person: bytes) -> list[Plain]:
    """Where each log of this person's devices ends as far as it is here; nothing is undone.

    Those that a certificate has ended stay so. They are left out, since a person may have given up
    more devices than a certificate can name. Of more than it can name all the same, whoever listed
    so many, `gov` is named first.
    """
    devices, cuts = state.roll.persons[person].devices, state.roll.cuts
    named: list[Plain] = [
        [log.device, log.lane, log.prefix_seq, log.prefix_id]
        for log in sorted(all_logs(store), key=lambda log: log.lane)
        if log.device in devices and (log.device, log.lane) not in cuts and log.prefix_seq
    ]
    return named[:MOST_HEADS]


def _annul(vote: Vote, why: str, record: bytes | None, now: int) -> Step:
    decision: dict[str, Any] = {"proposal": vote.proposal, "why": why, "record": record, "at": now}
    return Step("annul", decision)
