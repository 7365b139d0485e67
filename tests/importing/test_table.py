"""Tables: every cell as it was written, every fault with its place."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.importing.table import Row, TableFault, read_table


def only_fault(data):
    """The single fault of a table, whether it stops the reading or not."""
    try:
        (error,) = read_table(data).errors
    except TableFault as fault:
        error = fault.error
    assert error.reason.endswith(".")
    return error


def test_cells_come_without_the_spaces_around_them_and_lines_count_from_one():
    table = read_table(b"Title,Price\r\n Bread ,3.50\r\nSoap,2\r\n")

    assert table.header == ("Title", "Price")
    assert table.rows == (
        Row(line=2, cells=("Bread", "3.50")),
        Row(line=3, cells=("Soap", "2")),
    )


def test_a_row_is_known_by_the_physical_line_where_it_starts():
    table = read_table(b'Title,Text\n\nBread,"sour\r\ndark\n\nround"\nSoap,soft\n')

    assert [row.line for row in table.rows] == [3, 7]
    assert table.rows[0].cells[1] == "sour\r\ndark\n\nround"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_is_understood(end):
    table = read_table(end.join(["Title,Price", "Bread,3", "Soap,4"]).encode())

    assert [row.line for row in table.rows] == [2, 3]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiters_of_spreadsheets_are_told_apart(delimiter):
    data = f'Title{delimiter}Tags\nBread{delimiter}"a,b;c\td"\n'.encode()

    assert read_table(data).rows == (Row(line=2, cells=("Bread", "a,b;c\td")),)


def test_a_byte_order_mark_is_no_part_of_the_first_name():
    assert read_table(b"\xef\xbb\xbfTitle,Price\nBread,3\n").header == ("Title", "Price")


def test_rows_without_text_are_left_out():
    assert len(read_table(b"Title,Price\n,\n\n  ,\nBread,3\n,,,\n").rows) == 1


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        (b"", 1, "cell 1", "empty"),
        (b"\n\n,,\n", 1, "cell 1", "empty"),
        (b"\xff\xfeT\0i\0", 1, "cell 1", "UTF-16"),
        (b"PK\3\4\x14\0\6\0", 1, "cell 1", "spreadsheet program's own file"),
        (b"\xff\xd8\xff\xe0", 1, "cell 1", "a picture"),
        ("Title\nBread\n".encode("utf-16-le"), 1, "cell 1", "zero byte"),
        ("Title,Price\nBread,3\nPâté,4\n".encode("latin-1"), 3, "Title", "0xE2"),
        ("Title,Price\nBread,3 €\n".encode("cp1252"), 2, "Price", "0x80"),
        ('Title,Price\n"Bread\nPâté",4\n'.encode("latin-1"), 3, "Title", "0xE2"),
        (b"\xef\xbb\xbfTitle,Price\nBread,\xff\n", 2, "Price", "0xFF"),
        ("Título,Price\nBread,3\n".encode("latin-1"), 1, "cell 1", "0xED"),
        (b"Title,Price\nBread,3\n\xc3", 3, "Title", "0xC3"),
        (b"Title,Price\nBread,3\0\n", 2, "Price", "zero byte"),
        (b'Title,Price\nSoap,2\n"Bread,3\nCake,4\n', 3, "Title", "not closed"),
        (b'Title,Price\nBread,"3\n', 2, "Price", "not closed"),
        (b'Title,Price\n"Bread"x,3\n', 2, "Title", "twice"),
        (b'Title,Price\n12" plate,3\n', 2, "Title", "twice"),
        (b'Title,Price\nplate, "3"\n', 2, "Price", "twice"),
        (b'"Title,Price\n', 1, "cell 1", "not closed"),
        (b"Title,Price\nBread\n", 2, "Price", "1 cells and the header has 2"),
        (b"Title,Price\nBread,3,4\n", 2, "cell 3", "3 cells and the header has 2"),
        (b"Title,Price,title \nBread,3,4\n", 1, "Title", "Two columns"),
        (b"Title,Price\nBread," + b"x" * 200_000, 2, "Price", "longer than"),
        (b"Title,Price\n" + b"x" * 200_000 + b",3\n", 2, "Title", "longer than"),
        (b'Title,Price\nBread,3\n"Soap' + b",4\nCake" * 50_000, 3, "Title", "longer than"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_by_line_and_column(data, line, column, words):
    error = only_fault(data)

    assert (error.line, error.column) == (line, column)
    assert words in error.reason


def test_every_row_of_a_wrong_length_is_named_and_the_sound_ones_kept():
    table = read_table(b'Title,Price\nBread\nSoap,2\nCake,1,1\n"open\n')

    assert [row.line for row in table.rows] == [3]
    assert [(error.line, error.column) for error in table.errors] == [
        (2, "Price"),
        (4, "cell 3"),
        (5, "Title"),
    ]


def test_a_file_beyond_all_measure_is_refused(monkeypatch):
    monkeypatch.setattr("node.importing.table.MAX_BYTES", 2**20)

    assert "1 MiB" in only_fault(b"Title\n" + b"x\n" * 2**20).reason


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=8), st.sampled_from(",;\t"))
def test_what_the_csv_module_writes_is_read_back(rows, delimiter):
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter)
    writer.writerows([("Title", "Price"), *rows])

    table = read_table(written.getvalue().encode())

    stripped = [tuple(cell.strip() for cell in row) for row in rows]
    assert [row.cells for row in table.rows] == [row for row in stripped if any(row)]
    assert table.errors == ()
