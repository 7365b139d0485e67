"""Four tellers whose keys are all in one hand: what they certify against the rules is undone.

A quorum that lies can certify what it likes. What any member shows with records makes the nodes of
honest tellers annul it, with nobody asked; here they are asked what is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from governance import duties
from governance.certified import Vote
from governance.folding import fold, step
from governance.opening import first_opening
from node.tellership import judging, receipts, votes
from node.tellership.votes import Step
from protocol.certificates import Seat, make_body, read_certificate, sign_certificate
from protocol.kinds import challenge as challenge_kind
from protocol.kinds.proposal import Proposal
from protocol.records import GOV, Record
from storage import assembly, certificates, cited, opened, recount
from storage.store import Store
from tests.storage.post import CERTIFICATE, deliver, send, told
from tests.storage.test_recount import PEOPLE, asked, hear, newest, tell
from tests.storage.world import TIME, Branch, Device, World, h

HOUR_S = 3600
SPEND = {"type": "spend", "amount": 5, "currency": "EUR", "to": None, "purpose": "Flour"}


def four(kind: str = "advice") -> tuple[World, Store, list[Device], bytes]:
    """A vote that ana, ben, eva and dan tell, who hold the seats; mia has heard of it."""
    world, open_ = asked(kind)
    seats = tuple(Seat(world.of[name].person.public, world.of[name].key) for name in PEOPLE)
    vote, last = newest(world)
    vote = replace(vote, rounds=(replace(last, tellers=seats),))
    world.state = replace(world.state, tellers=seats, votes={vote.proposal: vote})
    return world, seated(world, told(world)), [world.of[name] for name in PEOPLE], open_


def seated(world: World, store: Store) -> Store:
    """The store, as if the chain so far had named these tellers."""
    store.certified = world.state
    with store.transaction():
        cited.rebuild(store, world.state)
    return store


def certify(world: World, store: Store, kind: str, decision: dict[str, Any]) -> bytes:
    """What three of the four sign, whatever they should; its id."""
    state = world.state
    after = step(state, kind, decision)
    raw = make_body(
        community=world.community,
        height=state.height + 1,
        prev=state.id,
        kind=kind,
        charter_hash=after.charter_hash,
        roll_root=after.roll.root(),
        next_tellers=after.tellers,
        decision=decision,
    )
    signers = [(n, world.of[PEOPLE[n]].signer) for n in (1, 2, 3)]
    travel = [raw, 0, [[n, sign_certificate(raw, 0, signer)] for n, signer in signers]]
    world.state = fold(state, read_certificate(travel))
    deliver(store, (CERTIFICATE, travel))
    return sha256(raw).digest()


def challenge(world: World, store: Store, against: bytes, *ballots: bytes) -> Record:
    """Ben's word against a certificate of the newest vote."""
    body = challenge_kind.body(newest(world)[0].proposal, against, ballots)
    made = world.write(world.of["ben1"], "challenge", body)
    hear(store, world)
    return made


def due(store: Store) -> list[Step]:
    """What an honest teller's node would certify next."""
    return list(votes.steps(store))


def annuls(store: Store) -> list[Step]:
    """What it would annul. Whatever else is due comes after that."""
    found = due(store)
    assert not found or found[0].kind == "annul" or all(e.kind != "annul" for e in found)
    return [each for each in found if each.kind == "annul"]


def words(steps: Sequence[Step]) -> list[tuple[str, object]]:
    return [(each.kind, each.decision.get("why")) for each in steps]


def status(world: World, store: Store) -> str:
    return recount.recount(store, *newest(world)).status


def closing(world: World, store: Store, ends: Sequence[bytes], **lie: Any) -> dict[str, Any]:
    """What a close on these stops says, but for the lie."""
    vote, last = newest(world)
    made = recount.closing(store, vote, ends)
    assert made is not None
    return {**made, "at": duties.earliest_close(vote, last), **lie}


