"""Whom a node keeps in touch with, so that nobody can surround it: a machine without I/O.

A node *chooses* about eight persons. Who dials it takes no place: being many and quick earns
nothing. Of the places, most are kept as long as their links stand and go to the branches that have
fewest; one goes to a member drawn from the whole roll; two rotate. In all of them together no
person's branch (`branches`) may take so many that fewer than three places are left for those
outside of it, and nobody is let go if that leaves fewer than three outside. docs/network.md tells
what this is worth.

Use: call `look` every few seconds and whenever links changed; carry out its `Plan`; tell `reached`
or `failed` for each dial of it. Peers are peer ids, persons are keys, times are monotonic seconds.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from node.branches import ROOT, Known, in_turn

MOST = 8  # persons that a node chooses
MOST_ALWAYS_ON = 24  # and a community's helper machine
MOST_INBOUND = 64  # members' connections that others opened, in all
MOST_INBOUND_ALWAYS_ON = 200
MOST_INBOUND_EACH = 5  # and of one person, who may have so many devices

AT_ONCE = 4  # dials under way
DIALS = 16  # in a burst
DIALS_A_SECOND = 1 / 3
FIRST_PAUSE = 10.0  # after a failure; doubles up to the longest
LONGEST_PAUSE = 600.0
SHORT = 60.0  # a link that ends sooner was a failure too
TURN_SECONDS = 900.0  # after which a rotating place is drawn anew
TURN_AGAIN = 60.0  # when who was drawn did not answer
GRACE = 60.0  # for a link of ours that is in no place, before it is dropped
TRIES = 64  # persons drawn at one look

KEPT, DRAWN, TURN = "kept", "drawn", "turn"


class Tie(NamedTuple):
    """An open connection with a peer; a peer may have two."""

    peer: str
    inbound: bool  # the peer opened it
    since: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now: `dial` these peers; `part` from these."""

    dial: list[str]
    part: list[str]


@dataclass(slots=True)
class Place:
    """A person that was chosen, by this `peer` of theirs."""

    peer: str
    person: bytes
    sort: str  # KEPT, DRAWN or TURN
    up: float | None = None  # since when there is a link
    dialling: bool = False


@dataclass(slots=True)
class _Load:
    """How many of some persons are in each branch, and how many hang nowhere."""

    inside: Counter[bytes] = field(default_factory=Counter)
    loose: int = 0

    def add(self, known: Known, person: bytes) -> None:
        path = known.branches.path(person)
        self.inside.update(path)
        self.loose += not path


