"""Reading the fields of a certificate's decision: whatever is not in shape can't be carried out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from protocol.errors import Invalid
from protocol.kinds.ballot import MAX_CHOICE

LATEST = 2**53  # seconds, far beyond any clock


def bad(why: str) -> Invalid:
    """The error for a decision that says `why` and can't be carried out."""
    return Invalid("bad-certificate", f"a decision that can't be carried out: {why}")


def key32(value: object) -> bytes:
    """A key or id."""
    if type(value) is not bytes or len(value) != 32:
        raise bad("a key or id of the wrong length")
    return value


def id_in(decision: Mapping[str, Any], key: str) -> bytes:
    """The key or id at `key`."""
    return key32(decision.get(key))


def time_in(decision: Mapping[str, Any]) -> int:
    """The time it claims, in seconds since 1970."""
    at = decision.get("at")
    if type(at) is not int or not 0 <= at <= LATEST:
        raise bad("a time that can't be")
    return at


def word_in(decision: Mapping[str, Any], key: str) -> str:
    """A short word."""
    value = decision.get(key)
    if type(value) is not str or len(value) > 40:
        raise bad(f"{key} is not a word")
    return value


def map_in(decision: Mapping[str, Any], key: str) -> dict[str, Any]:
    """A map."""
    value = decision.get(key)
    if not isinstance(value, dict):
        raise bad(f"{key} is not a map")
    return value


def options_in(decision: Mapping[str, Any]) -> list[Any]:
    """The options of a vote."""
    value = decision.get("options")
    if type(value) is not list or len(value) > MAX_CHOICE:
        raise bad("options have the wrong shape")
    return value
