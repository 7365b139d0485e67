"""The bytes of a CSV file as numbered rows, or the place where it is broken.

Invariant: every fault names the line and the column a person has to look at. A line is a physical
line of the file, so a quoted cell may span several and a row is known by its first one. What the
columns mean is none of this module's business.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from node.importing.model import RowError
from node.sentences import later
from protocol.errors import Refused

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_ROWS: Final = 100_000
MAX_COLUMNS: Final = 2_000
MAX_RECORD: Final = 2 * 1024 * 1024  # characters of one row, however many lines it spans
ENCODINGS: Final = ("utf-8", "windows-1252")
# How spreadsheets' own files, PDFs and pictures begin, which people choose in place of a CSV file.
OTHER_FILES: Final = (b"PK\3\4", b"\xd0\xcf\x11\xe0", b"%PDF", b"\xff\xd8\xff", b"\x89PNG")
DELIMITERS: Final = ",;\t"  # the last two are what spreadsheets write in many countries

_LINE_END = re.compile(r"\r\n|\r|\n")


class TableFault(Refused):
    """The file as a whole can't be read; `error` says where and why."""

    def __init__(self, error: RowError) -> None:
        super().__init__("broken-file", error.text, **error.values)
        self.error = error


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One record: as many cells as the header has, without the spaces around them."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A header, the sound rows under it, and the faults of the others."""

    header: tuple[str, ...]  # as the file spells it
    line: int  # of the header
    rows: tuple[Row, ...]
    errors: tuple[RowError, ...]


def plain(name: str) -> str:
    """A column's name without what people and programs vary: case and spaces."""
    return " ".join(name.split()).casefold()


def label(header: tuple[str, ...], index: int) -> str:
    """What to call a column in an error."""
    name = " ".join(header[index].split()) if index < len(header) else ""
    return name or f"cell {index + 1}"


