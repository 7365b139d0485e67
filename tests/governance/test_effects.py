"""What holds for every type of effect, whatever it is given."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.charter import Charter
from governance.charter_parts import KINDS
from governance.effects.effect import ADOPT, Stale, options_for
from governance.effects.registry import EFFECTS, effect_type
from governance.methods.registry import METHODS
from protocol.codec import encode
from protocol.errors import Invalid, Refused
from protocol.kinds.proposal import MAX_OPTIONS
from tests.governance.deciding import (
    AT,
    GIVEN,
    HEIGHT,
    NAMES,
    STATE,
    carried_out,
    prepared,
    vote_on,
    without,
)
from tests.governance.members import key

TYPES = list(EFFECTS)
EXAMPLES = {name: prepared(given) for name, given in GIVEN.items()}

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.text(max_size=5)
    | st.binary(max_size=33)
    | st.sampled_from([key("ben"), key("dan"), key("gil"), "teller", "status-quo", "values", "A"])
)
plain: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
parts = st.sampled_from(sorted({part for effect in EXAMPLES.values() for part in effect}))


@st.composite
def spoilt(draw: st.DrawFn) -> dict[str, Any]:
    """A sound effect in which a few places hold something else, or nothing, or more."""
    effect = deepcopy(EXAMPLES[draw(st.sampled_from(TYPES))])
    for _ in range(draw(st.integers(1, 3))):
        at: Any = effect
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            inner = [k for k in keys if isinstance(at[k], dict | list) and at[k]]
            if not inner or draw(st.integers(0, 3)) == 0:
                break
            at = at[draw(st.sampled_from(inner))]
        step = draw(st.sampled_from(keys))
        match draw(st.integers(0, 5)):
            case 0:
                del at[step]
            case 1 if isinstance(at, dict):
                at[draw(st.text(max_size=4) | parts)] = draw(plain)
            case 1:
                at.append(deepcopy(at[step]))
            case 2 if isinstance(at[step], int):
                at[step] += draw(st.sampled_from([-1, 1, 10**13]))
            case _:
                at[step] = draw(plain)
        if not effect:
            break
    return effect


def everything(name: str, effect: dict[str, Any]) -> None:
    """Use an effect in all ways that a node does; only Invalid and Stale may come of it."""
    sort, before = EFFECTS[name], deepcopy(effect)
    sort.show(effect)
    sort.in_words(effect, STATE)
    for state in (STATE, without(STATE, "ben")):
        try:
            sort.check(effect, state, ())
        except (Invalid, Stale) as error:
            assert error.reason in ("bad-effect", "stale")
            assert len(str(error)) < 1000
        else:
            for data in sort.charters(effect, state.charter):
                Charter.from_data(data)
            encode(effect)
            assert sort.seats(effect, state.charter) >= 1
            assert len(sort.concerned(effect, True)) <= 2
            winners = sort.choices(effect) or ()
            one, other = (carried_out(effect, *winners, state=state) for _ in range(2))
            assert one == other
            assert one.tellers
    assert effect == before


@settings(max_examples=60)
@given(st.sampled_from(TYPES), st.dictionaries(st.text(max_size=5) | parts, plain, max_size=5))
def test_whatever_somebody_writes_is_refused_in_order(name: str, data: dict[str, Any]) -> None:
    everything(name, {"type": name, **data})
    everything(name, data)


@settings(max_examples=250)
@given(spoilt())
def test_a_spoilt_effect_is_refused_or_can_be_carried_out(effect: dict[str, Any]) -> None:
    name = effect.get("type")
    everything(name if isinstance(name, str) and name in EFFECTS else "set_rules", effect)


@settings(max_examples=100)
@given(st.sampled_from(TYPES), st.data())
def test_what_a_member_writes_is_refused_with_a_sentence(name: str, data: st.DataObject) -> None:
    sort = EFFECTS[name]
    written = deepcopy(GIVEN[name])
    odd = plain | st.floats() | st.just("\ud800") | st.just(2**70)
    written[data.draw(st.sampled_from([*sort.needed, *sort.optional, "type", "other"]))] = (
        data.draw(odd)
    )
    try:
        record = sort.prepare(written, STATE, NAMES)
    except Refused as error:
        assert str(error).endswith(".")
    else:
        sort.check(record, STATE, ())


@pytest.mark.parametrize("name", TYPES)
def test_an_effect_is_shown_as_a_member_would_write_it(name: str) -> None:
    sort, effect = EFFECTS[name], EXAMPLES[name]
    shown = sort.show(effect)

    assert set(shown) <= {"type", *sort.needed, *sort.optional}
    assert prepared(shown) == effect
    assert all(line and "%(" not in line for line in map(str, sort.in_words(effect, STATE)))
    assert sort.in_words(effect, STATE)
    assert sort.show({"type": name, "person": 1, "more": 2}) == {"type": name}
    assert sort.in_words({"type": name, "person": 1, "more": 2}, STATE) == []


def test_every_kind_of_proposal_has_its_effect() -> None:
    assert set(GIVEN) == set(EFFECTS)
    assert {kind for sort in EFFECTS.values() for kind in sort.kinds} == set(KINDS)
    assert effect_type({"type": "elect"}) is EFFECTS["elect"]
    for name in ("elec", None, ["elect"], {}, 1):
        with pytest.raises(Invalid, match="no such effect"):
            effect_type({"type": name})


@pytest.mark.parametrize("name", TYPES)
def test_an_effect_holds_what_its_type_knows_and_no_more(name: str) -> None:
    sort, effect = EFFECTS[name], EXAMPLES[name]
    wrong: list[dict[str, Any]] = [{**effect, "more": 1}, {**effect, "type": "other"}]
    wrong += [{k: v for k, v in effect.items() if k != key} for key in effect]
    for each in wrong:
        with pytest.raises(Invalid) as caught:
            sort.check(each, STATE, ())
        assert caught.value.reason == "bad-effect"
    with pytest.raises(Refused, match='"more" is not a part of this effect'):
        sort.prepare({**GIVEN[name], "more": 1}, STATE, NAMES)
    with pytest.raises(Refused, match="whole numbers only"):
        sort.prepare({**GIVEN[name], "more": 1.5}, STATE, NAMES)


@pytest.mark.parametrize("form", sorted({method.form for method in METHODS.values()}))
def test_the_options_of_a_vote(form: str) -> None:
    def options(given: dict[str, Any], *written: tuple[str, str]) -> Any:
        effect = prepared(given)
        EFFECTS[effect["type"]].check(effect, STATE, ())
        try:
            return options_for(EFFECTS[effect["type"]], effect, written, form)
        except Invalid as error:
            return error.reason

    bad, ben = "bad-effect", {**GIVEN["elect"], "candidates": {"ben": "Ben"}}
    listing = {**GIVEN["pick"], "count": 1, "listings": {"x": "soap"}}
    if form in ("yesno", "consent"):
        assert options(GIVEN["expel"]) == options(GIVEN["advice"]) == ()
        assert options(ben) == options(ben, ("ben", "a baker")) == options(listing) == ()
        assert options(GIVEN["elect"]) == options(GIVEN["pick"]) == bad
        assert options(GIVEN["advice"], ("red", "")) == options(ben, ("eva", "")) == bad
        assert options(GIVEN["set_fees"], (ADOPT, "")) == bad
        return
    assert options(GIVEN["elect"]) == (("A", ""), ("B", ""), ("C", ""))
    assert options(GIVEN["elect"], ("C", "c"), ("A", "")) == (("C", "c"), ("A", ""), ("B", ""))
    assert options(ben) == (("ben", ""),)
    assert options(listing, ("x", "soap")) == (("x", "soap"),)
    assert options(GIVEN["advice"], ("red", "a"), ("blue", "")) == (("red", "a"), ("blue", ""))
    assert options(GIVEN["advice"]) == options(ben, ("eva", "")) == bad
    for name in ("amend_values", "set_fees", "set_rules", "expel", "spend", "verdict"):
        assert options(GIVEN[name]) == ((ADOPT, ""),)
        assert options(GIVEN[name], (ADOPT, "Do it")) == ((ADOPT, "Do it"),)
        assert options(GIVEN[name], ("other", "")) == bad


@pytest.mark.parametrize("name", ["elect", "pick"])
def test_what_the_options_stand_for(name: str) -> None:
    sort, effect = EFFECTS[name], EXAMPLES[name]
    of = "candidates" if name == "elect" else "listings"
    many = {f"o{n}": n.to_bytes(32, "big") for n in range(MAX_OPTIONS + 1)}
    for bad in ({}, many, {"status-quo": key("ben")}, {"a b": key("ben")}, {"": key("ben")}):
        with pytest.raises(Invalid):
            sort.check({**effect, of: bad}, STATE, ())
    with pytest.raises(Invalid, match="the same one twice"):
        sort.check({**effect, of: {"A": key("ben"), "B": key("ben")}}, STATE, ())
    with pytest.raises(Invalid, match="not among A, B, C"):
        sort.check(effect, STATE, [("D", "")])
    sort.check(effect, STATE, [("B", "")])
    assert sort.choices(effect) == ("A", "B", "C")
    assert sort.choices(dict(reversed(effect.items()))) == ("A", "B", "C")


def test_an_advice_changes_nothing() -> None:
    assert carried_out(EXAMPLES["advice"]) is STATE
    vote = vote_on(EXAMPLES["advice"], "red")
    assert EFFECTS["advice"].apply(STATE, vote, height=HEIGHT, at=AT) is STATE
