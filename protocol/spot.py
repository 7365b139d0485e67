"""A spot: roughly where somebody or something is.

Latitude and longitude (WGS 84) in whole hundredths of a degree, about a kilometre. So coarse by
design: a spot is shared with the whole community and must not lead to anybody's door. Integers,
since shared state holds no floats.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol.codec import Plain
from protocol.shape import Body, unreadable

MAX_LAT = 9_000
MAX_LON = 18_000


class Spot(NamedTuple):
    """Hundredths of a degree: `lat` north of the equator, `lon` east of Greenwich."""

    lat: int
    lon: int


def spot_data(spot: Spot | None) -> Plain:
    """A spot as a body holds it: `[lat, lon]`, or null."""
    return None if spot is None else [spot.lat, spot.lon]


def maybe_spot(body: Body, key: str) -> Spot | None:
    """The spot under `key`, None when absent or null; Invalid `unreadable` for anything else."""
    value = body.get(key)
    if value is None:
        return None
    if type(value) is not list or len(value) != 2 or any(type(part) is not int for part in value):
        raise unreadable(key)
    lat, lon = value
    if not -MAX_LAT <= lat <= MAX_LAT or not -MAX_LON <= lon <= MAX_LON:
        raise unreadable(key)
    return Spot(lat, lon)