def read_table(data: bytes, encoding: str = "utf-8") -> Table:
    """Read bytes in one of ENCODINGS, split by comma, semicolon or tab.

    UTF-8 may begin with a byte order mark. Rows without any text are left out. Raises TableFault
    where no header can be read; what is wrong further down is in the table's `errors`, all of it,
    up to quoting that can't be followed.
    """
    if len(data) > MAX_BYTES:
        text = later("The file is larger than %(most)s MiB; split it into smaller ones.")
        raise _fault(1, text, most=MAX_BYTES // 2**20)
    text = _decoded(data, encoding)
    records = _records(text, _delimiter(text))
    line, names = next(records, (0, []))
    if not names:
        text = later("The file is empty; export the products again and choose that file.")
        raise _fault(1, text)
    header = tuple(names)
    if len(header) > MAX_COLUMNS:
        text = later("The file has %(count)s columns; keep at most %(most)s of them.")
        raise _fault(line, text, count=f"{len(header):,}", most=f"{MAX_COLUMNS:,}")
    _refuse_twins(header, line)

    rows: list[Row] = []
    errors: list[RowError] = []
    try:
        for start, cells in records:
            if len(rows) + len(errors) == MAX_ROWS:
                text = later("The file has more than %(most)s rows; split it into smaller ones.")
                raise _fault(start, text, label(header, 0), most=f"{MAX_ROWS:,}")
            if len(cells) == len(header):
                rows.append(Row(line=start, cells=tuple(cells)))
            else:
                errors.append(_wrong_length(start, len(cells), header))
    except TableFault as fault:
        errors.append(fault.error)
    return Table(header=header, line=line, rows=tuple(rows), errors=tuple(errors))


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that holds any text, with its first line. Raises TableFault on bad quoting."""
    header: tuple[str, ...] = ()
    raw: list[str] = []  # the physical lines of the record being read
    line = 1

    def lines() -> Iterator[str]:
        size = 0
        for physical in io.StringIO(text, newline=""):
            size = size + len(physical) if raw else len(physical)
            if size > MAX_RECORD:  # before it is cut into cells, which take more room
                raise _endless(line, header)
            raw.append(physical)
            yield physical

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        raw.clear()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _bad_cell(line, "".join(raw), delimiter, header) from None
        # The csv module lets a quote stand inside an unquoted cell; there it is a slip, and the
        # cells around it may be cut in the wrong places.
        if any('"' in cell for cell in cells) and not _sound("".join(raw), delimiter):
            raise _bad_cell(line, "".join(raw), delimiter, header)
        if any(cell.strip() for cell in cells):
            cells = [cell.strip() for cell in cells]
            header = header or tuple(cells)
            yield line, cells


def _pieces(raw: str, delimiter: str) -> Iterator[tuple[int, bool]]:
    """Cut one raw record into cells: the length of each, and whether its quoting is sound."""
    cell = re.compile(rf'"(?:[^"]|"")*+"|[^"{delimiter}\r\n]*+')
    end = -1
    while end < len(raw) and (end < 0 or raw[end] == delimiter):
        start = end + 1
        found = cell.match(raw, start)
        end = found.end() if found else start
        sound = end == len(raw) or raw[end] in delimiter + "\r\n"
        yield (end if sound else len(raw)) - start, sound


def _sound(raw: str, delimiter: str) -> bool:
    return all(sound for _, sound in _pieces(raw, delimiter))


def _bad_cell(line: int, raw: str, delimiter: str, header: tuple[str, ...]) -> TableFault:
    """Find the cell at which the csv module gave up, and say why."""
    limit = csv.field_size_limit()
    pieces = list(_pieces(raw, delimiter))
    index = next(
        (n for n, (length, sound) in enumerate(pieces) if length > limit or not sound),
        len(pieces) - 1,
    )
    if pieces[index][0] > limit:
        text = later(
            "This cell is longer than %(most)s characters; shorten it, or close the quotation "
            "mark that may be open here."
        )
    else:
        text = later(
            "A quotation mark here is not closed, or stands inside a cell; put the whole cell in "
            'quotation marks and write those inside it twice, such as "a 12"" plate".'
        )
    return _fault(line, text, label(header, index), most=f"{limit:,}")


def _endless(line: int, header: tuple[str, ...]) -> TableFault:
    text = later(
        "This row is longer than %(most)s characters; a quotation mark may be open here, or the "
        "file is no table."
    )
    return _fault(line, text, label(header, 0), most=f"{MAX_RECORD:,}")


def _decoded(data: bytes, encoding: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = later(
            "The file is in UTF-16; save it again as UTF-8, which spreadsheets call CSV UTF-8 or "
            "offer as the character set."
        )
        raise _fault(1, text)
    if data.startswith(OTHER_FILES):
        text = later(
            "This is no CSV file but a picture, a PDF or a spreadsheet program's own file; save "
            "the table as CSV UTF-8 and choose that file."
        )
        raise _fault(1, text)
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        bad = error.start
        reason = later(
            "The byte %(byte)s here is no text in %(encoding)s; save the file again as UTF-8, "
            "which spreadsheets call CSV UTF-8, or say that it is in windows-1252 if an older "
            "spreadsheet made it."
        )
        values = {"byte": f"0x{body[bad]:02X}", "encoding": encoding}
        fault = _at_byte(body[:bad].decode(encoding), reason, values)
        raise TableFault(replace(fault.error, choice="encoding")) from None
    before, zero, _ = text.partition("\0")
    if zero:
        reason = later(
            "There is a zero byte here, so this is no text; save the file again as UTF-8, which "
            "spreadsheets call CSV UTF-8 or offer as the character set."
        )
        raise _at_byte(before, reason, {})
    return text


def _at_byte(before: str, text: str, values: dict[str, str]) -> TableFault:
    """A fault at the place that follows `before`, named by the cell it falls into."""
    line = sum(1 for _ in _LINE_END.finditer(before)) + 1
    header: tuple[str, ...] = ()
    last: list[str] = []
    physical = io.StringIO(before + "x", newline="")  # a letter, so that its cell is counted
    lines = iter(lambda: physical.readline(MAX_RECORD), "")
    try:
        for record in csv.reader(lines, delimiter=_delimiter(before)):
            header = header or tuple(last)
            last = record or last
    except csv.Error:  # an endless cell before the bad byte: the line still helps
        return _fault(line, text, **values)
    return _fault(line, text, label(header, len(last) - 1), **values)


def _delimiter(text: str) -> str:
    """Whichever of the delimiters cuts the first line with text into the most cells."""
    stream = io.StringIO(text, newline="")
    lines = iter(lambda: stream.readline(MAX_RECORD), "")
    first = next((line for line in lines if line.strip()), "")
    return max(DELIMITERS, key=lambda sign: len(list(_pieces(first, sign))))


def _refuse_twins(header: tuple[str, ...], line: int) -> None:
    counted = Counter(plain(name) for name in header)
    for index, name in enumerate(header):
        if name and counted[plain(name)] > 1:
            text = later("Two columns have this name; rename or delete one of them.")
            raise _fault(line, text, label(header, index))


def _wrong_length(line: int, count: int, header: tuple[str, ...]) -> RowError:
    return RowError(
        line=line,
        column=label(header, min(count, len(header))),
        text=later(
            "This row has %(count)s cells and the header has %(wanted)s; a comma or a quotation "
            "mark may be missing or too many."
        ),
        values={"count": count, "wanted": len(header)},
    )


def _fault(place: int, text: str, column: str = "cell 1", /, **values: object) -> TableFault:
    return TableFault(RowError(line=place, column=column, text=text, values=values))
