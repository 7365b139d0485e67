"""Which payments are in effect, who may say so, and what a treasurer is shown to have done."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from governance import fund
from governance.certified import Certified
from governance.charter import Charter
from governance.credit import balances
from governance.paying import Fact, in_office, payments, treasurers
from governance.templates import template
from protocol.records import MARKET
from tests.governance.hall import Hall, key
from tests.protocol.people import h

ANA, BEN, EVA, DAN = (key(name) for name in ("ana", "ben", "eva", "dan"))
quick = settings(max_examples=200, deadline=None)


def elected(*names: str) -> Certified:
    """A state in which each of these was elected treasurer in turn."""
    hall = Hall(4)
    for name in names:
        effect = {"type": "elect", "office": "treasurer", "candidates": {"A": key(name)}}
        proposal = hall.open("offices", effect, "A")
        hall.close(proposal, "adopted", "A")
        hall.effect(proposal)
    return hall.state


STATE = elected()


def said(person: bytes, name: str = "one", **more: Any) -> Fact:
    """A payment by a person's device, of 100 cents to Ben if nothing else is said."""
    fields: dict[str, Any] = {
        "got": None,
        "by": person,
        "record": h("payment", name),
        "person": person,
        "device": h("device of", person),
        "place": 3,
        "to": BEN,
        "fund": "",
        "from_fund": "",
        "amount": 100,
        "currency": "EUR",
        "order": None,
        "decision": None,
        "reference": "",
        "shown_ms": 1,
    }
    return Fact(**(fields | more))


def got(by: bytes, fact: Fact) -> Fact:
    """An answer, which repeats the payment."""
    return fact._replace(got=h("got", by, fact.record), by=by, shown_ms=2)


def into(role: str) -> dict[str, Any]:
    return {"to": None, "fund": role}


def test_a_payment_waits_until_its_payee_has_answered() -> None:
    one = said(ANA)

    (waits,) = payments([one], STATE)
    (done,) = payments([got(BEN, one), one], STATE)

    assert (waits.in_effect, waits.waits, waits.got_by) == (False, True, None)
    assert (done.in_effect, done.got_by, done.payer, done.payee) == (True, BEN, ANA, BEN)


def test_nobody_else_answers_for_a_payee() -> None:
    one = said(ANA)

    assert payments([one, got(EVA, one), got(ANA, one)], STATE) == payments([one], STATE)
    assert payments([got(EVA, one)], STATE) == []


def test_the_answer_alone_is_enough_so_that_a_fork_takes_nothing_back() -> None:
    one = said(ANA)

    (found,) = payments([got(BEN, one)], STATE)

    assert found.in_effect


def test_what_lies_beyond_a_certified_cut_is_nobodys_payment() -> None:
    one = said(ANA, device=h("lost"))
    below, at = ({(h("lost"), MARKET): (seq, h("cut"))} for seq in (2, 3))

    assert payments([one, got(BEN, one)], _cut(below)) == []
    assert [each.in_effect for each in payments([one, got(BEN, one)], _cut(at))] == [True]


def _cut(cuts: Any) -> Certified:
    return replace(STATE, roll=replace(STATE.roll, cuts=cuts))


def test_nobody_pays_themselves() -> None:
    one = said(BEN)

    assert payments([one, got(BEN, one)], STATE) == []


def test_what_comes_into_a_fund_is_confirmed_by_whoever_was_ever_treasurer() -> None:
    one = said(ANA, **into("community"))
    now = elected("eva", "dan")

    assert treasurers(now) == {EVA, DAN}
    assert in_office(now) == {DAN}
    for keeper, state, counts in (
        (BEN, now, False),
        (EVA, now, True),
        (DAN, now, True),
        (EVA, STATE, False),
    ):
        found = payments([one, got(keeper, one)], state)
        assert [each.in_effect for each in found] == [counts]
        assert found[0].payee == "community"


def test_only_a_treasurer_pays_from_a_fund_and_somebody_outside_has_nobody_to_answer() -> None:
    now = elected("eva")
    by_eva, by_ben = (
        said(person, to=None, from_fund="community", decision=h("vote")) for person in (EVA, BEN)
    )
    to_dan = said(EVA, "two", to=DAN, from_fund="community")

    assert [(each.payer, each.payee, each.in_effect) for each in payments([by_eva], now)] == [
        ("community", None, True)
    ]
    assert payments([by_ben], now) == []
    assert [each.in_effect for each in payments([to_dan], now)] == [False]
    assert [each.in_effect for each in payments([to_dan, got(DAN, to_dan)], now)] == [True]


