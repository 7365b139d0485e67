"""Elections, expulsions, grants and picks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from governance.certified import Certified, Held, Picks, Spend
from governance.effects.effect import Stale
from governance.effects.registry import EFFECTS
from governance.roll import Person
from protocol.certificates import Seat
from protocol.errors import Invalid, NotFound, Refused
from protocol.kinds.proposal import STATUS_QUO
from tests.governance.deciding import (
    AT,
    BREAD,
    GIVEN,
    HEIGHT,
    HONEY,
    NAMES,
    SOAP,
    STATE,
    carried_out,
    prepared,
    sort_of,
    without,
)
from tests.governance.members import dev, key
from tests.protocol.people import h


def election(office: str, *names: str) -> dict[str, Any]:
    return {"type": "elect", "office": office, "candidates": {name: name for name in names}}


def refused(given: dict[str, Any], state: Certified = STATE) -> str:
    with pytest.raises(Refused) as caught:
        sort_of(given).prepare(given, state, NAMES)
    return str(caught.value)


def stale(effect: dict[str, Any], state: Certified, *winners: str) -> str:
    with pytest.raises(Stale) as caught:
        EFFECTS[effect["type"]].check(effect, state, ())
    with pytest.raises(Stale):
        carried_out(effect, *winners, state=state)
    return str(caught.value)


def invalid(effect: dict[str, Any]) -> str:
    with pytest.raises(Invalid) as caught:
        EFFECTS[effect["type"]].check(effect, STATE, ())
    assert caught.value.reason == "bad-effect"
    return str(caught.value)


def with_devices(state: Certified, name: str, devices: dict[bytes, int], *cut: bytes) -> Certified:
    """Somebody's devices, by the height at which each was listed; some of them are retired."""
    line: Person = replace(state.roll.persons[key(name)], devices=devices)
    cuts = {**state.roll.cuts, **{(device, 0): (0, bytes(32)) for device in cut}}
    persons = {**state.roll.persons, key(name): line}
    return replace(state, roll=replace(state.roll, persons=persons, cuts=cuts))


# --- elections


def test_winners_hold_the_office_instead_of_those_before() -> None:
    after = carried_out(prepared(GIVEN["elect"]), "C", "A")
    held = Held(persons=(key("fay"), key("ben")), proposal=h("proposal"), height=HEIGHT, at=AT)
    assert after.officers == {**STATE.officers, "welcomer": held}
    assert replace(after, officers=STATE.officers) == STATE

    treasurer = carried_out(prepared(election("treasurer", "eva")))
    assert treasurer.officers["treasurer"].persons == (key("eva"),)


def test_a_candidate_who_has_left_drops_out() -> None:
    effect = prepared(GIVEN["elect"])
    later = without(STATE, "fay")
    EFFECTS["elect"].check(effect, later, [("A", ""), ("B", ""), ("C", "")])
    assert carried_out(effect, "C", "A", state=later).officers["welcomer"].persons == (key("ben"),)
    with pytest.raises(Stale, match="Nobody"):
        carried_out(effect, "C", state=later)

    gone = without(without(later, "ben"), "eva")
    assert "Nobody" in stale(effect, gone, "A", "B", "C")


def test_without_a_winner_nobody_is_elected() -> None:
    for winners in ((), (STATUS_QUO,), ("D",)):
        with pytest.raises(Stale):
            carried_out(prepared(GIVEN["elect"]), *winners)


def test_seats_are_the_offices_but_no_more_than_candidates() -> None:
    sort = EFFECTS["elect"]
    assert sort.seats(prepared(GIVEN["elect"]), STATE.charter) == 3
    assert sort.seats(prepared(election("mediator", "ben", "eva")), STATE.charter) == 2
    assert sort.seats(prepared(election("treasurer", "ben", "eva")), STATE.charter) == 1
    assert sort.seats(prepared(election("teller", "ben", "eva")), STATE.charter) == 1
    assert EFFECTS["pick"].seats(prepared(GIVEN["pick"]), STATE.charter) == 2
    assert EFFECTS["spend"].seats(prepared(GIVEN["spend"]), STATE.charter) == 1


