"""After a sale: who owes whom, credits and a review are the same on every node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.system.people import Person, agree, settle, village
from tests.system.test_consignment import OLD
from tests.system.trade import offers, orders, sale

# A tenth of 10.00; what nobody recommended goes to the community.
OWED = {"Ana": 25, "community": 65, "hardship": 10}


def test_three_nodes_agree_on_debts_credits_and_reviews(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben", "Eva") as (ana, ben, eva):
        everybody = (ana, ben, eva)
        charter = ana.do("charter", "template", "kitchen-table")
        charter["fees"]["default"] = OLD
        (tmp_path / "charter.json").write_text(json.dumps(charter))
        settle(*everybody, charter=tmp_path / "charter.json")
        names = {each["person"]: each["name"] for each in ana.do("member", "list")["members"]}

        order = orders(ben, offers(eva, "--price", "10"), "--host", "Ana")
        sale(ben, eva, order)
        review = ben.do("review", "new", order, "--stars", "5", "--text", "Sweet.")
        agree(*everybody)
        for person in everybody:
            assert owed(person, names) == {("Eva", to): amount for to, amount in OWED.items()}
            (found,) = person.do("review", "list")["reviews"]
            assert (found["review"], found["stars"]) == (review["review"], 5)
            assert found["counts"]

        paid = eva.do("settle", "pay", "Ana", "0.25")["payment"]
        ana.until(lambda: waiting(ana, "payment") == [paid], "the payment waits for Ana's word")
        assert ("Eva", "Ana") in owed(ana, names), "said by one of them alone"
        ana.do("settle", "got", paid)
        given = ben.do("credit", "pay", "Eva", "5", "--yes")["payment"]
        eva.until(lambda: waiting(eva, "payment") == [given], "the credits wait for Eva's word")
        eva.do("credit", "take", given)

        agree(*everybody)
        for person in everybody:
            assert {to for _, to in owed(person, names)} == {"community", "hardship"}
            credit = person.do("credit", "show")
            balances = {names[each]: amount for each, amount in credit["balances"].items()}
            assert {name: amount for name, amount in balances.items() if amount} == {
                "Ben": -500,
                "Eva": 500,
            }
            assert credit["sum"] == 0


def owed(person: Person, names: dict[str, str]) -> dict[tuple[str, str], int]:
    """(from, to) -> minor units, as this person's node reckons."""
    return {
        (names.get(each["from"], each["from"]), names.get(each["to"], each["to"])): each["amount"]
        for each in person.do("settle")["transfers"]
    }


def waiting(person: Person, kind: str) -> list[Any]:
    """Ids of what waits in this person's inbox."""
    return [each["id"] for each in person.do("inbox")["inbox"] if each["kind"] == kind]
