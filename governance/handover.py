"""Seats that change hands without a vote, where there are several tellers.

Both decisions are signed by a quorum of the tellers, as every other, and void nothing:

- `tellers`, without a proposal: the first alternate who can takes a seat. Its teller is `gone` (no
  member any more, or without the device), has `resigned` by a record that is cited, was `silent`
  for long, or is proved to have said two things at once (`double`).
- `move-seat`: a teller goes on with another device of their own, as a record that is cited asks.

Only `gone` follows from the chain. For the rest the tellers judge by what each of them holds and
has heard (`node.tellership.handover`), and their quorum is what others have to go by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from governance import assembly, seats
from governance.certified import Certified
from governance.decision import LATEST, bad, key32
from governance.roll import MEMBER, after_roll, citing
from governance.seats import MOVE
from governance.tellers import is_able, successors
from protocol.certificates import Seat
from protocol.codec import Plain
from protocol.kinds.leave import Head

TELLERS: Final = "tellers"
GONE, RESIGNED, SILENT, DOUBLE = "gone", "resigned", "silent", "double"
WHY = (GONE, RESIGNED, SILENT, DOUBLE)
_STEP_IN = {"seat", "why", "record", "at"}
_MOVE = {"seat", "device", "record", "retire"}


def is_ours(kind: str, decision: Mapping[str, Any]) -> bool:
    """Whether a decision hands a seat over without a vote, where there are several tellers."""
    return (kind == TELLERS and "proposal" not in decision) or (
        kind == MOVE and "attempt" not in decision
    )


def check(state: Certified, kind: str, decision: Mapping[str, Any]) -> None:
    """Invalid unless this handover can be carried out in this state; the records are not asked."""
    if not is_ours(kind, decision):
        raise bad("hands over no seat")
    STEPS[kind](state, decision, b"")


def stepping_in(seat: int, why: str, record: bytes | None, at: int) -> dict[str, Plain]:
    """The decision by which the first able alternate takes this seat."""
    return {"seat": seat, "why": why, "record": record, "at": at}


def moving(seat: int, device: bytes, record: bytes, heads: Iterable[Head]) -> dict[str, Plain]:
    """The decision that moves this seat to `device`, as `record` asks.

    `heads`: (device, lane, seq, id) where each log of the device it leaves is to end.
    """
    return {
        "seat": seat,
        "device": device,
        "record": record,
        "retire": [list(head) for head in heads],
    }


def _tellers(state: Certified, decision: Mapping[str, Any], id_: bytes) -> Certified:
    if "proposal" in decision:
        return assembly.STEPS[TELLERS](state, decision, id_)
    return _step_in(state, decision)


def _step_in(state: Certified, decision: Mapping[str, Any]) -> Certified:
    at = _seat(state, decision, _STEP_IN)
    why, record, time = decision["why"], decision["record"], decision["at"]
    if why not in WHY or (why == GONE) == is_able(state, state.tellers[at]):
        raise bad("replaces a teller for no reason")
    if (record is not None) != (why == RESIGNED):
        raise bad("replaces a teller on another record than there is")
    if type(time) is not int or not 0 <= time <= LATEST:
        raise bad("a time that can't be")
    if record is not None:
        state = replace(state, roll=citing(state.roll, key32(record)))
    able = successors(state)
    if not able:
        raise bad("replaces a teller by nobody")
    tellers = _with(state.tellers, at, able[0])
    officers = dict(state.officers)
    if (held := officers.get("teller")) is not None:
        officers["teller"] = replace(held, persons=tuple(seat.person for seat in tellers))
    passed = state.alternates.index(able[0].person) + 1
    return replace(state, tellers=tellers, officers=officers, alternates=state.alternates[passed:])


def _move_seat(state: Certified, decision: Mapping[str, Any], id_: bytes) -> Certified:
    if len(state.tellers) == 1:
        return seats.move_seat(state, decision, id_)
    at = _seat(state, decision, _MOVE)
    seat, device = state.tellers[at], key32(decision["device"])
    owner = state.roll.persons.get(seat.person)
    if (
        owner is None
        or owner.standing != MEMBER
        or device not in owner.devices
        or state.roll.is_cut(device)
        or any(device == other.device for other in state.tellers)
    ):
        raise bad("moves a seat that can't be moved there")
    roll = after_roll(
        state.roll,
        {"retire": [[seat.device, decision["retire"]]]},
        height=state.height + 1,
        community=state.community,
        founder=seat,
    )
    return replace(
        state,
        roll=citing(roll, key32(decision["record"])),
        tellers=_with(state.tellers, at, Seat(seat.person, device)),
    )


STEPS = {TELLERS: _tellers, MOVE: _move_seat}


def _with(tellers: tuple[Seat, ...], at: int, seat: Seat) -> tuple[Seat, ...]:
    return (*tellers[:at], seat, *tellers[at + 1 :])


def _seat(state: Certified, decision: Mapping[str, Any], keys: set[str]) -> int:
    """The seat that a decision with exactly these keys is about."""
    at = decision.get("seat")
    if set(decision) != keys or type(at) is not int or not 0 <= at < len(state.tellers):
        raise bad("about a seat that there is not")
    if len(state.tellers) == 1:
        raise bad("hands the only seat over without a vote")
    return at
