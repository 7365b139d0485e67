"""Cells that a spreadsheet would take for a formula, and how they are written so that it doesn't.

A text that begins with one of SIGNS gets an apostrophe before it, as WooCommerce writes it and as
spreadsheets themselves mark a text. Invariant: `plain_text(guarded(text)) == text` for every text,
since one that already begins with apostrophes before such a sign gets one more.

Source: OWASP, "CSV Injection".
"""

from __future__ import annotations

import re
from typing import Final

SIGNS: Final = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"  # the last four are their full-width forms

_TO_GUARD = re.compile(rf"'*[{re.escape(SIGNS)}]")
_GUARDED = re.compile(rf"'+[{re.escape(SIGNS)}]")


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return "'" + text if _TO_GUARD.match(text) else text


def plain_text(cell: str) -> str:
    """What a cell says, without the apostrophe that only guards it."""
    return cell[1:] if _GUARDED.match(cell) else cell
