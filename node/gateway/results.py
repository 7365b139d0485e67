"""How a vote ended, as a table with bars: what was certified, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from node.gateway.ballot_form import ANSWERS
from node.gateway.hall import answer_name, column_name
from node.gateway.visit import Visit

NOTHING = "\u2013"  # stands where there is no number or choice


@dataclass(frozen=True, slots=True)
class Row:
    """An answer or option: its name, its bar as (part, whole), its numbers, whether it won."""

    name: str
    part: int
    whole: int
    numbers: tuple[str, ...]
    won: bool


@dataclass(frozen=True, slots=True)
class Result:
    """A tally as a table; `columns` name the numbers."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def result(
    visit: Visit,
    tally: Mapping[str, Any] | None,
    labels: Mapping[str, str],
    *,
    electorate: int,
    ballots: int,
    winners: list[str],
) -> Result | None:
    """The tally of a round; None for one that says nothing readable."""
    if not tally:
        return None
    if isinstance(tally.get("rows"), dict):
        return _choices(visit, tally, labels, ballots, winners)
    words = visit.words
    rows = tuple(
        Row(
            answer_name(words, answer),
            tally[answer],
            electorate,
            (words.number(tally[answer]),),
            False,
        )
        for answer in (*ANSWERS["yesno"], *ANSWERS["consent"])
        if isinstance(tally.get(answer), int)
    )
    return Result((words.gettext("Members"),), rows)


def _choices(
    visit: Visit,
    tally: Mapping[str, Any],
    labels: Mapping[str, str],
    ballots: int,
    winners: list[str],
) -> Result:
    """The option with the most of its own number first."""
    words, own = visit.words, str(tally["columns"][0])
    most = max([1, *(numbers[0] for numbers in tally["rows"].values())])
    whole = {"approvals": ballots, "first": ballots, "stars": 5 * ballots}.get(own, most)
    rows = sorted(
        (
            Row(
                labels.get(option, option),
                numbers[0],
                max(whole, most),
                tuple(words.number(number) for number in numbers),
                option in winners,
            )
            for option, numbers in tally["rows"].items()
        ),
        key=lambda row: (not row.won, -row.part),
    )
    return Result(tuple(column_name(words, str(each)) for each in tally["columns"]), tuple(rows))


def choice_text(visit: Visit, form: str, choice: Any, labels: Mapping[str, str]) -> str:
    """A ballot's choice in words."""
    words = visit.words

    def name(option: str) -> str:
        return labels.get(option, option)

    match form:
        case "approval":
            return words.list([name(option) for option in choice]) or NOTHING
        case "ranked":
            groups = (" = ".join(name(option) for option in group) for group in choice)
            return (
                ", ".join(f"{words.number(n)}. {text}" for n, text in enumerate(groups, 1))
                or NOTHING
            )
        case "score":
            given = sorted(choice.items(), key=lambda pair: -pair[1])
            return ", ".join(f"{name(option)}: {words.number(n)}" for option, n in given) or NOTHING
    return answer_name(words, str(choice))
