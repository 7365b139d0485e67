"""What a teller's clock makes due in a vote: the next step, and when to look again.

A deadline acts only through a teller who writes a certificate, so a node that asks later than
others loses nothing. Times are seconds since 1970 by the asking node's own clock, against the
times that earlier certificates claim. Pure functions; the records they speak of are the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from governance.certified import (
    AGAIN,
    CHALLENGE,
    MISSED,
    NOTICE,
    OPEN,
    RUNNING,
    TIED,
    Certified,
    Round,
    Vote,
)

MOST_RUNNING = 3  # proposals of one person under way at a time; more wait as drafts
MOST_VOTES = 60  # under way in all
PATIENCE_S = 7 * 86_400  # after its end, how long a round waits for its tellers' last word


class Due(NamedTuple):
    """The next step of a vote: `begin` a round, `stop` it, `effect`, or nothing until `when`.

    `when` is seconds since 1970, None when only news can make something due.
    """

    step: str | None
    when: int | None


def due(vote: Vote, now: float) -> Due:
    """What the clock alone makes due in this vote."""
    if vote.phase == NOTICE:
        return _at("begin", begins(vote), now)
    if vote.phase in (TIED, MISSED, AGAIN):
        return Due("begin", None)
    if vote.phase == OPEN and vote.round is not None:
        return _at("stop", ends(vote, vote.round), now)
    if vote.phase == CHALLENGE:
        return _at("effect", takes_effect(vote), now)
    return Due(None, None)


def begins(vote: Vote) -> int:
    """When the first round may begin."""
    return vote.at + vote.rule.notice_s


def ends(vote: Vote, last: Round) -> int:
    """When a round ends at the latest."""
    return last.at + vote.rule.open_s


def given_up(vote: Vote, last: Round) -> int:
    """When a round that its tellers have not stopped, or that can't be counted, begins again."""
    return ends(vote, last) + PATIENCE_S


def earliest_end(vote: Vote, last: Round) -> int:
    """Before this no round ends, however certain its outcome is."""
    return last.at + vote.rule.min_open_s


def earliest_close(vote: Vote, last: Round) -> int:
    """The earliest time that a close may claim: one before shows by itself that it is wrong."""
    early = vote.rule.early_close and not vote.rule.revise
    return earliest_end(vote, last) if early else ends(vote, last)


def challengeable_until(vote: Vote) -> int | None:
    """Until when the newest close may be challenged or appealed; None while there is none."""
    last = vote.round
    if last is None or last.closed_at is None:
        return None
    return last.closed_at + vote.rule.challenge_s


def takes_effect(vote: Vote) -> int:
    """When a passed vote comes in force."""
    until = challengeable_until(vote)
    return (vote.at if until is None else until) + vote.rule.delay_s


def latest_claimed(state: Certified) -> int:
    """The latest time that certificates claim so far: whoever claims an earlier one back-dates."""
    times = [version.at for version in state.versions]
    for vote in state.votes.values():
        times += [vote.at, vote.ended_at or 0]
        for each in vote.rounds:
            times += [each.at, each.closed_at or 0]
    return max(times, default=0)


def may_open(state: Certified, author: bytes) -> bool:
    """Whether another proposal of this person may be opened now, besides those under way."""
    under_way = [vote.author for vote in state.votes.values() if vote.phase in RUNNING]
    return len(under_way) < MOST_VOTES and under_way.count(author) < MOST_RUNNING


def running(state: Certified) -> Iterable[Vote]:
    """The votes under way, in order of opening."""
    return [vote for vote in state.votes.values() if vote.phase in RUNNING]


def _at(step: str, when: int, now: float) -> Due:
    return Due(step, None) if now >= when else Due(None, when)
