"""Being away: one's profile says until when, and pages tell so while that day has not passed.

It changes nothing else: listings stay open, and no rule asks for it.
"""

from __future__ import annotations

import datetime
from typing import Any

from node import people
from node.home import Home
from node.market import check_text
from protocol.errors import Refused, Term
from protocol.kinds.profile import MAX_NOTE, Profile

DAY_MS = 86_400_000


def is_away(until_ms: int | None, now_ms: int) -> bool:
    """Whether the last day away, which begins at `until_ms`, has not passed yet."""
    return until_ms is not None and now_ms < until_ms + DAY_MS


def changes(home: Home, until: str, note: str) -> dict[str, Any]:
    """What to set in a profile for being away through the day `until`, written as 2026-12-24.

    Refused `bad-date`, `past`, or what is wrong with the note.
    """
    try:
        day = datetime.date.fromisoformat(until.strip())
    except ValueError as error:
        raise Refused(
            "bad-date",
            "%(given)s is no date; write it as year, month and day: 2027-01-31.",
            given=repr(until[:40]),
        ) from error
    until_ms = (day - datetime.date(1970, 1, 1)).days * DAY_MS
    if until_ms < 0 or not is_away(until_ms, home.store.now_ms()):
        raise Refused(
            "past",
            "%(day)s is over already; name a day that is still to come. Nothing was written.",
            day=day,
        )
    check_text(Term("note"), note, MAX_NOTE)
    return {"away_until_ms": until_ms, "away_note": note}


BACK: dict[str, Any] = {"away_until_ms": None, "away_note": ""}


def go(home: Home, until: str, note: str) -> Profile:
    """Be away through that day; see `changes`."""
    return people.set_profile(home, changes(home, until, note))


def come_back(home: Home) -> Profile:
    """Be away no longer; what was not said is not taken back either."""
    before = people.own_profile(home)
    if before.away_until_ms is None and not before.away_note:
        return before
    return people.set_profile(home, BACK)
