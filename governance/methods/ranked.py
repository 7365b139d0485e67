"""Rankings, as Schulze and IRV take them: groups of options, the best first.

Options that a ranking leaves off stand last, level with each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from governance.methods.method import NOTHING, Choice, known_once
from protocol.errors import Refused


def check(value: object, options: Sequence[str]) -> Choice:
    """A list of lists of options; each inner list is sorted as the options are shown."""
    if type(value) is not list or len(value) > len(options):
        raise _not_a_ranking()
    for group in value:
        if type(group) is not list or not 0 < len(group) <= len(options):
            raise _not_a_ranking()
    known_once([option for group in value for option in group], options)
    return [
        list(group) if len(group) == 1 else [option for option in options if option in group]
        for group in value
    ]


def check_strict(value: object, options: Sequence[str]) -> Choice:
    """The same, with one option in each group."""
    choice = check(value, options)
    for group in groups(choice):
        if len(group) > 1:
            raise Refused(
                "bad-choice",
                "%(option)s and %(other)s stand level, which this method can't count; "
                "put one before the other, or leave one off.",
                option=group[0],
                other=group[1],
            )
    return choice


def split(text: str) -> object:
    """The ids between > and =."""
    if text.strip() in ("", NOTHING):
        return []
    return [[each.strip() for each in group.split("=")] for group in text.split(">")]


def show(choice: Choice) -> str:
    """The ids with > and =."""
    return ">".join("=".join(group) for group in groups(choice)) or NOTHING


def levels(choice: Choice, options: Sequence[str]) -> list[int]:
    """0 for the best, less for what comes after it, least for what is left off."""
    found = {option: -rank for rank, group in enumerate(groups(choice)) for option in group}
    last = -len(groups(choice))
    return [found.get(option, last) for option in options]


def groups(choice: Choice) -> list[list[str]]:
    """The ranking itself."""
    return cast("list[list[str]]", choice)


def _not_a_ranking() -> Refused:
    return Refused("bad-choice", "This vote takes a ranking, the best first, as A>B=C.")
