"""Approval: everybody names the options they can live with, and the most often named win."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from governance.methods.method import (
    MOST_OPTIONS,
    NOTHING,
    Choice,
    Choosing,
    Order,
    in_turn,
    known_once,
)
from governance.saying import Said, said
from protocol.errors import Refused


def check(value: object, options: Sequence[str]) -> Choice:
    """A list of options, sorted as they are shown; it may be empty."""
    if type(value) is not list or len(value) > len(options):
        raise Refused("bad-choice", "This vote takes a list of options, as A,C.")
    found = known_once(value, options)
    return [option for option in options if option in found]


def split(text: str) -> object:
    """The ids between commas."""
    return [] if text.strip() in ("", NOTHING) else [each.strip() for each in text.split(",")]


def show(choice: Choice) -> str:
    """The ids with commas."""
    return ",".join(_ids(choice)) or NOTHING


def levels(choice: Choice, options: Sequence[str]) -> list[int]:
    """1 for what is approved, 0 for the rest."""
    return [int(option in _ids(choice)) for option in options]


def order(ballots: Sequence[Choice], options: Sequence[str], seats: int) -> Order:
    """By the number of approvals; equal numbers share a place."""
    numbers = dict.fromkeys(options, 0)
    for choice in ballots:
        for option in _ids(choice):
            numbers[option] += 1

    def best(left: list[str]) -> tuple[list[str], list[Said]]:
        most = max(numbers[option] for option in left)
        return [option for option in left if numbers[option] == most], []

    groups, places = in_turn(options, seats, best)
    steps = [
        said("Approvals of %(option)s: %(number)s.", option=o, number=numbers[o]) for o in options
    ]
    return Order(groups, (*steps, *places), numbers)


def _ids(choice: Choice) -> list[str]:
    return cast("list[str]", choice)


METHOD = Choosing(
    name="approval",
    form="approval",
    most_options=MOST_OPTIONS,
    check=check,
    split=split,
    show=show,
    number="approvals",
    levels=levels,
    order=order,
)
