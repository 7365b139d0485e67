"""Forks of devices in nobody's view: they take little room, and none from those that matter."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest

from governance.membership import PROVISIONAL
from protocol.evidence import Fork, fork_proof, spare
from protocol.keys import Signer
from protocol.kinds import enrol, erase
from protocol.records import GOV, MARKET, Record, make_record
from storage import fork_proofs, sideset, strangers
from storage.digest import digest
from storage.rows import find_log, standing_of
from storage.store import Store
from storage.verify import verify
from tests.storage.post import OBJECT, agree, deliver, log_of, new_store, send, told
from tests.storage.world import TIME, Branch, Device, Invited, World, h, village


class Liar(NamedTuple):
    """A device that somebody made up, and two records that begin its log."""

    signer: Signer
    proof: Fork


def liars(world: World, count: int, lane: int = GOV) -> list[Liar]:
    """Made-up devices, each with a proof that its log forked; by the proofs' ids."""
    found = []
    for number in range(count):
        signer = Signer(h("liar", lane, number))
        records = [_first(world, signer, lane, each) for each in ("one", "other")]
        found.append(Liar(signer, fork_proof(world.community, records[:1], records[1:])))
    return sorted(found, key=lambda liar: liar.proof.id)


def _first(world: World, signer: Signer, lane: int, word: str) -> Record:
    return make_record(
        signer,
        community=world.community,
        lane=lane,
        seq=1,
        prev=world.community,
        gov=None,
        kind="x-lie",
        time_ms=TIME,
        salt=h(word, signer.public)[:16],
        body={"word": word},
    )


def show(store: Store, *some: Liar) -> None:
    for liar in some:
        deliver(store, (OBJECT, liar.proof.raw))


def rows(store: Store) -> int:
    """How many devices the store has heard of."""
    (count,) = store.db.execute("SELECT count(*) FROM device").fetchone()
    return int(count)


def fork(world: World, device: Device, lane: int, title: str) -> None:
    """A branch of one record at the beginning of a log."""
    device.logs[lane].append(Branch())
    world.offer(device, len(device.logs[lane]) - 1, title=title)


def twice_enrolled(world: World, device: Device, number: int) -> Record:
    """The first record of a device's `gov`, one way and another: its owner enrols it."""
    return make_record(
        device.signer,
        community=world.community,
        lane=GOV,
        seq=1,
        prev=world.community,
        gov=None,
        kind="enrol",
        time_ms=TIME + number,
        salt=h("twice", number)[:16],
        body=enrol.body(device.person, world.community, device.key),
    )


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "MAX_FORKS", 5)
    monkeypatch.setattr(strangers, "MAX_FORKS_EACH", 2)


@pytest.mark.usefixtures("little")
def test_made_up_forks_leave_nothing_but_the_lowest_and_are_the_same_in_any_order() -> None:
    world = village("ben")
    some = liars(world, 30)
    mia, leo = told(world), told(world, "leo")
    before = rows(mia)

    show(mia, *some)
    show(leo, *reversed(some))

    kept = {liar.proof.id for liar in some[:5]}
    assert kept == set(sideset.ids(mia)) == set(sideset.ids(leo))
    assert rows(mia) == rows(leo) == before + 5
    assert find_log(mia, some[7].signer.public, GOV) is None
    assert digest(mia) == digest(leo)
    assert verify(mia)[1] == []


@pytest.mark.usefixtures("little")
def test_forks_of_who_is_in_view_or_was_enrolled_by_a_member_lose_no_room_to_made_up_ones() -> None:
    world = village("ben", "eva")
    ben, eva2 = world.of["ben1"], world.of["eva2"]
    for title in ("Bread", "Other bread"):
        fork(world, ben, MARKET, title)
    mia = told(world)
    send(mia, world, ben.logs[MARKET][1].records)
    # Eva's second device begins its log twice, before any certificate lists it.
    others = [twice_enrolled(world, eva2, number) for number in range(2)]
    for record in others:
        send(mia, world, [record])
    before = set(sideset.ids(mia))
    assert {device for device, _, _ in fork_proofs.forks(mia)} == {ben.key, eva2.key}

    show(mia, *liars(world, 60))

    assert before <= set(sideset.ids(mia))
    assert len(sideset.ids(mia)) == len(before) + 5
    leo = new_store(world, "leo")
    agree([mia, leo])
    assert digest(mia) == digest(leo)
    assert {device for device, _, _ in fork_proofs.forks(leo)} >= {ben.key, eva2.key}