class Choosing:
    """The choices of one node. `dice` settles whatever is left to chance."""

    def __init__(self, dice: random.Random, *, most: int = MOST) -> None:
        self._dice = dice
        self.most = most
        self.sorts = {DRAWN: max(1, most // 8), TURN: max(1, most // 4)}
        self.sorts[KEPT] = most - sum(self.sorts.values())
        self.outside = 3 * most // 8  # places that no single branch gets
        self._inbound = MOST_INBOUND if most <= MOST else MOST_INBOUND_ALWAYS_ON
        self._places: dict[str, Place] = {}
        self._pauses: dict[str, tuple[float, float]] = {}  # peer -> (not before, next pause)
        self._failures: deque[tuple[float, bytes]] = deque()  # lately: when, and whose node it was
        self._moved: dict[str, float] = {}  # when a new address last ended a pause
        self._next_turn: float | None = None
        self._dials = float(DIALS)  # that may be begun now
        self._then: float | None = None

    @property
    def places(self) -> list[Place]:
        """What is chosen now, in the order of choosing."""
        return list(self._places.values())

    def look(self, now: float, known: Known, ties: Collection[Tie]) -> Plan:
        """Whom to dial and to part from, `known` and `ties` being so."""
        here = {tie.peer for tie in ties}
        if self._then is not None:
            self._dials = min(DIALS, self._dials + (now - self._then) * DIALS_A_SECOND)
        self._then = now
        self._settle(now, known, here)
        self._rotate(now, known, here)
        for sort in (KEPT, DRAWN, TURN):
            while self._count(sort) < self.sorts[sort] and self._may_choose():
                if not self._choose(now, known, here, sort):
                    break
        dial = []
        for place in self._places.values():
            if place.up is None and not place.dialling and self._may_dial():
                place.dialling = True
                self._dials -= 1
                dial.append(place.peer)
        return Plan(dial, [*self._strays(now, ties), *self._crowd(known, ties)])

    def reached(self, peer: str, now: float) -> None:
        """A dial of the plan came through."""
        place = self._places.get(peer)
        if place is not None:
            place.dialling, place.up = False, now

    def failed(self, peer: str, now: float, begun: float | None = None) -> None:
        """A dial of the plan did not; or its link, which stood since `begun`, did not last."""
        place = self._places.pop(peer, None)
        if place is not None:
            self._failures.append((now, place.person))
        pause = self._pauses.get(peer, (0.0, FIRST_PAUSE))[1]
        until = (now if begun is None else begun) + pause * self._dice.uniform(0.9, 1.1)
        self._pauses[peer] = (max(now, until), min(LONGEST_PAUSE, 2 * pause))

    def moved(self, peer: str, now: float) -> None:
        """The peer has a new address: what failed before says nothing."""
        if peer in self._pauses and now - self._moved.get(peer, -SHORT) >= SHORT:
            self._pauses[peer] = (now, FIRST_PAUSE)
            self._moved[peer] = now

    def _settle(self, now: float, known: Known, here: Collection[str]) -> None:
        """See which links came and went, and forget what is long ago."""
        for peer, place in list(self._places.items()):
            if known.person_of.get(peer) != place.person:
                del self._places[peer]
            elif peer in here:
                place.up, place.dialling = now if place.up is None else place.up, False
                if now - place.up >= SHORT:
                    self._pauses.pop(peer, None)
            elif place.up is not None:  # it is dialled again before anybody else gets its place
                begun, place.up = place.up, None
                if now - begun < SHORT or peer not in known.devices.get(place.person, ()):
                    self.failed(peer, now, begun)
        while self._failures and self._failures[0][0] < now - LONGEST_PAUSE:
            self._failures.popleft()
        self._pauses = {
            peer: pause for peer, pause in self._pauses.items() if pause[0] + LONGEST_PAUSE > now
        }
        self._moved = {peer: at for peer, at in self._moved.items() if now - at < SHORT}

    def _waits(self, peer: str, now: float) -> bool:
        return peer in self._pauses and self._pauses[peer][0] > now

    def _count(self, sort: str) -> int:
        return sum(place.sort == sort for place in self._places.values())

    def _may_dial(self) -> bool:
        """Whether one more dial may be begun now."""
        return self._dials >= 1 and sum(p.dialling for p in self._places.values()) < AT_ONCE

    def _may_choose(self) -> bool:
        """The same, when those who are chosen and missing have their turn first."""
        return self._may_dial() and sum(p.up is None for p in self._places.values()) < AT_ONCE

    # Choosing

    def _choose(
        self,
        now: float,
        known: Known,
        here: Collection[str],
        sort: str,
        leaving: Place | None = None,
    ) -> bool:
        """Give a place of this sort to somebody; whether there was anybody."""
        load = _Load()
        for place in self._places.values():
            if place is not leaving:
                load.add(known, place.person)
        taken = {place.person for place in self._places.values()}
        for good in (True, False):  # addresses that have expired are tried when no others are left
            for person in self._order(known, sort):
                if person in taken or not self._fits(known, load, person):
                    continue
                peer = self._device(now, known, here, person, good)
                if peer is not None:
                    up = now if peer in here else None
                    self._places[peer] = Place(peer, person, sort, up)
                    return True
        return False

    def _order(self, known: Known, sort: str) -> Iterator[bytes]:
        """Persons in the order in which they are to be considered for a place."""
        if sort == KEPT:
            load: Counter[bytes] = Counter()
            for place in self._places.values():
                load.update(known.way(place.person))
            for _, person in self._failures:
                # They bear on a branch too: one of many dead nodes must not be tried to its last
                # before the others have their turn.
                load.update(known.way(person))
            yield from in_turn(known, load, self._dice.shuffle)
            return
        yield from self._dice.sample(known.persons, min(TRIES, len(known.persons)))

    def _device(
        self, now: float, known: Known, here: Collection[str], person: bytes, good: bool
    ) -> str | None:
        """By which device to be in touch with a person: one that is, or one to dial."""
        devices = known.devices[person]
        for peer in devices:
            if peer in here:
                return peer
        some = [p for p in devices if not self._waits(p, now) and (p in known.fresh) == good]
        return self._dice.choice(some) if some else None

    def _fits(self, known: Known, load: _Load, person: bytes) -> bool:
        """Whether every branch leaves its places for those outside of it, with this one too."""
        path = known.branches.path(person)
        if path:
            return all(
                load.inside[each] + load.loose < self._room(known.branches.outside(each))
                for each in path
            )
        return load.loose < self._room(known.branches.rooted) and all(
            inside + load.loose < self._room(known.branches.outside(each))
            for each, inside in load.inside.items()
        )

    def _room(self, outside: int) -> int:
        return self.most - min(self.outside, outside)

    # Letting go

    def _rotate(self, now: float, known: Known, here: Collection[str]) -> None:
        """Draw for a rotating place, and give up an old one once the new one stands."""
        turning = [place for place in self._places.values() if place.sort == TURN]
        if len(turning) < self.sorts[TURN] or any(place.up is None for place in turning):
            return
        if self._next_turn is None:
            self._next_turn = now + self._turn()
        if len(turning) > self.sorts[TURN]:
            leaving = next((place for place in turning if self._is_safe(known, place)), None)
            if leaving is None:
                turning[0].sort = KEPT  # needed where it is
            else:
                del self._places[leaving.peer]
            self._next_turn = now + self._turn()
        elif now >= self._next_turn and len(self._places) <= self.most and self._may_choose():
            self._next_turn = now + TURN_AGAIN
            leaving = self._spared(known, turning)
            if leaving is not None:
                self._choose(now, known, here, TURN, leaving)

    def _turn(self) -> float:
        return TURN_SECONDS / self.sorts[TURN] * self._dice.uniform(0.8, 1.2)

    def _spared(self, known: Known, turning: list[Place]) -> Place | None:
        """Who gives up a rotating place; who is needed where it is changes with the youngest kept
        that is not.
        """
        for place in turning:
            if self._is_safe(known, place):
                return place
        for other in reversed(self.places):
            if other.sort == KEPT and other.up is not None and self._is_safe(known, other):
                turning[0].sort, other.sort = KEPT, TURN
                return other
        return None

    def _is_safe(self, known: Known, leaving: Place) -> bool:
        """Whether enough are left outside of every branch when this link is gone."""
        path = known.branches.path(leaving.person)
        load, left = _Load(), 0
        for place in self._places.values():
            if place is not leaving and place.up is not None:
                load.add(known, place.person)
                left += 1
        if not path:
            return True
        rooted = left - load.loose
        if rooted < min(self.outside, known.branches.rooted):
            return False
        return all(
            each in path or rooted - inside >= min(self.outside, known.branches.outside(each))
            for each, inside in load.inside.items()
        )

    def _strays(self, now: float, ties: Collection[Tie]) -> list[str]:
        """Peers that we dialled for something else, or gave up; not those who dialled us too."""
        wanted = {tie.peer for tie in ties if tie.inbound or now - tie.since < GRACE}
        unwanted = {tie.peer: None for tie in ties if tie.peer not in self._places}
        return [peer for peer in unwanted if peer not in wanted]

    def _crowd(self, known: Known, ties: Collection[Tie]) -> list[str]:
        """Whom to part from of those who dialled us: the youngest of the fullest branch first."""
        guests: dict[bytes, list[Tie]] = {}
        for tie in sorted(ties, key=lambda each: each.since):
            person = known.person_of.get(tie.peer)
            if person is not None and tie.inbound and tie.peer not in self._places:
                guests.setdefault(person, []).append(tie)
        part: list[str] = []
        for some in guests.values():
            while len(some) > MOST_INBOUND_EACH:
                part.append(some.pop().peer)
        load: Counter[bytes] = Counter()
        below: dict[bytes, dict[bytes, None]] = {}
        for person, some in reversed(guests.items()):  # the youngest first, where loads are equal
            way = known.way(person)
            load.update(dict.fromkeys(way, len(some)))
            for over, under in pairwise((ROOT, *way)):
                below.setdefault(over, {})[under] = None
        for _ in range(sum(map(len, guests.values())) - self._inbound):
            node = ROOT
            while node in below:
                fullest = max(below[node], key=lambda each: load[each])
                if len(guests.get(node, ())) >= load[fullest]:
                    break
                node = fullest
            part.append(guests[node].pop().peer)
            load.subtract(known.way(known.person_of[part[-1]]))
        return part
