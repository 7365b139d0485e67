"""Who has left, or was removed, comes back with the same person key, a new device, a new link."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from governance.roll import LEFT, MEMBER, REMOVED
from node import home as homes
from node import inviting, market, people
from node.assembly import acting, proposing
from storage import certificates
from tests.village.test_assembly import propose, reaches, vote
from tests.village.village import Village, Villager, now_ms


def standing(at: Villager, person: bytes) -> str:
    state = certificates.current(at.home.store)
    assert state is not None
    return state.roll.persons[person].standing


async def come_back(village: Village, gone: Villager, by: Villager) -> Villager:
    """A new home for the same person, by a new invitation."""
    (link,) = inviting.make(by.home, 1)
    by.node.poke()
    key = gone.home.unlock().person
    home = homes.join_by(village.folder / "back", link, "", None, now_ms, person=key)
    back = village._add("back", home)
    await back.start()
    return back


@pytest.mark.parametrize("how", [LEFT, REMOVED])
async def test_who_has_gone_comes_back(
    village: Village, autojump_clock: MockClock, how: str
) -> None:
    ana, ben, eva, dan = await village.join("ana", "ben", "eva", "dan")
    person, jam = ben.home.person, ben.offer("Jam")
    await village.until(lambda: all(jam.id in each.ids for each in (ana, eva, dan)))
    if how == LEFT:
        people.leave(ben.home)
        ben.node.poke()
    else:
        expel = {"type": "expel", "person": "ben"}
        made = proposing.propose(
            ana.home, kind="expulsion", title="Ben", text="", effect=expel, options=[]
        )
        ana.node.poke()
        question = made["proposal"]
        await reaches(village, question, "open", ana, eva, dan)
        for each in (ana, eva, dan):
            vote(each, question, "yes")
    await village.until(lambda: all(standing(each, person) == how for each in (ana, eva, dan)))
    assert jam.id not in ana.ids | eva.ids
    await ben.stop()

    back = await come_back(village, ben, by=eva)
    await village.until(lambda: back.standing == MEMBER)
    assert back.home.person == person
    bread = back.offer("Bread")
    market.withdraw(back.home, jam.id.hex())
    back.node.poke()
    question = propose(back)
    await reaches(village, question, "open", ana, eva, dan, back)
    for each in (ana, eva, dan, back):
        vote(each, question, "tea")
    await reaches(village, question, "in_effect", ana, eva, dan, back)

    for each in (ana, eva, dan, back):
        state = certificates.current(each.home.store)
        assert state is not None
        assert state.roll.persons[person].inviter == eva.home.person
        assert set(state.roll.persons[person].devices) == {ben.home.device, back.home.device}
        assert state.roll.is_member_device(back.home.device)
        assert not state.roll.is_member_device(ben.home.device)
        assert (bread.id in each.ids, jam.id in each.ids) == (True, False)
        assert people.resolve(each.home, "ben").status == MEMBER
    await village.agree(ana, eva, dan, back)


async def test_two_vouches_let_somebody_in_and_what_is_missing_is_seen(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    change = {"membership": {"vouches": 3, "exit_s": 3600}}
    question = propose(ana, "rules", type="set_rules", changes=change)
    await reaches(village, question, "open", ana, ben, eva)
    for each in (ana, ben, eva):
        vote(each, question, "yes")
    await reaches(village, question, "in_effect", ana, ben, eva)
    fay = await village.invited("fay", by=ana, wait=False)
    await village.until(lambda: fay.home.person in {m.person for m in people.newcomers(ben.home)})

    for said, missing in ((ben, 2), (eva, 1)):
        await village.until(
            lambda n=missing: all(  # type: ignore[misc]
                [m.missing for m in people.newcomers(each.home)] == [n]
                for each in (ana, ben, eva, fay)
            )
        )
        assert fay.standing == "provisional"
        acting.vouch(said.home, "fay", "We were at school together.")
        said.node.poke()

    await village.until(lambda: fay.standing == MEMBER)
    assert people.newcomers(fay.home) == []
    await village.agree()

    people.leave(ben.home)
    ben.node.poke()
    since = trio.current_time()
    await village.until(lambda: standing(eva, ben.home.person) == LEFT, 3 * 3600)
    assert trio.current_time() - since >= 3600
