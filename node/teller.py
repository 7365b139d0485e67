"""A teller's duties: certify what the charter makes due, unasked.

Everything here acts by this node's own clock. Each step is one durable transaction, begun from
what is on disk, so a node that is killed between any two goes on where it was. The one teller
certifies alone: a certificate is on disk before anybody sees it, under the write lock, so it never
signs two of one height. One of several says its part in the agreement (`tellership.agreeing`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

from node.tellership import agreeing, handover, receipts, roll, votes
from node.tellership.votes import Step
from protocol.certificates import Certificate
from protocol.errors import Invalid, Refused
from protocol.keys import Signer
from protocol.teller_messages import Message
from storage import certificates
from storage.standing import settle
from storage.store import Store

logger = logging.getLogger("moothall.teller")

MOST_STEPS = 25  # in a row: each is on disk before the next, and pages wait meanwhile


class Acted(NamedTuple):
    """What was done: certificates made, newest last, whether records of one's own were, and what
    was said to the other tellers.
    """

    certificates: list[Certificate]
    records: bool
    words: list[Message]

    def __bool__(self) -> bool:
        return bool(self.certificates or self.words) or self.records


def is_teller(store: Store) -> bool:
    """Whether this home's device holds a teller's seat."""
    state = certificates.current(store)
    return state is not None and store.device in {seat.device for seat in state.tellers}


def _is_alone(store: Store) -> bool:
    """Whether this home's device holds the one teller's seat."""
    state = certificates.current(store)
    return state is not None and [seat.device for seat in state.tellers] == [store.device]


def has_duties(store: Store) -> bool:
    """Whether this device is teller now, or still is for a vote that began under it."""
    return not _copied(store) and (is_teller(store) or bool(receipts.rounds(store)))


def act(store: Store, signer: Signer, *, speaks: bool = True) -> Acted:
    """Do what is due now, MOST_STEPS at the most: whoever did something is called again.

    A home that turned out to be a copy does nothing: its chain may be behind the real one. Where
    not `speaks`, nothing is said to other tellers.
    """
    acted = Acted([], records=False, words=[])
    if not has_duties(store):
        return acted
    for _ in range(MOST_STEPS):
        wrote = receipts.write_due(store, signer) or handover.say_present(store, signer)
        acted = acted._replace(records=acted.records or wrote)
        height = certificates.tip(store)[0]
        if _is_alone(store):
            _certify(store, signer)
        elif speaks:
            acted.words.extend(agreeing.speak(store, signer, due))
        made = certificates.above(store, height)
        acted.certificates.extend(made)
        if not made and not wrote:
            break
    return acted


def _certify(store: Store, signer: Signer) -> Certificate | None:
    """Make the next certificate that is due and can be made, if any."""
    if next(due(store), None) is None:
        return None  # the write lock is taken only when there is something to write
    for failed in range(agreeing.MOST_FAILED):  # a step that can't be made does not hold up others
        try:
            with store.transaction():
                step = next(islice(due(store), failed, None), None)
                if step is None:
                    return None
                made = certificates.certify(store, signer, step.kind, step.decision)
                settle(store)
                return made
        except Invalid as error:
            logger.warning("a certificate could not be made: %s", error)
        except Refused as error:  # the seat is not ours, or it is halted
            logger.warning("nothing can be certified: %s", error)
            return None
    return None


def due(store: Store) -> Iterator[Step]:
    """The certificates that are due, the most pressing first."""
    return chain(handover.steps(store), _roll_step(store), votes.steps(store))


def _roll_step(store: Store) -> Iterator[Step]:
    decision = roll.decision(store)
    if decision:
        yield Step("roll", decision)


def next_look(store: Store, since: float, *, speaks: bool = True) -> float | None:
    """Seconds until a deadline may make something due; None when only news can.

    `since` is when `act` began, in seconds since 1970: it has done what could be done by then.
    `speaks` as there.
    """
    now = store.now_ms() / 1000
    times = (votes.next_deadline(store, since), handover.next_look(store, since))
    pauses = [
        agreeing.next_look(store, due) if speaks else None,
        *(None if when is None else max(0.0, when - now) for when in times),
    ]
    return min((each for each in pauses if each is not None), default=None)


def _copied(store: Store) -> bool:
    row = store.db.execute("SELECT 1 FROM meta WHERE key = 'copied'").fetchone()
    return row is not None
