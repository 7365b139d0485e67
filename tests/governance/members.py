"""Rolls and facts about named people, for the tests of membership."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from governance.certified import Certified, Version
from governance.membership import (
    Confirmation,
    Due,
    Enrolment,
    Facts,
    Invitation,
    Joining,
    Standings,
    Vouching,
    due,
    standings,
)
from governance.roll import LEFT, MEMBER, Person, Roll, admit
from protocol.certificates import Seat
from tests.protocol.people import COMMUNITY, h

SLOTS = 5
DAY = 86_400.0


def key(name: str) -> bytes:
    return h("person", name)


def dev(name: str, number: int = 1) -> bytes:
    return h("device", name, number)


def member(name: str, *more: bytes, standing: str = MEMBER) -> tuple[bytes, Person]:
    devices = dict.fromkeys([dev(name), *more], 0)
    return key(name), Person(inviter=None, since=0, standing=standing, devices=devices)


ROLL = Roll(persons=dict([member("ana"), member("ben")]))


def enrolment(name: str, number: int = 1) -> Enrolment:
    return Enrolment(dev(name, number), key(name), h("enrol", name, number))


def invitation(by: str, slot: int, round_: int = 0, again: int = 0) -> Invitation:
    return Invitation(h("invite", by, slot, round_, again), dev(by), slot, round_)


def joining(name: str, by: Invitation, number: int = 1) -> Joining:
    record = h("join", name, number, by.record.hex())
    return Joining(record, dev(name, number), key(name), by.record)


def confirm(by: str, invite: Invitation, who: Joining, seq: int = 9) -> Confirmation:
    return Confirmation(dev(by), seq, invite.slot, invite.round, who.record)


def facts(*items: Any) -> Facts:
    """Facts from anything above, in this order."""

    def only(kind: type[Any]) -> list[Any]:
        return [item for item in items if isinstance(item, kind)]

    return Facts(only(Enrolment), only(Invitation), only(Joining), only(Confirmation))


def standing(found: Standings, name: str, number: int = 1) -> int | None:
    return found.devices.get(dev(name, number), (None, b""))[0]


def vouching(by: str, who: str, number: int = 1) -> Vouching:
    return Vouching(h("vouch", by, who, number), key(by), key(who))


def leaving(*names: str) -> dict[bytes, bytes]:
    """Who goes, and by which record."""
    return {key(name): h("leave", key(name)) for name in names}


FOR_EVA = invitation("ana", 0)
EVA = joining("eva", FOR_EVA)
DAN = joining("dan", FOR_EVA)
KNOWN = [enrolment("ana"), enrolment("ben"), FOR_EVA]


NAMES = ["ana", "ben", "eva", "dan", "fay"]
invites = st.builds(
    invitation, st.sampled_from(NAMES), st.integers(0, 2), st.integers(0, 1), st.integers(0, 1)
)


@st.composite
def villages(draw: st.DrawFn) -> tuple[Roll, list[Any]]:
    """A roll and facts, sound or not, as a hostile member may write them."""
    lines = {}
    cuts: dict[tuple[bytes, int], tuple[int, bytes]] = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1)):
        left = draw(st.booleans()) and name != "ana"
        lines.update([member(name, standing=LEFT if left else MEMBER)])
        if left or draw(st.integers(0, 4)) == 0:
            cuts |= {(dev(name), lane): (0, bytes(32)) for lane in range(3)}
    rounds = draw(
        st.dictionaries(
            st.tuples(st.sampled_from([dev(name) for name in NAMES]), st.integers(0, 2)),
            st.integers(0, 1),
        )
    )
    offered = draw(st.lists(invites, unique=True, max_size=6))
    items: list[Any] = [*offered]
    joins = [
        joining(name, draw(st.sampled_from(offered)), draw(st.integers(1, 2)))
        for name in draw(st.lists(st.sampled_from(NAMES), max_size=6))
        if offered
    ]
    items += set(joins)
    items += {enrolment(name, n) for name in NAMES for n in (1, 2) if draw(st.booleans())}
    for number, who in enumerate(joins):
        if draw(st.booleans()):
            by = draw(st.sampled_from(offered))
            items.append(Confirmation(by.device, number, by.slot, by.round, who.record))
    return Roll(persons=lines, rounds=rounds, cuts=cuts), items


def what_is_due(roll: Roll, known: Facts, **other: Any) -> Due:
    policy: dict[str, Any] = {
        "vouchings": [],
        "vouches": 1,
        "probation_s": 0,
        "max_members": 100,
        "invite_s": 14 * DAY,
        "exit_s": 0,
        "seen": {},
        "leaves": {},
        "now": 100 * DAY,
    }
    return due(roll, standings(roll, SLOTS, known), known, **(policy | other))


def decision(found: Due) -> dict[str, Any]:
    """The decision that the teller's node writes."""
    lines = {
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
        "leave": [[person, h("leave", person), []] for person in found.leave],
        "cite": found.cite,
    }
    return {name: items for name, items in lines.items() if items}


def state(roll: Roll) -> Certified:
    return Certified(
        community=COMMUNITY,
        height=7,
        id=h("tip"),
        versions=(Version(number=1, height=-1, at=0, hash=h("charter"), data={}),),
        tellers=(Seat(key("ana"), dev("ana")),),
        roll=roll,
    )
