"""Six people of whom four are tellers, driven by the command line alone.

Getting there takes six nodes and two votes, so it is done once, and every test begins with a copy
of these homes. Copies find each other again since everybody listens at the same address each time,
one of the loopback network that belongs to this test process alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.system.assembly import decide, propose, status
from tests.system.people import SAFETY, Person, agree, village

TELLERS = ("Ana", "Ben", "Cleo", "Dan")  # in the order of their seats
NAMES = (*TELLERS, "Eva", "Finn")
PORT, ELSEWHERE = 4001, 4002


def options(person: Person, port: int) -> tuple[str, ...]:
    """Where somebody's node listens; whoever knew that address before finds it there again."""
    number = os.getpid() % 2**21 * 8 + 1 + [*NAMES, "Gil"].index(person.name)
    host = f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return ("--listen", f"/ip4/{host}/tcp/{port}", "--desk", "127.0.0.1:0")


def start(*people: Person, port: int = PORT) -> None:
    """Start these nodes, all at once."""
    for person in people:
        person.launch(*options(person, port))
    for person in people:
        person.begun()


def join(host: Person, *newcomers: Person) -> None:
    """They join by invitations of one member, start their nodes, and become members everywhere."""
    links = host.do("invite", "--uses", str(len(newcomers)))["links"]
    for newcomer, link in zip(newcomers, links, strict=True):
        newcomer.do("join", link, "--person", newcomer.name, "--no-passphrase")
    start(*newcomers)


def grow(folder: Path) -> None:
    """Found a community with one teller, vote for four seats, and elect who takes them."""
    with village(folder, *NAMES) as people:
        ana, ben, cleo, dan, eva, finn = people
        charter = ana.do("charter", "template", "kitchen-table")
        for rule in charter["rules"].values():
            rule["open_s"] = 86_400  # a vote ends once nothing can change any more
        file = folder / "charter.json"
        file.write_text(json.dumps(charter))
        rules = ("--charter", str(file))
        ana.do("found", "Riverside", "--person", ana.name, "--no-passphrase", *rules)
        start(ana)
        more = {"type": "set_rules", "changes": {"offices": {"teller": {"seats": 4}}}}
        decide(propose(ana, folder, "rules", more), "yes", ana)
        join(ana, ben, cleo, dan)
        everybody(*people[:4])
        candidates = dict(zip("ABCD", TELLERS, strict=True))
        elect = {"type": "elect", "office": "teller", "candidates": candidates}
        decide(propose(ana, folder, "offices", elect), "A,B,C,D", *people[:4])
        join(dan, eva, finn)
        everybody(*people)
        assert names_of_tellers(finn) == list(TELLERS)
        agree(*people)
        for person in people:
            assert person.stop() == 0


def everybody(*people: Person) -> None:
    """Wait until all are members everywhere."""
    wanted = {person.name: "member" for person in people}
    for person in people:
        person.until(lambda p=person: p.members() == wanted, "everybody is a member")  # type: ignore[misc]


@contextlib.contextmanager
def community(grown: Path, folder: Path, *more: str) -> Iterator[list[Person]]:
    """The six, with `more` people who have no home yet; nobody's node runs."""
    for name in NAMES:
        shutil.copytree(grown / name.lower(), folder / name.lower())
    with village(folder, *NAMES, *more) as people:
        yield people


def move(first: Person, *others: Person, proposal: str) -> None:
    """Go where only these people find each other. `proposal` is the first one's, and nobody's yet.

    It comes by sync, before which two nodes have told each other where they are.
    """
    start(*others)
    start(first, port=ELSEWHERE)
    for person in others:
        person.until(lambda p=person: status(p, proposal), "the proposal is here")  # type: ignore[misc]
        person.stop()
    start(*others, port=ELSEWHERE)


def names_of_tellers(person: Person) -> list[str]:
    """Who holds the seats, in order, as this person's node knows it."""
    return [each["name"] for each in tellers(person)["tellers"]]


def tellers(person: Person) -> dict[str, Any]:
    """What `teller show` says."""
    return person.do("teller", "show")


def height(person: Person) -> int:
    """How many certificates follow the founding one."""
    return int(person.do("status")["height"])


def leader(person: Person) -> int:
    """Whose seat proposes the next certificate in the first attempt."""
    return (height(person) + 1) % len(TELLERS)


def said(person: Person, teller: Person, word: str) -> None:
    """Wait until this node shows that a teller has said so. What tellers say is no event."""
    deadline = time.monotonic() + SAFETY
    while True:
        shown = {each["name"]: each["answers"] for each in tellers(person)["tellers"]}
        if word in shown[teller.name]:
            return
        assert time.monotonic() < deadline, (
            f"{person.name} never saw {teller.name}: {word}: {shown}"
        )
