"""Two newcomers on one invitation: both leave the views until somebody says who was meant."""

from __future__ import annotations

from itertools import permutations

from governance.membership import CANDIDATE, CERTIFIED, PROVISIONAL
from governance.roll import admit
from protocol.kinds import confirm
from protocol.records import GOV
from storage import sideset
from storage.digest import digest
from storage.store import Store
from tests.storage.post import CERTIFICATE, agree, deliver, log_of, send, told
from tests.storage.world import Branch, Device, World, village

NEWCOMERS = ("ben1", "eva1", "dan1")


def crowd(count: int) -> tuple[World, list[Device]]:
    """So many newcomers on one invitation of ana's."""
    world = village()
    world.do_invite(world.of["ana1"], 0, 0)
    some = [world.of[name] for name in NEWCOMERS[:count]]
    for device in some:
        world.do_join(device, 0, 0)
    return world, some


def hears(world: World, name: str, some: list[Device]) -> Store:
    """A store that knows ana's log and these newcomers' alone."""
    store = told(world, name, without=world.devices[1:])
    for device in some:
        send(store, world, device.logs[GOV][0].records)
    return store


def standing(store: Store, device: Device) -> int:
    return log_of(store, device, GOV).standing


def test_one_newcomer_is_welcome_at_once() -> None:
    world, (ben,) = crowd(1)
    assert standing(hears(world, "mia", [ben]), ben) == PROVISIONAL


def test_friends_who_each_know_one_of_two_learn_of_the_contest() -> None:
    world, (ben, eva) = crowd(2)
    mia, leo = hears(world, "mia", [ben]), hears(world, "leo", [eva])
    assert standing(mia, ben) == standing(leo, eva) == PROVISIONAL

    agree([mia, leo])

    assert standing(mia, ben) == standing(leo, eva) == CANDIDATE
    assert sideset.ids(mia) == sideset.ids(leo) != []
    assert digest(mia) == digest(leo)


def test_three_newcomers_leave_one_proof_in_whatever_order_they_came() -> None:
    world, three = crowd(3)
    stores = [hears(world, f"friend {n}", list(o)) for n, o in enumerate(permutations(three))]

    assert len({digest(store) for store in stores}) == 1
    assert len(sideset.ids(stores[0])) == 1


def test_the_inviter_says_who_was_meant() -> None:
    world, (ben, eva) = crowd(2)
    mia, leo = hears(world, "mia", [ben]), hears(world, "leo", [eva])
    agree([mia, leo])
    body = confirm.body(0, 0, world.joined[0].record.id)
    said = world.write(world.of["ana1"], "confirm", body)

    send(leo, world, [said])
    agree([mia, leo])

    assert standing(mia, ben) == standing(leo, ben) == PROVISIONAL
    assert digest(mia) == digest(leo)


def test_a_confirm_before_the_joins_leads_to_the_same() -> None:
    world, two = crowd(2)
    mia = hears(world, "mia", two)
    said = world.write(world.of["ana1"], "confirm", confirm.body(0, 0, world.joined[1].record.id))
    send(mia, world, [said])

    leo = hears(world, "leo", two)

    assert digest(mia) == digest(leo)


def test_a_certificate_ends_the_contest_and_its_proof() -> None:
    world, (ben, eva) = crowd(2)
    mia, leo = hears(world, "mia", [ben, eva]), hears(world, "leo", [eva])
    on = world.invited[0]
    ana = world.of["ana1"].person.public
    slot = (on.device.key, on.slot, on.round)
    line = admit(ben.person.public, ben.key, ana, slot, world.joined[0].record.id)
    world.certify({"admit": [line]})
    deliver(mia, (CERTIFICATE, world.certificates[-1]))

    agree([mia, leo])

    for store in (mia, leo):
        assert standing(store, ben) == CERTIFIED
        assert sideset.ids(store) == []
    assert standing(leo, eva) == CANDIDATE
    assert digest(mia) == digest(leo)


def test_who_forks_the_join_is_out_of_the_contest() -> None:
    world, (ben, eva) = crowd(2)
    ben.logs[GOV].append(Branch(ben.logs[GOV][0].records[:1], 1))
    world._join(ben, world.invited[0], 1)
    mia, leo = hears(world, "mia", [ben, eva]), hears(world, "leo", [eva])
    assert standing(mia, eva) == CANDIDATE

    send(mia, world, ben.logs[GOV][1].records)
    agree([mia, leo])

    assert standing(mia, eva) == standing(leo, eva) == PROVISIONAL
    assert digest(mia) == digest(leo)


def test_the_same_person_twice_on_one_invitation_is_a_contest_too() -> None:
    world, (ben,) = crowd(1)
    second = world.of["ben2"]
    world.do_join(second, 0, 0)

    mia = hears(world, "mia", [ben, second])

    assert standing(mia, ben) == standing(mia, second) == CANDIDATE
