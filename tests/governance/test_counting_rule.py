"""The counting rule, with four tellers and up to three ballots: every case there is.

The honest three list what they hold in one chain each, and stop it. The fourth lies as it likes: it
ends any chain with its stop, and lists any ballots beside. Who holds which ballot, in which order,
and whose stops a close names, all of that is tried.

What a rule must hold to (`broken`) is said by who held what and when, not by the rule itself. Each
way to break the rule (`MUTANTS`) is found out by it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations, combinations_with_replacement, permutations, product
from typing import Any, NamedTuple

import pytest

from governance import listing

Ids = tuple[bytes, ...]
LIAR = 3
STOPS = [each for some in (3, 4) for each in combinations(range(4), some)]


class Cast(NamedTuple):
    """A ballot; of one person's those with the highest version stand."""

    person: bytes
    record: bytes
    version: int

    @property
    def order(self) -> tuple[int, bytes]:
        return -self.version, self.record


class Receipts(NamedTuple):
    """A record that lists one ballot."""

    record: bytes
    before: bytes | None
    ballots: Ids


class Case(NamedTuple):
    """Who signed what: each teller's chain up to its stop, and what the liar lists beside."""

    ballots: Mapping[bytes, Cast]
    revise: bool
    chains: tuple[Ids, ...]
    beside: Ids
    stops: tuple[int, ...]  # the tellers whose stops the close names


def cast(*persons: str) -> dict[bytes, Cast]:
    """A ballot of each of these; a person's next one has a higher version."""
    some = [
        Cast(each.encode(), bytes([number]), persons[:number].count(each))
        for number, each in enumerate(persons)
    ]
    return {each.record: each for each in some}


ELECTIONS = ["p", "pp", "pq", "ppp", "ppq"]  # whose the ballots are


def honestly(ballots: Mapping[bytes, Cast], revise: bool) -> list[Ids]:
    """What an honest teller may list: of each person one, or others that are each better.

    Between persons the order says nothing.
    """
    found = []
    for count in range(len(ballots) + 1):
        for some in combinations(ballots.values(), count):
            if revise or len({each.person for each in some}) == count:
                found.append(tuple(each.record for each in some))
    return found


def cases(ballots: Mapping[bytes, Cast], revise: bool) -> Iterator[Case]:
    """All of them; the honest three are alike, and every choice of stops is tried."""
    sizes = range(len(ballots) + 1)
    anything = [some for count in sizes for some in permutations(ballots, count)]
    subsets = [some for count in sizes for some in combinations(ballots, count)]
    for three in combinations_with_replacement(honestly(ballots, revise), 3):
        for lie, beside, stops in product(anything, subsets, STOPS):
            yield Case(ballots, revise, (*three, lie), beside, stops)


def owners(case: Case) -> dict[bytes, bytes]:
    """Ballot -> person."""
    return {each.record: each.person for each in case.ballots.values()}


_backed: dict[Any, frozenset[bytes]] = {}  # reading a chain is no mutant's business


def backed(case: Case, chain: Ids, beside: Ids) -> frozenset[bytes]:
    """What a teller backs who lists this chain, one ballot a record, and others that begin anew."""
    key = (tuple(case.ballots.values()), case.revise, chain, beside)
    if key not in _backed:
        ids = [b"%d" % number for number in range(len(chain))]
        before = [None, *ids]
        links = [Receipts(i, b, (each,)) for i, b, each in zip(ids, before, chain, strict=False)]
        links += [Receipts(b"beside" + each, None, (each,)) for each in beside]
        _backed[key] = listing.backed(owners(case), links, revise=case.revise)
    return _backed[key]


def counted(case: Case, known: Iterable[int] = range(4), beside: Ids | None = None) -> set[bytes]:
    """The ballots that count, for whoever holds the receipts of these tellers."""
    beside = case.beside if beside is None else beside
    backing = [backed(case, case.chains[each], beside * (each == LIAR)) for each in known]
    chains = [case.chains[each] for each in case.stops]
    stands = listing.standing(case.ballots, chains, backing, tellers=4, revise=case.revise)
    return {each.record for each in stands.values()}


