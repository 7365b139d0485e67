"""The life of a vote over certificates: what each leads to, and which can't be."""

from __future__ import annotations

from typing import Any

import pytest

from governance import assembly
from governance.certified import Certified
from governance.effects.registry import EFFECTS
from governance.folding import fold
from protocol.certificates import sign_certificate
from protocol.errors import Invalid, Refused
from tests.governance.hall import PEOPLE, Hall, key
from tests.protocol.people import h

ADVICE = {"type": "advice"}
FEE = {
    "fee_bps": 500,
    "fee_min": 0,
    "fee_cap": None,
    "table": [{"role": "community", "bps": 10_000, "fallback": None}],
}


class Words:
    """Names as the effects' texts use them."""

    me = key("ben")

    def person(self, text: str) -> bytes:
        return key(text)

    def listing(self, text: str) -> bytes:
        return h(text)

    def money(self, text: str, currency: str) -> int:
        return int(text)


def effect(hall: Hall, **given: Any) -> dict[str, Any]:
    """What the record of a proposal holds for these words."""
    return EFFECTS[given["type"]].prepare(given, hall.state, Words())


def test_a_vote_passes_through_its_phases_and_changes_the_charter() -> None:
    hall = Hall(notice_s=60)
    change = effect(hall, type="set_fees", default=FEE)
    proposal = hall.open("fees", change)
    vote = hall.state.votes[proposal]
    assert (vote.phase, vote.rounds, vote.amendment) == ("notice", (), "B")
    assert vote.electorate == hall.state.members()
    assert [tuple(each) for each in vote.thresholds] == [(2, 3, "at_least")]

    vote = hall.begin(proposal, "")
    assert vote.round is not None
    assert (vote.phase, vote.round.open) == ("open", hall.state.id)
    vote = hall.close(proposal, "adopted")
    assert (vote.phase, hall.state.charter_hash) == ("challenge", hall.state.versions[0].hash)
    vote = hall.effect(proposal)

    assert vote.phase == "in_effect"
    assert [each.proposal for each in hall.state.versions] == [None, proposal]
    assert hall.state.charter["fees"]["default"] == FEE  # type: ignore[call-overload, index]
    assert h("stop", proposal.hex(), "") in hall.state.roll.cited
    assert proposal in hall.state.roll.cited


def test_who_comes_during_a_vote_is_not_in_the_electorate_and_who_goes_leaves_it() -> None:
    hall = Hall(members=3)
    proposal = hall.open("advice", ADVICE, "A")
    before = hall.state.votes[proposal].electorate
    hall.let_in("dan", 7)
    hall.certify("roll", {"leave": [[key("eva"), h("leave"), []]]})

    vote = hall.close(proposal, "tie", tied=["A"], seats=1)
    assert vote.rounds[0].electorate == before
    assert vote.rounds[0].voters == {key("ana"), key("ben")}
    vote = hall.begin(proposal, "run-off")
    assert vote.rounds[1].electorate == {key("ana"), key("ben")}


def test_a_tie_leads_to_one_run_off_and_a_second_to_the_status_quo() -> None:
    hall = Hall()
    office = effect(
        hall, type="elect", office="mediator", candidates={"A": "ana", "B": "ben", "C": "eva"}
    )
    proposal = hall.open("offices", office)
    vote = hall.close(proposal, "tie", "A", tied=["B", "C"], seats=2)
    assert (vote.phase, vote.sure) == ("tied", ("A",))
    vote = hall.begin(proposal, "run-off")
    assert vote.round is not None
    assert ([name for name, _ in vote.round.options], vote.round.seats) == (["B", "C"], 2)
    vote = hall.close(proposal, "tie", "C", tied=["B"], seats=1)

    assert (vote.phase, vote.winners) == ("challenge", ("A", "C"))
    hall.effect(proposal)
    assert set(hall.state.officers["mediator"].persons) == {key("ana"), key("eva")}

    lonely = hall.open("advice", ADVICE, "A", "B")
    hall.close(lonely, "tie", tied=["A", "B"], seats=1)
    hall.begin(lonely, "run-off")
    assert hall.close(lonely, "tie", tied=["A", "B"], seats=1).phase == "failed"


def test_a_missed_quorum_is_called_a_second_time_where_the_rule_says_so() -> None:
    for second_call in (True, False):
        hall = Hall(second_call=second_call)
        proposal = hall.open("fees", effect(hall, type="set_fees", default=FEE))
        vote = hall.close(proposal, "missed")
        if second_call:
            assert vote.phase == "missed"
            hall.begin(proposal, "second-call")
            vote = hall.close(proposal, "missed")
        assert (vote.phase, vote.why) == ("failed", "missed")


