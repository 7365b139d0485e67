"""A teller who cheats, or whose home was put back from a copy, among four in a village."""

from __future__ import annotations

from random import Random

import trio
from trio.testing import MockClock

from node import gossip
from node.assembly import proposing
from protocol.errors import Invalid
from protocol.teller_messages import MAX_VIEW, Message, Prepared, commit, move_on, prepare, propose
from storage import agreement, certificates
from storage.standing import settle
from tests.village.test_assembly import copied, reaches, vote
from tests.village.test_assembly import propose as ask
from tests.village.test_four_tellers import four
from tests.village.village import Village, Villager


def own(person: Villager) -> list[Message]:
    return agreement.own(person.home.store)[0]


async def test_a_home_put_back_from_a_copy_does_not_contradict_what_it_said(
    village: Village, autojump_clock: MockClock
) -> None:
    people = await four(village, "eva")
    ana, ben, cleo, dan, eva = people
    for each in people:
        await each.stop()
    advice = {"type": "advice"}
    made = proposing.propose(
        dan.home, kind="advice", title="Tea?", text="", effect=advice, options=[("a", "A")]
    )
    asked = str(made["proposal"])
    before = copied(village, dan, "before")
    await eva.start()
    await dan.start()
    await village.until(lambda: agreement.heard(eva.home.store) != [])
    await trio.sleep(60)
    said = {each.place: each.id for each in own(dan)}
    await dan.stop()
    await eva.stop()
    assert said

    await before.start()  # nobody is there
    await trio.sleep(3600)
    assert own(before) == []
    await eva.start()
    for each in (ana, ben, cleo):
        await each.start()
    await reaches(village, asked, "open", ana, ben, cleo, eva, before)
    for each in (ana, ben, cleo, eva, before):
        vote(each, asked, "a")
    await reaches(village, asked, "in_effect", ana, ben, cleo, eva, before)
    assert all(agreement.doubles(each.home.store) == [] for each in (ana, ben, cleo, eva))


async def test_a_liar_who_says_all_that_comes_to_mind_stops_nobody(
    village: Village, autojump_clock: MockClock
) -> None:
    people = await four(village, "eva")
    ana, ben, cleo, dan, eva = people
    key, rng = dan.home.unlock().device, Random(1)
    question = ask(eva)
    voted = False
    for _ in range(400):
        at = agreement.height(eva.home.store)
        state = certificates.current(eva.home.store)
        assert at is not None and state is not None
        view = rng.choice((0, 1, 2, 3, 4, 5, MAX_VIEW, rng.randrange(MAX_VIEW)))
        word = rng.randbytes(32)
        expire = {"expire": [[state.tellers[0].device, rng.randrange(900), 0]]}
        body = certificates.body(eva.home.store, state, "roll", expire)  # type: ignore[arg-type]
        for message in (
            propose(key, at.about, view, body, None),
            prepare(key, at.about, view, word),
            commit(key, at.about, Prepared(view, word, ((0, bytes(64)),))),
            *([move_on(key, at.about, view, None)] if view else []),
        ):
            raw = gossip.teller_message(message)
            assert raw is not None
            for each in rng.sample([ana, ben, cleo, eva], 2):
                try:
                    with each.home.store.transaction():
                        agreement.receive(each.home.store, message)
                        settle(each.home.store)
                    each.node.kept({"side", "teller"})
                except Invalid as error:
                    assert error.reason == "bad-proof"
        await trio.sleep(2)
        vote_ = state.votes.get(bytes.fromhex(question))
        if vote_ is not None and vote_.phase == "open" and not voted:
            voted = True
            for each in (ana, ben, cleo, eva):
                vote(each, question, "tea")
        if vote_ is not None and vote_.phase == "in_effect":
            break
    await reaches(village, question, "in_effect", *people)
    await village.agree()
    for each in (ana, ben, cleo, eva):
        assert [proof.device for proof in agreement.doubles(each.home.store)] == [key.public]
        assert each.faults == [] and each.verify() == []
