"""Two chains of certificates: whoever has heard of both stands on the same one, as if alone."""

from __future__ import annotations

import os
from random import Random

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from storage import certificates
from tests.storage.lines import Lines, Split, hear, winner
from tests.storage.post import CERTIFICATE, FOUND, agree, new_store
from tests.storage.test_any_order import in_order
from tests.storage.world import OFTEN

LONG = bool(os.environ.get("MOOTHALL_LONG"))
often = settings(
    max_examples=3000 if LONG else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
OURS = ("move", "move", "move", "other_line", "other_line", "elect", "retire", "leave")
ORDINARY = (*(step for step in OFTEN if step != "poll"), "list_device")
_small = st.integers(0, 63)
scripts = st.lists(
    st.tuples(st.sampled_from((*OURS, *OURS, *ORDINARY)), _small, _small, _small), max_size=24
)
Script = list[tuple[str, int, int, int]]
MOST_LINES = 5


def made(script: Script) -> Lines:
    """A world in which ana and ben, and mostly eva, belong before anything parts."""
    world = Lines()
    for step in [("welcome", 1, 0, 1), ("welcome", 2, 1, 1), ("offer", 1, 1, 0), *script]:
        if step[0] != "move" or len(world.lines) < MOST_LINES:
            world.act(*step)
    return world


@often
@given(scripts, st.integers(0, 2**32))
def test_friends_on_different_chains_agree_after_talking(script: Script, seed: int) -> None:
    """Each line has a friend who holds it; others heard of this and that, in any order."""
    world, rng = made(script), Random(seed)
    try:
        stands_at = winner(world)
    except Split:
        assume(False)
    records = world.parcels()
    stores = []
    for number, line in enumerate([*world.lines, None]):
        store = new_store(world, f"friend {number}")
        heard = [(CERTIFICATE, travel) for travel in line or rng.choice(world.lines)]
        rest = [(CERTIFICATE, travel) for each in world.lines for travel in each]
        some = [p for p in [*rest, *records] if line is None or rng.random() < 0.4]
        rng.shuffle(some)
        for parcel in [(FOUND, world.found.entry()), *heard, *some]:
            hear(store, parcel)
        stores.append(store)

    agree(stores)

    assert {certificates.tip(store) for store in stores} == {stands_at}
    assert len({in_order(store) for store in stores}) == 1
