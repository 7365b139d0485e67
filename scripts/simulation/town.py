"""The people of a soak: a village whose members join by each other's invitations over days."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio

from node import home as homes
from protocol.invitation import Link
from protocol.records import GOV
from storage.rows import find_log
from tests.village.network import World
from tests.village.village import Village, Villager, now_ms

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

RULES: dict[str, Any] = {  # of every kind of vote; quick, so that some days see many
    "notice_s": 1800,
    "open_s": 6 * 3600,
    "challenge_s": 1800,
    "delay_s": 600,
}
PROBATION_S = 1800
TELLERS = 4


@dataclass(kw_only=True)
class Town:
    """Who lives here, and what has happened so far."""

    folder: Path
    nursery: trio.Nursery
    seed: int
    village: Village = field(init=False)
    away: set[Villager] = field(default_factory=set)  # their machines are off
    gone: set[Villager] = field(default_factory=set)  # left, or turned hostile
    done: Counter[str] = field(default_factory=Counter)  # what members and the weather did
    refused: Counter[str] = field(default_factory=Counter)  # deeds that the rules refused, why

    def __post_init__(self) -> None:
        self.village = Village(self.folder, self.nursery, World(seed=self.seed, loss=0.05))

    def dice(self, purpose: str) -> random.Random:
        """Dice of one's own for each purpose, so that one does not disturb the other."""
        return random.Random(f"{self.seed} {purpose}")

    @property
    def honest(self) -> list[Villager]:
        """All who run the real program and have not left."""
        return [person for person in self.village.people if person not in self.gone]

    @property
    def here(self) -> list[Villager]:
        """The honest whose machines are on."""
        return [person for person in self.honest if person not in self.away]

    async def found(self) -> Villager:
        """The first member."""
        (founder,) = await self.village.join(
            "member-01", probation_s=PROBATION_S, rules=RULES, tellers=TELLERS
        )
        return founder

    async def comes(self, link: Link) -> Villager:
        """Somebody joins by an invitation; whether and when they are let in, time shows."""
        return await self.village.joins(f"member-{len(self.village.people) + 1:02}", link)

    async def leaves_the_net(self, person: Villager) -> None:
        """The machine is switched off, in the middle of whatever it does."""
        self.away.add(person)
        await person.stop()
        person.home.close()

    async def comes_back(self, person: Villager) -> None:
        """It is switched on again and finds what is on its disk."""
        person.home = homes.open_home(self.folder / person.name, now_ms)
        await person.start()
        self.away.discard(person)

    def is_known(self, person: Villager) -> bool:
        """Whether all who are here hold all that this member has said in `gov`."""
        heads = [
            find_log(each.home.store, person.home.device, GOV) for each in (person, *self.here)
        ]
        return person.standing == "member" and all(
            head is not None and heads[0] is not None and head.prefix_seq == heads[0].prefix_seq
            for head in heads
        )
