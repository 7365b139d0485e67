"""Whether this machine's clock may be wrong, by the time that other members' devices say it is.

A hint for the owner and nothing more: what is valid, who may talk and what is kept never depends on
it. Two nodes that exchange address cards tell each other what time it is (`cards`). One device may
be wrong, or lie; so nothing is said until three persons contradict this clock in the same
direction, and they are most of those that were heard.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from statistics import median_low
from typing import NamedTuple

from storage.database import get_meta, set_meta
from storage.store import Store

logger = logging.getLogger("moothall.clock")

DOUBT_MS = 2 * 3_600_000  # beyond that; time zones set wrongly, and worse
ENOUGH = 3  # persons
MOST = 1000  # persons that are remembered

_KEY = "clock_doubt"


class Said(NamedTuple):
    """What time a person's device said it was, and what time it was here by our own clock."""

    says_ms: int
    heard_ms: int


class Doubt(NamedTuple):
    """Our clock seems to be wrong."""

    ahead_ms: int  # about so much; negative when it is behind
    persons: int  # who say so
    at_ms: int  # by our clock, when the last of them was heard


def judge(heard: Iterable[Said]) -> Doubt | None:
    """What one sighting of each person says together; None while there is no reason for doubt."""
    everybody = list(heard)
    ahead = [each for each in everybody if each.heard_ms - each.says_ms > DOUBT_MS]
    behind = [each for each in everybody if each.says_ms - each.heard_ms > DOUBT_MS]
    doubting = max(ahead, behind, key=len)
    if len(doubting) < ENOUGH or 2 * len(doubting) <= len(everybody):
        return None
    off = median_low([each.heard_ms - each.says_ms for each in doubting])
    return Doubt(off, len(doubting), max(each.heard_ms for each in doubting))


def sentence(doubt: Doubt) -> str:
    """What to say to the owner."""
    way = "ahead" if doubt.ahead_ms > 0 else "behind"
    return (
        f"This machine's clock seems to be {_about(abs(doubt.ahead_ms))} {way}: the nodes of "
        f"{doubt.persons} members say so. Your node goes on and nothing is lost, but what you "
        "write bears a wrong time. Set the clock (sudo timedatectl set-ntp true)."
    )


def of_store(store: Store) -> Doubt | None:
    """What the node of this home has found last, whether it runs or not."""
    kept = get_meta(store.db, _KEY)
    return Doubt(*json.loads(kept)) if kept else None


class Watch:
    """Gathers what is heard while a node runs, and says once when there is doubt."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._heard: dict[bytes, Said] = {}

    def heard(self, person: bytes, says_ms: int) -> None:
        """A device of this person has just said what time it is."""
        if len(self._heard) >= MOST and person not in self._heard:
            self._heard.pop(next(iter(self._heard)))
        self._heard[person] = Said(says_ms, self._store.now_ms())
        before, doubt = of_store(self._store), judge(self._heard.values())
        if doubt is None and before is None:
            return
        if doubt is None and len(self._heard) < ENOUGH:
            return  # too few to take back what an earlier run found
        set_meta(self._store.db, _KEY, json.dumps(doubt) if doubt else "")
        if doubt is not None and before is None:
            logger.warning("%s", sentence(doubt))
        elif doubt is None:
            logger.info("This machine's clock agrees with the other members' again.")


def _about(milliseconds: int) -> str:
    hours = round(milliseconds / 3_600_000)
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"
