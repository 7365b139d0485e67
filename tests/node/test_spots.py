"""Coordinates as people copy them from a map, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.spots import parse_spot, spot_text
from protocol.errors import Refused
from protocol.spot import MAX_LAT, MAX_LON, Spot

FREIBURG = Spot(4800, 785)  # of 47.9961 north, 7.8494 east


@pytest.mark.parametrize(
    "text",
    [
        "47.9961, 7.8494",
        " 47.9961,7.8494 ",
        "47.9961 7.8494",
        "47.9961; 7.8494",
        "(47.9961, 7.8494)",
        "+47.9961, +7.8494",
        "47.9961° 7.8494°",
        "47.9961 N 7.8494 E",
        "47.9961° N, 7.8494° E",
        "7.8494E 47.9961n",
        "N 47.9961 E 7.8494",
        "N47.9961° E7.8494°",
        "geo:47.9961,7.8494",
        "geo:47.9961,7.8494,278;u=35",
        "geo:47.9961,7.8494?z=11",
        "https://www.openstreetmap.org/#map=15/47.9961/7.8494",
        "https://www.openstreetmap.org/?mlat=47.9961&mlon=7.8494#map=12/40.0/3.0",
        "https://www.openstreetmap.org/node/21769883#map=19/47.9961/7.8494&layers=N",
        "https://www.google.com/maps/@47.9961,7.8494,15z",
        "https://www.google.de/maps/place/M%C3%BCnster/@47.9,7.8,17z/data=!3m1!3d47.9961!4d7.8494",
        "https://www.google.com/maps/search/?api=1&query=47.9961%2C7.8494",
        "https://maps.google.com/?q=47.9961,7.8494",
        "https://maps.apple.com/?ll=47.9961,7.8494",
    ],
)
def test_a_spot_is_read_from_what_maps_give_and_rounded_to_a_kilometre(text: str) -> None:
    assert parse_spot(text) == FREIBURG


@pytest.mark.parametrize(
    ("text", "spot"),
    [
        ("-33.86, 151.21", Spot(-3386, 15_121)),
        ("33.86 S 151.21 E", Spot(-3386, 15_121)),
        ("40.71 N 74.01 W", Spot(4071, -7401)),
        ("\u221233.86, 151.21", Spot(-3386, 15_121)),
        ("0, 0", Spot(0, 0)),
        ("-0.004, 0.004", Spot(0, 0)),
        ("90, -180", Spot(9000, -18_000)),
        ("90.004, 180.004", Spot(9000, 18_000)),
    ],
)
def test_every_side_of_the_world_has_its_sign(text: str, spot: Spot) -> None:
    assert parse_spot(text) == spot


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Freiburg",
        "47.9961",
        "47,99, 7,85",
        "1, 2, 3",
        "1e1, 2",
        "nan, inf",
        "47.99 N 7.85 N",
        "47.99 N 7.85",
        "91, 0",
        "0, 181",
        "99 N 9 E",
        "999999999999, 1",
        "geo:1",
        "https://www.openstreetmap.org/",
        "https://example.org/47.99,7.85",
        "http://[x",
        "ftp://host/@1,2",
        "javascript:1,2",
        "1" * 3000,
        "1 " * 3000,
        "\x00",
    ],
)
def test_anything_else_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(Refused, match=r"as in 47\.99, 7\.85") as refusal:
        parse_spot(text)
    assert refusal.value.reason == "bad-spot"
    assert len(str(refusal.value)) < 300


@given(st.builds(Spot, st.integers(-MAX_LAT, MAX_LAT), st.integers(-MAX_LON, MAX_LON)))
def test_a_spot_is_written_as_it_is_read(spot: Spot) -> None:
    assert parse_spot(spot_text(spot)) == spot


def test_no_spot_is_no_text() -> None:
    assert spot_text(None) == ""
