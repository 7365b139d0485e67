"""The times that deadlines count from, by this node's own clock.

A certificate may claim any time. One far off would keep a vote from ever going on, so no time
counts as later than when this node came to hold the certificate. Where there are several tellers
nobody counts from claims at all, only from when the certificate came: one of them alone must not
shorten a vote by an early time.
"""

from __future__ import annotations

from dataclasses import replace

from governance.certified import Certified, Vote
from storage.store import Store


def by_our_clock(store: Store, state: Certified, vote: Vote, now: float) -> Vote:
    """The vote with the times of its newest round, and its own, as this node counts them."""
    last = vote.round
    several = len(state.tellers if last is None else last.tellers) > 1
    claimed = (vote.at, 0 if last is None else max(last.at, last.closed_at or 0))
    if not several and max(claimed) <= now:
        return vote
    rounds = vote.rounds
    if last is not None:
        closed = last.closed_at
        if closed is not None:
            closed = _counted(store, last.close, closed, several)
        begun = replace(last, at=_counted(store, last.open, last.at, several), closed_at=closed)
        rounds = (*rounds[:-1], begun)
    return replace(vote, at=_counted(store, vote.opened, vote.at, several), rounds=rounds)


def _counted(store: Store, certificate: bytes | None, at: int, several: bool) -> int:
    row = store.db.execute(
        "SELECT received_ms FROM certificate WHERE id = ?", [certificate]
    ).fetchone()
    if row is None:
        return at
    came = int(row[0]) // 1000
    return came if several else min(at, came)
