"""Members who decide together by the command line, with Ana as their teller; no network, no node.

Homes are made once a session and copied. `turn` is what running nodes do by themselves: the others'
news reaches Ana, her node does what is due, and everybody hears of it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from node import teller
from tests.cli.people import Person, invited, meet

NAMES = ("Ana", "Ben", "Eva")


class Council:
    """Ana, Ben and Eva of Elm Street."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ana, self.ben, self.eva = (Person(name, folder / name.lower()) for name in NAMES)

    def found(self, charter: dict[str, Any] | None = None) -> None:
        """Ana founds it, by the kitchen table's charter if no other is given, and lets all in."""
        own = (
            [] if charter is None else ["--charter", self.ana.file("own.json", json.dumps(charter))]
        )
        self.ana.found(*own)
        for guest in (self.ben, self.eva):
            invited(self.ana, guest)
        self.turn()

    def copy(self, folder: Path) -> Council:
        """The same people in another folder."""
        for name in NAMES:
            shutil.copytree(self.folder / name.lower(), folder / name.lower())
        return Council(folder)

    def act(self) -> list[str]:
        """Ana's node does what is due; the kinds of the certificates that it makes."""
        with self.ana.home() as home:
            done = teller.act(home.store, home.unlock().device)
        return [each.kind for each in done.certificates]

    def gather(self) -> None:
        """Everybody hears of everything."""
        for _ in range(2):
            for person in (self.ben, self.eva):
                meet(person, self.ana)

    def turn(self) -> list[str]:
        """Everybody's news reaches Ana, she acts, all hear of it."""
        self.gather()
        kinds = self.act()
        self.gather()
        return kinds

    def propose(self, person: Person, title: str, *options: str) -> str:
        """Put something to the vote; the proposal's id."""
        made = person.do("proposal", "new", "--title", title, *options)
        self.turn()
        return str(made["proposal"])

    def vote(self, proposal: str, **choices: str) -> list[str]:
        """Each of these people casts this ballot, and Ana acts on them."""
        for name, choice in choices.items():
            getattr(self, name).do("vote", proposal, choice)
        return self.turn()


def kitchen_table(**changes: Any) -> dict[str, Any]:
    """The kitchen table's charter with other rules, `expulsion={"challenge_s": 60}` and so on, or
    other parts: `membership={"vouches": 1}`.
    """
    from governance.templates import template

    charter = template("kitchen-table")
    for part, change in changes.items():
        where = charter["rules"] if part in charter["rules"] else charter
        where[part] = where[part] | change
    return charter
