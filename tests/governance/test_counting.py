"""Counting: from ballots to an outcome, by thresholds, quorums and seats."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.charter_read import Share, Threshold
from governance.counting import Count, Question, count
from governance.methods.method import STATUS_QUO
from protocol.codec import encode
from tests.governance.voting import any_choice, by_person, cast

HALF = Threshold(1, 2, "more")
TWO_THIRDS = Threshold(2, 3, "at_least")
QUARTER, THIRD = Share(1, 4), Share(1, 3)

quick = settings(max_examples=80, deadline=None, database=None)


def asked(method: str, options: str = "", seats: int = 1, **needs: Any) -> Question:
    return Question(method=method, options=tuple(options), seats=seats, **needs)


def counted(
    asked: Question, votes: Mapping[str, int] | Sequence[str], electorate: int = 12
) -> Count:
    return count(asked, by_person(cast(asked.method, votes, asked.on_ballot)), electorate)


def yes_no(asked: Question, yes: int, no: int, neither: int = 0, electorate: int = 12) -> str:
    words = (
        ("consent", "object", "aside") if asked.method == "consent" else ("yes", "no", "abstain")
    )
    return counted(asked, dict(zip(words, (yes, no, neither), strict=True)), electorate).outcome


# --- yes or no ---------------------------------------------------------------------------------


def test_a_passed_vote_tells_its_steps() -> None:
    found = counted(
        asked("majority", thresholds=(TWO_THIRDS,), quorums=(QUARTER, THIRD)),
        {"yes": 4, "no": 2, "abstain": 1},
    )

    assert found == Count(
        outcome="adopted", steps=found.steps, tally={"yes": 4, "no": 2, "abstain": 1}
    )
    assert [str(step) for step in found.steps] == [
        "Yes: 4. No: 2. Abstentions: 1. Electorate: 12.",
        "At least 2/3 of those who take a side must be in favour: 4 of 6 are.",
        "The quorum is 4 in favour, of an electorate of 12; 4 are.",
        "Adopted.",
    ]


def test_all_thresholds_and_quorums_must_be_met() -> None:
    rule = asked("majority", thresholds=(HALF,), quorums=(QUARTER,))
    both = replace(rule, thresholds=(HALF, TWO_THIRDS), quorums=(QUARTER, Share(1, 2)))

    assert yes_no(rule, 4, 3) == "adopted"
    assert yes_no(both, 4, 3) == "rejected"
    assert yes_no(both, 4, 2) == "missed"
    assert yes_no(both, 6, 3) == "adopted"


def test_a_tie_is_never_enough() -> None:
    lenient = asked("majority", thresholds=(Threshold(1, 2, "at_least"),))
    nothing = asked("majority", thresholds=(Threshold(0, 1, "at_least"),), quorums=(Share(0, 1),))

    assert yes_no(lenient, 3, 3) == "rejected"
    assert yes_no(nothing, 2, 3) == "rejected"
    assert yes_no(lenient, 4, 3) == "adopted"


def test_a_supermajority_is_two_thirds_at_least() -> None:
    assert yes_no(asked("supermajority", thresholds=(HALF,)), 3, 2) == "rejected"
    assert yes_no(asked("supermajority", thresholds=(HALF,)), 4, 2) == "adopted"
    more = asked("supermajority", thresholds=(Threshold(2, 3, "more"),))
    assert yes_no(more, 4, 2) == "rejected"
    assert yes_no(more, 5, 2) == "adopted"


def test_consent_needs_no_objection_or_two_thirds_against_the_objections() -> None:
    consent = asked("consent", thresholds=(TWO_THIRDS,), quorums=(QUARTER,))

    assert yes_no(consent, 3, 0, 9) == "adopted"
    assert yes_no(consent, 4, 2, 1) == "adopted"
    assert yes_no(consent, 3, 2, 7) == "rejected"
    assert yes_no(consent, 2, 0, 10) == "missed"
    assert yes_no(consent, 0, 0, 12) == "missed"
    assert str(counted(consent, {"consent": 4, "object": 2}).steps[0]) == (
        "Consent: 4. Objections: 2. Standing aside: 0. Electorate: 12."
    )


def test_a_quorum_of_approvals_is_never_helped_by_a_no() -> None:
    rule = asked("majority", quorums=(THIRD,))  # 4 of 12

    assert yes_no(rule, 3, 0) == "missed"
    assert yes_no(rule, 3, 2, 7) == "missed"
    assert yes_no(rule, 4, 2) == "adopted"


@pytest.mark.parametrize(("electorate", "needed"), [(12, 4), (13, 5), (14, 5), (15, 5), (1, 1)])
def test_a_quorum_is_rounded_up(electorate: int, needed: int) -> None:
    rule = asked("majority", quorums=(THIRD,))

    assert yes_no(rule, needed, 0, 0, electorate) == "adopted"
    assert yes_no(rule, needed - 1, 0, 0, electorate) == "missed"


@pytest.mark.parametrize("method", ["majority", "supermajority", "consent"])
def test_what_nobody_wants_is_not_adopted_whatever_the_charter_asks(method: str) -> None:
    nothing = asked(method, thresholds=(Threshold(0, 1, "at_least"),), quorums=(Share(0, 1),))

    assert yes_no(nothing, 0, 0) == "missed"
    assert yes_no(nothing, 0, 0, 3) == "missed"
    assert yes_no(nothing, 0, 1) == "rejected"
    assert yes_no(nothing, 0, 0, 0, electorate=0) == "missed"
    assert yes_no(nothing, 1, 0) == "adopted"


shares = st.integers(1, 60).flatmap(lambda den: st.tuples(st.integers(0, den), st.just(den)))


@quick
@given(
    method=st.sampled_from(("majority", "supermajority", "consent")),
    votes=st.tuples(*[st.integers(0, 40)] * 3),
    away=st.integers(0, 40),
    thresholds=st.lists(st.tuples(shares, st.sampled_from(("more", "at_least"))), max_size=3),
    quorums=st.lists(shares, max_size=3),
)
def test_shares_are_compared_exactly(
    method: str,
    votes: tuple[int, int, int],
    away: int,
    thresholds: list[tuple[tuple[int, int], Any]],
    quorums: list[tuple[int, int]],
) -> None:
    yes, no, _ = votes
    electorate = sum(votes) + away
    asks = [(Fraction(*share), how) for share, how in thresholds]
    asks.append((Fraction(1, 2), "more") if method == "majority" else (Fraction(2, 3), "at_least"))
    part = Fraction(yes, yes + no) if yes + no else None
    if (part is not None and any(part < s or (part == s and how == "more") for s, how in asks)) or (
        no and not yes
    ):
        expected = "rejected"
    elif yes and all(yes >= Fraction(*share) * electorate for share in quorums):
        expected = "adopted"
    else:
        expected = "missed"

    needs = Question(
        method=method,
        thresholds=tuple(Threshold(*share, how) for share, how in thresholds),
        quorums=tuple(Share(*share) for share in quorums),
    )

    assert yes_no(needs, *votes, electorate=electorate) == expected


# --- choices -----------------------------------------------------------------------------------


def test_a_chosen_option_tells_its_steps() -> None:
    found = counted(
        asked("approval", "AB", thresholds=(TWO_THIRDS,), quorums=(QUARTER,)),
        {"A,B": 2, "A": 2, "status-quo": 1, "-": 1},
    )

    assert found == Count(
        outcome="adopted",
        winners=("A",),
        steps=found.steps,
        tally={
            "columns": ["approvals", "over", "under"],
            "rows": {"A": [4, 4, 1], "B": [2, 2, 1], STATUS_QUO: [1, 0, 0]},
        },
    )
    assert [str(step) for step in found.steps] == [
        "Approvals of A: 4.",
        "Approvals of B: 2.",
        "Approvals of status-quo: 1.",
        "Place 1: A.",
        "A against the status quo: 4 to 1.",
        "At least 2/3 of those who take a side must be in favour: 4 of 5 are.",
        "The quorum is 3 in favour, of an electorate of 12; 4 are.",
        "Chosen: A.",
    ]


def test_the_status_quo_wins_when_it_is_first() -> None:
    for method, votes in (
        ("approval", {"status-quo": 3, "A": 2}),
        ("schulze", {"status-quo>A": 3, "A": 2}),
        ("irv", {"status-quo>A": 3, "A": 2}),
        ("star", {"status-quo:5,A:1": 3, "A:5": 2}),
    ):
        found = counted(asked(method, "AB", seats=2), votes)
        assert (found.outcome, found.winners, found.tied) == ("rejected", (), ())
        assert str(found.steps[-1]) == "Not adopted: the status quo stays."


def test_who_is_level_with_the_status_quo_is_not_ahead_of_it() -> None:
    for method, votes in (
        ("approval", {"status-quo": 2, "A": 2, "B": 2}),
        ("schulze", {"status-quo>A": 2, "A>status-quo": 2}),
        ("irv", {"status-quo": 2, "A": 2}),
        ("star", {"status-quo:5": 2, "A:5": 2}),
    ):
        found = counted(asked(method, "AB"), votes)
        assert (found.outcome, found.winners, found.tied) == ("rejected", (), ())
        assert "Who is level with the status quo is not ahead of it." in map(str, found.steps)


@pytest.mark.parametrize("method", ["approval", "schulze", "star", "irv"])
def test_a_choice_nobody_made_misses_its_quorum(method: str) -> None:
    for votes in ({}, {"-": 4}):
        for electorate in (0, 12):
            found = counted(asked(method, "ABC", seats=2), votes, electorate)
            assert (found.outcome, found.winners, found.tied) == ("missed", (), ())


def test_a_winner_needs_the_quorum_and_the_classes_threshold_against_the_status_quo() -> None:
    votes = {"A>status-quo>B": 2, "B>A>status-quo": 1, "status-quo>A": 1}  # A: 3 to 1, and first
    few = asked("schulze", "AB", quorums=(QUARTER,))

    assert counted(few, votes).winners == ("A",)
    assert counted(few, votes, electorate=13).outcome == "missed"
    hard = replace(few, thresholds=(Threshold(3, 4, "more"),))
    assert counted(hard, votes).outcome == "rejected"
    assert [str(step) for step in counted(hard, votes).steps[-5:]] == [
        "A against the status quo: 3 to 1.",
        "More than 3/4 of those who take a side must be in favour: 3 of 4 are.",
        "The quorum is 3 in favour, of an electorate of 12; 3 are.",
        "That is not enough for A.",
        "Not adopted: the status quo stays.",
    ]


def test_a_ranked_tie_names_who_is_level_and_a_run_off_decides_it() -> None:
    first = asked("schulze", "ABC", quorums=(QUARTER,))
    found = counted(first, {"A>B>status-quo": 2, "B>A>status-quo": 2, "A=B>C": 1})

    assert (found.outcome, found.winners, found.tied) == ("tie", (), ("A", "B"))
    assert found.open_seats == 1
    assert str(found.steps[-1]) == "Level for the seats that are left (1): A, B."

    second = replace(first, options=found.tied, seats=found.open_seats)
    assert second.on_ballot == ("A", "B", STATUS_QUO)
    assert counted(second, {"B>A>status-quo": 3, "A": 2}).winners == ("B",)


def test_a_tie_of_options_that_miss_the_quorum_is_no_tie() -> None:
    votes = {"A": 2, "B": 2}

    assert counted(asked("approval", "AB", quorums=(QUARTER,)), votes).outcome == "missed"
    assert counted(asked("approval", "AB", quorums=(Share(1, 6),)), votes).tied == ("A", "B")
    # One of them has it: in the run-off both may.
    one = counted(asked("approval", "AB", quorums=(QUARTER,)), {"A": 3, "B": 2, "B,status-quo": 1})
    assert (one.outcome, one.tied) == ("tie", ("A", "B"))


def test_seats_go_to_the_best_that_are_ahead_of_the_status_quo() -> None:
    votes = {"A,B": 3, "A,C,status-quo": 2, "D,status-quo": 1}  # A 5, B 3, status quo 3, C 2, D 1

    assert counted(asked("approval", "ABCD", seats=1), votes).winners == ("A",)
    for seats in (2, 4, 9):
        found = counted(asked("approval", "ABCD", seats=seats), votes)
        assert (found.outcome, found.winners, found.tied) == ("adopted", ("A",), ())


def test_level_options_take_seats_together_while_there_are_enough() -> None:
    votes = {"A,B,C": 2, "A,D,E": 2, "A": 1}  # A 5; B, C, D and E 2 each

    all_of_them = counted(asked("approval", "ABCDE", seats=5), votes)
    too_many = counted(asked("approval", "ABCDE", seats=3), votes)

    assert all_of_them.winners == ("A", "B", "C", "D", "E")
    assert (too_many.outcome, too_many.winners) == ("tie", ("A",))
    assert (too_many.tied, too_many.open_seats) == (("B", "C", "D", "E"), 2)


def test_a_winner_without_quorum_leaves_its_seat_as_it_is() -> None:
    # A, B, C, then the status quo; but only 2 prefer B to the status quo, and 4 prefer C to it.
    votes = {"A>B>C": 2, "A>C>B=status-quo": 2, "A>B=status-quo>C": 1}
    few = asked("schulze", "ABC", quorums=(QUARTER,))

    assert counted(replace(few, seats=2), votes).winners == ("A",)
    assert counted(replace(few, seats=3), votes).winners == ("A", "C")
    assert "That is not enough for B." in map(str, counted(replace(few, seats=2), votes).steps)


def test_who_comes_next_and_is_ahead_of_the_status_quo_is_an_alternate() -> None:
    votes = {"A,B,C,D": 4, "A,B,C": 1, "A,E,status-quo": 2}  # A 7, B C 5, D 4, E 2, quo 2
    needs = asked("approval", "ABCDE", quorums=(QUARTER,))

    assert counted(needs, votes).alternates is None  # nobody asked
    two = counted(replace(needs, alternates=2), votes)
    assert (two.outcome, two.winners, two.alternates) == ("adopted", ("A",), ("B", "C"))
    assert str(two.steps[-1]) == "Alternates, in this order: B, C."
    assert counted(replace(needs, alternates=1), votes).alternates == ()  # B and C, or neither
    assert counted(replace(needs, alternates=9), votes).alternates == ("B", "C", "D")
    few = replace(needs, alternates=9, quorums=(Share(5, 12),))
    assert counted(few, votes).alternates == ("B", "C")  # D has no quorum
    assert counted(replace(few, quorums=(Share(1, 1),)), votes).alternates == ()  # nor has A


def test_who_is_level_for_a_seat_goes_before_all_alternates() -> None:
    votes = {"A,B,C,D": 3, "A,B,C": 1}  # A, B and C level, then D
    needs = asked("approval", "ABCD", seats=2)

    assert counted(replace(needs, alternates=1), votes).alternates == ()
    two = counted(replace(needs, alternates=2), votes)
    assert (two.outcome, two.tied, two.open_seats) == ("tie", ("A", "B", "C"), 2)
    assert two.alternates == ("D",)


@quick
@given(
    st.sampled_from(("approval", "schulze", "star", "irv")),
    st.integers(0, 10**6),
    st.integers(0, 12),
    st.integers(1, 4),
)
def test_every_count_holds_together(method: str, seed: int, people: int, seats: int) -> None:
    dice = random.Random(seed)
    needs = asked(method, "ABCD", seats=seats, quorums=(Share(dice.randint(0, 3), 4),))
    choices = [any_choice(dice, method, needs.on_ballot) for _ in range(people)]
    electorate = people + dice.randint(0, 5)
    found = count(needs, by_person(choices), electorate)

    assert found == count(needs, by_person(dice.sample(choices, people)), electorate)
    ranked = count(replace(needs, alternates=3), by_person(choices), electorate)
    behind = ranked.alternates or ()
    assert len(behind) <= 3
    assert not {*behind} & {*found.winners, *found.tied, STATUS_QUO}
    assert replace(ranked, alternates=None, steps=found.steps) == found  # it decides nothing else
    assert (found.outcome == "tie") == bool(found.tied) == bool(found.open_seats)
    assert (found.outcome == "adopted") == (bool(found.winners) and not found.tied)
    assert STATUS_QUO not in (*found.winners, *found.tied)
    assert len({*found.winners, *found.tied}) == len(found.winners) + len(found.tied)
    assert len(found.winners) + found.open_seats <= seats
    assert not found.tied or len(found.tied) > found.open_seats
    rows: Any = found.tally["rows"]
    assert tuple(rows) == needs.on_ballot
    for winner in found.winners:
        assert rows[winner][1] * 4 >= needs.quorums[0].num * electorate
        assert rows[winner][1] > 0
    for _, over, under in rows.values():
        assert 0 <= over + under <= people


def test_the_tally_of_the_largest_vote_fits_into_a_certificate() -> None:
    dice = random.Random(3)
    options = tuple(f"{number:02d}-{'x' * 21}" for number in range(20))
    for method in ("schulze", "approval", "star", "irv"):
        needs = Question(method=method, options=options[: 12 if method == "irv" else 20], seats=20)
        choices = [any_choice(dice, method, needs.on_ballot) for _ in range(500)]
        found = count(needs, by_person(choices), 500)
        assert len(encode(found.tally)) < 1000
