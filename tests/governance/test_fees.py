"""The fee of a sale: who pays what, who gets what, who gives what back."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from governance.charter import Charter
from governance.charter_market import FeeRule, Fees
from governance.charter_read import MAX_MONEY, At
from governance.fees import after_refund, apportion, fee, refund, rule_for, split
from governance.templates import template
from protocol.errors import Refused

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "fees.json").read_text())
USUAL = [
    {"role": "referrer", "bps": 4000, "fallback": "community"},
    {"role": "host", "bps": 2500, "fallback": "community"},
    {"role": "community", "bps": 2500, "fallback": None},
    {"role": "hardship", "bps": 1000, "fallback": "community"},
]


def made(table: list[dict[str, Any]], **numbers: Any) -> FeeRule:
    """A fee rule through the door that every charter's rules come through."""
    rest = {"fee_bps": 500, "fee_min": 0, "fee_cap": None, **numbers}
    return FeeRule.read(At("fee", {**rest, "table": table}))


# --- the vectors that everybody shares


@pytest.mark.parametrize("case", VECTORS["sale"], ids=lambda case: case["price"])
def test_a_sale_is_split_as_the_vectors_say(case: dict[str, Any]) -> None:
    rule = made(case["table"], **{key: case[key] for key in ("fee_bps", "fee_min", "fee_cap")})
    found = split(rule, case["price"], case["absent"])

    expected = case["expect"]
    assert (found.fee, found.shares, found.seller) == tuple(expected.values())
    assert list(found.shares) == list(expected["shares"])  # in table order
    assert found.waterfall == {**expected["shares"], "seller": expected["seller"]}


@pytest.mark.parametrize("case", VECTORS["apportion"], ids=lambda case: case["total"])
def test_an_amount_is_divided_as_the_vectors_say(case: dict[str, Any]) -> None:
    assert apportion(case["total"], [weight for _, weight in case["weights"]]) == case["expect"]


@pytest.mark.parametrize("case", VECTORS["refund"], ids=lambda case: len(case["refunds"]))
def test_money_goes_back_as_the_vectors_say(case: dict[str, Any]) -> None:
    remaining = case["shares"]
    for amount, expected in zip(case["refunds"], case["expect"], strict=True):
        given_back = refund(remaining, amount)
        assert given_back == expected
        remaining = after_refund(remaining, given_back)
    assert set(remaining.values()) == {0}


# --- any table, any price


@st.composite
def rules(draw: st.DrawFn) -> FeeRule:
    """Any fee that a charter may hold, with fallbacks in any shape that ends in the fund."""
    size = draw(st.integers(1, 8))
    roles = [f"r{i}" for i in range(size)]
    if size > 1 and draw(st.booleans()):
        roles[:2] = ["referrer", "host"]
    cuts = sorted(draw(st.integers(0, 10_000)) for _ in roles[1:])
    shares = [b - a for a, b in pairwise([0, *cuts, 10_000])]
    order = draw(st.permutations(range(size)))  # each falls back on one further to the right
    table: list[Any] = [None] * size
    for place, i in enumerate(order):
        later = order[place + 1 :]
        back = roles[draw(st.sampled_from(later))] if later else None
        table[i] = {"role": roles[i], "bps": shares[i], "fallback": back}
    low = draw(st.integers(0, 1000))
    cap = draw(st.none() | st.integers(low, 5000) | st.integers(low, MAX_MONEY))
    return made(table, fee_bps=draw(st.integers(0, 10_000)), fee_min=low, fee_cap=cap)


PRICES = st.integers(0, 200) | st.integers(0, 2**63)


@st.composite
def sales(draw: st.DrawFn) -> tuple[FeeRule, int, set[str]]:
    rule = draw(rules())
    absent = draw(st.sets(st.sampled_from([row.role for row in rule.table])))
    return rule, draw(PRICES), absent


