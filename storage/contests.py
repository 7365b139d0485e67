"""Contested slots: proofs that several newcomers took up one invitation slot.

Nodes that saw only one of the joins learn of the other by a contest in the side set. It counts
while both its joins do: on a slot in its current round, by devices that no certificate lists and
whose `gov` log has not forked at the join or before. A slot that was confirmed has its contests
all the same, so that they do not depend on whether the joins or the confirm came first.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations_with_replacement
from typing import Any

from governance.membership import Facts, Joining, standings
from governance.roll import Certified
from protocol.evidence import Contest, contest_proof, read_object
from protocol.kinds.enrol import Enrol
from protocol.kinds.join import Join
from protocol.kinds.registry import content
from protocol.records import GOV
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
    for contest in _held(store, waiting):
        for joining in _joins(store, contest, keys):
            found[joining.record] = joining
    return list(found.values())


def _held(store: Store, waiting: bool) -> Iterable[Contest]:
    rows = store.db.execute(
        "SELECT raw FROM side WHERE sort = 'contest' AND live >= ? ORDER BY place, key, id",
        [not waiting],
    ).fetchall()
    for (raw,) in rows:
        contest = read_object(raw, store.community)
        assert isinstance(contest, Contest)  # noqa: S101 - kept as one
        yield contest


def _joins(store: Store, contest: Contest, keys: Keys) -> Iterable[Joining]:
    for enrol, join in (contest.records[:2], contest.records[2:]):
        who, said = content(enrol), content(join)
        device = join.header.device
        gov = find_log(store, device, GOV)
        if gov is not None and gov.fork_seq is not None and gov.fork_seq <= JOIN_SEQ:
            continue
        if (
            isinstance(who, Enrol)
            and isinstance(said, Join)
            and said.invite in keys
            and said.proves(keys[said.invite], store.community, who.person, device)
        ):
            yield Joining(join.id, device, who.person, said.invite)


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
