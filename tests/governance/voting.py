"""Choices and questions, written as short as a person would say them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from governance.methods.method import Choice, Choosing
from governance.methods.registry import METHODS


def choosing(name: str) -> Choosing:
    """The method of this name, one that chooses."""
    method = METHODS[name]
    assert isinstance(method, Choosing)
    return method


def cast(
    name: str, votes: Mapping[str, int] | Sequence[str], options: Sequence[str]
) -> list[Choice]:
    """Choices as typed, each as often as `votes` says (once if it is a list)."""
    typed = votes if isinstance(votes, Mapping) else dict.fromkeys(votes, 1)
    parsed = ((METHODS[name].parse(text, options), times) for text, times in typed.items())
    return [choice for choice, times in parsed for _ in range(times)]


def by_person(choices: Sequence[Choice]) -> dict[bytes, Choice]:
    """A ballot each, by persons with made-up keys."""
    return {number.to_bytes(32, "big"): choice for number, choice in enumerate(choices)}


def ranking(dice: random.Random, options: Sequence[str], *, level: bool) -> list[list[str]]:
    """A random ranking, often cut short; with `level`, options may share a rank."""
    some = dice.sample(options, dice.randint(0, len(options)))
    groups: list[list[str]] = []
    for option in some:
        if groups and level and dice.random() < 0.3:
            groups[-1].append(option)
        else:
            groups.append([option])
    return groups


def any_choice(dice: random.Random, name: str, options: Sequence[str]) -> Choice:
    """A random choice that the method takes."""
    value: Any
    match METHODS[name].form:
        case "approval":
            value = [option for option in options if dice.random() < 0.4]
        case "ranked":
            value = ranking(dice, options, level=METHODS[name].equal_ranks)
        case "score":
            value = {option: dice.randint(0, 5) for option in options if dice.random() < 0.8}
        case _:
            value = dice.choice(("yes", "no", "abstain"))
    return METHODS[name].read(value, options)
