"""Votes in a village where somebody cheats, is late, or thinks better of it."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from node import home as homes
from node import inviting
from node.assembly import casting, counts, proposing, reading
from node.home import Home
from node.recovery import Surroundings
from protocol.errors import Refused
from protocol.kinds import ballot
from storage import certificates
from storage.own import Draft
from tests.village.village import Village, Villager, now_ms

MINUTE = 60
SLOW: dict[str, Any] = {
    "notice_s": MINUTE,
    "open_s": 4 * MINUTE,
    "min_open_s": MINUTE,
    "early_close": False,
    "revise": True,
    "challenge_s": MINUTE,
    "delay_s": MINUTE,
}


def propose(villager: Villager, kind: str = "advice", **effect: Any) -> str:
    """Put a question to the village; its id. Without an effect it is advice on tea."""
    made = proposing.propose(
        villager.home,
        kind=kind,
        title="A question",
        text="",
        effect=effect or {"type": "advice"},
        options=[] if effect else [("tea", "Tea")],
    )
    villager.node.poke()
    return str(made["proposal"])


def vote(person: Villager, proposal: str, choice: str) -> dict[str, Any]:
    """Cast a ballot, as the command does."""
    cast = casting.cast(person.home, proposal, choice)
    person.node.poke()
    return cast


def status(person: Villager, proposal: str) -> str:
    state = certificates.current(person.home.store)
    vote = state.votes.get(bytes.fromhex(proposal)) if state is not None else None
    return "" if vote is None else vote.phase


def safe(person: Villager, proposal: str) -> bool:
    mine = reading.proposal(person.home.store, person.home.person, proposal)["mine"]
    return mine is not None and bool(mine["safe"])


def counted(person: Villager, proposal: str) -> dict[str, Any]:
    found: dict[str, Any] = counts.count(person.home.store, proposal)
    return found


async def reaches(village: Village, proposal: str, wanted: str, *people: Villager) -> None:
    for person in people:
        await village.until(lambda p=person: status(p, proposal) == wanted, 20 * MINUTE)  # type: ignore[misc]


def copied(village: Village, person: Villager, name: str) -> Villager:
    """The home as it is now, on another disk; the node of `person` must not run."""
    person.home.store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(person.home.path, village.folder / name)
    return village._add(name, homes.open_home(village.folder / name, now_ms))


async def test_friends_invited_during_a_vote_change_nothing(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva", rules=SLOW)
    question = propose(ben, "fees", type="set_fees", default={"fee_bps": 300})
    await reaches(village, question, "notice", ana, ben, eva)
    friends = [await village.invited(f"friend{n}", by=ben) for n in range(3)]
    await reaches(village, question, "open", ana, ben, eva, *friends)
    for friend in friends:
        with pytest.raises(Refused) as refusal:
            vote(friend, question, "yes")
        assert refusal.value.reason == "not-in-electorate"
        certified = certificates.current(friend.home.store)
        assert certified is not None
        begun = certified.votes[bytes.fromhex(question)].rounds[-1].open
        friend.home.append([Draft("ballot", ballot.body(begun, 1, "yes"))])  # by a hostile build
    vote(ben, question, "yes")
    vote(ana, question, "no")
    vote(eva, question, "no")

    await reaches(village, question, "failed", *village.people)

    told = counted(ana, question)
    assert (told["electorate"], told["ballots"], told["agrees"]) == (3, 3, True)
    assert told["tally"] == {"yes": 1, "no": 2, "abstain": 0}
    await village.agree()


async def test_who_votes_after_the_end_by_a_false_clock_is_not_counted(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva", rules=SLOW)
    question = propose(ana)
    await reaches(village, question, "open", ana, ben, eva)
    vote(ana, question, "tea>status-quo")
    village.cut(ben, ana)
    village.cut(ben, eva)
    late = ben.home.store.now_ms
    ben.home.store.now_ms = lambda: late() - 60 * MINUTE * 1000
    await reaches(village, question, "in_effect", ana, eva)

    assert not vote(ben, question, "status-quo>tea")["safe"]  # his node knows no better
    village.mend(ben, ana)
    village.mend(ben, eva)
    await reaches(village, question, "in_effect", ben)
    with pytest.raises(Refused):
        vote(ben, question, "status-quo>tea")

    await village.agree()
    assert [counted(person, question)["ballots"] for person in (ana, ben, eva)] == [1, 1, 1]
    assert not safe(ben, question)


async def test_the_ballot_of_a_member_who_forks_afterwards_stands(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva", rules=SLOW)
    question = propose(ana)
    await reaches(village, question, "open", ana, ben, eva)
    await village.agree()
    await ben.stop()
    twin = copied(village, ben, "twin")
    await ben.start()
    vote(ben, question, "tea")
    await village.until(lambda: safe(ben, question))
    await ben.stop()

    twin.home.append_here([Draft("ballot", ballot.body(_open(twin.home, question), 9, []))])
    await twin.start()
    await village.until(lambda: ana.forks != [] and eva.forks != [])
    vote(eva, question, "tea")
    await reaches(village, question, "in_effect", ana, eva)

    await village.agree(ana, eva)
    for person in (ana, eva):
        told = counted(person, question)
        assert (told["agrees"], told["ballots"], told["here"]) == (True, 2, 2)
    newcomer = await village.invited("newcomer", by=ana)
    await village.agree(ana, eva, newcomer)
    assert counted(newcomer, question) == counted(ana, question)


def _open(home: Home, proposal: str) -> bytes:
    state = certificates.current(home.store)
    assert state is not None
    return state.votes[bytes.fromhex(proposal)].rounds[-1].open


async def test_a_teller_who_forks_its_log_to_lose_a_ballot_is_found_out(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva", rules=SLOW)
    question = propose(ben)
    await reaches(village, question, "open", ana, ben, eva)
    await village.agree()
    await ana.stop()
    twin = copied(village, ana, "twin")
    await ana.start()
    vote(ben, question, "tea")
    await village.until(lambda: safe(ben, question))
    await ana.stop()
    await ben.stop()  # whom the other Ana must not hear of her own receipts from

    await twin.start()
    village.cut(twin, eva)
    await trio.sleep(5 * MINUTE)  # the other Ana has stopped and closed without Ben's ballot
    assert counted(twin, question)["ballots"] == 0
    village.mend(twin, eva)
    await ben.start()
    await village.until(lambda: counted(ben, question)["status"] == "differs", 20 * MINUTE)

    told = counted(ben, question)
    assert told["agrees"] is False
    assert told["why"]
    assert ben.forks != []


async def test_ballots_that_should_not_be_have_no_effect_and_harm_nobody(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva", rules=SLOW)
    other = propose(ana)
    question = propose(ana)
    await reaches(village, question, "open", ana, ben, eva)
    begun, elsewhere = _open(ben.home, question), _open(ben.home, other)
    wrong: list[Any] = [
        *("tea", 7, True, {}, {"tea": 1}, [], "yes", [["tea"], ["tea"]], [["coffee"]]),
        *([["tea", ["status-quo"]]], [[7]], [b"tea"], [[b"tea"]], [[]] * 100, [["tea"] * 100]),
    ]
    for choice in wrong:
        ben.home.append([Draft("ballot", ballot.body(begun, 1, choice))])
    ben.home.append([Draft("ballot", ballot.body(elsewhere, 1, [["tea"]]))])
    ben.home.append([Draft("ballot", ballot.body(bytes(32), 1, [["tea"]]))])
    ben.node.poke()
    vote(eva, question, "tea")

    await reaches(village, question, "in_effect", ana, ben, eva)

    await village.agree()
    for person in village.people:
        told = counted(person, question)
        assert told["agrees"] is True
        assert {each["name"] for each in told["voted"]} <= {"ben", "eva"}  # [] ranks nothing
        assert person.faults == []
        assert person.verify() == []


async def test_who_was_away_for_a_whole_vote_acts_by_it_and_counts_the_same(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva", rules=SLOW)
    bread = eva.offer("Bread")
    await village.until(lambda: bread.id in ana.ids and bread.id in ben.ids)
    await ben.stop()
    fee = propose(ana, "fees", type="set_fees", default={"fee_bps": 300})
    expel = propose(ana, "expulsion", type="expel", person="eva")
    await reaches(village, fee, "open", ana, eva)
    vote(ana, fee, "yes")
    vote(eva, fee, "yes")
    vote(ana, expel, "yes")
    await reaches(village, fee, "in_effect", ana)
    await village.until(lambda: status(ana, expel) in ("in_effect", "failed"))

    await ben.start()

    await village.agree(ana, ben)
    assert ben.home.charter().fees.default.fee_bps == 300
    assert counted(ben, fee) == counted(ana, fee)
    assert counted(ben, expel) == counted(ana, expel)
    assert (status(ben, expel), ben.members()["eva"]) == ("in_effect", "removed")
    assert bread.id not in ben.ids
    await village.until(lambda: eva.standing == "removed")
    with pytest.raises(Refused):
        eva.offer("More bread")
    assert not ben.node.peers.may_talk(eva.network.peer_id)


async def test_a_ballot_is_revised_until_the_end_and_the_last_version_counts(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben", rules=SLOW)
    question = propose(ana)
    await reaches(village, question, "open", ana, ben)
    for choice in ("tea", "status-quo>tea", "tea>status-quo", "status-quo>tea"):
        cast = vote(ben, question, choice)
        await village.until(lambda: safe(ben, question))
    assert cast["version"] == 4
    vote(ana, question, "status-quo")
    await reaches(village, question, "failed", ana, ben)
    assert counted(ben, question)["winners"] == []
    await village.agree()


async def test_two_devices_of_one_person_that_revise_at_once_count_as_one_vote(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva", rules=SLOW)
    (link,) = inviting.make(ana.home, 1)
    person = ben.home.unlock().person
    around = Surroundings("ben", link.peers)
    made = homes.recover(
        village.folder / "phone", ana.home.store.community, person, around, None, now_ms
    )
    phone = village._add("phone", made)
    await phone.start()
    await village.until(lambda: phone.standing == "member")
    question = propose(ana)
    await reaches(village, question, "open", *village.people)
    village.cut(ben, phone)
    village.cut(ben, ana)
    village.cut(ben, eva)
    vote(ben, question, "tea")
    vote(phone, question, "status-quo")  # both are version 1, and neither device knows better
    await village.until(lambda: safe(phone, question))
    for other in (phone, ana, eva):
        village.mend(ben, other)
    await village.until(lambda: safe(ben, question))

    await village.until(lambda: status(ana, question) in ("in_effect", "failed"), 20 * MINUTE)

    await village.agree()
    told = [counted(person, question) for person in village.people]
    assert [(each["ballots"], each["agrees"]) for each in told] == [(1, True)] * 4
    assert all(each["voted"] == told[0]["voted"] for each in told)
