"""Reading plain data from strangers: every value knows the path that leads to it.

A reader either returns a value of exactly the asked type within the asked range, or raises
`Refused("bad-charter")` with one sentence: the path, what is wrong, what is allowed; sentence and
values stay apart, so that it can be said in another language. Nothing here
recurses over the input or prints an unbounded part of it, so size and depth of the input are
harmless. Nothing here knows what a charter is about.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, NamedTuple, NoReturn

from protocol.errors import Refused, Term

TEN_YEARS = 10 * 365 * 86_400  # seconds, the longest duration a charter may name
ALL_BPS = 10_000  # basis points in a whole
MAX_DENOMINATOR = 10_000
MAX_MONEY = 10**12  # minor units

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
_SHOWN = 40  # characters of a stranger's text repeated in an error


class Share(NamedTuple):
    """`num / den` of a whole, kept as written (2/4 is not shortened, the hash depends on it)."""

    num: int
    den: int


class Threshold(NamedTuple):
    """What the share of yes among yes and no must exceed ("more") or reach ("at_least")."""

    num: int
    den: int
    compare: Literal["more", "at_least"]


def shown(value: object) -> str:
    """A short, printable description of any value, for an error message."""
    if value is None:
        return Term("empty")
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value) if abs(value) <= 10**15 else Term("a very large number")
    if type(value) is str:
        start = "".join(c if c.isprintable() else "?" for c in value[:_SHOWN])
        return f'"{start}"' if len(value) <= _SHOWN else f'"{start}..."'
    names = {
        dict: Term("a map"),
        list: Term("a list"),
        float: Term("a number with a point"),
        bytes: Term("bytes"),
    }
    return names.get(type(value), Term("of a type unknown here"))


@dataclass(frozen=True, slots=True)
class At:
    """A value and the path that leads to it; the root has an empty path.

    Every method raises `Refused("bad-charter")` when the value is not what was asked for.
    """

    path: str
    value: object

    def refuse(self, text: str, /, **values: object) -> NoReturn:
        """Raise the refusal: `text` says where (`%(path)s`), what is wrong, and what is allowed."""
        raise Refused("bad-charter", text, path=self.path or Term("charter"), **values)

    def under(self, key: str, value: object = None) -> At:
        """What a map holds under `key`."""
        step = key if _PLAIN_KEY.fullmatch(key) else shown(key)
        return At(f"{self.path}.{step}" if self.path else step, value)

    def entries(self, most: int | None = None) -> dict[str, At]:
        """The entries of a map with text keys, sorted by key, at most `most` if that is given."""
        if type(self.value) is not dict:
            self.refuse("%(path)s is %(value)s; a map is allowed.", value=shown(self.value))
        if most is not None and len(self.value) > most:
            self.refuse(
                "%(path)s has %(count)s entries; at most %(most)s are allowed.",
                count=len(self.value),
                most=most,
            )
        for key in self.value:
            if type(key) is not str:
                self.refuse(
                    "%(path)s has a key that is %(key)s; only texts are allowed as keys.",
                    key=shown(key),
                )
        return {key: self.under(key, self.value[key]) for key in sorted(self.value)}

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, At]:
        """The entries of a map that has all `required` keys and no others than `optional` ones."""
        found = self.entries()
        for key, entry in found.items():
            if key not in required and key not in optional:
                entry.refuse(
                    "%(path)s is not a known key; one of %(words)s is allowed.",
                    words=", ".join([*required, *optional]),
                )
        for key in required:
            if key not in found:
                self.under(key).refuse("%(path)s is missing; every charter has this key.")
        return found

    def items(self, least: int, most: int) -> list[At]:
        """The items of a list with `least` to `most` of them; their paths count from 0."""
        if type(self.value) is not list:
            self.refuse("%(path)s is %(value)s; a list is allowed.", value=shown(self.value))
        count = len(self.value)
        if not least <= count <= most and least == most:
            self.refuse(
                "%(path)s has %(count)s items; a list of %(most)s items is allowed.",
                count=count,
                most=most,
            )
        if not least <= count <= most:
            self.refuse(
                "%(path)s has %(count)s items; a list of %(least)s to %(most)s items is allowed.",
                count=count,
                least=least,
                most=most,
            )
        return [At(f"{self.path}[{i}]", item) for i, item in enumerate(self.value)]

    def whole(self, low: int, high: int) -> int:
        """An integer from `low` to `high`; true and false are not integers."""
        if type(self.value) is not int or not low <= self.value <= high:
            self.refuse(
                "%(path)s is %(value)s; a whole number from %(low)s to %(high)s is allowed.",
                value=shown(self.value),
                low=low,
                high=high,
            )
        return self.value

    def seconds(self, least: int = 0) -> int:
        """A duration in seconds, at most ten years."""
        if type(self.value) is not int or not least <= self.value <= TEN_YEARS:
            self.refuse(
                "%(path)s is %(value)s; whole seconds from %(low)s to %(high)s (ten years) are "
                "allowed.",
                value=shown(self.value),
                low=least,
                high=TEN_YEARS,
            )
        return self.value

    def bps(self) -> int:
        """A share in basis points, 0 to 10,000."""
        return self.whole(0, ALL_BPS)

    def money(self) -> int:
        """An amount in minor units, never negative."""
        return self.whole(0, MAX_MONEY)

    def flag(self) -> bool:
        """True or false."""
        if type(self.value) is not bool:
            self.refuse("%(path)s is %(value)s; true or false is allowed.", value=shown(self.value))
        return self.value

    def word(self, known: Collection[str]) -> str:
        """One of the `known` words."""
        if type(self.value) is not str or self.value not in known:
            self.refuse(
                "%(path)s is %(value)s; one of %(words)s is allowed.",
                value=shown(self.value),
                words=", ".join(known),
            )
        return self.value

    def shaped(self, pattern: re.Pattern[str], refusal: Term) -> str:
        """A text that matches `pattern` as a whole; `refusal` has `%(path)s` and `%(value)s`."""
        if type(self.value) is not str or pattern.fullmatch(self.value) is None:
            self.refuse(refusal, value=shown(self.value))
        return self.value

    def text(self, least: int, most: int, *, lines: bool = False) -> str:
        """A text of `least` to `most` characters, at least one of them visible if least > 0.

        Control characters and halves of surrogate pairs are refused; with `lines`, line feeds
        and tabs are fine.
        """
        if type(self.value) is not str:
            self.refuse("%(path)s is %(value)s; a text is allowed.", value=shown(self.value))
        if not least <= len(self.value) <= most:
            self.refuse(
                "%(path)s has %(count)s characters; %(least)s to %(most)s of them are allowed.",
                count=len(self.value),
                least=least,
                most=most,
            )
        if least and not self.value.strip():
            self.refuse("%(path)s is blank; a text with something to read is allowed.")
        for char in self.value:
            code = ord(char)
            if (code < 0x20 or 0x7F <= code <= 0x9F) and not (lines and char in "\n\t"):
                self.refuse(
                    "%(path)s holds the control character %(character)s; only readable text is "
                    "allowed.",
                    character=f"U+{code:04X}",
                )
            if 0xD800 <= code <= 0xDFFF:
                self.refuse(
                    "%(path)s holds half a character; only whole Unicode characters are allowed."
                )
        return self.value

    def share(self) -> Share:
        """A pair [num, den] with 0 <= num <= den and 1 <= den <= 10,000."""
        num, den = self.items(2, 2)
        return Share(*_fraction(num, den))

    def threshold(self) -> Threshold:
        """A triple [num, den, "more" or "at_least"] that some vote can meet.

        More than everyone can never be met, so "more" needs num < den.
        """
        num, den, compare = self.items(3, 3)
        top, whole = _fraction(num, den)
        if compare.word(("more", "at_least")) == "at_least":
            return Threshold(top, whole, "at_least")
        if top == whole:
            self.refuse(
                "%(path)s asks for more than everyone, which no vote can reach; fewer than "
                '%(whole)s/%(whole)s, or "at_least", is allowed.',
                whole=whole,
            )
        return Threshold(top, whole, "more")


def _fraction(num: At, den: At) -> tuple[int, int]:
    whole = den.whole(1, MAX_DENOMINATOR)
    return num.whole(0, whole), whole
