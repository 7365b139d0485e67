"""What other fees would have meant for sales of the past."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from governance.charter import Charter
from governance.charter_market import Fees
from governance.fees import rule_for, split
from governance.rehearsal import Sale, rehearse
from governance.templates import template


def fees(name: str, **default: Any) -> Fees:
    data: Any = template(name)
    data["fees"]["default"].update(default)
    return Charter.from_data(data).fees


MARKET = fees("makers-market")
COOP = fees("food-coop", fee_min=25, fee_cap=300)


def test_a_market_sees_what_the_fees_of_a_co_op_would_have_cost_it() -> None:
    sales = [
        Sale(price=10_000, currency="EUR", referrer=True, host=True),
        Sale(price=1999, currency="EUR"),
        Sale(price=1000, currency="EUR", category="Staples", host=True),
    ]
    found = rehearse(sales, MARKET, COOP, currency="EUR")

    assert (found.sales, found.counts) == (3, {"EUR": 3})
    assert found.before["EUR"] == {  # 500, 99 and 50
        "referrer": 200,
        "host": 125 + 13,
        "community": 125 + 89 + 32,
        "hardship": 50 + 10 + 5,
        "seller": 9500 + 1900 + 950,
    }
    assert found.after["EUR"] == {  # 300 by the cap, 79, and 20 by the category
        "host": 150 + 10,
        "community": 75 + 59 + 5,
        "hardship": 45 + 20 + 5,
        "referrer": 30,
        "seller": 9700 + 1920 + 980,
    }
    assert [list(totals)[-1] for totals in (found.before["EUR"], found.after["EUR"])] == [
        "seller",
        "seller",
    ]


def test_currencies_are_kept_apart_and_a_least_fee_is_one_of_the_charters_own() -> None:
    sales = [Sale(price=100, currency=code) for code in ("USD", "EUR", "USD")]
    found = rehearse(sales, COOP, MARKET, currency="EUR")

    assert found.counts == {"USD": 2, "EUR": 1}
    assert found.before["EUR"]["seller"] == 75
    assert found.before["USD"]["seller"] == 2 * 96


def test_nothing_sold_is_nothing_to_rehearse() -> None:
    found = rehearse(iter(()), MARKET, COOP, currency="EUR")
    assert (found.sales, found.before, found.after) == (0, {}, {})


SALES = st.lists(
    st.builds(
        Sale,
        price=st.integers(0, 3000),
        currency=st.sampled_from(["EUR", "USD", "CREDIT"]),
        category=st.sampled_from(["", "Staples", "Deposit", "Bread"]),
        referrer=st.booleans(),
        host=st.booleans(),
    ),
    max_size=12,
)


@given(SALES, st.randoms())
def test_totals_are_the_sum_of_single_sales_in_any_order(sales: list[Sale], random: Any) -> None:
    found = rehearse(sales, MARKET, COOP, currency="EUR")
    shuffled = list(sales)
    random.shuffle(shuffled)

    assert rehearse(shuffled, MARKET, COOP, currency="EUR") == found
    for which, totals in ((MARKET, found.before), (COOP, found.after)):
        for currency, roles in totals.items():
            mine = [sale for sale in sales if sale.currency == currency]
            assert sum(roles.values()) == sum(sale.price for sale in mine)
            for role, amount in roles.items():
                parts = [
                    split(
                        rule_for(which, sale.category, own_currency=currency == "EUR"),
                        sale.price,
                        [*["referrer"] * (not sale.referrer), *["host"] * (not sale.host)],
                    ).waterfall
                    for sale in mine
                ]
                assert amount == sum(part.get(role, 0) for part in parts)
