"""`proposal`: a member puts a question to the community, with what a yes would do.

`kind` says which rule of the charter decides it, `effect` what happens after a passed vote (the
shapes are those of `governance.effects`). A proposal is a `gov` record: its text stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, one_line, rows, text, unreadable

MAX_TITLE = 120  # characters
MAX_TEXT = 8000
MAX_OPTIONS = 20
MAX_OPTION_TEXT = 200
OPTION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,23}")
STATUS_QUO = "status-quo"  # always an option, and never one of a proposal's own


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """The question, its effect, and the options (id, text) where it is not a yes or no."""

    kind: str
    title: str
    text: str
    effect: Mapping[str, Any]
    options: tuple[tuple[str, str], ...] = ()

    def body(self) -> dict[str, Plain]:
        """The record's body."""
        return {
            "kind": self.kind,
            "title": self.title,
            "text": self.text,
            "effect": dict(self.effect),
            "options": [list(option) for option in self.options],
        }


def read(data: Body) -> Proposal:
    """The proposal that `data` holds."""
    title = text(data, "title", MAX_TITLE, default=None)
    effect = data.get("effect")
    if not title.strip() or not one_line(title):
        raise unreadable("title")
    if not isinstance(effect, dict):
        raise unreadable("effect")
    return Proposal(
        kind=text(data, "kind", 40, default=None),
        title=title,
        text=text(data, "text", MAX_TEXT),
        effect=effect,
        options=read_options(rows(data, "options", MAX_OPTIONS)),
    )


def read_options(items: list[Any]) -> tuple[tuple[str, str], ...]:
    """A checked list of `[id, text]`: ids of their own, none of them the status quo."""
    options: dict[str, str] = {}
    for item in items:
        if type(item) is not list or len(item) != 2 or any(type(part) is not str for part in item):
            raise unreadable("options")
        name, said = item
        if not OPTION_ID.fullmatch(name) or name == STATUS_QUO or name in options:
            raise unreadable("options")
        if len(said) > MAX_OPTION_TEXT or not one_line(said):
            raise unreadable("options")
        options[name] = said
    return tuple(options.items())


KIND = Kind(name="proposal", lane=GOV, erasable=False, read=read)
