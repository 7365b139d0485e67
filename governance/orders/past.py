"""Letters about one order, brought into the order in which they speak to each other.

The *past* of a letter is what its author had: what `after` names, with the pasts of these, and the
earlier letters about this order in the author's own log, whatever it names. A letter counts once
all of its past is here. Pasts are sets of letters, kept as integers with one bit a letter.

What somebody can make others reckon with is bounded: letters of persons who have no part in the
order are left out, and so is what a device says beyond MOST_LETTERS.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from protocol.letters.moves import Mediator, Place
from protocol.letters.order import OrderLetter

MOST_LETTERS = 100  # of one device about one order
STRANGER = "stranger"  # by somebody who has no part in this order
TOO_MANY = "too-many"  # beyond MOST_LETTERS


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A letter about an order, and who wrote it: record id, person, device, and its seq there."""

    id: bytes
    person: bytes
    device: bytes
    seq: int
    letter: OrderLetter


class Line:
    """A letter that counts, while it is judged.

    `bit` is its own, `past` has those of the letters before it. What follows is set once it is
    judged: whether it holds, for which side it speaks, and what its author saw.
    """

    __slots__ = (
        "base",
        "bit",
        "bound",
        "depth",
        "full",
        "id",
        "move",
        "outcome",
        "past",
        "reason",
        "reduces",
        "said",
        "side",
        "start",
        "word",
    )

    def __init__(self, said: Said, bit: int, past: int, depth: int) -> None:
        self.said = said
        self.id = said.id
        self.move: Any = said.letter.move  # the dataclass that `word` names
        self.word: str = said.letter.move.word
        self.bit = bit
        self.past = past
        self.depth = depth  # of the longest way back to the beginning
        self.side = ""  # for whom it speaks; "" for nobody in this order
        self.reason = ""  # why it is void; "" if it holds
        self.start: Line | None = None  # the `place` that its author saw
        self.base: Line | None = None  # the acceptance then in force
        self.outcome: Line | None = None  # the proposal by which a dispute was then settled
        self.bound = 0  # of a confirmation: as much as could then have come in all
        self.full = False  # of a refund: all that had been paid went back by it
        self.reduces = 0  # of a refund: what does not just return what was paid too much

    def crossed(self, other: Line) -> bool:
        """Whether neither author had the other's letter."""
        return not (self.bit & other.past or other.bit & self.past or self is other)


@dataclass(kw_only=True, slots=True)
class Arranged:
    """`lines` in an order in which every letter comes after its past: by depth, then by id.

    Depth is a property of a letter's own past, so what else comes never changes which of two
    letters is first.
    """

    lines: list[Line] = field(default_factory=list)
    void: dict[bytes, str] = field(default_factory=dict)  # left out, and why
    waiting: frozenset[bytes] = frozenset()  # letters whose past is not all here
    missing: frozenset[bytes] = frozenset()  # what is not here, letters and certificates


def arrange(
    letters: Iterable[Said], holds: Callable[[Said], bool], known: Callable[[bytes], bool]
) -> Arranged:
    """The letters of one order that count.

    `holds`: whether a `place` is proven by the order's key. `known`: whether a certificate is here.
    """
    given = {said.id: said for said in letters}
    found = Arranged()
    before = dict(_before(given.values(), holds, found))
    lines: dict[bytes, Line] = {}
    left: dict[bytes, int] = {}
    after: dict[bytes, list[bytes]] = defaultdict(list)
    missing: set[bytes] = set()
    for name, named in before.items():
        certificate = getattr(given[name].letter.move, "at", None)
        absent = [each for each in named if each not in before]
        if certificate is not None and not known(certificate):
            absent.append(certificate)
        missing.update(each for each in absent if each not in given)
        left[name] = len(absent) + len(named)
        for each in named:
            after[each].append(name)
    depth, level = 0, sorted(name for name, count in left.items() if not count)
    while level:
        following: list[bytes] = []
        for name in level:
            past = 0
            for each in before[name]:
                past |= lines[each].past | lines[each].bit
            line = lines[name] = Line(given[name], 1 << len(lines), past, depth)
            found.lines.append(line)
            for each in after[name]:
                left[each] -= 1
                if not left[each]:
                    following.append(each)
        depth, level = depth + 1, sorted(following)
    found.waiting = frozenset(before.keys() - lines.keys())
    found.missing = frozenset(missing)
    return found


def _before(
    letters: Iterable[Said], holds: Callable[[Said], bool], found: Arranged
) -> Iterator[tuple[bytes, set[bytes]]]:
    """(id, those directly before it) of the letters that are not left out."""
    logs: dict[bytes, list[Said]] = defaultdict(list)
    for said in letters:
        logs[said.device].append(said)
    for log in logs.values():
        log.sort(key=lambda said: (said.seq, said.id))
    parties = _parties(logs.values(), holds)
    for log in logs.values():
        if log[0].person not in parties:
            found.void.update((said.id, STRANGER) for said in log)
            continue
        found.void.update((said.id, TOO_MANY) for said in log[MOST_LETTERS:])
        last: list[bytes] = []
        # Two letters with one seq are of a device that forked; what follows comes after both.
        for _, same in groupby(log[:MOST_LETTERS], key=lambda said: said.seq):
            here = list(same)
            for said in here:
                yield said.id, {*said.letter.after, *last}
            last = [said.id for said in here]


def _parties(logs: Iterable[list[Said]], holds: Callable[[Said], bool]) -> set[bytes]:
    """Persons whose letters may matter: who orders of whom, and whom both name as mediator.

    Only the first letter of a device can begin an order, so that is one signature a device.
    """
    logs = list(logs)
    parties: set[bytes] = set()
    for log in logs:
        move = log[0].letter.move
        if isinstance(move, Place) and holds(log[0]):
            parties |= {log[0].person, move.seller}
    named = Counter(
        mediator
        for (person, _, mediator) in {
            (said.person, said.letter.guest, said.letter.move.person)
            for log in logs
            for said in log[:MOST_LETTERS]
            if isinstance(said.letter.move, Mediator)
        }
        if person in parties
    )
    return parties | {mediator for mediator, sides in named.items() if sides > 1}
