"""A hall in which four tellers are elected, by the two votes that it takes."""

from __future__ import annotations

from typing import Any

from governance.effects.registry import EFFECTS
from protocol.certificates import Seat
from tests.governance.hall import NAMES, PEOPLE, Hall, key

FIRST = ("ana", "ben", "eva", "dan")


def seat(name: str) -> Seat:
    return Seat(key(name), PEOPLE[name].device.public)


def election(*names: str) -> dict[str, Any]:
    return {"type": "elect", "office": "teller", "candidates": {n: key(n) for n in names}}


def adopt(hall: Hall, seats: int) -> None:
    """The charter gets another number of tellers, by a vote on the rules."""
    effect = EFFECTS["set_rules"].prepare(
        {"type": "set_rules", "changes": {"offices": {"teller": {"seats": seats}}}},
        hall.state,
        None,  # type: ignore[arg-type]  # it names nobody
    )
    proposal = hall.open("rules", effect)
    hall.close(proposal, "adopted")
    hall.effect(proposal)


def elect(hall: Hall, *winners: str, alternates: tuple[str, ...] = ()) -> bytes:
    """These are elected as tellers, and hold the seats."""
    proposal = hall.open("offices", election(*winners, *alternates))
    asked = hall.state.votes[proposal].alternates
    more = {"alternates": list(alternates)} if asked else {}
    hall.close(proposal, "adopted", *winners, **more)
    hall.effect(proposal, "tellers")
    return proposal


def four(alternates: tuple[str, ...] = ("gus", "fay"), **rules: Any) -> Hall:
    """Seven members with four tellers."""
    hall = Hall(len(NAMES), **rules)
    adopt(hall, 4)
    elect(hall, *FIRST, alternates=alternates)
    return hall
