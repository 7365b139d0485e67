"""Charters one after the other, as far as their values go, for tests of what listings claim."""

from __future__ import annotations

from governance.certified import Version
from tests.protocol.people import h


def version(number: int, values: dict[str, str]) -> Version:
    """A charter with these values: id -> text. Version 1 is the founding one."""
    data = {"values": [{"id": id_, "text": said, "rationale": ""} for id_, said in values.items()]}
    return Version(
        number=number, height=number * 4 - 5, at=number, hash=h("charter", number), data=data
    )
