"""Spots as people write them: coordinates copied from a map, to about a kilometre.

Nothing is looked up anywhere: a text holds its coordinates or it is refused with a sentence. What
is finer than a hundredth of a degree is rounded away before anything is kept.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal
from urllib.parse import parse_qs, unquote, urlsplit

from protocol.errors import Refused
from protocol.spot import MAX_LAT, MAX_LON, Spot

LONGEST = 2_000  # characters: map addresses are long

_NUMBER = r"[-+\u2212]?\d{1,3}(?:\.\d{1,20})?"
_PAIR = re.compile(rf"\(?\s*({_NUMBER})\s*°?\s*[,;\s]\s*({_NUMBER})\s*°?\s*\)?")
_SIDED = re.compile(
    r"(?P<n1>\d{1,3}(?:\.\d{1,20})?)\s*°?\s*(?P<s1>[NSEW])[\s,;]*"
    r"(?P<n2>\d{1,3}(?:\.\d{1,20})?)\s*°?\s*(?P<s2>[NSEW])",
    re.IGNORECASE,
)
_SIDE_FIRST = re.compile(
    r"(?P<s1>[NSEW])\s*(?P<n1>\d{1,3}(?:\.\d{1,20})?)\s*°?[\s,;]*"
    r"(?P<s2>[NSEW])\s*(?P<n2>\d{1,3}(?:\.\d{1,20})?)\s*°?",
    re.IGNORECASE,
)
_AT = re.compile(rf"@({_NUMBER}),({_NUMBER})")  # Google's map: where the picture is centred
_PIN = re.compile(rf"!3d({_NUMBER})!4d({_NUMBER})")  # Google's map: the place itself
_MAP = re.compile(rf"map=\d+(?:\.\d+)?/({_NUMBER})/({_NUMBER})")  # OpenStreetMap
_IN_QUERY = ("q", "ll", "query", "center", "sll", "destination", "daddr")


def parse_spot(text: str) -> Spot:
    """The spot that a text names: "47.99, 7.85", "47.9961 N 7.8494 E", geo:, a map's address.

    Refused `bad-spot` with what to write otherwise.
    """
    given = text.strip()
    found = _pair(given) if len(given) <= LONGEST else None
    if found is None:
        raise Refused(
            "bad-spot",
            "“%(text)s” holds no coordinates; nothing was changed. Write latitude and longitude in "
            "degrees, as in 47.99, 7.85, or paste the address of a map that is open there.",
            text=_shown(given),
        )
    lat, lon = (_hundredths(number) for number in found)
    if abs(lat) > MAX_LAT or abs(lon) > MAX_LON:
        raise Refused(
            "bad-spot",
            "“%(text)s” is nowhere on Earth; nothing was changed. Write the latitude first, then "
            "the longitude, in degrees, as in 47.99, 7.85.",
            text=_shown(given),
        )
    return Spot(lat, lon)


def spot_text(spot: Spot | None) -> str:
    """As `parse_spot` reads it: "47.99, 7.85"; empty for none."""
    if spot is None:
        return ""
    return f"{Decimal(spot.lat).scaleb(-2):.2f}, {Decimal(spot.lon).scaleb(-2):.2f}"


def _pair(text: str) -> tuple[Decimal, Decimal] | None:
    """Latitude and longitude in degrees."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme == "geo":  # RFC 5870
        return _numbers(re.match(rf"({_NUMBER}),({_NUMBER})(?![\d.])", parts.path))
    if parts.scheme in ("http", "https"):
        return _in_address(text)
    plain = _numbers(_PAIR.fullmatch(text))
    return plain or _sided(_SIDED.fullmatch(text) or _SIDE_FIRST.fullmatch(text))


def _in_address(text: str) -> tuple[Decimal, Decimal] | None:
    parts = urlsplit(text)
    query = parse_qs(parts.query)
    marked = f"{query.get('mlat', [''])[0]},{query.get('mlon', [''])[0]}"
    whole = unquote(text)
    tries = [_PAIR.fullmatch(marked), _PIN.search(whole), _AT.search(whole)]
    tries += [_PAIR.fullmatch(value) for key in _IN_QUERY for value in query.get(key, [])]
    tries += [_MAP.search(whole)]
    return next((found for found in map(_numbers, tries) if found is not None), None)


def _numbers(match: re.Match[str] | None) -> tuple[Decimal, Decimal] | None:
    if match is None:
        return None
    lat, lon = (Decimal(part.replace("\u2212", "-")) for part in match.groups())
    return lat, lon


def _sided(match: re.Match[str] | None) -> tuple[Decimal, Decimal] | None:
    """Numbers with their sides of the world, in either order."""
    if match is None:
        return None
    sides = {
        match["s1"].upper(): Decimal(match["n1"]),
        match["s2"].upper(): Decimal(match["n2"]),
    }
    lat = sides.get("N", -sides["S"] if "S" in sides else None)
    lon = sides.get("E", -sides["W"] if "W" in sides else None)
    return None if lat is None or lon is None else (lat, lon)


def _hundredths(degrees: Decimal) -> int:
    return int((degrees * 100).to_integral_value(ROUND_HALF_EVEN))


def _shown(text: str) -> str:
    """As much of a text as a sentence repeats."""
    return text if len(text) <= 60 else text[:60] + "…"
