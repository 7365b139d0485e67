"""Forked and cut logs: proven by whoever holds two branches, ended alike at everybody's."""

from __future__ import annotations

import pytest

from protocol.evidence import Fork, read_object
from protocol.kinds import enrol, erase
from protocol.records import GOV, MARKET, TALK, Record
from storage import branches, certificates, fork_proofs, log, sideset
from storage.digest import digest
from storage.rows import id_at
from storage.store import Store
from storage.verify import verify
from tests.storage.post import (
    CERTIFICATE,
    OBJECT,
    SEGMENT,
    agree,
    deliver,
    log_of,
    new_store,
    on_offer,
    send,
    talk,
    told,
)
from tests.storage.world import Branch, Device, World, village


def fork(device: Device, at: int, lane: int = MARKET) -> int:
    """A new branch that parts after `at` records of the first one; its number."""
    branches = device.logs[lane]
    branches.append(Branch(branches[0].records[:at], at))
    return len(branches) - 1


def bakery(breads: int = 6, *, sign: int = 1) -> tuple[World, Device]:
    """Ben is a member and offers bread; each `sign`-th record is signed."""
    world = village("ben")
    ben = world.of["ben1"]
    for number in range(1, breads + 1):
        world.offer(ben, title=f"Bread {number}", sign=number % sign == 0 or number == breads)
    return world, ben


def branch(device: Device, which: int, lane: int = MARKET) -> list[Record]:
    return device.logs[lane][which].records


def blameless(*stores: Store) -> bool:
    return all(not store.db.execute("SELECT 1 FROM fault").fetchall() for store in stores)


@pytest.mark.parametrize("first", [0, 1])
def test_a_fork_is_not_swallowed_whichever_branch_comes_first(first: int) -> None:
    world, ben = bakery()
    world.offer(ben, fork(ben, 3), title="Other bread")
    mia = told(world, without=[ben])
    send(mia, world, branch(ben, 0, GOV))

    send(mia, world, branch(ben, first))
    send(mia, world, branch(ben, 1 - first))

    assert fork_proofs.forks(mia) == [(ben.key, MARKET, 4)]
    assert on_offer(mia) == {record.id for record in branch(ben, 0)[:3]}
    assert blameless(mia)


def test_a_fork_whose_halves_lie_with_two_friends_is_proven_when_they_talk() -> None:
    world, ben = bakery()
    world.offer(ben, fork(ben, 3), title="Other bread")
    mia, leo = told(world), told(world, "leo", without=[ben])
    send(leo, world, branch(ben, 0, GOV))
    send(leo, world, branch(ben, 1))
    assert fork_proofs.forks(mia) == fork_proofs.forks(leo) == []

    assert agree([mia, leo]) <= 2

    assert fork_proofs.forks(mia) == fork_proofs.forks(leo) == [(ben.key, MARKET, 4)]
    assert digest(mia) == digest(leo)
    assert blameless(mia, leo)


def test_a_fork_is_proven_where_the_signature_lies_beyond_another_proof() -> None:
    """Mia's and Leo's copies part at 2, but each knows only of a fork at 5 in its own branch."""
    world, ben = bakery(8, sign=8)
    world.offer(ben, fork(ben, 4), title="Late other")
    lower = fork(ben, 1)
    for number in range(7):
        world.offer(ben, lower, title=f"Lower {number}", sign=number == 6)
    ben.logs[MARKET].append(Branch(branch(ben, lower)[:4], 4))
    world.offer(ben, 3, title="Lower late other")
    mia, leo = told(world, without=[ben]), told(world, "leo", without=[ben])
    for store, ways in ((mia, (0, 1)), (leo, (2, 3))):
        for records in (branch(ben, 0, GOV), *(branch(ben, way) for way in ways)):
            send(store, world, records)
    assert log_of(mia, ben).fork_seq == log_of(leo, ben).fork_seq == 5

    agree([mia, leo])

    assert log_of(mia, ben).fork_seq == log_of(leo, ben).fork_seq == 2
    assert digest(mia) == digest(leo)
    assert blameless(mia, leo)


def test_of_three_branches_the_same_two_prove_the_fork_in_any_order() -> None:
    world, ben = bakery(3)
    for title in ("Second", "Third"):
        world.offer(ben, fork(ben, 2), title=title)
    proofs = set()
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)):
        mia = told(world, without=[ben])
        send(mia, world, branch(ben, 0, GOV))
        for way in order:
            send(mia, world, branch(ben, way))
        proofs |= set(sideset.ids(mia))

    assert len(proofs) == 1


def test_a_proof_that_comes_before_the_log_ends_it_where_it_should() -> None:
    world, ben = bakery()
    world.offer(ben, fork(ben, 3), title="Other bread")
    leo = told(world, "leo")
    send(leo, world, branch(ben, 1))
    (proof,) = sideset.ids(leo)
    raw = sideset.get(leo, proof)
    assert raw is not None
    mia = new_store(world)

    deliver(mia, (OBJECT, raw))
    agree([mia, leo])

    found = read_object(raw, world.community)
    assert isinstance(found, Fork)
    assert log_of(mia, ben).prefix_seq == 3
    assert digest(mia) == digest(leo)


