"""What people type into fields, read as values: prices, days, tags."""

from __future__ import annotations

import datetime
import re

from node.importing.prices import decimals, minor_units


def amount(text: str, currency: str) -> int:
    """A price in minor units, as `minor_units` reads it, or with a comma before the decimals.

    PriceError when it is no price, or could be two.
    """
    return minor_units(pointed(text, currency), currency)


def pointed(text: str, currency: str) -> str:
    """An amount with a comma before its decimals, with a point there; all else as it is."""
    places = decimals(currency)
    whole, comma, rest = text.strip().partition(",")
    if comma and places != 3 and len(rest) == places and "." not in whole:
        return f"{whole}.{rest}"
    return text


def day_ms(text: str) -> int | None:
    """The beginning of a day written as 2027-01-31, in UTC; None when it is no day since 1970."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    days = (day - datetime.date(1970, 1, 1)).days
    return days * 86_400_000 if days >= 0 else None


def day_text(milliseconds: int | None) -> str:
    """The day, in UTC, as a date field holds it; empty for none and for what no calendar has."""
    last = (datetime.date.max - datetime.date(1970, 1, 1)).days
    if milliseconds is None or milliseconds // 86_400_000 > last:
        return ""
    day = datetime.date(1970, 1, 1) + datetime.timedelta(days=milliseconds // 86_400_000)
    return day.isoformat()


def split_tags(text: str) -> tuple[str, ...]:
    """Words with commas between, each once."""
    return tuple(dict.fromkeys(tag for tag in map(str.strip, text.split(",")) if tag))