@pytest.mark.usefixtures("little")
def test_one_member_who_enrols_many_that_fork_has_a_share_and_no_more() -> None:
    world = village("ben", "eva")
    ben, eva2 = world.of["ben1"], world.of["eva2"]
    mia = told(world)
    for number in range(2):
        send(mia, world, [twice_enrolled(world, eva2, number)])
    before = set(sideset.ids(mia))

    forged = []
    for number in range(12):
        made_up = Device("ben", 100 + number, ben.person)
        forged += [made_up.key]
        for branch in range(2):
            send(mia, world, [twice_enrolled(world, made_up, branch)])

    forks = [device for device, _, _ in fork_proofs.forks(mia)]
    assert eva2.key in forks
    assert len(set(forks) & set(forged)) == 2
    assert before <= set(sideset.ids(mia))


@pytest.mark.usefixtures("little")
def test_a_fork_that_was_let_go_is_proven_again_once_the_device_belongs() -> None:
    world = village("ben")
    ben, eva = world.of["ben1"], world.of["eva1"]
    assert ben.logs[GOV]
    mia = told(world)
    show(mia, *liars(world, 5))
    world.do_welcome(eva, 1, 1)
    world.offer(eva, title="Bread")
    fork(world, eva, MARKET, "Other bread")
    leo = told(world, "leo")
    send(leo, world, eva.logs[MARKET][1].records)
    (raw,) = [fork_proofs.proof_of(leo, eva.key, MARKET)]
    assert raw is not None
    show(mia, *liars(world, 30, MARKET))
    deliver(mia, (OBJECT, raw))  # before anybody told her of eva: it waits, or is let go

    agree([mia, leo])

    assert log_of(mia, eva, MARKET).fork_seq == 1
    assert fork_proofs.proof_of(mia, eva.key, MARKET) == raw
    assert digest(mia) == digest(leo)


@pytest.mark.usefixtures("little")
def test_what_waits_about_strangers_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = village("ben")
    mia = told(world)
    before, some = rows(mia), liars(world, 30, MARKET)

    show(mia, *some)

    assert sideset.ids(mia) == []
    assert rows(mia) == before + 5
    monkeypatch.setattr(strangers, "SHARE_BYTES", 2 * len(some[0].proof.raw) + 10)
    show(mia, *liars(world, 40, MARKET))
    assert rows(mia) == before + 2


def test_what_says_nothing_new_waits_within_a_number_of_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = village("ben", "eva")
    objects: dict[str, list[bytes]] = {"ben1": [], "eva1": []}
    for name, some in objects.items():
        for number in range(8):
            record = world.write(world.of[name], "erase", erase.body([h("bread", number)]))
            some.append(spare(record).raw)
    mia = told(world)
    size = len(objects["ben1"][0])
    monkeypatch.setattr(sideset, "SHARE_BYTES", 5 * size)
    monkeypatch.setattr(sideset, "MAX_WAITING_BYTES", 7 * size)

    for raw in objects["ben1"]:
        deliver(mia, (OBJECT, raw))  # it is in Ben's log as well
    assert held(mia) == 5
    for raw in objects["eva1"]:
        deliver(mia, (OBJECT, raw))

    assert held(mia) == 7
    assert sideset.ids(mia) == []


def held(store: Store) -> int:
    """How many objects the side set has, waiting or not."""
    (count,) = store.db.execute("SELECT count(*) FROM side").fetchone()
    return int(count)


def joined(world: World, number: int, invited: Invited) -> Device:
    """A made-up person's device that joined by an invitation and forked its log after that."""
    device = Device("liar", number, Signer(h("liar", number)))
    world.do_enrol(device, 0, 0)
    world._join(device, invited, 0)
    device.logs[GOV].append(Branch(device.logs[GOV][0].records[:2], 2))
    for branch in range(2):
        world.write(device, "x-vow", {"n": branch}, lane=GOV, which=branch)
    return device


def proven(world: World, device: Device, at: int = 2) -> Fork:
    one, other = (branch.records[at : at + 1] for branch in device.logs[GOV])
    return fork_proof(world.community, one, other)


