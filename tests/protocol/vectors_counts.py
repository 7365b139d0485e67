"""Small votes for every method, chosen so that each rule of counting decides one of them."""

from __future__ import annotations

from typing import NamedTuple

from governance.charter_read import Share, Threshold
from governance.counting import Question

HALF, TWO_THIRDS = Threshold(1, 2, "at_least"), Threshold(2, 3, "at_least")


class Case(NamedTuple):
    """A vote: each choice as a member types it, and by how many it was made."""

    what: str
    question: Question
    electorate: int
    typed: dict[str, int]


def asks(method: str, *takes: Threshold | Share, options: str = "", seats: int = 1) -> Question:
    """A question; an option is one letter."""
    return Question(
        method=method,
        options=tuple(options),
        seats=seats,
        thresholds=tuple(each for each in takes if isinstance(each, Threshold)),
        quorums=tuple(each for each in takes if isinstance(each, Share)),
    )


CASES = [
    Case("no tie is enough", asks("majority", HALF), 4, {"yes": 2, "no": 2}),
    Case("the harder threshold", asks("majority", HALF, TWO_THIRDS), 5, {"yes": 3, "no": 2}),
    Case("just enough", asks("supermajority", HALF), 3, {"yes": 2, "no": 1}),
    Case("rounded up", asks("majority", Share(1, 3)), 10, {"yes": 3, "no": 1, "abstain": 6}),
    Case("nobody votes", asks("majority"), 3, {}),
    Case("nobody is for it", asks("majority"), 3, {"no": 1}),
    Case("two stand aside", asks("consent", Share(1, 4)), 4, {"consent": 1, "aside": 2}),
    Case("an objection", asks("consent"), 4, {"consent": 1, "object": 1}),
    Case("three for two seats", asks("approval", options="ABC", seats=2), 6, {"A,B,C": 2}),
    Case("one sure, two level", asks("approval", options="ABC", seats=2), 6, {"A,B,C": 2, "B": 1}),
    Case("as the status quo", asks("approval", options="AB"), 4, {"A,status-quo": 2, "B": 1}),
    Case("quorum", asks("approval", Share(1, 2), options="AB"), 6, {"A": 2}),
    Case("a class", asks("approval", TWO_THIRDS, options="A"), 9, {"A": 3, "status-quo": 2}),
    Case(
        "an empty seat",
        asks("approval", Share(1, 2), options="AB", seats=2),
        6,
        {"A": 2, "A,B": 2},
    ),
    Case(
        "chains of victories",
        asks("schulze", options="ABCD"),
        30,
        {"A>C>D>B": 3, "B>A>C>D": 9, "C>D>A>B": 8, "D>A>B>C": 5, "D>B>C>A": 5},
    ),
    Case(
        "the status quo in a circle",
        asks("schulze", options="AB", seats=2),
        9,
        {"A>B>status-quo": 4, "B>status-quo>A": 3, "status-quo>A>B": 2},
    ),
    Case(
        "what is left off is last",
        asks("schulze", options="ABC"),
        7,
        {"A=B": 3, "C>A": 2, "B>status-quo": 2},
    ),
    Case("stars, then a run-off", asks("star", options="AB"), 5, {"A:5,B:0": 2, "A:1,B:2": 3}),
    Case(
        "finalists parted by preference",
        asks("star", options="ABC"),
        3,
        {"A:5,B:4,C:3": 1, "A:2,B:0,C:4": 1, "A:5,B:3,C:0": 1},
    ),
    Case(
        "finalists parted by five stars",
        asks("star", options="ABC"),
        4,
        {"A:5,B:5": 1, "A:5,C:3": 1, "C:2,B:0": 1},
    ),
    Case("parted by nothing", asks("star", options="ABC"), 3, {"A:4,B:4,C:4": 2}),
    Case(
        "a level run-off parted by stars",
        asks("star", options="AB"),
        2,
        {"A:5,B:0": 1, "B:4,A:3": 1},
    ),
    Case(
        "each order of going out",
        asks("irv", options="ABC"),
        7,
        {"A>B": 3, "B>A": 2, "C>B": 2},
    ),
    Case(
        "a ballot without options left",
        asks("irv", options="ABC", seats=2),
        8,
        {"A": 3, "B>C": 2, "C": 2, "status-quo": 1},
    ),
]
