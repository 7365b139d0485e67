"""Choosing a format, and the promise that any bytes give a Reading."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.importing.formats import FORMATS, UnknownFormat, read_file
from node.importing.model import Reading
from node.importing.prices import PriceError
from protocol.errors import MoothallError


def test_the_format_is_found_by_the_column_names():
    reading = read_file(b"Handle,Title,Variant Price\nmug,Mug,900\n", format=None, currency="JPY")

    assert reading.products[0].price == 900
    assert reading.products[0].currency == "JPY"


def test_a_spreadsheet_with_semicolons_is_read_and_its_comma_decimals_are_refused():
    data = b'Handle;Title;Variant Price\nmug;"Mug; blue";9.90\n'

    (mug,) = read_file(data, format=None, currency="EUR").products
    (error,) = read_file(data + b"cup;Cup;9,90\n", format=None, currency="EUR").errors

    assert (mug.title, mug.price) == ("Mug; blue", 990)
    assert (error.line, error.column) == (3, "Variant Price")


def test_one_wrong_row_leaves_nothing_to_import():
    data = b"Handle,Title,Variant Price\nmug,Mug,9.90\ncup,Cup,nine\n"

    assert read_file(data, format=None, currency="EUR").products == ()


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"Name,Price\n", "WooCommerce: Type, Regular price"),
        (b"Title,Price\n", "Shopify: URL handle (or Handle)"),
        (b"Handle,Price\n", "Shopify: Title"),
    ],
)
def test_an_unknown_header_is_told_which_columns_are_missing(header, words):
    (error,) = read_file(header, format=None, currency="EUR").errors

    assert error.line == 1
    assert words in error.reason


def test_a_named_format_says_which_column_it_needs():
    (error,) = read_file(b"Handle,Price\n", format="shopify", currency="EUR").errors

    assert (error.line, error.column) == (1, "Title")


def test_an_unknown_format_is_refused_with_those_there_are():
    with pytest.raises(UnknownFormat, match="shopify") as caught:
        read_file(b"", format="fax", currency="EUR")

    assert caught.value.reason == "unknown-format"


def test_an_unknown_currency_is_refused_before_anything_is_read():
    with pytest.raises(PriceError):
        read_file(b"", format=None, currency="Euro")


def check(reading):
    assert isinstance(reading, Reading)
    for error in (*reading.errors, *reading.skipped):
        assert error.line >= 1
        assert error.column
        assert error.reason.endswith(".")
    handles = [product.handle for product in reading.products]
    assert len(handles) == len(set(handles))


CHOICES = st.sampled_from([None, *FORMATS, "fax"])


@given(st.binary(max_size=300), CHOICES)
def test_any_bytes_give_a_reading_or_a_named_error(data, format):
    try:
        check(read_file(data, format=format, currency="EUR"))
    except MoothallError as error:
        assert error.reason == "unknown-format"


HEADER = (
    "Handle,Title,Body (HTML),Tags,Published,Option1 Value,Option2 Value,Variant Price,"
    "Variant Inventory Qty,Image Src,Image Position,Gift Card,Status\n"
)
CELL = st.sampled_from(
    ["", "a", "b", "true", "false", "1", "1.5", "1,5", "-2", '"', '"a\nb"', "<b>x", "https://a.b/c"]
) | st.text(max_size=6)


@given(st.lists(st.lists(CELL, min_size=12, max_size=14), max_size=6), st.binary(max_size=2))
def test_any_rows_under_a_good_header_give_a_reading(rows, tail):
    body = "\n".join(",".join(row) for row in rows)

    check(read_file((HEADER + body).encode() + tail, format=None, currency="EUR"))
