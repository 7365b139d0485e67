"""Who comes, goes and is listed: the next `roll` certificate, by the charter's policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from governance.certified import Certified
from governance.membership import Due, due
from governance.roll import MEMBER, admit
from governance.tellers import hold_back
from node.tellership import retiring
from node.tellership.sparing import as_good, spared
from protocol.codec import Plain, decode, encode
from storage import certificates
from storage.newcomers import vouchings
from storage.standing import assess
from storage.store import Store


def decision(store: Store) -> dict[str, Plain]:
    """What the next `roll` certificate should say; empty when nothing is due."""
    state = certificates.current(store)
    charter = certificates.charter(store)
    assessed = assess(store)
    if state is None or charter is None or assessed is None:
        return {}
    facts, standing = assessed
    policy = charter.membership
    leaving = _leaving(store, state)
    seen = {row[0]: row[1] / 1000 for row in store.db.execute("SELECT record, at_ms FROM seen")}
    found: Due = due(
        state.roll,
        standing,
        facts,
        vouchings=vouchings(store),
        vouches=policy.vouches,
        probation_s=policy.probation_s,
        max_members=policy.max_members,
        invite_s=policy.invite_s,
        exit_s=policy.exit_s,
        seen=seen,
        leaves={person: record for person, (record, _) in leaving.items()},
        now=store.now_ms() / 1000,
    )
    going = list(found.leave)

    def waits(device: bytes) -> bool:
        """Whether a device has a teller's seat that can't be given up in the same certificate."""
        seats = [seat.person for seat in state.tellers if seat.device == device]
        if any(hold_back(state, going, person) for person in seats):
            return True
        going.extend(seats)
        return False

    retired, rests_on = retiring.due(store, state, {e.device: e.person for e in found.enrol}, waits)
    found_due: dict[str, Any] = {
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
        "retire": retired,
        "cite": [*found.cite, *rests_on],
    }
    return {key: value for key, value in found_due.items() if value}


def acceptable(store: Store, theirs: Mapping[str, Any]) -> bool:
    """Whether all of another teller's roll decision is due here, and rests on what it has to.

    It may leave out what that teller does not hold yet. But a record that it cites is used up, so
    it cites none without the line that rests on it, and no line without enough of them.
    """
    mine: Mapping[str, Any] = decision(store)
    for key, lines in theirs.items():
        own = mine.get(key, [])
        if not lines or not all(_is_due(store, key, line, own) for line in lines):
            return False
    vouched = {each.record: each.person for each in vouchings(store)}
    retired = [line[0] for line in mine.get("retire", [])]
    rests_on = mine.get("cite", [])[-len(retired) :] if retired else []
    reasons = {**vouched, **dict(zip(rests_on, retired, strict=True))}
    cited = Counter(reasons.get(record) for record in set(theirs.get("cite", [])))
    needed = dict.fromkeys((line[0] for line in theirs.get("retire", [])), 1)
    for line in theirs.get("admit", []):
        needed[line[0]] = _vouches(store) if line[2] is not None else 0
    return cited.keys() <= needed.keys() and all(cited[key] >= n for key, n in needed.items())


def _is_due(store: Store, key: str, line: Any, mine: Iterable[Any]) -> bool:
    """Whether a line is one of mine, but for how far a cut spares what binds others."""
    if key not in ("leave", "retire"):
        return encode(line) in map(encode, mine)
    return any(line[:-1] == own[:-1] and as_good(store, line[-1], own[-1]) for own in mine)


def _vouches(store: Store) -> int:
    """How many vouches of others somebody needs whom a member has invited."""
    state, charter = certificates.current(store), certificates.charter(store)
    assert state is not None and charter is not None  # noqa: S101 - something is due
    return min(charter.membership.vouches, len(state.members())) - 1


def _leaving(store: Store, state: Certified) -> dict[bytes, tuple[bytes, list[Plain]]]:
    """Members who wrote that they go: person -> (record, heads). Tellers may have to wait."""
    found: dict[bytes, tuple[bytes, list[Plain]]] = {}
    roll = state.roll
    for device, heads, record in store.db.execute(
        "SELECT device, heads, record FROM leaving ORDER BY record"  # the same with all tellers
    ):
        person = roll.person_of(device)
        if (
            person is not None
            and person not in found
            and not hold_back(state, list(found), person)
            and roll.persons[person].standing == MEMBER
            and roll.is_member_device(device)
        ):
            named = decode(heads, limit=64 * 1024)
            own = set(roll.persons[person].devices)
            if isinstance(named, list):
                theirs = [each for each in named if isinstance(each, list) and each[0] in own]
                found[person] = (record, spared(store, theirs, own, record))
    return found