@pytest.mark.parametrize("forked", [False, True])
def test_a_safe_ballot_that_was_left_out_is_proved_and_counted(forked: bool) -> None:
    """Dan lists Ben's ballot, which makes it safe, and stops another chain, of this log or not."""
    world, mia, (ana, ben, eva, dan), open_ = four()
    safe = world.vote(ben, open_, [["A"]]).id
    other = world.vote(eva, open_, [["B"]]).id
    ends = [tell(world, ana, open_, [safe, other]), tell(world, eva, open_, [other])]
    tell(world, ben, open_, [safe])
    gov = dan.logs[GOV]
    if forked:
        gov.append(Branch(gov[0].records[:], len(gov[0].records)))
    ends.append(tell(world, dan, open_, [other]))
    without = sha256(other).digest()
    lie = {"ballots": 1, "root": without, "winners": ["B"]}
    hear(mia, world)
    false = closing(world, mia, ends)
    assert false["root"] == without  # by these stops alone
    close = certify(world, mia, "close", false)
    assert status(world, mia) == "equal"
    assert challenge(world, mia, close)
    assert annuls(mia) == []  # what Dan has said beside has not come yet
    beside = world.write(
        dan,
        "receipts",
        {"open": open_, "ballots": [safe], "before": None},
        which=1 if forked else 0,
    )

    send(mia, world, gov[-1].records)

    found = recount.recount(mia, *newest(world))
    assert (found.status, found.left_out) == ("differs", (safe,))
    assert safe.hex()[:16] in str([str(each) for each in found.why])
    ((kind, decision),) = due(mia)
    assert (kind, decision["why"]) == ("annul", "recount")
    assert assembly.anywhere(mia, beside.id) is not None
    certify(world, mia, kind, decision)
    ((kind, decision),) = due(mia)
    assert (kind, decision["ballots"]) == ("close", 2)
    certify(world, mia, kind, decision)
    assert status(world, mia) == "equal"
    assert lie["ballots"] < newest(world)[1].result["ballots"]  # type: ignore[index]


def test_a_word_after_the_close_changes_no_count_of_what_is_not_safe() -> None:
    world, mia, (ana, ben, eva, dan), open_ = four()
    ballot = world.vote(ben, open_, [["A"]]).id
    ends = [tell(world, ana, open_, [ballot]), *(tell(world, d, open_) for d in (ben, eva, dan))]
    hear(mia, world)
    close = certify(world, mia, "close", closing(world, mia, ends))
    world.write(dan, "receipts", {"open": open_, "ballots": [ballot], "before": None})

    challenge(world, mia, close, ballot)

    assert (status(world, mia), newest(world)[1].result["ballots"]) == ("equal", 0)  # type: ignore[index]
    assert due(mia) == []


@pytest.mark.parametrize(
    "lie",
    [
        {"outcome": "rejected", "winners": []},
        {"ballots": 0, "root": sha256(b"").digest()},
        {"stops": "strange"},
    ],
)
def test_a_false_close_by_a_quorum_is_annulled_by_honest_nodes(lie: dict[str, Any]) -> None:
    world, mia, tellers, open_ = four()
    gus = world.of["gus1"]
    world.do_enrol(gus, 0, 0)
    ballot = world.vote(tellers[1], open_, [["A"]]).id
    ends = [tell(world, device, open_, [ballot]) for device in tellers]
    hear(mia, world)
    false = closing(world, mia, ends, **lie)
    if lie == {"stops": "strange"}:
        strange = world.write(tellers[0], "stop", {"open": h("another"), "last": None})
        hear(mia, world)
        false["stops"] = [strange.id, *ends[1:]]

    close = certify(world, mia, "close", false)

    assert status(world, mia) == "differs"
    assert annuls(mia) == []  # nobody has said so
    made = challenge(world, mia, close)
    ((kind, decision),) = due(mia)
    assert (kind, decision["why"], decision["record"]) == ("annul", "recount", made.id)
    certify(world, mia, kind, decision)
    assert words(due(mia)) == [("close", None)]


def test_a_proved_challenge_goes_before_the_effect_even_where_that_is_due() -> None:
    world, mia, tellers, open_ = four("spending")
    ballots = [world.vote(device, open_, "no").id for device in tellers]
    ends = [tell(world, device, open_, ballots) for device in tellers]
    hear(mia, world)
    false = closing(world, mia, ends, outcome="adopted")
    close = certify(world, mia, "close", false)
    mia.now_ms = lambda: TIME + 10**10
    assert words(due(mia)) == [("effect", None)]

    challenge(world, mia, close)

    ((kind, decision),) = due(mia)
    assert (kind, decision["why"]) == ("annul", "recount")


