"""Statements of sales: whatever the charter and the roles, no unit is lost, made or paid twice."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from random import Random
from typing import Any

import pytest

from governance.charter import Charter, charter_hash
from governance.charter_market import HOST, REFERRER, RESELLER, SELLER
from governance.receipts import (
    NO_GRANT,
    NO_REFERRAL,
    PAST_QUOTA,
    SELF_REFERRAL,
    WRONG_SHARE,
    Granted,
    Recommended,
    crossing,
    fault,
)
from governance.templates import template
from governance.waterfall import Consigned, Referral, persons, refund_terms, refunded, statement
from protocol.codec import decode, encode
from protocol.errors import Refused
from protocol.kinds.grant import Grant
from protocol.kinds.receipt import Statement, Units, read_statement
from protocol.kinds.recommend import Recommend

CHARTERS, SALES = 50, 200  # of each: ten thousand sales in all
ROLES = (REFERRER, HOST, "community", "hardship", "tools", "barn")


def key(*words: object) -> bytes:
    return sha256(" ".join(map(str, words)).encode()).digest()


PEOPLE = [key("person", number) for number in range(6)]


def some_table(rng: Random) -> list[dict[str, Any]]:
    """A table with rows in any order, whose fallbacks lead to the last one that was made."""
    roles = rng.sample(ROLES, rng.randint(1, len(ROLES)))
    cuts = sorted(rng.randint(0, 10_000) for _ in roles[1:])
    weights = [b - a for a, b in zip([0, *cuts], [*cuts, 10_000], strict=True)]
    rows = [
        {
            "role": role,
            "bps": weight,
            "fallback": None if number == 0 else rng.choice(roles[:number]),
        }
        for number, (role, weight) in enumerate(zip(roles, weights, strict=True))
    ]
    rng.shuffle(rows)
    return rows


def some_fee(rng: Random) -> dict[str, Any]:
    least = rng.choice((0, 0, rng.randint(1, 50)))
    cap = rng.choice((None, None, least + rng.randint(0, 500)))
    bps = rng.choice((0, 500, 10_000, rng.randint(0, 10_000)))
    return {"fee_bps": bps, "fee_min": least, "fee_cap": cap, "table": some_table(rng)}


def some_charter(rng: Random) -> Charter:
    """A charter with any fees."""
    return Charter.from_data(template("kitchen-table")).with_changes(
        {
            "fees": {
                "default": some_fee(rng),
                "categories": {"food": some_fee(rng)},
                "referral_depth": 1,
            }
        }
    )


def some_sale(rng: Random, charter: Charter) -> Statement:
    """Any roles, often one person in several; any price."""
    vendor, maker, host, by, buyer = (rng.choice(PEOPLE) for _ in range(5))
    lent = None
    if maker != vendor:
        lent = Consigned(
            grant=key("grant"), maker=maker, first=1, margin_bps=rng.randint(0, 10_000)
        )
    return statement(
        charter,
        order=key("order", rng.random()),
        vendor=vendor,
        buyer=rng.choice((None, buyer)),
        listing=key("listing"),
        category=rng.choice(("", "food", "tools")),
        at=(key("one"), key("two")),
        currency=rng.choice(("EUR", "EUR", "CHF", "CREDIT")),
        quantity=rng.randint(1, 9),
        price=rng.choice((0, 1, rng.randint(0, 50), rng.randint(0, 10**6), 10**12)),
        host=rng.choice((None, host)),
        referral=rng.choice((None, Referral(key("word"), by))),
        consigned=lent,
    )


@pytest.mark.parametrize("number", range(CHARTERS))
def test_sums_are_exact_whatever_the_charter(number: int) -> None:
    rng = Random(number)
    charter = some_charter(rng)
    for turn in range(SALES):
        said = some_sale(rng, charter)
        shares = said.shares

        assert sum(shares.values()) == said.price
        assert said.fee == said.price - shares[SELLER] - shares.get(RESELLER, 0)
        assert min(shares.values()) >= 0
        table = charter.fees.of(said.category).table
        (common,) = (row.role for row in table if row.fallback is None)  # never absent
        assert (HOST in shares) <= (said.host is not None or common == HOST)
        assert (REFERRER in shares) <= (said.referrer is not None or common == REFERRER)
        assert (RESELLER in shares) == (said.grant is not None)
        parts = [said.vendor, said.seller, said.host, said.referrer]
        helpers = [each for each in parts[2:] if each is not None]
        assert len(set(helpers)) == len(helpers) and not set(helpers) & set(parts[:2])
        assert persons(said).keys() >= shares.keys() & {SELLER, HOST, REFERRER} - {common}
        if turn % 5 == 0:
            data = decode(encode(said.data()), limit=16 * 1024)
            assert isinstance(data, dict) and read_statement(data) == said
            _give_back(rng, charter, said)


def _give_back(rng: Random, charter: Charter, said: Statement) -> None:
    """Refunds of any sizes until nothing is left: each exact, nobody gives more than they had."""
    left, amounts = said.price, list[int]()
    given: list[dict[str, int]] = []
    while left and len(given) < 5:
        amount = left if len(given) == 4 else rng.randint(1, left)
        parts = refunded(charter, said, amount, given)
        assert sum(parts.values()) == amount and min(parts.values()) >= 0
        given.append(parts)
        amounts.append(amount)
        assert refund_terms(charter, said, amounts)["parts"] == parts
        left -= amount
    if said.price:
        totals = {role: sum(each[role] for each in given) for role in said.shares}
        assert totals == said.shares
        with pytest.raises(Refused):
            refunded(charter, said, 1, given)


def test_a_jar_on_consignment_to_the_cent() -> None:
    """8.00 with 5 per cent: the margin leaves the maker's part, all others get the same."""
    charter = Charter.from_data(template("makers-market"))
    ana, ben, eva, dan = PEOPLE[:4]
    terms: dict[str, Any] = {
        "order": key("order"),
        "listing": key("jar"),
        "category": "",
        "at": (key("one"), key("two")),
        "currency": "EUR",
        "quantity": 1,
        "price": 1999,
        "host": eva,
        "referral": Referral(key("word"), dan),
        "buyer": None,
    }
    plain = statement(charter, vendor=ben, **terms)
    lent = statement(
        charter,
        vendor=ben,
        consigned=Consigned(grant=key("grant"), maker=ana, first=1, margin_bps=1250),
        **terms,
    )

    assert {role: plain.shares[role] for role in plain.shares if role != SELLER} == {
        role: lent.shares[role] for role in lent.shares if role not in (SELLER, RESELLER)
    }
    assert lent.shares[RESELLER] == plain.shares[SELLER] * 1250 // 10_000
    assert lent.shares[SELLER] == plain.shares[SELLER] - lent.shares[RESELLER]


