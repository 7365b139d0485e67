"""A jar on consignment: maker, reseller, referrer, host and two funds, to the cent everywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.system.assembly import decide, propose
from tests.system.people import Person, agree, settle, village
from tests.system.trade import offers, orders, sale

OLD = {
    "fee_bps": 1000,
    "fee_min": 0,
    "fee_cap": None,
    "table": [
        {"role": "referrer", "bps": 4000, "fallback": "community"},
        {"role": "host", "bps": 2500, "fallback": "community"},
        {"role": "community", "bps": 2500, "fallback": None},
        {"role": "hardship", "bps": 1000, "fallback": "community"},
    ],
}
NEW = {
    "fee_bps": 500,
    "fee_min": 0,
    "fee_cap": None,
    "table": [
        {"role": "community", "bps": 6000, "fallback": None},
        {"role": "host", "bps": 2000, "fallback": "community"},
        {"role": "referrer", "bps": 1000, "fallback": "community"},
        {"role": "hardship", "bps": 1000, "fallback": "community"},
    ],
}
# Of 4.99. Before: a fee of 49, and of the other 450 a fifth for the reseller. After: 24 and 475.
BEFORE = {"referrer": 20, "host": 12, "community": 12, "hardship": 5, "reseller": 90, "seller": 360}
AFTER = {"community": 15, "host": 5, "referrer": 2, "hardship": 2, "reseller": 95, "seller": 380}
# One euro back of the first: the last cent goes to the largest remainder, before the fund.
BACK = {"referrer": 4, "host": 3, "community": 2, "hardship": 1, "reseller": 18, "seller": 72}


def test_a_jar_is_sold_for_its_maker_before_and_after_a_vote(tmp_path: Path) -> None:
    """Cleo made it, Dan sells it, Eva recommends it, Ben found it in Ana's shop window."""
    with village(tmp_path, "Ana", "Ben", "Cleo", "Dan", "Eva") as (ana, ben, cleo, dan, eva):
        everybody = (ana, ben, cleo, dan, eva)
        charter = ana.do("charter", "template", "kitchen-table")
        charter["fees"]["default"] = OLD
        (tmp_path / "charter.json").write_text(json.dumps(charter))
        settle(*everybody, charter=tmp_path / "charter.json")
        jar = on_consignment(cleo, dan)
        eva.until(lambda: eva.call("listing", "show", jar).returncode == 0, "the jar arrives")
        praise = eva.do("recommend", "new", jar, "--text", "The best plums")
        named = praise["recommendation"]["recommendation"]
        agree(ana, ben, eva)

        helped = ("--host", "Ana", "--referrer", named)
        first = orders(ben, jar, *helped)
        dan.until(lambda: dan.call("order", "accept", first).returncode == 0, "it can be accepted")
        effect = {"type": "set_fees", "default": NEW}
        changed = propose(ben, tmp_path, "fees", effect)
        decide(changed, "yes", ana, ben, cleo, dan)
        sale(ben, dan, first)
        second = orders(ben, jar, *helped)
        sale(ben, dan, second)
        dan.do("order", "refund", first, "--amount", "1")
        ben.until(lambda: "received" in ben.do("order", "show", first)["my_moves"], "money came")
        ben.do("order", "received", first)
        dan.until(lambda: receipt(dan, first)["refunded"] == 100, "the counter-receipt is out")

        agree(*everybody)
        for person in everybody:
            assert person.do("receipt", "verify")["marked"] == []
            old, new = receipt(person, first), receipt(person, second)
            assert (old["fee"], old["shares"]) == (49, BEFORE)
            assert (new["fee"], new["shares"]) == (24, AFTER)
            assert [each["parts"] for each in old["refunds"]] == [BACK]
            assert old["remaining"] == {role: BEFORE[role] - BACK[role] for role in BEFORE}
            assert (old["units"], new["units"]) == ([1, 1], [2, 1])


def on_consignment(maker: Person, reseller: Person) -> str:
    """The maker lets the reseller sell five jars for a fifth; the reseller's listing of them."""
    goods = offers(maker, "--price", "4.99")
    given = ("--listing", goods, "--margin", "10-20", "--quota", "5")
    grant = maker.do("consign", "new", reseller.name, *given)["grant"]["grant"]
    reseller.until(
        lambda: reseller.call("consign", "show", grant).returncode == 0, "the grant arrives"
    )
    return str(reseller.do("consign", "sell", grant)["listing"]["id"])


def receipt(person: Person, order: str) -> dict[str, Any]:
    """The receipt of an order as this person's node knows it; {} while it is not there."""
    done = person.call("receipt", "show", order)
    found: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    return {"refunded": 0, **found}
