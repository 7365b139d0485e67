"""A village with Ana as its one teller, and the certificates she makes."""

from __future__ import annotations

from typing import Any

import pytest

from governance.certified import Certified, beginning
from governance.folding import fold, step
from governance.roll import admit
from protocol.certificates import Certificate
from protocol.errors import Invalid
from protocol.kinds.found import Found
from tests.protocol.people import ANA, BEN, COMMUNITY, EVA, certificate, h
from tests.protocol.people import Person as Somebody

CHARTER = h("charter")
FOUND = Found(person=ANA.person.public, proof=bytes(64), charter={})
START = beginning(COMMUNITY, ANA.device.public, FOUND, CHARTER)
FOUNDING = {"admit": [admit(ANA.person.public, ANA.device.public, None, None, COMMUNITY)]}


def slot(who: Somebody, number: int, round_: int = 0) -> tuple[bytes, int, int]:
    return who.device.public, number, round_


def admitted(who: Somebody, by: Somebody, number: int, round_: int = 0) -> list[Any]:
    """The line that admits `who` on a slot of `by`'s."""
    return admit(
        who.person.public,
        who.device.public,
        by.person.public,
        slot(by, number, round_),
        h("join", who),
    )


def next_one(state: Certified, decision: dict[str, Any], **other: Any) -> Certificate:
    """The certificate that Ana makes of a decision; `other` is what she gets wrong."""
    try:
        root = step(state, "roll", decision).roll.root()
    except Invalid:
        root = bytes(32)
    fields: dict[str, Any] = {
        "height": state.height + 1,
        "prev": state.id,
        "decision": decision,
        "charter_hash": state.charter_hash,
        "roll_root": root,
    }
    return certificate(other.pop("signers", [(0, ANA)]), **(fields | other))


def after(state: Certified, *decisions: dict[str, Any]) -> Certified:
    for decision in decisions:
        state = fold(state, next_one(state, decision))
    return state


def refusal(state: Certified, found: Certificate) -> str:
    with pytest.raises(Invalid) as caught:
        fold(state, found)
    return caught.value.reason


def refused(decision: Any, state: Certified | None = None) -> str:
    """What a program says to whom can't carry this out."""
    with pytest.raises(Invalid) as caught:
        step(VILLAGE if state is None else state, "roll", decision)
    return str(caught.value)


VILLAGE = after(START, FOUNDING, {"admit": [admitted(BEN, ANA, 0)]})
LEAVES: dict[str, Any] = {"leave": [[BEN.person.public, h("leave"), []]]}
EVA_LINE = admitted(EVA, BEN, 0)
