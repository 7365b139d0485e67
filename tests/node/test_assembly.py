"""Votes as members read and act in them: what may be done when, and by whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from governance.opening import first_opening
from node import home as homes
from node.assembly import acting, casting, charters, counts, proposing, reading
from node.assembly.words import plainly
from node.cli.assembly_text import receipts_text
from node.home import Home
from node.recovery import Surroundings
from protocol.certificates import Seat
from protocol.errors import NotFound, Refused
from protocol.kinds import ballot as ballot_kind
from protocol.kinds import receipts as receipts_kind
from protocol.kinds import stop as stop_kind
from storage import assembly as held
from storage import certificates, own, recount
from storage.own import Draft
from storage.standing import settle
from tests.cli.council import Council, kitchen_table
from tests.node.room import Room, meet, opened, shown

HOUR = 3600
SLOW = {
    "notice_s": HOUR,
    "open_s": HOUR,
    "challenge_s": HOUR,
    "delay_s": HOUR,
    "early_close": False,
    "revise": True,
    "second_call": True,
}


@pytest.fixture(scope="module")
def quick_table(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("quick"))
    council.found(kitchen_table(fees={"challenge_s": HOUR}, expulsion={"challenge_s": HOUR}))
    return council


@pytest.fixture(scope="module")
def slow_table(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("slow"))
    council.found(kitchen_table(fees=SLOW, values={"open_s": HOUR}))
    return council


@pytest.fixture
def quick(quick_table: Council, tmp_path: Path) -> Iterator[Room]:
    """By the kitchen table's charter; counts of fees and expulsions may be challenged an hour."""
    with opened(quick_table.copy(tmp_path)) as room:
        yield room


@pytest.fixture
def slow(slow_table: Council, tmp_path: Path) -> Iterator[Room]:
    """Fees are decided in steps of an hour, by ballots that can be revised, with a second call."""
    with opened(slow_table.copy(tmp_path)) as room:
        yield room


@contextmanager
def refused(reason: str) -> Iterator[None]:
    with pytest.raises(Refused) as error:
        yield
    assert error.value.reason == reason


def fee(bps: int) -> dict[str, Any]:
    return {"type": "set_fees", "default": {"fee_bps": bps}}


def value(text: str) -> dict[str, Any]:
    return {"type": "amend_values", "amend": [{"id": "say-it", "text": text}]}


def test_a_vote_shows_where_it_stands_and_what_comes_when(slow: Room) -> None:
    ana, ben, eva = slow.ana, slow.ben, slow.eva
    begun = slow.now_ms // 1000
    asked = slow.propose(ben, fee(500))
    name = {home.person: home for home in slow.homes}

    def is_at(home: Home, *keys: str) -> list[Any]:
        found = shown(home, asked)
        return [found[key] for key in ("status", *keys)]

    def at(hours: int) -> str:
        from node.status import rfc3339

        return rfc3339(1000 * (begun + hours * HOUR))

    assert len(name) == 3
    assert is_at(ben, "opens", "closes", "may_withdraw") == ["notice", at(1), at(2), True]
    assert str(shown(eva, asked)["why_not"]) == "The vote has not begun yet."
    assert slow.wait(HOUR) == ["open"]
    assert is_at(ben, "opens", "closes", "may_withdraw") == ["open", at(1), at(2), False]
    assert slow.vote(asked, "yes", ana) == []
    slow.now_ms += 1000 * HOUR
    assert is_at(eva, "may_vote") == ["counting", True]  # only the teller's clock ends it
    late = casting.cast(eva, asked, "no")
    assert (late["late"], late["safe"]) == (True, False)
    assert slow.turn() == ["close"]
    assert is_at(eva, "until", "due", "outcome", "may_challenge") == [
        "challenge",
        at(3),
        at(4),
        "adopted",
        True,
    ]
    count = counts.count(eva.store, asked)
    assert [(row["name"], row["text"]) for row in count["voted"]] == [("Ana", "yes")]
    assert shown(eva, asked)["mine"]["safe"] is False
    slow.now_ms += 1000 * HOUR + 1000
    assert is_at(eva, "may_challenge") == ["challenge", False]
    with refused("too-late"):
        acting.challenge(eva, asked)
    assert slow.wait(HOUR) == ["effect"]
    assert is_at(ben, "due") == ["in_effect", at(4)[:-3] + shown(ben, asked)["due"][-3:]]
    assert ben.charter().fees.default.fee_bps == 500


