"""People with two devices, and a community whose teller's laptop is gone."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from governance import membership
from governance.certified import Round
from node import devices, joining, market, people, recovering, recovery, seat
from node import home as homes
from node.assembly import counts
from node.home import RETIRED
from protocol.codec import Plain
from protocol.errors import Refused
from storage import certificates, taking_back
from storage.views import listing_queries as queries
from tests.village.test_assembly import SLOW, propose, reaches, vote
from tests.village.village import Village, Villager, now_ms


async def come_back(village: Village, person: Villager, name: str) -> Villager:
    """The same person on another machine, by the recovery file alone."""
    text = devices.kept_recovery(person.home)
    assert text is not None
    around = recovery.surroundings(text)
    community, signer = recovery.read(text, None)
    home = homes.recover(village.folder / name, community, signer, around, None, now_ms)
    return await village.comes(name, home)


def seats(person: Villager) -> list[bytes]:
    state = certificates.current(person.home.store)
    return [] if state is None else [each.device for each in state.tellers]


def title(at: Villager, listing: bytes) -> str:
    return str(queries.get(at.home.store, listing).listing.title)


async def test_a_second_device_comes_and_the_first_is_given_up(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    people.set_profile(ben.home, {"name": "Ben", "about": "Bakes."})
    bread = ben.offer("Bread", price=350)
    await village.agree(ana, ben)

    phone = await come_back(village, ben, "ben's phone")
    await village.until(lambda: phone.standing == "member")

    assert people.own_profile(phone.home).about == "Bakes."  # nothing was overwritten
    assert [each.status for each in devices.mine(phone.home)] == ["certified", "certified"]
    jam = phone.offer("Jam")
    market.edit(phone.home, bread.id.hex(), {"title": "Rye bread"})
    phone.node.poke()
    await village.agree()
    assert title(ana, bread.id) == "Rye bread"
    for wrong, reason in (
        (phone.home.device, "this-device"),
        (ana.home.device, "no-device"),
    ):
        with pytest.raises(Refused) as caught:
            devices.retire(phone.home, wrong.hex())
        assert caught.value.reason == reason

    devices.retire(phone.home, ben.home.device.hex()[:8])
    phone.node.poke()
    await village.until(lambda: ben.standing == RETIRED)

    with pytest.raises(Refused):
        ben.offer("Rolls")
    await village.agree(ana, phone)
    assert {bread.id, jam.id} <= ana.ids
    assert {each.key: each.status for each in devices.mine(phone.home)} == {
        ben.home.device: "retired",
        phone.home.device: "certified",
    }
    with pytest.raises(Refused) as caught:
        devices.retire(phone.home, ben.home.device.hex())
    assert caught.value.reason == "retired"
    assert ana.verify() == phone.verify() == []


async def test_a_device_that_was_retired_soon_learns_of_it(
    village: Village, autojump_clock: MockClock
) -> None:
    """Everybody drops it, whatever it was waiting for; so it reaches out again, and asks why."""
    _, ben, _ = await village.join("ana", "ben", "eva")
    phone = await come_back(village, ben, "ben's phone")
    await village.until(lambda: phone.standing == "member")
    await village.agree()
    await trio.sleep(15)  # all are in touch, and nobody looks for more before a minute is over

    devices.retire(ben.home, phone.home.device.hex())
    ben.node.poke()

    await village.until(lambda: phone.standing == RETIRED, seconds=10)


async def test_nobody_has_more_devices_than_the_limit(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (membership, joining):
        monkeypatch.setattr(module, "MOST_DEVICES", 3)
    _, ben = await village.join("ana", "ben")
    ben.offer("Bread")
    await village.agree()
    more = [await come_back(village, ben, f"ben {n}") for n in range(2)]
    await village.until(lambda: all(each.standing == "member" for each in more))

    late = await come_back(village, ben, "ben's last")
    await trio.sleep(60)

    assert late.standing == "waiting"
    assert late.node.last_answer is not None
    assert late.node.last_answer.reason == "too-many"
    devices.retire(more[0].home, more[1].home.device.hex())
    more[0].node.poke()
    await village.until(lambda: late.standing == "member")


async def test_the_file_of_somebody_who_has_left_opens_no_door(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    await village.agree()
    text = devices.kept_recovery(ben.home)
    assert text is not None
    people.leave(ben.home)
    ben.node.poke()
    await village.until(lambda: ana.status_of(ben) == "left")
    found = recovering.read(text, [ana.network.addresses[0]])
    home = recovering.make(
        village.folder / "again", found, opened_by=None, passphrase=None, clock=now_ms
    )

    again = await village.comes("again", home)
    await village.until(lambda: again.node.last_answer is not None)

    assert again.node.last_answer is not None
    assert again.node.last_answer.reason == "gone"
    assert again.standing == "waiting"
    assert not ana.node.peers.may_talk(again.network.peer_id)


async def test_a_community_does_not_die_with_the_tellers_laptop(
    village: Village, autojump_clock: MockClock
) -> None:
    """It is lost; ana comes back on another one. It is found again, and had gone on alone."""
    ana, ben, eva = await village.join("ana", "ben", "eva")
    bread = ana.offer("Bread")
    await village.agree()
    for other in (ben, eva):
        village.cut(ana, other)
    lost = ana.offer("Never seen")
    for slot in (3, 4):
        with ana.home.store.transaction():
            decision: dict[str, Plain] = {"expire": [[ana.home.device, slot, 0]]}
            certificates.certify(ana.home.store, ana.home.unlock().device, "roll", decision)
    with pytest.raises(Refused) as caught:
        await seat.move(ana.node, alone=True)
    assert caught.value.reason == "here-already"

    again = await come_back(village, ana, "ana again")
    village.cut(ana, again)
    await village.until(lambda: again.standing == "provisional")
    with pytest.raises(Refused) as caught:
        await seat.move(ben.node, alone=False)
    assert caught.value.reason == "not-teller"
    moved = await seat.move(again.node, alone=False)
    await village.until(lambda: seats(ben) == seats(eva) == [again.home.device])

    assert (moved["asked"], moved["attempt"], again.standing) == (2, 1, "member")
    cleo = await village.invited("cleo", by=again)
    await village.agree(again, ben, eva, cleo)
    assert bread.id in ben.ids
    assert lost.id not in ben.ids

    for other in (ben, eva, again):  # somebody brings the old laptop back
        village.mend(ana, other)
    await village.until(lambda: ana.standing == RETIRED)
    assert seats(ana) == [again.home.device]
    assert lost.id not in ana.ids
    await village.agree(again, ben, eva, cleo)
    assert all(each.verify() == [] for each in village.people)
    assert taking_back.question(ana.home.store) is None


async def test_an_open_vote_begins_again_under_the_moved_seat(
    village: Village, autojump_clock: MockClock
) -> None:
    """The lost laptop's receipts are no help, so everybody votes once more, and that counts."""
    ana, ben, eva = await village.join("ana", "ben", "eva", rules=SLOW)
    fee = propose(ben, "fees", type="set_fees", default={"fee_bps": 300})
    await reaches(village, fee, "open", ana, ben, eva)
    vote(ben, fee, "yes")
    await village.agree()
    again = await come_back(village, ana, "ana again")
    await village.until(lambda: again.standing == "member")
    await ana.stop()

    await seat.move(again.node, alone=False)
    await village.until(lambda: len(rounds(ben, fee)) == len(rounds(eva, fee)) == 2)
    for each in (ben, eva, again):
        vote(each, fee, "yes")
    await reaches(village, fee, "in_effect", again, ben, eva)

    assert eva.home.charter().fees.default.fee_bps == 300
    assert [last.name for last in rounds(eva, fee)] == ["", ""]
    told = counts.count(eva.home.store, fee)
    assert (told["ballots"], told["agrees"]) == (3, True)


def rounds(person: Villager, proposal: str) -> tuple[Round, ...]:
    state = certificates.current(person.home.store)
    assert state is not None
    return state.votes[bytes.fromhex(proposal)].rounds


async def test_nobody_is_asked_only_where_the_owner_says_so(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    ben.offer("Bread")
    await village.agree()
    again = await come_back(village, ana, "ana again")
    await village.until(lambda: again.standing == "member")
    for each in (ana, ben):
        await each.stop()

    with pytest.raises(Refused) as caught:
        await seat.move(again.node, alone=False)
    assert caught.value.reason == "nobody-asked"
    await seat.move(again.node, alone=True)
    assert seats(again) == [again.home.device]
    await ben.start()
    await village.until(lambda: seats(ben) == [again.home.device])
