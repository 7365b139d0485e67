"""Judges the counts that `profiles.py` writes by pref_voting and starvote; exits 1 if any differ.

Runs where those two are installed and imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from itertools import combinations
from typing import Any

import starvote
from pref_voting.iterative_methods import instant_runoff_put
from pref_voting.margin_based_methods import beat_path
from pref_voting.profiles import Profile
from pref_voting.profiles_with_ties import ProfileWithTies

Known = dict[str, Any]


def schulze(profile: Known) -> set[str]:
    """Winners by beat path with winning votes; an option left off is last, level with others."""
    found = with_ties(profile)
    found.use_extended_strict_preference()
    return named(profile, beat_path(found, strength_function=found.support))


def irv(profile: Known) -> set[str]:
    """Winners in parallel universes."""
    at = {option: i for i, option in enumerate(profile["options"])}
    ballots = profile["ballots"]
    if all(len(ballot) == len(at) for ballot in ballots):
        full = Profile([[at[option] for (option,) in ballot] for ballot in ballots])
        return named(profile, instant_runoff_put(full))
    return named(profile, instant_runoff_put(with_ties(profile)))


def star(profile: Known) -> set[str]:
    """Everybody who wins however the ties are broken that the official rules leave."""
    return {winner for (winner,) in star_winners(profile, seats=1)}


def star_winners(profile: Known, *, seats: int) -> set[tuple[str, ...]]:
    """Every result, one for each way to break the ties that are left."""
    ballots = [
        {option: ballot.get(option, 0) for option in profile["options"]}
        for ballot in profile["ballots"]
    ]
    results: set[tuple[str, ...]] = set()
    untried: list[list[int]] = [[]]
    while untried:
        coin = Coin(untried.pop())
        if seats == 1:
            winners = starvote.star_voting(ballots, tiebreaker=coin, verbosity=0)
        else:
            winners = starvote.bloc_star_voting(ballots, seats=seats, tiebreaker=coin, verbosity=0)
        results.add(tuple(sorted(winners)))
        untried += coin.other_ways()
    return results


class Coin:
    """Breaks ties as told, beyond that by the first way, and remembers how many ways there were."""

    def __init__(self, told: list[int]) -> None:
        self._told = told
        self._met: list[int] = []

    def __call__(self, options: Any, tie: list[str], desired: int, error: Any) -> list[str]:
        ways = list(combinations(sorted(tie), desired))
        number = len(self._met)
        self._met.append(len(ways))
        return list(ways[self._told[number] if number < len(self._told) else 0])

    def other_ways(self) -> list[list[int]]:
        """What to tell in further runs, so that all of them together are all ways."""
        done = len(self._told)
        return [
            [*self._told, *[0] * (number - done), way]
            for number in range(done, len(self._met))
            for way in range(1, self._met[number])
        ]


def with_ties(profile: Known) -> ProfileWithTies:
    """The ballots as pref_voting takes rankings with ties or cut off."""
    at = {option: i for i, option in enumerate(profile["options"])}
    return ProfileWithTies(
        [
            {at[option]: rank for rank, group in enumerate(ballot) for option in group}
            for ballot in profile["ballots"]
        ],
        candidates=list(at.values()),
    )


def named(profile: Known, numbers: list[int]) -> set[str]:
    return {profile["options"][int(number)] for number in numbers}


ORACLES = {"schulze": schulze, "irv": irv, "star": star}


def main() -> int:
    """Compare what comes from standard input."""
    counted: Counter[str] = Counter()
    tied: Counter[str] = Counter()
    different: Counter[str] = Counter()
    for line in sys.stdin:
        profile = json.loads(line)
        name, ours = profile["method"], set(profile["groups"][0])
        counted[name] += 1
        tied[name] += len(ours) > 1
        theirs = ORACLES[name](profile)
        if ours != theirs:
            different[name] += 1
            if different[name] <= 3:
                sys.stderr.write(f"{name}: we {sorted(ours)}, they {sorted(theirs)}: {line}")
        # Two seats by Bloc STAR, where no place is shared.
        first, second = [*profile["groups"], [], []][:2]
        if name == "star" and len(first) == len(second) == 1:
            counted["bloc star"] += 1
            if star_winners(profile, seats=2) != {tuple(sorted((*first, *second)))}:
                different["bloc star"] += 1
                sys.stderr.write(f"bloc star: {line}")
    for name, number in counted.items():
        told = f"{different[name]} differ" if different[name] else "all agree"
        print(f"{name}: {number} profiles, {tied[name]} of them tied: {told}")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
