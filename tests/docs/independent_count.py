"""How a vote is counted, written from `docs/protocol.md` alone; see `independent.py`.

The ways of counting are those that lie nearest to the page's words, not the quickest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, NamedTuple

from tests.docs.independent import Bad, is_whole, need

QUO = "status-quo"
WORDS = {
    "majority": ["yes", "no", "abstain"],
    "supermajority": ["yes", "no", "abstain"],
    "consent": ["consent", "object", "aside"],
}
OWN = {"majority": (1, 2, "more"), "supermajority": (2, 3, "at_least")}
OWN["consent"] = OWN["supermajority"]
NUMBER = {"approval": "approvals", "schulze": "wins", "star": "stars", "irv": "first"}

Levels = dict[str, int]  # of each option on one ballot; the higher is liked better


class Question(NamedTuple):
    """What a round asks; `options` without the status quo, thresholds and quorums as certified."""

    method: str
    options: list[str]
    seats: int
    thresholds: list[Any]
    quorums: list[Any]
    alternates: int = 0

    def on_ballot(self) -> list[str]:
        """The options of a ballot."""
        return [] if self.method in WORDS else [*self.options, QUO]


def read_choice(asked: Question, choice: Any) -> Any:
    """A choice that may count: the word, or the options' levels and, where ranked, their order."""
    options = asked.on_ballot()
    if asked.method in WORDS:
        need(type(choice) is str and choice in WORDS[asked.method], "no such answer")
        return choice
    if asked.method == "star":
        need(type(choice) is dict and set(choice) <= set(options), "stars")
        need(all(is_whole(stars, 0, 5) for stars in choice.values()), "stars")
        return {option: choice.get(option, 0) for option in options}, []
    need(type(choice) is list, "a list")
    if asked.method == "approval":
        _once(choice, options)
        return {option: int(option in choice) for option in options}, []
    for group in choice:
        need(type(group) is list and group, "a group")
        need(asked.method == "schulze" or len(group) == 1, "level options")
    _once([option for group in choice for option in group], options)
    levels = dict.fromkeys(options, -len(choice))
    for rank, group in enumerate(choice):
        levels |= dict.fromkeys(group, -rank)
    return levels, [option for group in choice for option in group]


def _once(named: list[Any], options: list[str]) -> None:
    need(all(type(option) is str and option in options for option in named), "unknown option")
    need(len(set(named)) == len(named), "an option twice")


