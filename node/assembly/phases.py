"""Where a vote stands, in words for people, and when what comes next.

The certified phase says what the tellers have decided; what it means by now depends on the time
and on stops that are here already. Times are the deadlines that a teller's clock will be asked
about, so they are as good as its clock.
"""

from __future__ import annotations

from governance import duties
from governance.certified import (
    AGAIN,
    ANNULLED,
    CHALLENGE,
    FAILED,
    IN_EFFECT,
    MISSED,
    NOTICE,
    OPEN,
    TIED,
    WITHDRAWN,
    Certified,
    Round,
    Vote,
)
from governance.saying import Said, said
from node.status import rfc3339
from protocol.certificates import quorum
from storage import assembly as held
from storage.store import Store

DRAFT, COUNTING = "draft", "counting"
STATUSES = (
    DRAFT,
    NOTICE,
    OPEN,
    COUNTING,
    CHALLENGE,
    IN_EFFECT,
    FAILED,
    ANNULLED,
    WITHDRAWN,
)

TAKEN_BACK = said("Its author took it back.")
_BECAME = {
    "rejected": said("The members decided against it."),
    "missed": said("Too few were in favour."),
    "tie": said("It was level again after the run-off."),
    "too-few": said("Too few were elected to fill all seats, so everybody stays who holds one."),
    "stale": said("What it rests on was changed before it could come in force."),
    "withdrawn": TAKEN_BACK,
    "opening": said("It was put to the vote as something else than its author wrote."),
}
_NEXT = {
    TIED: said("Level: a run-off begins by itself."),
    MISSED: said("Too few were in favour: the vote is called once more."),
    AGAIN: said("The round does not stand: it is opened again."),
}


def stopped(store: Store, last: Round) -> bool:
    """Whether so many tellers have stopped taking ballots that a new one can't count."""
    stops = [held.stop_of(store, seat.device, last.open) for seat in last.tellers]
    return sum(stop is not None for stop in stops) >= quorum(len(last.tellers))


def status(store: Store, vote: Vote) -> str:
    """One of STATUSES. `counting`: no ballot is taken any more, or another round is due."""
    if vote.phase in (TIED, MISSED, AGAIN):
        return COUNTING
    last = vote.round
    if vote.phase == OPEN and last is not None:
        over = store.now_ms() >= 1000 * duties.ends(vote, last)
        return COUNTING if over or stopped(store, last) else OPEN
    return vote.phase


def reason(vote: Vote) -> Said | None:
    """What became of it, or what comes next, where the status does not say it."""
    return _NEXT.get(vote.phase) or _BECAME.get(vote.why)


def outcome(vote: Vote) -> str | None:
    """The certified outcome of the newest round that was closed."""
    for each in reversed(vote.rounds):
        if each.result is not None:
            return str(each.result["outcome"])
    return None


def opens(vote: Vote) -> int:
    """When the newest round began, or the first may begin; seconds since 1970."""
    last = vote.round
    return duties.begins(vote) if last is None else last.at


def closes(vote: Vote) -> int | None:
    """When the newest round ended, or will at the latest."""
    last = vote.round
    if last is None:
        return duties.begins(vote) + vote.rule.open_s if vote.phase == NOTICE else None
    return last.closed_at if last.closed_at is not None else duties.ends(vote, last)


def until(vote: Vote) -> int | None:
    """Until when the newest count may be challenged, while that can change anything."""
    if vote.phase in (CHALLENGE, TIED, MISSED) or (vote.phase == FAILED and vote.why != "stale"):
        return duties.challengeable_until(vote)
    return None


def may_be_challenged(store: Store, vote: Vote) -> bool:
    """Whether that time is not over yet."""
    limit = until(vote)
    return limit is not None and store.now_ms() <= 1000 * limit


def due(vote: Vote) -> int | None:
    """When a passed vote comes in force, or since when it is."""
    if vote.phase == CHALLENGE:
        return duties.takes_effect(vote)
    return vote.ended_at if vote.phase == IN_EFFECT else None


def electorate(state: Certified, vote: Vote) -> int:
    """How many may vote now, or could at the newest close."""
    last = vote.round
    if last is None:
        return len(vote.electorate & state.members())
    if last.result is not None:
        return len(last.voters)
    return len(last.electorate & state.members())


def moment(seconds: int | None) -> str | None:
    """Seconds since 1970 as RFC 3339 in UTC."""
    return None if seconds is None else rfc3339(1000 * seconds)
