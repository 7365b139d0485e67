"""What the documents say of receipts: the reasons, and how to reckon one from the page alone."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from governance.receipts import REASONS
from node.trade.receipts import WHY
from tests.docs import independent as other
from tests.docs.independent_receipts import divide, shares, signed

ROOT = Path(__file__).parents[2]
V: dict[str, Any] = json.loads((ROOT / "tests" / "vectors" / "protocol.json").read_text("utf-8"))
FEES: dict[str, Any] = json.loads((ROOT / "tests" / "vectors" / "fees.json").read_text("utf-8"))
COMMUNITY = bytes.fromhex(V["community"])


def body(name: str) -> dict[str, Any]:
    found: dict[str, Any] = other.decode(bytes.fromhex(V["records"][name]["body"]))
    return found


def part(page: str, start: str, end: str) -> str:
    text = (ROOT / "docs" / page).read_text("utf-8")
    return text.partition(start)[2].partition(end)[0]


def test_every_reason_is_named_on_both_pages_and_has_a_sentence() -> None:
    trade = part("trade.md", "## The receipt", "\n## ")
    bytes_ = part("protocol.md", "**Receipts.**", "**Payments.**")

    assert re.findall(r"^\| `([a-z-]+)`", trade, re.M) == list(REASONS)
    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+|waiting|superseded|twice)`", bytes_)) >= set(
        REASONS
    )
    assert set(WHY) == set(REASONS)


def test_the_receipt_of_the_vectors_is_reckoned_from_the_page_alone() -> None:
    said, charter = body("receipt"), body("found")["charter"]

    fee, found = shares(said, charter)

    assert (said["fee"], said["shares"]) == (fee, found)
    assert said["charter"] == sha256(other.encode(charter)).digest()
    assert signed(said, b"moothall/receipt/1", COMMUNITY)
    assert not signed({**said, "price": said["price"] - 1}, b"moothall/receipt/1", COMMUNITY)
    assert not signed(said, b"moothall/refund/1", COMMUNITY)
    assert not signed(said, b"moothall/receipt/1", bytes(32))


def test_the_refund_of_the_vectors_is_reckoned_from_the_page_alone() -> None:
    said, back = body("receipt"), body("refund")
    _, found = shares(said, body("found")["charter"])

    assert (back["order"], back["vendor"], back["number"]) == (said["order"], said["vendor"], 1)
    assert back["parts"] == divide(back["amount"], found)
    assert signed(back, b"moothall/refund/1", COMMUNITY)


@pytest.mark.parametrize("case", FEES["sale"], ids=lambda case: case["price"])
def test_the_shared_vectors_of_fees_are_met_by_the_page_alone(case: dict[str, Any]) -> None:
    rule = {key: case[key] for key in ("fee_bps", "fee_min", "fee_cap", "table")}
    charter = {"currency": "EUR", "fees": {"default": rule, "categories": {}}}
    there = {role: None if role in case["absent"] else b"x" for role in ("host", "referrer")}
    said = {"category": "", "currency": "EUR", "price": case["price"], "grant": None, **there}

    expected = case["expect"]
    if set(case["absent"]) <= {"host", "referrer"}:
        assert shares(said, charter) == (
            expected["fee"],
            {**expected["shares"], "seller": expected["seller"]},
        )


def test_what_the_vectors_receipt_names_is_there() -> None:
    said = body("receipt")
    grant, word = body("grant"), body("recommend")
    ids = {name: bytes.fromhex(V["records"][name]["id"]) for name in ("grant", "recommend")}

    assert (said["grant"], said["referral"]) == (ids["grant"], ids["recommend"])
    assert grant["to"] == said["vendor"] and said["goods"] in grant["listings"]
    assert grant["margin"][0] <= said["margin_bps"] <= grant["margin"][1]
    first, many = said["units"]
    assert many == said["quantity"] and first + many - 1 <= grant["quota"]
    assert word["listing"] == said["listing"] and not word["withdrawn"]
