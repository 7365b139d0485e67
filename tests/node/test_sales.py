"""Files of sales: what they say, and where they are wrong."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from governance.rehearsal import Sale
from node import sales
from node.importing import table
from node.importing.prices import PriceError
from node.sales import SaleFile, load_sales, read_sales
from protocol.errors import NotFound

HEADER = b"price,category,referrer,host,currency\n"


def read(data: bytes, **choices: str) -> SaleFile:
    return read_sales(data, **{"currency": "EUR", **choices})


def only_fault(data: bytes, **choices: str) -> tuple[int, str, str]:
    found = read(data, **choices)
    assert found.sales == ()
    (error,) = found.errors
    assert error.reason.endswith(".")
    return error.line, error.column, error.reason


def test_a_file_says_price_category_roles_and_currency() -> None:
    found = read(
        HEADER + b"3.50,Bread,Ana,Ben,EUR\n"
        b'"1,234.50", Staples ,,yes,\n'
        b"500,,no,-,JPY\n"
        b"0,Bread,0,FALSE,credit\n"
    )
    assert found.errors == ()
    assert found.sales == (
        Sale(price=350, currency="EUR", category="Bread", referrer=True, host=True),
        Sale(price=123_450, currency="EUR", category="Staples", host=True),
        Sale(price=500, currency="JPY"),
        Sale(price=0, currency="CREDIT", category="Bread"),
    )


def test_columns_come_in_any_order_and_only_the_price_is_needed() -> None:
    assert read(b"Host;Date; PRICE \n Eva;2027-01-31;9.99\n").sales == (
        Sale(price=999, currency="EUR", host=True),
    )
    assert read(b"price\n1\n2\n", currency="CHF").sales == (
        Sale(price=100, currency="CHF"),
        Sale(price=200, currency="CHF"),
    )
    assert read(HEADER).sales == ()


def test_what_a_file_leaves_open_can_be_said() -> None:
    data = "price;category\n3,50;Käse\n".encode("cp1252")

    assert only_fault(data)[1] == "category"
    assert only_fault(data, encoding="windows-1252")[:2] == (2, "price")
    assert read(data, encoding="windows-1252", decimal=",").sales == (
        Sale(price=350, currency="EUR", category="Käse"),
    )


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (b",Bread,,,EUR", "price", "no price"),
        (b"-3,Bread,,,EUR", "price", "negative"),
        (b"3.505,Bread,,,EUR", "price", "decimals"),
        (b"1e9,Bread,,,EUR", "price", "exponent"),
        (b"99999999999999999999,Bread,,,EUR", "price", "too large"),
        (b"3 loaves,Bread,,,EUR", "price", "unit"),
        (b"3.5,Bread,,,euros", "currency", "no currency code"),
        (b"3.5,Bread,,,%s%(x)d\x01", "currency", "no currency code"),
        (b"3.5," + b"b" * 101 + b",,,EUR", "category", "101 characters"),
        (b"3.5,a\x07b,,,EUR", "category", "control character"),
        (b"3.5,Bread,,EUR", "currency", "4 cells"),
        (b'3.5,"Bread"s,,,EUR', "category", "quotation mark"),
    ],
)
def test_a_fault_is_named_by_its_line_and_column(row: bytes, column: str, words: str) -> None:
    line, where, reason = only_fault(HEADER + b"1,Bread,,,EUR\n" + row + b"\n2,Bread,,,EUR\n")

    assert (line, where) == (3, column)
    assert words in reason


def test_every_fault_is_told_at_once_by_line() -> None:
    found = read(HEADER + b"x,,,,EUR\n1,,,\ny,,,,EURO\n1,,,,EUR\n")
    assert [(error.line, error.column) for error in found.errors] == [
        (2, "price"),
        (3, "currency"),
        (4, "currency"),
    ]
    assert found.sales == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"amount,host\n3,Eva\n", "No column is called price"),
        (b"price,price\n1,2\n", "Two columns"),
        (b"\xff\xfep\0r\0", "UTF-16"),
        (b"PK\3\4", "no CSV file"),
        (b'price\n"1\n' + b"2\n" * 300_000, "longer than"),
        (b"," * (sales.MAX_BYTES + 1), "larger than 8 MiB"),
    ],
)
def test_what_is_no_file_of_sales_is_refused_in_a_sentence(data: bytes, words: str) -> None:
    assert words in only_fault(data)[2]


def test_more_sales_than_a_table_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_ROWS", 3)
    assert only_fault(HEADER + b"1,,,,EUR\n" * 4)[0] == 5


def test_random_bytes_are_only_ever_described() -> None:
    draw = random.Random(7)
    pieces = [b"price", b",", b"\n", b'"', b"3.5", b"\xff", b"\0", b"EUR", b";", b"%(x)s", b"-"]
    for _ in range(300):
        data = HEADER * draw.randrange(2) + b"".join(draw.choices(pieces, k=draw.randrange(30)))
        found = read(data)
        assert not (found.sales and found.errors)
        for error in found.errors:
            assert error.line >= 1 and error.column and error.reason


def test_the_caller_names_a_currency_that_there_is() -> None:
    with pytest.raises(PriceError, match="no currency code"):
        read(HEADER, currency="euros")


def test_a_file_is_read_from_disk_as_far_as_it_can_be_sales(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(HEADER + b"3.50,,,,\n")

    assert load_sales(path, currency="EUR").sales == (Sale(price=350, currency="EUR"),)
    monkeypatch.setattr(sales, "MAX_BYTES", 8)
    (error,) = load_sales(path, currency="EUR").errors
    assert "larger than" in error.reason
    with pytest.raises(NotFound, match="can't be read") as caught:
        load_sales(tmp_path / "none.csv", currency="EUR")
    assert caught.value.reason == "no-file"
    with pytest.raises(NotFound):
        load_sales(tmp_path, currency="EUR")
