"""Trade in the village: Ana offers, Ben buys; their desks, and what their nodes do alone."""

from __future__ import annotations

from pathlib import Path

from node import post
from node.gateway.offers import listing_path
from node.trade import clerk
from tests.gateway.floor import Floor
from tests.gateway.village import Person


class Stall(Floor):
    """A village whose people trade. `bread`: where the page of Ana's listing is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bread = listing_path(self.ana.offer("Rye bread", quantity=5, price=350))
        self.pass_on()

    def pass_on(self, days: float = 0) -> None:
        """Everybody syncs and opens their letters, and their nodes do what is due."""
        for _ in range(3):
            self.act(days)
            days = 0
            for who in (self.ana, self.ben):
                self.work(who)

    def work(self, who: Person) -> None:
        """What one node does by itself."""
        home = self.home(who)
        post.open_here(home)
        clerk.work(home)
