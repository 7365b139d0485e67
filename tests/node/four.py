"""Four tellers, Ana, Ben, Cleo and Dan, with Eva as their alternate and Fay as a member, each with
a home of their own; no network and one clock.

As `tests.node.room`, but with tellers who must agree.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from node import home as homes
from node import teller
from node.assembly import casting, proposing
from storage import certificates
from tests.cli.council import kitchen_table
from tests.cli.people import Person, invited
from tests.node.room import meet

TELLERS = ("Ana", "Ben", "Cleo", "Dan")
NAMES = (*TELLERS, "Eva", "Fay")


class Four:
    """Open homes that share a clock."""

    def __init__(self, folder: Path) -> None:
        self.now_ms = homes.now_ms()
        self.homes = {name: homes.open_home(folder / name, self.clock) for name in NAMES}
        self.tellers = [self.homes[name] for name in TELLERS]

    def clock(self) -> int:
        """Milliseconds since 1970."""
        return self.now_ms

    def wait(self, seconds: float) -> None:
        """Time passes, and nobody does anything."""
        self.now_ms += round(1000 * seconds)

    def gather(self, *who: str) -> None:
        """These people, or all, hear of everything that one of them knows."""
        first, *others = [self.homes[name] for name in who or NAMES]
        for _ in range(2):
            for other in others:
                meet(other, first)

    def act(self, *who: str) -> list[str]:
        """The nodes of these tellers, or of all, do what is due once; what they say."""
        said = []
        for name in who or TELLERS:
            home = self.homes[name]
            said += [word.kind for word in teller.act(home.store, home.unlock().device).words]
        return said

    def settle(self, *who: str) -> None:
        """These people, or all, meet and act until their tellers have nothing more to say."""
        for _ in range(20):
            self.gather(*who)
            tip = certificates.tip(self.homes[(who or NAMES)[0]].store)
            said = self.act(*(who or NAMES))  # who is no teller does nothing
            self.gather(*who)
            if not said and tip == certificates.tip(self.homes[(who or NAMES)[0]].store):
                return
        raise AssertionError("the tellers never come to an end")

    def propose(self, name: str, title: str, effect: dict[str, Any], *options: str) -> str:
        """Write a proposal, which nobody has heard of yet; its id."""
        named = list(zip("ABCDEF", options, strict=False))
        made = proposing.propose(
            self.homes[name], kind=None, title=title, text="", effect=effect, options=named
        )
        return str(made["proposal"])

    def vote(self, proposal: str, choice: str) -> None:
        """Everybody casts this ballot."""
        self.settle()
        for home in self.homes.values():
            casting.cast(home, proposal, choice)
        self.settle()

    def close(self) -> None:
        """Close all homes."""
        for home in self.homes.values():
            home.close()


def found(folder: Path) -> None:
    """Make the homes: Ana founds the community, lets all in, and they elect the tellers."""
    people = [Person(name, folder / name) for name in NAMES]
    charter = kitchen_table()
    charter["offices"]["teller"] |= {"seats": 4, "alternates": 2}
    people[0].found("--charter", people[0].file("own.json", json.dumps(charter)))
    for guest in people[1:]:
        invited(people[0], guest)
    with opened(folder) as four:
        four.settle()
        persons = {name[0]: four.homes[name].person.hex() for name in NAMES[:-1]}
        election = {"type": "elect", "office": "teller", "candidates": persons}
        asked = four.propose("Ana", "Who counts?", election)
        four.settle()
        for name, home in four.homes.items():
            casting.cast(home, asked, "A,B,C,D" if name == "Fay" else "A,B,C,D,E")
        four.settle()


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Four]:
    """Everybody's home, open for the length of a test."""
    four = Four(folder)
    try:
        yield four
    finally:
        four.close()


def copied(folder: Path, to: Path) -> Path:
    """A copy of homes that `found` made."""
    for name in NAMES:
        shutil.copytree(folder / name, to / name)
    return to
