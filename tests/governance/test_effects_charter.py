"""Effects that amend the charter: what they change, what they refuse, and when they are stale."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from governance.certified import Certified
from governance.charter import Charter, changed_parts, charter_hash
from governance.effects.effect import Stale
from governance.effects.registry import EFFECTS
from protocol.codec import MAX_DEPTH
from protocol.errors import Invalid, Refused
from tests.governance.deciding import (
    AT,
    FOOD,
    GIVEN,
    HEIGHT,
    NAMES,
    STATE,
    carried_out,
    charter_data,
    prepared,
    sort_of,
    state_of,
)
from tests.protocol.people import h

ADDS = {"id": "reuse", "text": "We use what there is.", "rationale": ""}


def values(**what: Any) -> dict[str, Any]:
    return {"type": "amend_values", **what}


def fees(**what: Any) -> dict[str, Any]:
    return {"type": "set_fees", **what}


def rules(changes: dict[str, Any]) -> dict[str, Any]:
    return {"type": "set_rules", "changes": changes}


def refused(given: dict[str, Any], state: Certified = STATE) -> str:
    """What the writer of a proposal is told."""
    with pytest.raises(Refused) as caught:
        sort_of(given).prepare(given, state, NAMES)
    assert caught.value.reason in ("bad-effect", "bad-charter")
    return str(caught.value)


def invalid(effect: dict[str, Any], state: Certified = STATE) -> str:
    """What every node says of a proposal that came in all the same."""
    for use in ("check", "charters"):
        with pytest.raises(Invalid) as caught:
            if use == "check":
                EFFECTS[effect["type"]].check(effect, state, ())
            else:
                EFFECTS[effect["type"]].charters(effect, state.charter)
        assert caught.value.reason == "bad-effect"
    return str(caught.value)


def stale(effect: dict[str, Any], state: Certified) -> str:
    """What an effect says when another passed first: it is neither opened nor carried out."""
    with pytest.raises(Stale) as caught:
        carried_out(effect, state=state)
    assert caught.value.reason == "stale"
    with pytest.raises((Stale, Invalid)) as other:
        EFFECTS[effect["type"]].check(effect, state, ())
    assert str(other.value) == str(caught.value)
    return str(caught.value)


def passed(state: Certified, *effects: dict[str, Any]) -> Certified:
    for effect in effects:
        state = carried_out(effect, state=state)
    return state


# --- values


def test_values_are_added_amended_and_retired() -> None:
    effect = prepared(GIVEN["amend_values"])
    after = carried_out(effect)

    old = charter_data()["values"]
    assert after.charter["values"] == [
        {**old[1], "text": "An hour of work is paid as an hour."},
        old[2],
        {"id": "reuse", "text": "We use what there is.", "rationale": "It lasts."},
    ]
    assert {**after.charter, "values": old} == charter_data()
    newest = after.versions[-1]
    assert after.versions[0] is STATE.versions[0]
    assert (newest.number, newest.height, newest.at) == (2, HEIGHT, AT)
    assert newest.proposal == h("proposal")
    assert newest.hash == charter_hash(Charter.from_data(newest.data))
    assert EFFECTS["amend_values"].charters(effect, STATE.charter) == [after.charter]
    assert replace(after, versions=STATE.versions) == STATE


def test_two_proposals_about_different_values_both_come_into_force() -> None:
    one = prepared(values(amend=[{"id": "mend", "rationale": "Nothing is waste."}]))
    other = prepared(values(retire=["fair-hour"], add=[ADDS]))
    same = prepared(values(retire=["mend"]))
    again = prepared(values(add=[{**ADDS, "text": "Otherwise."}]))

    both, crosswise = passed(STATE, one, other), passed(STATE, other, one)
    assert both.charter == crosswise.charter
    assert [each["id"] for each in both.charter["values"]] == ["made-here", "mend", "reuse"]
    assert "values.mend" in stale(same, both)
    assert "values.reuse" in stale(again, both)
    assert "values.mend" in stale(one, passed(STATE, same))


def test_values_that_each_pass_but_not_together_are_stale() -> None:
    ids = [f"v{n}" for n in range(37)]
    many = prepared(values(add=[{"id": id_, "text": "x"} for id_ in ids[:-1]]))
    more = prepared(values(add=[{"id": id_, "text": "y"} for id_ in ids[-1:]] + [ADDS]))

    assert "0 to 40" in stale(more, passed(STATE, many))
    assert "0 to 40" in invalid(more, passed(STATE, many))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (values(), "change nothing"),
        (values(amend=[{"id": "mend"}]), "change nothing"),
        (values(amend=[{"id": "gone", "text": "x"}]), "no value gone"),
        (values(retire=["gone"]), "no value gone"),
        (values(add=[{"id": "mend", "text": "x"}]), "a value mend already"),
        (values(add=[{"id": "Not a word", "text": "x"}]), "a word of 1 to 40"),
        (values(add=[{"id": "new"}]), "text is missing"),
        (values(add=[{"id": "new", "text": " "}]), "blank"),
        (values(add=[{**ADDS, "more": 1}]), '"more"'),
        (values(add=[ADDS, ADDS]), "changed twice"),
        (values(amend=[{"id": "mend", "text": "x"}], retire=["mend"]), "changed twice"),
        (values(add=ADDS), "wrong shape"),
        (values(retire=[None]), "wrong shape"),
    ],
)
def test_values_that_make_no_sense_are_refused(given: dict[str, Any], why: str) -> None:
    assert why in refused(given)


# --- fees


def test_fees_are_replaced_part_by_part() -> None:
    after = carried_out(prepared(GIVEN["set_fees"]))
    old = charter_data()["fees"]["default"]
    assert after.charter["fees"] == {
        "default": {**old, "fee_bps": 300},
        "categories": {"food": FOOD},
        "referral_depth": 1,
    }

    tools = prepared(fees(categories={"tools": {"fee_bps": 0}}, referral_depth=1), after)
    assert [change[0] for change in tools["changes"]] == [["fees", "categories", "tools"]]
    more = passed(after, tools, prepared(fees(categories={"food": None}), after))
    assert more.charter["fees"]["categories"] == {"tools": {**old, "fee_bps": 0}}


def test_of_two_proposals_about_one_fee_the_second_is_stale() -> None:
    five, six = (prepared(fees(default={"fee_bps": bps})) for bps in (450, 600))
    food, drink = (prepared(fees(categories={name: FOOD})) for name in ("food", "drink"))

    assert passed(STATE, five, food, drink).charter == passed(STATE, drink, food, five).charter
    assert "fees.default" in stale(six, passed(STATE, five))
    assert "fees.categories.food" in stale(food, passed(STATE, food))


ROW = {"role": "community", "bps": 10_000, "fallback": None}


@pytest.mark.parametrize(
    ("fee", "why"),
    [
        ({"table": [{**ROW, "bps": 9_999}]}, "adds up to 9999; exactly 10000"),
        ({"table": [{**ROW, "fallback": "community"}]}, "exactly one row without"),
        ({"table": [{**ROW, "bps": 5000}, {**ROW, "role": "host", "bps": 5000}]}, "exactly one"),
        ({"table": []}, "1 to 16"),
        ({"fee_min": 5, "fee_cap": 1}, "the fee_min"),
        ({"fee_bps": 10_001}, "fee_bps"),
        ({"fee": 1}, "not a known key"),
        (None, "wrong shape"),
        (5, "wrong shape"),
    ],
)
def test_a_fee_that_could_not_be_split_is_refused(fee: Any, why: str) -> None:
    assert why in refused(fees(default=fee))
    if not isinstance(fee, dict):
        return
    effect = prepared(GIVEN["set_fees"])
    effect["changes"][0][2] |= fee  # as a hostile program would write it
    assert why in invalid(effect)
    assert why in refused(fees(categories={"food": fee}))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (fees(), "change nothing"),
        (fees(default={"fee_bps": 500}, referral_depth=1), "change nothing"),
        (fees(categories={"food": None}), "change nothing"),
        (fees(categories={"": FOOD}), "categories"),
        (fees(referral_depth=2), "referral_depth"),
        (fees(referral_depth=None), "missing"),
    ],
)
def test_fees_that_make_no_sense_are_refused(given: dict[str, Any], why: str) -> None:
    assert why in refused(given)


# --- rules


def test_rules_are_merged_and_only_what_differs_is_kept() -> None:
    effect = prepared(rules({"membership": {"vouches": 2, "exit_s": 0}, "disputes": {}}))
    assert [change[0] for change in effect["changes"]] == [["membership", "vouches"]]

    after = carried_out(prepared(GIVEN["set_rules"])).charter
    expected = charter_data()
    expected["rules"]["fees"]["notice_s"] = 3600
    expected["rules"]["picks"]["method"] = "star"
    expected["membership"] |= {"vouches": 2, "invite_s": 86_400}
    expected["languages"] = ["de", "es"]
    assert after == expected


def test_a_class_can_be_merged_away_and_come_back() -> None:
    old = charter_data()["amendment"]
    merged = {**old["B"], "covers": old["B"]["covers"] + old["C"]["covers"]}
    away = prepared(rules({"amendment": {"B": merged, "C": None}}))
    lower = prepared(rules({"amendment": {"C": {"approval": [1, 3, "more"]}}}))
    after = passed(STATE, away)

    assert after.charter["amendment"] == {"A": old["A"], "B": merged}
    assert "amendment.C.approval" in stale(lower, after)
    assert "amendment.C" in stale(away, passed(STATE, lower))
    back = prepared(
        rules({"amendment": {"B": {"covers": old["B"]["covers"]}, "C": old["C"]}}), after
    )
    assert passed(after, back).charter == charter_data()


CHOICES: list[tuple[tuple[str, ...], list[Any]]] = [
    (("rules", "fees", "notice_s"), [1, 2]),
    (("rules", "fees", "method"), ["consent", "irv"]),
    (("rules", "fees", "threshold"), [[3, 4, "more"], [1, 2, "at_least"]]),
    (("membership", "vouches"), [0, 5]),
    (("membership", "invite_s"), [60, 61]),
    (("membership", "exit_s"), [60, 61]),
    (("offices", "mediator", "seats"), [2, 5]),
    (("disputes", "steps"), [["talk"], ["vote"]]),
    (("guests", "see_members"), [True]),
    (("about",), ["", "Other people."]),
]


@st.composite
def patches(draw: st.DrawFn) -> dict[tuple[str, ...], Any]:
    chosen = draw(st.lists(st.sampled_from(CHOICES), min_size=1, max_size=4, unique_by=repr))
    return {path: draw(st.sampled_from(options)) for path, options in chosen}


def patch(leaves: dict[tuple[str, ...], Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for path, value in leaves.items():
        inner = whole
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner[path[-1]] = deepcopy(value)
    return rules(whole)


@settings(max_examples=40)
@given(patches(), patches())
def test_two_proposals_about_rules_are_independent_leaf_by_leaf(
    one: dict[tuple[str, ...], Any], other: dict[tuple[str, ...], Any]
) -> None:
    try:
        first, second = prepared(patch(one)), prepared(patch(other))
    except Refused:  # both values of a leaf may be the present one
        assume(False)
    touched = [{tuple(path) for path, _, _ in effect["changes"]} for effect in (first, second)]
    after = passed(STATE, first)
    if touched[0] & touched[1]:
        stale(second, after)
        return
    assert passed(after, second).charter == passed(STATE, second, first).charter
    assert passed(after, second).charter == passed(STATE, prepared(patch(one | other))).charter


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "change nothing"),
        ({"membership": {"vouches": 1}}, "change nothing"),
        ({"values": []}, "values have amend_values"),
        ({"fees": {"default": {}}}, "fees set_fees"),
        ({"schema": 2}, "can't change schema"),
        ({"nonsense": 1}, "not a known key"),
        ({"rules": {"fees": {"notice_s": -1}}}, "rules.fees.notice_s"),
        ({"rules": {"fees": None}}, "rules.fees is missing"),
        ({"rules": {"fees": {"notice_s": {"a": 1}}}}, "no map of the charter"),
        ({"a": {"b": {"c": {"d": {"e": 1}}}}}, "wrong shape"),
        ({"offices": {"teller": None}}, "offices.teller is missing"),
        ({"offices": {"teller": {"seats": 0}}}, "offices.teller.seats"),
        ({"offices": {"teller": {"seats": 7}}}, "switched off until their model test passes"),
        (
            {"offices": {"teller": {"seats": 4}}, "rules": {"offices": {"method": "consent"}}},
            "a method of choice",
        ),
        ({"amendment": {"A": None}}, "amendment.A"),
        ({"amendment": {"C": None}}, "covers"),
        ({"amendment": {"A": {"approval": [1, 1, "more"]}}}, "more than everyone"),
        ({"amendment": {"C": {"approval": [1, 1, "at_least"]}}}, "asks for too much"),
        ({"rules": {"rules": {"threshold": [1, 1, "more"]}}}, "more than everyone"),
        ({"rules": {"rules": {"open_s": 0}}}, "open_s"),
        ([], "wrong shape"),
    ],
)
def test_rules_that_no_community_could_live_with_are_refused(changes: Any, why: str) -> None:
    assert why in refused(rules(changes))


def test_a_hostile_program_finds_no_other_way_to_the_charter() -> None:
    def alone(path: list[str], now: Any, name: str = "set_rules") -> str:
        return invalid({"type": name, "changes": [[path, None, now]]})

    def beside(path: list[str], now: Any) -> str:
        effect = prepared(GIVEN["set_rules"])
        return invalid({**effect, "changes": [*effect["changes"], [path, None, now]]})

    text: Any = {"text": "x", "rationale": ""}
    for path in (["values"], ["values", "x"], ["fees", "default"], ["schema"]):
        assert "nothing that an effect" in alone(path, 1)
    assert "nothing that an effect" in alone(["guests"], {"see_members": True})
    for path in (["values"], ["values", "mend", "text"], ["fees", "mend"], ["about"]):
        assert "nothing that an effect" in alone(path, text, "amend_values")
    assert "nothing that an effect" in alone(["values", "x"], {"text": "x"}, "amend_values")
    for path in (["fees"], ["fees", "categories"], ["fees", "categories", "a", "b"], ["credit"]):
        assert "nothing that an effect" in alone(path, FOOD, "set_fees")
    assert "wrong shape" in alone([], 1)
    assert "changed twice" in beside(["membership", "vouches"], 3)
    assert "changed twice" in beside(["rules", "picks"], 3)
    assert "changed twice" in beside(["languages", "0"], 3)
    assert "changes nothing" in beside(["membership", "new"], None)
    deep: list[Any] = []
    for _ in range(MAX_DEPTH + 1):
        said = beside(["rules", "fees", "x", "y"], deep)
        assert "rules.fees.x" in said or "wrong shape" in said
        deep = [deep]
    assert "wrong shape" in said
    assert "wrong shape" in invalid({"type": "set_rules", "changes": []})
    long = "\u202e" * 5000
    assert len(alone([long, long], {})) < 300
    assert len(alone([long, long], 1)) < 300


# --- what is at stake


def test_a_new_currency_is_said_to_change_what_amounts_mean() -> None:
    effect = prepared(rules({"currency": "JPY"}))
    lines = [str(line) for line in EFFECTS["set_rules"].in_words(effect, STATE)]
    assert any("Every amount in the charter keeps its number" in line for line in lines)
    assert carried_out(effect).charter == {**charter_data(), "currency": "JPY"}


@pytest.mark.parametrize("name", ["amend_values", "set_fees", "set_rules"])
def test_what_was_at_stake_is_still_said_when_it_is_done_or_stale(name: str) -> None:
    effect = prepared(GIVEN[name])
    before = EFFECTS[name].in_words(effect, STATE)
    assert len(before) >= len(effect["changes"])
    done = carried_out(effect)
    assert EFFECTS[name].in_words(effect, done) == before
    with pytest.raises(Stale):
        EFFECTS[name].check(effect, done, ())


def test_what_an_effect_touches_is_what_it_leads_to() -> None:
    touched = {
        name: changed_parts(Charter.from_data(charter_data()), Charter.from_data(data))
        for name in ("amend_values", "set_fees", "set_rules")
        for data in EFFECTS[name].charters(prepared(GIVEN[name]), STATE.charter)
    }
    assert touched == {
        "amend_values": {"values"},
        "set_fees": {"fees"},
        "set_rules": {"rules", "one_member_one_vote", "membership", "languages"},
    }
    assert all(
        EFFECTS[name].charters(prepared(GIVEN[name]), STATE.charter) == []
        for name in ("elect", "expel", "spend", "pick", "advice", "verdict")
    )


def test_a_founding_charter_with_four_tellers_can_be_amended_otherwise() -> None:
    data = charter_data()
    data["offices"]["teller"]["seats"] = 4
    state = state_of(data)
    assert carried_out(prepared(rules({"name": "Other"}), state), state=state).charter == {
        **data,
        "name": "Other",
    }
