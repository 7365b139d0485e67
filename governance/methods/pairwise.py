"""Options compared two by two."""

from __future__ import annotations

from collections.abc import Sequence
from operator import gt

from governance.saying import Said, said


def duels(table: Sequence[Sequence[int]], amount: int) -> list[list[int]]:
    """How many ballots put option i before option j, at [i][j].

    A row of `table` is a ballot's level of each of the `amount` options; higher is better.
    """
    columns = list(zip(*table, strict=True)) or [()] * amount
    return [[votes(mine, other) for other in columns] for mine in columns]


def votes(levels: Sequence[int], other: Sequence[int]) -> int:
    """On how many ballots an option is higher than another; both with their level on each."""
    return sum(map(gt, levels, other))


def duel(option: str, other: str, votes: int, against: int) -> Said:
    """The step that says how two options compare, the stronger first."""
    if votes < against:
        option, other, votes, against = other, option, against, votes
    return said(
        "%(option)s against %(other)s: %(votes)s to %(against)s.",
        option=option,
        other=other,
        votes=votes,
        against=against,
    )
