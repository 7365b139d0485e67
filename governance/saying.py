"""Sentences that the rules say about what they did, kept apart from their values.

Whoever shows one may put `text` into another language before the values stand in, as with errors
(`spoken`). Quantities are values of their own, since each language writes them in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from protocol.errors import Term

_SPANS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


class Said(NamedTuple):
    """A sentence: `text` with `%(name)s` places, and `values` for them.

    A value is a number, a text from outside, a `Term`, a quantity, or a piece that is `Said`.
    """

    text: str
    values: Mapping[str, object]

    def __str__(self) -> str:
        return self.text % self.values if self.values else self.text


def said(text: str, **values: object) -> Said:
    """The sentence `text` with these values."""
    return Said(text, values)


class Amount(NamedTuple):
    """Money in minor units; where they end is for whoever shows it to know."""

    amount: int
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} minor units of {self.currency}"


class Percent(NamedTuple):
    """A share in basis points: "5%", "8.75%"."""

    bps: int

    def __str__(self) -> str:
        whole, rest = divmod(self.bps, 100)
        return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


class Span(NamedTuple):
    """A duration: "14 days", "90 minutes", "no time"."""

    seconds: int

    @property
    def in_units(self) -> tuple[int, str]:
        """How many of the largest unit that fits exactly, and which: `(90, "minute")`."""
        length, unit = next(span for span in _SPANS if self.seconds % span[0] == 0)
        return self.seconds // length, unit

    def __str__(self) -> str:
        number, unit = self.in_units
        return f"{number} {unit}{'s' * (number != 1)}" if number else "no time"


def spoken(
    what: Said, translate: Callable[[str], str] = str, shown: Callable[[object], str] = str
) -> str:
    """A sentence as a reader wants it.

    `translate` finds the text of a sentence, a piece of one or a `Term` in the reader's language;
    `shown` writes every other value, the quantities above among them.
    """
    values: dict[str, str] = {}
    for name, value in what.values.items():
        if isinstance(value, Said):
            values[name] = spoken(value, translate, shown)
        elif isinstance(value, Term):
            values[name] = translate(value)
        else:
            values[name] = shown(value)
    text = translate(what.text)
    return text % values if values else text