@pytest.mark.parametrize("named", [0, 1])
def test_a_certificate_names_the_branch_that_stands(named: int) -> None:
    world, ben = bakery()
    other = fork(ben, 3)
    world.offer(ben, other, title="Other 4")
    world.offer(ben, other, title="Other 5")
    mia, leo = told(world), told(world, "leo")
    send(leo, world, branch(ben, 1))
    last = branch(ben, named)[4]
    heads = [[ben.key, lane, len(r), r[-1].id] for lane, r in ((GOV, branch(ben, 0, GOV)),)]
    world.certify({"retire": [[ben.key, [*heads, [ben.key, MARKET, 5, last.id]]]]})

    deliver(leo, (CERTIFICATE, world.certificates[-1]))
    agree([mia, leo])

    assert log_of(mia, ben).prefix_id == log_of(leo, ben).prefix_id == last.id
    assert on_offer(mia) == {record.id for record in branch(ben, named)[:5]}
    assert digest(mia) == digest(leo)
    assert verify(mia)[1] == verify(leo)[1] == []
    assert blameless(mia, leo)


def test_a_long_branch_that_a_certificate_names_comes_in_several_segments() -> None:
    world, ben = bakery(2600, sign=500)
    world.offer(ben, fork(ben, 1), title="Other bread")
    mia, leo = told(world, without=[ben]), told(world, "leo", without=[ben])
    for store in (mia, leo):
        send(store, world, branch(ben, 0, GOV))
    for start in range(0, 2600, 500):
        send(leo, world, branch(ben, 0)[start : start + 500])
    send(mia, world, branch(ben, 1))
    last = branch(ben, 0)[-1]
    world.certify({"retire": [[ben.key, [[ben.key, MARKET, 2600, last.id]]]]})
    deliver(leo, (CERTIFICATE, world.certificates[-1]))

    agree([mia, leo])

    assert log_of(mia, ben).prefix_id == last.id
    assert digest(mia) == digest(leo)
    assert blameless(mia, leo)


def test_a_cut_at_an_unsigned_record_still_reaches_who_holds_another_branch() -> None:
    world, ben = bakery(8, sign=8)
    world.offer(ben, fork(ben, 3), title="Other bread")
    cut = branch(ben, 0)[5]
    world.certify({"retire": [[ben.key, [[ben.key, MARKET, 6, cut.id]]]]})
    mia, leo, zoe = told(world), told(world, "leo", without=[ben]), told(world, "zoe")
    send(leo, world, branch(ben, 0, GOV))
    send(leo, world, branch(ben, 1))

    agree([mia, leo, zoe])

    assert {log_of(store, ben).prefix_id for store in (mia, leo, zoe)} == {cut.id}
    assert blameless(mia, leo, zoe)


def test_until_the_named_branch_is_here_a_fork_below_the_cut_ends_the_log() -> None:
    world, ben = bakery(8)
    world.offer(ben, fork(ben, 3), title="Other bread")
    world.certify({"retire": [[ben.key, [[ben.key, MARKET, 8, branch(ben, 0)[-1].id]]]]})
    mia = told(world, without=[ben])
    for records in (branch(ben, 0, GOV), branch(ben, 1), branch(ben, 0)[:6]):
        send(mia, world, records)
    assert log_of(mia, ben).prefix_seq == 3

    send(mia, world, branch(ben, 0)[6:])

    assert log_of(mia, ben).prefix_seq == 8


def test_a_join_that_forked_stands_for_nobody() -> None:
    world = village("ben")
    eva = world.of["eva1"]
    world.do_welcome(eva, 1, 0)
    world._join(eva, world.invited[0], fork(eva, 1, GOV))
    mia, leo = told(world), told(world, "leo", without=[eva])
    send(leo, world, branch(eva, 1, GOV))

    agree([mia, leo])

    for store in (mia, leo):
        assert fork_proofs.forks(store) == [(eva.key, GOV, 2)]
        assert log_of(store, eva, GOV).standing == 0
    assert digest(mia) == digest(leo)


def test_a_device_that_forked_its_enrolment_goes_but_not_what_it_erased() -> None:
    """Nobody can bring back a body by forking the log that took it back."""
    world = village("ben")
    ben, second = world.of["ben1"], world.of["ben2"]
    secret = world.offer(ben, title="Secret")
    world.offer(ben, title="Bread")
    world.do_enrol(second, 0, 0)
    world.write(second, "erase", erase.body([secret.id]))
    way = fork(second, 0, GOV)
    body = enrol.body(second.person, world.community, second.key)
    world.write(second, "enrol", body, which=way)
    mia, leo = told(world), told(world, "leo", without=[second])
    send(mia, world, branch(second, 1, GOV))
    send(leo, world, branch(second, 1, GOV))

    agree([mia, leo])

    for store in (mia, leo):
        assert log_of(store, second, GOV).prefix_seq == 0
        assert on_offer(store) == {branch(ben, 0)[1].id}
    assert digest(mia) == digest(leo)


