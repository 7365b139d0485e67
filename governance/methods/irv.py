"""Instant run-off: whoever has the fewest first places goes out, until one is left.

When several are level with the fewest, each order in which they can go out is followed ("parallel
universes"): every option that wins in one of them shares the place. A ballot counts for the first
option on it that is still in, and for nobody once all of its options are out. The next place is
found the same way, without those that have one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from governance.methods import ranked
from governance.methods.method import Choice, Choosing, Order, in_turn, listed
from governance.saying import Said, said

MOST_OPTIONS = 12  # so that at most 2**13 sets of options can be left

Ballot = tuple[tuple[str, ...], int]  # options, the best first, and how many voted alike
Piles = dict[str, list[Ballot]]  # the options left, each with the ballots that count for it


def order(ballots: Sequence[Choice], options: Sequence[str], seats: int) -> Order:
    """Place by place: who may win among those that are left."""
    alike = Counter(
        tuple(option for group in ranked.groups(choice) for option in group) for choice in ballots
    )
    first = _dealt(options, alike.items())

    def best(left: list[str]) -> tuple[list[str], list[Said]]:
        piles = _dealt(left, alike.items())
        known: dict[frozenset[str], frozenset[str]] = {}
        winners = _winners(piles, known)
        return [option for option in left if option in winners], _told(piles, known)

    groups, steps = in_turn(options, seats, best)
    return Order(groups, tuple(steps), _sizes(first))


def _winners(piles: Piles, known: dict[frozenset[str], frozenset[str]]) -> frozenset[str]:
    """Every option that wins in some order of going out.

    `known` remembers that for each set of options left, as the way there doesn't matter.
    """
    left = frozenset(piles)
    if left not in known:
        sizes = _sizes(piles)
        most = max(sizes, key=sizes.__getitem__)
        if len(left) == 1 or _is_majority(sizes[most], sizes):
            known[left] = frozenset([most])
        elif not sizes[most]:
            known[left] = left  # nothing will ever tell them apart
        else:
            found: set[str] = set()
            for out in _ways_out(sizes):
                rest = left.difference(out)
                found |= known[rest] if rest in known else _winners(_without(piles, out), known)
            known[left] = frozenset(found)
    return known[left]


def _ways_out(sizes: dict[str, int]) -> list[list[str]]:
    """Who may go out next: several at once where their order can't matter, else one at a time.

    It can't matter if those with the fewest have fewer together than the next one: whichever of
    them goes first, the others still are the fewest.
    """
    fewest = min(sizes.values())
    level = [option for option, size in sizes.items() if size == fewest]
    more = [size for size in sizes.values() if size > fewest]
    if len(level) == 1 or (more and fewest * len(level) < min(more)):
        return [level]
    return [[option] for option in level]


def _dealt(options: Iterable[str], ballots: Iterable[Ballot]) -> Piles:
    """The ballots, each with the first of its options that is among these."""
    piles: Piles = {option: [] for option in options}
    _deal(piles, ballots)
    return piles


def _without(piles: Piles, out: Sequence[str]) -> Piles:
    """The piles after some options went out; `piles` stays as it is."""
    rest = {option: pile.copy() for option, pile in piles.items() if option not in out}
    for option in out:
        _deal(rest, piles[option])
    return rest


def _deal(piles: Piles, ballots: Iterable[Ballot]) -> None:
    for ballot in ballots:
        for option in ballot[0]:
            if option in piles:
                piles[option].append(ballot)
                break


def _sizes(piles: Piles) -> dict[str, int]:
    return {option: sum(times for _, times in pile) for option, pile in piles.items()}


def _is_majority(size: int, sizes: dict[str, int]) -> bool:
    """More than half stays more than half, whoever goes out."""
    return 2 * size > sum(sizes.values())


def _told(piles: Piles, known: dict[frozenset[str], frozenset[str]]) -> list[Said]:
    """The rounds, as far as there is one way to go on; then where each way leads."""
    steps: list[Said] = []
    while len(piles) > 1:
        sizes = _sizes(piles)
        steps.append(_round(sizes))
        for option, size in sizes.items():
            if _is_majority(size, sizes):
                return [*steps, said("%(option)s has more than half of these.", option=option)]
        ways = _ways_out(sizes)
        if len(ways) > 1:
            return [*steps, *_forked(piles, [option for (option,) in ways], known)]
        steps.append(said("With the fewest, out: %(options)s.", options=listed(ways[0])))
        piles = _without(piles, ways[0])
    return steps


def _round(sizes: dict[str, int]) -> Said:
    votes = ", ".join(f"{option} {size}" for option, size in sizes.items())
    return said("First among those left: %(votes)s.", votes=votes)


def _forked(
    piles: Piles, level: Sequence[str], known: dict[frozenset[str], frozenset[str]]
) -> list[Said]:
    steps = [
        said("Level with the fewest: %(options)s. Each way is counted.", options=listed(level))
    ]
    for option in level:
        winners = _winners(_without(piles, [option]), known)
        steps.append(
            said(
                "If %(option)s goes out first, this can win: %(options)s.",
                option=option,
                options=listed([each for each in piles if each in winners]),
            )
        )
    return steps


METHOD = Choosing(
    name="irv",
    form="ranked",
    most_options=MOST_OPTIONS,
    check=ranked.check_strict,
    split=ranked.split,
    show=ranked.show,
    number="first",
    levels=ranked.levels,
    order=order,
)
