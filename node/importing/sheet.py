"""A table by field instead of by position, and the faults found while reading it.

A format gives the column names of each field; what it then asks for comes back checked or is
noted as a fault with its line and column. A fault never stops the reading: the caller gets a
harmless value and goes on, so that a person sees every fault of the file at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from node.importing.formulas import plain_text
from node.importing.model import LeftOut, RowError, Settings
from node.importing.prices import PriceError, minor_units
from node.importing.table import Row, Table, label, plain
from node.sentences import later

Columns = Mapping[str, tuple[str, ...]]  # field: the names its column may have, usual one first

MAX_NAME: Final = 200  # characters of a name, where a field sets no limit of its own
MAX_WHOLE: Final = 1_000_000_000
MAX_FAULTS: Final = 10_000  # nobody reads more; the file is refused all the same

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_WHOLE = re.compile(r"-?[0-9]{1,12}")


def places(header: Sequence[str], columns: Columns) -> dict[str, list[int]]:
    """Where each field stands in the header: once at best, and not at all for many."""
    names = [plain(name) for name in header]
    return {
        field: [names.index(plain(name)) for name in spellings if plain(name) in names]
        for field, spellings in columns.items()
    }


class Sheet:
    """One table as one format sees it. It gathers `errors` while it is read."""

    def __init__(self, table: Table, columns: Columns, settings: Settings) -> None:
        self.currency = settings.currency
        self._decimal = settings.decimal
        self.errors: list[RowError] = []
        self.characters = 0  # in all descriptions that were read so far
        self.marks = 0  # tags and line ends in them
        self._columns = columns
        self._header = table.header
        found_at = places(table.header, columns)
        self._index = {field: found[0] for field, found in found_at.items() if found}
        for field, found in found_at.items():
            if len(found) > 1:
                both = ", ".join(label(table.header, index) for index in found)
                text = later("%(columns)s mean the same; delete one of these columns.")
                self._note(table.line, field, text, {"columns": both})

    def has(self, field: str) -> bool:
        """Whether the file has a column for this field."""
        return field in self._index

    def require(self, line: int, *fields: str) -> bool:
        """Whether the header, at `line`, has what no file of this format can do without."""
        for field in fields:
            if field not in self._index:
                text = later(
                    "A file of this format has such a column, and this one does not; export the "
                    "products again."
                )
                self._note(line, field, text, {})
        return not self.errors

    def silent(self, **fields: Sequence[str]) -> frozenset[str]:
        """Of these parts of a listing, those for which the file has none of their columns."""
        return frozenset(
            part for part, columns in fields.items() if not any(map(self.has, columns))
        )

    def name_of(self, field: str) -> str:
        """What the file calls this field's column, or its usual name where there is none."""
        index = self._index.get(field)
        return self._columns[field][0] if index is None else label(self._header, index)

    def cell(self, row: Row, field: str) -> str:
        """What the file says, or "" where it has no such column."""
        index = self._index.get(field)
        return "" if index is None else plain_text(row.cells[index])

    def fault(self, row: Row, field: str, text: str, /, **values: object) -> None:
        """Note that this cell keeps the file from being imported; see RowError for the text."""
        self._note(row.line, field, text, values)

    def left_out(self, row: Row, field: str, title: str, text: str) -> LeftOut:
        """A remark that the product of this row is not imported, which is no fault."""
        return LeftOut(line=row.line, column=self.name_of(field), text=text, title=title)

    def line_of_text(self, row: Row, field: str, limit: int = MAX_NAME) -> str:
        """A cell as one checked line, without runs of spaces."""
        return self.checked(row, field, " ".join(self.cell(row, field).split()), limit)

    def checked(self, row: Row, field: str, text: str, limit: int) -> str:
        """Text taken from this cell, which must be no longer than `limit` characters."""
        if len(text) > limit:
            self.too_long(row, field, text, limit)
        if _CONTROL.search(text):
            self.fault(row, field, "This holds an invisible control character; type it afresh.")
        return text

    def too_long(self, row: Row, field: str, text: str, limit: int) -> None:
        """Note that this cell, or what was made of it, has more than `limit` characters."""
        self.fault(
            row,
            field,
            "This is %(count)s characters long; shorten it to %(most)s.",
            count=f"{len(text):,}",
            most=f"{limit:,}",
        )

    def price(self, row: Row, field: str, currency: str = "") -> int | None:
        """Minor units of `currency`, or of the file's; None where the cell is empty."""
        written = self.cell(row, field)
        if not written:
            return None
        try:
            return minor_units(written, currency or self.currency, self._decimal)
        except PriceError as error:
            if not self._decimal and _clear_with_a_sign(written, currency or self.currency):
                text = later(
                    "%(text)s could be read in two ways; say which sign marks the decimals in all "
                    "prices of the file, or write the price as in %(example)s."
                )
                self._note(row.line, field, text, error.values, choice="decimal")
            else:
                self.fault(row, field, error.text, **error.values)
            return None

    def whole(self, row: Row, field: str) -> int | None:
        """A whole number, perhaps below zero; None where the cell is empty."""
        text = self.cell(row, field)
        if not text:
            return None
        if not _WHOLE.fullmatch(text) or int(text) > MAX_WHOLE:
            self.fault(
                row, field, "This is not a whole number up to %(most)s.", most=f"{MAX_WHOLE:,}"
            )
            return None
        return int(text)

    def flag(self, row: Row, field: str) -> bool | None:
        """True or false; None where the cell is empty."""
        match self.cell(row, field).casefold():
            case "":
                return None
            case "true" | "1":
                return True
            case "false" | "0":
                return False
        self.fault(row, field, "Write true or false here.")
        return None

    def naming(self, rows: Sequence[Row], field: str) -> Row:
        """The row that fills a field of the product, for which its rows may not disagree."""
        filled = [row for row in rows if self.cell(row, field)]
        for row in filled[1:]:
            if self.cell(row, field) != self.cell(filled[0], field):
                self.fault(
                    row,
                    field,
                    "This differs from line %(line)s, which is of the same product. Make them "
                    "equal, or tell the products apart.",
                    line=filled[0].line,
                )
        return filled[0] if filled else rows[0]

    def _note(
        self,
        line: int,
        field: str,
        text: str,
        values: Mapping[str, object],
        choice: Literal["", "decimal"] = "",
    ) -> None:
        if len(self.errors) < MAX_FAULTS:
            column = self.name_of(field)
            self.errors.append(
                RowError(line=line, column=column, text=text, values=values, choice=choice)
            )


def _clear_with_a_sign(text: str, currency: str) -> bool:
    """Whether a price has one reading once its decimal sign is known."""
    for decimal in ".,":
        try:
            minor_units(text, currency, decimal)
        except PriceError:
            continue
        return True
    return False
