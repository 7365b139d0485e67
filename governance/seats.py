"""The teller's seat: how it moves to another device of its person, and which chain stands then.

A `move-seat` is signed by the person key of the one teller, a `recall` by those of many members.
Both name their `prev`: what tellers certified above that is void. So two chains may meet that
differ above a height they share, and every node must come to the same one, whatever it saw first:

- the chain with the recall of the highest attempt stands, and of one attempt the recall that voids
  less;
- else a chain that elected other tellers (`tellers`) stands against any move beside it;
- else the highest attempt of a move stands, and of one attempt the move that voids less;
- two recalls, or two moves, of one attempt and one `prev` halt the height until a higher attempt.

Where a quorum of the tellers signed two certificates on one `prev`, an election above it decides
nothing either: what they certify is worth nothing then, until persons sign.

Nothing else chooses between chains: neither length, nor hashes, nor time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from governance.certified import Certified
from governance.decision import bad
from governance.recall import RECALL
from governance.roll import MEMBER, after_roll, citing
from protocol.certificates import Certificate, Seat
from protocol.codec import Plain
from protocol.kinds.leave import Head

MOVE = "move-seat"
ELECTS = "tellers"  # never voided by a move
RANKED = (MOVE, ELECTS, RECALL)  # kinds that may make another chain stand
MAX_ATTEMPT = 2**31
MOST_LOST = 8  # certificates that a move makes void for a node without its owner's word
_KEYS = {"seat", "device", "record", "attempt", "retire"}


class Weight(NamedTuple):
    """What a chain has above a height that it shares with another; the greater one stands.

    Equal weights: the same recall or move, or none, in both; or two that halt the height. After a
    recall all else is nothing.
    """

    recall: int  # attempt of its last recall; 0 for none
    recalled: int  # height of that recall; -1 for none
    settled: bool  # other tellers were elected there
    attempt: int  # of its last move before that; negative when settled, since a move never voids it
    height: int  # of that move; -1 for none

    @property
    def by_persons(self) -> bool:
        """Whether persons signed that it stands, and not only tellers."""
        return self.recall > 0 or self.attempt > 0


def moving(device: bytes, record: bytes, attempt: int, heads: Iterable[Head]) -> dict[str, Plain]:
    """The decision that moves the one seat to `device`, which `record` enrols.

    `heads`: (device, lane, seq, id) where each log of the device it leaves is to end.
    """
    return {
        "seat": 0,
        "device": device,
        "record": record,
        "attempt": attempt,
        "retire": [list(head) for head in heads],
    }


def move_seat(state: Certified, decision: Mapping[str, Any], _id: bytes = b"") -> Certified:
    """The state with the one teller's seat on another device of theirs; the old one is retired.

    Invalid when it can't be carried out.
    """
    first = type(decision.get("seat")) is int and decision["seat"] == 0
    if len(state.tellers) != 1 or set(decision) != _KEYS or not first:
        raise bad("moves a seat that there is not")
    (seat,) = state.tellers
    device, record, attempt = decision["device"], decision["record"], decision["attempt"]
    for key in (device, record):
        if type(key) is not bytes or len(key) != 32:
            raise bad("moves a seat to something that is no device")
    if type(attempt) is not int or not state.attempt < attempt < MAX_ATTEMPT:
        raise bad("moves a seat by an attempt that is over")
    owner = state.roll.persons.get(seat.person)
    if owner is None or owner.standing != MEMBER or device == seat.device:
        raise bad("moves a seat that can't be moved there")
    roll = state.roll
    if device in owner.devices and roll.is_cut(device):
        raise bad("moves a seat to a device that was retired")
    roll = after_roll(
        roll,
        {
            "enrol": [] if device in owner.devices else [[seat.person, device, record]],
            "retire": [[seat.device, decision["retire"]]],
        },
        height=state.height + 1,
        community=state.community,
        founder=seat,
    )
    return replace(
        state,
        roll=citing(roll, record),
        tellers=(Seat(seat.person, device),),
        attempt=attempt,
    )


STEPS = {MOVE: move_seat}


def weight(branch: Iterable[Certificate]) -> Weight:
    """What these certificates, which follow a height that two chains share, weigh."""
    recall, recalled = 0, -1
    attempt, height = 0, -1
    settled = False
    for certificate in branch:
        if certificate.kind == RECALL:
            recall, recalled = certificate.decision["attempt"], certificate.height
        elif certificate.kind == ELECTS:
            settled = True
        elif certificate.by_persons and not settled:
            attempt, height = certificate.decision["attempt"], certificate.height
    if recall:
        return Weight(recall, recalled, False, 0, -1)
    return Weight(0, -1, settled, -attempt if settled else attempt, height)


def halting(one: Certificate, other: Certificate) -> bool:
    """Whether they are two recalls, or two moves, of one attempt on one `prev`: neither stands."""
    return (
        _beside(one, other)
        and one.kind == other.kind
        and one.by_persons
        and other.by_persons
        and one.decision.get("attempt") == other.decision.get("attempt")
    )


def split(one: Certificate, other: Certificate) -> bool:
    """Whether tellers certified both on one `prev`, if a quorum signed each: that is fraud."""
    return _beside(one, other) and not one.by_persons and not other.by_persons


def _beside(one: Certificate, other: Certificate) -> bool:
    return one.id != other.id and (one.height, one.prev) == (other.height, other.prev)