def test_a_ballot_is_revised_from_either_of_two_devices(slow: Room, tmp_path: Path) -> None:
    ben = slow.ben
    phone = homes.recover(
        tmp_path / "phone",
        ben.store.community,
        ben.unlock().person,
        Surroundings("Ben"),
        None,
        slow.clock,
    )
    slow.homes.append(phone)
    slow.gather()
    with refused("not-certified"):
        acting.vouch(phone, "Eva", "We met.")
    assert slow.turn() == ["roll"]
    asked = slow.propose(ben, fee(500))
    slow.wait(HOUR)

    assert casting.cast(phone, asked, "no")["version"] == 1
    slow.turn()
    cast = casting.cast(ben, asked, "yes", reason="I was shown the numbers.")
    assert cast["version"] == 2
    slow.turn()

    for home in (ben, phone):
        mine = shown(home, asked)["mine"]
        assert (mine["version"], mine["text"], mine["reason"]) == (
            2,
            "yes",
            "I was shown the numbers.",
        )
        assert mine["safe"]
        assert mine["may_revise"]
    assert casting.cast(phone, asked, "no")["version"] == 3
    slow.turn()
    assert slow.wait(HOUR) == ["close"]
    (row,) = counts.count(slow.eva.store, asked)["voted"]
    assert (row["text"], row["reason"]) == ("no", None)


def test_a_missed_quorum_is_called_once_more_and_then_it_is_over(slow: Room) -> None:
    asked = slow.propose(slow.ben, fee(500))
    slow.wait(HOUR)
    assert slow.vote(asked, "abstain", slow.eva) == []

    assert slow.wait(HOUR) == ["close", "open"]
    found = shown(slow.eva, asked)
    assert (found["status"], found["round"], found["mine"]) == ("open", "second-call", None)
    assert slow.wait(HOUR) == ["close"]

    found = shown(slow.eva, asked)
    assert (found["status"], found["outcome"], found["winners"]) == ("failed", "missed", [])
    assert str(found["reason"]) == "Too few were in favour."
    count = counts.count(slow.eva.store, asked)
    assert [(each["round"], each["ballots"]) for each in count["earlier"]] == [("", 1)]
    assert [each["name"] for each in found["rounds"]] == ["", "second-call"]


def test_the_author_takes_a_proposal_back_during_its_notice(slow: Room) -> None:
    asked = slow.propose(slow.ben, fee(500))
    with refused("not-yours"):
        acting.withdraw(slow.eva, asked)

    acting.withdraw(slow.ben, asked)

    assert shown(slow.ben, asked)["withdrawing"]
    assert slow.turn() == ["annul"]
    found = shown(slow.eva, asked)
    assert (found["status"], str(found["reason"])) == ("withdrawn", "Its author took it back.")
    assert found["may_vote"] is False


def test_of_two_changes_of_one_thing_the_second_is_stale(quick: Room) -> None:
    ana, ben, eva = quick.homes
    first, second = quick.propose(ana, value("We tell.")), quick.propose(ben, value("We say."))

    assert quick.vote(first, "consent", *quick.homes) == ["close", "effect", "annul"]

    found = shown(eva, second)
    assert (found["status"], found["outcome"]) == ("annulled", None)
    assert "changed" in str(found["reason"])
    with refused("stopped"):
        casting.cast(eva, second, "consent")
    with refused("bad-effect"):  # as it is already
        proposing.propose(ben, kind=None, title="Again", text="", effect=value("We tell."))


def test_who_is_expelled_appeals_once_and_in_time(quick: Room) -> None:
    ana, ben, eva = quick.homes
    asked = quick.propose(ana, {"type": "expel", "person": "Eva"})
    assert reading.waiting(eva.store, eva.person)["votes"] == []
    (about,) = reading.waiting(eva.store, eva.person)["concerning"]
    assert (about["proposal"], about["concerns_me"], about["may_vote"]) == (asked, True, False)
    assert [e["proposal"] for e in reading.waiting(ben.store, ben.person)["votes"]] == [asked]
    with refused("no-appeal"):
        acting.appeal(eva, asked)
    assert quick.vote(asked, "yes", ana, ben) == ["close"]
    assert reading.waiting(ben.store, ben.person) == {"votes": [], "concerning": []}
    with refused("no-appeal"):
        acting.appeal(ben, asked)
    assert shown(eva, asked)["may_appeal"]

    acting.appeal(eva, asked)

    assert quick.turn() == ["open"]
    assert (shown(ben, asked)["round"], shown(ben, asked)["appealed"]) == ("appeal", True)
    assert quick.vote(asked, "yes", ana, ben) == ["close"]
    assert shown(eva, asked)["may_appeal"] is False
    with refused("no-appeal"):
        acting.appeal(eva, asked)
    assert quick.wait(HOUR) == ["remove"]
    assert eva.standing() == "removed"


