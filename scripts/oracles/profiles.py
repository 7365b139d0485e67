"""Random profiles, and how our methods count them: a JSON object a line, for `compare.py`.

Few ballots and many alike, so that ties are common. The same seed gives the same profiles.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import Any

from governance.methods.method import Choosing
from governance.methods.registry import METHODS

Ballot = Any  # a choice, as a ballot carries it


def some(dice: random.Random, make: Callable[[], Ballot]) -> list[Ballot]:
    """1 to 40 ballots out of only some kinds, so that several are alike."""
    kinds = [make() for _ in range(dice.randint(1, 12))]
    return [dice.choice(kinds) for _ in range(dice.randint(1, 40))]


def strict(dice: random.Random, options: Sequence[str], *, short: bool) -> Ballot:
    """A ranking without ties, with `short` often cut off."""
    amount = dice.randint(1, len(options)) if short else len(options)
    return [[option] for option in dice.sample(options, amount)]


def level(dice: random.Random, options: Sequence[str]) -> Ballot:
    """A ranking with ties, often cut off."""
    groups: list[list[str]] = []
    for option in dice.sample(options, dice.randint(0, len(options))):
        if groups and dice.random() < 0.35:
            groups[-1].append(option)
        else:
            groups.append([option])
    return groups


def stars(dice: random.Random, options: Sequence[str]) -> Ballot:
    """Stars for all options or some, of all numbers or only some."""
    numbers = dice.choice(((0, 1, 2, 3, 4, 5), (0, 5), (1, 2), (0, 3, 5)))
    return {option: dice.choice(numbers) for option in options if dice.random() < 0.9}


def profile(dice: random.Random, name: str, *, short: bool) -> dict[str, Any]:
    """A random vote and how we count it; `short` is about strict rankings."""
    # The oracle follows every order of cut-off ballots one by one, so there are fewer options.
    options = "ABCDEFG"[: dice.randint(3, 5 if short else 7)]
    kinds: dict[str, Callable[[], Ballot]] = {
        "schulze": lambda: level(dice, options),
        "irv": lambda: strict(dice, options, short=short),
        "star": lambda: stars(dice, options),
    }
    ballots = some(dice, kinds[name])
    method = METHODS[name]
    if not isinstance(method, Choosing):
        raise TypeError(name)
    choices = [method.read(ballot, options) for ballot in ballots]
    groups = method.order(choices, options, len(options)).groups
    return {"method": name, "options": options, "ballots": ballots, "groups": groups}


def main() -> None:
    """Write the profiles to standard output."""
    parser = argparse.ArgumentParser(prog="scripts/check-oracles")
    parser.add_argument("--profiles", type=int, default=3000, help="per method (3000)")
    parser.add_argument("--seed", type=int, default=1)
    with redirect_stdout(sys.stderr):  # what it says is no profile
        asked = parser.parse_args()
    dice = random.Random(asked.seed)
    for number in range(asked.profiles):
        for name in ("schulze", "irv", "star"):
            short = name == "irv" and number % 3 == 0
            sys.stdout.write(json.dumps(profile(dice, name, short=short)) + "\n")


if __name__ == "__main__":
    main()
