"""Two chains of certificates: whoever has heard of both stands on the same one, as if alone."""

from __future__ import annotations

import os
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from storage import certificates, chain, frontier
from storage.digest import digest
from storage.store import Store
from tests.storage.lines import Lines, hear, winner
from tests.storage.post import CERTIFICATE, FOUND, agree, new_store
from tests.storage.test_any_order import in_order
from tests.storage.world import OFTEN

LONG = bool(os.environ.get("MOOTHALL_LONG"))
often = settings(
    max_examples=3000 if LONG else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
OURS = ("move", "move", "move", "other_line", "other_line", "elect", "retire", "leave", "list_device")
ORDINARY = tuple(step for step in OFTEN if step != "poll")
_small = st.integers(0, 63)
scripts = st.lists(
    st.tuples(st.sampled_from((*OURS, *OURS, *ORDINARY)), _small, _small, _small), max_size=24
)
Script = list[tuple[str, int, int, int]]


def made(script: Script) -> Lines:
    world = Lines()
    for step in [("welcome", 1, 0, 1), ("welcome", 2, 1, 1), ("offer", 1, 1, 0), *script]:
        world.act(*step)
    return world


@pytest.fixture(autouse=True)
def _willing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Owners who agree to whatever is taken back; those who are asked have tests of their own."""


@often
@given(scripts, st.integers(0, 2**32), st.integers(2, 4))
def test_friends_on_different_chains_agree_after_talking(
    script: Script, seed: int, count: int
) -> None:
    world, rng = made(script), Random(seed)
    try:
        height, tip = winner(world)
    except AssertionError:
        assume(False)
    posted = world.parcels(rng)
    stores = [new_store(world, f"friend {number}") for number in range(count)]
    piles = [[(FOUND, world.found.entry())] for _ in stores]
    for number, line in enumerate(world.lines):
        pile = piles[number % count] if number < count else rng.choice(piles)
        whole = rng.random() < 0.7 or number >= count
        part = line if whole else line[: rng.randint(1, len(line))]
        pile += [(CERTIFICATE, travel) for travel in part]
    piles[0] += [(CERTIFICATE, travel) for line in world.lines for travel in line]
    for store, pile in zip(stores, piles, strict=True):
        chained = iter(pile)
        order = [next(chained)]
        mixed = [*pile[1:], *(p for p in posted if rng.random() < 0.7)]
        rng.shuffle(mixed)
        order += [next(chained) if p[0] in (FOUND, CERTIFICATE) else p for p in mixed]
        for parcel in order:
            hear(store, parcel)
    for parcel in posted:
        hear(stores[-1], parcel)

    agree(stores)

    assert {certificates.tip(store) for store in stores} == {(height, tip)}
    assert len({in_order(store) for store in stores}) == 1