def test_a_count_that_was_falsified_is_seen_by_all_and_put_right(quick: Room) -> None:
    """Ana's node leaves Ben's and Eva's ballots out of its close, though it has receipted them."""
    ana, ben, eva = quick.homes
    asked = quick.propose(ben, fee(500))
    cast = [casting.cast(home, asked, "no") for home in (ben, eva)]
    mine = casting.cast(ana, asked, "yes")
    quick.gather()
    state = certificates.current(ana.store)
    assert state is not None
    vote = state.votes[bytes.fromhex(asked)]
    assert vote.round is not None
    ids = [bytes.fromhex(each["ballot"]) for each in (*cast, mine)]
    signer = ana.unlock().device
    with ana.store.transaction():
        (named,) = own.append(
            ana.store, signer, [Draft("receipts", receipts_kind.body(vote.round.open, ids, None))]
        )
        (stop,) = own.append(
            ana.store, signer, [Draft("stop", stop_kind.body(vote.round.open, named.id))]
        )
        honest = recount.closing(ana.store, vote, [stop.id])
        assert honest is not None
        assert honest["outcome"] == "rejected"
        false = {**honest, "outcome": "adopted", "ballots": 1, "root": ids[2]}
        false |= {"at": quick.now_ms // 1000, "tally": {"yes": b"\xff"}}
        certificates.certify(ana.store, signer, "close", false)
        settle(ana.store)
    quick.gather()

    count = counts.count(eva.store, asked)
    assert (count["status"], count["agrees"]) == ("differs", False)
    assert (count["outcome"], count["counted"]) == ("adopted", "rejected")
    assert count["tally"] is None
    assert plainly(count["why"])
    json.dumps(plainly(count))
    with pytest.raises(NotFound):
        acting.challenge(eva, asked, ["0" * 64])
    made = acting.challenge(eva, asked, [cast[1]["ballot"][:8]])
    assert made["ballots"] == [cast[1]["ballot"]]
    assert quick.turn() == ["annul", "close"]
    for home in quick.homes:
        count = counts.count(home.store, asked)
        assert (count["outcome"], count["agrees"], count["ballots"]) == ("rejected", True, 3)
    assert [each["name"] for each in shown(ben, asked)["challenges"]] == ["Eva"]
    with refused("nothing-to-challenge"):
        acting.challenge(ben, asked)


def test_a_receipt_is_waited_for_only_while_a_node_runs(
    quick: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = quick.propose(quick.ben, {"type": "advice"}, ("A", "Tea"))
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            quick.turn()

    monkeypatch.setattr("node.assembly.casting.sleep", nap)
    assert casting.cast(quick.eva, asked, "A", wait_s=60)["safe"] is False
    assert naps == []
    monkeypatch.setattr("node.control.is_running", lambda lock: True)

    cast = casting.cast(quick.ben, asked, "A", wait_s=60)

    assert (cast["receipts"], cast["safe"], len(naps)) == (1, True, 3)


def test_a_ballot_that_nobody_can_read_does_not_stand_in_the_way(quick: Room) -> None:
    asked = quick.propose(quick.ben, {"type": "advice"}, ("A", "Tea"))
    state = certificates.current(quick.eva.store)
    assert state is not None
    vote = state.votes[bytes.fromhex(asked)]
    assert vote.round is not None
    body = ballot_kind.body(vote.round.open, 7, [b"\xff"])
    quick.eva.append([Draft("ballot", body)])
    quick.turn()
    assert shown(quick.eva, asked)["mine"] is None

    assert casting.cast(quick.eva, asked, "A")["version"] == 8

    quick.turn()
    assert shown(quick.eva, asked)["mine"]["safe"]
    assert [row["text"] for row in counts.count(quick.ben.store, asked)["voted"]] == ["A"]


def test_values_are_told_with_how_each_was_decided(quick: Room) -> None:
    ana, ben, eva = quick.homes
    first = quick.propose(
        ben,
        {
            "type": "amend_values",
            "add": [{"id": "mend", "text": "We mend.", "rationale": "Things last."}],
        },
    )
    quick.vote(first, "consent", *quick.homes)
    second = quick.propose(ben, {"type": "amend_values", "retire": ["say-it"]})
    quick.vote(second, "consent", ana)
    quick.vote(second, "aside", eva)
    quick.vote(second, "consent", ben)

    told = charters.values(eva.store)["values"]

    assert [(each["id"], each["retired"]) for each in told] == [("mend", False), ("say-it", True)]
    mend, say_it = told
    assert (mend["text"], mend["rationale"], mend["proposal"]) == (
        "We mend.",
        "Things last.",
        first,
    )
    assert [(c["what"], c["version"], c["title"]) for c in say_it["changes"]] == [
        ("founded", 1, ""),
        ("retired", 3, "A question"),
    ]
    outcome = say_it["changes"][1]["outcome"]
    assert outcome["method"] == "consent"
    assert (outcome["ballots"], outcome["electorate"]) == (3, 3)
    assert outcome["tally"] == {"consent": 2, "aside": 1, "object": 0}
    assert shown(eva, first)["stake"]  # what it was about is still told once it is in force


def test_spendings_and_picks_are_shown_after_their_votes(quick: Room) -> None:
    from node import market
    from protocol.kinds.listing import Listing

    ana, ben, eva = quick.homes
    bread = market.offer(ben, Listing(title="Bread", mode="sell")).id.hex()
    quick.gather()
    picks = {"type": "pick", "title": "Spring", "count": 1, "listings": {"A": bread[:8]}}
    spend = {"type": "spend", "amount": "12.50", "to": "Eva", "purpose": "Paint"}
    for effect, choice in ((picks, "A"), (spend, "yes")):
        asked = quick.propose(ana, effect)
        quick.vote(asked, choice, *quick.homes)
        assert shown(ben, asked)["status"] == "in_effect"

    found = charters.picks(eva.store)
    assert found is not None
    assert (found["title"], found["listings"]) == ("Spring", [bread])
    (spent,) = charters.fund(ben.store)["spends"]
    assert (spent["amount"], spent["currency"], spent["name"]) == (1250, "EUR", "Eva")


def test_a_proposal_that_makes_no_sense_is_shown_with_what_is_wrong(quick: Room) -> None:
    """What a program of somebody's own writes must not break anybody's list."""
    odd: list[dict[str, Any]] = [
        {"kind": "fees", "effect": {"type": ["set_fees"]}},
        {"kind": "fees", "effect": {"type": "set_fees", "changes": 7}},
        {"kind": "weather", "effect": {"type": "advice"}},
        {"kind": "offices", "effect": {"type": "elect", "office": "king", "candidates": {"A": 1}}},
        {"kind": "picks", "effect": {"type": "pick", "listings": "all"}},
        {"kind": "expulsion", "effect": {"type": "expel", "person": b"x"}},
        {"kind": "fees", "effect": {}},
    ]
    empty = {"title": "Odd", "text": "", "options": []}
    quick.eva.append([Draft("proposal", {**empty, **each}) for each in odd])
    assert quick.turn() == []

    listed = plainly(reading.proposals(quick.ben.store, quick.ben.person))

    assert [each["status"] for each in listed["proposals"]] == ["draft"] * len(odd)
    for each in listed["proposals"]:
        found = plainly(shown(quick.ben, each["proposal"]))
        assert found["problem"], each
        with refused("not-counted"):
            counts.count(quick.ben.store, each["proposal"])
    assert reading.proposals(quick.ben.store, limit=2, offset=1)["total"] == len(odd)
    assert len(reading.proposals(quick.ben.store, limit=2, offset=1)["proposals"]) == 2


def test_more_than_three_proposals_of_one_person_wait(quick: Room) -> None:
    ids = [quick.propose(quick.ben, {"type": "advice"}, (f"O{n}", "")) for n in range(4)]

    found = shown(quick.eva, ids[3])

    assert [shown(quick.eva, each)["status"] for each in ids[:3]] == ["open"] * 3
    assert found["status"] == "draft"
    assert "waits" in str(found["problem"])


def test_a_vote_on_something_else_than_was_proposed_is_challenged_and_ended(quick: Room) -> None:
    """Ana's node opens a vote on a hundred times what Ben proposed to spend."""
    ana, ben, eva = quick.homes
    spend = {"type": "spend", "amount": "12.50", "to": "Eva", "purpose": "Paint"}
    made = proposing.propose(ben, kind=None, title="Paint", text="", effect=spend, options=())
    asked = made["proposal"]
    quick.gather()
    state = certificates.current(ana.store)
    written = held.proposal(ana.store, bytes.fromhex(asked))
    assert state is not None and written is not None
    other = {**written[1].effect, "amount": 125_000}
    decision = first_opening(
        state,
        proposal=bytes.fromhex(asked),
        author=ben.person,
        kind="spending",
        effect=other,
        options=(),
        at=quick.now_ms // 1000,
    )
    with ana.store.transaction():
        certificates.certify(ana.store, ana.unlock().device, "open", decision)
        settle(ana.store)
    quick.gather()
    assert quick.act() == []

    found = shown(eva, asked)
    assert found["problem"] is not None
    assert found["may_challenge"]
    made = acting.challenge(eva, asked)

    assert acting.challenge(eva, asked) == made  # once is enough
    assert (made["ballots"], quick.turn()) == ([], ["annul"])
    for home in quick.homes:
        found = shown(home, asked)
        assert (found["status"], found["may_challenge"]) == ("annulled", False)
        assert "something else" in str(found["reason"])
    with refused("not-challengeable"):
        acting.challenge(ben, asked)


def test_a_voter_hears_how_more_and_more_tellers_hold_the_ballot(
    quick: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four tellers, one of them never heard of: the three others make it safe."""
    ana, ben, eva = quick.homes
    asked = quick.propose(ben, {"type": "advice"}, ("A", "Tea"))
    state = certificates.current(ben.store)
    assert state is not None
    vote = state.votes[bytes.fromhex(asked)]
    assert vote.round is not None
    seats = [Seat(home.person, home.store.device) for home in quick.homes]
    tellers = (*seats, Seat(sha256(b"nobody").digest(), sha256(b"nowhere").digest()))
    vote = replace(vote, rounds=(replace(vote.round, tellers=tellers),))
    ben.store.certified = replace(state, votes={**state.votes, vote.proposal: vote})
    waiting = [eva, ben, ana]

    def nap(seconds: float) -> None:
        if waiting:
            home = waiting.pop()
            assert vote.round is not None
            mine_ = held.ballots(ben.store, vote.round.open, ben.person)
            body = receipts_kind.body(vote.round.open, [mine_[0].record], None)
            home.append([Draft("receipts", body)])
            meet(ben, home)

    monkeypatch.setattr("node.assembly.casting.sleep", nap)
    monkeypatch.setattr("node.control.is_running", lambda lock: True)
    grown: list[tuple[int, int]] = []

    cast = casting.cast(
        ben, asked, "A", wait_s=60, grew=lambda held_by, all_: grown.append((held_by, all_))
    )

    assert grown == [(1, 4), (2, 4)]
    assert (cast["receipts"], cast["needed"], cast["safe"]) == (3, 3, True)
    assert receipts_text(cast) == "held by 3 of 4 tellers: it will be counted"
    mine_ = shown(ben, asked)["mine"]
    assert (mine_["receipts"], mine_["tellers"], mine_["safe"]) == (3, 4, True)


def test_who_stops_counts_on_what_is_the_voters_first_ballot(quick: Room) -> None:
    """Where ballots can't be revised a second one has no receipt, whatever a teller lists."""
    ana, ben, _ = quick.homes
    asked = quick.propose(ben, fee(500))
    first = casting.cast(ben, asked, "yes")["ballot"]
    quick.turn()
    state = certificates.current(ben.store)
    assert state is not None
    vote = state.votes[bytes.fromhex(asked)]
    assert vote.round is not None
    (second,) = ben.append([Draft("ballot", ballot_kind.body(vote.round.open, 2, "no"))])
    (before,) = held.receipts_of(ben.store, ana.store.device, vote.round.open)
    body = receipts_kind.body(vote.round.open, [second], before.record)
    meet(ben, ana)
    ana.append([Draft("receipts", body)])
    meet(ben, ana)

    mine_ = shown(ben, asked)["mine"]

    assert (mine_["ballot"], mine_["receipts"]) == (first, 1)
