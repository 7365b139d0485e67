"""Who belongs provisionally, and what the one teller's node is due to certify.

Both are pure functions of the certified state and of facts read from admissible `gov` records,
so every node that holds the same comes to the same. Nothing is inferred from absence except that
a contested slot without a `confirm` stands for nobody until a certificate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from governance.roll import MEMBER, Roll

CANDIDATE, PROVISIONAL, CERTIFIED, RETIRED, GONE = 0, 1, 2, 3, 4
"""Standing of a device. CANDIDATE: in no view. RETIRED: cut, its person is still a member.
GONE: cut, its person left or was removed; what stands of its logs is history, not on offer."""
MOST_DEVICES = 5  # of one person at a time; each may invite, so they are few
ON_OFFER = (PROVISIONAL, CERTIFIED, RETIRED)

MOST_ADMITTED, MOST_ENROLLED, MOST_EXPIRED, MOST_LEAVING, MOST_CITED = 100, 100, 200, 4, 100
"""What one certificate takes on, so that it fits its 64 KiB whatever members write; a leaver may
name 64 heads. The rest is due again at once."""


class Enrolment(NamedTuple):
    """A device's `gov` log begins with this person's valid enrolment."""

    device: bytes
    person: bytes
    record: bytes


class Invitation(NamedTuple):
    """`record` offers (device, slot, round)."""

    record: bytes
    device: bytes
    slot: int
    round: int


class Joining(NamedTuple):
    """A join with a valid proof for the invitation record `invite`."""

    record: bytes
    device: bytes
    person: bytes
    invite: bytes


class Confirmation(NamedTuple):
    """The inviting device's confirm, at `seq` of its `gov` log."""

    device: bytes
    seq: int
    slot: int
    round: int
    join: bytes


class Vouching(NamedTuple):
    """`record`, by a device of the member `by`, stands up for `person`."""

    record: bytes
    by: bytes
    person: bytes


class Facts(NamedTuple):
    """What the admissible `gov` logs say about membership."""

    enrolments: list[Enrolment]
    invitations: list[Invitation]
    joinings: list[Joining]
    confirmations: list[Confirmation]


class Guest(NamedTuple):
    """A person who is provisional through this join on an invitation of `inviter`."""

    person: bytes
    inviter: bytes
    joining: Joining
    invitation: Invitation


class Standings(NamedTuple):
    """`devices`: device -> (standing, person); `contested`: slots with several joins, unsettled."""

    devices: dict[bytes, tuple[int, bytes]]
    guests: dict[bytes, Guest]
    contested: dict[tuple[bytes, int, int], list[Joining]]


def standings(roll: Roll, slots: int, facts: Facts) -> Standings:
    """Every known device's standing. `slots` is the charter's number of invitation slots."""
    devices: dict[bytes, tuple[int, bytes]] = {}
    for key, person in roll.persons.items():
        for device in person.devices:
            if person.standing != MEMBER:
                devices[device] = (GONE, key)
            else:
                devices[device] = (RETIRED if roll.is_cut(device) else CERTIFIED, key)
    invitations = {
        item.record: item
        for item in facts.invitations
        if item.slot < slots
        and devices.get(item.device, (0, b""))[0] == CERTIFIED
        and roll.rounds.get((item.device, item.slot), 0) == item.round
    }
    guests, contested = _guests(roll, invitations, facts, devices)
    count = Counter(person for standing, person in devices.values() if standing == CERTIFIED)
    joined = {guest.joining.device for guest in guests.values()}
    # A person's own further devices: the one that joined first, then by record id, up to a limit.
    # Grinding an id only chooses among one's own devices.
    for enrolment in sorted(facts.enrolments, key=lambda e: (e.device not in joined, e.record)):
        if enrolment.device in devices:
            continue
        owner = roll.persons.get(enrolment.person)
        known = enrolment.person in guests or (owner is not None and owner.standing == MEMBER)
        known = known and count[enrolment.person] < MOST_DEVICES
        count[enrolment.person] += known
        standing = PROVISIONAL if known else CANDIDATE
        devices[enrolment.device] = (standing, enrolment.person)
    return Standings(devices, guests, contested)