def safe(case: Case) -> list[Cast]:
    """Ballots that a voter was told are held by three, as the receipts show them one by one."""
    found = []
    for ballot in case.ballots.values():
        lie = case.chains[LIAR]
        first = next((b for b in lie if case.ballots[b].person == ballot.person), None)
        shown = ballot.record in case.beside or (
            ballot.record in lie if case.revise else first == ballot.record
        )
        if shown + sum(ballot.record in chain for chain in case.chains[:LIAR]) >= 3:
            found.append(ballot)
    return found


def lacks(case: Case, wanted: Iterable[Cast], there: set[bytes]) -> bool:
    """Whether one of the wanted is neither there nor, where that is allowed, revised."""
    return not all(
        ballot.record in there
        or (
            case.revise
            and any(
                case.ballots[each].person == ballot.person
                and case.ballots[each].order < ballot.order
                for each in there
            )
        )
        for ballot in wanted
    )


def broken(case: Case) -> str:
    """Which promise the rule breaks in this case; empty for none."""
    there, wanted = counted(case), safe(case)
    if lacks(case, wanted, there):
        return "a safe ballot is missing, and nothing proves it"
    if not case.beside and lacks(case, wanted, counted(case, known=case.stops)):
        return "nobody's chain branches, and a safe ballot is missing from the stops' chains"
    if not there <= {ballot for chain in case.chains[:LIAR] for ballot in chain}:
        return "a ballot counts that no honest teller held before its stop"
    if len({case.ballots[each].person for each in there}) != len(there):
        return "two ballots of one person count"
    if not case.revise and len(case.stops) == 3:
        chains = [case.chains[each] for each in case.stops]
        times = listing.listed(owners(case), chains, revise=False)
        often = [case.ballots[each].person for each, count in times.items() if count >= 2]
        if len(set(often)) != len(often):
            return "two ballots of one person are each in more chains than may be false"
    if case.beside:
        before = counted(case, beside=())
        if before != there and not lacks(case, wanted, before):
            return "a word after the close changes the count, and no safe ballot was missing"
    return ""


@pytest.mark.parametrize("revise", [False, True])
@pytest.mark.parametrize("voters", ELECTIONS)
def test_every_case_of_four_tellers_of_whom_one_lies(voters: str, revise: bool) -> None:
    lost = 0
    for case in cases(cast(*voters), revise):
        assert broken(case) == "", case
        if case.beside and len(voters) < 3:
            lost += lacks(case, safe(case), counted(case, beside=()))
    assert (
        lost or len(voters) == 3
    )  # a liar did lose a safe ballot, and what it had signed brought it back


def stop_is_no_end(*args: Any, **more: Any) -> dict[bytes, Cast]:
    """What stop-naming tellers list beyond their stop counts like what they list before it."""
    ballots, chains, backing = args
    chains = [[*chain, *sorted(also)] for chain, also in zip(chains, backing, strict=False)]
    return standing(ballots, chains, backing, **more)


def newest_counts(*args: Any, **more: Any) -> dict[bytes, Cast]:
    """Where ballots can't be revised the newest counts all the same, be another one safe."""
    ballots, chains, backing = args
    enough = standing(ballots, chains, (), **more)
    found = standing(ballots, chains, backing, **more)
    return {p: min(c, enough.get(p, c), key=lambda each: each.order) for p, c in found.items()}


def whole_chains(ballots: Any, chains: Any, *, revise: bool) -> Any:
    """A chain lists all it names, several of one person too."""
    return listed(ballots, chains, revise=True)


standing, listed = listing.standing, listing.listed

MUTANTS: dict[str, tuple[str, Callable[..., Any], str]] = {
    "listed by f": ("listed_from", lambda tellers: 1, "no honest teller held"),
    "listed by f+2": ("listed_from", lambda tellers: 3, "missing from the stops' chains"),
    "safe with 2f": ("safe_from", lambda tellers: 2, "changes the count"),
    "safe with 2f+2": ("safe_from", lambda tellers: 4, "nothing proves it"),
    "beyond the stop": ("standing", stop_is_no_end, "changes the count"),
    "two a person": ("listed", whole_chains, "more chains than may be false"),
    "the newest before the safe": ("standing", newest_counts, "nothing proves it"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_each_way_to_break_the_rule_is_found_out(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, broken_rule, promise = MUTANTS[name]
    monkeypatch.setattr(listing, where, broken_rule)

    assert any(
        promise in broken(case)
        for voters, revise in product(ELECTIONS, (False, True))
        for case in cases(cast(*voters), revise)
    )