people = st.sampled_from([ANA, BEN, EVA, DAN])
steps = st.lists(
    st.tuples(people, people, st.integers(1, 10**12), st.booleans(), st.booleans()), max_size=20
)


@quick
@given(steps, st.randoms(use_true_random=False))
def test_credits_are_zero_in_sum_whatever_has_arrived_in_whatever_order(
    made: list[tuple[bytes, bytes, int, bool, bool]], rng: Random
) -> None:
    facts: list[Fact] = []
    for number, (payer, payee, amount, answered, forked) in enumerate(made):
        one = said(payer, str(number), to=payee, amount=amount, currency="CREDIT", place=number)
        facts += [] if forked else [one]
        facts += [got(payee, one)] if answered else []
    rng.shuffle(facts)

    whole = payments(facts, STATE)
    assert payments(facts[::-1] + facts, STATE) == whole
    for size in range(len(facts) + 1):
        assert sum(balances(payments(facts[:size], STATE), []).values()) == 0


def granted(state: Certified, amount: int, to: bytes | None, name: str = "vote") -> Certified:
    from governance.certified import Spend

    one = Spend(
        amount=amount,
        currency="EUR",
        to=to,
        purpose="Paint",
        proposal=h(name),
        height=5,
        at=0,
    )
    return replace(state, spends=(*state.spends, one))


def marked(state: Certified, *facts: Fact, surplus: int = 0) -> list[str]:
    """What is said of each of these payments from the fund, "" where it is right."""
    found = payments([*facts, *(got(fact.to, fact) for fact in facts if fact.to)], state)
    marks = fund.marks(state, found, {("community", "EUR"): surplus})
    return [marks.get(fact.record, "") for fact in facts]


def test_each_spend_is_tied_to_its_decision_or_marked() -> None:
    state = granted(elected("eva"), 100, DAN)

    def spends(name: str = "one", **more: Any) -> Fact:
        fields = {"to": DAN, "from_fund": "community", "decision": h("vote"), **more}
        return said(EVA, name, **fields)

    assert marked(state, spends()) == [""]
    assert marked(state, spends(amount=40), spends("two", amount=60)) == ["", ""]
    assert marked(state, spends(amount=41), spends("two", amount=60)) == ["too-much", "too-much"]
    assert marked(state, spends(decision=None)) == ["no-decision"]
    assert marked(state, spends(decision=None, to=None), surplus=500) == ["no-decision"]
    assert marked(state, spends(decision=None), surplus=100) == [""]  # it gives back a share
    assert marked(state, spends(decision=None), surplus=99) == ["no-decision"]
    assert marked(state, spends(decision=h("other"))) == ["unknown-decision"]
    assert marked(state, spends(to=BEN)) == ["other-payee"]
    assert marked(state, spends(to=BEN), spends("two")) == ["other-payee", ""]
    assert marked(state, spends(currency="CHF")) == ["other-currency"]
    assert marked(state, spends(from_fund="hardship")) == ["other-fund"]


def test_a_grant_says_what_of_it_is_left() -> None:
    state = granted(elected("eva"), 100, DAN)
    one = said(EVA, to=DAN, from_fund="community", decision=h("vote"), amount=30)

    (waits,) = fund.granted(state, payments([one], state))
    (done,) = fund.granted(state, payments([one, got(DAN, one)], state))

    assert (waits.paid, waits.waiting, waits.left) == (0, 30, 70)
    assert (done.paid, done.waiting, done.left) == (30, 0, 70)


def test_the_funds_of_a_charter_are_its_roles_that_are_no_person() -> None:
    charter = Charter.from_data(template("makers-market"))

    assert fund.roles(charter) == ["community", "hardship"]
    assert fund.common(charter) == "community"


def test_a_fund_holds_what_came_less_what_went() -> None:
    state = elected("eva")
    came = said(ANA, "one", **into("community"), amount=500)
    went = said(EVA, "two", to=DAN, from_fund="community", amount=120)
    facts = [came, got(EVA, came), went, got(DAN, went), said(BEN, "three", **into("community"))]

    assert fund.balances(payments(facts, state), "EUR") == {"community": 380}


def test_what_means_nothing_is_nobodys_payment() -> None:
    state = elected("ana")
    for wrong in (
        {"to": None},
        {"fund": "community"},  # to Ben as well
        {"to": None, "fund": "community", "from_fund": "hardship"},
        {"to": None, "fund": "The Fund"},
        {"currency": "euros"},
        {"decision": h("vote")},
    ):
        one = said(ANA, **wrong)
        assert payments([one, *(got(BEN, one),)], state) == [], wrong
