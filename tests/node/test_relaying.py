"""At which relays a node keeps places, and whom it believes: by branches, not by haste."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from node.branches import Branches, Known
from node.network.company import Held, Plan
from node.relaying import BETTER_SECONDS, TURN_SECONDS, Relaying

LONG = 1.3 * TURN_SECONDS
# The founder invited Ana, Ben and Mallory; Ana invited Cleo and Dan, Mallory a whole crowd.
INVITERS = {
    "founder": None,
    **dict.fromkeys(("ana", "ben", "mallory"), "founder"),
    **dict.fromkeys(("cleo", "dan"), "ana"),
    **dict.fromkeys((f"sybil{n}" for n in range(20)), "mallory"),
}
CROWD = ["mallory", *(f"sybil{n}" for n in range(20))]


def known(devices: Iterable[str] = ()) -> Known:
    """Everybody by one device of that name, and these devices more: `ana/2` is Ana's second."""
    keys = {name: name.encode().ljust(32) for name in INVITERS}
    inviters = {keys[name]: keys[by] if by else None for name, by in INVITERS.items()}
    persons = {name: keys[name.partition("/")[0]] for name in (*INVITERS, *devices)}
    return Known(Branches(inviters, list(inviters)), persons, ())


def relaying(seed: int = 0, *devices: str) -> Relaying:
    book = known(devices)
    return Relaying(random.Random(seed), lambda: book)


def settle(machine: Relaying, offering: Iterable[str]) -> list[str]:
    """Ask as the plan says, each of whom gives a place at once, until two are held."""
    held: list[str] = []
    while len(held) < 2:
        plan = machine.relays(0.0, places(*held), [each for each in offering if each not in held])
        held.append(plan.ask[0])
    return held


def places(*relays: str, carried: Iterable[str] = ()) -> list[Held]:
    return [Held(relay, relay in carried) for relay in relays]


@pytest.mark.parametrize("seed", range(20))
def test_a_crowd_that_offers_first_gets_one_place_at_most(seed: int) -> None:
    held = settle(relaying(seed), [*CROWD, "ben"])

    assert "ben" in held


@pytest.mark.parametrize("seed", range(20))
def test_two_devices_of_one_person_are_one(seed: int) -> None:
    held = settle(relaying(seed, "ana/2", "ana/3"), ["ana", "ana/2", "ana/3", "cleo"])

    assert "cleo" in held
    assert set(settle(relaying(seed, "ana/2"), ["ana", "ana/2"])) == {"ana", "ana/2"}


def test_everybody_has_a_turn() -> None:
    firsts = {relaying(seed).relays(0.0, [], ["ana", "ben", "cleo"]).ask[0] for seed in range(40)}

    assert firsts == {"ana", "ben", "cleo"}


def test_a_place_moves_to_a_relay_that_is_further_from_the_other() -> None:
    machine = relaying()
    held = settle(machine, ["mallory", "sybil1"])

    assert machine.relays(BETTER_SECONDS - 1, places(*held), ["ben"]) == Plan([], [])
    assert machine.relays(BETTER_SECONDS, places(*held), ["sybil2"]) == Plan([], [])
    plan = machine.relays(BETTER_SECONDS, places(*held, carried=["sybil1"]), ["ben", "sybil2"])
    assert plan == Plan(["ben"], [])
    assert machine.relays(BETTER_SECONDS, places(*held, "ben"), []) == Plan([], ["mallory"])
    assert machine.relays(2 * BETTER_SECONDS, places("sybil1", "ben"), []) == Plan([], [])


def test_now_and_then_a_place_moves_to_another_that_is_as_far() -> None:
    machine = relaying()
    settle(machine, ["ana", "ben"])
    held = places("ana", "ben", carried=["ana"])

    assert machine.relays(BETTER_SECONDS, held, ["mallory"]) == Plan([], [])
    assert machine.relays(LONG, held, ["mallory"]) == Plan(["mallory"], [])
    # Ben has carried nobody, so his place is the one to go.
    assert machine.relays(LONG, [*held, Held("mallory", False)], []) == Plan([], ["ben"])
    assert machine.relays(LONG + 1, places("ana", "mallory"), ["ben"]) == Plan([], [])


def test_no_place_moves_to_a_relay_that_is_nearer_to_the_other() -> None:
    machine = relaying()
    settle(machine, ["mallory", "ben"])
    held = places("mallory", "ben", carried=["mallory"])

    plan = machine.relays(LONG, held, CROWD[1:])

    # They may take the place of Mallory, whose branch has it already, and not Ben's.
    assert set(plan.ask) == set(CROWD[1:])
    assert machine.relays(LONG, [*held, Held("sybil3", False)], []).leave == ["mallory"]


@pytest.mark.parametrize(
    ("said", "believed"),
    [
        ({}, set()),
        ({"ana": 1}, {1}),  # nobody to compare with
        ({"ana": 1, "ben": 2}, set()),
        ({"ana": 1, "ben": 1}, {1}),
        ({"ana": 1, "ben": 1, "mallory": 2}, {1}),
        ({"founder": 1, "ana": 1, "ben": 3, "mallory": 2}, set()),
        ({"founder": 1, "ana": 1, "ben": 1, "mallory": 2}, {1}),
        ({"ben": 1, **dict.fromkeys(CROWD, 2)}, set()),
        ({"ana": 1, "ben": 1, **dict.fromkeys(CROWD, 2)}, {1}),
        ({"cleo": 1, "dan": 1, "ben": 1, "sybil1": 2}, {1}),
        ({"cleo": 1, "dan": 2}, set()),  # on different sides, as nobody is outside of Ana's branch
        ({"cleo": 1, "dan": 2, "mallory": 3}, set()),  # Ana's side contradicts itself, and counts
        ({"ana": 1, "ben": 1, "nobody knows": 2, "nor this one": 2}, {1}),
        ({"nobody knows": 2}, {2}),
    ],
)
def test_what_peers_say_of_us_counts_by_branches(said: dict[str, int], believed: set[int]) -> None:
    assert relaying().believed(said) == believed
