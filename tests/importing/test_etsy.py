"""Etsy's listings: one row each, with its own currency and variations without prices."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.importing.formats import read_file
from node.importing.model import Variant
from tests.importing.reading import only, places, read, written

FIXTURES = Path(__file__).parents[1] / "fixtures" / "import"
MUG = {"TITLE": "Mug", "DESCRIPTION": "", "PRICE": "16.00", "CURRENCY_CODE": "EUR"}


def test_a_download_of_ben_s_shop_gives_his_listings():
    reading = read_file((FIXTURES / "etsy.csv").read_bytes(), format=None, currency="EUR")

    assert (reading.format, reading.errors) == ("etsy", ())
    assert [product.title for product in reading.products] == [
        'Speckled mug "Moor"',
        "Autumn leaf print",
        "Felt slippers",
    ]
    mug, leaf, slippers = reading.products
    assert (mug.price, mug.currency, mug.quantity) == (2400, "GBP", 3)
    assert mug.description == "Thrown by hand.\n\nHolds 300 ml\\\n\\* dishwasher safe"
    assert mug.tags == ("coffee mug", "gift for her", "stoneware")
    assert [picture.address[-5:] for picture in mug.pictures] == ["1.jpg", "2.jpg"]
    assert mug.variants == leaf.variants == ()
    assert [variant.name for variant in slippers.variants][:3] == [
        "38 / Grey",
        "38 / Moss",
        "40 / Grey",
    ]
    assert len(slippers.variants) == 6
    assert {product.status for product in reading.products} == {"open"}


def test_each_combination_of_variations_is_a_variant_and_a_note_says_what_is_open():
    mug = only(read(MUG | {"VARIATION 1 VALUES": "Small,Large", "VARIATION 2 VALUES": "Red, Blue"}))

    assert mug.variants[0] == Variant(name="Small / Red", price=None, quantity=None, sku="")
    assert [variant.name for variant in mug.variants[1:]] == [
        "Small / Blue",
        "Large / Red",
        "Large / Blue",
    ]
    assert mug.price == 1600
    assert "one price" in mug.notes[0]


def test_old_files_without_sku_and_with_five_images_are_read():
    columns = "TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,QUANTITY,TAGS,MATERIALS,IMAGE1,IMAGE2"
    data = f"{columns}\nMug,,9.50,USD,2,,,https://a.example/1,\n".encode()

    mug = only(read_file(data, format=None, currency="EUR"))

    assert (mug.price, mug.currency, len(mug.pictures)) == (950, "USD", 1)


def test_a_row_without_a_currency_has_the_one_that_was_named():
    assert only(read(MUG | {"CURRENCY_CODE": ""}, currency="CHF")).currency == "CHF"


def test_a_seller_s_own_number_outlives_a_new_title():
    before = only(read(MUG | {"SKU": "M-1"}))
    after = only(read(MUG | {"SKU": "M-1", "TITLE": "Blue mug"}))

    assert before.handle == after.handle
    assert only(read(MUG)).handle == "mug"


def test_two_listings_with_one_number_are_told_apart_by_their_titles():
    reading = read(MUG | {"SKU": "M"}, MUG | {"SKU": "M", "TITLE": "Cup"})

    assert [product.handle for product in reading.products] == ["mug", "cup"]


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"TITLE": ""}, "TITLE"),
        ({"TITLE": "x" * 201}, "TITLE"),
        ({"PRICE": "1.234"}, "PRICE"),
        ({"PRICE": "12,50"}, "PRICE"),
        ({"CURRENCY_CODE": "EURO"}, "CURRENCY_CODE"),
        ({"QUANTITY": "some"}, "QUANTITY"),
        ({"IMAGE1": "mug.jpg"}, "IMAGE1"),
        ({"TAGS": "x" * 81}, "TAGS"),
        ({"VARIATION 1 VALUES": ",".join(map(str, range(101)))}, "VARIATION 1 VALUES"),
        ({"VARIATION 1 VALUES": "a,a / b", "VARIATION 2 VALUES": "b / c,c"}, "VARIATION 2 VALUES"),
    ],
)
def test_a_wrong_cell_is_named_by_line_and_column(cells, column):
    assert places(read(MUG | cells)) == [(2, column)]


def test_two_listings_that_nothing_tells_apart_are_named():
    reading = read(MUG, MUG)

    assert places(reading) == [(3, "TITLE")]
    assert "Line 2" in reading.errors[0].reason


def test_etsy_s_columns_are_no_other_shop_s():
    reading = read_file(written(MUG), format=None, currency="EUR")

    assert reading.format == "etsy"
