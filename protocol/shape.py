"""Reading typed values out of decoded maps.

Each function returns the value or raises Invalid `unreadable`, so that a kind's `read` is a list
of what its body holds. Unknown keys are ignored by design: newer programs may add some.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from protocol.errors import Invalid

Body = Mapping[str, Any]


def unreadable(key: str) -> Invalid:
    """The error for a body whose `key` has the wrong shape."""
    return Invalid("unreadable", f"{key} has the wrong shape")


def key32(body: Body, key: str) -> bytes:
    """Exactly 32 bytes: a key or an id."""
    value = body.get(key)
    if type(value) is not bytes or len(value) != 32:
        raise unreadable(key)
    return value


def maybe_key32(body: Body, key: str) -> bytes | None:
    """`key32`, or None when the key is absent or null."""
    value = body.get(key)
    if value is not None and (type(value) is not bytes or len(value) != 32):
        raise unreadable(key)
    return value


def signature(body: Body, key: str) -> bytes:
    """Exactly 64 bytes."""
    value = body.get(key)
    if type(value) is not bytes or len(value) != 64:
        raise unreadable(key)
    return value


def flag(body: Body, key: str) -> bool:
    """True or false."""
    value = body.get(key)
    if type(value) is not bool:
        raise unreadable(key)
    return value


def whole(body: Body, key: str, low: int = 0, high: int = 2**53) -> int:
    """An integer from `low` to `high`."""
    value = body.get(key)
    if type(value) is not int or not low <= value <= high:
        raise unreadable(key)
    return value


def maybe_whole(body: Body, key: str, low: int = 0, high: int = 2**53) -> int | None:
    """`whole`, or None when the key is absent or null."""
    value = body.get(key)
    if value is not None and (type(value) is not int or not low <= value <= high):
        raise unreadable(key)
    return value


def text(body: Body, key: str, limit: int, *, default: str | None = "") -> str:
    """Text of at most `limit` characters; `default` when absent (None: it must be there)."""
    value = body.get(key, default)
    if type(value) is not str or len(value) > limit:
        raise unreadable(key)
    return value


_NO_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def one_line(value: str) -> bool:
    """Whether a text has no line breaks, control characters, or marks that turn writing around.

    They are named one by one: what Unicode calls printable grows, and all programs must agree.
    """
    return _NO_LINE.search(value) is None


def texts(body: Body, key: str, count: int, limit: int) -> tuple[str, ...]:
    """At most `count` texts of at most `limit` characters each; none when absent."""
    value = body.get(key)
    if value is None:
        return ()
    if (
        type(value) is not list
        or len(value) > count
        or any(type(item) is not str or len(item) > limit for item in value)
    ):
        raise unreadable(key)
    return tuple(value)


def rows(body: Body, key: str, count: int) -> list[Any]:
    """A list of at most `count` items of any shape; empty when absent."""
    value = body.get(key)
    if value is None:
        return []
    if type(value) is not list or len(value) > count:
        raise unreadable(key)
    return value


def ids(value: object, count: int) -> tuple[bytes, ...]:
    """A list of 1 to `count` ids."""
    if (
        type(value) is not list
        or not 1 <= len(value) <= count
        or any(type(item) is not bytes or len(item) != 32 for item in value)
    ):
        raise unreadable("ids")
    return tuple(value)


def head(value: object) -> tuple[bytes, int, int, bytes]:
    """`[device, lane, seq, id]`: a place in a log. Seq 0 stands for an empty log."""
    if (
        type(value) is not list
        or len(value) != 4
        or type(value[0]) is not bytes
        or len(value[0]) != 32
        or type(value[1]) is not int
        or not 0 <= value[1] <= 2
        or type(value[2]) is not int
        or not 0 <= value[2] <= 2**53
        or type(value[3]) is not bytes
        or len(value[3]) != 32
    ):
        raise unreadable("head")
    return value[0], value[1], value[2], value[3]