def test_a_teller_signs_with_the_device_that_is_on_the_roll_longest() -> None:
    low, high = sorted([dev("ben", 3), dev("ben", 4)])
    devices = {dev("ben", 2): 1, high: 4, low: 4, dev("ben"): 6}
    effect = prepared(election("teller", "ben", "eva"))

    after = carried_out(effect, "ben", state=with_devices(STATE, "ben", devices, dev("ben", 2)))
    assert after.tellers == (Seat(key("ben"), low),)
    assert after.officers["teller"].persons == (key("ben"),)
    both = carried_out(effect, "eva", "ben")
    assert (both.tellers, both.officers["teller"].persons) == (
        (Seat(key("eva"), dev("eva")),),
        (key("eva"),),
    )
    after = carried_out(effect, "ben", state=with_devices(STATE, "ben", devices))
    assert after.tellers == (Seat(key("ben"), dev("ben", 2)),)


def test_a_teller_who_is_elected_again_keeps_the_seat_that_was_moved() -> None:
    devices = {dev("ana"): 0, dev("ana", 2): 5}
    moved = replace(with_devices(STATE, "ana", devices), tellers=(Seat(key("ana"), dev("ana", 2)),))
    effect = prepared(election("teller", "ana"), moved)
    assert carried_out(effect, state=moved).tellers == moved.tellers
    lost = with_devices(moved, "ana", devices, dev("ana", 2))
    assert carried_out(effect, state=lost).tellers == (Seat(key("ana"), dev("ana")),)


def test_who_has_no_device_can_not_be_teller() -> None:
    effect = prepared(election("teller", "eva"))
    mute = with_devices(STATE, "eva", {dev("eva"): 0}, dev("eva"))
    assert "Nobody" in stale(effect, mute)
    both = prepared(election("teller", "eva", "ben"))
    assert carried_out(both, "eva", "ben", state=mute).tellers == (Seat(key("ben"), dev("ben")),)
    assert "eva can't be elected" in refused(election("teller", "eva"), mute)
    carried_out(prepared(election("mediator", "eva")), state=mute)


def test_elections_that_make_no_sense_are_refused() -> None:
    assert "dan can't be elected" in refused(election("treasurer", "ben", "dan"))
    assert "gil can't be elected" in refused(election("treasurer", "gil"))
    assert "no such office" in refused(election("king", "ben"))
    assert "1 to 20" in refused(election("treasurer"))
    assert "Nobody is called so" in refused(election("treasurer", "xenia"))
    assert "short word" in refused(
        {"type": "elect", "office": "teller", "candidates": {STATUS_QUO: "ben"}}
    )
    effect = prepared(election("treasurer", "ben"))
    assert "never on the roll" in invalid({**effect, "candidates": {"A": key("gil")}})
    assert "no such office" in invalid({**effect, "office": "king"})


# --- expulsion


def test_an_expelled_person_holds_no_office_any_more() -> None:
    held = Held(persons=(key("ben"), key("eva")), proposal=h("old"), height=2, at=0)
    state = replace(STATE, officers={**STATE.officers, "mediator": held})
    after = carried_out(prepared(GIVEN["expel"]), state=state)

    assert after.officers == {"mediator": replace(held, persons=(key("eva"),))}
    assert after.roll is state.roll
    words = [str(line) for line in EFFECTS["expel"].in_words(prepared(GIVEN["expel"]), state)]
    assert any("mediator" in line for line in words)


def test_who_is_concerned_does_not_vote() -> None:
    for recuse in (True, False):
        assert EFFECTS["expel"].concerned(prepared(GIVEN["expel"]), recuse) == (key("ben"),)
        assert EFFECTS["elect"].concerned(prepared(GIVEN["elect"]), recuse) == ()
    grant = prepared(GIVEN["spend"])
    assert EFFECTS["spend"].concerned(grant, True) == (key("eva"),)
    assert EFFECTS["spend"].concerned(grant, False) == ()
    assert EFFECTS["spend"].concerned({**grant, "to": None}, True) == ()


