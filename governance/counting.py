"""What a vote decides: from the ballots that count to an outcome, with every step said.

The same ballots and electorate give the same count on every node, in whatever order they come.
The status quo wins whatever is not clearly decided: ties with it, missed quorums, no votes at all.
Which ballots count, and what an outcome leads to, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from governance.bar import Bar, Verdict
from governance.charter_read import Share, Threshold
from governance.methods.method import (
    STATUS_QUO,
    Choice,
    Choosing,
    YesNo,
    listed,
    with_status_quo,
)
from governance.methods.pairwise import votes
from governance.methods.registry import METHODS
from governance.saying import Said, said
from protocol.codec import Plain

Outcome: TypeAlias = Literal["adopted", "rejected", "missed", "tie"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked, and what it takes: all thresholds and all quorums must be met.

    `options` gets the status quo if it lacks it, and means nothing to a yes/no method. Of a choice,
    those who prefer the winner to the status quo are in favour, those who prefer the status quo
    are against.
    """

    method: str  # one of METHODS
    options: tuple[str, ...] = ()
    seats: int = 1
    alternates: int = 0  # at most so many are ranked behind the winners
    thresholds: tuple[Threshold, ...] = ()
    quorums: tuple[Share, ...] = ()

    @property
    def on_ballot(self) -> tuple[str, ...]:
        """What a choice may name: the options with the status quo; nothing for yes/no."""
        return with_status_quo(self.options) if METHODS[self.method].most_options else ()

    def bar(self, electorate: int) -> Bar:
        """What it takes to be adopted, the method's own floor included."""
        method = METHODS[self.method]
        floor = (method.floor,) if isinstance(method, YesNo) else ()
        return Bar((*self.thresholds, *floor), self.quorums, electorate)


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """What the ballots say."""

    outcome: Outcome
    winners: tuple[str, ...] = ()  # who has a seat for sure, best first; none for yes/no
    tied: tuple[str, ...] = ()  # who is level for the `open_seats`, never the status quo
    open_seats: int = 0
    alternates: tuple[str, ...] | None = None  # who comes next, best first; None if not asked for
    steps: tuple[Said, ...]
    tally: dict[str, Plain]  # small numbers, for the certificate


def count(question: Question, ballots: Mapping[bytes, Choice], electorate: int) -> Count:
    """Count the choices, one per person and as the method's `read` gave them.

    "rejected": those who took a side decided against it. "missed": they did not, but fewer than
    the quorum of the whole `electorate` are in favour. "tie": seats are left that options ahead of
    the status quo are level for; a vote between these, with `open_seats` seats, can decide it.
    """
    method = METHODS[question.method]
    choices = list(ballots.values())
    if isinstance(method, YesNo):
        return _answered(method, question, choices, electorate)
    assert isinstance(method, Choosing)  # noqa: S101 - there are no others
    return _chosen(method, question, choices, electorate)


def _answered(
    method: YesNo, question: Question, choices: Sequence[Choice], electorate: int
) -> Count:
    yes, no, neither = (choices.count(word) for word in method.words)
    bar = question.bar(electorate)
    outcome = bar.verdict(yes, no)
    summary = method.summary(yes, no, neither, electorate)
    return Count(
        outcome=outcome,
        steps=(summary, *bar.steps(yes, no), _result(outcome)),
        tally=dict(zip(method.words, (yes, no, neither), strict=True)),
    )


