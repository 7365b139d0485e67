"""STAR: score, then automatic run-off.

Everybody gives each option 0 to 5 stars. The two with the most stars go on; of these, the one that
more ballots score higher wins. Equal stars are parted by how often the equal ones are preferred to
each other, then by who has more ballots with five stars; an equal run-off by stars, then by five
stars. Where that parts nobody, each way to go on is followed, and all who win in one of them are
level. Source: the Official Tiebreaker Protocol of starvoting.org, in the reading of the program
`starvote`; further places as in Bloc STAR.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import cast

from governance.charter_read import shown
from governance.methods.method import (
    MOST_OPTIONS,
    NOTHING,
    Choice,
    Choosing,
    Order,
    in_turn,
    known_once,
    listed,
    named_twice,
)
from governance.methods.pairwise import duel, duels
from governance.saying import Said, said
from protocol.errors import Refused

MOST_STARS = 5
MOST_TOLD = 10  # run-offs of one place whose steps are worth a reader's time

_NUMBERS = {str(stars): stars for stars in range(MOST_STARS + 1)}


def check(value: object, options: Sequence[str]) -> Choice:
    """A map from option to stars, in the order of options; what is missing has 0 stars."""
    if type(value) is not dict or len(value) > len(options):
        raise _not_stars()
    known_once(list(value), options)
    for option, stars in value.items():
        if type(stars) is not int or not 0 <= stars <= MOST_STARS:
            raise Refused(
                "bad-choice",
                "%(option)s is given %(stars)s; 0 to %(most)s whole stars are allowed.",
                option=option,
                stars=shown(stars),
                most=MOST_STARS,
            )
    return {option: value[option] for option in options if option in value}


def split(text: str) -> object:
    """A map of the pairs between commas."""
    found: dict[str, object] = {}
    if text.strip() in ("", NOTHING):
        return found
    for each in text.split(","):
        option, colon, stars = (part.strip() for part in each.partition(":"))
        if not colon:
            raise _not_stars()
        if option in found:
            raise named_twice(option)
        found[option] = _NUMBERS.get(stars, stars)
    return found


def show(choice: Choice) -> str:
    """The pairs with commas."""
    return ",".join(f"{option}:{stars}" for option, stars in _stars(choice).items()) or NOTHING


def levels(choice: Choice, options: Sequence[str]) -> list[int]:
    """The stars."""
    given = _stars(choice)
    return [given.get(option, 0) for option in options]


def order(ballots: Sequence[Choice], options: Sequence[str], seats: int) -> Order:
    """Place by place: who may win among those that are left."""
    table = [levels(choice, options) for choice in ballots]
    contest = _Contest(options, table)
    groups, places = in_turn(options, seats, contest.best)
    steps = [
        said("Stars of %(option)s: %(number)s.", option=o, number=contest.stars[o]) for o in options
    ]
    return Order(groups, (*steps, *places), contest.stars)


class _Contest:
    """What is known of each option, and what follows among some of them."""

    def __init__(self, options: Sequence[str], table: Sequence[Sequence[int]]) -> None:
        columns = dict(zip(options, zip(*table, strict=True), strict=True)) if table else {}
        self.stars = {option: sum(columns.get(option, ())) for option in options}
        self._fives = {o: columns.get(o, ()).count(MOST_STARS) for o in options}
        self._at = {option: i for i, option in enumerate(options)}
        self._votes = duels(table, len(options))

    def best(self, left: list[str]) -> tuple[list[str], list[Said]]:
        """Who may win among the options that are left, in their order, and the steps."""
        if len(left) == 1:
            return left, []
        sure, level, told = self._finalists(left)
        pairs = [(*sure, *rest) for rest in combinations(level, 2 - len(sure))]
        if len(pairs) > 1:
            told.append(
                said("%(options)s stay level, so each goes on in turn.", options=listed(level))
            )
        winners: set[str] = set()
        for first, second in pairs:
            found, steps = self._run_off(first, second)
            winners.update(found)
            told += steps if len(pairs) <= MOST_TOLD else []
        return [option for option in left if option in winners], told

    def _finalists(self, left: list[str]) -> tuple[list[str], list[str], list[Said]]:
        """Who surely goes on, and who is level for the other seats in the run-off (or nobody)."""
        sure, level = _advance([], left, self.stars.__getitem__)
        told: list[Said] = []
        if level:
            told.append(said("%(options)s have equal stars.", options=listed(level)))
            equal = [self._at[option] for option in level]
            wins = {o: sum(self._votes[self._at[o]][j] for j in equal) for o in level}
            told += [
                said(
                    "Preferred among these, %(option)s: %(number)s.",
                    option=o,
                    number=n,
                )
                for o, n in wins.items()
            ]
            sure, level = _advance(sure, level, wins.__getitem__)
        if level:
            told += self._five_stars(level)
            sure, level = _advance(sure, level, self._fives.__getitem__)
        return sure, level, told

    def _run_off(self, first: str, second: str) -> tuple[list[str], list[Said]]:
        """Who wins of two; both, if nothing parts them."""
        i, j = self._at[first], self._at[second]
        votes, against = self._votes[i][j], self._votes[j][i]
        told = [
            said("Run-off of %(option)s and %(other)s.", option=first, other=second),
            duel(first, second, votes, against),
        ]
        if votes == against:
            told.append(said("Equal in the run-off, so stars decide."))
            if self.stars[first] == self.stars[second]:
                told += self._five_stars([first, second])
        mine = (votes, self.stars[first], self._fives[first])
        other = (against, self.stars[second], self._fives[second])
        if mine == other:
            return [first, second], told
        return [first if mine > other else second], told

    def _five_stars(self, options: Sequence[str]) -> list[Said]:
        return [
            said(
                "Ballots with five stars for %(option)s: %(number)s.",
                option=o,
                number=self._fives[o],
            )
            for o in options
        ]


def _advance(
    sure: list[str], level: list[str], number: Callable[[str], int]
) -> tuple[list[str], list[str]]:
    """Fill two seats by `number`: who has one, and who is level for what is left (or nobody)."""
    sure = list(sure)
    for wanted in sorted({number(option) for option in level}, reverse=True):
        group = [option for option in level if number(option) == wanted]
        if len(sure) + len(group) > 2:
            return sure, group
        sure += group
        if len(sure) == 2:
            break
    return sure, []


def _not_stars() -> Refused:
    return Refused("bad-choice", "This vote takes stars for options, as A:5,B:0.")


def _stars(choice: Choice) -> dict[str, int]:
    return cast("dict[str, int]", choice)


METHOD = Choosing(
    name="star",
    form="score",
    most_options=MOST_OPTIONS,
    check=check,
    split=split,
    show=show,
    number="stars",
    levels=levels,
    order=order,
)
