"""What is exported and imported again is what it was."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.exporting import own, shopify
from node.importer import as_listing
from node.importing.formats import read_file
from node.importing.formulas import SIGNS, guarded, plain_text
from protocol.kinds.listing import Listing, Variant
from tests.exporting.offers import CURRENCIES, FILLED, LINES, LISTINGS, SELLER, offer

STATUSES = st.sampled_from(["open", "draft"])


@settings(max_examples=150)
@given(st.lists(st.tuples(LISTINGS, STATUSES), max_size=3))
def test_our_own_csv_gives_the_same_listings(said):
    offers = [offer(listing, status, n) for n, (listing, status) in enumerate(said)]

    text = own.write(offers, SELLER).text
    reading = read_file(text.encode(), format="csv", currency="CHF")

    assert reading.errors == ()
    assert [as_listing(product) for product in reading.products] == [each for each, _ in said]
    assert [product.status for product in reading.products] == [each for _, each in said]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_our_own_csv_survives_a_spreadsheet_that_saves_it_otherwise(delimiter):
    said = Listing(title="Bread; dark", mode="sell", price=350, currency="EUR", tags=("a,b", "c"))
    rows = csv.reader(io.StringIO(own.write([offer(said)], SELLER).text, newline=""))
    saved = io.StringIO(newline="")
    csv.writer(saved, delimiter=delimiter, lineterminator="\n").writerows(rows)

    reading = read_file(b"\xef\xbb\xbf" + saved.getvalue().encode(), format=None, currency="EUR")

    assert reading.format == "csv"
    assert as_listing(reading.products[0]) == said


TAGS = FILLED.map(lambda tag: tag.replace(",", "").strip()).filter(bool)  # a comma parts two tags
VARIANTS = st.lists(
    st.builds(
        Variant,
        name=FILLED,
        price=st.integers(0, 2**50),
        quantity=st.none() | st.integers(0, 10**6),
        sku=LINES,
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda variant: " ".join(variant.name.split()),
)


@settings(max_examples=100)
@given(
    FILLED,
    VARIANTS,
    st.booleans(),
    st.lists(TAGS, max_size=4, unique=True),
    st.sampled_from(CURRENCIES),
)
def test_shopify_s_file_keeps_title_price_variants_tags_and_quantities(
    title, variants, choice, tags, currency
):
    counts = [variant.quantity for variant in variants if variant.quantity is not None]
    variants = [replace(variant, name=" ".join(variant.name.split())) for variant in variants]
    said = Listing(
        title=" ".join(title.split()),
        mode="sell",
        price=min(variant.price for variant in variants),
        currency=currency,
        quantity=sum(counts) if counts else None,
        variants=tuple(variants) if choice else (),
        tags=tuple(tags),
    )
    seller = replace(SELLER, currency=currency)

    text = shopify.write([offer(said)], seller).text
    reading = read_file(text.encode(), format=None, currency=currency)

    assert (reading.format, reading.errors) == ("shopify", ())
    (product,) = reading.products
    assert product.status == "open"
    back = as_listing(product)
    names = ("title", "price", "currency", "tags", "quantity")
    assert {name: getattr(back, name) for name in names} == {
        name: getattr(said, name) for name in names
    }
    assert [replace(each, sku="") for each in back.variants] == [
        replace(each, sku="") for each in said.variants
    ]


@given(st.text(max_size=8) | st.text(SIGNS + "'", max_size=8))
def test_a_guarded_cell_says_what_it_said(text):
    assert plain_text(guarded(text)) == text
    assert guarded(text)[:1] not in set(SIGNS)


@given(LISTINGS)
def test_no_cell_of_an_export_is_a_formula(said):
    for write in (own.write, shopify.write):
        text = write([offer(said)], SELLER).text
        for row in csv.reader(io.StringIO(text, newline="")):
            assert not any(cell.startswith(tuple(SIGNS)) for cell in row)
