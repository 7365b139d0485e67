"""Ana, the teller, Ben and Eva in one room with one clock, their homes open; no network.

As `tests.cli.council`, but without the command line, so that time can pass.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from node import home as homes
from node import teller
from node.assembly import casting, proposing, reading
from node.home import Home
from storage.holdings import StoreHoldings
from tests.cli.council import Council
from tests.pulling import pull


class Room:
    """Open homes that share a clock; `guests` are further ones."""

    def __init__(self, council: Council) -> None:
        self.now_ms = homes.now_ms()
        self.ana, self.ben, self.eva = (
            homes.open_home(person.folder, self.clock)
            for person in (council.ana, council.ben, council.eva)
        )
        self.homes = [self.ana, self.ben, self.eva]

    def clock(self) -> int:
        """Milliseconds since 1970."""
        return self.now_ms

    def wait(self, seconds: float) -> list[str]:
        """Time passes, and everybody hears of what Ana's node does then."""
        self.now_ms += round(1000 * seconds)
        return self.turn()

    def gather(self) -> None:
        """Everybody hears of everything, by way of Ana."""
        for _ in range(2):
            for home in self.homes[1:]:
                meet(home, self.ana)

    def act(self) -> list[str]:
        """Ana's node does what is due; the kinds of the certificates that it makes."""
        done = teller.act(self.ana.store, self.ana.unlock().device)
        return [each.kind for each in done.certificates]

    def turn(self) -> list[str]:
        """Everybody's news reaches Ana, she acts, all hear of it."""
        self.gather()
        kinds = self.act()
        self.gather()
        return kinds

    def propose(self, home: Home, effect: Mapping[str, Any], *options: tuple[str, str]) -> str:
        """Put something to the vote; the proposal's id."""
        made = proposing.propose(
            home, kind=None, title="A question", text="", effect=effect, options=options
        )
        self.turn()
        return str(made["proposal"])

    def vote(self, proposal: str, choice: str, *voters: Home) -> list[str]:
        """Each of these people casts this ballot, and Ana acts on them."""
        for home in voters:
            casting.cast(home, proposal, choice)
        return self.turn()


def meet(one: Home, other: Home) -> None:
    """Sync two open homes until nothing is new."""
    for _ in range(2):
        pull(StoreHoldings(one.store, "b"), StoreHoldings(other.store, "a"))
        pull(StoreHoldings(other.store, "a"), StoreHoldings(one.store, "b"))


@contextlib.contextmanager
def opened(council: Council) -> Iterator[Room]:
    """Everybody's home, open for the length of a test."""
    room = Room(council)
    try:
        yield room
    finally:
        for home in room.homes:
            home.close()


def shown(home: Home, proposal: str) -> dict[str, Any]:
    """The proposal as this person sees it."""
    return reading.proposal(home.store, home.person, proposal)
