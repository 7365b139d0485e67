"""Settling up and mutual credit: nothing is lost, nothing is made, and all nodes find the same."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.charter import Charter
from governance.charter_market import Credit
from governance.credit import Balance, balances, forecast, limit_of
from governance.fees import rule_for, split
from governance.paying import Party, Payment
from governance.settling import Debt, Transfer, positions, transfers
from governance.templates import TEMPLATES, template
from tests.governance.hall import Hall, key
from tests.protocol.people import h

ANA, BEN, EVA, DAN = (key(name) for name in ("ana", "ben", "eva", "dan"))
quick = settings(max_examples=200, deadline=None)
parties: st.SearchStrategy[Party] = st.sampled_from([ANA, BEN, EVA, DAN, "community", "hardship"])


def paid(payer: Party, payee: Party | None, amount: int, **more: Any) -> Payment:
    """A payment in effect."""
    fields: dict[str, Any] = {
        "record": h("payment", repr(payer), repr(payee), amount, sorted(more)),
        "author": payer if isinstance(payer, bytes) else ANA,
        "payer": payer,
        "payee": payee,
        "amount": amount,
        "currency": "EUR",
        "order": None,
        "decision": None,
        "reference": "",
        "shown_ms": 0,
        "got": h("got"),
        "got_by": None,
        "got_ms": 0,
        "in_effect": True,
    }
    return Payment(**(fields | more))


def test_who_owes_and_is_owed_pays_the_difference() -> None:
    debts = [Debt(ANA, BEN, 500), Debt(BEN, EVA, 300), Debt(BEN, "community", 200)]

    found = positions(debts, [])

    assert found == {ANA: -500, EVA: 300, "community": 200}
    assert transfers(found) == [Transfer(ANA, EVA, 300), Transfer(ANA, "community", 200)]


def test_what_fits_exactly_is_paired_first() -> None:
    found = {ANA: -700, BEN: -300, EVA: 300, DAN: 700}

    assert set(transfers(found)) == {Transfer(ANA, DAN, 700), Transfer(BEN, EVA, 300)}


def test_a_payment_counts_once_it_is_answered_and_only_if_it_settles() -> None:
    debts = [Debt(ANA, BEN, 500)]

    assert positions(debts, [paid(ANA, BEN, 500)]) == {}
    assert positions(debts, [paid(ANA, BEN, 200)]) == {ANA: -300, BEN: 300}
    assert positions(debts, [paid(ANA, BEN, 600)]) == {ANA: 100, BEN: -100}
    for other in (
        {"in_effect": False},
        {"order": h("order")},
        {"decision": h("decision")},
        {"payee": None},
    ):
        one = replace(paid(ANA, BEN, 500), **other)
        assert positions(debts, [one]) == {ANA: -500, BEN: 500}


amounts = st.integers(1, 10**12)
some_debts = st.lists(st.builds(Debt, parties, parties, amounts), max_size=30)
some_paid = st.lists(
    st.builds(paid, parties, parties | st.none(), amounts, in_effect=st.booleans()), max_size=15
)


@quick
@given(some_debts, some_paid, st.randoms(use_true_random=False))
def test_any_debts_net_to_zero_in_any_order_with_few_transfers(
    debts: list[Debt], made: list[Payment], rng: Random
) -> None:
    found = positions(debts, made)
    rng.shuffle(debts)
    rng.shuffle(made)

    assert sum(found.values()) == 0
    assert positions(debts, made) == found
    ways = transfers(found)
    assert transfers(dict(sorted(found.items(), key=lambda _: rng.random()))) == ways
    assert len(ways) <= max(0, len(found) - 1)
    assert all(each.amount > 0 and each.payer != each.payee for each in ways)
    for party, amount in found.items():  # everybody only pays, or only gets, and just their part
        paying = sum(each.amount for each in ways if each.payer == party)
        getting = sum(each.amount for each in ways if each.payee == party)
        assert (getting, paying) == (max(0, amount), max(0, -amount))


def test_ten_thousand_sales_under_fifty_charters_net_to_zero_and_so_do_credits() -> None:
    rng = Random(6)
    people = [h("person", number) for number in range(60)]
    debts: dict[str, list[Debt]] = {"EUR": [], "CREDIT": []}
    prices: list[Payment] = []
    for number in range(50):
        data: Any = template(rng.choice(list(TEMPLATES)))
        data["fees"]["default"]["fee_bps"] = rng.randint(0, 10_000)
        charter = Charter.from_data(data)
        for _ in range(200):
            buyer, vendor, host, referrer = rng.sample(people, 4)
            category = rng.choice(["", *(name for name, _ in charter.fees.categories)])
            absent = [role for role in ("host", "referrer") if rng.random() < 0.4]
            price = rng.choice([0, 1, 7, rng.randint(0, 10**6), rng.randint(0, 10**12)])
            currency = rng.choice(["EUR", "CREDIT"])
            made = split(rule_for(charter.fees, category), price, absent)
            who = {"host": host, "referrer": referrer}
            for role, amount in made.shares.items():
                debts[currency].append(Debt(vendor, who.get(role, role), amount))
            if currency == "CREDIT" and price:
                prices.append(paid(buyer, vendor, price, currency=currency, order=h(number)))

    found = positions(debts["EUR"], [])
    assert sum(found.values()) == 0
    assert found
    left = dict(found)
    for each in transfers(found):
        left[each.payer] += each.amount
        left[each.payee] -= each.amount
    assert not any(left.values())

    held: dict[Party, int] = {}
    for number in range(len(prices)):  # after each step, so at any moment
        step = balances(prices[number : number + 1], debts["CREDIT"][number : number + 1])
        for party, amount in step.items():
            held[party] = held.get(party, 0) + amount
        assert sum(held.values()) == 0
    assert sum(balances(prices, debts["CREDIT"]).values()) == 0


def test_credits_move_with_the_price_too_and_only_when_they_were_taken() -> None:
    for_order = paid(ANA, BEN, 900, currency="CREDIT", order=h("order"))
    waits = paid(EVA, BEN, 100, currency="CREDIT", in_effect=False)

    assert balances([for_order, waits], [Debt(BEN, "community", 45)]) == {
        ANA: -900,
        BEN: 855,
        "community": 45,
    }


RULES = Credit(enabled=True, limit=10_000, warn=5_000)


def test_the_limit_holds_from_the_first_day_and_a_warning_comes_before_it() -> None:
    roll = Hall().state.roll

    def asked(balance: int, waiting: int, amount: int) -> tuple[bool, bool, int]:
        found = forecast(RULES, roll, ANA, balance=balance, waiting=waiting, amount=amount)
        return found.allowed, found.warn, found.room

    assert asked(0, 0, 5_000) == (True, False, 10_000)
    assert asked(0, 0, 5_001) == (True, True, 10_000)
    assert asked(0, 0, 10_000) == (True, True, 10_000)
    assert asked(0, 0, 10_001) == (False, True, 10_000)
    assert asked(0, 6_000, 4_001) == (False, True, 4_000)  # what waits may still be taken
    assert asked(2_000, 0, 12_000) == (True, True, 12_000)
    assert asked(-11_000, 0, 1) == (False, True, 0)


def test_a_newcomer_and_a_fund_spend_only_what_they_have() -> None:
    roll = Hall().state.roll

    assert [limit_of(party, RULES, roll) for party in (ANA, DAN, "community")] == [10_000, 0, 0]
    assert not forecast(RULES, roll, DAN, balance=0, waiting=0, amount=1).allowed
    assert forecast(RULES, roll, DAN, balance=5, waiting=0, amount=5).allowed


def test_who_is_beyond_the_limit_is_marked_by_how_much() -> None:
    assert Balance(amount=-10_000, limit=10_000).over == 0
    assert Balance(amount=-10_001, limit=10_000).over == 1
    assert Balance(amount=50, limit=0).over == 0
