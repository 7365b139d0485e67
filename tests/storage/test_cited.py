"""What a vote rests on stays in force beyond forks and cuts, and reaches everybody."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest

from protocol.evidence import spare
from protocol.records import GOV, Record
from storage import assembly, cited, recount, sideset
from storage.digest import digest
from storage.store import Store
from storage.verify import rebuild, verify
from tests.storage.post import (
    CERTIFICATE,
    FOUND,
    OBJECT,
    SEGMENT,
    agree,
    deliver,
    log_of,
    new_store,
    send,
    told,
)
from tests.storage.world import Branch, Device, World, village

ADVICE = {"type": "advice"}


def opened(*names: str) -> tuple[World, bytes]:
    """A village that is asked for advice, and the certificate that ballots name."""
    world = village(*names)
    world.poll(world.of["ana1"], "advice", ADVICE)
    return world, world.rounds()[0][1].open


def fork(device: Device, at: int) -> int:
    """Another branch of a gov log, which parts after `at` records; its number."""
    device.logs[GOV].append(Branch(device.logs[GOV][0].records[:at], at))
    return len(device.logs[GOV]) - 1


def expel(world: World, device: Device) -> None:
    """A vote takes this device's person off the roll; of their logs nothing is left."""
    vote = world.poll(
        world.of["ana1"], "expulsion", {"type": "expel", "person": device.person.public}
    )
    open_ = world.rounds()[-1][1].open
    for name in ("ana1", "eva1"):
        world.vote(world.of[name], open_, "yes")
    world.receipt(open_)
    world.close(open_)
    world.certify({"proposal": vote.proposal, "heads": [], "at": 9}, "remove")
    assert not world.state.roll.is_member_device(device.key)


def spared(store: Store) -> set[bytes]:
    """The records that are passed on though no log in view holds them."""
    some = {each.id: each for each in sideset.spared(store)}
    live = set(sideset.ids(store))
    return {record for record, each in some.items() if spare(each).id in live}


def statuses(world: World, store: Store) -> list[str]:
    return [
        recount.recount(store, vote, each).status
        for vote, each in world.rounds()
        if each.result is not None
    ]


def sound(*stores: Store) -> bool:
    """All look alike, are in order, and look the same when they are built again from scratch."""
    before = {digest(store) for store in stores}
    for store in stores:
        known = _known(store)
        store.db.execute("DELETE FROM seat")
        store.db.execute("INSERT INTO receipted VALUES (1, 2, 3)")
        assert rebuild(store)[1] in before
        assert _known(store) == known
        assert verify(store)[1] == []
    return len(before) == 1


def _known(store: Store) -> list[list[tuple[int, ...]]]:
    tables = ("seat", "receipted")
    return [store.db.execute(f"SELECT * FROM {table}").fetchall() for table in tables]


@pytest.mark.parametrize("before", [True, False])
def test_who_forks_after_voting_has_voted(before: bool) -> None:
    """Leo has heard of the other branch only; `before`: Ben's ballot is on the one Mia holds."""
    world, open_ = opened("ben", "eva")
    ben = world.of["ben1"]
    ballot = world.vote(ben, open_, [["A"]])
    other = fork(ben, 2)
    world.write(ben, "x-vow", {"n": 1}, lane=GOV, which=other)
    world.receipt(open_)
    world.close(open_)
    mia, leo = told(world), told(world, "leo", without=[ben])
    send(leo, world, ben.logs[GOV][other].records)
    assert statuses(world, leo) == ["incomplete"]

    agree([mia, leo] if before else [leo, mia])

    for store in (mia, leo):
        assert log_of(store, ben, GOV).prefix_seq == 2
        assert spared(store) == {ballot.id}
        assert statuses(world, store) == ["equal"]
    assert sound(mia, leo)


def test_who_is_expelled_later_has_voted_and_who_joins_then_sees_it() -> None:
    world, open_ = opened("ben", "eva")
    ben = world.of["ben1"]
    ballot = world.vote(ben, open_, [["A"]])
    world.receipt(open_)
    world.close(open_)
    expel(world, ben)
    mia, zoe = told(world), new_store(world, "zoe")

    agree([mia, zoe])

    for store in (mia, zoe):
        assert log_of(store, ben, GOV).head_seq == 0
        assert ballot.id in spared(store)
        assert statuses(world, store) == ["equal", "equal"]
    assert sound(mia, zoe)


def test_a_ballot_a_receipt_and_the_end_of_the_log_come_in_any_order() -> None:
    """Even a ballot that comes after its log was cut waits for the teller's word."""
    world, open_ = opened("ben", "eva")
    ana, ben = world.of["ana1"], world.of["ben1"]
    until = len(ana.logs[GOV][0].records)
    ballot = world.vote(ben, open_, [["A"]])
    receipt = world.receipt(open_)
    assert receipt is not None
    chain = len(world.certificates)
    world.certify({"retire": [[ben.key, []]]})
    parcels = {
        "ballot": (SEGMENT, (ben.key, GOV, [r.entry() for r in ben.logs[GOV][0].records])),
        "receipt": (SEGMENT, (ana.key, GOV, [r.entry() for r in ana.logs[GOV][0].records[until:]])),
        "cut": (CERTIFICATE, world.certificates[-1]),
    }
    seen = set()
    for order in permutations(parcels):
        mia = new_store(world)
        deliver(mia, (FOUND, world.found.entry()))
        send(mia, world, ana.logs[GOV][0].records[:until])
        for travel in world.certificates[:chain]:
            deliver(mia, (CERTIFICATE, travel))

        for name in order:
            deliver(mia, parcels[name])

        assert ballot.id in spared(mia)
        seen.add(digest(mia))
    assert len(seen) == 1


