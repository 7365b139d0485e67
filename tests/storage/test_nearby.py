"""Near and far: spots of listings and of their makers, joined when read."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.kinds import erase
from protocol.kinds.profile import Profile
from protocol.spot import MAX_LAT, MAX_LON, Spot
from storage.digest import digest
from storage.store import Store
from storage.verify import rebuild
from storage.views import nearby, profiles
from storage.views.listing_queries import NEAREST, SORTS, Found, Query, search
from storage.views.nearby import Near, kilometres
from tests.storage.post import send, told
from tests.storage.world import World, village

BERN, THUN, SYDNEY = Spot(4695, 745), Spot(4675, 763), Spot(-3386, 15_121)
spots = st.builds(Spot, st.integers(-MAX_LAT, MAX_LAT), st.integers(-MAX_LON, MAX_LON))


@pytest.fixture
def world() -> World:
    """Ben is in Thun and has a stool in Bern; Ana did not say where she is."""
    world = village("ben")
    ben, ana = world.of["ben1"], world.of["ana1"]
    world.write(ben, "profile", Profile(version=1, name="Ben", spot=THUN).body())
    world.offer(ben, title="Chair", price=900)
    world.offer(ben, title="Stool", price=500, spot=BERN, category="Wood")
    world.offer(ana, title="Opal", price=100, spot=SYDNEY)
    world.offer(ana, title="Bread", price=300)
    return world


def near(spot: Spot = BERN, within: int | None = None) -> Near:
    return Near(spot=spot, within=within)


def titles(found: Found) -> list[str]:
    return [offer.listing.title for offer in found.offers]


def find(store: Store, **query: Any) -> list[str]:
    return titles(search(store, Query(**query)))


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        (BERN, BERN, 0),
        (BERN, THUN, 26.1),
        (BERN, SYDNEY, 16_658),
        (Spot(0, 17_999), Spot(0, -17_999), 2.22),
        (Spot(9000, 0), Spot(9000, 9000), 0),
        (Spot(9000, 0), Spot(-9000, 0), 20_015),
        (Spot(0, 0), Spot(0, 18_000), 20_015),
    ],
)
def test_distances_are_those_of_a_globe(one: Spot, other: Spot, km: float) -> None:
    assert kilometres(one, other) == pytest.approx(km, rel=0.002, abs=0.01)


@given(spots, spots)
def test_it_is_as_far_there_as_back(one: Spot, other: Spot) -> None:
    distance = kilometres(one, other)
    assert distance == pytest.approx(kilometres(other, one))
    assert 0 <= distance <= 20_016


@given(spots, spots, st.integers(1, 20_000))
def test_the_boxes_hold_all_that_is_within_reach(centre: Spot, spot: Spot, within: int) -> None:
    inside = any(
        south <= spot.lat <= north and west <= spot.lon <= east
        for south, north, west, east in nearby._boxes(centre, within)
    )
    assert inside or kilometres(centre, spot) > within


@pytest.mark.parametrize(
    ("within", "found"),
    [
        (1, {"Stool"}),
        (25, {"Stool"}),
        (26, {"Stool", "Chair"}),
        (16_657, {"Stool", "Chair"}),
        (16_658, {"Stool", "Chair", "Opal"}),
        (20_000, {"Stool", "Chair", "Opal"}),
    ],
)
@pytest.mark.parametrize("few", [5000, -1])  # looked up by index, or one after the other
def test_a_listing_is_at_its_own_spot_or_at_its_makers(
    world: World, monkeypatch: pytest.MonkeyPatch, within: int, found: set[str], few: int
) -> None:
    monkeypatch.setattr(nearby, "FEW", few)
    mia = told(world)
    for sort in (*SORTS, NEAREST):
        result = search(mia, Query(near=near(within=within), sort=sort))
        assert set(titles(result)) == found
        assert (result.total, result.more) == (len(found), False)


def test_the_nearest_come_first_and_unknown_places_last(world: World) -> None:
    mia = told(world)

    assert find(mia, near=near(), sort=NEAREST) == ["Stool", "Chair", "Opal", "Bread"]
    assert find(mia, near=near(SYDNEY), sort=NEAREST)[0] == "Opal"
    assert search(mia, Query(near=near(), sort=NEAREST, count_to=3)).more


def test_distance_goes_with_every_other_filter(world: World) -> None:
    mia = told(world)
    close = near(within=30)

    assert find(mia, near=close, sort="price") == ["Stool", "Chair"]
    assert find(mia, near=close, sort="price-desc") == ["Chair", "Stool"]
    assert find(mia, near=close, words="chair") == ["Chair"]
    assert find(mia, near=close, category="wood") == ["Stool"]
    assert find(mia, near=close, minimum=600) == ["Chair"]
    assert find(mia, near=close, mode="wanted") == []
    assert find(mia, near=near(), sort="new") == find(mia, sort="new")  # says nothing alone


def test_pages_by_distance_follow_each_other_without_a_gap(world: World) -> None:
    ben = world.of["ben1"]
    for number in range(40):
        world.offer(ben, title=f"Cup {number}", spot=Spot(4695 + number * 7, 745))
    mia = told(world)

    whole = find(mia, near=near(), sort=NEAREST, limit=100)
    paged = [
        title
        for at in range(0, 50, 7)
        for title in find(mia, near=near(), sort=NEAREST, limit=7, offset=at)
    ]

    assert paged == whole
    assert len(whole) == 44
    assert find(mia, near=near(), sort=NEAREST, limit=-1, offset=-1) == []


def test_only_so_many_are_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ben = world.of["ben1"]
    for number in range(40):
        world.offer(ben, title=f"Cup {number}")
    mia = told(world)
    monkeypatch.setattr("storage.views.listing_queries.CANDIDATES", 10)

    found = search(mia, Query(near=near(within=30), sort=NEAREST, limit=100))

    assert (len(found.offers), found.total, found.more) == (10, 10, True)


def test_a_maker_who_moves_or_comes_late_takes_their_listings_along(world: World) -> None:
    mia = told(world)
    ben, ana = world.of["ben1"], world.of["ana1"]
    rows = mia.db.execute("SELECT rowid, lat, lon FROM listing").fetchall()

    late = Profile(version=1, name="Ana", spot=BERN).body()
    moved = Profile(version=2, name="Ben", spot=SYDNEY).body()
    send(mia, world, [world.write(ana, "profile", late)])
    assert set(find(mia, near=near(within=1))) == {"Bread", "Stool"}
    send(mia, world, [world.write(ben, "profile", moved)])
    assert "Chair" in find(mia, near=near(SYDNEY, within=1))
    assert "Stool" not in find(mia, near=near(SYDNEY, within=1))
    assert mia.db.execute("SELECT rowid, lat, lon FROM listing").fetchall() == rows


def test_who_no_longer_says_where_they_are_is_nowhere(world: World) -> None:
    mia = told(world)
    ben = world.of["ben1"]
    send(mia, world, [world.write(ben, "profile", Profile(version=2, name="Ben").body())])

    assert profiles.spots(mia) == {}
    assert find(mia, near=near(within=100)) == ["Stool"]


def test_an_erased_profile_leaves_no_spot(world: World) -> None:
    mia = told(world)
    ben = world.of["ben1"]
    said = next(r for log in ben.logs[1] for r in log.records if r.header.kind == "profile")

    send(mia, world, [world.write(ben, "erase", erase.body([said.id]))])

    assert profiles.spots(mia) == {}
    assert mia.db.execute("SELECT count(*) FROM profile WHERE lat IS NOT NULL").fetchone() == (0,)


def test_an_edit_may_move_a_listing(world: World) -> None:
    ben = world.of["ben1"]
    mia = told(world)
    stool = search(mia, Query(words="stool")).offers[0].id

    send(mia, world, [world.offer(ben, title="Stool", version=2, root=stool, spot=SYDNEY)])

    assert find(mia, near=near(within=5)) == []
    assert set(find(mia, near=near(SYDNEY, within=5))) == {"Stool", "Opal"}


def test_spots_are_built_again_with_the_views(world: World) -> None:
    mia = told(world)
    before = (digest(mia), find(mia, near=near(), sort=NEAREST), profiles.spots(mia))

    rebuild(mia)

    assert (digest(mia), find(mia, near=near(), sort=NEAREST), profiles.spots(mia)) == before


def test_what_others_offer_and_what_is_wanted_can_be_asked_for(world: World) -> None:
    ben = world.of["ben1"]
    world.offer(ben, title="Clay", mode="wanted")
    mia = told(world)
    who = search(mia, Query(words="chair")).offers[0].person

    assert set(find(mia, besides=who)) == {"Bread", "Opal"}
    assert set(find(mia, person=who, wanted=False)) == {"Chair", "Stool"}
    assert find(mia, wanted=True) == find(mia, mode="wanted") == ["Clay"]
    assert find(mia, wanted=True, besides=who) == []
    assert set(find(mia, besides=bytes(32))) == {"Bread", "Opal", "Chair", "Stool", "Clay"}
    assert find(mia, person=bytes(32)) == []


def test_the_poles_and_the_date_line_are_no_edges(world: World) -> None:
    ana = world.of["ana1"]
    world.offer(ana, title="Kelp", spot=Spot(0, -17_999))
    world.offer(ana, title="Ice", spot=Spot(8_999, 17_000))
    mia = told(world)

    assert find(mia, near=near(Spot(0, 17_999), within=5)) == ["Kelp"]
    assert find(mia, near=near(Spot(9_000, 0), within=5)) == ["Ice"]
    assert not math.isnan(kilometres(Spot(9_000, 0), Spot(-9_000, 18_000)))
