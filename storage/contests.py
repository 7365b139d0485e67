"""Contested slots: proofs that several newcomers took up one invitation slot.

Nodes that saw only one of the joins learn of the other by a contest in the side set. It counts
while both its joins do: on a slot in its current round, by devices that no certificate lists and
whose `gov` log has not forked at the join or before. A slot that was confirmed has its contests
all the same, so that they do not depend on whether the joins or the confirm came first.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

from governance.certified import Certified
from governance.membership import Facts, Joining, standings
from protocol.codec import decode
from protocol.evidence import MAX_OBJECT, contest_proof
from protocol.kinds.join import Join
from protocol.kinds.registry import content
from protocol.records import GOV, read_entry
from storage import objects
from storage.rows import find_log, record_at
from storage.store import Store
from storage.views.membership import JOIN_SEQ

MAX_INVITES = 8  # of one slot, between which contests are looked for
MAX_WAITING = 256  # contests that do not count now

Keys = dict[bytes, bytes]  # invitation record -> its one-time public key


def joinings(store: Store, keys: Keys, *, waiting: bool = False) -> list[Joining]:
    """The valid joins that contests show; with `waiting` also of those that do not count."""
    found = {}
    for (raw,) in store.db.execute(
        "SELECT raw FROM side WHERE sort = 'contest' AND live >= ? ORDER BY place, key, id",
        [not waiting],
    ).fetchall():
        for shown in _shown(raw):
            if _stands(store, shown, keys):
                found[shown.join] = Joining(shown.join, shown.device, shown.person, shown.invite)
    return list(found.values())


class _Shown(NamedTuple):
    """One side of a contest."""

    join: bytes
    device: bytes
    person: bytes
    invite: bytes
    proof: bytes


@lru_cache(maxsize=1024)  # read at every settling; its signatures were checked before it was kept
def _shown(raw: bytes) -> tuple[_Shown, ...]:
    value: Any = decode(raw, limit=MAX_OBJECT)
    sides = []
    for entries in value[1:]:
        enrol, join = (read_entry(entry) for entry in entries)
        said = content(join)
        person = content(enrol).person
        sides.append(_Shown(join.id, join.header.device, person, said.invite, said.proof))
    return tuple(sides)


def _stands(store: Store, shown: _Shown, keys: Keys) -> bool:
    gov = find_log(store, shown.device, GOV)
    if gov is not None and gov.fork_seq is not None and gov.fork_seq <= JOIN_SEQ:
        return False
    key = keys.get(shown.invite)
    return key is not None and proves(
        key, shown.proof, store.community, shown.invite, shown.person, shown.device
    )


@lru_cache(maxsize=8192)  # the same joins are looked at whenever membership is settled
def proves(
    key: bytes, proof: bytes, community: bytes, invite: bytes, person: bytes, device: bytes
) -> bool:
    """Whether a join's proof was made with the secret half of the one-time `key`."""
    return Join(invite=invite, proof=proof).proves(key, community, person, device)


def weigh(store: Store, state: Certified, slots: int, logs: Facts, keys: Keys) -> None:
    """Make the contests that the logs show, and judge again which contests count.

    `logs`: the facts without those that contests add.
    """
    everything = {each.record: each for each in joinings(store, keys, waiting=True)}
    everything |= {each.record: each for each in logs.joinings}
    facts = logs._replace(joinings=list(everything.values()), confirmations=[])
    contested = standings(state.roll, slots, facts).contested
    own = {each.record for each in logs.joinings}
    for several in contested.values():
        _make(store, [each for each in several if each.record in own])
    together = {each.record: slot for slot, several in contested.items() for each in several}
    taken: set[str] = set()
    waiting = 0
    rows = store.db.execute(
        "SELECT id, place, key, live FROM side WHERE sort = 'contest' ORDER BY key, id"
    ).fetchall()
    for object_id, place, key, live in rows:
        one, other = together.get(key[:32]), together.get(key[32:])
        counts = one is not None and one == other and place not in taken
        if counts:
            taken.add(place)
        elif (waiting := waiting + 1) > MAX_WAITING:
            store.db.execute("DELETE FROM side WHERE id = ?", [object_id])
            continue
        if counts != live:
            store.db.execute("UPDATE side SET live = ? WHERE id = ?", [counts, object_id])


def _make(store: Store, several: list[Joining]) -> None:
    """Contests between the lowest joins on each invitation of a slot, from the logs held."""
    by_invite: dict[bytes, list[Joining]] = {}
    for joining in sorted(several):
        by_invite.setdefault(joining.invite, []).append(joining)
    chosen = sorted(by_invite)[:MAX_INVITES]
    for one, other in combinations_with_replacement(chosen, 2):
        pair = by_invite[one][:2] if one == other else [by_invite[one][0], by_invite[other][0]]
        sides = [side for joining in pair if (side := _records(store, joining)) is not None]
        if len(sides) == 2:
            objects.keep_contest(store, contest_proof(store.community, sides[0], sides[1]))


def _records(store: Store, joining: Joining) -> list[Any] | None:
    """The enrolment and the join, from the log they stand in."""
    gov = find_log(store, joining.device, GOV)
    if gov is None:
        return None
    enrol, join = record_at(store, gov.no, 1), record_at(store, gov.no, JOIN_SEQ)
    if enrol is None or join is None or join.id != joining.record or enrol.header.kind != "enrol":
        return None
    return [enrol, join]