def _chosen(
    method: Choosing, question: Question, choices: Sequence[Choice], electorate: int
) -> Count:
    options = question.on_ballot
    order = method.order(choices, options, question.seats + question.alternates)
    sides = _sides(method, options, choices)
    ahead, level, open_seats = _seats(order.groups, question.seats)
    behind = _behind(order.groups, (*ahead, *level), question.alternates - len(level) + open_seats)
    bar = question.bar(electorate)
    verdicts = {option: bar.verdict(*sides[option]) for option in (*ahead, *level)}
    steps = list(order.steps)
    if any(STATUS_QUO in group and len(group) > 1 for group in order.groups):
        steps.append(said("Who is level with the status quo is not ahead of it."))
    for option, verdict in verdicts.items():
        steps += _judged(option, sides[option], bar, verdict)

    further = {option: bar.verdict(*sides[option]) for option in behind}
    for option, verdict in further.items():
        steps += _judged(option, sides[option], bar, verdict)

    winners = tuple(option for option in ahead if verdicts[option] == "adopted")
    tied = level if "adopted" in (verdicts[option] for option in level) else ()
    outcome: Outcome
    if tied:
        outcome = "tie"
    elif winners:
        outcome = "adopted"
    elif "missed" in verdicts.values() or not any(map(any, sides.values())):
        outcome = "missed"
    else:
        outcome = "rejected"
    if winners:
        steps.append(said("Chosen: %(options)s.", options=listed(winners)))
    if tied:
        steps.append(
            said(
                "Level for the seats that are left (%(seats)s): %(options)s.",
                seats=open_seats,
                options=listed(tied),
            )
        )
    alternates = tuple(option for option in behind if further[option] == "adopted")
    if not winners and not tied:
        alternates = ()
        steps.append(_result(outcome))
    if alternates:
        steps.append(said("Alternates, in this order: %(options)s.", options=listed(alternates)))
    return Count(
        outcome=outcome,
        winners=winners,
        tied=tied,
        open_seats=open_seats if tied else 0,
        alternates=alternates if question.alternates else None,
        steps=tuple(steps),
        tally={
            "columns": [method.number, "over", "under"],
            "rows": {option: [order.numbers[option], *sides[option]] for option in options},
        },
    )


def _seats(
    groups: Sequence[tuple[str, ...]], seats: int
) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """Who is ahead of the status quo with a seat, who is level for the last ones, how many.

    Who is level with the status quo is not ahead of it.
    """
    ahead: tuple[str, ...] = ()
    for group in groups:
        if STATUS_QUO in group or len(ahead) == seats:
            break
        if len(ahead) + len(group) > seats:
            return ahead, group, seats - len(ahead)
        ahead += group
    return ahead, (), 0


def _behind(groups: Sequence[tuple[str, ...]], before: Sequence[str], room: int) -> tuple[str, ...]:
    """Who is ahead of the status quo and comes after `before`, at most as many as there is room.

    Who shares a place comes in together or not at all; no run-off is held for alternates.
    """
    behind: tuple[str, ...] = ()
    for group in groups:
        if group[0] in before:
            continue
        if STATUS_QUO in group or len(behind) + len(group) > room:
            break
        behind += group
    return behind


def _sides(
    method: Choosing, options: Sequence[str], choices: Sequence[Choice]
) -> dict[str, tuple[int, int]]:
    """Per option, how many prefer it to the status quo and how many the status quo to it."""
    table = [method.levels(choice, options) for choice in choices]
    columns = dict(zip(options, zip(*table, strict=True), strict=True)) if table else {}
    quo = columns.get(STATUS_QUO, ())
    return {
        option: (votes(columns.get(option, ()), quo), votes(quo, columns.get(option, ())))
        for option in options
    }


def _judged(option: str, sides: tuple[int, int], bar: Bar, verdict: Verdict) -> list[Said]:
    """Whether an option that is ahead of the status quo has what it takes, in steps."""
    told = [
        said(
            "%(option)s against the status quo: %(over)s to %(under)s.",
            option=option,
            over=sides[0],
            under=sides[1],
        ),
        *bar.steps(*sides),
    ]
    if verdict != "adopted":
        told.append(said("That is not enough for %(option)s.", option=option))
    return told


def _result(outcome: Outcome) -> Said:
    match outcome:
        case "adopted":
            return said("Adopted.")
        case "missed":
            return said("Too few of the electorate are in favour: the status quo stays.")
        case _:
            return said("Not adopted: the status quo stays.")
