"""What the one teller's node certifies unasked, and that it never gets stuck."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.membership import (
    MOST_ADMITTED,
    MOST_ENROLLED,
    MOST_EXPIRED,
    MOST_LEAVING,
    Due,
)
from governance.roll import LEFT, Roll, step
from protocol.certificates import MAX_CERTIFICATE, Seat, make_body
from protocol.errors import Invalid
from tests.governance.members import (
    DAN,
    DAY,
    EVA,
    FOR_EVA,
    KNOWN,
    NAMES,
    ROLL,
    decision,
    dev,
    enrolment,
    facts,
    invitation,
    joining,
    key,
    member,
    state,
    villages,
    what_is_due,
)
from tests.protocol.people import COMMUNITY, h


@settings(max_examples=200, deadline=None, database=None)
@given(villages(), st.lists(st.sampled_from(NAMES)), st.sampled_from([0.0, 50 * DAY]))
def test_what_is_due_can_always_be_carried_out(
    village: tuple[Roll, list[Any]], leaving: list[str], seen: float
) -> None:
    roll, items = village
    at = {getattr(item, "record", b""): seen for item in items}

    for _ in range(9):
        found = decision(what_is_due(roll, facts(*items), seen=at, leaves=map(key, leaving)))
        if not found:
            break
        roll = step(state(roll), "roll", found).roll
    else:
        raise AssertionError("the teller never comes to rest")


def test_eva_is_admitted_after_her_probation() -> None:
    known = facts(*KNOWN, enrolment("eva"), EVA)

    for days, expected in ((0, []), (6.9, []), (7, [EVA])):
        found = what_is_due(
            ROLL, known, probation_s=7 * DAY, seen={EVA.record: 100 * DAY - days * DAY}
        )
        assert [guest.joining for guest in found.admit] == expected
    unseen = what_is_due(ROLL, known, probation_s=7 * DAY)
    assert unseen == Due([], [], [], [])


def test_a_charter_that_asks_for_two_vouches_admits_nobody_by_itself() -> None:
    known = facts(*KNOWN, enrolment("eva"), EVA)

    assert what_is_due(ROLL, known, vouches=1).admit
    assert not what_is_due(ROLL, known, vouches=2).admit


def test_a_full_community_admits_as_many_as_there_is_room_for() -> None:
    more = [invitation("ben", n) for n in range(4)]
    joins = [joining(f"guest {n}", each) for n, each in enumerate(more)]
    known = facts(*KNOWN, *more, *joins)

    assert [g.joining for g in what_is_due(ROLL, known, max_members=4).admit] == sorted(
        joins, key=lambda each: each.record
    )[:2]
    for full in (1, 2):
        assert not what_is_due(ROLL, known, max_members=full).admit


def test_a_contested_slot_is_not_admitted_and_runs_out() -> None:
    known = facts(*KNOWN, enrolment("eva"), enrolment("dan"), EVA, DAN)

    assert what_is_due(ROLL, known) == Due([], [], [], [])
    assert what_is_due(ROLL, known, seen={FOR_EVA.record: 86 * DAY}).expire == [FOR_EVA]


def test_an_invitation_runs_out_unless_somebody_took_it_up() -> None:
    old = {FOR_EVA.record: 86 * DAY, invitation("ben", 3).record: 86 * DAY + 1}
    known = [*KNOWN, invitation("ben", 3)]

    assert what_is_due(ROLL, facts(*known), seen=old).expire == [FOR_EVA]
    taken = facts(*known, enrolment("eva"), EVA)
    assert what_is_due(ROLL, taken, seen=old, vouches=2).expire == []


def test_a_second_invitation_on_a_taken_slot_does_not_run_out_beside_it() -> None:
    again = invitation("ana", 0, again=1)
    known = facts(*KNOWN, again, enrolment("eva"), EVA)
    found = what_is_due(ROLL, known, seen={again.record: 0.0, FOR_EVA.record: 0.0})

    assert found.expire == []
    assert step(state(ROLL), "roll", decision(found)).roll.rounds == {(dev("ana"), 0): 1}


def test_a_second_device_of_a_member_is_due_and_one_of_a_guest_is_not_yet() -> None:
    known = facts(
        *KNOWN, enrolment("ben", 2), enrolment("eva"), enrolment("eva", 2), EVA, enrolment("x")
    )
    found = what_is_due(ROLL, known)

    assert found.enrol == [enrolment("ben", 2)]
    assert [guest.joining.device for guest in found.admit] == [dev("eva")]
    later = step(state(ROLL), "roll", decision(found)).roll
    assert what_is_due(later, known).enrol == [enrolment("eva", 2)]


def test_who_goes_is_named_once_and_only_while_a_member() -> None:
    leaves = [key("ben"), key("ben"), key("stranger")]
    gone = replace(ROLL, persons={**ROLL.persons, **dict([member("ben", standing=LEFT)])})

    assert what_is_due(ROLL, facts(*KNOWN), leaves=leaves).leave == [key("ben")]
    assert what_is_due(gone, facts(*KNOWN), leaves=leaves).leave == []


def test_however_much_is_due_it_fits_a_certificate() -> None:
    roll = Roll(persons=dict(member(f"m{n}") for n in range(300)))
    offers = [invitation(f"m{n}", slot) for n in range(300) for slot in range(2)]
    joins = [joining(f"guest {n}", each) for n, each in enumerate(offers[::2])]
    devices = [enrolment(f"m{person}", n) for person in range(300) for n in range(2, 5)]
    known = facts(*offers, *joins, *devices)
    seen = {item.record: 0.0 for item in offers}
    leaves = [key(f"m{n}") for n in range(1, 300)]

    found = what_is_due(roll, known, seen=seen, leaves=leaves, max_members=10_000)

    assert len(found.admit) == MOST_ADMITTED
    assert len(found.enrol) == MOST_ENROLLED
    assert len(found.expire) == MOST_EXPIRED
    assert len(found.leave) == MOST_LEAVING
    lines = decision(found)
    for line in lines["leave"]:
        line[2] = [[h("device"), 2, 2**53, h("head")]] * 64
    raw = make_body(
        community=COMMUNITY,
        height=2**52,
        prev=h("tip"),
        kind="roll",
        charter_hash=h("charter"),
        roll_root=h("roll"),
        next_tellers=[Seat(h("person", n), h("device", n)) for n in range(7)],
        decision=lines,
    )
    assert len(raw) <= MAX_CERTIFICATE
    with pytest.raises(Invalid):
        step(state(ROLL), "roll", lines)
