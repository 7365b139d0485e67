"""The teller's duty with one teller: certify what the charter's policy makes due, unasked.

Everything here acts by this node's own clock. The certificate is on disk before anybody sees it,
under the write lock, so that one teller never signs two of one height.
"""

from __future__ import annotations

import logging
from typing import Any

from governance.membership import Due, due
from governance.roll import MEMBER, Roll, admit
from protocol.certificates import Certificate
from protocol.codec import Plain, decode
from protocol.errors import Invalid, Refused
from protocol.keys import Signer
from storage import certificates
from storage.standing import assess, settle
from storage.store import Store

logger = logging.getLogger("moothall.teller")


def is_teller(store: Store) -> bool:
    """Whether this home's device holds the one teller's seat."""
    state = certificates.current(store)
    return state is not None and [seat.device for seat in state.tellers] == [store.device]


def certify_due(store: Store, signer: Signer) -> list[Certificate]:
    """Certify what is due now; the certificates made, newest last.

    A home that turned out to be a copy certifies nothing: its chain may be behind the real one.
    """
    made: list[Certificate] = []
    while True:
        if not is_teller(store) or _copied(store) or not _decision(store):
            return made  # the write lock is taken only when there is something to write
        with store.transaction():
            decision = _decision(store)
            if not decision:
                return made
            try:
                made.append(certificates.certify(store, signer, "roll", decision))
            except (Refused, Invalid) as error:
                logger.warning("a roll certificate could not be made: %s", error)
                return made
            settle(store)


def _copied(store: Store) -> bool:
    row = store.db.execute("SELECT 1 FROM meta WHERE key = 'copied'").fetchone()
    return row is not None


def _decision(store: Store) -> dict[str, Plain]:
    state = certificates.current(store)
    charter = certificates.charter(store)
    assessed = assess(store)
    if state is None or charter is None or assessed is None:
        return {}
    facts, standing = assessed
    policy = charter.membership
    leaving = _leaving(store, state.roll)
    seen = {row[0]: row[1] / 1000 for row in store.db.execute("SELECT record, at_ms FROM seen")}
    found: Due = due(
        state.roll,
        standing,
        facts,
        vouches=policy.vouches,
        probation_s=policy.probation_s,
        max_members=policy.max_members,
        invite_s=policy.invite_s,
        seen=seen,
        leaves=leaving,
        now=store.now_ms() / 1000,
    )
    decision: dict[str, Any] = {
        "admit": [
            admit(
                guest.person,
                guest.joining.device,
                guest.inviter,
                (guest.invitation.device, guest.invitation.slot, guest.invitation.round),
                guest.joining.record,
            )
            for guest in found.admit
        ],
        "enrol": [[item.person, item.device, item.record] for item in found.enrol],
        "expire": [[item.device, item.slot, item.round] for item in found.expire],
        "leave": [[person, *leaving[person]] for person in found.leave],
    }
    return {key: value for key, value in decision.items() if value}


def _leaving(store: Store, roll: Roll) -> dict[bytes, tuple[bytes, list[Plain]]]:
    """Members who wrote that they go: person -> (record, heads). The last teller can't."""
    found: dict[bytes, tuple[bytes, list[Plain]]] = {}
    state = certificates.current(store)
    tellers = {seat.person for seat in state.tellers} if state else set()
    for device, heads, record in store.db.execute(
        "SELECT device, heads, record FROM leaving ORDER BY log_no, seq"
    ):
        person = roll.person_of(device)
        if (
            person is not None
            and person not in found
            and person not in tellers
            and roll.persons[person].standing == MEMBER
            and roll.is_member_device(device)
        ):
            named = decode(heads, limit=64 * 1024)
            own = set(roll.persons[person].devices)
            if isinstance(named, list):
                found[person] = (
                    record,
                    [each for each in named if isinstance(each, list) and each[0] in own],
                )
    return found