@pytest.mark.usefixtures("little")
def test_who_heard_the_logs_of_made_up_devices_keeps_no_other_forks_than_who_did_not() -> None:
    world = village("ben")
    world.do_invite(world.of["ben1"], 1, 0)
    mia, leo = told(world), told(world, "leo")

    for number in range(12):
        device = joined(world, number, world.invited[-1])
        send(mia, world, device.logs[GOV][0].records)
        send(mia, world, device.logs[GOV][1].records)
        show(leo, Liar(device.signer, proven(world, device)))
    agree([mia, leo])

    assert digest(mia) == digest(leo)
    assert len(fork_proofs.forks(mia)) == 5


@pytest.mark.usefixtures("little")
def test_a_log_whose_fork_was_let_go_is_no_shorter_once_it_is_in_view() -> None:
    world = village("ben")
    world.do_invite(world.of["ben1"], 1, 0)
    eva, other = (joined(world, number, world.invited[-1]) for number in range(2))
    mia, leo = told(world), told(world, "leo")
    for device in (eva, other):  # which of the two Ben meant is not said yet
        send(mia, world, device.logs[GOV][0].records[:2])
        send(leo, world, device.logs[GOV][0].records[:2])
    send(leo, world, eva.logs[GOV][0].records)
    show(mia, *(each for each in liars(world, 60) if each.proof.id < proven(world, eva).id))
    send(mia, world, eva.logs[GOV][1].records)
    send(mia, world, eva.logs[GOV][0].records)
    assert eva.key not in {device for device, _, _ in fork_proofs.forks(mia)}

    world.do_confirm(eva, 1, 0)  # Ben joined before her
    send(mia, world, world.of["ben1"].logs[GOV][0].records)

    agree([mia, leo])
    assert digest(mia) == digest(leo)
    assert standing_of(mia, eva.key) == (PROVISIONAL, eva.person.public)


@pytest.mark.parametrize("seed", [4, 107])
def test_whatever_each_heard_of_devices_in_no_view_all_come_to_hold_the_same(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr(strangers, "MAX_FORKS", dice.choice([3, 5]))
    monkeypatch.setattr(strangers, "MAX_FORKS_EACH", dice.choice([1, 2]))
    monkeypatch.setattr(sideset, "MAX_LOOSE", dice.choice([6, 10, 2048]))
    world = village("ben", "dan")
    world.do_invite(world.of["ben1"], 1, 0)
    said: list[list[Record] | Liar] = []
    for number in range(dice.choice([8, 14])):
        said += _said(world, number, dice)

    stores = [told(world, name) for name in ("mia", "leo", "zoe")]
    for store in stores:
        for each in dice.sample(said, dice.randrange(len(said))):
            if isinstance(each, Liar):
                show(store, each)
            else:
                send(store, world, each)
    agree(stores)

    assert len({digest(store) for store in stores}) == 1
    assert [verify(store)[1] for store in stores] == [[], [], []]


def _said(world: World, number: int, dice: random.Random) -> list[list[Record] | Liar]:
    """What can be said of a made-up device: Ben's own, one that joined, or one of nobody's."""
    sort = dice.choice(["own", "own", "joined", "nobody's"])
    ben = world.of["ben1"].person
    device = Device("liar", number, ben if sort == "own" else Signer(h("liar", number)))
    world.do_enrol(device, 0, 0)
    at = dice.choice([0, 1, 2])
    if sort == "joined":
        world._join(device, world.invited[-1], 0)
    else:
        world.write(device, "x-vow", {"n": 1}, lane=GOV, which=0)
    world.write(device, "x-vow", {"n": 2}, lane=GOV, which=0)
    gov = device.logs[GOV]
    gov.append(Branch(gov[0].records[:at], at))
    if at == 0:
        world.write(
            device, "enrol", enrol.body(device.person, world.community, device.key), which=1
        )
    elif at == 1 and sort == "joined":
        world._join(device, world.invited[-1], 1)
    else:
        world.write(device, "x-vow", {"n": 3}, lane=GOV, which=1)
    liar = Liar(device.signer, proven(world, device, at))
    return [gov[0].records, gov[1].records, gov[1].records[at:], liar, gov[0].records[:1]]
