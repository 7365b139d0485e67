"""Settling who belongs, after anything in `gov`, the roll or the side set has changed.

`settle` reads the facts, asks `governance.membership`, and tells the views which devices came or
went. It is a function of what is held, so calling it once too often changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection

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
from protocol.records import GOV, LANES
from storage import (
    agreement,
    certificates,
    contests,
    erasing,
    halts,
    log,
    recalls,
    sideset,
    strangers,
)
from storage.prefix import advance, advance_all
from storage.rows import find_log, records_from
from storage.store import Store
from storage.views.registry import VIEWS

UNSETTLED = {"gov", "side", "fork", "certificate"}  # words in `Store.changed`
ROUNDS = 8  # settling one thing may place what was set aside, which may settle another


def facts(store: Store) -> Facts:
    """What the admissible `gov` logs and the side set say about membership."""
    known, keys = _facts_of_logs(store)
    return _with_contests(store, known, keys)


def _with_contests(store: Store, known: Facts, keys: contests.Keys) -> Facts:
    joinings = {each.record: each for each in contests.joinings(store, keys)}
    joinings |= {each.record: each for each in known.joinings}
    return known._replace(joinings=list(joinings.values()))


def _facts_of_logs(store: Store) -> tuple[Facts, contests.Keys]:
    """The facts that logs state, and the one-time keys of the invitations among them."""
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
    joinings: list[Joining] = []
    certified = store.certified
    for device, invite, proof, record in query("SELECT device, invite, proof, record FROM joining"):
        person = persons.get(device)
        if certified is not None and record in certified.roll.cited:
            continue  # settled by certificate; its slot's round is over
        if (
            person is not None
            and invite in keys
            and contests.proves(keys[invite], proof, store.community, invite, person, device)
        ):
            joinings.append(Joining(record, device, person, invite))
    confirmations = [
        Confirmation(*row)
        for row in query("SELECT device, seq, slot, round, joined FROM confirmation")
    ]
    return Facts(enrolments, invitations, joinings, confirmations), keys


def assess(store: Store) -> tuple[Facts, Standings] | None:
    """Facts and standings as of now; None before the founding record is here."""
    state = certificates.current(store)
    charter = certificates.charter(store)
    if state is None or charter is None:
        return None
    known = facts(store)
    return known, standings(state.roll, charter.membership.invite_slots, known)


def settle(store: Store) -> None:
    """Bring devices, views and what was set aside in line. The caller holds the transaction.

    Every transaction settles what it changed itself, so there is nothing to do after one that
    touched none of this.
    """
    told = set(store.changed)
    if not told & UNSETTLED:
        return
    for _ in range(ROUNDS):
        store.changed -= UNSETTLED
        halts.judge(store)
        agreement.tidy(store)
        state, charter = certificates.current(store), certificates.charter(store)
        if state is None or charter is None:
            break
        slots = charter.membership.invite_slots
        known, keys = _facts_of_logs(store)
        contests.weigh(store, state, slots, known, keys)
        now = standings(state.roll, slots, _with_contests(store, known, keys))
        for device in _update_devices(store, now):
            store.changed.add("standing")
            log.place_waiting(store, device)
        persons = now.guests.keys() | state.roll.persons.keys()
        _spare_out_of_view(store, persons)
        sideset.weigh(store, persons)
        strangers.keep_few(store)
        recalls.gather(store)
        told |= store.changed
        if not store.changed & UNSETTLED:
            break
    store.changed.update(told)


def _update_devices(store: Store, now: Standings) -> list[bytes]:
    """Write the standings; devices that are no longer mere candidates."""
    before = store.db.execute("SELECT no, key, standing, person FROM device").fetchall()
    moved: list[int] = []
    came: list[bytes] = []
    owned: list[tuple[bytes, bytes | None]] = []
    for no, key, standing, person in before:
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
            owned.append((key, owner))
    if moved:
        for view in VIEWS:
            view.standing(store, moved)
    for key, owner in owned:
        _now_owned(store, key, owner)
    return came


def _now_owned(store: Store, device: bytes, owner: bytes | None) -> None:
    """A device's person became known: what they erased goes from its logs as well."""
    if owner is None:
        return
    advance_all(store, erasing.enforce_again(store, owner))
    for lane in LANES.values():
        found = find_log(store, device, lane)
        if found is not None:
            advance(store, found)


def _spare_out_of_view(store: Store, persons: Collection[bytes]) -> None:
    """Erases by devices that no peer sees, for somebody whom all see, go by the side set."""
    for device, person in store.db.execute(
        "SELECT device.key, author.person FROM device JOIN author ON author.device = device.key"
        " WHERE standing = ?",
        [CANDIDATE],
    ).fetchall():
        gov = find_log(store, device, GOV) if person in persons else None
        if gov is not None:
            begin = records_from(store, gov.no, 1, min(sideset.CANDIDATE_RECORDS, gov.prefix_seq))
            log.spare_beyond(store, list(begin))
