"""Four tellers and an alternate in a village: a seat changes hands, and decisions go on."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from governance.certified import Round
from governance.handover import RESIGNED, SILENT
from node import seat
from node.tellership.handover import SILENCE_S
from protocol.certificates import Certificate
from storage import certificates
from tests.village.test_assembly import SLOW, propose, reaches, status, vote
from tests.village.test_devices import come_back
from tests.village.test_four_tellers import tellers
from tests.village.village import Village, Villager

NAMES = ("ana", "ben", "cleo", "dan", "eva")
DAY = 86_400
LONG = SLOW | {"open_s": 15 * 60}


async def elect(village: Village, chosen: str, *people: Villager) -> None:
    """All vote for these, by first letters, and all but the last of them for everybody else."""
    candidates = {each.name[0].upper(): each.home.person.hex() for each in people}
    found = propose(people[0], "offices", type="elect", office="teller", candidates=candidates)
    await reaches(village, found, "open", *people)
    for each in people[:-1]:
        vote(each, found, ",".join(candidates))
    vote(people[-1], found, ",".join(chosen))
    await reaches(village, found, "in_effect", *people)


async def five(village: Village) -> list[Villager]:
    """A village where Ana, Ben, Cleo and Dan are the tellers, and Eva is their alternate."""
    people = await village.join(*NAMES, tellers=4)
    await elect(village, "ABCD", *people)
    assert all(holders(each) == [who.home.device for who in people[:4]] for each in people)
    return people


def holders(person: Villager) -> list[bytes]:
    """The devices that hold the seats, seat by seat."""
    state = certificates.current(person.home.store)
    assert state is not None
    return [each.device for each in state.tellers]


def newest(person: Villager, kind: str) -> Certificate:
    """The last certificate of a kind."""
    return [each for each in certificates.above(person.home.store, -1) if each.kind == kind][-1]


def last_round(person: Villager, proposal: str) -> Round:
    state = certificates.current(person.home.store)
    assert state is not None
    return state.votes[bytes.fromhex(proposal)].rounds[-1]


async def decide(village: Village, *people: Villager) -> str:
    """These people put a question to the vote, and it comes in force for all of them."""
    question = propose(people[-1])
    await reaches(village, question, "open", *people)
    for each in people:
        vote(each, question, "tea")
    await reaches(village, question, "in_effect", *people)
    return question


async def test_a_teller_resigns_and_the_alternate_decides_with_the_others(
    village: Village, autojump_clock: MockClock
) -> None:
    people = await five(village)
    ana, ben, cleo, dan, eva = people
    resigned = seat.resign(dan.home)
    dan.node.poke()
    assert resigned["person"] == eva.home.person.hex()
    four = [each.home.device for each in (ana, ben, cleo, eva)]
    await village.until(lambda: all(holders(each) == four for each in people))

    by = newest(ana, "tellers")
    assert (by.decision["seat"], by.decision["why"]) == (3, RESIGNED)
    assert len(by.signatures) >= 3 and not by.by_persons
    await ana.stop()  # Ben, Cleo and Eva are three of four: without her nothing could be decided
    question = await decide(village, ben, cleo, eva, dan)
    asked = last_round(ben, question)
    assert [each.device for each in asked.tellers] == four
    signed = {four[place] for place, _ in newest(ben, "close").signatures}
    assert signed == {each.home.device for each in (ben, cleo, eva)}
    assert dan.standing == "member"
    await ana.start()
    await village.agree()
    assert status(ana, question) == "in_effect"
    assert all(each.faults == [] and each.verify() == [] for each in people)


async def test_the_alternate_steps_in_for_a_teller_who_is_silent_for_a_month(
    village: Village, autojump_clock: MockClock
) -> None:
    people = await five(village)
    ana, ben, cleo, dan, eva = people
    here = [ana, ben, cleo, eva]
    await dan.stop()
    before = tellers(ana)
    for _ in range(3):  # the others have nothing to say either, and are not silent
        autojump_clock.jump(8 * DAY)
        await trio.sleep(3600)
    assert all(tellers(each) == before for each in here)
    autojump_clock.jump(SILENCE_S - 24 * DAY)
    four = [each.home.device for each in (ana, ben, cleo, eva)]
    await village.until(lambda: all(holders(each) == four for each in here))

    by = newest(eva, "tellers")
    assert (by.decision["seat"], by.decision["why"]) == (3, SILENT)
    await ana.stop()
    await decide(village, ben, cleo, eva)
    await ana.start()
    await dan.start()  # and takes no part in it any more
    await village.agree()
    assert holders(dan) == four
    question = await decide(village, *people)
    await village.agree()
    assert [each.device for each in last_round(dan, question).tellers] == four
    assert all(each.faults == [] and each.verify() == [] for each in people)


async def take_the_seat_along(village: Village, lost: Villager, *others: Villager) -> Villager:
    """A teller whose device is gone goes on with another, once the others have heard of it."""
    await lost.stop()
    again = await come_back(village, lost, f"{lost.name} again")
    await village.until(lambda: again.standing == "provisional" or again.standing == "member")
    asked = seat.ask(again.home)
    assert asked["retired"] == lost.home.device.hex()
    again.node.poke()
    await village.until(lambda: all(again.home.device in tellers(each) for each in others))
    return again


@pytest.mark.parametrize("moved", [1, 2])
async def test_a_vote_keeps_the_tellers_of_its_opening(
    village: Village, autojump_clock: MockClock, moved: int
) -> None:
    """Three of the four can close it; when only two of them are left, it is opened once more."""
    people = await village.join(*NAMES, rules=LONG, tellers=4)
    ana, ben, cleo, dan, eva = people
    await elect(village, "ABCD", *people)
    first = [each.home.device for each in (ana, ben, cleo, dan)]
    question = propose(eva)
    await reaches(village, question, "open", *people)
    for each in people:
        vote(each, question, "tea")
    await trio.sleep(60)

    here = {"ana": ana, "ben": ben, "cleo": cleo, "dan": dan, "eva": eva}
    for name in ("ben", "cleo")[:moved]:
        lost = here.pop(name)
        here[name] = await take_the_seat_along(village, lost, *here.values())
    everybody = tuple(here.values())
    now = [here[name].home.device for name in NAMES[:4]]
    assert all(holders(each) == now for each in everybody)
    if moved == 1:
        assert [each.device for each in last_round(ana, question).tellers] == first
    else:
        await village.until(lambda: len(rounds(ana, question)) == 2)
        await reaches(village, question, "open", *everybody)
        assert [each.device for each in last_round(ana, question).tellers] == now
        for each in everybody:
            vote(each, question, "tea")
    await reaches(village, question, "in_effect", *everybody)
    await village.agree(*everybody)
    counted = last_round(eva, question).result
    assert counted is not None and counted["ballots"] == 5
    assert all(each.verify() == [] for each in everybody)


def rounds(person: Villager, proposal: str) -> tuple[Round, ...]:
    state = certificates.current(person.home.store)
    assert state is not None
    return state.votes[bytes.fromhex(proposal)].rounds


async def test_a_community_goes_back_to_one_teller(
    village: Village, autojump_clock: MockClock
) -> None:
    people = await five(village)
    ana, ben, cleo, dan, eva = people
    fewer = {"offices": {"teller": {"seats": 1}}}
    rules = propose(ana, "rules", type="set_rules", changes=fewer)
    await reaches(village, rules, "open", *people)
    for each in people:
        vote(each, rules, "yes")
    await reaches(village, rules, "in_effect", *people)
    assert len(holders(eva)) == 4  # until the election
    await elect(village, "E", eva, ana, ben, cleo, dan)
    assert all(holders(each) == [eva.home.device] for each in people)
    for each in (ana, ben, cleo):
        await each.stop()
    await decide(village, eva, dan)
    assert len(newest(dan, "effect").signatures) == 1
    for each in (ana, ben, cleo):
        await each.start()
    await village.agree()
    assert all(each.faults == [] and each.verify() == [] for each in people)
