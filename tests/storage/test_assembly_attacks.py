"""What relays, voters and tellers with hostile programs may do to a vote, and what comes of it."""

from __future__ import annotations

from random import Random

import pytest

from protocol.errors import Invalid
from protocol.evidence import spare
from protocol.kinds import enrol, erase, receipts, stop
from protocol.records import GOV
from storage import recount, sideset
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
    new_store,
    send,
    told,
)
from tests.storage.test_cited import fork, opened, spared, statuses
from tests.storage.world import Device, World, village


def heads(device: Device) -> list[list[object]]:
    """Where the device's gov log stands."""
    last = device.logs[GOV][0].records[-1]
    return [[device.key, GOV, last.header.seq, last.id]]


@pytest.mark.parametrize("signature", [None, bytes(range(64))], ids=["none", "false"])
def test_a_relay_that_leaves_out_a_ballots_signature_is_refused(signature: bytes | None) -> None:
    """Even where a certificate names the ballot as the end of its log."""
    world, open_ = opened("ben", "eva")
    ben = world.of["ben1"]
    world.vote(ben, open_, [["A"]])
    world.receipt(open_)
    world.close(open_)
    world.certify({"retire": [[ben.key, heads(ben)]]})
    leo = told(world, without=[ben])
    entries = [record.entry() for record in ben.logs[GOV][0].records]
    whole = [*entries]
    entries[-1] = [entries[-1][0], signature, *entries[-1][2:]]

    with pytest.raises(Invalid, match="not validly signed"):
        deliver(leo, (SEGMENT, (ben.key, GOV, entries)))
    assert statuses(world, leo) == ["incomplete"]
    deliver(leo, (SEGMENT, (ben.key, GOV, whole)))

    assert statuses(world, leo) == ["equal"]
    assert verify(leo)[1] == []


def test_a_teller_who_lists_a_device_of_its_own_as_bens_can_not_vote_for_him() -> None:
    """Nobody else has his key, so the device has no enrolment that he signed."""
    world, open_ = opened("ben", "eva")
    ana, ben, eva = (world.of[name] for name in ("ana1", "ben1", "eva1"))
    false = Device("false", 1, ben.person)
    world.devices.append(false)
    body = enrol.body(ana.person, world.community, false.key)
    listed = world.write(false, "enrol", {**body, "person": ben.person.public})
    world.certify({"enrol": [[ben.person.public, false.key, listed.id]]})
    assert world.state.roll.person_of(false.key) == ben.person.public
    world.vote(false, open_, [["A"]])
    world.vote(eva, open_, [["B"]])
    mia = told(world)
    now = recount.tally_now(mia, *world.rounds()[0], teller=ana.key)
    assert set(now.cast) == {eva.person.public}

    world.receipt(open_)
    world.close(open_)
    leo = told(world, "leo")
    assert statuses(world, leo) == ["differs"]
    (found,) = recount.recount(leo, *world.rounds()[0]).ballots
    assert found.person == eva.person.public

    # Nor when what gives it away is cut off, and somebody comes who never saw it.
    world.certify({"retire": [[false.key, []]]})
    deliver(leo, (CERTIFICATE, world.certificates[-1]))
    zoe = new_store(world, "zoe")
    agree([leo, zoe])
    assert statuses(world, leo) == statuses(world, zoe) != ["equal"]


def test_the_ballot_of_a_device_that_is_cut_to_nothing_comes_with_its_enrolment() -> None:
    world, open_ = opened("ben", "eva")
    ben = world.of["ben1"]
    ballot = world.vote(ben, open_, [["A"]])
    world.receipt(open_)
    world.close(open_)
    world.certify({"retire": [[ben.key, []]]})
    mia, zoe = told(world), new_store(world, "zoe")

    agree([mia, zoe])

    assert spared(zoe) > {ballot.id, ben.logs[GOV][0].records[0].id}
    assert statuses(world, zoe) == ["equal"]


def heap(world: World, open_: bytes) -> list[Store]:
    """A teller's log that forked, with more receipts beyond the fork than anybody keeps; Ben, whose
    ballots they name, is cut to nothing. Mia, Leo and Zoe hear of it in three ways.
    """
    ana, ben = world.of["ana1"], world.of["ben1"]
    other = fork(ana, len(ana.logs[GOV][0].records))
    world.write(ana, "x-vow", {"n": 1}, lane=GOV)
    ballots = [world.vote(ben, open_, [["A"]], number + 1).id for number in range(7)]
    made = [world.receipt(open_, ballot, which=other) for ballot in ballots]
    world.certify({"retire": [[ben.key, []]]})
    mia, leo = told(world), told(world, "leo", without=[ben])
    send(mia, world, ana.logs[GOV][other].records)
    for record in Random(5).sample([each for each in made if each is not None], len(made)):
        deliver(leo, (OBJECT, spare(record).raw))
    for number, record in enumerate(ben.logs[GOV][0].records):  # as if there were nothing to cut
        if number:
            deliver(leo, (OBJECT, spare(record).raw))
    return [mia, leo, new_store(world, "zoe")]


