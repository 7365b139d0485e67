"""Reading small files in tests: rows of cells as CSV, and what came out."""

from __future__ import annotations

import csv
import io
from typing import Any

from node.importing.formats import read_file
from node.importing.model import Product, Reading


def written(*rows: dict[str, str], delimiter: str = ",") -> bytes:
    """Rows as a CSV file; the header has every column that some row names."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO(newline="")
    table = csv.DictWriter(out, columns, restval="", delimiter=delimiter)
    table.writeheader()
    table.writerows(rows)
    return out.getvalue().encode()


def read(*rows: dict[str, str], currency: str = "EUR", **choices: Any) -> Reading:
    """What the rows say, in the format that their columns show."""
    choices.setdefault("format", None)
    return read_file(written(*rows), currency=currency, **choices)


def only(reading: Reading) -> Product:
    """The one product of a file without faults."""
    assert reading.errors == ()
    (product,) = reading.products
    return product


def places(reading: Reading) -> list[tuple[int, str]]:
    """Where the faults are."""
    return [(error.line, error.column) for error in reading.errors]
