"""Settling who belongs, after anything in `gov`, the roll or the side set has changed.

`settle` reads the facts, asks `governance.membership`, and tells the views which devices came or
went. It is a function of what is held, so calling it once too often changes nothing.
"""

from __future__ import annotations

from governance.membership import (
    CANDIDATE,
    ON_OFFER,
    Confirmation,
    Enrolment,
    Facts,
    Invitation,
    Joining,
    Standings,
    standings,
)
from protocol.evidence import Contest, contest_proof, read_object
from protocol.kinds.enrol import Enrol
from protocol.kinds.join import Join
from protocol.kinds.registry import content
from protocol.records import GOV
from storage import certificates, log, objects
from storage.rows import find_log, record_at
from storage.store import Store
from storage.views.registry import VIEWS

ROUNDS = 8  # settling one thing may place what was set aside, which may settle another


def facts(store: Store) -> Facts:
    """What the admissible `gov` logs and the side set say about membership."""
    query = store.db.execute
    enrolments = [Enrolment(*row) for row in query("SELECT device, person, record FROM enrolment")]
    persons = {item.device: item.person for item in enrolments}
    keys = {}
    invitations = []
    for record, device, slot, round_, key in query(
        "SELECT record, device, slot, round, key FROM invitation"
    ):
        invitations.append(Invitation(record, device, slot, round_))
        keys[record] = key
    joinings: dict[bytes, Joining] = {}
    certified = store.certified
    for device, invite, proof, record in query("SELECT device, invite, proof, record FROM joining"):
        person = persons.get(device)
        if certified is not None and record in certified.roll.cited:
            continue  # settled by certificate; its slot's round is over
        if (
            person is not None
            and invite in keys
            and Join(invite=invite, proof=proof).proves(
                keys[invite], store.community, person, device
            )
        ):
            joinings[record] = Joining(record, device, person, invite)
    for joining in _contested(store, keys):
        joinings.setdefault(joining.record, joining)
    confirmations = [
        Confirmation(*row)
        for row in query("SELECT device, seq, slot, round, joined FROM confirmation")
    ]
    return Facts(enrolments, invitations, list(joinings.values()), confirmations)


def _contested(store: Store, keys: dict[bytes, bytes]) -> list[Joining]:
    """The joins that contests in the side set prove."""
    found = []
    for (raw,) in store.db.execute("SELECT raw FROM side WHERE sort = 'contest'").fetchall():
        contest = read_object(raw, store.community)
        assert isinstance(contest, Contest)  # noqa: S101 - kept as one
        for enrol, join in (contest.records[:2], contest.records[2:]):
            who, said = content(enrol), content(join)
            if (
                isinstance(who, Enrol)
                and isinstance(said, Join)
                and said.invite in keys
                and said.proves(keys[said.invite], store.community, who.person, join.header.device)
            ):
                found.append(Joining(join.id, join.header.device, who.person, said.invite))
    return found


def assess(store: Store) -> tuple[Facts, Standings] | None:
    """Facts and standings as of now; None before the founding record is here."""
    state = certificates.current(store)
    charter = certificates.charter(store)
    if state is None or charter is None:
        return None
    known = facts(store)
    return known, standings(state.roll, charter.membership.invite_slots, known)


def settle(store: Store) -> None:
    """Bring devices, views and what was set aside in line. The caller holds the transaction."""
    told = set(store.changed)
    for _ in range(ROUNDS):
        store.changed.discard("gov")
        assessed = assess(store)
        if assessed is None:
            break
        _keep_contests(store, assessed[1])
        for device in _update_devices(store, assessed[1]):
            store.changed.add("standing")
            log.place_waiting(store, device)
        told |= store.changed
        if "gov" not in store.changed:
            break
    store.changed.update(told)


def _keep_contests(store: Store, now: Standings) -> None:
    """A slot with several joins: keep the proof, so that peers who hold one learn of it."""
    for joinings in now.contested.values():
        pairs = []
        for joining in joinings:
            gov = find_log(store, joining.device, GOV)
            if gov is None:
                continue
            enrol, join = record_at(store, gov.no, 1), record_at(store, gov.no, 2)
            if enrol is not None and join is not None and join.id == joining.record:
                pairs.append((enrol, join))
        if len(pairs) > 1:
            objects.keep_contest(store, contest_proof(store.community, pairs[0], pairs[1]))


def _update_devices(store: Store, now: Standings) -> list[bytes]:
    """Write the standings; devices that are no longer mere candidates."""
    before = {
        key: (no, standing, person)
        for no, key, standing, person in store.db.execute(
            "SELECT no, key, standing, person FROM device"
        )
    }
    moved: list[int] = []
    came: list[bytes] = []
    for key, (no, standing, person) in before.items():
        new, owner = now.devices.get(key, (CANDIDATE, None))
        if (standing, person) == (new, owner):
            continue
        store.db.execute(
            "UPDATE device SET standing = ?, person = ? WHERE no = ?", [new, owner, no]
        )
        if owner != person or (standing in ON_OFFER) != (new in ON_OFFER):
            moved.append(no)
        if standing == CANDIDATE:
            came.append(key)
        if owner != person:
            _erase_again(store, key)
    if moved:
        for view in VIEWS:
            view.standing(store, moved)
    return came


def _erase_again(store: Store, device: bytes) -> None:
    """A device's person became known: the erasures it wrote come into force."""
    gov = find_log(store, device, GOV)
    if gov is None:
        return
    log.enforce_erases(store, gov)
