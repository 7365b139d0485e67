"""What every kind of record declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of record.

    `read` takes the decoded body and returns the kind's dataclass, or raises Invalid
    `unreadable`; it must accept and ignore unknown keys. `erasable` bodies may be erased by
    their author; nothing in the `gov` lane is. `cited`: others show the record by itself, so it is
    always written with a signature of its own.
    """

    name: str
    lane: int
    erasable: bool
    read: Callable[[Mapping[str, Any]], Any]
    cited: bool = False
