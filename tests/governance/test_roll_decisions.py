"""Decisions that can't be carried out, whoever signed them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.folding import step
from protocol.errors import Invalid
from protocol.kinds.invite import MAX_SLOTS
from tests.governance.chain import (
    EVA_LINE,
    LEAVES,
    VILLAGE,
    admitted,
    next_one,
    refusal,
    refused,
    slot,
)
from tests.protocol.people import ANA, BEN, DAN, EVA, h
from tests.protocol.strategies import damaged, plain


def changed(at: int, value: Any) -> dict[str, Any]:
    return {"admit": [[*EVA_LINE[:at], value, *EVA_LINE[at + 1 :]]]}


BAD: dict[str, Any] = {
    "nothing": {},
    "an unknown part": {"admit": [EVA_LINE], "promote": []},
    "a part that is no list": {"admit": {}},
    "a part that is nothing": {"admit": None},
    "a line that is no list": {"admit": ["eva"]},
    "a line too short": {"admit": [EVA_LINE[:-1]]},
    "a person of 31 bytes": changed(0, bytes(31)),
    "a person of text": changed(0, "e" * 32),
    "a person that is a list": changed(0, []),
    "a device of 33 bytes": changed(1, bytes(33)),
    "an inviter of text": changed(2, "b" * 32),
    "an inviter that is a list": changed(2, []),
    "an inviter who is nobody": changed(2, h("nobody")),
    "an inviter whose slot it is not": changed(2, ANA.person.public),
    "no inviter": changed(2, None),
    "no slot": changed(3, None),
    "a slot of two": changed(3, [BEN.device.public, 0]),
    "a slot number that is true": changed(3, [BEN.device.public, True, 0]),
    "a slot number below none": changed(3, [BEN.device.public, -1, 0]),
    "a slot number too high": changed(3, [BEN.device.public, MAX_SLOTS, 0]),
    "a round that is false": changed(3, [BEN.device.public, 0, False]),
    "a round to come": changed(3, [BEN.device.public, 0, 1]),
    "a round that is over": changed(3, [ANA.device.public, 0, 0]),
    "a slot on a device of text": changed(3, ["b" * 32, 0, 0]),
    "a slot on an unknown device": changed(3, [h("unknown"), 0, 0]),
    "a record of 31 bytes": changed(4, bytes(31)),
    "a member again": changed(0, BEN.person.public),
    "a device of a member's": changed(1, BEN.device.public),
    "one slot twice": {"admit": [EVA_LINE, admitted(DAN, BEN, 0)]},
    "one person twice": {"admit": [EVA_LINE, admitted(EVA, BEN, 1)]},
    "an invitation by somebody this certificate admits": {
        "admit": [EVA_LINE, admitted(DAN, EVA, 0)]
    },
    "a device for nobody": {"enrol": [[EVA.person.public, h("phone"), h("enrol")]]},
    "a device that is enrolled": {"enrol": [[BEN.person.public, ANA.device.public, h("enrol")]]},
    "a device enrolled twice": {"enrol": [[BEN.person.public, h("phone"), h("enrol")]] * 2},
    "a device of text": {"enrol": [[BEN.person.public, "phone", h("enrol")]]},
    "an enrolment without a record": {"enrol": [[BEN.person.public, h("phone"), None]]},
    "a slot expired twice": {"expire": [list(slot(BEN, 0))] * 2},
    "a slot of an unknown device expired": {"expire": [[h("unknown"), 0, 0]]},
    "a slot expired in a round to come": {"expire": [list(slot(BEN, 0, 1))]},
    "a slot used and expired": {"admit": [EVA_LINE], "expire": [list(slot(BEN, 0))]},
    "nobody leaves": {"leave": [[EVA.person.public, h("leave"), []]]},
    "somebody leaves twice": {"leave": LEAVES["leave"] * 2},
    "a leave with heads of nothing": {"leave": [[BEN.person.public, h("leave"), None]]},
    "a leave with a head of text": {"leave": [[BEN.person.public, h("leave"), ["head"]]]},
    "a leave with too many heads": {
        "leave": [[BEN.person.public, h("leave"), [[BEN.device.public, 1, 1, h(1)]] * 65]]
    },
    "a leave with a head in no lane": {
        "leave": [[BEN.person.public, h("leave"), [[BEN.device.public, 3, 1, h(1)]]]]
    },
    "a leave without a record": {"leave": [[BEN.person.public, None, []]]},
    "an unknown device retires": {"retire": [[EVA.device.public, []]]},
    "a device of text retires": {"retire": [["phone", []]]},
    "a device that is a list retires": {"retire": [[[], []]]},
}


@pytest.mark.parametrize("what", BAD)
def test_it_cannot_be_carried_out(what: str) -> None:
    assert refused(BAD[what])
    assert refusal(VILLAGE, next_one(VILLAGE, BAD[what]))


GOOD: dict[str, Any] = {
    "admit": [EVA_LINE],
    "enrol": [[BEN.person.public, h("phone"), h("enrol")]],
    "expire": [list(slot(BEN, 1))],
    "leave": [[BEN.person.public, h("leave"), [[BEN.device.public, 1, 4, h("last")]]]],
    "retire": [[ANA.device.public, []]],
}


@settings(max_examples=300, deadline=None, database=None)
@given(st.one_of(damaged(GOOD), plain))
def test_a_damaged_decision_is_carried_out_or_refused(decision: Any) -> None:
    if not isinstance(decision, dict):
        return
    try:
        roll = step(VILLAGE, "roll", decision).roll
    except Invalid:
        return
    assert len(roll.root()) == 32
