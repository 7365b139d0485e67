"""Carrying a world to stores: in pieces, in any order, more than once; then by conversations."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

from sqlite_utils import Database

from protocol.evidence import contest_proof, fork_proof, spare
from protocol.kinds.erase import Erase
from protocol.kinds.registry import content
from protocol.messages import pack, unpack
from protocol.records import GOV, MARKET, Record
from protocol.sync import Answerer, Asker, same
from storage import certificates, log, objects
from storage.database import FAST, open_database, set_meta
from storage.holdings import StoreHoldings
from storage.rows import Log, find_log
from storage.standing import settle
from storage.store import Store, create_store
from tests.storage.world import TIME, Branch, Device, World, h

FOUND, CERTIFICATE, SEGMENT, OBJECT = "found", "certificate", "segment", "object"
Parcel = tuple[str, Any]
TALKS = 12  # rounds of conversations within which everybody agrees


def log_of(store: Store, device: Device, lane: int = MARKET) -> Log:
    """How a log stands in a store."""
    found = find_log(store, device.key, lane)
    assert found is not None
    return found


def on_offer(store: Store) -> set[bytes]:
    """The ids of the open listings."""
    rows = store.db.execute("SELECT coalesce(root, id) FROM listing WHERE state = 1")
    return {row[0] for row in rows}


MEMORY = Path(":memory:")


def new_store(world: World, name: str = "mia", path: Path = MEMORY) -> Store:
    """An empty home of somebody who only listens."""
    device = h(name, "listens")
    if path is not MEMORY:
        return create_store(path, community=world.community, device=device, now_ms=lambda: TIME)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    _empty().conn.backup(connection)
    db = Database(connection)
    set_meta(db, "community", world.community.hex())
    return Store(db=db, community=world.community, device=device, now_ms=lambda: TIME)


@cache
def _empty() -> Database:
    """A database with all its tables: making them is slow, and a test may need many."""
    return open_database(MEMORY)


def runs(records: Sequence[Record], rng: Random) -> list[list[Record]]:
    """Records parted into segments: each ends in a signed record."""
    found: list[list[Record]] = [[]]
    for record in records:
        found[-1].append(record)
        if record.signature is not None and rng.random() < 0.6:
            found.append([])
    return [run for run in found if run]


def _entries(world: World, records: Sequence[Record], *, bare: bool) -> list[Any]:
    gone = world.bare | (world.half if bare else set())
    return [
        r._replace(salt=None, body=None).entry() if r.id in gone else r.entry() for r in records
    ]


def parcels(world: World, rng: Random) -> list[Parcel]:
    """All there is, once or more: the same content whatever `rng`, in different pieces."""
    posted: list[Parcel] = [(FOUND, world.found.entry())]
    posted += [(CERTIFICATE, travel) for travel in world.certificates]
    for device in world.devices:
        for lane, branches in device.logs.items():
            for branch in branches:
                start = max(0, branch.parted - rng.randrange(2))
                for copy in range(1 + bool(world.half)):
                    for run in runs(branch.records[start:], rng):
                        entries = _entries(world, run, bare=copy == 1)
                        posted.append((SEGMENT, (device.key, lane, entries)))
                if rng.random() < 0.3:
                    entries = _entries(world, branch.records, bare=True)
                    posted.append((SEGMENT, (device.key, lane, entries)))
    return posted


def proofs(world: World) -> list[Parcel]:
    """Objects of the side set that somebody might make of this world, needed or not."""
    made: list[Parcel] = []
    for device in world.devices:
        for branches in device.logs.values():
            for one, other in combinations(branches, 2):
                at = _parting(one, other)
                sides = one.records[at:], other.records[at:]
                if all(sides) and (at or sides[0][0].header.prev == sides[1][0].header.prev):
                    made.append((OBJECT, fork_proof(world.community, *sides).raw))
    for one_, other_ in combinations(world.joined, 2):
        names = one_.device.name, other_.device.name
        if one_.device is not other_.device and "ana1" not in names:
            pairs = [
                next(b.records[:2] for b in j.device.logs[GOV] if j.record in b.records)
                for j in (one_, other_)
            ]
            made.append((OBJECT, contest_proof(world.community, *pairs).raw))
    cited = world.state.roll.cited
    for record in world.written(GOV):
        if record.id not in world.bare and (
            isinstance(content(record), Erase) or record.id in cited
        ):
            made.append((OBJECT, spare(record).raw))
    return made


def _parting(one: Branch, other: Branch) -> int:
    for at, (a, b) in enumerate(zip(one.records, other.records, strict=False)):
        if a.id != b.id:
            return at
    return min(len(one.records), len(other.records))


def shuffled(posted: Sequence[Parcel], rng: Random) -> list[Parcel]:
    """Any order, some things twice; but certificates one after the other, as a chain comes."""
    order = [*posted, *(p for p in posted if p[0] in (SEGMENT, OBJECT) and rng.random() < 0.2)]
    rng.shuffle(order)
    chain = iter([p for p in posted if p[0] in (FOUND, CERTIFICATE)])
    return [next(chain) if p[0] in (FOUND, CERTIFICATE) else p for p in order]


def deliver(store: Store, parcel: Parcel) -> None:
    """What a node does with it when it comes by gossip."""
    sort, content_ = parcel
    with store.transaction(sync=FAST):
        if sort == FOUND:
            certificates.keep_founding(store, content_)
        elif sort == CERTIFICATE:
            certificates.keep(store, content_)
        elif sort == SEGMENT:
            log.keep_segment(store, *content_)
        else:
            objects.receive(store, content_)
        settle(store)


def send(store: Store, world: World, records: Sequence[Record]) -> None:
    """Records of one log reach a store in one segment, as they were written."""
    header = records[0].header
    deliver(store, (SEGMENT, (header.device, header.lane, [r.entry() for r in records])))


def told(
    world: World,
    name: str = "mia",
    *,
    without: Sequence[Device] = (),
    path: Path = MEMORY,
) -> Store:
    """A store to which everything came in good order, but for some devices' logs."""
    store = new_store(world, name, path)
    deliver(store, (FOUND, world.found.entry()))
    for travel in world.certificates:
        deliver(store, (CERTIFICATE, travel))
    for lane in (GOV, MARKET):
        for device in world.devices:
            if device.logs[lane] and device not in without:
                send(store, world, device.logs[lane][0].records)
    return store


def ask(one: Store, other: Store) -> None:
    """One store asks another for all it lacks. What the other sends must be in order."""
    mine, theirs = StoreHoldings(one, "other"), StoreHoldings(other, "one")
    asker, answerer = Asker(mine), Answerer(theirs)
    questions = asker.begin(mine.hello(), theirs.hello())
    while questions:
        following: list[Any] = []
        for question in questions:
            for answer in answerer.answer(unpack(pack(question))):
                following += asker.receive(unpack(pack(answer)))
        questions = following
    assert asker.done


def talk(one: Store, other: Store) -> bool:
    """A conversation; whether anything differed."""
    if same(StoreHoldings(one).hello(), StoreHoldings(other).hello()):
        return False
    ask(one, other)
    ask(other, one)
    return True


def agree(stores: Sequence[Store]) -> int:
    """Conversations until no two hellos differ; how many rounds that took."""
    for number in range(TALKS):
        differed = [talk(one, other) for one, other in combinations(stores, 2)]
        if not any(differed):
            return number
    raise AssertionError(f"they still differ after {TALKS} rounds")
