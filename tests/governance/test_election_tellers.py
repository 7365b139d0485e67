"""Four tellers are elected together, hand over in one certificate, and alternates step in."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from governance.certified import CHALLENGE, FAILED, IN_EFFECT, TIED, Term
from governance.folding import fold, step
from governance.handover import GONE, RESIGNED, SILENT, check, moving, stepping_in
from governance.opening import first_opening
from governance.tellers import decides, hold_back, may_go, successors, term_ends, vacant
from protocol.certificates import Seat, quorum, sign_certificate
from protocol.errors import Invalid
from protocol.keys import Signer
from tests.governance.four import FIRST, adopt, elect, election, four, seat
from tests.governance.hall import NAMES, PEOPLE, Hall, key
from tests.protocol.people import h


def step_in(hall: Hall, at: int, why: str, record: bytes | None = None) -> None:
    hall.certify("tellers", stepping_in(at, why, record, hall.clock))


def retire(hall: Hall, name: str) -> None:
    hall.certify("roll", {"retire": [[PEOPLE[name].device.public, []]]})


def cannot(hall: Hall, seat: Any, why: Any, record: Any = None, **more: Any) -> None:
    decision = {**stepping_in(seat, why, record, hall.clock), **more}
    hall.refused("tellers", decision)
    with pytest.raises(Invalid):
        check(hall.state, "tellers", decision)


# --- growing and shrinking


def test_a_community_grows_from_one_teller_to_four_in_two_votes_and_shrinks_again() -> None:
    hall = Hall(len(NAMES))
    adopt(hall, 4)
    assert hall.state.tellers == (seat("ana"),)  # until others are elected
    before = hall.state.tellers
    proposal = elect(hall, *FIRST, alternates=("gus", "fay"))

    assert hall.chain[-1].kind == "tellers"
    assert hall.chain[-1].signatures[0][0] == 0 and len(hall.chain[-1].signatures) == 1
    assert hall.state.tellers == tuple(map(seat, FIRST)) != before
    assert hall.state.alternates == (key("gus"), key("fay"))
    assert hall.state.officers["teller"].persons == tuple(map(key, FIRST))
    assert hall.state.votes[proposal].phase == IN_EFFECT
    assert hall.state.term == Term(height=hall.state.height, at=hall.clock - 10)
    assert term_ends(hall.state) == hall.clock - 10 + 365 * 86_400

    adopt(hall, 1)
    assert len(hall.state.tellers) == 4
    elect(hall, "hal")
    assert len(hall.chain[-1].signatures) == 4  # the old tellers hand over
    assert (hall.state.tellers, hall.state.alternates) == ((seat("hal"),), ())


def test_three_of_four_sign_and_two_do_not_suffice() -> None:
    hall = four()
    made = hall.make("roll", {"expire": [[PEOPLE["ana"].device.public, 30, 0]]})
    for some in permutations(made.signatures, 3):
        assert fold(hall.state, made._replace(signatures=tuple(sorted(some))))
    for few in permutations(made.signatures, 2):
        with pytest.raises(Invalid):
            fold(hall.state, made._replace(signatures=tuple(sorted(few))))


def test_a_vote_keeps_the_tellers_of_its_open() -> None:
    hall = Hall(len(NAMES))
    adopt(hall, 4)
    advice = hall.open("advice", {"type": "advice"}, "A", "B")
    elect(hall, *FIRST)
    last = hall.state.votes[advice].round
    assert last is not None and last.tellers == (seat("ana"),)
    assert hall.close(advice, "adopted", "A").phase == CHALLENGE  # one stop, by the old teller

    second = hall.open("advice", {"type": "advice"}, "A", "B")
    few = hall.closing(second, "adopted", "A")
    few["stops"] = few["stops"][:2]
    assert "too few stops" in hall.refused("close", few)
    assert hall.close(second, "adopted", "A").phase == CHALLENGE


# --- fewer than there are seats


def test_four_seats_need_four_who_stand_and_can() -> None:
    hall = Hall(len(NAMES))
    adopt(hall, 4)

    def opening(*names: str) -> Any:
        return first_opening(
            hall.state,
            proposal=h("few"),
            author=key("ben"),
            kind="offices",
            effect=election(*names),
            options=[],
            at=hall.clock,
        )

    assert opening(*FIRST)
    with pytest.raises(Exception, match="so many must stand"):
        opening(*FIRST[:3])
    proposal = hall.open("offices", election(*FIRST))
    retire(hall, "dan")
    hall.certify(
        "annul", {"proposal": proposal, "why": "stale", "record": None, "at": hall.clock}
    )  # nobody votes in vain
    assert hall.state.tellers == (seat("ana"),)


def test_with_fewer_than_four_winners_everybody_stays_and_the_vote_says_why() -> None:
    hall = Hall(len(NAMES))
    adopt(hall, 4)
    proposal = hall.open("offices", election(*FIRST, "gus"))
    vote = hall.close(proposal, "adopted", "ana", "ben", "eva", alternates=[])

    assert (vote.phase, vote.why, vote.winners) == (FAILED, "too-few", ())
    assert "was not passed" in hall.refused("tellers", {"proposal": proposal, "at": hall.clock})
    assert hall.state.tellers == (seat("ana"),)
    # It was counted wrongly, as somebody proves in time: then they are elected after all.
    hall.certify(
        "annul",
        {"proposal": proposal, "why": "recount", "record": h("challenge"), "at": hall.clock},
    )
    assert hall.close(proposal, "adopted", *FIRST, alternates=["gus"]).phase == CHALLENGE
    hall.effect(proposal, "tellers")
    assert hall.state.alternates == (key("gus"),)


def test_a_winner_who_drops_out_is_replaced_by_an_alternate_or_nothing_changes() -> None:
    for reserve, elected in ((["gus"], ("ana", "eva", "dan", "gus")), ([], None)):
        hall = Hall(len(NAMES))
        adopt(hall, 4)
        proposal = hall.open("offices", election(*FIRST, "gus", "fay"))
        hall.close(proposal, "adopted", *FIRST, alternates=reserve)
        retire(hall, "ben")
        vote = hall.effect(proposal, "tellers" if elected else "effect")

        if elected is None:
            assert (vote.phase, vote.why) == (FAILED, "stale")
            assert hall.state.tellers == (seat("ana"),)
        else:
            assert hall.state.tellers == tuple(map(seat, elected))
            assert hall.state.alternates == ()


def test_an_election_for_another_number_than_the_charter_has_by_now_changes_nothing() -> None:
    hall = four()
    proposal = hall.open("offices", election(*FIRST, "hal"))
    adopt(hall, 1)
    hall.close(proposal, "adopted", "hal", *FIRST[:3], alternates=["dan"])
    assert hall.effect(proposal).why == "stale"
    assert hall.state.tellers == tuple(map(seat, FIRST))


def test_who_is_level_for_the_last_seat_meets_again_and_the_loser_leads_the_alternates() -> None:
    hall = Hall(len(NAMES))
    adopt(hall, 4)
    proposal = hall.open("offices", election(*FIRST, "gus", "fay"))
    assert hall.state.votes[proposal].alternates == 2
    tie = {"tied": ["dan", "gus"], "seats": 1}
    vote = hall.close(proposal, "tie", "ana", "ben", "eva", alternates=["fay"], **tie)
    assert (vote.phase, vote.sure, vote.reserve) == (TIED, ("ana", "ben", "eva"), ())
    vote = hall.begin(proposal, "run-off")
    assert vote.round is not None and (vote.round.seats, vote.round.alternates) == (1, 1)
    vote = hall.close(proposal, "adopted", "gus", alternates=["dan"])
    assert vote.reserve == ("dan", "fay")
    hall.effect(proposal, "tellers")
    assert hall.state.tellers == tuple(map(seat, ("ana", "ben", "eva", "gus")))
    assert hall.state.alternates == (key("dan"), key("fay"))


def test_nobody_passes_those_who_are_level_for_good() -> None:
    hall = Hall(len(NAMES))
    adopt(hall, 4)
    proposal = hall.open("offices", election(*FIRST, "gus", "fay"))
    tie = {"tied": ["dan", "gus"], "seats": 1}
    hall.close(proposal, "tie", "ana", "ben", "eva", alternates=["fay"], **tie)
    hall.begin(proposal, "run-off")
    vote = hall.close(proposal, "tie", alternates=[], **tie)
    assert (vote.phase, vote.why, vote.winners) == (FAILED, "tie", ())


@pytest.mark.parametrize(
    "alternates",
    [None, "gus", [5], [["gus"]], ["ana"], ["gus", "gus"], ["xenia"], ["gus", "fay", "hal"]],
)
def test_alternates_that_can_not_be_are_refused(alternates: Any) -> None:
    hall = Hall(len(NAMES))
    adopt(hall, 4)
    proposal = hall.open("offices", election(*NAMES))
    closing = hall.closing(proposal, "adopted", *FIRST, alternates=alternates)
    if alternates is None:
        del closing["alternates"]
    assert "alternates" in hall.refused("close", closing)
    none = hall.closing(proposal, "missed", alternates=["gus"])
    assert "alternates for nobody" in hall.refused("close", none)


# --- alternates step in


def test_the_key_of_a_device_that_was_given_up_signs_nothing() -> None:
    hall = four()
    retire(hall, "ben")
    made = hall.make("tellers", stepping_in(1, GONE, None, hall.clock))
    assert [number for number, _ in made.signatures] == [0, 2, 3]
    theirs = (1, sign_certificate(made.raw, 0, PEOPLE["ben"].device))
    for signatures in ((*made.signatures, theirs), (*made.signatures[:2], theirs)):
        with pytest.raises(Invalid, match="nobody speaks"):
            fold(hall.state, made._replace(signatures=tuple(sorted(signatures))))
    assert fold(hall.state, made)


def test_who_is_gone_is_replaced_by_the_first_alternate_who_can() -> None:
    hall = four()
    cannot(hall, 1, GONE)  # Ben is there
    retire(hall, "ben")
    assert vacant(hall.state) == (1,)
    assert hall.state.tellers[1] == seat("ben")  # named, and silent
    retire(hall, "gus")
    cannot(hall, 1, SILENT)  # the chain says why, and nobody need be believed
    step_in(hall, 1, GONE)

    assert hall.state.tellers == tuple(map(seat, ("ana", "fay", "eva", "dan")))
    assert hall.state.alternates == ()
    assert hall.state.officers["teller"].persons == tuple(
        seat.person for seat in hall.state.tellers
    )
    assert hall.state.term is not None and hall.state.term.height < hall.state.height
    retire(hall, "ana")
    cannot(hall, 0, GONE)  # by nobody


def test_silent_and_resigned_tellers_are_replaced_while_they_are_members() -> None:
    hall = four()
    step_in(hall, 3, SILENT)
    step_in(hall, 0, RESIGNED, h("gives it up"))
    assert hall.state.tellers == tuple(map(seat, ("fay", "ben", "eva", "gus")))
    assert h("gives it up") in hall.state.roll.cited
    assert key("dan") in hall.state.members()


def test_handovers_that_make_no_sense_are_refused() -> None:
    hall = four()
    for at in (4, -1, True, None, "0"):
        cannot(hall, at, SILENT)
    for why in ("", "late", None, ["silent"], {}):
        cannot(hall, 0, why)
    for record in (b"short", 5, h("record")):
        cannot(hall, 0, SILENT, record)
    for record in (b"short", 5, None, []):
        cannot(hall, 0, RESIGNED, record)
    for at in (-1, 2**54, True, None):
        cannot(hall, 0, SILENT, at=at)
    cannot(hall, 0, SILENT, more=1)
    one = Hall()
    assert "only seat" in one.refused("tellers", stepping_in(0, SILENT, None, 5))
    with pytest.raises(Invalid):
        check(hall.state, "roll", {})


def test_so_many_may_go_as_leave_a_quorum() -> None:
    hall = four(alternates=())
    assert may_go(hall.state, [key("ben")]) and not hold_back(hall.state, [], key("ben"))
    assert not may_go(hall.state, [key("ben"), key("eva")])
    assert may_go(hall.state, [key("gus"), key("fay")])
    both = {"retire": [[PEOPLE[name].device.public, []] for name in ("ben", "eva")]}
    assert "decide nothing" in hall.refused("roll", both)
    retire(hall, "ben")
    leave = {"leave": [[key("eva"), h("goes"), []]]}
    assert "decide nothing" in hall.refused("roll", leave)
    assert hold_back(hall.state, [], key("eva")) and not hold_back(hall.state, [], key("gus"))
    hall.certify("roll", {"leave": [[key("gus"), h("goes"), []]]})
    hall.certify("roll", {"retire": [[PEOPLE["ben"].device.public, []]]})  # it changes nothing
    assert decides(hall.state)
    with_alternates = four()
    assert hold_back(with_alternates.state, [], key("ben"))  # an alternate takes the seat first


def test_a_teller_of_four_can_be_expelled_and_the_next_only_after_somebody_stepped_in() -> None:
    hall = four(alternates=("gus",))
    first = hall.open("expulsion", {"type": "expel", "person": key("ben")}, author="eva")
    second = hall.open("expulsion", {"type": "expel", "person": key("eva")}, author="dan")
    hall.close(first, "adopted")
    hall.effect(first, "remove", heads=[])
    assert vacant(hall.state) == (1,)
    assert hall.state.officers["teller"].persons == (key("ana"), key("eva"), key("dan"))
    stale = {"proposal": second, "why": "stale", "record": None, "at": hall.clock}
    step(hall.state, "annul", stale)
    step_in(hall, 1, GONE)
    assert hall.state.officers["teller"].persons == tuple(
        seat.person for seat in hall.state.tellers
    )
    hall.refused("annul", stale)
    hall.close(second, "adopted")
    hall.effect(second, "remove", heads=[])
    assert vacant(hall.state) == (2,) and successors(hall.state) == []


# --- a seat moves


def test_a_seat_among_four_moves_by_the_quorum_and_the_old_device_is_retired() -> None:
    hall = four()
    new, old = Signer(h("ben's new laptop")), PEOPLE["ben"].device.public
    hall.more.append(new)
    heads = [(old, 0, 7, h("head"))]
    decision = moving(1, new.public, h("asks"), heads)
    assert "can't be moved there" in hall.refused("move-seat", decision)
    hall.certify("roll", {"enrol": [[key("ben"), new.public, h("enrol")]]})
    hall.certify("move-seat", decision)

    assert hall.state.tellers[1] == Seat(key("ben"), new.public)
    assert hall.state.roll.cuts[old, 0] == (7, h("head"))
    assert hall.state.roll.is_cut(old) and hall.state.attempt == 0
    assert h("asks") in hall.state.roll.cited
    hall.certify("roll", {"expire": [[PEOPLE["ana"].device.public, 30, 0]]})
    assert len(hall.chain[-1].signatures) == 4


def test_moves_among_four_that_make_no_sense_are_refused() -> None:
    hall = four()
    new = h("new")
    hall.certify("roll", {"enrol": [[key("ben"), new, h("enrol")]]})
    right: dict[str, Any] = moving(1, new, h("asks"), [])
    step(hall.state, "move-seat", right)
    for changed in (
        {"seat": 0},
        {"seat": 4},
        {"seat": True},
        {"device": seat("ben").device},
        {"device": seat("eva").device},
        {"device": b"short"},
        {"device": None},
        {"record": None},
        {"retire": None},
        {"retire": [[1, 2]]},
        {"attempt": 1},
        {"more": 1},
    ):
        hall.refused("move-seat", {**right, **changed})
    hall.certify("roll", {"retire": [[new, []]]})
    hall.refused("move-seat", right)
    assert "moves a seat" in Hall().refused("move-seat", moving(0, new, h("asks"), []))


def test_who_was_cut_off_by_mistake_gets_the_seat_back_on_another_device() -> None:
    hall = four(alternates=())
    new = Signer(h("ben's new laptop"))
    hall.more.append(new)
    hall.certify("roll", {"enrol": [[key("ben"), new.public, h("enrol")]]})
    retire(hall, "ben")
    assert vacant(hall.state) == (1,)
    hall.certify("move-seat", moving(1, new.public, h("asks"), []))
    assert vacant(hall.state) == () and len(hall.state.tellers) == 4
    assert quorum(4) == 3
