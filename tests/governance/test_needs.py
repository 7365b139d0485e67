"""What a proposal needs: its kind's rule, and the strictest class of what it touches."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.charter import Charter, changed_parts
from governance.charter_amendment import PARTS, AmendmentClass
from governance.charter_parts import KINDS
from governance.charter_read import Share, Threshold
from governance.needs import needs
from tests.governance.deciding import charter_data

YES_NO = ("consent", "majority", "supermajority")


def hardness(threshold: Threshold) -> tuple[Fraction, bool]:
    return Fraction(threshold.num, threshold.den), threshold.compare == "more"


thresholds = st.builds(
    lambda num, compare: Threshold(num, 12, compare),
    st.integers(4, 11),
    st.sampled_from(["more", "at_least"]),
)
shares = st.builds(lambda num: Share(num, 8), st.integers(0, 8))


@st.composite
def amendments(draw: st.DrawFn) -> dict[str, Any]:
    """Sound classes: fewer or more, with any parts, none harder than one before it."""
    names = "ABC"[: draw(st.integers(1, 3))]
    asked = sorted((draw(thresholds) for _ in names), key=hardness, reverse=True)
    quorums = sorted((draw(shares) for _ in names), key=lambda q: Fraction(*q), reverse=True)
    owners = [draw(st.sampled_from(names)) for _ in PARTS]
    return {
        name: {
            "covers": [part for part, owner in zip(PARTS, owners, strict=True) if owner == name],
            "approval": list(approval),
            "approval_quorum": list(quorum),
        }
        for name, approval, quorum in zip(names, asked, quorums, strict=True)
    }


@st.composite
def charters(draw: st.DrawFn, classes: st.SearchStrategy[dict[str, Any]] | None = None) -> Charter:
    data = charter_data()
    data["amendment"] = draw(amendments() if classes is None else classes)
    for part, change in (("name", "x"), ("currency", "CHF"), ("values", []), ("about", "")):
        if draw(st.booleans()):
            data[part] = change
    if draw(st.booleans()):
        data["membership"]["exit_s"] = 5
    if draw(st.booleans()):
        data["rules"]["picks"]["method"] = "star"
    return Charter.from_data(data)


pairs = amendments().flatmap(lambda same: st.tuples(*[charters(st.just(same) | amendments())] * 2))


def both(classes: Any) -> tuple[set[Threshold], set[Share]]:
    return {each.approval for each in classes}, {each.approval_quorum for each in classes}


@settings(max_examples=50)
@given(pairs, st.sampled_from(KINDS))
def test_the_strictest_class_and_the_rule_of_the_kind_must_be_met(
    pair: tuple[Charter, Charter], kind: str
) -> None:
    before, after = pair
    rule = before.rules.of(kind)
    found = needs(before, rule, [after])
    parts = changed_parts(before, after)
    touched = [each for each in before.amendment.classes if set(each.covers) & parts]

    assert found.amendment == min((each.name for each in touched), default="")
    assert set(found.quorums) >= {rule.approval_quorum}
    assert (rule.threshold in found.thresholds) >= (rule.method in YES_NO)
    for each in touched:  # whatever is touched, nothing asks for more than what must be met
        assert max(map(hardness, found.thresholds)) >= hardness(each.approval)
        assert max(Fraction(*q) for q in found.quorums) >= Fraction(*each.approval_quorum)
    assert len(set(found.thresholds)) == len(found.thresholds)
    assert len(set(found.quorums)) == len(found.quorums)
    assert needs(before, rule, [before, after, after]) == found


@settings(max_examples=50)
@given(pairs)
def test_to_raise_or_lower_a_class_needs_the_old_and_the_new(pair: tuple[Charter, Charter]) -> None:
    one, other = pair
    differ: list[AmendmentClass] = [
        each
        for mine, theirs in ((one, other), (other, one))
        for each in mine.amendment.classes
        if each not in theirs.amendment.classes
    ]
    asked, quorums = both(differ)
    for before, after in ((one, other), (other, one)):
        found = needs(before, before.rules.of("rules"), [after])
        assert asked <= set(found.thresholds)
        assert quorums <= set(found.quorums)
        strictest = [each for each in before.amendment.classes if each.name == found.amendment]
        allowed = both([*differ, *strictest])
        rule = before.rules.rules
        assert set(found.thresholds) == allowed[0] | {rule.threshold}
        assert set(found.quorums) == allowed[1] | {rule.approval_quorum}


def test_what_touches_no_charter_needs_its_rule_alone() -> None:
    charter = Charter.from_data(charter_data())
    spending, picks = charter.rules.spending, charter.rules.picks
    assert needs(charter, spending, []) == ("", (spending.threshold,), (spending.approval_quorum,))
    assert needs(charter, picks, []) == ("", (), (picks.approval_quorum,))
    assert needs(charter, spending, [charter]) == needs(charter, spending, [])


def test_the_examples_of_a_market() -> None:
    charter = Charter.from_data(charter_data())
    fees = charter.rules.fees

    def under(**changes: Any) -> Any:
        return needs(charter, fees, [charter.with_changes(changes)])

    old = charter_data()
    assert under(name="Other").amendment == "B"
    assert under(about="Other").amendment == "C"
    assert under(about="Other", name="Other").amendment == "B"
    assert under(membership={**old["membership"], "exit_s": 1}).amendment == "A"
    lower = {**old["amendment"], "B": {**old["amendment"]["B"], "approval_quorum": [1, 4]}}
    found = under(amendment=lower)
    assert found.amendment == "A"
    assert set(found.quorums) == {Share(3, 8), Share(1, 3), Share(1, 4)}
    assert set(found.thresholds) == {Threshold(2, 3, "at_least"), Threshold(3, 4, "at_least")}