def test_a_founder_who_retires_the_first_device_leaves_the_community_standing() -> None:
    world = village("ben")
    ana = world.of["ana1"]
    world.certify({"retire": [[ana.key, []]]})
    mia = told(world)
    mia.certified = None  # as in a process that starts anew
    assert certificates.current(mia) is not None

    leo = new_store(world, "leo")
    agree([mia, leo])

    assert digest(mia) == digest(leo)
    assert certificates.founding(leo) == world.found


def test_another_beginning_of_the_founders_log_counts_for_nothing() -> None:
    world = village("ben")
    ana = world.of["ana1"]
    other = Device("ana", 1, ana.person)
    body = enrol.body(ana.person, world.community, ana.key)
    for _ in range(2):
        other.logs[GOV].append(Branch())
        world.write(other, "enrol", body, which=len(other.logs[GOV]) - 1)
    mia = new_store(world)
    for way in (0, 1):
        send(mia, world, branch(other, way, GOV))
    leo = told(world, "leo")
    for way in (0, 1):
        send(leo, world, branch(other, way, GOV))

    agree([mia, leo])

    assert log_of(mia, ana, GOV).prefix_seq == len(branch(ana, 0, GOV))
    assert digest(mia) == digest(leo)
    assert fork_proofs.forks(mia) == []


def test_what_comes_after_a_leave_is_neither_shown_nor_passed_on() -> None:
    world, ben = bakery(3)
    named = [[ben.key, MARKET, 2, branch(ben, 0)[1].id]]
    went = world.write(ben, "leave", {"heads": named})  # type: ignore[dict-item]
    world.certify({"leave": [[ben.person.public, went.id, named]]})
    mia = told(world)

    assert log_of(mia, ben).head_seq == 2
    assert log_of(mia, ben, GOV).head_seq == 0
    assert on_offer(mia) == set()  # what stands is history
    beyond = mia.db.execute("SELECT body FROM contested WHERE seq > 2 AND body IS NOT NULL")
    assert beyond.fetchall() == []
    assert sideset.spares(mia, went)  # the certificate rests on it
    assert went.id in {record.id for record in sideset.spared(mia)}


def test_talk_records_fork_like_any_other() -> None:
    world = village("ben")
    ben = world.of["ben1"]
    for number in range(2):
        if number:
            ben.logs[TALK].append(Branch())
        world.write(ben, "x-word", {"n": number}, lane=TALK, which=number)
    mia = told(world)
    send(mia, world, branch(ben, 0, TALK))
    send(mia, world, branch(ben, 1, TALK))

    assert fork_proofs.forks(mia) == [(ben.key, TALK, 1)]


def test_a_segment_that_does_not_follow_our_head_asks_for_the_place_where_they_part() -> None:
    world, ben = bakery(6)
    other = fork(ben, 3)
    for number in range(3):
        world.offer(ben, other, title=f"Other {number}")
    mia = told(world, without=[ben])
    send(mia, world, branch(ben, 0, GOV))
    send(mia, world, branch(ben, 0)[:4])
    entries = [record.entry() for record in branch(ben, 1)[4:]]

    with mia.transaction():
        outcome = log.keep_segment(mia, ben.key, MARKET, entries)

    assert outcome.word == log.PARTED
    assert id_at(mia, log_of(mia, ben).no, 4) == branch(ben, 0)[3].id
    leo = told(world, "leo")
    assert talk(mia, leo)
    assert blameless(mia, leo)


def test_beside_a_log_only_so_much_is_held_and_the_fork_is_proven_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(branches, "MAX_HELD", 2)
    world, ben = bakery(4)
    for number in range(5):
        world.offer(ben, fork(ben, 3), title=f"Other {number}")
    world.offer(ben, fork(ben, 1), title="Lower")
    mia = told(world)

    for way in range(1, 7):
        send(mia, world, branch(ben, way))

    assert fork_proofs.forks(mia) == [(ben.key, MARKET, 2)]
    (count,) = mia.db.execute("SELECT count(*) FROM contested").fetchone()
    assert count <= 2 + 3  # beside what was part of the log itself


def test_a_body_that_comes_along_with_another_branch_lets_the_log_go_on() -> None:
    world, ben = bakery(3)
    other = fork(ben, 1)
    world.offer(ben, other, title="Other 2")
    mia = told(world, without=[ben])
    send(mia, world, branch(ben, 0, GOV))
    first, *rest = branch(ben, 0)
    bare = [first._replace(salt=None, body=None).entry(), *(record.entry() for record in rest)]
    deliver(mia, (SEGMENT, (ben.key, MARKET, bare)))
    assert log_of(mia, ben).prefix_seq == 0

    send(mia, world, branch(ben, other))

    assert log_of(mia, ben).prefix_seq == 1
    assert on_offer(mia) == {first.id}
