"""Which listings are near a spot, and how near.

A listing is at its own spot, or else at its maker's, joined when it is read, so that a profile that
arrives late or moves away needs no repair. The database narrows by a box, which an index serves;
the distance itself is reckoned here, on a bounded number of listings. Distances are for display
and order alone: nothing here enters shared state.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from protocol.spot import MAX_LAT, MAX_LON, Spot
from storage.store import Store
from storage.views import profiles

EARTH_KM = 6371.0088  # mean radius, IUGG
KM_A_STEP = EARTH_KM * math.pi / 180 / 100  # of a hundredth of a degree, north to south
CANDIDATES = 500  # listings whose distance is reckoned for one page: of more, those first in order
FEW = 5000  # listings in reach that are gathered before any of them is sorted out
RINGS = (5, 25, 100, 500)  # kilometres that a search for the nearest reaches out to in turn

_HAS_SPOT = "state = 1 AND lat IS NOT NULL"  # the text of a partial index


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """A filter: near `spot`, at most `within` kilometres away if that is given.

    Only for who may see members' profiles: distances tell what these say.
    """

    spot: Spot
    within: int | None = None


def kilometres(one: Spot, other: Spot) -> float:
    """The great-circle distance, by the haversine formula."""
    lat1, lat2 = math.radians(one.lat / 100), math.radians(other.lat / 100)
    half_lat = (lat2 - lat1) / 2
    half_lon = math.radians((other.lon - one.lon) / 100) / 2
    part = math.sin(half_lat) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(half_lon) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, part)))


def is_within(distance: float, within: int) -> bool:
    """Whether so many kilometres are within a limit, as exactly as spots are: "about 10" is."""
    return round(distance) <= within


class Places:
    """Where listings are, as one page needs it: makers' spots are read once."""

    def __init__(self, store: Store, near: Near) -> None:
        self._spot = near.spot
        self._makers = _market_logs(store)
        self._known: dict[Spot, float] = {}

    def distance(self, log_no: int, lat: int | None, lon: int | None) -> float | None:
        """Kilometres to a listing of that log; None when nobody said where it is."""
        spot = self._makers.get(log_no) if lat is None or lon is None else Spot(lat, lon)
        if spot is None:
            return None
        if spot not in self._known:
            self._known[spot] = kilometres(self._spot, spot)
        return self._known[spot]

    def condition(self, store: Store, within: int) -> tuple[str, list[Any]]:
        """SQL that holds for every listing within so many kilometres, and for few others.

        Where there are few such listings they are looked up by index; where there are many, the
        newest are found sooner by asking one after the other.
        """
        logs = json.dumps([no for no in self._makers if self._maker_is_within(no, within)])
        boxes = list(_boxes(self._spot, within + 1))  # distances are rounded
        sides: list[Any] = [side for box in boxes for side in box]
        own = " OR ".join(["(lat BETWEEN ? AND ? AND lon BETWEEN ? AND ?)"] * len(boxes))
        theirs = "lat IS NULL AND log_no IN (SELECT value FROM json_each(?))"
        if _many(store, own, sides, logs):
            return f"({own} OR ({theirs}))", [*sides, logs]
        return (
            "listing.rowid IN ("
            f"SELECT rowid FROM listing INDEXED BY listing_spot WHERE {_HAS_SPOT} AND ({own})"
            f" UNION ALL SELECT rowid FROM listing INDEXED BY listing_maker"
            f" WHERE state = 1 AND {theirs})"
        ), [*sides, logs]

    def _maker_is_within(self, log_no: int, within: int) -> bool:
        distance = self.distance(log_no, None, None)
        return distance is not None and is_within(distance, within)


def _many(store: Store, own: str, sides: list[Any], logs: str) -> bool:
    """Whether so many listings may be inside that an index would not help."""
    (there,) = store.db.execute(
        "SELECT count(*) FROM (SELECT 1 FROM listing INDEXED BY listing_spot"
        f" WHERE {_HAS_SPOT} AND ({own}) LIMIT ?)",
        [*sides, FEW + 1],
    ).fetchone()
    (said,) = store.db.execute(
        "SELECT total(prefix_seq) FROM log WHERE no IN (SELECT value FROM json_each(?))", [logs]
    ).fetchone()
    return bool(there + said > FEW)


def _market_logs(store: Store) -> dict[int, Spot]:
    """Number of each log that may hold listings -> its person's spot."""
    spots = profiles.spots(store)
    if not spots:
        return {}
    rows = store.db.execute(
        "SELECT log.no, device.person FROM log JOIN device ON device.no = log.device_no"
        " WHERE log.lane = 1 AND device.person IS NOT NULL"
    )
    return {no: spots[person] for no, person in rows if person in spots}


def _boxes(spot: Spot, within: int) -> Iterator[tuple[int, int, int, int]]:
    """South, north, west, east around a circle: two boxes where it crosses the date line."""
    reach = math.ceil(within / KM_A_STEP)
    south, north = max(-MAX_LAT, spot.lat - reach), min(MAX_LAT, spot.lat + reach)
    # Longitudes lie closest together at the edge that is nearer to a pole.
    narrowest = math.cos(math.radians(max(abs(south), abs(north)) / 100))
    wide = math.ceil(reach / narrowest) if narrowest * MAX_LON > reach else MAX_LON
    west, east = spot.lon - wide, spot.lon + wide
    if wide >= MAX_LON:
        yield south, north, -MAX_LON, MAX_LON
        return
    yield south, north, max(west, -MAX_LON), min(east, MAX_LON)
    if west < -MAX_LON:
        yield south, north, west + 2 * MAX_LON, MAX_LON
    if east > MAX_LON:
        yield south, north, -MAX_LON, east - 2 * MAX_LON
