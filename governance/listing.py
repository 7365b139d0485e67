"""Which ballots of a round count, by what its tellers have signed.

A teller lists the ballots that it holds in *receipts*, each naming the receipts before, and ends
with a *stop* that names the last ones. What hangs together from first receipts to some others is a
*chain*; an honest teller has one in a round, and its stop ends that chain. What a close is made by
are the chains that its stops end, at least 2f+1 of 3f+1, of which f tellers may lie.

- A ballot that f+1 of these chains list counts: one of the f+1 is honest and held it in time.
- A ballot that 2f+1 tellers list in whatever chain is *safe* and counts: while nobody's chain
  branches, f+1 of them are among the stops anyway; and who signs another chain than its stop ends,
  to lose a ballot, has signed the proof against itself. With f more than that it can't slip in
  what no honest teller held, nor change a count afterwards by a word of its own.

Where ballots can't be revised, a chain lists only the first ballot that it names of a person. So of
one person's ballots at most one is safe, and where exactly 2f+1 stops are named at most one is
listed by f+1 of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from protocol.certificates import quorum


class Ballot(Protocol):
    """A ballot that may count for a person."""

    @property
    def person(self) -> bytes: ...

    @property
    def record(self) -> bytes: ...

    @property
    def order(self) -> tuple[int, bytes]:
        """Of a person's ballots that count the lowest in this order stands."""


class Receipts(Protocol):
    """What one record of a teller lists, and the record of the same teller before it."""

    @property
    def record(self) -> bytes: ...

    @property
    def before(self) -> bytes | None: ...

    @property
    def ballots(self) -> Sequence[bytes]: ...


B = TypeVar("B", bound=Ballot)
R = TypeVar("R", bound=Receipts)


class Chain(NamedTuple):
    """The ballots that a stop's chain names, oldest first; None where a link is not here."""

    ballots: list[bytes]
    whole: bool


def listed_from(tellers: int) -> int:
    """How many of the stops' chains must list a ballot: one more than may lie, f + 1 of 3f + 1."""
    return (tellers - 1) // 3 + 1


def safe_from(tellers: int) -> int:
    """How many tellers' receipts make a ballot safe: 2f + 1 of 3f + 1."""
    return quorum(tellers)


def chain_of(receipts: Iterable[R], last: bytes | None) -> Chain:
    """What one teller's stop leads to, by the receipts of that teller that are here."""
    links = {each.record: each for each in receipts}
    found: list[R] = []
    while last is not None and (link := links.pop(last, None)) is not None:
        found.append(link)
        last = link.before
    return Chain([ballot for link in reversed(found) for ballot in link.ballots], last is None)


def backed(
    receipts: Iterable[R], ballots: Mapping[bytes, B], *, revise: bool
) -> frozenset[bytes]:
    """Of `ballots` (by id) those that one teller lists in a chain, whole from its beginning."""
    after: dict[bytes | None, list[R]] = {}
    for each in receipts:
        after.setdefault(each.before, []).append(each)
    found: set[bytes] = set()
    taken: set[bytes] = set()  # persons whose first ballot the chain so far has named
    waiting: list[tuple[R, Collection[bytes]] | Collection[bytes]]
    waiting = [(each, ()) for each in after.get(None, ())]
    while waiting:
        link = waiting.pop()
        if not _is_link(link):
            ...
    return frozenset(found)