@given(sales())
def test_every_unit_of_a_price_goes_to_exactly_one_of_them(
    sale: tuple[FeeRule, int, set[str]],
) -> None:
    rule, price, absent = sale
    found = split(rule, price, absent)

    assert found.fee == fee(rule, price) == sum(found.shares.values()) == price - found.seller
    assert 0 <= found.fee <= price
    assert min(found.waterfall.values()) >= 0
    assert found.fee <= max(rule.fee_min, price * rule.fee_bps // 10_000)
    assert found.fee >= min(rule.fee_min, price)
    assert rule.fee_cap is None or found.fee <= rule.fee_cap


def heir(rule: FeeRule, role: str, absent: set[str]) -> str:
    """Who has the weight of `role` in the end: asked of the table anew, one step at a time."""
    row = next(row for row in rule.table if row.role == role)
    if row.fallback is None or role not in absent:
        return role
    return heir(rule, row.fallback, absent)


@given(sales())
def test_the_share_of_an_absent_role_goes_along_its_chain_to_the_first_who_is_there(
    sale: tuple[FeeRule, int, set[str]],
) -> None:
    rule, price, absent = sale
    found = split(rule, price, absent)
    heirs = {row.role: heir(rule, row.role, absent) for row in rule.table}

    assert list(found.shares) == [row.role for row in rule.table if row.role in heirs.values()]
    for role, share in found.shares.items():
        weight = sum(row.bps for row in rule.table if heirs[row.role] == role)
        assert abs(share * 10_000 - found.fee * weight) < 10_000  # less than a unit from exact


def test_a_chain_of_absent_roles_ends_in_the_fund_even_if_that_is_called_absent() -> None:
    table = [
        {"role": "host", "bps": 5000, "fallback": "referrer"},
        {"role": "referrer", "bps": 3000, "fallback": "fund"},
        {"role": "fund", "bps": 2000, "fallback": None},
    ]
    assert split(made(table), 10_000, ["host"]).shares == {"referrer": 400, "fund": 100}
    assert split(made(table), 10_000, ["host", "referrer"]).shares == {"fund": 500}
    assert split(made(table), 10_000, ["host", "referrer", "fund"]).shares == {"fund": 500}
    assert split(made(table), 10_000, ["nobody here"]).shares == split(made(table), 10_000).shares


@given(st.integers(0, 10**20), st.lists(st.integers(0, 10**20), min_size=1, max_size=8))
def test_a_division_loses_nothing_and_favours_the_first_of_equals(
    total: int, weights: list[int]
) -> None:
    if not sum(weights):
        total = 0
    parts = apportion(total, weights)

    assert sum(parts) == total
    whole = sum(weights) or 1
    for part, weight in zip(parts, weights, strict=True):
        assert total * weight // whole <= part <= -(-total * weight // whole)
    for (one, a), (two, b) in pairwise(zip(parts, weights, strict=True)):
        assert a != b or one >= two


@pytest.mark.parametrize(("total", "weights"), [(1, [0, 0]), (1, []), (-1, [1]), (1, [2, -1])])
def test_what_cannot_be_divided_is_a_mistake_of_the_caller(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="divided"):
        apportion(total, weights)
    with pytest.raises(ValueError, match="never negative"):
        fee(made(USUAL), -1)


# --- giving back

REFUNDS = st.lists(st.integers(0, 10_000), max_size=6)


@given(sales(), REFUNDS)
@example((made(USUAL), 1999, set()), [1, 1, 1, 1, 1, 1])
def test_partial_refunds_in_any_sizes_take_from_each_what_it_has_and_no_more(
    sale: tuple[FeeRule, int, set[str]], weights: list[int]
) -> None:
    rule, price, absent = sale
    remaining = split(rule, price, absent).waterfall
    for amount in apportion(price, [*weights, 1]):  # the last one returns whatever is left
        given_back = refund(remaining, amount)
        assert list(given_back) == list(remaining)
        assert sum(given_back.values()) == amount
        left = after_refund(remaining, given_back)
        assert all(0 <= left[role] <= remaining[role] for role in remaining)
        for role, part in given_back.items():
            assert abs(part * sum(remaining.values()) - amount * remaining[role]) < max(
                1, sum(remaining.values())
            )
        remaining = left
    assert set(remaining.values()) == {0}


@given(sales())
def test_a_full_refund_takes_exactly_what_each_has(sale: tuple[FeeRule, int, set[str]]) -> None:
    waterfall = split(*sale).waterfall
    assert refund(waterfall, sum(waterfall.values())) == waterfall
    assert set(refund(waterfall, 0).values()) == {0}


@pytest.mark.parametrize("amount", [-1, 100])
def test_more_than_was_paid_is_not_refunded(amount: int) -> None:
    with pytest.raises(Refused) as caught:
        refund({"community": 9, "seller": 90}, amount)
    assert caught.value.reason == "refund-too-large"


# --- which rule


def test_a_category_has_its_rule_and_another_currency_only_the_percentage() -> None:
    data: Any = template("food-coop")
    data["fees"]["default"].update(fee_min=25, fee_cap=500)
    fees: Fees = Charter.from_data(data).fees

    assert fee(rule_for(fees, "Deposit"), 10_000) == 0
    assert fee(rule_for(fees, "Staples"), 10_000) == 200
    assert fee(rule_for(fees, "Bread"), 10_000) == fee(rule_for(fees, None), 10_000) == 400
    assert [fee(rule_for(fees, ""), price) for price in (3, 100, 10**6)] == [3, 25, 500]
    abroad = rule_for(fees, "", own_currency=False)
    assert [fee(abroad, price) for price in (3, 100, 10**6)] == [0, 4, 40_000]
    assert abroad.table == fees.default.table
