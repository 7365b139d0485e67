"""`profile`: who a person is, in their own words. The highest version stands.

Names, places and free text about people live here and never in `gov`, so that they can be erased.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import MARKET, MAX_TIME
from protocol.shape import Body, maybe_whole, text, texts, whole
from protocol.spot import Spot, maybe_spot, spot_data

MAX_NAME = 100
MAX_ABOUT = 4000
MAX_ITEMS = 30
MAX_ITEM = 80
MAX_NOTE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """`about` is Markdown; skills, interests and needs are short free texts.

    `place` is for people to read, `spot` for reckoning distances; neither needs the other.
    """

    version: int
    name: str
    about: str = ""
    skills: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    place: str = ""
    spot: Spot | None = None
    away_until_ms: int | None = None  # when the last day away begins, in UTC; for display only
    away_note: str = ""

    def body(self) -> dict[str, Plain]:
        """The record's body."""
        data: dict[str, Plain] = {
            "version": self.version,
            "name": self.name,
            "about": self.about,
            "skills": list(self.skills),
            "interests": list(self.interests),
            "needs": list(self.needs),
            "place": self.place,
        }
        if self.spot is not None:
            data["spot"] = spot_data(self.spot)
        if self.away_until_ms is not None:
            data["away_until"] = self.away_until_ms
        if self.away_note:
            data["away_note"] = self.away_note
        return data


def read(data: Body) -> Profile:
    """The profile that `data` holds."""
    return Profile(
        version=whole(data, "version", 1),
        name=text(data, "name", MAX_NAME, default=None),
        about=text(data, "about", MAX_ABOUT),
        skills=texts(data, "skills", MAX_ITEMS, MAX_ITEM),
        interests=texts(data, "interests", MAX_ITEMS, MAX_ITEM),
        needs=texts(data, "needs", MAX_ITEMS, MAX_ITEM),
        place=text(data, "place", MAX_NAME),
        spot=maybe_spot(data, "spot"),
        away_until_ms=maybe_whole(data, "away_until", 0, MAX_TIME),
        away_note=text(data, "away_note", MAX_NOTE),
    )


KIND = Kind(name="profile", lane=MARKET, erasable=True, read=read)