def test_no_vote_leaves_a_community_without_teller() -> None:
    elected = carried_out(prepared(election("teller", "ben")))
    assert "elect another teller first" in stale(prepared(GIVEN["expel"]), elected)

    class Bens:
        me = key("ben")
        person, listing, money = NAMES.person, NAMES.listing, NAMES.money

    with pytest.raises(Refused, match="elect another teller first"):
        EFFECTS["expel"].prepare({"type": "expel", "person": "ana"}, STATE, Bens())
    freed = carried_out({"type": "expel", "person": key("ana")}, state=elected)
    assert freed.tellers == (Seat(key("ben"), dev("ben")),)


def test_only_other_members_are_expelled() -> None:
    assert "leave the community instead" in refused({"type": "expel", "person": "ana"})
    assert "no member any more" in refused({"type": "expel", "person": "dan"})
    assert "on the roll" in refused({"type": "expel", "person": "gil"})
    assert "on the roll" in invalid({"type": "expel", "person": key("gil")})
    assert "no member any more" in stale(prepared(GIVEN["expel"]), without(STATE, "ben"))


# --- grants


def test_a_grant_is_kept_with_its_vote() -> None:
    grant = Spend(
        amount=1250,
        currency="EUR",
        to=key("eva"),
        purpose="Paint for the stall",
        proposal=h("proposal"),
        height=HEIGHT,
        at=AT,
    )
    once = carried_out(prepared(GIVEN["spend"]))
    assert once.spends == (grant,)
    outside = {**GIVEN["spend"], "amount": 99, "to": None, "currency": "CHF"}
    twice = carried_out(prepared(outside), state=once)
    assert twice.spends == (grant, replace(grant, amount=99, to=None, currency="CHF"))
    assert "no member any more" in stale(prepared(GIVEN["spend"]), without(STATE, "eva"))


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"amount": 0}, "from 1 to"),
        ({"amount": -5}, "from 1 to"),
        ({"amount": True}, "from 1 to"),
        ({"amount": 10**12 + 1}, "from 1 to"),
        ({"currency": "eur"}, "wrong shape"),
        ({"currency": None}, "wrong shape"),
        ({"purpose": " "}, "one line"),
        ({"purpose": "a\nb"}, "one line"),
        ({"purpose": "x" * 201}, "one line"),
        ({"to": "gil"}, "not on the roll"),
        ({"to": "dan"}, "no member any more"),
        ({"to": 5}, "wrong shape"),
    ],
)
def test_grants_that_make_no_sense_are_refused(wrong: dict[str, Any], why: str) -> None:
    assert why in refused({**GIVEN["spend"], **wrong})
    if why != "no member any more" and wrong.get("to") != "gil":
        assert why in invalid({**prepared(GIVEN["spend"]), **wrong})


# --- picks


def test_picks_are_shown_until_there_are_others() -> None:
    effect = prepared(GIVEN["pick"])
    after = carried_out(effect, "C", STATUS_QUO, "A")
    expected = Picks(
        title="Spring", listings=(SOAP, BREAD), proposal=h("proposal"), height=HEIGHT, at=AT
    )
    assert after == replace(STATE, picks=expected)
    one = {"type": "pick", "title": "Summer", "count": 1, "listings": {"x": "honey"}}
    after = carried_out(prepared(one, after), state=after)
    assert after.picks is not None
    assert (after.picks.title, after.picks.listings) == ("Summer", (HONEY,))
    with pytest.raises(Stale):
        carried_out(effect)


def test_picks_that_make_no_sense_are_refused() -> None:
    for count in (0, 4, True, None):
        assert "count must be from 1 to 3" in refused({**GIVEN["pick"], "count": count})
        assert "count must be" in invalid({**prepared(GIVEN["pick"]), "count": count})
    assert "one line" in refused({**GIVEN["pick"], "title": "x" * 121})
    assert "1 to 20" in refused({**GIVEN["pick"], "listings": {}})
    with pytest.raises(NotFound):
        EFFECTS["pick"].prepare({**GIVEN["pick"], "listings": {"A": "wool"}}, STATE, NAMES)
