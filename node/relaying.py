"""At which relays a node keeps its places, and whom it believes about itself: no I/O.

Whoever offers first earns nothing by it. Relays are taken like neighbours (`choosing`): of
different persons, and of branches of the invitation tree that are as far apart as can be had. A
place moves to another relay if that is further from the others, and now and then to one that is as
far: so nobody stays for long who gives a place and carries nobody. What peers say of us counts by
branches, too.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from node.branches import DEEPEST, LOOSE, Known, in_turn
from node.network.company import RELAYS, Claim, Held, Plan, agreed

TURN_SECONDS = 6 * 3600.0  # after which a place goes to another relay, if there is one as good
BETTER_SECONDS = 600.0  # after which it does if there is a better one


class Relaying:
    """One node's judgement. `known`: everybody who may talk; `dice` settles what is left."""

    def __init__(self, dice: random.Random, known: Callable[[], Known]) -> None:
        self._dice = dice
        self._known = known
        self._changed: float | None = None  # when a place was last given to somebody
        self._turn = 0.0  # how long it is kept then
        self._leaving: str | None = None  # who goes once another has given a place

    def relays(self, now: float, held: Sequence[Held], offering: Collection[str]) -> Plan:
        """As `company.Company.relays`."""
        known = self._known()
        names = [each.relay for each in held]
        if len(names) < RELAYS:
            self._note(now)
            return Plan(self._order(known, names, offering), [])
        if len(names) > RELAYS:
            self._note(now)
            return Plan([], [self._leaving if self._leaving in names else names[0]])
        since = 0.0 if self._changed is None else now - self._changed
        if since < BETTER_SECONDS:
            return Plan([], [])
        # Who has carried nobody goes first, then who was there longest.
        for leaving in sorted(held, key=lambda each: each.carried):
            kept = [name for name in names if name != leaving.relay]
            bar = _nearest(known, leaving.relay, kept) + (since >= self._turn)
            ask = [
                peer
                for peer in self._order(known, kept, offering)
                if _nearest(known, peer, kept) < bar
            ]
            if ask:
                self._leaving = leaving.relay
                return Plan(ask, [])
        return Plan([], [])

    def believed(self, said: Mapping[str, Claim]) -> set[Claim]:
        """As `company.Company.believed`: each side of the tree has one voice.

        Sides are the branches into which those fall who say something; one that contradicts itself
        says nothing, and neither does whoever hangs nowhere, unless all do.
        """
        known = self._known()
        ways = {peer: _way(known, peer) for peer in said}
        rooted = {peer: way for peer, way in ways.items() if way[0] != LOOSE} or ways
        depth = 0
        while len(sides := {way[depth : depth + 1] for way in rooted.values()}) == 1 and any(sides):
            depth += 1
        voices: dict[object, set[Claim]] = {}
        for peer, way in rooted.items():
            voices.setdefault(way[depth : depth + 1], set()).add(said[peer])
        return agreed({side: some if len(some) == 1 else () for side, some in voices.items()})

    def _note(self, now: float) -> None:
        self._changed, self._turn = now, TURN_SECONDS * self._dice.uniform(0.8, 1.2)

    def _order(self, known: Known, held: Sequence[str], offering: Collection[str]) -> list[str]:
        """Who is to be asked first beside those held: persons in turn by branches, by one of their
        relays each; at last those of the same persons.
        """
        taken = {_person(known, peer) for peer in held}
        persons = {peer: _person(known, peer) for peer in offering}
        others = [peer for peer in offering if persons[peer] not in taken]
        load = Counter(node for peer in held for node in _way(known, peer))
        tree = Known(known.branches, persons, others)
        first = [
            self._dice.choice(tree.devices[person])
            for person in in_turn(tree, load, self._dice.shuffle)
        ]
        rest = [peer for peer in offering if peer not in first]
        self._dice.shuffle(rest)
        return [*first, *sorted(rest, key=lambda peer: persons[peer] in taken)]


def _person(known: Known, peer: str) -> bytes:
    return known.person_of.get(peer, peer.encode())


def _way(known: Known, peer: str) -> tuple[bytes, ...]:
    return known.way(_person(known, peer))


def _nearest(known: Known, peer: str, others: Sequence[str]) -> int:
    """How near the nearest of these is in the tree: what two share of the way from its top down."""
    return max((_nearness(known, peer, other) for other in others), default=0)


def _nearness(known: Known, one: str, other: str) -> int:
    if _person(known, one) == _person(known, other):
        return DEEPEST + 2
    ways = _way(known, one), _way(known, other)
    if any(way[0] == LOOSE for way in ways):
        return DEEPEST + 1  # it may be anybody's branch
    return sum(a == b for a, b in zip(*ways, strict=False))
