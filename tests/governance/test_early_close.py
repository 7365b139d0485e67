"""Closing early: never while a vote that can still come would change the outcome."""

from __future__ import annotations

from itertools import product

import pytest

from governance.charter_read import Share, Threshold
from governance.counting import Question, count
from governance.early import decided
from governance.methods.method import Choice, YesNo
from governance.methods.registry import METHODS
from tests.governance.voting import by_person, cast

MOST = 8  # voters

Cast = tuple[int, int, int]  # safe ballots: yes, no, neither

THRESHOLDS = (
    (),
    (Threshold(1, 2, "at_least"),),
    (Threshold(2, 3, "at_least"),),
    (Threshold(1, 2, "more"), Threshold(3, 4, "more")),
    (Threshold(1, 1, "at_least"),),
)
QUORUMS = ((), (Share(1, 4), Share(1, 3)), (Share(1, 2),), (Share(1, 1),))


def ballots(words: tuple[str, str, str], cast: Cast) -> dict[bytes, Choice]:
    return by_person([word for word, times in zip(words, cast, strict=True) for _ in range(times)])


def states(electorate: int) -> list[Cast]:
    """Every state of a vote, those with the most safe ballots first."""
    found = [
        (yes, no, neither)
        for yes, no, neither in product(range(electorate + 1), repeat=3)
        if yes + no + neither <= electorate
    ]
    return sorted(found, key=sum, reverse=True)


@pytest.mark.parametrize("method", ["majority", "supermajority", "consent"])
def test_a_vote_closes_early_exactly_when_nothing_can_change(method: str) -> None:
    """All states of 0 to 8 voters, each against every way in which the others can still vote."""
    yes_no = METHODS[method]
    assert isinstance(yes_no, YesNo)
    before_all = 0
    for thresholds, quorums, electorate in product(THRESHOLDS, QUORUMS, range(MOST + 1)):
        asked = Question(method=method, thresholds=thresholds, quorums=quorums)
        possible: dict[Cast, set[str]] = {}
        for state in states(electorate):
            safe = ballots(yes_no.words, state)
            if sum(state) == electorate:
                possible[state] = {count(asked, safe, electorate).outcome}
            else:
                yes, no, neither = state
                more = ((yes + 1, no, neither), (yes, no + 1, neither), (yes, no, neither + 1))
                # Who never votes leaves the count as it is.
                possible[state] = {count(asked, safe, electorate).outcome}.union(
                    *(possible[each] for each in more)
                )
            certain = len(possible[state]) == 1
            not_adopted = "adopted" not in possible[state]

            assert decided(asked, safe, electorate, True) == certain
            assert decided(asked, safe, electorate, False) == (certain or not_adopted)
            before_all += certain and sum(state) < electorate
    assert before_all > 1000  # so this is not only about votes in which everybody has voted


def test_a_second_call_keeps_a_vote_open_that_can_only_miss_or_lose() -> None:
    asked = Question(method="majority", quorums=(Share(3, 4),))  # 6 of 8
    safe = ballots(("yes", "no", "abstain"), (2, 0, 3))  # 3 are left: 5 in favour at most

    assert decided(asked, safe, 8, distinguish_missed=False)
    assert not decided(asked, safe, 8, distinguish_missed=True)


@pytest.mark.parametrize("method", ["approval", "schulze", "star", "irv"])
def test_a_choice_stays_open_until_the_whole_electorate_has_safe_ballots(method: str) -> None:
    asked = Question(method=method, options=("A", "B"))
    typed = {"approval": "A", "star": "A:5"}.get(method, "A>B")
    choices = cast(method, {typed: 5}, asked.on_ballot)

    for safe in range(6):
        assert decided(asked, by_person(choices[:safe]), 5, True) == (safe == 5)
    assert decided(asked, {}, 0, True)  # nobody is left who could vote
