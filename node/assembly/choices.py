"""Choices and tallies as people write and read them; what others wrote may be anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from governance.certified import Round, Vote
from governance.charter_parts import Rule
from governance.methods.method import Choice, YesNo, with_status_quo
from governance.methods.registry import METHODS
from protocol.errors import Invalid, Refused


def on_ballot(rule: Rule, options: Sequence[Sequence[str]]) -> list[list[str]]:
    """[id, text] of what a ballot shows, the status quo last; [] for a yes or no."""
    if not METHODS[rule.method].most_options:
        return []
    texts = {each[0]: each[1] for each in options}
    return [[option, texts.get(option, "")] for option in with_status_quo(list(texts))]


def tally_of(vote: Vote, each: Round) -> dict[str, Any] | None:
    """The numbers that a round's close states; None before it, and for what are no such numbers.

    A teller may write anything there, since nothing rests on it.
    """
    stated = None if each.result is None else each.result["tally"]
    method = METHODS[vote.rule.method]
    if isinstance(method, YesNo):
        if not isinstance(stated, dict) or set(stated) != set(method.words):
            return None
        return stated if _numbers(stated.values()) else None
    match stated:
        case {"columns": [str(), str(), str()], "rows": dict(rows), **rest} if not rest:
            options = {option for option, _ in on_ballot(vote.rule, each.options)}
            shaped = all(
                type(row) is list and len(row) == 3 and _numbers(row) for row in rows.values()
            )
            return stated if set(rows) == options and shaped else None
    return None


def _numbers(values: Iterable[object]) -> bool:
    return all(type(value) is int for value in values)


def as_read(vote: Vote, last: Round, choice: object) -> Choice:
    """A choice as the method reads it; None for one that it can't read."""
    options = [option for option, _ in on_ballot(vote.rule, last.options)]
    try:
        return METHODS[vote.rule.method].read(choice, options)
    except (Invalid, Refused):
        return None


def as_typed(vote: Vote, last: Round, choice: object) -> str:
    """A choice as one would type it; "" for one that the method can't read."""
    read = as_read(vote, last, choice)
    return "" if read is None else METHODS[vote.rule.method].show(read)
