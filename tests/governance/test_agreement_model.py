"""Tellers agree over bad networks while some lie: a model over the real machine.

A sample of random runs; `scripts/check --long` makes tens of thousands. Then scripted runs, and for
each rule of the machine that without it one of them fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.errors import Invalid
from protocol.evidence import SPLIT, read_object, rivals_proof
from protocol.teller_messages import double
from tests.governance.model import ending, safety, schedules
from tests.governance.model.builds import AGREEMENT, REAL, Build, Edit, build
from tests.governance.model.mutants import MUTANTS, Mutant
from tests.governance.model.world import COMMUNITY, Violation, World

DOCS = Path(__file__).parents[2] / "docs" / "governance.md"


@pytest.mark.parametrize(("seats", "first", "runs"), [(4, 0, 60), (4, 60, 50), (7, 0, 10)])
def test_a_sample_of_runs_keeps_every_rule(seats: int, first: int, runs: int) -> None:
    seen = []
    for seed in range(first, first + runs):
        world = schedules.made(seed, seats=seats)
        try:
            seen.append(schedules.finish(world, seed))
        except Exception as error:
            error.add_note(f"python -m tests.governance.model --seats {seats} --seed {seed}")
            raise

    assert {each.fashion for each in seen} == {"together", "never together"}
    assert any(each.view > 2 for each in seen)
    assert any(each.lied_twice for each in seen)


def test_a_seed_gives_the_same_run_again() -> None:
    traces = []
    for _ in range(2):
        world = schedules.made(7)
        schedules.finish(world, 7)
        traces.append(world.trace)

    assert traces[0] == traces[1]


@pytest.mark.parametrize(
    "scenario", [*safety.SCENARIOS, *ending.SCENARIOS], ids=lambda each: each.__name__
)
def test_the_machine_stands(scenario: Callable[[Build], None]) -> None:
    scenario(REAL)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_without_one_of_its_rules_it_falls(mutant: Mutant) -> None:
    with pytest.raises(Violation):
        mutant.found_by(mutant.build())


def test_a_mutant_that_no_longer_fits_the_source_is_an_error() -> None:
    with pytest.raises(AssertionError, match="mend the list of mutants"):
        build([Edit(AGREEMENT, "a line that is not there", "")])


def test_two_liars_of_four_can_certify_twice_and_whoever_sees_both_calls_it_fraud() -> None:
    world, (one, other) = safety.two_liars()

    assert one.id != other.id
    assert (one.height, one.prev) == (other.height, other.prev)
    assert {seat for seat, _ in one.signatures} == {0, 2, 3}
    assert {seat for seat, _ in other.signatures} == {1, 2, 3}
    proof = rivals_proof(COMMUNITY, SPLIT, other, one)
    assert read_object(proof.raw, COMMUNITY) == proof
    for each in proof.certificates:
        REAL.certificates.check_signatures(each, world.at.tellers)


def test_whoever_holds_two_words_of_one_place_can_prove_it() -> None:
    proved = 0
    for seed in range(12):
        world = schedules.made(seed)
        schedules.finish(world, seed)
        proved += _prove(world)

    assert proved > 5


def _prove(world: World) -> int:
    """How many proofs against liars there are in all that was said; none is against the honest."""
    first: dict[object, object] = {}
    proved = 0
    for each in world.ever.values():
        held = first.setdefault(each.place, each)
        if held is not each:
            proof = double(held, each, COMMUNITY)
            assert read_object(proof.raw, COMMUNITY) == proof
            assert world.at.seat(proof.device) in world.liars
            proved += 1
    return proved


def test_two_words_of_two_places_prove_nothing() -> None:
    world = World()
    ana = world.honest[0]
    ana.speak(False)

    with pytest.raises(Invalid, match="do not contradict"):
        double(ana.own[0], ana.own[1], COMMUNITY)


def test_the_documentation_lists_every_broken_rule_and_what_finds_it() -> None:
    section = DOCS.read_text("utf-8").partition("### How the agreement is tested")[2]
    section = section.partition("\n### ")[0]
    rows = re.findall(r"^\| (.+?) \| `(\w+)` \|", section, re.MULTILINE)

    assert rows == [(each.name, each.found_by.__name__) for each in MUTANTS]