def _guests(
    roll: Roll,
    invitations: Mapping[bytes, Invitation],
    facts: Facts,
    devices: Mapping[bytes, tuple[int, bytes]],
) -> tuple[dict[bytes, Guest], dict[tuple[bytes, int, int], list[Joining]]]:
    """The provisional persons, and the slots on which several joins stand unconfirmed."""
    by_slot: dict[tuple[bytes, int, int], list[Joining]] = {}
    for joining in facts.joinings:
        invitation = invitations.get(joining.invite)
        member = roll.persons.get(joining.person)
        if invitation is None or (member is not None and member.standing == MEMBER):
            continue
        if joining.device in devices:
            continue  # on the roll before: who comes back comes with a new device
        slot = (invitation.device, invitation.slot, invitation.round)
        by_slot.setdefault(slot, []).append(joining)
    meant = {}
    for item in sorted(facts.confirmations, key=lambda c: (c.seq, c.join), reverse=True):
        meant[item.device, item.slot, item.round] = item.join  # the first one written wins
    guests: dict[bytes, Guest] = {}
    contested = {}
    for slot, joinings in sorted(by_slot.items()):
        if slot in meant:
            chosen = [joining for joining in joinings if joining.record == meant[slot]]
        elif len(joinings) == 1:
            chosen = joinings
        else:
            contested[slot] = sorted(joinings)
            continue
        for joining in chosen:
            inviter = devices[slot[0]][1]
            guest = Guest(joining.person, inviter, joining, invitations[joining.invite])
            # One person on two slots: the lower join id only says through whom they came.
            if (
                joining.person not in guests
                or joining.record < guests[joining.person].joining.record
            ):
                guests[joining.person] = guest
    return guests, contested


class Prospect(NamedTuple):
    """A guest on the way to the roll, as far as others stand up for them."""

    guest: Guest
    vouched: dict[bytes, bytes]  # member, besides the inviter -> record, the lowest id of theirs
    needed: int  # vouches, the inviter's included

    @property
    def missing(self) -> int:
        """How many vouches are still to come; an invitation is its inviter's."""
        return max(0, self.needed - 1 - len(self.vouched))


def prospects(
    roll: Roll, standing: Standings, vouchings: Iterable[Vouching], vouches: int
) -> list[Prospect]:
    """Every guest with what members say of them, in the order of admission.

    `vouches` is what the charter asks for; who is the only member, or one of two, can't bring
    more people than there are. A vouch that an earlier admission rests on is used up by it, so
    who was removed does not come back on it.
    """
    members = {key for key, person in roll.persons.items() if person.standing == MEMBER}
    said: dict[bytes, dict[bytes, bytes]] = {}
    for item in sorted(vouchings):
        if item.by in members and item.by != item.person and item.record not in roll.cited:
            said.setdefault(item.person, {}).setdefault(item.by, item.record)
    needed = min(vouches, len(members))
    return [
        Prospect(
            guest,
            {
                by: record
                for by, record in said.get(guest.person, {}).items()
                if by != guest.inviter
            },
            needed,
        )
        for guest in sorted(standing.guests.values(), key=lambda g: g.joining.record)
    ]


class Due(NamedTuple):
    """What a roll certificate should say now; empty lists when nothing is due.

    `governance.roll.after_roll` can always carry it out, and it fits a certificate. `cite`: the
    vouches that the admissions rest on.
    """

    admit: list[Guest]
    enrol: list[Enrolment]
    expire: list[Invitation]
    leave: list[bytes]
    cite: list[bytes]


def due(
    roll: Roll,
    standing: Standings,
    facts: Facts,
    *,
    vouchings: Iterable[Vouching],
    vouches: int,
    probation_s: int,
    max_members: int,
    invite_s: int,
    exit_s: int,
    seen: Mapping[bytes, float],
    leaves: Mapping[bytes, bytes],
    now: float,
) -> Due:
    """What the teller's own clock and the charter's policy make due.

    `seen`: record id -> when this teller first held it (seconds). An invitation is its inviter's
    vouch; `vouchings` are those of others. `leaves`: person -> the record by which they go.
    """
    members = sum(1 for person in roll.persons.values() if person.standing == MEMBER)
    admit: list[Guest] = []
    cite: list[bytes] = []
    for each in prospects(roll, standing, vouchings, vouches):
        guest, used = each.guest, list(each.vouched.values())[:MOST_CITED]
        waited = now - seen.get(guest.joining.record, now)
        room = len(admit) < min(MOST_ADMITTED, max_members - members)
        room = room and len(cite) + len(used) <= MOST_CITED
        if not each.missing and waited >= probation_s and room:
            admit.append(guest)
            cite += used
    admitted = {guest.joining.device for guest in admit}
    taken = {(guest.invitation.device, guest.invitation.slot) for guest in standing.guests.values()}
    enrol = [
        item
        for item in sorted(facts.enrolments)
        if standing.devices.get(item.device) == (PROVISIONAL, item.person)
        and item.device not in admitted
        and item.person in roll.persons
        and roll.persons[item.person].standing == MEMBER
    ]
    expire = {
        (item.device, item.slot): item
        for item in sorted(facts.invitations, reverse=True)
        if (item.device, item.slot) not in taken
        and roll.rounds.get((item.device, item.slot), 0) == item.round
        and standing.devices.get(item.device, (0, b""))[0] == CERTIFIED
        and now - seen.get(item.record, now) >= invite_s
    }
    leave = [
        person
        for person, record in sorted(leaves.items())
        if person in roll.persons
        and roll.persons[person].standing == MEMBER
        and now - seen.get(record, now) >= exit_s
    ]
    return Due(
        admit,
        enrol[:MOST_ENROLLED],
        list(expire.values())[:MOST_EXPIRED],
        leave[:MOST_LEAVING],
        cite,
    )
