"""Toy stores, and somebody in the middle of a conversation, for the tests of sync."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from protocol.evidence import spare
from protocol.kinds import erase
from protocol.messages import Hello
from protocol.records import ZERO, Record
from protocol.sync import Asker
from tests.protocol.people import BEN, COMMUNITY, gov, h
from tests.protocol.toy import Toy


def toy(*logs: Sequence[Record]) -> Toy:
    return Toy(COMMUNITY, *logs)


def spared(count: int) -> dict[bytes, bytes]:
    log = gov(BEN)
    made = [spare(log.add("erase", erase.body([h(n)]))) for n in range(count)]
    return {found.id: found.raw for found in made}


def hello(**other: Any) -> Hello:
    return Hello(COMMUNITY[:8], -1, ZERO, bytes(16), bytes(16))._replace(**other)


def asking(mine: Toy, **other: Any) -> Asker:
    """Somebody who has just asked a peer whose hello differs so."""
    asker = Asker(mine)
    assert asker.begin(mine.hello(), mine.hello()._replace(**other))
    return asker
