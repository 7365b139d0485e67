"""Four tellers in a village: decisions that no single machine can hold up."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from node import gossip
from protocol.errors import Invalid
from protocol.evidence import read_object
from protocol.teller_messages import About, Prepared, commit, move_on, prepare
from storage import agreement, certificates
from tests.village.test_assembly import propose, reaches, status, vote
from tests.village.village import Village, Villager

NAMES = ("ana", "ben", "cleo", "dan")


def tellers(person: Villager) -> set[bytes]:
    state = certificates.current(person.home.store)
    assert state is not None
    return {seat.device for seat in state.tellers}


def height(person: Villager) -> int:
    return certificates.tip(person.home.store)[0]


async def four(village: Village, *more: str, **rules: Any) -> list[Villager]:
    """A village whose first four people are its tellers."""
    people = await village.join(*NAMES, *more, rules=rules, tellers=4)
    candidates = {each.name.upper()[0]: each.home.person.hex() for each in people[: len(NAMES)]}
    found = propose(people[0], "offices", type="elect", office="teller", candidates=candidates)
    await reaches(village, found, "open", *people)
    for each in people:
        vote(each, found, ",".join(candidates))
    await reaches(village, found, "in_effect", *people)
    assert all(tellers(each) == {who.home.device for who in people[:4]} for each in people)
    return people


async def test_four_tellers_decide(village: Village, autojump_clock: MockClock) -> None:
    people = await four(village, "eva")
    _ana, _ben, _cleo, _dan, eva = people
    question = propose(eva)
    await reaches(village, question, "open", *people)
    for each in people:
        vote(each, question, "tea")
    await reaches(village, question, "in_effect", *people)
    await village.invited("finn", by=eva)
    await village.agree()
    for each in people:
        assert each.faults == [] and each.verify() == []
        assert agreement.heard(each.home.store) == []
    at = height(eva)
    await village.until(lambda: True)
    assert height(eva) == at


async def test_one_of_them_away(village: Village, autojump_clock: MockClock) -> None:
    people = await four(village, "eva")
    ana, ben, cleo, dan, eva = people
    await dan.stop()
    here = [ana, ben, cleo, eva]
    for _n in range(3):
        question = propose(eva)
        await reaches(village, question, "open", *here)
        for each in here:
            vote(each, question, "tea")
        await reaches(village, question, "in_effect", *here)
    await dan.start()
    await village.agree()
    assert status(dan, question) == "in_effect"


async def test_tellers_who_are_never_online_together(
    village: Village, autojump_clock: MockClock
) -> None:
    people = await four(village, "eva")
    *some, eva = people
    for each in some:
        await each.stop()
    question = propose(eva)
    cast: set[str] = set()
    rounds = 0
    while status(eva, question) != "in_effect":
        rounds += 1
        assert rounds < 40
        for each in some:
            await each.start()
            await village.agree(each, eva, seconds=600)
            await trio.sleep(20)
            if status(each, question) == "open" and each.name not in cast:
                cast.add(each.name)
                vote(each, question, "tea")
            await village.agree(each, eva, seconds=600)
            await each.stop()
        print(rounds, status(eva, question), height(eva), len(agreement.heard(eva.home.store)))


async def test_two_and_two_decide_nothing_until_they_meet(
    village: Village, autojump_clock: MockClock
) -> None:
    people = await four(village, "eva", "finn")
    ana, ben, cleo, dan, eva, finn = people
    for one in (ana, ben, eva):
        for other in (cleo, dan, finn):
            village.cut(one, other)
    before = height(eva)
    question = propose(eva)
    await trio.sleep(1200)
    assert {height(each) for each in people} == {before}
    assert agreement.heard(eva.home.store) != []
    for one in (ana, ben, eva):
        for other in (cleo, dan, finn):
            village.mend(one, other)
    await reaches(village, question, "open", *people)
    for each in people:
        vote(each, question, "tea")
    await reaches(village, question, "in_effect", *people)
    await village.agree()
    assert all(each.verify() == [] for each in people)


async def test_a_leader_who_says_two_things_is_proved_at_fault(
    village: Village, autojump_clock: MockClock
) -> None:
    people = await four(village, "eva")
    store = people[4].home.store
    at = agreement.height(store)
    assert at is not None
    liar = people[0]
    key = liar.home.unlock().device
    await liar.stop()
    for certificate in (b"1" * 32, b"2" * 32):
        message = prepare(key, at.about, 0, certificate)
        raw = gossip.teller_message(message)
        assert raw is not None
        await people[4].network.publish(raw)
        with store.transaction():
            agreement.receive(store, message)
    people[4].node.spread()
    await village.until(lambda: all(len(agreement.doubles(p.home.store)) == 1 for p in people[1:]))
    (proof,) = agreement.doubles(people[2].home.store)
    assert proof.device == liar.home.device
    question = propose(people[4])
    await reaches(village, question, "open", *people[1:])
    await village.agree(*people[1:])


async def test_what_is_about_another_certificate_is_dropped(
    village: Village, autojump_clock: MockClock
) -> None:
    people = await four(village, "eva")
    eva = people[4]
    store = eva.home.store
    at = agreement.height(store)
    assert at is not None
    before = certificates.above(store, at.about.height - 3)[0]
    ana = people[0].home.unlock().device
    about = at.about
    past = About(about.community, before.height + 1, before.id)
    ahead = About(about.community, about.height + 1000, b"p" * 32)
    beside = About(about.community, about.height, b"p" * 32)
    for where in (past, ahead, beside):
        for view in range(100):
            with store.transaction():
                assert not agreement.receive(store, prepare(ana, where, view, b"1" * 32))
    with store.transaction():
        strange = prepare(eva.home.unlock().device, about, 0, b"1" * 32)
        assert not agreement.receive(store, strange)
    assert agreement.heard(store) == []
    for view in range(200):
        with store.transaction():
            agreement.receive(store, prepare(ana, about, view, b"1" * 32))
    kept = {each.view for each in agreement.heard(store)}
    assert kept == set(range(200 - agreement.MOST_VIEWS, 200))
    assert eva.faults == []


async def test_false_proofs_and_endless_proposals_are_refused(
    village: Village, autojump_clock: MockClock
) -> None:
    people = await four(village, "eva")
    store = people[4].home.store
    at = agreement.height(store)
    assert at is not None
    keys = [each.home.unlock().device for each in people[:4]]
    seats = {seat.device: index for index, seat in enumerate(at.tellers)}
    said = [prepare(key, at.about, 0, b"1" * 32) for key in keys]
    signed = sorted((seats[each.device], each.signature) for each in said)
    too_few = Prepared(0, b"1" * 32, tuple(signed[:2]))
    other = Prepared(0, b"2" * 32, tuple(signed))
    for shown in (too_few, other):
        for message in (commit(keys[0], at.about, shown), move_on(keys[0], at.about, 1, shown)):
            with pytest.raises(Invalid, match="prepare"), store.transaction():
                agreement.receive(store, message)
    with store.transaction():
        shown = Prepared(0, b"1" * 32, tuple(signed))
        assert agreement.receive(store, move_on(keys[0], at.about, 1, shown))
    with pytest.raises(Invalid):
        read_object(b"\x00" * 10_000_000, store.community)
