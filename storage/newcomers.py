"""Who is on the way to the roll, as this node knows it: vouches so far, and how long it takes."""

from __future__ import annotations

from typing import NamedTuple

from governance.membership import Prospect, Vouching, prospects
from storage import assembly, certificates
from storage.standing import assess
from storage.store import Store


class Newcomer(NamedTuple):
    """A provisional person. `due_ms`: when probation ends by this node's clock; None for none."""

    person: bytes
    inviter: bytes
    vouched: tuple[bytes, ...]  # members who stand up for them, besides the inviter
    needed: int  # vouches, the inviter's included
    missing: int
    due_ms: int | None


def vouchings(store: Store) -> list[Vouching]:
    """Every vouch by somebody who is or was on the roll."""
    return [
        Vouching(motion.record, motion.person, motion.about)
        for motion in assembly.motions(store, "vouch")
    ]


def newcomers(store: Store) -> list[Newcomer]:
    """All provisional persons, in the order of admission."""
    state, charter, assessed = (
        certificates.current(store),
        certificates.charter(store),
        assess(store),
    )
    if state is None or charter is None or assessed is None:
        return []
    policy = charter.membership
    found = prospects(state.roll, assessed[1], vouchings(store), policy.vouches)
    return [_newcomer(store, each, policy.probation_s) for each in found]


def _newcomer(store: Store, each: Prospect, probation_s: int) -> Newcomer:
    row = store.db.execute(
        "SELECT at_ms FROM seen WHERE record = ?", [each.guest.joining.record]
    ).fetchone()
    due_ms = row[0] + probation_s * 1000 if probation_s and row is not None else None
    return Newcomer(
        person=each.guest.person,
        inviter=each.guest.inviter,
        vouched=tuple(sorted(each.vouched)),
        needed=each.needed,
        missing=each.missing,
        due_ms=due_ms,
    )
