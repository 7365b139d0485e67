"""Moves that cross: every two that could be made at once, on two devices or by two persons.

And what was built on one of them by who did not know of the other. Each comes to what the oracle
says, and a crossing rule with any one thing changed in it is found out.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from random import Random
from typing import Any
from unittest.mock import patch

import pytest

from governance.orders import crossing
from governance.orders import table as t
from governance.orders.life import Said, follow
from protocol.letters import moves as m
from tests.governance.order_oracle import Oracle, facts, told
from tests.governance.order_scenes import SCENES, Scene, attempts, scene
from tests.governance.trading import Device

MANY = 30  # pairs of a scene that are tried, at most
CROSSINGS = (
    "ordered, with a quote",
    "accepted, with changes",
    "accepted, partly paid",
    "paid, part given back",
    "sent",
    "received and confirmed",
    "disputed, with proposals",
    "disputed, eva proposed, ana agreed",
    "closed on account",
)


def pairs(found: Scene) -> Iterator[list[Said]]:
    """Two moves that hold, neither author knowing of the other; and an answer to one of them."""
    before = list(found.ana)
    every = [said for device in attempts(found) for said in device]
    holding = []
    for said in {said.id: said for said in every}.values():
        if said.id not in {each.id for each in before}:
            life = follow([*before, said], found.town)
            assert life is not None
            if not life.void:
                holding.append(said)
    chosen = list(combinations(holding, 2))
    Random(1).shuffle(chosen)
    # Of what is decided, all; of the rest, some.
    chosen.sort(key=lambda pair: any(said.letter.move.word in PLAIN for said in pair))
    for one, two in chosen[:MANY]:
        yield [*before, one, two]
        for first in (one, two):
            yield [*before, one, two, *answer(found, [*before, first], first)]


PLAIN = ("offer", "evidence", "mediator", "mediate", "took", "dispute", "verdict")


def answer(found: Scene, known: list[Said], to: Said) -> list[Said]:
    """What the other side does next, knowing of one of two moves."""
    name = "ben" if to.person == found.order.buyer else "ana"
    device = Device(found.order, name, 999)
    device.hear(*known)
    moves: list[m.Move] = [
        m.Sent(),
        m.Confirm(amount=1),
        m.Offer(**_offer(found)),
        m.Took(**_took(found)),
    ]
    moves.append(m.Pay(amount=1, how="cash"))
    for move in moves:
        if not device.life.refusal(device.person, move):
            return [device.say(move)]
    return []


def _offer(found: Scene) -> dict[str, Any]:
    return {"quantity": 1, "price": 777, "at": found.town.at(2)}


def _took(found: Scene) -> dict[str, Any]:
    given = found.life.refunds
    return {"refund": given[0].id if given else bytes(32), "signature": bytes(64)}


def beginnings() -> Iterator[tuple[Scene, list[Said]]]:
    """An order that its buyer placed twice, and what its seller then did."""
    for number in range(6):
        found = scene()
        other = Device(found.order, "ana", 2)
        first, second = found.ana.place(1000), other.place(5 + number)
        found.ben.hear(first)
        accepted = found.ben.accept()
        yield found, [first, second]
        yield found, [first, second, accepted]
        found.ben.hear(second)
        yield found, [first, second, accepted, found.ben.say(m.Sent())]


@cache
def cases() -> list[tuple[Scene, list[Said], dict[str, object] | None]]:
    """Letters that cross, and what the oracle says of them."""
    made = list(beginnings())
    for name in CROSSINGS:
        found = scene(*SCENES[name])
        made += [(found, letters) for letters in pairs(found)]
    return [(found, letters, told(Oracle(found.order, letters))) for found, letters in made]


def test_whatever_crosses_comes_to_what_the_oracle_says() -> None:
    wrong = [
        [said.letter.move.word for said in letters[-3:]]
        for found, letters, expected in cases()
        if facts(follow(letters, found.town)) != expected
    ]
    assert wrong == []


# --- mutants of the crossing rules

RULES: dict[str, dict[str, Any]] = {
    "an end beside anything of the same side": {"BINDING": ()},
    "one's own payment binds nobody": {"BINDING": ("accept", "confirm", "sent", "received")},
    "nothing opens what is closed": {"IDLE": tuple(row.move for row in t.TABLE)},
    "a refund opens what is closed": {"IDLE": ("close", "took")},
    "of two beginnings the lowest id": {
        "start": lambda places, _letters: min(places, key=lambda one: one.id, default=None)
    },
    "of crossing deals the lowest id": {
        "_built": lambda _accepts, _letters: set(),
        "SELLER": "",
    },
    "what the other side built on does not matter": {"_built": lambda _accepts, _letters: set()},
    "what was received is not fixed": {
        "half": lambda accept, _letters: type("Half", (), {"bit": 0})
    },
    "what two devices confirm adds up": {
        "confirmed": lambda confirms: sum(line.move.amount for line in confirms)
    },
    "refunds beyond what is left": {"refunds": lambda given, _money: list(given)},
    "a full refund is undone by who pays more": {"gone": lambda _given, _by_word: False},
    "of two settlements the lowest": {"BUYER": ""},
}


@pytest.mark.parametrize("name", RULES)
def test_a_crossing_rule_that_is_changed_is_found_out(name: str) -> None:
    with patch.multiple(crossing, **RULES[name]):
        for found, letters, expected in cases():
            try:
                if facts(follow(letters, found.town)) != expected:
                    return
            except AssertionError:
                return
    pytest.fail("nobody noticed")
