"""A verdict: the members' word on an order that is in dispute."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from governance.certified import CHALLENGE, IN_EFFECT, Certified
from governance.effects.effect import Stale
from governance.effects.registry import EFFECTS
from governance.effects.verdict import Verdict, decided, verdicts
from protocol.errors import Invalid, Refused
from tests.governance.deciding import GIVEN, NAMES, STATE, carried_out, prepared, vote_on
from tests.governance.members import key
from tests.protocol.people import h

JAR = prepared(GIVEN["verdict"])
SORT = EFFECTS["verdict"]


def with_vote(effect: dict[str, Any], phase: str, proposal: bytes = h("proposal")) -> Certified:
    vote = replace(vote_on(effect, proposal=proposal), phase=phase)
    return replace(STATE, votes={**STATE.votes, proposal: vote})


def test_what_was_decided_is_read_from_the_vote_in_effect() -> None:
    state = with_vote(JAR, IN_EFFECT)

    verdict = decided(state, h("proposal"))

    assert verdict == Verdict(
        order=h("order"),
        buyer=key("eva"),
        seller=key("ben"),
        refund=250,
        currency="EUR",
        text="The jar was half full.",
    )
    assert verdicts(state) == {h("proposal"): verdict}
    assert decided(state, h("another")) is None


def test_before_it_is_in_effect_nothing_is_decided() -> None:
    state = with_vote(JAR, CHALLENGE)
    assert decided(state, h("proposal")) is None
    assert decided(with_vote(prepared(GIVEN["spend"]), IN_EFFECT), h("proposal")) is None


def test_it_changes_no_certified_state() -> None:
    assert carried_out(JAR) == STATE


def test_an_order_gets_one_verdict() -> None:
    state = with_vote(JAR, IN_EFFECT)
    again = {**JAR, "refund": 0}
    with pytest.raises(Stale, match="decided about this order already"):
        SORT.check(again, state, ())
    with pytest.raises(Stale):
        carried_out(again, state=state)
    SORT.check({**again, "order": h("another order")}, state, ())
    SORT.check(again, with_vote(JAR, CHALLENGE), ())


def test_neither_side_votes_where_the_rule_has_those_stand_aside() -> None:
    assert SORT.concerned(JAR, True) == (key("eva"), key("ben"))
    assert SORT.concerned(JAR, False) == ()


def test_a_guest_is_nobody_who_could_stand_aside() -> None:
    guests = {**JAR, "buyer": None}
    SORT.check(guests, STATE, ())
    assert SORT.concerned(guests, True) == (key("ben"),)
    assert prepared(SORT.show(guests)) == guests
    assert "A guest pays" in str(SORT.in_words(guests, STATE)[0])


def test_it_says_who_pays_whom() -> None:
    (line,) = map(str, SORT.in_words(JAR, STATE))
    assert line.startswith(
        f"{key('eva').hex()} pays {key('ben').hex()} 250 minor units of EUR less"
    )
    (line,) = map(str, SORT.in_words({**JAR, "refund": 0}, STATE))
    assert "all that was agreed" in line


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"refund": -1}, "refund must be a whole number"),
        ({"refund": 10**12 + 1}, "refund must be a whole number"),
        ({"refund": True}, "refund must be a whole number"),
        ({"currency": "credit"}, "currency of the effect has the wrong shape"),
        ({"currency": "EURO"}, "currency of the effect has the wrong shape"),
        ({"text": " "}, "one line of 1 to 200"),
        ({"text": "x" * 201}, "one line of 1 to 200"),
        ({"seller": "Eva"}, "two persons"),
        ({"order": "ab" * 31}, "order of the effect has the wrong shape"),
        ({"more": 1}, "not a part of this effect"),
    ],
)
def test_a_verdict_that_makes_no_sense_is_refused(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        SORT.prepare({**GIVEN["verdict"], **wrong}, STATE, NAMES)


def test_from_others_it_is_invalid() -> None:
    for wrong in ({"refund": -1}, {"buyer": key("ben")}, {"order": b"short"}, {"currency": 3}):
        with pytest.raises(Invalid) as caught:
            SORT.check({**JAR, **wrong}, STATE, ())
        assert caught.value.reason == "bad-effect"
    SORT.check({**JAR, "currency": "CREDIT"}, STATE, ())