def test_a_ballot_waits_in_a_log_that_does_not_lead_to_its_cut_yet() -> None:
    world, open_ = opened("ben")
    ana, ben = world.of["ana1"], world.of["ben1"]
    other = fork(ben, len(ben.logs[GOV][0].records))
    ballot = world.vote(ben, open_, [["A"]])
    world.write(ben, "x-vow", {"n": 1}, lane=GOV, which=other)
    last = world.write(ben, "x-vow", {"n": 2}, lane=GOV)
    world.certify({"retire": [[ben.key, [[ben.key, GOV, last.header.seq, last.id]]]]})
    mia = told(world, without=[ben])
    for which in (other, 0, 0):
        send(mia, world, ben.logs[GOV][which].records[: ballot.header.seq])
    log = log_of(mia, ben, GOV)
    assert log.prefix_seq < ballot.header.seq <= log.head_seq
    world.receipt(open_)

    send(mia, world, ana.logs[GOV][0].records)
    assert ballot.id in spared(mia)

    send(mia, world, ben.logs[GOV][0].records)
    assert ballot.id not in spared(mia)  # the log holds it, for all to see


def test_a_teller_who_forks_its_log_takes_no_receipt_back() -> None:
    """Ballot and receipt stand on a branch that Leo has never seen, and come as they are."""
    world, open_ = opened("ben", "eva")
    ana, eva = world.of["ana1"], world.of["eva1"]
    at = len(ana.logs[GOV][0].records)
    own = world.vote(ana, open_, [["B"]])
    left_out = world.vote(eva, open_, [["A"]])
    receipt = world.receipt(open_)
    assert receipt is not None
    other = fork(ana, at)
    world.receipt(open_, world.vote(world.of["ben1"], open_, [["B"]]).id, which=other)
    world.close(open_, other)
    mia, leo = told(world), told(world, "leo", without=[ana])
    send(leo, world, ana.logs[GOV][other].records)
    assert statuses(world, leo) == ["equal"]

    agree([mia, leo])

    for store in (mia, leo):
        assert {own.id, receipt.id} < spared(store)
        stop = assembly.stop_of(store, ana.key, open_)
        assert stop is not None and stop.record in spared(store)
        vote, last = world.rounds()[0]
        found = recount.recount(store, vote, last)
        assert found.status == "differs"
        assert left_out.id in {each.record for each in found.ballots}
        assert any(left_out.id.hex()[:16] in str(each) for each in found.why)
    assert sound(mia, leo)

    stops = world.rounds()[0][1].stops
    world.certify(
        {"proposal": world.rounds()[0][0].proposal, "why": "recount", "record": None, "at": 9},
        "annul",
    )
    vote, last = world.rounds()[0]
    counted = recount.closing(_with(mia, world), vote, list(stops))
    assert counted is not None and counted["ballots"] == 3
    world.certify({**counted, "at": 9_999}, "close")
    assert statuses(world, _with(leo, world)) == statuses(world, _with(mia, world)) == ["equal"]


def _with(store: Store, world: World) -> Store:
    """The store with the newest certificates."""
    for travel in world.certificates:
        deliver(store, (CERTIFICATE, travel))
    return store


def test_only_a_teller_of_the_round_can_keep_anything_and_nothing_but_its_ballots() -> None:
    world, open_ = opened("ben", "eva", "dan")
    ana, ben, eva = (world.of[name] for name in ("ana1", "ben1", "eva1"))
    world.poll(ana, "advice", ADVICE)
    other_open = world.rounds()[-1][1].open
    at = len(eva.logs[GOV][0].records)
    mine = world.vote(eva, open_, [["A"]])
    vow = world.write(eva, "x-vow", {"n": 1}, lane=GOV)
    not_ours = world.vote(eva, other_open, [["A"]])
    world.write(eva, "x-vow", {"n": 2}, lane=GOV, which=fork(eva, at))
    garbage: Sequence[bytes] = [bytes([n]) * 32 for n in range(40)]
    body = {"open": open_, "ballots": [mine.id, vow.id], "before": None}
    world.write(ben, "receipts", body)  # type: ignore[arg-type]
    mia = told(world)
    send(mia, world, eva.logs[GOV][1].records)
    assert spared(mia) == set()

    world.receipt(open_, vow.id, not_ours.id, *garbage)
    send(mia, world, ana.logs[GOV][0].records)
    assert spared(mia) == set()

    world.receipt(open_, mine.id)
    send(mia, world, ana.logs[GOV][0].records)
    assert spared(mia) == {mine.id}


def test_of_one_device_only_so_much_is_kept_and_everywhere_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sideset, "MAX_EVIDENCE", 3)
    world, open_ = opened("ben")
    ana = world.of["ana1"]
    other = fork(ana, len(ana.logs[GOV][0].records))
    ballot = world.vote(world.of["ben1"], open_, [["A"]])
    world.write(ana, "x-vow", {"n": 1}, lane=GOV)
    some: list[Record] = []
    for _ in range(6):
        receipt = world.receipt(open_, ballot.id, which=other)
        assert receipt is not None
        some.append(receipt)
    mia, leo = told(world), told(world, "leo")
    send(mia, world, ana.logs[GOV][other].records)
    for record in reversed(some):
        deliver(leo, (OBJECT, spare(record).raw))

    agree([mia, leo])

    kept = sorted(some, key=lambda each: spare(each).id)[:3]
    assert spared(mia) == spared(leo) == {record.id for record in kept}
    assert cited.in_force(mia, "ballot", b"", ballot.id, open_)
