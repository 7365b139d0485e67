"""The Schulze method with winning votes.

An option beats another that fewer ballots put before it than after; the victory is as strong as
the ballots for it are many. A chain of victories is as strong as its weakest one. An option is
ahead of another if its strongest chain there is stronger than any chain back; whoever has nobody
ahead may take the next place. Source: M. Schulze, "A new monotonic, clone-independent, reversal
symmetric, and Condorcet-consistent single-winner election method", 2011.
"""

from __future__ import annotations

from collections.abc import Sequence

from governance.methods import ranked
from governance.methods.method import MOST_OPTIONS, Choice, Choosing, Order, in_turn
from governance.methods.pairwise import duel, duels
from governance.saying import Said, said

Table = list[list[int]]


def order(ballots: Sequence[Choice], options: Sequence[str], seats: int) -> Order:
    """Place by place; who has nobody ahead among those that are left shares the place."""
    amount = len(options)
    votes = duels([ranked.levels(choice, options) for choice in ballots], amount)
    strength, before = chains(votes)
    at = {option: i for i, option in enumerate(options)}

    def best(left: list[str]) -> tuple[list[str], list[Said]]:
        rows = [at[option] for option in left]
        top = [i for i in rows if not any(strength[j][i] > strength[i][j] for j in rows)]
        rivals = [j for j in rows if j not in top]
        told = []
        if len(top) == 1 and all(votes[top[0]][j] > votes[j][top[0]] for j in rivals):
            if rivals:
                told.append(
                    said("%(option)s beats every option that is left.", option=options[top[0]])
                )
        else:
            told.append(said("No option beats all that are left, so chains of victories decide."))
            told += [
                _compared(options, strength, before, i, j)
                for i in top
                for j in (*(k for k in top if k > i), *rivals)
            ]
        return [options[i] for i in top], told

    groups, places = in_turn(options, seats, best)
    steps = [
        duel(options[i], options[j], votes[i][j], votes[j][i])
        for i in range(amount)
        for j in range(i + 1, amount)
    ]
    beaten = [sum(votes[i][j] > votes[j][i] for j in range(amount)) for i in range(amount)]
    return Order(groups, (*steps, *places), dict(zip(options, beaten, strict=True)))


def chains(votes: Table) -> tuple[Table, Table]:
    """Strength of the strongest chain from i to j (0: none), and the option before j on it."""
    every = range(len(votes))
    strength = [[votes[i][j] if votes[i][j] > votes[j][i] else 0 for j in every] for i in every]
    before = [[i for _ in every] for i in every]
    for k in every:
        through = strength[k]
        for i in every:
            row, to_k = strength[i], strength[i][k]
            if i == k or not to_k:
                continue
            for j in every:
                weakest = min(to_k, through[j])
                if weakest > row[j] and j != i:
                    row[j] = weakest
                    before[i][j] = before[k][j]
    return strength, before


def _compared(options: Sequence[str], strength: Table, before: Table, i: int, j: int) -> Said:
    """The step that says how strong the chains between two options are."""
    if not strength[i][j] and not strength[j][i]:
        return said(
            "No chain leads from %(option)s to %(other)s or back.",
            option=options[i],
            other=options[j],
        )
    if not strength[i][j]:
        i, j = j, i
    if not strength[j][i]:
        return said(
            "%(chain)s has strength %(strength)s; no chain leads back.",
            chain=_chain(options, before, i, j),
            strength=strength[i][j],
        )
    return said(
        "%(chain)s has strength %(strength)s, %(back)s has %(less)s.",
        chain=_chain(options, before, i, j),
        strength=strength[i][j],
        back=_chain(options, before, j, i),
        less=strength[j][i],
    )


def _chain(options: Sequence[str], before: Table, i: int, j: int) -> str:
    """The strongest chain, written from its first option to its last."""
    names = [options[j]]
    while j != i:
        j = before[i][j]
        names.append(options[j])
    return " > ".join(reversed(names))


METHOD = Choosing(
    name="schulze",
    form="ranked",
    most_options=MOST_OPTIONS,
    equal_ranks=True,
    check=ranked.check,
    split=ranked.split,
    show=ranked.show,
    number="wins",
    levels=ranked.levels,
    order=order,
)
