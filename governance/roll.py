"""The roll: who belongs, and what `roll` and `remove` decisions make of it.

Pure values: the certificate chain is folded in `governance.folding`. Each certificate names the
hash of the roll it leads to, so a fold that differs is noticed at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import cbor2

from protocol.certificates import Seat
from protocol.codec import Plain
from protocol.errors import Invalid
from protocol.kinds.invite import MAX_SLOTS
from protocol.records import LANES, ZERO
from protocol.shape import head

Slot = tuple[bytes, int]  # (inviting device, slot number)
Log = tuple[bytes, int]  # (device, lane)
Cut = tuple[int, bytes]  # (last seq that stands, its id); (0, zeros) for nothing

MEMBER, LEFT, REMOVED = "member", "left", "removed"
EMPTY: Cut = (0, ZERO)
MOST_HEADS = 64  # places that one line of a decision names
_PARTS = {"admit", "enrol", "expire", "leave", "retire", "cite"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One line of the roll. `devices`: device key -> height at which it was listed."""

    inviter: bytes | None
    since: int
    standing: str
    devices: Mapping[bytes, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Roll:
    """The certified list of members, the rounds of their invitation slots, and the cut logs."""

    persons: Mapping[bytes, Person] = field(default_factory=dict)
    rounds: Mapping[Slot, int] = field(default_factory=dict)
    cuts: Mapping[Log, Cut] = field(default_factory=dict)
    cited: frozenset[bytes] = frozenset()  # ids of records that certificates rest on

    def person_of(self, device: bytes) -> bytes | None:
        """The person whose certified device this is or was."""
        for key, person in self.persons.items():
            if device in person.devices:
                return key
        return None

    def is_member_device(self, device: bytes) -> bool:
        """Whether this device may act for a member now."""
        key = self.person_of(device)
        return key is not None and self.persons[key].standing == MEMBER and not self.is_cut(device)

    def is_cut(self, device: bytes) -> bool:
        """Whether this device was retired, or its person left or was removed."""
        return (device, 0) in self.cuts

    def root(self) -> bytes:
        """The hash that a certificate names: over persons, rounds and cuts in order of keys."""
        persons = [
            [
                key,
                person.inviter,
                person.since,
                person.standing,
                [[device, height] for device, height in sorted(person.devices.items())],
            ]
            for key, person in sorted(self.persons.items())
        ]
        rounds = [[*slot, number] for slot, number in sorted(self.rounds.items())]
        cuts = [[*log, *cut] for log, cut in sorted(self.cuts.items())]
        # Lists of keys and numbers alone are canonical as cbor2 writes them, ten times as fast.
        return sha256(cbor2.dumps([persons, rounds, cuts])).digest()


def after_roll(
    roll: Roll, decision: Mapping[str, Any], *, height: int, community: bytes, founder: Seat
) -> Roll:
    """The roll after a `roll` decision: admit, enrol, expire, leave, retire, in this order.

    `cite` names further records that the decision rests on. Invalid when it can't be carried out.
    `founder` is the seat of whoever may be admitted first, without an inviter.
    """
    before_it = roll
    persons = dict(roll.persons)
    rounds = dict(roll.rounds)
    cuts = dict(roll.cuts)
    cited = set(roll.cited)
    if not decision or set(decision) - _PARTS:
        raise _bad("a roll decision with unknown parts")
    for item in _items(decision, "admit", 5):
        person, device, inviter, slot, record = item
        _keys(person, device, record)
        before = persons.get(person)
        if before is not None and before.standing == MEMBER:
            raise _bad("admits somebody who is a member")
        if any(device in other.devices for other in persons.values()):
            raise _bad("admits a device that was on the roll before")
        if inviter is None:
            if persons or (founder, slot, record) != (Seat(person, device), None, community):
                raise _bad("only the founder comes without an inviter")
        else:
            _keys(inviter)
            used = _slot(slot, rounds)
            if not _may_invite(before_it, inviter, used[0]):
                raise _bad("admits somebody on a slot that is not a member's")
            rounds[used] = rounds.get(used, 0) + 1
        devices = {**(before.devices if before else {}), device: height}
        persons[person] = Person(inviter=inviter, since=height, standing=MEMBER, devices=devices)
        cited.add(record)
    for item in _items(decision, "enrol", 3):
        person, device, record = item
        _keys(person, device, record)
        owner = persons.get(person)
        if owner is None or owner.standing != MEMBER:
            raise _bad("enrols a device of somebody who is no member")
        if any(device in other.devices for other in persons.values()):
            raise _bad("enrols a device that was on the roll before")
        persons[person] = replace(owner, devices={**owner.devices, device: height})
        cited.add(record)
    for item in _items(decision, "expire", 3):
        used = _slot(item, rounds)
        if not any(used[0] in other.devices for other in persons.values()):
            raise _bad("expires a slot of a device that is not on the roll")
        rounds[used] = rounds.get(used, 0) + 1
    for item in _items(decision, "leave", 3):
        person, record, heads = item
        _keys(person, record)
        owner = persons.get(person)
        if owner is None or owner.standing != MEMBER:
            raise _bad("lets somebody leave who is no member")
        persons[person] = replace(owner, standing=LEFT)
        _cut(cuts, owner.devices, heads)
        cited.add(record)
    for item in _items(decision, "retire", 2):
        device, heads = item
        _keys(device)
        if not any(device in other.devices for other in persons.values()):
            raise _bad("retires a device that is not on the roll")
        _cut(cuts, [device], heads)
    named = decision.get("cite", [])
    if type(named) is not list:
        raise _bad("cite has the wrong shape")
    _keys(*named)
    cited.update(named)
    return Roll(persons=persons, rounds=rounds, cuts=cuts, cited=frozenset(cited))


def after_removal(roll: Roll, person: bytes, heads: Any) -> Roll:
    """The roll without `person`: every log of theirs ends where `heads` says, or at nothing."""
    owner = roll.persons.get(person)
    if owner is None or owner.standing != MEMBER:
        raise _bad("removes somebody who is no member")
    cuts = dict(roll.cuts)
    _cut(cuts, owner.devices, heads)
    persons = {**roll.persons, person: replace(owner, standing=REMOVED)}
    return replace(roll, persons=persons, cuts=cuts)


def citing(roll: Roll, *records: bytes) -> Roll:
    """The same roll, resting on these records too."""
    return replace(roll, cited=roll.cited | set(records))


def admit(
    person: bytes,
    device: bytes,
    inviter: bytes | None,
    slot: tuple[bytes, int, int] | None,
    record: bytes,
) -> list[Plain]:
    """One line of a roll decision's `admit`; `record` is the join (or founding) it rests on."""
    return [person, device, inviter, None if slot is None else list(slot), record]


def _cut(cuts: dict[Log, Cut], devices: Mapping[bytes, int] | Sequence[bytes], heads: Any) -> None:
    """Cut every lane of `devices`: where `heads` names a place there, else to nothing."""
    if not isinstance(heads, list) or len(heads) > MOST_HEADS:
        raise _bad("heads that are no list")
    named = {}
    for each in heads:
        device, lane, seq, record = head(each)
        named[device, lane] = (seq, record) if seq else EMPTY
    for device in devices:
        for lane in LANES.values():
            cuts.setdefault((device, lane), named.get((device, lane), EMPTY))


def _may_invite(roll: Roll, inviter: bytes, device: bytes) -> bool:
    """Whether `device` was certified before this certificate and is `inviter`'s, a member."""
    person = roll.persons.get(inviter)
    return (
        person is not None
        and person.standing == MEMBER
        and device in person.devices
        and not roll.is_cut(device)
    )


def _slot(value: Any, rounds: Mapping[Slot, int]) -> Slot:
    if (
        type(value) is not list
        or len(value) != 3
        or type(value[1]) is not int
        or not 0 <= value[1] < MAX_SLOTS
        or type(value[2]) is not int
    ):
        raise _bad("a slot that is not [device, number, round]")
    _keys(value[0])
    used = (value[0], value[1])
    if rounds.get(used, 0) != value[2]:
        raise _bad("a slot whose round is over")
    return used


def _items(decision: Mapping[str, Any], key: str, width: int) -> list[list[Any]]:
    items = decision.get(key, [])
    if type(items) is not list or any(type(i) is not list or len(i) != width for i in items):
        raise _bad(f"{key} has the wrong shape")
    return items


def _keys(*values: object) -> None:
    if any(type(value) is not bytes or len(value) != 32 for value in values):
        raise _bad("a key or id of the wrong length")


def _bad(why: str) -> Invalid:
    return Invalid("bad-certificate", f"a decision that can't be carried out: {why}")