def bar(asked: Question, voters: int) -> tuple[Any, int]:
    """The threshold, None for none, and the quorum."""
    hardest: Any = None
    for each in [*asked.thresholds, *[OWN[m] for m in OWN if m == asked.method]]:
        if hardest is None:
            hardest = each
            continue
        one, other = each[0] * hardest[1], hardest[0] * each[1]
        if one > other or (one == other and each[2] == "more"):
            hardest = each
    return hardest, max([1, *(-(-voters * num // den) for num, den in asked.quorums)])


def verdict(needed: tuple[Any, int], for_: int, against: int) -> str:
    """What so many for and against come to."""
    threshold, quorum = needed
    if not for_:
        return "rejected" if against else "missed"
    if threshold is not None:
        num, den, compare = threshold
        have, want = for_ * den, (for_ + against) * num
        if have < want or (have == want and compare == "more"):
            return "rejected"
    return "adopted" if for_ >= quorum else "missed"


def count(asked: Question, choices: Sequence[Any], voters: int) -> dict[str, Any]:
    """Outcome, winners, tied, seats and tally; `choices` are as `read_choice` gave them."""
    needed = bar(asked, voters)
    if asked.method in WORDS:
        yes, no, neither = WORDS[asked.method]
        tally: Any = {word: choices.count(word) for word in (yes, no, neither)}
        found = verdict(needed, tally[yes], tally[no])
        return {"outcome": found, "winners": [], "tied": [], "seats": 0, "tally": tally}
    options, ballots = asked.on_ballot(), [levels for levels, _ in choices]
    numbers, best = METHODS[asked.method](options, choices)
    sides = {
        option: (prefer(ballots, option, QUO), prefer(ballots, QUO, option)) for option in options
    }
    places = _places(options, asked.seats + asked.alternates, best)
    ahead, level = _seated(places, asked.seats)
    verdicts = {option: verdict(needed, *sides[option]) for option in ahead + level}
    winners = [option for option in ahead if verdicts[option] == "adopted"]
    tied = level if any(verdicts[option] == "adopted" for option in level) else []
    outcome = "tie" if tied else "adopted" if winners else "rejected"
    nobody = not any(map(any, sides.values()))
    if outcome == "rejected" and ("missed" in verdicts.values() or nobody):
        outcome = "missed"
    left = asked.seats - len(ahead) if tied else 0
    room = asked.alternates - max(0, len(level) - (asked.seats - len(ahead)))
    behind = _behind([p for p in places if p[0] not in ahead + level], room)
    able = [option for option in behind if verdict(needed, *sides[option]) == "adopted"]
    more = {"alternates": able if winners or tied else []} if asked.alternates else {}
    return {
        "outcome": outcome,
        "winners": winners,
        "tied": tied,
        "seats": left,
        **more,
        "tally": {
            "columns": [NUMBER[asked.method], "over", "under"],
            "rows": {option: [numbers[option], *sides[option]] for option in options},
        },
    }


def prefer(ballots: Sequence[Levels], one: str, other: str) -> int:
    """How many ballots prefer one option to another."""
    return sum(levels[one] > levels[other] for levels in ballots)


Best = Callable[[list[str]], list[str]]


def _places(options: list[str], seats: int, best: Best) -> list[list[str]]:
    places: list[list[str]] = []
    left = options
    while left and len(options) - len(left) < seats:
        places.append([option for option in left if option in best(left)])
        left = [option for option in left if option not in places[-1]]
    return places


def _seated(places: list[list[str]], seats: int) -> tuple[list[str], list[str]]:
    """Who is ahead, and who is level for the seats that are left."""
    ahead: list[str] = []
    for place in places:
        if QUO in place or len(ahead) == seats:
            break
        if len(place) > seats - len(ahead):
            return ahead, place
        ahead += place
    return ahead, []


def _behind(places: list[list[str]], room: int) -> list[str]:
    """Who comes next, place by place, until one does not fit or has the status quo."""
    behind: list[str] = []
    for place in places:
        if QUO in place or len(place) > room - len(behind):
            break
        behind += place
    return behind


# Each method: (options, choices) -> number of each option, and who is best of some


def _approval(options: list[str], choices: Sequence[Any]) -> tuple[dict[str, int], Best]:
    by = {option: sum(levels[option] for levels, _ in choices) for option in options}
    return by, lambda left: [o for o in left if by[o] == max(by[each] for each in left)]


def _schulze(options: list[str], choices: Sequence[Any]) -> tuple[dict[str, int], Best]:
    ballots = [levels for levels, _ in choices]
    d = {(a, b): prefer(ballots, a, b) for a in options for b in options}
    chain = {pair: votes if votes > d[pair[::-1]] else 0 for pair, votes in d.items()}
    changed = True
    while changed:  # longer chains, as long as there are stronger ones
        changed = False
        for a, b in d:
            found = max(min(chain[a, c], chain[c, b]) for c in options)
            if a != b and found > chain[a, b]:
                chain[a, b], changed = found, True
    wins = {a: sum(d[a, b] > d[b, a] for b in options) for a in options}

    def best(left: list[str]) -> list[str]:
        return [a for a in left if not any(chain[b, a] > chain[a, b] for b in left)]

    return wins, best


def _star(options: list[str], choices: Sequence[Any]) -> tuple[dict[str, int], Best]:
    ballots = [levels for levels, _ in choices]
    stars = {option: sum(levels[option] for levels in ballots) for option in options}
    fives = {option: sum(levels[option] == 5 for levels in ballots) for option in options}

    def finalists(sure: list[str], level: list[str], by: dict[str, int]) -> Any:
        """Who goes on for certain by these numbers, and who is level for what is left."""
        for number in sorted({by[option] for option in level}, reverse=True):
            group = [option for option in level if by[option] == number]
            if len(sure) == 2:
                return sure, []
            if len(sure) + len(group) > 2:
                return sure, group
            sure = sure + group
        return sure, []

    def best(left: list[str]) -> list[str]:
        if len(left) == 1:
            return left
        sure, level = finalists([], left, stars)
        against = {a: sum(prefer(ballots, a, b) for b in level if b != a) for a in level}
        sure, level = finalists(sure, level, against)
        sure, level = finalists(sure, level, fives)
        won: list[str] = []
        for more in combinations(level, 2 - len(sure)):
            a, b = [*sure, *more]
            one = (prefer(ballots, a, b), stars[a], fives[a])
            other = (prefer(ballots, b, a), stars[b], fives[b])
            won += [a, b] if one == other else [a if one > other else b]
        return won

    return stars, best


def _irv(options: list[str], choices: Sequence[Any]) -> tuple[dict[str, int], Best]:
    orders = [order for _, order in choices]

    def counted(left: frozenset[str]) -> dict[str, int]:
        firsts = [next((o for o in order if o in left), None) for order in orders]
        return {option: firsts.count(option) for option in left}

    def best(left: list[str]) -> list[str]:
        known: dict[frozenset[str], set[str]] = {}

        def won(some: frozenset[str]) -> set[str]:
            if len(some) == 1:
                return set(some)
            if some not in known:
                by = counted(some)
                out = [option for option in some if by[option] == min(by.values())]
                known[some] = set().union(*(won(some - {option}) for option in out))
            return known[some]

        return list(won(frozenset(left)))

    return counted(frozenset(options)), best


METHODS: dict[str, Callable[[list[str], Sequence[Any]], tuple[dict[str, int], Best]]] = {
    "approval": _approval,
    "schulze": _schulze,
    "star": _star,
    "irv": _irv,
}


def counted(
    asked: Question,
    ended: Sequence[Sequence[Any]],
    chains: Sequence[Sequence[Sequence[Any]]],
    tellers: int,
    revise: bool,
) -> dict[bytes, tuple[bytes, Any]]:
    """By person the ballot that counts, as (record id, choice).

    `ended`: the list of each stop's chain, `chains`: the lists of all chains of each teller; a list
    is of (record id, person, version, choice as written), where person is None for a ballot by
    nobody who may vote.
    """
    known: dict[bytes, tuple[bytes, int, Any]] = {}

    def struck(named: Sequence[Any]) -> set[bytes]:
        left: set[bytes] = set()
        seen: set[bytes] = set()
        for record, person, version, choice in named:
            try:
                read = read_choice(asked, choice)
            except Bad:
                continue
            if person is not None and (revise or person not in seen):
                seen.add(person)
                left.add(record)
                known[record] = (person, version, read)
        return left

    def times(several: Sequence[set[bytes]]) -> dict[bytes, int]:
        return {r: sum(r in each for each in several) for each in several for r in each}

    third = (tellers - 1) // 3
    listed = {r for r, n in times([struck(each) for each in ended]).items() if n > third}
    by_teller = [set().union(*map(struck, each)) for each in chains]
    safe = {record for record, number in times(by_teller).items() if number > 2 * third}
    found: dict[bytes, tuple[bytes, Any]] = {}

    def rank(record: bytes) -> Any:
        newest = (known[record][1], [255 - byte for byte in record])
        return newest if revise else (record in safe, record in listed, newest)

    for record in sorted(listed | safe, key=rank):
        person, _, read = known[record]
        found[person] = (record, read)
    return found
