"""What a check gets to see, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from node.home import Home
from protocol.errors import MoothallError

GOOD, WARNING, BAD = "good", "warning", "bad"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One line: how it is, and what to do about it, which is empty where nothing has to be done."""

    check: str
    state: str  # GOOD, WARNING (works, could be better) or BAD (does not work, or soon will not)
    message: str
    todo: str = ""

    def plain(self) -> dict[str, str]:
        """As JSON has it."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What is known before the first check."""

    path: Path  # the home's folder
    home: Home | None  # None when its store can't be opened
    trouble: MoothallError | None  # why it can't
    running: bool  # whether a node holds the home's lock
    network: Mapping[str, Any] | None  # what the running node says, as `control.links`
    now_ms: int  # this machine's clock
    free: int  # bytes left on the disk that holds the home


def good(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check=check, state=GOOD, message=message)


def warning(check: str, message: str, todo: str) -> Finding:
    """It works, and could be better."""
    return Finding(check=check, state=WARNING, message=message, todo=todo)


def bad(check: str, message: str, todo: str) -> Finding:
    """It does not work, or soon will not."""
    return Finding(check=check, state=BAD, message=message, todo=todo)