def test_a_heap_of_receipts_beyond_a_fork_parts_nobody_and_hides_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sideset, "MAX_EVIDENCE", 3)
    world, open_ = opened("ben", "eva")
    ana = world.of["ana1"]
    stores = heap(world, open_)
    world.vote(world.of["eva1"], open_, [["B"]])
    world.close(open_)  # by the branch without any receipts
    for store in stores[:2]:
        send(store, world, ana.logs[GOV][0].records)
        deliver(store, (CERTIFICATE, world.certificates[-1]))

    agree(stores)

    before = {digest(store) for store in stores}
    assert len(before) == 1
    assert before == {rebuild(store)[1] for store in stores}
    for store in stores:
        kept = store.db.execute("SELECT count(*) FROM side WHERE sort = 'receipts' AND live = 1")
        assert kept.fetchone() == (3 - 1,)  # and the stop that the close names
        assert statuses(world, store) == ["incomplete"]  # there may have been others: never equal


def test_a_heap_of_erasures_beyond_a_fork_parts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more than is kept, some were in force on one node and never heard of on another."""
    monkeypatch.setattr(sideset, "MAX_SPARED", 2)
    world = village("ben", "eva")
    ben = world.of["ben1"]
    offers = [world.offer(ben) for _ in range(5)]
    other = fork(ben, 2)
    world.write(ben, "x-vow", {"n": 1}, lane=GOV)
    made = [world.write(ben, "erase", erase.body([each.id]), which=other) for each in offers]
    mia, leo = told(world), told(world, "leo")
    send(mia, world, ben.logs[GOV][other].records)
    for record in made[:3]:
        deliver(leo, (OBJECT, spare(record).raw))
    stores = [mia, leo, new_store(world, "zoe")]

    agree(stores)

    before = {digest(store) for store in stores}
    assert len(before) == 1
    assert before == {rebuild(store)[1] for store in stores}
    assert [verify(store)[1] for store in stores] == [[], [], []]


def test_a_ring_of_receipts_and_ids_of_nothing_end_at_once() -> None:
    """Ids are hashes, so no ring can be made; but one record may be named twice, and any id."""
    world, open_ = opened("ben")
    ana, ben = world.of["ana1"], world.of["ben1"]
    ballot = world.vote(ben, open_, [["A"]])
    first = world.write(ana, "receipts", receipts.body(open_, [ballot.id] * 256, None))
    second = world.write(ana, "receipts", receipts.body(open_, [first.id, bytes(32)], first.id))
    for last in (first.id, second.id, ballot.id, bytes(32), None):
        world.write(ana, "stop", stop.body(open_, last))
    mia = told(world)
    vote, last_ = world.rounds()[0]
    ends = [row[0] for row in mia.db.execute("SELECT record FROM stop ORDER BY seq")]

    found = [recount.closing(mia, vote, [end]) for end in ends]

    assert [None if each is None else each["ballots"] for each in found] == [
        1, None, None, None, 1,
    ]  # fmt: skip
    assert recount.closing(mia, vote, ends[:2]) is None  # two stops by one teller
    assert recount.closing(mia, vote, [ballot.id]) is None
    assert set(recount.tally_now(mia, vote, last_).safe) == {ben.person.public}


def test_a_certificate_before_its_round_and_receipts_before_it_make_no_difference() -> None:
    """Receipts, on a branch that is cut off, come before the certificate that gives them sense."""
    world, open_ = opened("ben", "eva")
    ana, ben = world.of["ana1"], world.of["ben1"]
    chain = [*world.certificates]
    other = fork(ana, len(ana.logs[GOV][0].records))
    world.write(ana, "x-vow", {"n": 1}, lane=GOV)
    world.receipt(open_, world.vote(ben, open_, [["A"]]).id, which=other)
    early, late = new_store(world), new_store(world, "leo")
    for store, first in ((early, len(chain) - 1), (late, len(chain))):
        deliver(store, (FOUND, world.found.entry()))
        for travel in chain[:first]:
            deliver(store, (CERTIFICATE, travel))
        for branch in ana.logs[GOV]:
            send(store, world, branch.records)
        send(store, world, ben.logs[GOV][0].records)
        for travel in chain[first:]:
            deliver(store, (CERTIFICATE, travel))

    assert digest(early) == digest(late)
    for store in (early, late):
        assert set(recount.tally_now(store, *world.rounds()[0]).safe) == {ben.person.public}