class Held:
    """A community of one charter that knows everything it is asked for."""

    def __init__(self, charter: Charter, quota: int = 10, by: bytes = PEOPLE[3]) -> None:
        self._charter, self._quota, self._by = charter, quota, by

    def height(self, certificate: bytes) -> int | None:
        return 1

    def in_force(self, height: int) -> bytes:
        return charter_hash(self._charter)

    def charter(self, charter: bytes) -> Charter | None:
        return self._charter

    def known(self, person: bytes) -> bool:
        return True

    def grant(self, record: bytes) -> Granted | None:
        said = Grant(to=PEOPLE[1], quota=99, margin=(1000, 2000))
        return Granted(said, PEOPLE[0], key("root"), self._quota)

    def referral(self, record: bytes) -> Recommended | None:
        return Recommended(Recommend(person=PEOPLE[0]), self._by)


def test_who_agrees_to_a_statement_hears_what_is_wrong_with_it() -> None:
    charter = Charter.from_data(template("makers-market"))
    maker, vendor, host, friend, buyer = PEOPLE[:5]
    said = statement(
        charter,
        order=key("order"),
        vendor=vendor,
        buyer=buyer,
        listing=key("jar"),
        category="",
        at=(key("one"), key("two")),
        currency="EUR",
        quantity=2,
        price=1999,
        host=host,
        referral=Referral(key("word"), friend),
        consigned=Consigned(grant=key("grant"), maker=maker, first=3, margin_bps=1500),
    )
    context = Held(charter)

    assert fault(said, context, buyer=buyer) == ""
    assert fault(said, context, buyer=friend) == SELF_REFERRAL
    assert fault(said, Held(charter, quota=3)) == PAST_QUOTA
    assert fault(said, Held(charter, by=buyer)) == NO_REFERRAL
    for change, reason in (
        ({"margin_bps": 2001}, NO_GRANT),
        ({"units": None}, NO_GRANT),
        ({"units": Units(3, 1)}, NO_GRANT),
        ({"grant": None}, NO_GRANT),
        ({"grant": None, "units": None, "margin_bps": 0}, NO_GRANT),
        ({"referral": None}, NO_REFERRAL),
        ({"margin_bps": 1499}, WRONG_SHARE),
        ({"category": "", "price": 2000}, WRONG_SHARE),
    ):
        assert fault(replace(said, **change), context) == reason, change


def test_units_that_cross_are_found_in_any_order() -> None:
    rng = Random(7)
    for _ in range(300):
        units = [
            (key(number), Units(rng.randint(1, 12), rng.randint(1, 4)))
            for number in range(rng.randint(0, 6))
        ]
        expected = {
            one
            for one, a in units
            for other, b in units
            if one != other and a.first <= b.last and b.first <= a.last
        }
        rng.shuffle(units)

        assert crossing(units) == expected
