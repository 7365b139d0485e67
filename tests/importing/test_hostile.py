"""Files that want to break whoever reads them: each gets a sentence, soon and in little room."""

from __future__ import annotations

import random

import pytest

from node.importing import goods, shopify, table
from node.importing.formats import FORMATS, read_file
from tests.importing.reading import written

ETSY = b"TITLE,DESCRIPTION,PRICE,CURRENCY_CODE\n"


def read(data, **choices):
    choices.setdefault("format", None)
    return read_file(data, currency="EUR", **choices)


def only_fault(data, **choices):
    (error,) = read(data, **choices).errors
    assert error.reason.endswith(".")
    return error


def test_a_line_of_fifty_megabytes_is_refused_before_it_is_cut_up():
    error = only_fault(ETSY + b"," * 50_000_000)

    assert (error.line, error.column) == (2, "TITLE")
    assert "longer than" in error.reason


@pytest.mark.parametrize("sign", [b",", b"x", b'"', b"\xff", b"\0"])
def test_a_first_line_without_an_end_is_refused(sign):
    assert only_fault(sign * 20_000_000).line == 1


def test_a_hundred_thousand_columns_are_refused():
    columns = b",".join(b"c%d" % number for number in range(100_000))

    assert "100,000 columns" in only_fault(columns + b"\n1,2\n").reason


def test_more_rows_than_anybody_sells_are_refused(monkeypatch):
    monkeypatch.setattr(table, "MAX_ROWS", 1_000)

    error = only_fault(ETSY + b"".join(b"Mug %d,,3,EUR\n" % number for number in range(1_001)))

    assert (error.line, error.reason[:27]) == (1_002, "The file has more than 1,00")


def test_a_quotation_mark_that_never_closes_is_found_where_it_opens():
    error = only_fault(ETSY + b'Mug,"open,3,EUR\n' + b"Cup,,3,EUR\n" * 1_000_000)

    assert (error.line, error.column) == (2, "DESCRIPTION")


def test_zero_bytes_are_named_by_their_place():
    error = only_fault(ETSY + b"Mug,,3,EUR\nCup,\0,3,EUR\n")

    assert (error.line, error.column) == (3, "DESCRIPTION")


def test_faults_without_number_are_counted_up_to_a_limit():
    reading = read(ETSY + b"Mug,,nothing,EUR\n" * 12_000)

    assert reading.products == ()
    assert len(reading.errors) == 10_000


def test_a_file_of_an_old_spreadsheet_is_read_once_its_encoding_is_said():
    data = "TITLE;PRICE;CURRENCY_CODE\nPâté 5 €;3.50;EUR\n".encode("cp1252")

    error = only_fault(data)
    (pate,) = read(data, encoding="windows-1252").products

    assert (error.line, error.column) == (2, "TITLE")
    assert error.choice == "encoding"
    assert pate.title == "Pâté 5 €"


def test_a_byte_that_windows_1252_does_not_have_is_named():
    assert "0x81" in only_fault(ETSY + b"M\x81g,,3,EUR\n", encoding="windows-1252").reason


def test_a_file_that_fits_two_formats_asks_which_one_it_is():
    row = {"TITLE": "Mug", "PRICE": "3", "CURRENCY_CODE": "EUR", "Handle": "mug"}

    error = only_fault(written(row))
    reading = read(written(row), format="etsy")

    assert "shopify, etsy" in error.reason
    assert error.choice == "format"
    assert reading.products[0].price == 300


@pytest.mark.parametrize("name", FORMATS)
def test_any_junk_under_any_header_gives_a_reading(name):
    """The same junk each time: cells of every kind in columns of every format."""
    dice = random.Random(name)
    columns = [
        "Title",
        "Handle",
        "TITLE ",
        "PRICE",
        "CURRENCY_CODE",
        "Name",
        "Type",
        "Parent",
        "Regular price",
        "producer",
        "name ",
        "units",
        "mode",
        "variant",
        "VARIATION 1 VALUES",
    ]
    cells = [
        "",
        "1",
        "a,b",
        "-1",
        "variation",
        "variable",
        "id:1",
        "1.234,5",
        "=1+1",
        "'",
        "<b>",
        "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
        "x" * 300,
        "\x07",
    ]
    for _ in range(60):
        header = dice.sample(columns, 8)
        rows = [dict(zip(header, dice.choices(cells, k=8), strict=True)) for _ in range(5)]
        reading = read(written(*rows), format=name)
        for error in (*reading.errors, *reading.skipped):
            assert error.line >= 1
            assert error.column
            assert error.reason.endswith(".")


def shop(*descriptions):
    return written(
        *(
            {"Handle": f"h{n}", "Title": f"T{n}", "Variant Price": "3", "Body (HTML)": text}
            for n, text in enumerate(descriptions)
        )
    )


def test_a_description_that_is_mostly_markup_is_a_fault_of_its_row_and_not_converted():
    error = only_fault(shop("<p>Bread</p>", "<i class='x'></i>" * 6_000))

    assert (error.line, error.column) == (3, "Body (HTML)")
    assert "shorten it to 100,000" in error.reason


def test_a_file_of_dense_markup_is_refused_before_it_has_cost_minutes(monkeypatch):
    converted = []
    monkeypatch.setattr(shopify, "markdown", lambda html: converted.append(html) or "Bread")

    error = only_fault(shop(*["<b>" * 30_000] * 20))

    assert (error.line, error.column) == (12, "Body (HTML)")
    assert "split the file into smaller ones" in error.reason
    assert len(converted) == goods.MAX_MARKS // 30_000


def test_line_ends_count_where_each_becomes_markup(monkeypatch):
    monkeypatch.setattr(goods, "MAX_MARKS", 300)
    row = {"Type": "simple", "SKU": "", "Regular price": "3", "Published": "1"}
    rows = [{**row, "Name": f"N{n}", "Description": "a\\n" * 30} for n in range(11)]

    error = only_fault(written(*rows), format="woocommerce")

    assert "split the file into smaller ones" in error.reason


def test_a_file_of_endless_descriptions_is_refused_before_all_are_converted(monkeypatch):
    monkeypatch.setattr(shopify, "markdown", lambda _: "Bread")

    error = only_fault(shop(*["&" * 100_000] * 90))

    assert (error.line, error.column) == (82, "Body (HTML)")
    assert "8,000,000 characters; split the file" in error.reason