def test_the_expelled_person_does_not_vote_appeals_once_and_is_cut() -> None:
    hall = Hall(members=4)
    proposal = hall.open("expulsion", effect(hall, type="expel", person="eva"))
    assert key("eva") not in hall.state.votes[proposal].electorate
    hall.close(proposal, "adopted")
    vote = hall.begin(proposal, "appeal", record=h("appeal"))
    assert vote.round is not None
    assert (vote.phase, vote.round.name) == ("open", "appeal")
    hall.close(proposal, "adopted")
    assert "appeal" in hall.refused(
        "open",
        {
            "proposal": proposal,
            "stage": "vote",
            "round": "appeal",
            "record": h("more"),
            "at": 1,
        },
    )
    assert "remove" in hall.refused("effect", {"proposal": proposal, "at": 1})
    device = PEOPLE["eva"].device.public
    vote = hall.effect(proposal, "remove", heads=[[device, 0, 3, h("head")]])

    assert vote.phase == "in_effect"
    assert hall.state.roll.persons[key("eva")].standing == "removed"
    assert hall.state.roll.cuts[device, 0] == (3, h("head"))
    assert hall.state.roll.cuts[device, 1] == (0, bytes(32))  # not named: an empty cut
    assert key("eva") not in hall.state.members()


def test_an_election_of_the_teller_hands_the_seat_over() -> None:
    hall = Hall()
    proposal = hall.open(
        "offices", effect(hall, type="elect", office="teller", candidates={"A": "ben"})
    )
    other = hall.open("advice", ADVICE, "A")
    hall.close(proposal, "adopted", "A")
    hall.effect(proposal, "tellers")
    assert [seat.device for seat in hall.state.tellers] == [PEOPLE["ben"].device.public]

    again: dict[str, Any] = {"proposal": other, "why": "again", "record": None, "at": 1}
    made = hall.make("annul", again)
    by_ana = sign_certificate(made.raw, 0, PEOPLE["ana"].device)
    with pytest.raises(Invalid):
        fold(hall.state, made._replace(signatures=((0, by_ana),)))
    hall.certify("annul", again)
    vote = hall.begin(other, "again")
    assert vote.round is not None
    assert vote.round.tellers == hall.state.tellers


def test_what_another_vote_changed_first_is_stale_and_has_no_effect() -> None:
    hall = Hall()
    one = hall.open("fees", effect(hall, type="set_fees", default=FEE))
    two = hall.open("fees", effect(hall, type="set_fees", default={**FEE, "fee_bps": 900}))
    three = hall.open("fees", effect(hall, type="set_fees", categories={"bread": FEE}))
    four = hall.open("fees", effect(hall, type="set_fees", default={**FEE, "fee_bps": 100}))
    for proposal in (one, two, three):
        hall.close(proposal, "adopted")
    hall.effect(one)
    before = hall.state.charter_hash
    assert assembly.certificate_for(hall.state, hall.state.votes[two], 1) == "effect"
    vote = hall.effect(two)
    assert (vote.phase, vote.why, hall.state.charter_hash) == ("failed", "stale", before)
    assert hall.effect(three).phase == "in_effect"  # another part of the fees
    hall.certify("annul", {"proposal": four, "why": "stale", "record": None, "at": 1})
    assert hall.state.votes[four].phase == "annulled"
    with pytest.raises(Refused) as refusal:
        hall.opening("fees", dict(hall.state.votes[two].effect))
    assert refusal.value.reason == "stale"


def test_a_proposal_is_taken_back_in_its_notice_and_a_close_may_be_counted_again() -> None:
    hall = Hall(notice_s=60)
    proposal = hall.open("advice", ADVICE, "A")
    back = {"proposal": proposal, "why": "withdrawn", "record": h("back"), "at": 1}
    hall.certify("annul", back)  # type: ignore[arg-type]
    assert hall.state.votes[proposal].phase == "withdrawn"
    assert "can't be annulled" in hall.refused("annul", back)  # type: ignore[arg-type]

    other = hall.open("advice", ADVICE, "A")
    hall.begin(other, "")
    hall.close(other, "rejected")
    assert hall.state.votes[other].phase == "failed"
    hall.certify("annul", {"proposal": other, "why": "recount", "record": h("c"), "at": 1})
    vote = hall.close(other, "adopted", "A")
    assert (vote.phase, vote.winners, len(vote.rounds)) == ("challenge", ("A",), 1)
    hall.effect(other)
    assert "can't be annulled" in hall.refused(
        "annul", {"proposal": other, "why": "recount", "record": h("c"), "at": 1}
    )