def test_a_close_before_its_time_is_annulled_and_the_round_begins_anew() -> None:
    """By its own word: what time it was, nobody else can prove."""
    world, mia, tellers, open_ = four()
    vote, last = newest(world)
    ends = [tell(world, device, open_) for device in tellers]
    hear(mia, world)
    earliest = duties.earliest_close(vote, last)

    close = certify(world, mia, "close", closing(world, mia, ends, at=earliest - 1))

    assert status(world, mia) == "differs"
    made = challenge(world, mia, close)
    ((kind, decision),) = due(mia)
    assert (kind, decision["why"], decision["record"]) == ("annul", "again", made.id)
    certify(world, mia, kind, decision)
    (again,) = due(mia)
    assert (again.kind, again.decision["round"]) == ("open", "again")
    certify(world, mia, *again)
    assert newest(world)[1].open != open_


def misopened() -> tuple[World, Store, Vote]:
    """Ben proposes to spend a little, and a quorum opens a vote on spending a lot."""
    world, mia, _, _ = four()
    said = Proposal(kind="spending", title="Flour", text="", effect=SPEND)
    record = world.write(world.of["ben1"], "proposal", said.body())
    decision = first_opening(
        world.state,
        proposal=record.id,
        author=world.of["ben1"].person.public,
        kind="spending",
        effect={**SPEND, "amount": 500_000},
        options=(),
        at=TIME // 1000,
    )
    certify(world, mia, "open", decision)
    return world, mia, newest(world)[0]


@pytest.mark.parametrize("phase", ["open", "challenge"])
def test_a_vote_on_something_else_than_was_proposed_is_ended_by_honest_nodes(phase: str) -> None:
    world, mia, vote = misopened()
    if phase == "challenge":
        assert vote.round is not None
        tellers = [world.of[name] for name in PEOPLE]
        ballots = [world.vote(device, vote.round.open, "yes").id for device in tellers]
        ends = [tell(world, device, vote.round.open, ballots) for device in tellers]
        hear(mia, world)
        certify(world, mia, "close", closing(world, mia, ends))
    assert newest(world)[0].phase == phase
    other = next(iter(world.state.votes))

    made = challenge(world, mia, vote.opened)

    assert opened.otherwise(mia, newest(world)[0]) is not None
    assert {other, vote.proposal} == set(world.state.votes)
    (annul,) = [each for each in due(mia) if each.decision["proposal"] == vote.proposal]
    assert (annul.kind, annul.decision["why"]) == ("annul", "opening")
    assert annul.decision["record"] == made.id
    certify(world, mia, *annul)
    vote = newest(world)[0]
    assert (vote.phase, vote.why, vote.winners) == ("annulled", "opening", ())
    assert [e for e in due(mia) if e.decision["proposal"] == vote.proposal] == []


