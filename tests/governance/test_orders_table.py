"""The table of an order's life: every move, by everybody, in every state, as the oracle says.

And a table with any one thing changed in it is found out.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from unittest.mock import patch

import pytest

from governance.orders import judging
from governance.orders import table as t
from governance.orders.life import CROSSED, Said, follow
from tests.governance.order_oracle import Oracle
from tests.governance.order_scenes import SCENES, Scene, attempts, scene


@cache
def tried(name: str) -> tuple[Scene, list[Said]]:
    """A scene, and everything that anybody could then try."""
    found = scene(*SCENES[name])
    return found, [*found.ana, *(said for device in attempts(found) for said in device)]


def voided(found: Scene, letters: list[Said]) -> frozenset[bytes]:
    """The letters that don't hold by their own past."""
    life = follow(letters, found.town)
    assert life is not None
    return frozenset(name for name, reason in life.void.items() if reason != CROSSED)


@cache
def right(name: str) -> frozenset[bytes]:
    """The same with the table as it is."""
    return voided(*tried(name))


@pytest.mark.parametrize("name", SCENES)
def test_whoever_tries_whatever_gets_what_the_oracle_says(name: str) -> None:
    found, letters = tried(name)
    oracle = Oracle(found.order, letters)

    expected = {said.id: said for said in letters if not oracle.holds(said.id)}
    seen = right(name)
    assert {
        said.letter.move.word for said in letters if (said.id in seen) != (said.id in expected)
    } == set()


def test_there_is_a_scene_in_every_state() -> None:
    assert {tried(name)[0].life.state for name in SCENES} == set(t.STATES)


def test_every_row_is_used_and_says_what_it_needs() -> None:
    assert {need for row in t.TABLE for need in row.needs} == set(t.NEEDS)
    assert {state for row in t.TABLE for state in row.states} == set(t.STATES)
    assert len({(row.move, row.side, state) for row in t.TABLE for state in row.states}) == sum(
        len(row.states) for row in t.TABLE
    ), "a move of one side has two rows for a state"


# --- mutants


def mutants() -> Iterator[tuple[str, list[t.Row], frozenset[str]]]:
    """(what is changed, the table, the states in which it shows) of tables with one change."""
    for number, row in enumerate(t.TABLE):
        name = f"{row.move} by {row.side}"
        rest = [*t.TABLE[:number], *t.TABLE[number + 1 :]]
        others = {state for each in rest if each[:2] == row[:2] for state in each.states}
        for state in row.states:
            yield (
                f"{name} not in {state}",
                [*rest, row._replace(states=row.states - {state})],
                frozenset({state}),
            )
        for state in set(t.STATES) - row.states - others:
            if harmless(row, state):
                continue
            yield (
                f"{name} in {state}",
                [*rest, row._replace(states=row.states | {state})],
                frozenset({state}),
            )
        for need in row.needs:
            needs = tuple(each for each in row.needs if each != need)
            yield f"{name} without {need}", [*rest, row._replace(needs=needs)], row.states


ARGUED = {t.DISPUTED, t.CLOSED}
EVER_ARGUED = {*ARGUED, t.SETTLED}
BEFORE = {t.ENQUIRY, t.ORDERED}
NEVER = {
    "open-offer": set(),
    "unpaid": {t.PAID, t.REFUNDED},  # what was paid in part and all given back is refunded
    "unsent": {t.SENT},
    "owing": {*BEFORE, t.PAID, t.COMPLETED, t.DECLINED, t.CANCELLED, t.REFUNDED},
    "unconfirmed": BEFORE,
    "this-deal": BEFORE,
    "unreceived": {t.RECEIVED, t.COMPLETED},
    "all-paid": {*BEFORE, t.ACCEPTED, t.PAID, t.SENT, t.COMPLETED},
    "left": BEFORE,
    "refund": BEFORE,
    "at-stake": BEFORE,
    "in-dispute": {*t.STATES} - ARGUED,
    "proposal": {*t.STATES} - EVER_ARGUED,
}
"""What a row may need, and the states in which it is never so: there a row is as good as none."""


def test_what_is_said_to_be_never_so_is_not_so() -> None:
    for name in SCENES:
        life = tried(name)[0].life
        for side, person in ((t.BUYER, life.buyer), (t.SELLER, life.seller)):
            case = judging.Case(life._view, side, person, None, life.order, life._context)
            for need, states in NEVER.items():
                assert life.state not in states or not judging._CHECKS[need](case), (name, need)


def harmless(row: t.Row, state: str) -> bool:
    """Whether this row would say nothing in a state in which it does not stand."""
    if row.side == t.MEDIATOR:  # there is one only where both named them, in a dispute
        return state not in EVER_ARGUED
    # A question to which the buyer has made an offer is an order.
    asked = (row.move, row.side, state) == ("accept", t.SELLER, t.ENQUIRY)
    return asked or any(state in NEVER.get(need, ()) for need in row.needs)


def found_out(table: list[t.Row], states: frozenset[str]) -> bool:
    """Whether somebody gets another answer from this table."""
    with patch.object(judging, "_ROWS", judging.by_move(table)):
        for name in SCENES:
            found, letters = tried(name)
            if found.life.state not in states:
                continue
            try:
                if voided(found, letters) != right(name):
                    return True
            except (AssertionError, LookupError, AttributeError):
                return True
    return False


def test_a_table_with_any_one_change_is_found_out() -> None:
    survivors = [name for name, table, states in mutants() if not found_out(table, states)]
    assert survivors == []
