"""What every kind of letter declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def of_no_order(_said: Any) -> None:
    """For letters that belong to no order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterKind:
    """A kind of letter.

    `read` takes the decoded body and returns the kind's dataclass, or raises Invalid
    `unreadable`; unknown keys are ignored. `order` names the order that a letter belongs to.
    `may_be_shared`: whether its key may be handed to another person who is party to the order.
    """

    name: str
    read: Callable[[Mapping[str, Any]], Any]
    order: Callable[[Any], bytes | None] = of_no_order
    may_be_shared: bool = False
