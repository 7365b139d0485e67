"""Membership: who belongs provisionally, whatever the order in which it was learnt."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.membership import (
    CANDIDATE,
    CERTIFIED,
    GONE,
    MOST_DEVICES,
    PROVISIONAL,
    RETIRED,
    Invitation,
    standings,
)
from governance.roll import LEFT, Roll
from tests.governance.members import (
    DAN,
    EVA,
    FOR_EVA,
    KNOWN,
    ROLL,
    SLOTS,
    confirm,
    dev,
    enrolment,
    facts,
    invitation,
    joining,
    key,
    member,
    standing,
    villages,
    what_is_due,
)

# --- joining


def test_eva_is_provisional_as_soon_as_her_join_is_seen() -> None:
    before = standings(ROLL, SLOTS, facts(*KNOWN, enrolment("eva")))
    after = standings(ROLL, SLOTS, facts(*KNOWN, enrolment("eva"), EVA))

    assert standing(before, "ana") == CERTIFIED
    assert standing(before, "eva") == CANDIDATE
    assert standing(after, "eva") == PROVISIONAL
    assert after.guests[key("eva")].inviter == key("ana")
    assert after.devices[dev("eva")] == (PROVISIONAL, key("eva"))


def test_of_two_joins_on_one_slot_neither_stands_until_ana_confirms_one() -> None:
    both = [*KNOWN, enrolment("eva"), enrolment("dan"), EVA, DAN]
    open_ = standings(ROLL, SLOTS, facts(*both))

    assert standing(open_, "eva") == standing(open_, "dan") == CANDIDATE
    assert open_.contested == {(dev("ana"), 0, 0): sorted([EVA, DAN])}
    assert not open_.guests

    settled = standings(ROLL, SLOTS, facts(*both, confirm("ana", FOR_EVA, DAN)))
    assert standing(settled, "dan") == PROVISIONAL
    assert standing(settled, "eva") == CANDIDATE
    assert not settled.contested


def test_anas_first_word_counts() -> None:
    both = [*KNOWN, enrolment("eva"), enrolment("dan"), EVA, DAN]
    words = [confirm("ana", FOR_EVA, EVA, seq=7), confirm("ana", FOR_EVA, DAN, seq=8)]

    for order in (words, words[::-1]):
        assert list(standings(ROLL, SLOTS, facts(*both, *order)).guests) == [key("eva")]


def test_bens_word_about_anas_slot_counts_for_nothing() -> None:
    both = [*KNOWN, enrolment("eva"), enrolment("dan"), EVA, DAN]
    found = standings(ROLL, SLOTS, facts(*both, confirm("ben", FOR_EVA, DAN)))

    assert found.contested


def test_two_invitations_on_one_slot_are_one_slot() -> None:
    again = invitation("ana", 0, again=1)
    dan = joining("dan", again)
    found = standings(ROLL, SLOTS, facts(*KNOWN, again, EVA, dan, enrolment("eva")))

    assert found.contested == {(dev("ana"), 0, 0): sorted([EVA, dan])}


def test_a_confirmed_join_that_is_not_here_yet_keeps_the_slot() -> None:
    found = standings(
        ROLL, SLOTS, facts(*KNOWN, enrolment("eva"), EVA, confirm("ana", FOR_EVA, DAN))
    )

    assert standing(found, "eva") == CANDIDATE
    assert not found.contested


@pytest.mark.parametrize(
    "invite",
    [
        invitation("ana", SLOTS),
        invitation("ana", 0, round_=1),
        invitation("eva", 0),
        invitation("stranger", 0),
    ],
    ids=["beyond the quota", "of a later round", "by herself", "by a stranger"],
)
def test_a_join_on_an_invitation_that_does_not_count_does_not_count(invite: Invitation) -> None:
    found = standings(ROLL, SLOTS, facts(*KNOWN, invite, enrolment("eva"), joining("eva", invite)))

    assert standing(found, "eva") == CANDIDATE
    assert not found.guests


def test_a_used_round_is_over() -> None:
    used = replace(ROLL, rounds={(dev("ana"), 0): 1})
    assert not standings(used, SLOTS, facts(*KNOWN, EVA)).guests

    fresh = invitation("ana", 0, round_=1)
    found = standings(used, SLOTS, facts(*KNOWN, fresh, joining("eva", fresh)))
    assert list(found.guests) == [key("eva")]


def test_an_invitation_dies_with_its_inviters_membership() -> None:
    gone = replace(
        ROLL,
        persons={**ROLL.persons, **dict([member("ana", standing=LEFT)])},
        cuts={(dev("ana"), lane): (0, bytes(32)) for lane in range(3)},
    )
    found = standings(gone, SLOTS, facts(*KNOWN, enrolment("eva"), EVA))

    assert standing(found, "ana") == GONE
    assert standing(found, "eva") == CANDIDATE


def test_a_retired_devices_invitations_die_with_it() -> None:
    retired = replace(ROLL, cuts={(dev("ana"), lane): (0, bytes(32)) for lane in range(3)})
    found = standings(retired, SLOTS, facts(*KNOWN, enrolment("eva"), EVA))

    assert standing(found, "ana") == RETIRED
    assert standing(found, "eva") == CANDIDATE


def test_a_provisional_person_invites_nobody() -> None:
    evas = invitation("eva", 0)
    found = standings(ROLL, SLOTS, facts(*KNOWN, enrolment("eva"), EVA, evas, joining("dan", evas)))

    assert list(found.guests) == [key("eva")]


def test_a_second_device_comes_with_its_person() -> None:
    extra = [enrolment("ben", 2), enrolment("eva", 2), enrolment("stranger")]
    found = standings(ROLL, SLOTS, facts(*KNOWN, enrolment("eva"), EVA, *extra))

    assert standing(found, "ben", 2) == standing(found, "eva", 2) == PROVISIONAL
    assert standing(found, "stranger") == CANDIDATE


def test_one_person_on_two_slots_is_one_guest() -> None:
    other = invitation("ben", 0)
    twice = joining("eva", other)
    items = [*KNOWN, other, enrolment("eva"), EVA, twice]
    lower = min(EVA, twice, key=lambda each: each.record)

    for order in (items, items[::-1]):
        assert standings(ROLL, SLOTS, facts(*order)).guests[key("eva")].joining == lower


def test_who_left_comes_back_with_a_new_device_only() -> None:
    gone = replace(
        ROLL,
        persons={**ROLL.persons, **dict([member("eva", standing=LEFT)])},
        cuts={(dev("eva"), lane): (0, bytes(32)) for lane in range(3)},
    )
    with_old = standings(gone, SLOTS, facts(*KNOWN, enrolment("eva"), EVA))
    assert standing(with_old, "eva") == GONE
    assert not with_old.guests

    back = joining("eva", FOR_EVA, 2)
    with_new = standings(gone, SLOTS, facts(*KNOWN, enrolment("eva", 2), back))
    assert standing(with_new, "eva", 2) == PROVISIONAL
    assert standing(with_new, "eva") == GONE
    # The old device cannot contest the slot of the new one.
    both = standings(gone, SLOTS, facts(*KNOWN, enrolment("eva", 2), back, EVA))
    assert both == with_new


def test_a_member_who_writes_a_join_stays_a_member_and_takes_no_slot() -> None:
    bens = joining("ben", FOR_EVA)
    found = standings(ROLL, SLOTS, facts(*KNOWN, bens, enrolment("eva"), EVA))

    assert standing(found, "ben") == CERTIFIED
    assert list(found.guests) == [key("eva")]


# --- any order


@settings(max_examples=200, deadline=None, database=None)
@given(villages(), st.randoms(use_true_random=False))
def test_any_order_gives_the_same_standings(village: tuple[Roll, list[Any]], order: Any) -> None:
    roll, items = village
    mixed = order.sample(items, len(items))

    one, other = standings(roll, 2, facts(*items)), standings(roll, 2, facts(*mixed))

    assert one == other
    assert list(one.contested) == list(other.contested)
    assert what_is_due(roll, facts(*items)) == what_is_due(roll, facts(*mixed))


def test_a_person_has_few_devices_at_a_time_whatever_the_order() -> None:
    devices = [enrolment("ana", n) for n in range(2, 20)]

    one = standings(ROLL, 5, facts(*devices))
    other = standings(ROLL, 5, facts(*reversed(devices)))

    assert one == other
    own = [standing for standing, person in one.devices.values() if person == key("ana")]
    assert own.count(CERTIFIED) + own.count(PROVISIONAL) == MOST_DEVICES
