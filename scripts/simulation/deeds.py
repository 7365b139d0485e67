"""What members do, by the same functions as their commands and pages: trade, talk, invite, decide.

A deed that the rules refuse is counted and nothing else; what else is raised ends the soak.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn

import trio

from node import album, inviting, market, messages, people
from node.assembly import acting, casting, proposing, reading
from node.photos import Prepared, prepare
from protocol.errors import MoothallError
from protocol.kinds.listing import Listing
from storage.views import listing_queries as queries
from storage.views import members
from storage.views.listing_queries import Offer
from tests.photos import pictures
from tests.village.village import Villager

from .town import DAY, MINUTE, Town

DEEDS_A_DAY = 9.0  # of one member
PHOTOS = 6  # different ones
COMING_BY = 0.4  # of the time, by which everybody has been invited


class Deeds:
    """Runs until cancelled. `people_wanted` honest members in the end, after `days`."""

    def __init__(self, town: Town, people_wanted: int, days: float) -> None:
        self._town = town
        self._dice = town.dice("deeds")
        self._wanted = people_wanted
        self._days = days
        self._elected = False
        self._all: list[tuple[Callable[[Villager], None], int]] = [
            (self._offer, 24),
            (self._offer_with_photo, 6),
            (self._edit, 16),
            (self._withdraw, 4),
            (self._erase, 4),
            (self._write, 14),
            (self._profile, 4),
            (self._vouch, 4),
            (self._propose, 1),
            (self._comment, 5),
            (self._vote, 18),
        ]

    async def run(self) -> None:
        """Members do things and new ones come."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._newcomers)
            nursery.start_soon(self._days_work)

    async def _days_work(self) -> None:
        kinds, weights = zip(*self._all, strict=True)
        while True:
            here = self._town.here
            rate = max(1, len(here)) * DEEDS_A_DAY / DAY
            await trio.sleep(self._dice.expovariate(rate))
            if here := self._town.here:
                (deed,) = self._dice.choices(kinds, weights)
                self._do(deed, self._dice.choice(here))

    async def _newcomers(self) -> None:
        dice = self._town.dice("newcomers")
        between = COMING_BY * self._days * DAY / self._wanted
        while len(self._town.village.people) < self._wanted:
            await trio.sleep(dice.uniform(0.5, 1.5) * between)
            if not (here := self._town.here):
                continue
            try:
                (link,) = inviting.make((inviter := dice.choice(here)).home, 1)
                inviter.node.poke()
                await self._town.comes(link)
                self._town.done["join"] += 1
            except MoothallError as error:
                self._town.refused[error.reason] += 1
                await trio.sleep(MINUTE)

    def _do(self, deed: Callable[[Villager], None], who: Villager) -> None:
        try:
            deed(who)
            who.node.poke()
            self._town.done[deed.__name__.strip("_").replace("_", " ")] += 1
        except MoothallError as error:
            self._town.refused[error.reason] += 1

    # Trade

    def _listing(self) -> Listing:
        return Listing(
            title=f"Thing {self._dice.randrange(10**6)}",
            description="It is what it is. " * self._dice.randrange(20),
            mode="sell",
            price=self._dice.randrange(1, 10_000),
            currency="EUR",
        )

    def _offer(self, who: Villager) -> None:
        market.offer(who.home, self._listing())

    def _offer_with_photo(self, who: Villager) -> None:
        kept = album.keep(who.home, shot(self._dice.randrange(PHOTOS)), "what it looks like")
        listing = self._listing()
        market.offer(
            who.home, Listing(title=listing.title, mode="give", description="", photos=(kept,))
        )

    def _own(self, who: Villager) -> Offer:
        found = queries.search(who.home.store, queries.Query(limit=1000, person=who.home.person))
        return self._dice.choice(found.offers) if found.offers else _nothing()

    def _edit(self, who: Villager) -> None:
        changes = {"title": f"Better thing {self._dice.randrange(10**6)}"}
        market.edit(who.home, self._own(who).id.hex(), changes)

    def _withdraw(self, who: Villager) -> None:
        market.withdraw(who.home, self._own(who).id.hex())

    def _erase(self, who: Villager) -> None:
        market.erase(who.home, self._own(who).id.hex())

    # Talk

    def _write(self, who: Villager) -> None:
        others = [each for each in people.everybody(who.home) if each.person != who.home.person]
        member = self._dice.choice(others) if others else _nothing()
        messages.send(who.home, member, "Is it still there? " * self._dice.randint(1, 40))

    def _profile(self, who: Villager) -> None:
        people.set_profile(who.home, {"about": f"Today: {self._dice.randrange(10**6)}"})

    def _vouch(self, who: Villager) -> None:
        some = [m for m in members.everybody(who.home.store) if m.status == "provisional"]
        newcomer = self._dice.choice(some) if some else _nothing()
        acting.vouch(who.home, newcomer.person.hex(), "I know them.")

    # Decide

    def _propose(self, who: Villager) -> None:
        if not self._elected:
            self._elect(who)
            return
        what = self._dice.choice(["advice", "advice", "fees", "expel"])
        hostile = [each for each in self._town.gone if each.home.person != who.home.person]
        if what == "expel" and hostile:
            person = self._dice.choice(sorted(hostile, key=lambda each: each.name)).home.person
            self._put(who, "expulsion", type="expel", person=person.hex())
        elif what == "fees":
            self._put(who, "fees", type="set_fees", default={"fee_bps": self._dice.randrange(500)})
        else:
            proposing.propose(
                who.home,
                kind="advice",
                title="A question",
                text="",
                effect={"type": "advice"},
                options=[("tea", "Tea"), ("milk", "Milk")],
            )

    def _elect(self, who: Villager) -> None:
        """Four tellers instead of the founder alone, as soon as there are four members."""
        certified = [m for m in members.everybody(who.home.store) if m.status == "member"]
        if len(certified) < 4:
            _nothing()
        chosen = self._dice.sample(certified, 4)
        candidates = dict(zip("ABCD", (member.person.hex() for member in chosen), strict=True))
        self._put(who, "offices", type="elect", office="teller", candidates=candidates)
        self._elected = True

    def _put(self, who: Villager, kind: str, **effect: object) -> None:
        proposing.propose(who.home, kind=kind, title="A motion", text="", effect=effect)

    def _comment(self, who: Villager) -> None:
        asked = reading.waiting(who.home.store, who.home.person)["votes"]
        about = self._dice.choice(asked)["proposal"] if asked else _nothing()
        acting.comment(who.home, about, "I wonder.")

    def _vote(self, who: Villager) -> None:
        asked = reading.waiting(who.home.store, who.home.person)["votes"]
        if not asked:
            _nothing()
        for vote in asked:
            casting.cast(who.home, vote["proposal"], _choice(self._dice, vote))


def _choice(dice: random.Random, vote: dict[str, object]) -> str:
    if vote["method"] == "schulze":
        return dice.choice(["tea>milk>status-quo", "milk>tea", "status-quo"])
    if vote["method"] == "approval":
        return "A,B,C,D"
    return dice.choice(["yes", "yes", "yes", "no", "abstain"])


def _nothing() -> NoReturn:
    """There is nothing that this member could do this to."""
    raise MoothallError("nothing-there", "There is nothing to do this to.")


@lru_cache
def shot(seed: int) -> Prepared:
    """A photo of its own for each seed."""
    return prepare(pictures.photo(900, 600, seed))