def test_a_recount_after_a_run_off_takes_no_seat_from_who_was_sure_of_it_before() -> None:
    hall = Hall(second_call=True)
    candidates = {"A": "ana", "B": "ben", "C": "eva"}
    office = effect(hall, type="elect", office="mediator", candidates=candidates)
    proposal = hall.open("offices", office)
    hall.close(proposal, "tie", "A", tied=["B", "C"], seats=1)
    again = {"proposal": proposal, "why": "recount", "record": h("c"), "at": 1}
    hall.certify("annul", again)  # type: ignore[arg-type]
    assert hall.state.votes[proposal].sure == ()
    hall.close(proposal, "tie", "A", tied=["B", "C"], seats=1)
    hall.begin(proposal, "run-off")
    hall.close(proposal, "missed")
    hall.begin(proposal, "second-call")
    assert hall.close(proposal, "rejected").winners == ("A",)

    hall.certify("annul", again)  # type: ignore[arg-type]
    assert hall.close(proposal, "adopted", "B").winners == ("A", "B")


WRONG_OPENINGS: list[tuple[str, Any]] = [
    ("author", h("nobody")),
    ("kind", "values"),
    ("stage", "notice"),
    ("class", "C"),
    ("thresholds", [[1, 2, "more"]]),
    ("quorums", []),
    ("quorums", [[True, 3]]),
    ("options", [["adopt", ""]]),
    ("at", -1),
    ("at", True),
    ("proposal", b"short"),
    ("effect", {"type": "set_fees"}),
    ("effect", {"type": ["set_fees"]}),
    ("effect", {"type": "else"}),
    ("effect", []),
    ("more", 1),
]


def test_a_vote_that_is_opened_in_another_way_than_the_charter_says_is_refused() -> None:
    hall = Hall()
    right = hall.opening("fees", effect(hall, type="set_fees", default=FEE))
    for name, value in WRONG_OPENINGS:
        hall.refused("open", {**right, name: value})
    for name in set(right) - {"effect"}:
        hall.refused("open", {k: v for k, v in right.items() if k != name})
    change = {**FEE, "fee_bps": 900}
    stale: Any = {"type": "set_fees", "changes": [[["fees", "default"], h("another"), change]]}
    assert "has changed" in hall.refused("open", {**right, "effect": stale})
    hall.certify("open", right)
    hall.refused("open", right)


WRONG_CLOSES: list[dict[str, Any]] = [
    {"open": h("another")},
    {"stops": []},
    {"stops": [h("one"), h("two")]},
    {"stops": "x"},
    {"outcome": "won"},
    {"outcome": "tie"},
    {"winners": ["C"]},
    {"winners": ["A", "A"]},
    {"winners": ["A", "B"]},
    {"winners": []},
    {"outcome": "rejected"},
    {"outcome": "missed"},
    {"tied": ["A", "B"]},
    {"outcome": "tie", "winners": [], "tied": ["A", "B"], "seats": 2},
    {"outcome": "tie", "winners": [], "tied": ["A", ["B"]], "seats": 1},
    {"seats": 1},
    {"ballots": 4},
    {"ballots": -1},
    {"root": b""},
    {"tally": None},
    {"at": "now"},
]


def test_a_vote_that_is_closed_in_a_way_that_contradicts_itself_is_refused() -> None:
    hall = Hall()
    proposal = hall.open("advice", ADVICE, "A", "B")
    hall.refused("open", {"proposal": proposal, "stage": "vote", "at": 1})  # of no round
    right = hall.closing(proposal, "adopted", "A")
    for wrong in WRONG_CLOSES:
        hall.refused("close", {**right, **wrong})
    hall.certify("close", right)
    hall.refused("close", right)
    for kind in ("remove", "tellers"):
        hall.refused(kind, {"proposal": proposal, "at": 1, "heads": []})
    hall.refused("effect", {"proposal": h("unknown"), "at": 1})


def test_the_certificates_of_a_hall_that_has_voted_a_lot_are_small() -> None:
    hall = Hall()
    names = [f"option-{n}" for n in range(20)]
    proposal = hall.open("advice", ADVICE, *names)
    rows = {name: [500, 500, 500] for name in [*names, "status-quo"]}
    hall.close(proposal, "adopted", "option-3", tally={"columns": ["wins", "over"], "rows": rows})
    assert len(hall.chain[-1].raw) < 4096


def test_folding_depends_on_nothing_but_the_chain() -> None:
    """Every state on the way equals that of whoever folds the chain from the start."""
    hall = Hall(members=4)
    one = hall.open("fees", effect(hall, type="set_fees", default=FEE))
    hall.close(one, "adopted")
    hall.effect(one)
    fresh = Hall(members=1)
    state: Certified = fresh.state

    for made in hall.chain[1:]:
        state = fold(state, made)
    assert state == hall.state
