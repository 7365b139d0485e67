"""The first steps in a new home: which of them remain.

What remains is kept in the home, so nothing is lost on reload or with the program's end. A step
that its owner has taken elsewhere, such as the first listing, is done wherever it was taken.
"""

from __future__ import annotations

from node.home import Home
from storage.database import get_meta, set_meta
from storage.store import Store

RECOVERY, LISTING, INVITE = "recovery", "listing", "invite"
STEPS = (RECOVERY, LISTING, INVITE)  # after the first step, which made the home
ALL = len(STEPS) + 1
META = "welcome"  # the steps that remain, spaces between; absent or empty when none does


def begin(home: Home) -> None:
    """A home was just made: all steps remain."""
    set_meta(home.store.db, META, " ".join(STEPS))


def end(home: Home) -> None:
    """No step remains, as for somebody who leaves."""
    set_meta(home.store.db, META, "")


def remaining(store: Store) -> tuple[str, ...]:
    """The steps that are neither taken nor put off, in order."""
    kept = get_meta(store.db, META)
    if not kept:
        return ()
    steps = tuple(step for step in STEPS if step in kept.split())
    if LISTING in steps and _has_listing(store):
        return tuple(step for step in steps if step != LISTING)
    return steps


def done(home: Home, step: str) -> None:
    """This step is taken, or put off for good."""
    rest = [each for each in remaining(home.store) if each != step]
    set_meta(home.store.db, META, " ".join(rest))


def number(step: str) -> int:
    """Where a step stands among ALL; the first one made the home."""
    return STEPS.index(step) + 2


def _has_listing(store: Store) -> bool:
    """Whether there is an own listing or draft."""
    (found,) = store.db.execute(
        "SELECT EXISTS (SELECT 1 FROM draft) OR EXISTS (SELECT 1 FROM listing"
        " JOIN log ON log.no = listing.log_no JOIN device ON device.no = log.device_no"
        " WHERE device.key = ?)",
        [store.device],
    ).fetchone()
    return bool(found)