def test_what_is_right_is_not_annulled_whoever_challenges_it() -> None:
    world, mia, tellers, open_ = four()
    challenge(world, mia, open_)
    assert annuls(mia) == []
    ballot = world.vote(tellers[1], open_, [["A"]]).id
    ends = [tell(world, device, open_, [ballot]) for device in tellers]
    hear(mia, world)
    assert words(due(mia)) == [("close", None)]
    close = certify(world, mia, "close", closing(world, mia, ends))

    challenge(world, mia, close, ballot)

    assert annuls(mia) == []
    for why in ("recount", "again", "opening"):
        decision = {"proposal": newest(world)[0].proposal, "why": why, "at": TIME // 1000}
        for record in (None, h("nothing"), ballot):
            assert not votes.is_proved(mia, world.state, {**decision, "record": record})


def test_tellers_who_heard_different_challenges_accept_each_others_word() -> None:
    world, mia, tellers, open_ = four()
    ends = [tell(world, device, open_) for device in tellers]
    hear(mia, world)
    close = certify(world, mia, "close", closing(world, mia, ends, tally={"yes": 9}))
    made = [challenge(world, mia, close, h("ballot", n)) for n in range(3)]
    mine = due(mia)[0].decision["record"]

    for each in made:
        decision = {**due(mia)[0].decision, "record": each.id}
        body = certificates.body(mia, world.state, "annul", decision)
        assert judging.judge(mia, body) == ""
    assert mine in {each.id for each in made}
    false = {**due(mia)[0].decision, "why": "again"}
    assert judging.judge(mia, certificates.body(mia, world.state, "annul", false)) == "not-due"


# Stops


def test_a_close_is_made_by_a_quorum_where_one_teller_leads_nowhere() -> None:
    """Dan stops on receipts that nobody has; Ben stops not at all in a second case."""
    world, mia, (ana, ben, eva, dan), open_ = four()
    ballot = world.vote(ben, open_, [["A"]]).id
    ends = [tell(world, device, open_, [ballot]) for device in (ana, eva)]
    lost = world.write(dan, "stop", {"open": open_, "last": h("nothing")})
    hear(mia, world)
    vote = newest(world)[0]
    assert recount.closing_now(mia, vote) is None  # two, and one that can't be followed
    ends.append(tell(world, ben, open_))
    hear(mia, world)

    made = recount.closing_now(mia, vote)

    assert made is not None
    assert (set(made["stops"]), made["ballots"]) == (set(ends), 1)
    assert recount.closing(mia, vote, [*ends, lost.id]) is None
    ((kind, decision),) = due(mia)
    assert (kind, set(decision["stops"])) == ("close", set(ends))  # type: ignore[arg-type]


def home_of(world: World, device: Device) -> Store:
    """The store of a teller's own node."""
    store = told(world, str(device))
    return seated(world, replace(store, device=device.key))


def test_a_teller_stops_when_more_have_stopped_than_may_lie() -> None:
    """Long before its own clock says so, and after what it holds by then has its receipt."""
    world, _, (ana, ben, eva, dan), open_ = four()
    ballot = world.vote(ben, open_, [["A"]]).id
    home = home_of(world, eva)
    assert receipts.write_due(home, eva.signer)  # the ballot's receipt
    assert not receipts.write_due(home, eva.signer)
    send(home, world, dan.logs[GOV][0].records)
    tell(world, dan, open_)
    hear_others(home, world, eva)
    assert not receipts.write_due(home, eva.signer)  # one may lie
    late = world.vote(ana, open_, [["B"]]).id
    tell(world, ana, open_, [ballot])
    hear_others(home, world, eva)

    while receipts.write_due(home, eva.signer):
        pass

    stopped = assembly.stop_of(home, eva.key, open_)
    assert stopped is not None
    named = [b for each in assembly.receipts_of(home, eva.key, open_) for b in each.ballots]
    assert named == [ballot, late]
    assert receipts.rounds(home) == []


def hear_others(store: Store, world: World, own: Device) -> None:
    for device in world.devices:
        if device is not own and device.logs[GOV]:
            send(store, world, device.logs[GOV][0].records)


def test_a_teller_who_comes_back_after_the_end_adds_nothing_and_stops() -> None:
    world, _, (_ana, ben, eva, _dan), open_ = four()
    world.vote(ben, open_, [["A"]])
    home = home_of(world, eva)
    home.now_ms = lambda: TIME + 1000 * HOUR_S

    assert receipts.write_due(home, eva.signer)

    stopped = assembly.stop_of(home, eva.key, open_)
    assert stopped is not None and stopped.last is None


@pytest.mark.parametrize("stopped", [False, True])
def test_with_two_tellers_cut_off_a_round_goes_on_only_by_what_they_had_stopped(
    stopped: bool,
) -> None:
    world, mia, (ana, ben, eva, dan), open_ = four()
    ballot = world.vote(ana, open_, [["A"]]).id
    if stopped:
        tell(world, ben, open_, [ballot])
    hear(mia, world)
    world.state = replace(world.state, tellers=world.state.tellers[:1])  # others are in office now
    seated(world, mia)
    for device in (ben, eva):
        records = device.logs[GOV][0].records
        head = [device.key, GOV, len(records), records[-1].id]
        world.certify({"retire": [[device.key, [head]]]})
        deliver(mia, (CERTIFICATE, world.certificates[-1]))

    assert words(due(mia)) == ([] if stopped else [("annul", "again")])
    for device in (ana, dan):
        tell(world, device, open_, [ballot])
    hear(mia, world)
    if stopped:
        ((kind, decision),) = due(mia)
        assert (kind, decision["ballots"]) == ("close", 1)
