"""`erase`: an author takes back the bodies of records of their own, from any of their devices.

From then on every view ignores those bodies; then they are deleted with their salts. The headers
stay, so the chain stays verifiable. The record is in `gov` so that it arrives before the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import GOV
from protocol.shape import Body, ids

MAX_IDS = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class Erase:
    """The ids of the records whose bodies go."""

    records: tuple[bytes, ...]


def body(records: Sequence[bytes]) -> dict[str, Plain]:
    """The body that erases `records` (1 to 256 ids)."""
    return {"records": list(records)}


def read(data: Body) -> Erase:
    """The erasure that `data` holds."""
    return Erase(records=ids(data.get("records"), MAX_IDS))


KIND = Kind(name="erase", lane=GOV, erasable=False, read=read)
