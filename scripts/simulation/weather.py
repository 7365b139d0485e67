"""What happens to the network and the machines: cuts, slow lines, lost gossip, restarts, absence.

Each kind of weather comes by chance, from dice of its own, and passes; at the end `mend` clears up.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable

import trio

from tests.village.village import Villager

from .town import DAY, HOUR, MINUTE, Town

Pair = tuple[Villager, Villager]

FAIR_LOSS = 0.05  # of gossip, at the beginning and the end


class Weather:
    """Runs until cancelled. Several cuts may lie between two; the last one mended opens the way."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._cuts: Counter[Pair] = Counter()

    async def run(self) -> None:
        """All of it at once."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._lines, nursery)
            nursery.start_soon(self._halves, nursery)
            nursery.start_soon(self._loss)
            nursery.start_soon(self._machines, nursery)

    async def mend(self) -> None:
        """All lines are whole and quick again, and all machines on. After `run` was cancelled."""
        world = self._town.village.world
        for pair in list(self._cuts):
            self._town.village.mend(*pair)
        self._cuts.clear()
        world.loss = FAIR_LOSS
        for one, other in itertools.combinations(self._town.village.people, 2):
            world.set_latency(one.network, other.network, world.latency)
        for person in list(self._town.away):
            await self._town.comes_back(person)

    def _cut(self, pairs: Iterable[Pair]) -> list[Pair]:
        cut = [_ordered(pair) for pair in pairs]
        for pair in cut:
            self._cuts[pair] += 1
            self._town.village.cut(*pair)
        return cut

    def _join(self, pairs: Iterable[Pair]) -> None:
        for pair in pairs:
            self._cuts[pair] -= 1
            if not self._cuts[pair]:
                del self._cuts[pair]
                self._town.village.mend(*pair)

    async def _cut_for(self, pairs: Iterable[Pair], seconds: float) -> None:
        cut = self._cut(pairs)
        await trio.sleep(seconds)
        self._join(cut)

    async def _lines(self, nursery: trio.Nursery) -> None:
        """A line between two is cut for a while, or gets slow."""
        dice, town = self._town.dice("lines"), self._town
        while True:
            people = town.village.people
            await trio.sleep(dice.expovariate(len(people) / (12 * HOUR)))
            if len(people) < 2:
                continue
            one, other = dice.sample(people, 2)
            if dice.random() < 0.7:
                town.done["line cut"] += 1
                nursery.start_soon(self._cut_for, [(one, other)], dice.uniform(MINUTE, 12 * HOUR))
            else:
                town.done["line slow"] += 1
                seconds = 10 ** dice.uniform(-2.3, 0.3)  # 5 ms to 2 s
                town.village.world.set_latency(one.network, other.network, seconds)

    async def _halves(self, nursery: trio.Nursery) -> None:
        """The town falls apart in two."""
        dice, town = self._town.dice("halves"), self._town
        while True:
            await trio.sleep(dice.expovariate(1 / (1.2 * DAY)))
            people = list(town.village.people)
            dice.shuffle(people)
            half = dice.randint(1, max(1, len(people) // 2))
            town.done["town cut in two"] += 1
            pairs = itertools.product(people[:half], people[half:])
            nursery.start_soon(self._cut_for, list(pairs), dice.uniform(HOUR, 18 * HOUR))

    async def _loss(self) -> None:
        dice, world = self._town.dice("loss"), self._town.village.world
        while True:
            await trio.sleep(dice.expovariate(1 / (6 * HOUR)))
            world.loss = dice.choice([FAIR_LOSS, 0.2, 0.5, 1.0])
            self._town.done["loss changed"] += 1

    async def _machines(self, nursery: trio.Nursery) -> None:
        """Machines are restarted about once a day, and off for long about once a week."""
        dice, town = self._town.dice("machines"), self._town
        while True:
            await trio.sleep(dice.expovariate(len(town.village.people) * 1.15 / DAY))
            # Half of them at least stay on, else nothing happens that is worth a look.
            if not town.here or len(town.away) >= len(town.honest) / 2:
                continue
            nursery.start_soon(self._off, dice.choice(town.here), _pause(dice))

    async def _off(self, person: Villager, seconds: float) -> None:
        self._town.done["restart" if seconds < HOUR else "away"] += 1
        await self._town.leaves_the_net(person)
        await trio.sleep(seconds)
        await self._town.comes_back(person)


def _pause(dice: random.Random) -> float:
    return dice.uniform(1, 300) if dice.random() < 0.85 else dice.uniform(3 * HOUR, 3 * DAY)


def _ordered(pair: Pair) -> Pair:
    one, other = sorted(pair, key=lambda person: person.name)
    return one, other
