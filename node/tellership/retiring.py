"""Devices that their own person gave up, from another certified device of theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from governance.certified import Certified
from governance.roll import MEMBER
from node.tellership.sparing import spared
from protocol.codec import Plain, decode
from protocol.records import MAX_BODY
from storage import assembly as held
from storage.assembly import Motion
from storage.store import Store

MOST = 10  # retired in one certificate, which has to hold all else that is due (see `Due`)


def due(
    store: Store, state: Certified, listed: Mapping[bytes, bytes], waits: Callable[[bytes], bool]
) -> tuple[list[Plain], list[bytes]]:
    """(lines of a roll decision's `retire`, records they rest on).

    `listed`: the devices that the same certificate enrols, with their persons. `waits`: whether a
    device with a teller's seat can't be retired yet; it is asked about each that would be.
    """
    lines: list[Plain] = []
    records: list[bytes] = []
    taken: set[bytes] = set()
    for motion in held.motions(store, "retire"):
        if motion.about in taken or not may(state, motion, listed) or waits(motion.about):
            continue
        heads = decode(motion.detail, limit=MAX_BODY)
        assert isinstance(heads, list)  # noqa: S101 - the view wrote it so
        taken.add(motion.about)
        named = [each for each in heads if each[:1] == [motion.about]]  # type: ignore[index]
        lines.append([motion.about, spared(store, named, [motion.about], motion.record)])
        records.append(motion.record)
    return lines[:MOST], records[:MOST]


def may(state: Certified, motion: Motion, listed: Mapping[bytes, bytes]) -> bool:
    """Whether it comes from a certified device of the same person, and there is what to retire."""
    person = state.roll.person_of(motion.device)
    line = state.roll.persons.get(person or b"")
    return (
        line is not None
        and line.standing == MEMBER
        and state.roll.is_member_device(motion.device)
        and motion.about != motion.device
        and not state.roll.is_cut(motion.about)
        and (motion.about in line.devices or listed.get(motion.about) == person)
    )
