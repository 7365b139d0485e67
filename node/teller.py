"""The teller's duties with one teller: certify what the charter makes due, unasked.

Everything here acts by this node's own clock. Each step is one durable transaction, begun from
what is on disk, so a node that is killed between any two goes on where it was. A certificate is
on disk before anybody sees it, under the write lock: one teller never signs two of one height.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple

from node.tellership import receipts, roll, votes
from node.tellership.votes import Step
from protocol.certificates import Certificate
from protocol.errors import Invalid, Refused
from protocol.keys import Signer
from storage import certificates
from storage.standing import settle
from storage.store import Store

logger = logging.getLogger("moothall.teller")

MOST_STEPS = 1000  # in a row; a fault of ours must not hold up the node


class Acted(NamedTuple):
    """What was done: certificates made, newest last, and whether records of one's own were."""

    certificates: list[Certificate]
    records: bool

    def __bool__(self) -> bool:
        return bool(self.certificates) or self.records


def is_teller(store: Store) -> bool:
    """Whether this home's device holds the one teller's seat."""
    state = certificates.current(store)
    return state is not None and [seat.device for seat in state.tellers] == [store.device]


def has_duties(store: Store) -> bool:
    """Whether this device is teller now, or still is for a vote that began under it."""
    return is_teller(store) or bool(receipts.rounds(store))


def act(store: Store, signer: Signer) -> Acted:
    """Do everything that is due now.

    A home that turned out to be a copy does nothing: its chain may be behind the real one.
    """
    acted = Acted([], records=False)
    if _copied(store) or not has_duties(store):
        return acted
    for _ in range(MOST_STEPS):
        wrote = receipts.write_due(store, signer)
        acted = acted._replace(records=acted.records or wrote)
        made = _certify(store, signer)
        if made is not None:
            acted.certificates.append(made)
        elif not wrote:
            return acted
    logger.error("more than %s steps were due at once; the rest waits", MOST_STEPS)
    return acted


def _certify(store: Store, signer: Signer) -> Certificate | None:
    """Make the next certificate that is due, if any."""
    if not is_teller(store):
        return None
    for find in (_roll_step, votes.next_step):
        if find(store) is None:
            continue  # the write lock is taken only when there is something to write
        made = _make(store, signer, find)
        if made is not None:
            return made
    return None


def _make(
    store: Store, signer: Signer, find: Callable[[Store], Step | None]
) -> Certificate | None:
    try:
        with store.transaction():
            step = find(store)
            if step is None:
                return None
            made = certificates.certify(store, signer, step.kind, step.decision)
            settle(store)
            return made
    except (Refused, Invalid) as error:
        logger.warning("a certificate could not be made: %s", error)
        return None


def _roll_step(store: Store) -> Step | None:
    decision = roll.decision(store)
    return Step("roll", decision) if decision else None


def next_look(store: Store) -> float | None:
    """Seconds until a deadline may make something due; None when only news can."""
    when = votes.next_deadline(store)
    return None if when is None else max(0.0, when - store.now_ms() / 1000)


def _copied(store: Store) -> bool:
    row = store.db.execute("SELECT 1 FROM meta WHERE key = 'copied'").fetchone()
    return row is not None
