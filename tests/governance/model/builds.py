"""The machine under test: the real modules, or copies of them with one rule broken.

A mutant is the source text with pieces replaced, so that nothing in the program has to know of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from unittest.mock import patch

CERTIFICATES = "protocol.certificates"
MESSAGES = "protocol.teller_messages"
AGREEMENT = "governance.agreement"
_IN_ORDER = (CERTIFICATES, MESSAGES, AGREEMENT)  # each imports the ones before


class Edit(NamedTuple):
    """In the source of `module`, `old` becomes `new`; it must be there exactly once."""

    module: str
    old: str
    new: str


class Build(NamedTuple):
    """The three modules that tellers run. `forgets`: what is lost in a restart, "words" or
    "patience"; nothing, if the node around the machine does its part.
    """

    certificates: Any
    messages: Any
    agreement: Any
    forgets: str = ""


REAL = Build(*map(import_module, _IN_ORDER))


def build(edits: Sequence[Edit], forgets: str = "") -> Build:
    """The modules with these edits; AssertionError if one doesn't fit the source any more."""
    made: dict[str, ModuleType] = {}
    with patch.dict(sys.modules):
        for name in _IN_ORDER:
            made[name] = sys.modules[name] = _copy(name, [e for e in edits if e.module == name])
    return Build(*made.values(), forgets=forgets)


def _copy(name: str, edits: Iterable[Edit]) -> ModuleType:
    path = Path(str(import_module(name).__file__))
    source = path.read_text("utf-8")
    for edit in edits:
        found = source.count(edit.old)
        assert found == 1, f"{edit.old!r} is {found} times in {name}; mend the list of mutants"
        source = source.replace(edit.old, edit.new)
    module = ModuleType(name)
    module.__file__ = str(path)
    exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - our own source
    return module
