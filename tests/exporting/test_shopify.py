"""Shopify's file: only what it can hold, and nothing that would be sold for nothing."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest

from node.exporting import shopify
from protocol.kinds.listing import Listing, Variant
from tests.exporting.offers import SELLER, offer

BREAD = Listing(
    title="Rye bread",
    mode="sell",
    price=350,
    currency="EUR",
    description="**Dark** <b>",
    quantity=4,
)


def rows(*offers, seller=SELLER):
    written = shopify.write(offers, seller)
    return written, list(csv.DictReader(io.StringIO(written.text, newline="")))


def test_a_listing_is_a_product_with_html_and_a_stable_handle():
    bread = offer(BREAD)

    _, (row,) = rows(bread)

    assert row["Title"] == "Rye bread"
    assert row["URL handle"] == f"rye-bread-{bread.id.hex()[:12]}"
    assert row["Description"] == "<p><strong>Dark</strong> &lt;b&gt;</p>"
    assert (row["Price"], row["Status"], row["Vendor"]) == ("3.50", "Active", "Ana")
    assert (row["Inventory tracker"], row["Inventory quantity"]) == ("shopify", "4")
    assert (row["Option1 name"], row["Option1 value"]) == ("Title", "Default Title")


def test_a_variant_without_a_price_of_its_own_has_the_listing_s():
    said = replace(BREAD, variants=(Variant(name="Small"), Variant(name="Large", price=500)))

    _, found = rows(offer(said))

    assert [(row["Option1 value"], row["Price"]) for row in found] == [
        ("Small", "3.50"),
        ("Large", "5.00"),
    ]
    assert [row["Title"] for row in found] == ["Rye bread", ""]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (replace(BREAD, price=None), "open"),
        (replace(BREAD, audience="members"), "open"),
        (BREAD, "draft"),
    ],
)
def test_what_has_no_price_or_is_not_for_everybody_comes_as_a_draft(said, status):
    _, (row,) = rows(offer(said, status))

    assert (row["Status"], row["Published on online store"]) == ("Draft", "FALSE")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (replace(BREAD, mode="wanted"), "open"),
        (replace(BREAD, mode="lend"), "open"),
        (replace(BREAD, currency="USD"), "open"),
        (BREAD, "expired"),
    ],
)
def test_what_shopify_has_no_place_for_is_left_out_and_counted(said, status):
    written, found = rows(offer(said, status), offer(BREAD))

    assert (written.count, written.left_out, len(found)) == (1, 1, 1)


def test_pictures_that_an_import_noted_come_along():
    bread = offer(BREAD)
    noted = [{"address": f"https://a.example/{n}", "alt": f"Loaf {n}"} for n in (1, 2)]

    _, found = rows(bread, seller=replace(SELLER, pictures={bread.id: noted}))

    assert [(row["Product image URL"][-1], row["Image alt text"]) for row in found] == [
        ("1", "Loaf 1"),
        ("2", "Loaf 2"),
    ]
    assert {row["URL handle"] for row in found} == {found[0]["URL handle"]}
