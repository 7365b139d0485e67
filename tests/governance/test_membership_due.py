"""What the one teller's node certifies unasked, and that it never gets stuck."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.folding import step
from governance.membership import (
    MOST_ADMITTED,
    MOST_CITED,
    MOST_ENROLLED,
    MOST_EXPIRED,
    MOST_LEAVING,
    Due,
    Vouching,
    prospects,
    standings,
)
from governance.roll import LEFT, Roll
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
    SLOTS,
    decision,
    dev,
    enrolment,
    facts,
    invitation,
    joining,
    key,
    leaving,
    member,
    state,
    villages,
    vouching,
    what_is_due,
)
from tests.protocol.people import COMMUNITY, h

NOTHING = Due([], [], [], [], [])


@settings(max_examples=200, deadline=None, database=None)
@given(
    villages(),
    st.lists(st.sampled_from(NAMES)),
    st.sampled_from([0.0, 50 * DAY]),
    st.integers(0, 3),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES))),
)
def test_what_is_due_can_always_be_carried_out(
    village: tuple[Roll, list[Any]],
    gone: list[str],
    seen: float,
    vouches: int,
    said: list[tuple[str, str]],
) -> None:
    roll, items = village
    at = {getattr(item, "record", b""): seen for item in items}

    for _ in range(9):
        found = decision(
            what_is_due(
                roll,
                facts(*items),
                seen=at,
                leaves=leaving(*gone),
                vouches=vouches,
                vouchings=[vouching(by, who) for by, who in said],
            )
        )
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
    assert unseen == NOTHING


def test_the_invitation_is_one_vouch_and_other_members_are_to_give_the_rest() -> None:
    roll = Roll(persons=dict(member(name) for name in ("ana", "ben", "fay", "gus")))
    known = facts(*KNOWN, enrolment("eva"), EVA)
    ana, ben, fay = (vouching(name, "eva") for name in ("ana", "ben", "fay"))

    def due(vouches: int, *said: Vouching, at: Roll = roll) -> Due:
        return what_is_due(at, known, vouches=vouches, vouchings=said)

    for vouches in (0, 1):
        assert due(vouches).admit
    assert due(3) == due(3, ben) == due(2, ana) == NOTHING  # Ana vouched by inviting
    assert due(3, ben, vouching("ben", "eva", 2)) == NOTHING  # twice is once
    assert due(2, vouching("eva", "eva"), vouching("dan", "eva"), vouching("ben", "dan")) == NOTHING
    gone = replace(roll, persons={**roll.persons, **dict([member("ben", standing=LEFT)])})
    assert due(2, ben, at=gone) == NOTHING

    found = due(3, fay, ben)
    assert [guest.joining for guest in found.admit] == [EVA]
    after = step(state(roll), "roll", decision(found)).roll
    assert after.cited >= {ben.record, fay.record, EVA.record}
    two, three = (
        [prospect.missing for prospect in prospects(roll, standings(roll, SLOTS, known), [ben], n)]
        for n in (2, 3)
    )
    assert (two, three) == ([0], [1])


def test_who_comes_back_needs_new_vouches() -> None:
    again = invitation("ana", 0, 1)
    later = joining("eva", again, 2)
    old, new = vouching("ben", "eva"), vouching("ben", "eva", 2)
    people = dict([member("ana"), member("ben"), member("eva", standing=LEFT)])
    roll = Roll(persons=people, rounds={(dev("ana"), 0): 1}, cited=frozenset({old.record}))
    known = facts(*KNOWN, again, enrolment("eva", 2), EVA, later)

    assert what_is_due(roll, known, vouches=2, vouchings=[old]) == NOTHING
    found = what_is_due(roll, known, vouches=2, vouchings=[old, new])
    assert ([guest.joining for guest in found.admit], found.cite) == ([later], [new.record])
    back = step(state(roll), "roll", decision(found)).roll.persons[key("eva")]
    assert (back.standing, sorted(back.devices)) == ("member", sorted([dev("eva"), dev("eva", 2)]))


def test_a_community_of_one_or_two_can_grow_whatever_its_charter_asks_for() -> None:
    alone = Roll(persons=dict([member("ana")]))
    known = facts(*KNOWN, enrolment("eva"), EVA)

    assert what_is_due(alone, known, vouches=9).admit
    assert not what_is_due(ROLL, known, vouches=9).admit
    assert what_is_due(ROLL, known, vouches=9, vouchings=[vouching("ben", "eva")]).admit


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

    assert what_is_due(ROLL, known) == NOTHING
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


def test_who_goes_is_let_go_when_the_charter_says_and_only_while_a_member() -> None:
    leaves = leaving("ben", "stranger")
    gone = replace(ROLL, persons={**ROLL.persons, **dict([member("ben", standing=LEFT)])})

    assert what_is_due(ROLL, facts(*KNOWN), leaves=leaves).leave == [key("ben")]
    assert what_is_due(gone, facts(*KNOWN), leaves=leaves).leave == []
    for days, expected in ((0, []), (6.9, []), (7, [key("ben")])):
        seen = {leaves[key("ben")]: 100 * DAY - days * DAY}
        found = what_is_due(ROLL, facts(*KNOWN), leaves=leaves, exit_s=7 * DAY, seen=seen)
        assert found.leave == expected
    assert what_is_due(ROLL, facts(*KNOWN), leaves=leaves, exit_s=7 * DAY) == NOTHING


def test_however_much_is_due_it_fits_a_certificate() -> None:
    roll = Roll(persons=dict(member(f"m{n}") for n in range(300)))
    offers = [invitation(f"m{n}", slot) for n in range(300) for slot in range(2)]
    joins = [joining(f"guest {n}", each) for n, each in enumerate(offers[::2])]
    devices = [enrolment(f"m{person}", n) for person in range(300) for n in range(2, 5)]
    known = facts(*offers, *joins, *devices)
    seen = {item.record: 0.0 for item in offers}
    leaves = leaving(*(f"m{n}" for n in range(1, 300)))

    def due(vouches: int, by: int, guests: int) -> Due:
        said = [
            vouching(f"m{m}", f"guest {n}") for n in range(guests) for m in range(300 - by, 300)
        ]
        return what_is_due(
            roll,
            known,
            seen=seen,
            leaves=leaves,
            max_members=10_000,
            vouches=vouches,
            vouchings=said,
        )

    found = due(2, 1, 300)
    many = due(100, 150, 3)
    assert (len(many.admit), len(many.cite)) == (1, MOST_CITED)
    assert len(found.cite) == MOST_CITED
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
