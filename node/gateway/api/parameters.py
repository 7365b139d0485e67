"""Parameters of the API: what each takes, how it is read, and how the document describes it.

One object does all three, so what is documented is what is accepted. A program that writes a
parameter wrongly is told so and gets nothing, since half of what it asked for would mislead it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.datastructures import QueryParams

from node.gateway.filters import clean, shorten
from node.gateway.visit import Problem
from node.gateway.words import Words

Schema = dict[str, Any]
Asked = Mapping[str, Any]  # values by parameter, as their `read` gave them; absent: not asked


class Wrong(Exception):
    """A value that a parameter does not take."""


class Parameter(Protocol):
    """A parameter in an address's query."""

    @property
    def name(self) -> str:
        """Its name in the address."""
        ...

    @property
    def says(self) -> str:
        """What it does, in one sentence of English that has a translation."""
        ...

    def schema(self) -> Schema:
        """What it takes, as JSON Schema."""
        ...

    def read(self, text: str) -> Any:
        """The value that `text` writes; Wrong if it is none."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """A whole number from `low` to `high`; `usual`, if there is one, when it is not given."""

    name: str
    says: str
    low: int
    high: int
    usual: int | None = None

    def schema(self) -> Schema:
        schema = {"type": "integer", "minimum": self.low, "maximum": self.high}
        return schema if self.usual is None else {**schema, "default": self.usual}

    def read(self, text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not self.low <= int(text) <= self.high:
            raise Wrong
        return int(text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """Free text of at most `longest` characters."""

    name: str
    says: str
    longest: int

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": self.longest}

    def read(self, text: str) -> str:
        if len(text) > self.longest:
            raise Wrong
        return clean(text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shaped:
    """Text of one shape, given as a regular expression that Python and JSON Schema both know."""

    name: str
    says: str
    shape: str

    def schema(self) -> Schema:
        return {"type": "string", "pattern": f"^{self.shape}$"}

    def read(self, text: str) -> str:
        if not re.fullmatch(self.shape, text):
            raise Wrong
        return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One of a few words."""

    name: str
    says: str
    choices: Sequence[str]

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.choices)}

    def read(self, text: str) -> str:
        if text not in self.choices:
            raise Wrong
        return text


def read_all(query: QueryParams, parameters: Sequence[Parameter], words: Words) -> Asked:
    """The values that an address gives; Problem 400 at the first that is wrong, unknown or double.

    What has a usual value and is not given has it.
    """
    t = words.gettext
    known = {parameter.name: parameter for parameter in parameters}
    seen: dict[str, Any] = {}
    for name, text in query.multi_items():
        parameter = known.get(name)
        if parameter is None:
            sentence = t('There is no parameter "%(given)s" here; the page /api lists those.')
            raise _problem(words, "unknown-parameter", sentence % {"given": _echo(name)})
        if name in seen:
            sentence = t('The parameter "%(name)s" is there twice; give it once.')
            raise _problem(words, "bad-parameter", sentence % {"name": name})
        try:
            seen[name] = parameter.read(text)
        except Wrong:
            sentence = t('"%(given)s" can\'t be "%(name)s"; the page /api says what can.')
            given = {"given": _echo(text), "name": name}
            raise _problem(words, "bad-parameter", sentence % given) from None
    usual = {p.name: p.usual for p in parameters if isinstance(p, Whole) and p.usual is not None}
    return {**usual, **seen}


def _echo(text: str) -> str:
    return shorten(clean(text[:1000]))


def _problem(words: Words, reason: str, text: str) -> Problem:
    return Problem(400, words.gettext("That can't be shown"), text, reason)
