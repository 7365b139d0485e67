"""What the certificate chain says: the roll, the charter's versions, votes, offices, decisions.

Plain values only; `governance.folding` is the only place that makes one state from another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from governance.charter_parts import Rule
from governance.charter_read import Share, Threshold
from governance.roll import MEMBER, Roll
from protocol.certificates import Seat
from protocol.codec import Plain
from protocol.kinds.found import Found

# Phases of a vote. The first five go on; `tied`, `missed`, `appealed` and `again` wait for another
# round, `challenge` for its effect. The others are final.
NOTICE, OPEN, CHALLENGE = "notice", "open", "challenge"
TIED, MISSED, AGAIN = "tied", "missed", "again"
IN_EFFECT, FAILED, ANNULLED, WITHDRAWN = "in_effect", "failed", "annulled", "withdrawn"
RUNNING = (NOTICE, OPEN, CHALLENGE, TIED, MISSED, AGAIN)

# Names of a vote's rounds after the first, whose name is "".
RUN_OFF, SECOND_CALL, APPEAL = "run-off", "second-call", "appeal"


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A charter that is or was in force. `proposal`: what brought it; None for the founding one."""

    number: int  # from 1
    height: int  # of the certificate that brought it; -1 for the founding one
    at: int  # seconds since 1970 as its certificate claims; for display
    hash: bytes
    data: Mapping[str, Plain]
    proposal: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One casting of ballots. `close` and what follows are None until it is closed."""

    name: str  # "", or RUN_OFF, SECOND_CALL, APPEAL, AGAIN
    open: bytes  # the certificate that began it, which ballots name
    at: int  # when it began, seconds since 1970, as the certificate claims
    options: tuple[tuple[str, str], ...]  # (id, text), without the status quo
    seats: int
    tellers: tuple[Seat, ...]
    electorate: frozenset[bytes]  # persons
    alternates: int = 0  # how many are ranked behind the winners, at most
    close: bytes | None = None
    height: int | None = None  # of the close
    closed_at: int | None = None  # as the certificate claims
    stops: tuple[bytes, ...] = ()  # ids of the stop records that the close names
    result: Mapping[str, Any] | None = None  # of the close, see `governance.assembly`
    voters: frozenset[bytes] = frozenset()  # of the electorate, those on the roll at the close


@dataclass(frozen=True, kw_only=True, slots=True)
class Vote:
    """A proposal from its first `open` on. `winners`: option ids, () for a yes or no."""

    proposal: bytes  # the record's id
    author: bytes  # person
    kind: str
    effect: Mapping[str, Any]
    options: tuple[tuple[str, str], ...]
    seats: int
    rule: Rule  # of the charter in force at the first `open`, as all that follows
    amendment: str  # the strictest class that the change touches: "A", "B", "C" or ""
    thresholds: tuple[Threshold, ...]  # all must be met, as must all quorums
    quorums: tuple[Share, ...]
    electorate: frozenset[bytes]
    opened: bytes  # the first `open`
    height: int  # of it
    at: int  # when, as it claims
    phase: str
    alternates: int = 0  # how many are ranked behind the winners, at most
    rounds: tuple[Round, ...] = ()
    sure: tuple[str, ...] = ()  # winners of the first round, where others go to a run-off
    winners: tuple[str, ...] = ()
    ended_at: int | None = None
    why: str = ""  # a word for what became of it: "stale", "quorum", "tie", "rejected", ...

    @property
    def round(self) -> Round | None:
        """The newest round."""
        return self.rounds[-1] if self.rounds else None

    @property
    def tried(self) -> frozenset[str]:
        """The names of the rounds there were."""
        return frozenset(each.name for each in self.rounds)

    @property
    def reserve(self) -> tuple[str, ...]:
        """The option ids of the alternates, best first: who lost a run-off, then who came after it.

        None while a tie stands: nobody may pass those who are level.
        """
        results = [each.result for each in self.rounds if each.result is not None]
        if not results or results[-1]["outcome"] == "tie":
            return ()
        return tuple(name for each in reversed(results) for name in each.get("alternates", ()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """An office and who holds it since a vote; who has left the roll holds it no more."""

    persons: tuple[bytes, ...]
    proposal: bytes
    height: int
    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Term:
    """When the tellers in office were chosen; alternates who step in serve out the same term."""

    height: int
    at: int | None  # seconds since 1970, as the certificate claims; a recall claims no time


@dataclass(frozen=True, kw_only=True, slots=True)
class Picks:
    """The listings (their first records' ids) that members chose to show first."""

    title: str
    listings: tuple[bytes, ...]
    proposal: bytes
    height: int
    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Spend:
    """Money that members granted from the common fund, in minor units."""

    amount: int
    currency: str
    to: bytes | None  # a person, or None for somebody outside
    purpose: str
    proposal: bytes
    height: int
    at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Certified:
    """Everything the chain says so far. `height` is -1 before the first certificate."""

    community: bytes
    height: int
    id: bytes
    tellers: tuple[Seat, ...]
    versions: tuple[Version, ...]
    roll: Roll = field(default_factory=Roll)
    votes: Mapping[bytes, Vote] = field(default_factory=dict)  # by proposal, in order of opening
    officers: Mapping[str, Held] = field(default_factory=dict)
    picks: Picks | None = None
    spends: tuple[Spend, ...] = ()
    attempt: int = 0  # of the last `move-seat` by a person key
    alternates: tuple[bytes, ...] = ()  # persons who may step in for a teller, best first
    term: Term | None = None  # None for a founder, before the first election
    recall_attempt: int = 0  # of the last `recall`

    @property
    def charter_hash(self) -> bytes:
        """The hash of the charter in force."""
        return self.versions[-1].hash

    @property
    def charter(self) -> Mapping[str, Plain]:
        """The data of the charter in force."""
        return self.versions[-1].data

    def members(self) -> frozenset[bytes]:
        """The persons on the roll now."""
        return frozenset(k for k, p in self.roll.persons.items() if p.standing == MEMBER)


def beginning(community: bytes, device: bytes, found: Found, charter_hash: bytes) -> Certified:
    """The state before height 0: the founding record names the one teller who may sign it."""
    return Certified(
        community=community,
        height=-1,
        id=community,
        tellers=(Seat(found.person, device),),
        versions=(Version(number=1, height=-1, at=0, hash=charter_hash, data=found.charter),),
    )
