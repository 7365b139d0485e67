"""Which ballots of a round count, by what its tellers have signed.

A teller lists the ballots that it holds in *receipts*, each naming the receipts before, and ends
with a *stop* that names the last ones. What leads from first receipts to some others is a *chain*;
an honest teller has one in a round, and its stop ends it. Of 3f+1 tellers f may lie; a close names
the stops of 2f+1 or more.

- A ballot counts if f+1 of the chains that these stops end list it: one of them at least is of an
  honest teller, who held it in time.
- A ballot is *safe*, and counts, if 2f+1 tellers list it in whatever chain. While each has but one,
  f+1 of these are among the stops anyway. A teller who lists a ballot, and stops another chain to
  lose it, has signed the proof against itself. And since it takes that many, what a liar adds after
  the close changes nothing, unless f+1 honest tellers had the ballot in time.

Where ballots can't be revised, a chain lists of each person only the first one. So of one person's
ballots at most one is safe, and at most one is in f+1 of 2f+1 chains.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from protocol.certificates import quorum


class Ballot(Protocol):
    """A ballot that may count for a person."""

    @property
    def person(self) -> bytes:
        """Whose it is."""

    @property
    def record(self) -> bytes:
        """Its id."""

    @property
    def order(self) -> tuple[int, bytes]:
        """Of a person's ballots that count, the lowest in this order stands."""


class Receipts(Protocol):
    """One record of a teller's receipts."""

    @property
    def record(self) -> bytes:
        """Its id."""

    @property
    def before(self) -> bytes | None:
        """The id of those before, None for the first."""

    @property
    def ballots(self) -> Sequence[bytes]:
        """The ids that it lists."""


B = TypeVar("B", bound=Ballot)
R = TypeVar("R", bound=Receipts)
Owners = Mapping[bytes, bytes]
"""Ballot -> person, of all that may count. Whatever else receipts name is passed over."""


def listed_from(tellers: int) -> int:
    """In how many of the stops' chains a ballot must be: one more than may lie, f+1 of 3f+1."""
    return (tellers - 1) // 3 + 1


def safe_from(tellers: int) -> int:
    """How many tellers' receipts make a ballot safe: 2f+1 of 3f+1."""
    return quorum(tellers)


def chain(receipts: Iterable[R], last: bytes | None) -> tuple[list[bytes], bool]:
    """The ballots in the chain that ends with `last`, oldest first; whether its beginning is here.

    `receipts` are all of one teller's that are here.
    """
    links = {each.record: each for each in receipts}
    found: list[R] = []
    while last is not None and (link := links.pop(last, None)) is not None:
        found.append(link)
        last = link.before
    return [ballot for link in reversed(found) for ballot in link.ballots], last is None


def backed(owners: Owners, receipts: Iterable[R], *, revise: bool) -> frozenset[bytes]:
    """Which of these ballots one teller lists, in any chain whose beginning is here.

    What comes before can make a ballot a person's second one, so a chain without beginning says
    nothing yet.
    """
    after: dict[bytes | None, list[R]] = {}
    for each in receipts:
        after.setdefault(each.before, []).append(each)
    found: set[bytes] = set()
    taken: set[bytes] = set()  # persons with a ballot in the chain that leads to where we are
    # Depth first; None stands for the way back, and ends what the chain said of these persons.
    waiting: list[tuple[R | None, list[bytes]]] = [(each, []) for each in after.get(None, ())]
    while waiting:
        link, persons = waiting.pop()
        if link is None:
            taken.difference_update(persons)
            continue
        for ballot in link.ballots:
            person = owners.get(ballot)
            if person is None or (not revise and person in taken):
                continue
            found.add(ballot)
            if person not in taken:
                taken.add(person)
                persons.append(person)
        waiting.append((None, persons))
        waiting += [(each, []) for each in after.get(link.record, ())]
    return frozenset(found)


def listed(owners: Owners, chains: Iterable[Iterable[bytes]], *, revise: bool) -> Counter[bytes]:
    """In how many of the stops' chains each of these ballots is."""
    times: Counter[bytes] = Counter()
    for named in chains:
        mine: dict[bytes, bytes] = {}
        for ballot in (each for each in named if each in owners):
            mine.setdefault(ballot if revise else owners[ballot], ballot)
        times.update(mine.values())
    return times


def standing(
    ballots: Mapping[bytes, B],
    chains: Iterable[Iterable[bytes]],
    backing: Iterable[Collection[bytes]],
    *,
    tellers: int,
    revise: bool,
) -> dict[bytes, B]:
    """By person, in order, the ballot that counts.

    `chains` are those that the stops end, `backing` is what each of the round's tellers backs,
    whether its stop is among them or not.
    """
    owners = {each.record: each.person for each in ballots.values()}
    times = listed(owners, chains, revise=revise)
    held = Counter(record for each in backing for record in each)

    def rank(cast: B) -> tuple[bool, bool, tuple[int, bytes]]:
        safe, named = held[cast.record] >= safe_from(tellers), enough(cast.record)
        return not (safe or revise), not (named or revise), cast.order

    def enough(record: bytes) -> bool:
        return times[record] >= listed_from(tellers)

    found: dict[bytes, B] = {}
    for record in times.keys() | held.keys():
        cast = ballots.get(record)
        if cast is not None and (enough(record) or held[record] >= safe_from(tellers)):
            other = found.setdefault(cast.person, cast)
            found[cast.person] = min(cast, other, key=rank)
    return dict(sorted(found.items()))
