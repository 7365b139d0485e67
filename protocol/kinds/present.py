"""`present`: one of several tellers is still there, after days in which there was nothing to say.

Without it nobody could tell a quiet community from a teller who is gone.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """Nothing but that it was written."""


def body() -> dict[str, Plain]:
    """The record's body, which is empty."""
    return {}


def read(data: Body) -> Present:
    """Whatever `data` holds."""
    return Present()


KIND = Kind(name="present", lane=GOV, erasable=False, read=read)
