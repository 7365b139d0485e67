"""The voting methods: what they read, whom they put first, and how they explain it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.charter_parts import METHODS as IN_CHARTERS
from governance.methods.method import STATUS_QUO, Choice, Method, YesNo, with_status_quo
from governance.methods.registry import METHODS
from protocol.codec import decode, encode
from protocol.errors import Invalid, Refused
from tests.governance.hall import Hall
from tests.governance.voting import any_choice, cast, choosing, ranking

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "voting.json").read_text())["cases"]
OPTIONS = ("A", "B", "C", STATUS_QUO)
CHOOSING = ("approval", "schulze", "star", "irv")

quick = settings(max_examples=60, deadline=None, database=None)


def order(name: str, votes: Any, options: Sequence[str] = "ABCD", seats: int = 1) -> Any:
    return choosing(name).order(cast(name, votes, options), options, seats)


def said(name: str, votes: Any, options: Sequence[str] = "ABCD", seats: int = 1) -> list[str]:
    return [str(step) for step in order(name, votes, options, seats).steps]


# --- published examples ------------------------------------------------------------------------


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: f"{case['method']} {case['name']}")
def test_a_published_example_is_counted_as_published(case: dict[str, Any]) -> None:
    method, options = choosing(case["method"]), case["options"]
    choices = [
        method.read(ballot["ranking"], options)
        for ballot in case["ballots"]
        for _ in range(ballot["count"])
    ]

    found = method.order(choices, options, len(options))

    assert list(found.groups[0]) == case["winners"]
    if case.get("order"):
        assert found.groups == tuple((option,) for option in case["order"])
    if case.get("condorcet"):
        assert found.numbers[case["condorcet"]] == len(options) - 1


def test_every_method_of_a_charter_is_here_and_no_other() -> None:
    assert tuple(METHODS) == IN_CHARTERS
    assert all(name == method.name for name, method in METHODS.items())
    assert {name for name, method in METHODS.items() if not isinstance(method, YesNo)} == set(
        CHOOSING
    )


# --- what is read ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "typed", "choice", "shown"),
    [
        ("majority", " Yes ", "yes", "yes"),
        ("supermajority", "abstain", "abstain", "abstain"),
        ("consent", "OBJECT", "object", "object"),
        ("approval", "C, A", ["A", "C"], "A,C"),
        ("approval", "status-quo", [STATUS_QUO], "status-quo"),
        ("approval", "-", [], "-"),
        ("schulze", "C=B > A", [["B", "C"], ["A"]], "B=C>A"),
        ("schulze", "", [], "-"),
        ("irv", "C>status-quo", [["C"], [STATUS_QUO]], "C>status-quo"),
        ("star", "B:0, A:5", {"A": 5, "B": 0}, "A:5,B:0"),
        ("star", "-", {}, "-"),
    ],
)
def test_what_is_typed_is_a_choice_and_is_shown_as_it_is_typed(
    name: str, typed: str, choice: Choice, shown: str
) -> None:
    method = METHODS[name]

    assert method.parse(typed, OPTIONS) == choice
    assert method.show(choice) == shown
    assert method.read(choice, OPTIONS) == choice


@pytest.mark.parametrize(
    ("name", "typed", "wrong"),
    [
        ("majority", "maybe", '"maybe" is no answer here; the answers are yes, no, abstain.'),
        ("consent", "yes", '"yes" is no answer here; the answers are consent, object, aside.'),
        (
            "approval",
            "A,E",
            '"E" is not an option of this vote; the options are A, B, C, status-quo.',
        ),
        ("approval", "A,a", '"a" is not an option of this vote'),
        ("approval", "A,A", '"A" is named twice; name each option once.'),
        ("approval", "A,", '"" is not an option of this vote'),
        ("schulze", "A>B>A", '"A" is named twice; name each option once.'),
        ("schulze", "A>>B", '"" is not an option of this vote'),
        (
            "irv",
            "A>B=C",
            "B and C stand level, which this method can't count; "
            "put one before the other, or leave one off.",
        ),
        ("star", "A:6", 'A is given "6"; 0 to 5 whole stars are allowed.'),
        ("star", "A:٣", 'A is given "٣"; 0 to 5 whole stars are allowed.'),
        ("star", "A", "This vote takes stars for options, as A:5,B:0."),
        ("star", "A:1,A:1", '"A" is named twice; name each option once.'),
        ("star", "E:1", '"E" is not an option of this vote'),
    ],
)
def test_what_is_typed_wrong_is_refused_with_what_would_be_right(
    name: str, typed: str, wrong: str
) -> None:
    with pytest.raises(Refused) as refusal:
        METHODS[name].parse(typed, OPTIONS)

    assert refusal.value.reason == "bad-choice"
    assert str(refusal.value).startswith(wrong)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("majority", True),
        ("majority", ["yes"]),
        ("approval", "A"),
        ("approval", {"A": 1}),
        ("approval", [["A"]]),
        ("approval", ["A", "B", "C", STATUS_QUO, "A"]),
        ("schulze", ["A", "B"]),
        ("schulze", [[]]),
        ("schulze", [["A"], ["B", "A"]]),
        ("schulze", [["A", None]]),
        ("irv", [["A", "B"]]),
        ("star", {"A": True}),
        ("star", {"A": -1}),
        ("star", {"A": 10**30}),
        ("star", [["A", 5]]),
        ("star", {"E": 5}),
    ],
)
def test_a_ballot_with_a_wrong_choice_is_invalid(name: str, value: object) -> None:
    with pytest.raises(Invalid) as error:
        METHODS[name].read(value, OPTIONS)

    assert error.value.reason == "bad-choice"


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.binary(max_size=4) | st.sampled_from(OPTIONS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None, database=None)
@given(st.sampled_from(sorted(METHODS)), anything)
def test_whatever_a_stranger_writes_is_a_choice_or_invalid(name: str, value: object) -> None:
    method = METHODS[name]
    try:
        choice = method.read(value, OPTIONS)
    except Invalid:
        return
    assert method.read(choice, OPTIONS) == choice
    assert method.parse(method.show(choice), OPTIONS) == choice


@quick
@given(st.sampled_from(sorted(METHODS)), st.integers(0, 10**6))
def test_a_choice_survives_writing_and_the_wire(name: str, seed: int) -> None:
    method = METHODS[name]
    choice: Choice = "object"
    if name != "consent":
        choice = any_choice(random.Random(seed), name, OPTIONS)

    assert method.parse(method.show(choice), OPTIONS) == choice
    assert method.read(decode(encode(choice), limit=4096), OPTIONS) == choice


def test_a_choice_prefers_one_option_to_another() -> None:
    approval, schulze, star = choosing("approval"), choosing("schulze"), choosing("star")

    assert [approval.prefers(["A"], *pair) for pair in ("AB", "BA", "BC")] == [1, -1, 0]
    ranked: Choice = [["B"], ["A", "D"]]
    assert [schulze.prefers(ranked, *pair) for pair in ("BA", "AD", "CA", "CE")] == [1, 0, -1, 0]
    assert [star.prefers({"A": 5, "B": 0}, *pair) for pair in ("AB", "BC", "CA")] == [1, 0, -1]


def test_the_status_quo_is_an_option_of_every_choice() -> None:
    assert with_status_quo(["A", "B"]) == ("A", "B", STATUS_QUO)
    assert with_status_quo([STATUS_QUO, "A"]) == (STATUS_QUO, "A")


# --- who wins, and why -------------------------------------------------------------------------


def test_approval_puts_who_is_named_most_often_first() -> None:
    votes = {"A,B": 2, "B,C": 1, "C": 1, "-": 3}

    assert order("approval", votes, seats=4).groups == (("B",), ("A", "C"), ("D",))
    assert said("approval", votes, "ABC") == [
        "Approvals of A: 2.",
        "Approvals of B: 3.",
        "Approvals of C: 2.",
        "Place 1: B.",
    ]


def test_schulze_follows_chains_when_nobody_beats_all() -> None:
    # 9 people; A beats B by 7, B beats C by 6, C beats A by 5: the weakest victory falls.
    votes = {"A>B>C": 4, "B>C>A": 2, "C>A>B": 3}

    assert order("schulze", votes, "ABC", 3).groups == (("A",), ("B",), ("C",))
    assert said("schulze", votes, "ABC") == [
        "A against B: 7 to 2.",
        "C against A: 5 to 4.",
        "B against C: 6 to 3.",
        "No option beats all that are left, so chains of victories decide.",
        "A > B has strength 7, B > C > A has 5.",
        "A > B > C has strength 6, C > A has 5.",
        "Place 1: A.",
    ]


def test_schulze_counts_the_votes_for_a_victory_and_not_its_margin() -> None:
    # A beats B by 5 to 4, B beats C by 4 to 2, C beats A by 6 to 3. The victory of B has the fewest
    # votes and falls; by margins that of A, the narrowest, would fall, and B would win.
    votes = {"A": 3, "C>A>B": 2, "B>C>A": 4}

    assert order("schulze", votes, "ABC", 3).groups == (("C",), ("A",), ("B",))


def test_schulze_says_when_no_chain_leads_anywhere() -> None:
    assert order("schulze", ["A", "B"], "ABC", 3).groups == (("A", "B"), ("C",))
    assert said("schulze", ["A", "B"], "ABC") == [
        "A against B: 1 to 1.",
        "A against C: 1 to 0.",
        "B against C: 1 to 0.",
        "No option beats all that are left, so chains of victories decide.",
        "No chain leads from A to B or back.",
        "A > C has strength 1; no chain leads back.",
        "B > C has strength 1; no chain leads back.",
        "Place 1 is shared by A, B.",
    ]


def test_star_lets_the_two_best_scored_meet() -> None:
    votes = {"A:5,B:4": 2, "B:3,A:2": 3, "C:5": 2}  # A 16, B 17, C 10; B is preferred by 3 to 2

    assert order("star", votes, "ABC", 3).groups == (("B",), ("A",), ("C",))
    assert said("star", votes, "ABC") == [
        "Stars of A: 16.",
        "Stars of B: 17.",
        "Stars of C: 10.",
        "Run-off of B and A.",
        "B against A: 3 to 2.",
        "Place 1: B.",
    ]


def test_star_parts_equal_stars_by_preference_then_by_five_stars() -> None:
    # B, C and D are level behind A: with 6 stars each, then B and C with 5 each.
    by_preference = {"A:5,B:4,C:3,D:3": 1, "A:5,B:2,C:1,D:1": 1, "A:4,C:2,D:2": 1}
    by_fives = {"A:5,B:5,C:3": 1, "A:5,B:0,C:2": 1, "A:4": 1}

    assert said("star", by_preference, "ABCD")[4:] == [
        "B, C, D have equal stars.",
        "Preferred among these, B: 4.",
        "Preferred among these, C: 1.",
        "Preferred among these, D: 1.",
        "Run-off of A and B.",
        "A against B: 3 to 0.",
        "Place 1: A.",
    ]
    assert said("star", by_fives, "ABC")[3:] == [
        "B, C have equal stars.",
        "Preferred among these, B: 1.",
        "Preferred among these, C: 1.",
        "Ballots with five stars for B: 1.",
        "Ballots with five stars for C: 0.",
        "Run-off of A and B.",
        "A against B: 2 to 0.",
        "Place 1: A.",
    ]


def test_star_parts_an_equal_run_off_by_stars_then_by_five_stars() -> None:
    by_stars = order("star", ["A:5,B:3", "B:4,A:3"], "AB")
    by_fives = order("star", ["A:5,B:3", "B:4,A:2"], "AB")

    assert by_stars.groups == (("A",),)
    assert str(by_stars.steps[-2]) == "Equal in the run-off, so stars decide."
    assert by_fives.groups == (("A",),)
    assert str(by_fives.steps[-3]) == "Ballots with five stars for A: 1."
    assert order("star", ["A:5,B:3", "B:5,A:3"], "AB").groups == (("A", "B"),)


def test_a_tie_that_cannot_matter_in_star_is_no_tie() -> None:
    # B and C are level for the second seat in the run-off in every way; A beats either.
    votes = ["A:5,B:2,C:1", "A:5,B:1,C:2"]

    assert order("star", votes, "ABC").groups == (("A",),)
    assert "B, C stay level, so each goes on in turn." in said("star", votes, "ABC")


def test_a_tie_that_does_matter_in_star_is_one() -> None:
    # B and C are level for the second seat; each of them beats A by two to one.
    votes = ["A:5,B:0,C:0", "A:2,B:4,C:3", "A:2,B:3,C:4"]

    assert order("star", votes, "ABC", 3).groups == (("B", "C"), ("A",))


def test_irv_lets_the_fewest_go_until_one_has_more_than_half() -> None:
    votes = {"A>B": 4, "B>C": 3, "C>B": 2, "D": 1, "-": 5}

    assert order("irv", votes, seats=1).groups == (("B",),)
    assert order("irv", votes).numbers == {"A": 4, "B": 3, "C": 2, "D": 1}
    assert said("irv", votes) == [
        "First among those left: A 4, B 3, C 2, D 1.",
        "With the fewest, out: D.",
        "First among those left: A 4, B 3, C 2.",
        "With the fewest, out: C.",
        "First among those left: A 4, B 5.",
        "B has more than half of these.",
        "Place 1: B.",
    ]


def test_irv_counts_every_order_in_which_the_level_can_go() -> None:
    votes = {"A>B": 3, "B>A": 2, "C>B": 2}

    assert order("irv", votes, "ABC", 3).groups == (("A", "B"), ("C",))
    assert said("irv", votes, "ABC") == [
        "First among those left: A 3, B 2, C 2.",
        "Level with the fewest: B, C. Each way is counted.",
        "If B goes out first, this can win: A.",
        "If C goes out first, this can win: B.",
        "Place 1 is shared by A, B.",
    ]


def test_irv_lets_those_go_at_once_whose_order_cannot_matter() -> None:
    votes = {"A": 4, "B": 3, "C>B": 1, "D>B": 1}

    assert said("irv", votes)[:3] == [
        "First among those left: A 4, B 3, C 1, D 1.",
        "With the fewest, out: C, D.",
        "First among those left: A 4, B 5.",
    ]


@pytest.mark.parametrize("name", CHOOSING)
def test_with_no_ballot_or_only_empty_ones_all_are_level(name: str) -> None:
    for votes in ([], {"-": 3}):
        found = order(name, votes, with_status_quo([f"O{i}" for i in range(12)]))
        assert len(found.groups) == 1
        assert len(found.groups[0]) == 13
        assert len(found.steps) <= 13 * 14  # what nobody voted on is no long story either


# --- the same, counted in another way ----------------------------------------------------------


def plain_irv(ballots: list[list[list[str]]], left: frozenset[str]) -> frozenset[str]:
    """Parallel universes to the letter: one option out at a time, down to the last."""
    if len(left) == 1:
        return left
    firsts = dict.fromkeys(left, 0)
    for ballot in ballots:
        first = next((group[0] for group in ballot if group[0] in left), None)
        if first is not None:
            firsts[first] += 1
    fewest = min(firsts.values())
    return frozenset().union(
        *(plain_irv(ballots, left - {out}) for out in left if firsts[out] == fewest)
    )


def plain_schulze(choices: list[Choice], options: Sequence[str]) -> list[str]:
    """Every chain there is, each looked at on its own."""
    prefers = choosing("schulze").prefers

    def strongest(first: str, last: str) -> int:
        others = [option for option in options if option not in (first, last)]
        return max(weakest((first, *way, last)) for way in ways(others))

    def weakest(chain: Sequence[str]) -> int:
        return min(victory(chain[i], chain[i + 1]) for i in range(len(chain) - 1))

    def victory(option: str, other: str) -> int:
        votes = sum(prefers(choice, option, other) > 0 for choice in choices)
        against = sum(prefers(choice, other, option) > 0 for choice in choices)
        return votes if votes > against else 0

    def ways(others: list[str]) -> Iterator[tuple[str, ...]]:
        for amount in range(len(others) + 1):
            yield from permutations(others, amount)

    return [
        option
        for option in options
        if all(strongest(option, o) >= strongest(o, option) for o in options if o != option)
    ]


def test_schulze_and_irv_agree_with_a_count_by_brute_force() -> None:
    dice = random.Random(1)
    for _ in range(120):
        options = "ABCDE"[: dice.randint(2, 5)]
        strict = [ranking(dice, options, level=False) for _ in range(dice.randint(1, 9))]
        level = [ranking(dice, options, level=True) for _ in range(dice.randint(1, 9))]
        irv, schulze = choosing("irv"), choosing("schulze")
        choices = [schulze.read(value, options) for value in level]

        by_irv = irv.order([irv.read(value, options) for value in strict], options, 1)
        by_schulze = schulze.order(choices, options, 1)

        assert frozenset(by_irv.groups[0]) == plain_irv(strict, frozenset(options))
        assert list(by_schulze.groups[0]) == plain_schulze(choices, options)


# --- what holds whatever people vote -----------------------------------------------------------


@quick
@given(st.sampled_from(CHOOSING), st.integers(0, 10**6), st.integers(0, 14), st.integers(2, 6))
def test_neither_the_order_of_ballots_nor_that_of_options_decides(
    name: str, seed: int, people: int, amount: int
) -> None:
    dice = random.Random(seed)
    options = "ABCDEF"[:amount]
    method = choosing(name)
    choices = [any_choice(dice, name, options) for _ in range(people)]
    found = method.order(choices, options, amount)

    mixed = dice.sample(options, amount)
    again = method.order(dice.sample(choices, people), options, amount)
    turned = method.order([method.read(c, mixed) for c in choices], mixed, amount)

    assert again == found
    assert [set(group) for group in turned.groups] == [set(group) for group in found.groups]
    assert turned.numbers == found.numbers
    assert sorted(option for group in found.groups for option in group) == sorted(options)
    # Everybody three times changes no place, and fewer seats are the start of more.
    assert method.order(choices * 3, options, amount).groups == found.groups
    assert method.order(choices, options, 1).groups == found.groups[:1]


@quick
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(2, 5))
def test_who_beats_everybody_head_to_head_wins_by_schulze(
    seed: int, people: int, amount: int
) -> None:
    dice = random.Random(seed)
    options = "ABCDE"[:amount]
    schulze = choosing("schulze")
    choices = [any_choice(dice, "schulze", options) for _ in range(people)]
    margin = {
        (a, b): sum(schulze.prefers(choice, a, b) for choice in choices)
        for a in options
        for b in options
    }

    found = schulze.order(choices, options, 1).groups[0]

    for option in options:
        if all(margin[option, other] > 0 for other in options if other != option):
            assert found == (option,)
        if all(margin[option, other] < 0 for other in options if other != option):
            assert option not in found


@quick
@given(st.integers(0, 10**6), st.integers(1, 9))
def test_who_is_first_on_more_than_half_of_the_ballots_wins(seed: int, people: int) -> None:
    dice = random.Random(seed)
    more = [[["B"], *ranking(dice, "ACD", level=False)] for _ in range(people)]
    fewer = [ranking(dice, "ABCD", level=False) for _ in range(people - 1)]

    for name in ("irv", "schulze"):
        choices = [METHODS[name].read(value, "ABCD") for value in more + fewer]
        assert choosing(name).order(choices, "ABCD", 1).groups == (("B",),)


def test_methods_are_what_a_page_can_make_a_form_of() -> None:
    def about(method: Method) -> tuple[str, int, bool]:
        return method.form, method.most_options, method.equal_ranks

    assert {name: about(method) for name, method in METHODS.items()} == {
        "consent": ("consent", 0, False),
        "majority": ("yesno", 0, False),
        "supermajority": ("yesno", 0, False),
        "approval": ("approval", 20, False),
        "schulze": ("ranked", 20, True),
        "star": ("score", 20, False),
        "irv": ("ranked", 12, False),
    }


def test_a_vote_with_more_options_than_its_method_counts_is_not_opened() -> None:
    options = [f"O{number}" for number in range(13)]

    Hall(method="schulze").open("advice", {"type": "advice"}, *options)
    hall = Hall(method="irv")
    hall.open("advice", {"type": "advice"}, *options[:12])
    with pytest.raises(Invalid, match="irv can't count more than 12 options"):
        hall.opening("advice", {"type": "advice"}, *options)
