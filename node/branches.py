"""Who came in by whom, as a tree: what one person's invitations can amount to, and who is known.

Anybody may invite, and an invited sybil invites more. So peers are never counted by inviter, which
a sybil is as well, but by *branches*: the branch of a person is that person and everybody who came
in by them, at first or twentieth hand. Pure values; persons are public keys, peers are peer ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

DEEPEST = 32  # who came in deeper counts for the branch at this depth: paths stay short

ROOT = b"root"  # stands above the founder; no person, whose key has 32 bytes
LOOSE = b"loose"  # stands above those who hang nowhere
Path = tuple[bytes, ...]


class Branches:
    """The tree of invitations. `inviters`: person -> inviter, None for the founder; of members
    and of those who were members. `members`: who belongs now, oneself left out.

    Who hangs nowhere has an empty path: their inviter isn't known, or invited persons led around in
    a circle (somebody left and came back by a descendant's invitation). Nothing is known of whose
    branch they are, so they count as inside everybody's, and never as outside.
    """

    def __init__(
        self, inviters: Mapping[bytes, bytes | None], members: Collection[bytes] = ()
    ) -> None:
        self._paths: dict[bytes, Path] = {}
        for person in inviters:
            self._climb(person, inviters)
        self._sizes: Counter[bytes] = Counter()
        self.rooted = 0  # members that hang somewhere
        for person in members:
            path = self.path(person)
            self.rooted += bool(path)
            self._sizes.update(path)

    def path(self, person: bytes) -> Path:
        """The branches this person is in, the founder's first; empty for who hangs nowhere."""
        return self._paths.get(person, ())

    def outside(self, person: bytes) -> int:
        """How many members are certainly outside of this person's branch."""
        return self.rooted - self._sizes[person]

    def covering(self, persons: Iterable[bytes], least: int) -> bytes | None:
        """The smallest branch in which all of these are, if `least` members are outside of it."""
        counts: Counter[bytes] = Counter()
        number = 0
        for person in persons:
            number += 1
            counts.update(self.path(person))
            if not self.path(person):
                number -= 1  # inside of any
        found = [each for each, count in counts.items() if count == number]
        smallest = max(found, key=lambda each: len(self.path(each)), default=None)
        return smallest if smallest is not None and self.outside(smallest) >= least else None

    def _climb(self, person: bytes, inviters: Mapping[bytes, bytes | None]) -> None:
        chain: dict[bytes, None] = {}
        at: bytes | None = person
        while at is not None and at in inviters and at not in self._paths and at not in chain:
            chain[at] = None
            at = inviters[at]
        above: Path = () if at is None else self._paths.get(at, ())
        rooted = at is None or bool(above)
        for each in reversed(chain):
            if rooted and len(above) < DEEPEST:
                above = (*above, each)
            self._paths[each] = above if rooted else ()


class Known:
    """Everybody whom a node may talk with, as choosing needs it; built anew when that changes.

    `persons`: peer -> person, of all devices that may talk. `fresh`: peers with an address that
    is good; `stale`: peers whose addresses have expired. `warm`: peers that were reached lately.
    """

    def __init__(
        self,
        branches: Branches,
        persons: Mapping[str, bytes],
        fresh: Iterable[str],
        *,
        stale: Iterable[str] = (),
        warm: Collection[str] = (),
    ) -> None:
        self.branches = branches
        self.person_of = persons
        self.fresh = frozenset(peer for peer in fresh if peer in persons)
        self.devices: dict[bytes, list[str]] = {}  # person -> peers that can be dialled
        for peer in sorted(self.fresh) + sorted(set(stale) - self.fresh):
            if peer in persons:
                self.devices.setdefault(persons[peer], []).append(peer)
        self.persons = list(self.devices)
        self._below: dict[bytes, dict[bytes, None]] = {}
        self._warm: set[bytes] = set()
        for person in self.persons:
            way = self.way(person)
            for over, under in zip((ROOT, *way), way, strict=False):
                self._below.setdefault(over, {})[under] = None
            if not {*self.devices[person]}.isdisjoint(warm):
                self._warm.update(way)

    def way(self, person: bytes) -> Path:
        """The nodes of the tree from the top down to this person."""
        path = self.branches.path(person) or (LOOSE,)
        return path if path[-1] == person else (*path, person)

    def parts(self, node: bytes) -> list[bytes]:
        """What a branch falls into: the branches of those invited, and its first person alone."""
        below = list(self._below.get(node, ()))
        return [node, *below] if node in self.devices else below

    def is_warm(self, node: bytes) -> bool:
        """Whether somebody of this branch was reached lately."""
        return node in self._warm


def in_turn(
    known: Known,
    load: Mapping[bytes, int],
    shuffle: Callable[[list[bytes]], None],
    node: bytes = ROOT,
) -> Iterator[bytes]:
    """Persons who can be dialled, those first whose branches bear least, at every depth.

    However many somebody invites, their branch is one part among those beside it. `load`: node of
    the tree -> what it bears; read when a person is asked for. `shuffle` settles ties, in place.
    """
    parts = known.parts(node)
    shuffle(parts)
    parts.sort(key=lambda each: (load.get(each, 0), not known.is_warm(each)))
    for part in parts:
        if part == node:
            yield node
        else:
            yield from in_turn(known, load, shuffle, part)


def spread(branches: Branches, persons: Iterable[bytes], most: int) -> list[bytes]:
    """Some of these, best first as they come, such that branches are named evenly, at any depth."""
    left = list(dict.fromkeys(persons))
    chosen: list[bytes] = []
    load: Counter[bytes] = Counter()
    while left and len(chosen) < most:
        some, depth = left, 0
        while len(some) > 1:
            parts: dict[bytes, list[bytes]] = {}
            for person in some:
                way = branches.path(person) or (LOOSE,)
                part = way[depth] if depth < len(way) else person + b" alone"
                parts.setdefault(part, []).append(person)
            some = parts[min(parts, key=lambda each: load[each])]  # the first of those equal
            depth += 1
        load.update(branches.path(some[0]) or (LOOSE,))
        chosen.append(some[0])
        left.remove(some[0])
    return chosen
