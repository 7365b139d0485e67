"""Every node counts for itself, and says what it finds: equal, differs, or not all here yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from governance.certified import Round, Vote
from protocol.certificates import Seat
from protocol.kinds import receipts, stop
from protocol.records import GOV
from storage import certificates, cited, recount
from storage.store import Store
from tests.storage.post import CERTIFICATE, deliver, send, told
from tests.storage.world import Branch, Device, World, h, village

ADVICE = {"type": "advice"}
PEOPLE = ("ana1", "ben1", "eva1", "dan1")


def asked(kind: str = "advice") -> tuple[World, bytes]:
    """Four people, of whom ana tells votes, and the certificate that opens one."""
    world = village("ben", "eva", "dan")
    effect = {"type": "spend", "amount": 5, "currency": "EUR", "to": None, "purpose": "Flour"}
    world.poll(world.of["ana1"], kind, ADVICE if kind == "advice" else effect)
    return world, world.rounds()[0][1].open


def newest(world: World) -> tuple[Vote, Round]:
    return world.rounds()[-1]


def counted(world: World, store: Store) -> recount.Recount:
    return recount.recount(store, *newest(world))


def test_a_close_is_counted_again_as_far_as_it_is_here() -> None:
    world, open_ = asked()
    for name, choice in zip(PEOPLE, ("A", "B", "A", "A"), strict=True):
        world.vote(world.of[name], open_, [[choice]])
        world.receipt(open_)
    world.close(open_)
    ben, eva = world.of["ben1"], world.of["eva1"]
    mia = told(world, without=[ben, eva])

    found = counted(world, mia)
    assert (found.status, found.here, found.of) == ("incomplete", 2, 4)
    assert [str(each) for each in found.why] == ["Not here yet, of what the close rests on: 2."]
    assert recount.closing(mia, newest(world)[0], newest(world)[1].stops) is None

    for device in (ben, eva):
        send(mia, world, device.logs[GOV][0].records)

    found = counted(world, mia)
    assert (found.status, found.here, found.of, found.why) == ("equal", 4, 4, ())
    assert (found.count.outcome, found.count.winners) == ("adopted", ("A",))
    assert {each.person for each in found.ballots} == {world.of[n].person.public for n in PEOPLE}
    assert not recount.is_wrong(mia, *newest(world))


def test_while_the_tellers_own_log_is_not_here_nothing_is() -> None:
    world, open_ = asked()
    world.vote(world.of["ben1"], open_, [["A"]])
    world.receipt(open_)
    world.close(open_)

    found = counted(world, told(world, without=[world.of["ana1"]]))

    assert (found.status, found.here, found.of) == ("incomplete", 0, 1)


def close_as(world: World, store: Store, **otherwise: Any) -> recount.Recount:
    """A close that says otherwise than it should, counted again."""
    vote, last = newest(world)
    right = recount.closing(store, vote, otherwise.get("stops", stops(store, last)))
    said = {**(right or {}), "proposal": vote.proposal, "open": last.open, "at": 9_999, **otherwise}
    before = len(world.certificates)
    world.certify(said, "close")
    assert len(world.certificates) == before + 1
    deliver(store, (CERTIFICATE, world.certificates[-1]))
    return counted(world, store)


def stops(store: Store, last: Round) -> list[bytes]:
    rows = store.db.execute("SELECT record FROM stop WHERE open = ? ORDER BY record", [last.open])
    return [row[0] for row in rows]


def ended(choices: Sequence[str] = "AAB") -> tuple[World, Store]:
    """A vote that ana stopped and has not closed."""
    world, open_ = asked()
    for name, choice in zip(PEOPLE, choices, strict=False):
        world.vote(world.of[name], open_, [[choice]])
    world.receipt(open_)
    last = world.chain(open_)[-1].id
    world.write(world.of["ana1"], "stop", stop.body(open_, last))
    return world, told(world)


@pytest.mark.parametrize(
    "lie",
    [
        {"outcome": "rejected", "winners": []},
        {"winners": ["B"]},
        {"ballots": 2},
        {"root": h("other ballots")},
        {"tally": {"columns": [], "rows": {}}},
        {"outcome": "tie", "winners": [], "tied": ["A", "B"], "seats": 1},
    ],
)
def test_a_close_that_says_otherwise_differs(lie: dict[str, Any]) -> None:
    world, mia = ended()

    found = close_as(world, mia, **lie)

    assert found.status == "differs"
    assert found.why
    assert (found.count.outcome, found.count.winners) == ("adopted", ("A",))


@pytest.mark.parametrize(("who", "about"), [("ben1", "this"), ("ana1", "another")])
def test_a_close_on_what_is_no_stop_of_the_round_differs(who: str, about: str) -> None:
    world, open_ = asked()
    strange = world.write(
        world.of[who], "stop", stop.body(open_ if about == "this" else h("another"), None)
    )
    mia = told(world)

    ids: dict[str, Any] = {"winners": [], "tied": [], "seats": 0, "ballots": 0}
    nothing = sha256(b"").digest()
    found = close_as(
        world, mia, stops=[strange.id], outcome="missed", root=nothing, tally={}, **ids
    )

    assert found.status == "differs"
    assert strange.id.hex()[:16] in str(found.why[0])


def test_ballots_that_may_not_count_do_not_whatever_the_teller_lists() -> None:
    world, open_ = asked()
    ana, ben, eva, dan = (world.of[name] for name in PEOPLE)
    stranger = world.of["gus1"]
    world.do_enrol(stranger, 0, 0)
    world.poll(ana, "advice", ADVICE)
    other_open = newest(world)[1].open
    (vote, last), _ = world.rounds()
    good = world.vote(ben, open_, [["A"]])
    others = [
        world.vote(stranger, open_, [["A"]]),  # no member
        world.vote(eva, other_open, [["A"]]),  # another vote
        world.vote(eva, open_, [["C"]]),  # no such option
        world.vote(dan, open_, [["A"], ["A"]]),  # twice
        world.vote(ana, open_, "yes"),  # no ranking
    ]
    world.receipt(open_, *(each.id for each in (*others[2:], good)))
    stopped = world.write(ana, "stop", stop.body(open_, world.chain(open_)[-1].id))
    mia = told(world)

    made = recount.closing(mia, vote, [stopped.id])

    assert made is not None
    assert (made["ballots"], made["root"]) == (1, sha256(good.id).digest())
    assert recount.tally_now(mia, vote, last).safe.keys() == {ben.person.public}
    # What is no ballot of this round at all need not be here, so nothing can be said.
    for odd in others[:2]:
        listed = world.write(ana, "receipts", receipts.body(open_, [odd.id], None))
        again = world.write(ana, "stop", stop.body(open_, listed.id))
        send(mia, world, ana.logs[GOV][0].records)
        assert recount.closing(mia, vote, [again.id]) is None


def test_a_ballot_of_another_round_counts_in_that_alone_wherever_it_is_held() -> None:
    world, open_ = asked()
    ana, eva = world.of["ana1"], world.of["eva1"]
    world.poll(ana, "advice", ADVICE)
    other_open = newest(world)[1].open
    eva.logs[GOV].append(Branch(eva.logs[GOV][0].records[:], len(eva.logs[GOV][0].records)))
    ballot = world.vote(eva, other_open, [["A"]])
    world.write(eva, "x-vow", {"n": 1}, lane=GOV, which=1)
    world.receipt(other_open)
    world.receipt(open_, ballot.id)
    world.close(other_open)
    stopped = world.write(ana, "stop", stop.body(open_, world.chain(open_)[-1].id))
    mia = told(world)
    send(mia, world, eva.logs[GOV][1].records)

    assert counted(world, mia).status == "equal"
    assert recount.closing(mia, world.rounds()[0][0], [stopped.id]) is None


def test_a_device_that_is_listed_after_the_close_did_not_vote() -> None:
    world, open_ = asked()
    ben, second = world.of["ben1"], world.of["ben2"]
    world.do_enrol(second, 0, 0)
    world.receipt(open_, world.vote(ben, open_, [["A"]]).id)
    world.receipt(open_, world.vote(second, open_, [["B"]], 2).id)
    world.close(open_)
    world.certify({"enrol": [[ben.person.public, second.key, second.logs[GOV][0].records[0].id]]})

    found = counted(world, told(world))

    assert (found.status, found.count.winners) == ("equal", ("A",))


# Four tellers


def four(kind: str) -> tuple[World, bytes, Store]:
    """The same vote, as if all four were its tellers; mia has heard of it."""
    world, open_ = asked(kind)
    mia = told(world)
    state = certificates.current(mia)
    assert state is not None
    vote, last = newest(world)
    seats = tuple(Seat(world.of[name].person.public, world.of[name].key) for name in PEOPLE)
    vote = replace(vote, rounds=(replace(last, tellers=seats),))
    state = replace(state, votes={vote.proposal: vote})
    world.state = mia.certified = state
    with mia.transaction():
        cited.rebuild(mia, state)
    return world, open_, mia


def tell(world: World, device: Device, open_: bytes, *lists: Sequence[bytes]) -> bytes:
    """Receipts in so many records and a stop, by one teller; the stop."""
    before = None
    for ballots in lists:
        before = world.write(device, "receipts", receipts.body(open_, ballots, before)).id
    return world.write(device, "stop", stop.body(open_, before)).id


def hear(store: Store, world: World) -> None:
    for device in world.devices:
        if device.logs[GOV]:
            send(store, world, device.logs[GOV][0].records)


def result(world: World, store: Store, ends: Sequence[bytes]) -> set[bytes]:
    """The ballots that a close on these stops counts, by the recount of that close."""
    vote, last = newest(world)
    made = recount.closing(store, vote, ends)
    assert made is not None
    closed = replace(
        last, close=h("close"), height=99, stops=tuple(ends), result=made, voters=last.electorate
    )
    found = recount.recount(store, replace(vote, rounds=(closed,)), closed)
    assert (found.status, found.of) == ("equal", made["ballots"])
    return {each.record for each in found.ballots}


def test_of_four_tellers_two_must_list_a_ballot_and_three_make_it_safe() -> None:
    world, open_, mia = four("advice")
    ana, ben, eva, dan = (world.of[name] for name in PEOPLE)
    by_all, by_two, by_one = (
        world.vote(device, open_, [[choice]]).id
        for device, choice in ((ana, "A"), (ben, "B"), (eva, "A"))
    )
    better = world.vote(ben, open_, [["A"]], 2).id
    stops_ = [
        tell(world, ana, open_, [by_all, by_two], [by_one]),
        tell(world, ben, open_, [by_two, by_all]),
        tell(world, eva, open_, [by_all], [better]),
        tell(world, dan, open_),
    ]
    hear(mia, world)

    now = recount.tally_now(mia, *newest(world))

    assert now.needed == 3
    assert [now.receipts.get(each, 0) for each in (by_all, by_two, by_one, better)] == [3, 2, 1, 1]
    assert {each.record for each in now.safe.values()} == {by_all}
    assert result(world, mia, stops_) == {by_all, by_two}
    assert result(world, mia, stops_[1:]) == {by_all}
    assert result(world, mia, [*stops_[:2], stops_[3]]) == {by_all, by_two}


def test_where_a_ballot_can_not_be_revised_each_tellers_first_one_counts() -> None:
    world, open_, mia = four("spending")
    ana, ben, eva, dan = (world.of[name] for name in PEOPLE)
    first = world.vote(dan, open_, "yes", 1).id
    second = world.vote(dan, open_, "no", 9).id
    stops_ = [
        tell(world, ana, open_, [second, first]),
        tell(world, ben, open_, [first, second]),
        tell(world, eva, open_, [first], [second]),
    ]
    hear(mia, world)

    assert result(world, mia, stops_) == {first}


# While it is open


def test_a_teller_is_told_which_ballots_wait_for_a_receipt() -> None:
    world, open_ = asked("spending")
    ana, ben, eva = (world.of[name] for name in PEOPLE[:3])
    late = world.vote(ben, open_, "no", 2)
    early = world.vote(ben, open_, "yes", 1)
    other = world.vote(eva, open_, "yes", 7)
    world.vote(eva, open_, "maybe", 8)
    mia = told(world)

    def now() -> recount.Standing:
        return recount.tally_now(mia, *newest(world), teller=ana.key)

    assert set(now().fresh(False, 3)) == {early.id, other.id}
    assert set(now().fresh(True, 3)) == {late.id, other.id}
    assert (now().safe, now().needed) == ({}, 1)

    world.receipt(open_, early.id)
    send(mia, world, ana.logs[GOV][0].records)

    assert now().fresh(False, 3) == [other.id]
    assert set(now().fresh(True, 3)) == {late.id, other.id}
    assert now().fresh(True, 1) == [other.id]
    assert now().choices() == {ben.person.public: "yes"}
    assert [each.record for each in now().cast[ben.person.public]] == [late.id, early.id]

    world.receipt(open_, late.id)
    send(mia, world, ana.logs[GOV][0].records)

    assert now().choices() == {ben.person.public: "yes"}  # the first receipt decides
    assert now().fresh(True, 3) == [other.id]


def test_who_leaves_while_a_vote_is_open_has_no_vote() -> None:
    world, open_ = asked("spending")
    ben = world.of["ben1"]
    world.vote(ben, open_, "yes")
    world.receipt(open_)
    mia = told(world)
    assert recount.tally_now(mia, *newest(world)).choices() == {ben.person.public: "yes"}

    went = world.write(ben, "leave", {"heads": []})
    world.certify({"leave": [[ben.person.public, went.id, []]]})
    deliver(mia, (CERTIFICATE, world.certificates[-1]))

    now = recount.tally_now(mia, *newest(world))
    assert now.choices() == {}
    assert ben.person.public not in now.voters
    world.close(open_)
    leo = told(world, "leo")
    assert (counted(world, leo).status, counted(world, leo).of) == ("equal", 0)
