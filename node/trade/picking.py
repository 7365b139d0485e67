"""Finding the one thing whose id begins with what somebody typed."""

from __future__ import annotations

from collections.abc import Callable, Collection

from protocol.errors import NotFound, Refused

SHORTEST = 8  # digits
_DIGITS = 64


def pick(
    text: str, between: Callable[[bytes, bytes], Collection[bytes]], reason: str, missing: str
) -> bytes:
    """The id that a prefix of 8 hex digits or more means.

    `between` gives ids from one to another, two of them if there are more. Raises NotFound
    (`reason`, with `missing` as the sentence, in which %(id)s is the text) or Refused `ambiguous`.
    """
    wanted = text.strip().lower()
    found: Collection[bytes] = ()
    if SHORTEST <= len(wanted) <= _DIGITS and not set(wanted) - set("0123456789abcdef"):
        low, high = (bytes.fromhex(wanted.ljust(_DIGITS, fill)) for fill in "0f")
        found = between(low, high)
    if not found:
        raise NotFound(reason, missing, id=text)
    if len(found) > 1:
        raise Refused("ambiguous", "Several ids begin with %(text)s: give more digits.", text=text)
    return next(iter(found))
