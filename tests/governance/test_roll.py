"""The roll: what certificates change, in which order, and under whose signatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.folding import STEPS, fold
from governance.roll import EMPTY, LEFT, MEMBER, REMOVED, Person, Roll, admit
from protocol.certificates import KINDS, Seat
from tests.governance.chain import (
    EVA_LINE,
    LEAVES,
    START,
    VILLAGE,
    admitted,
    after,
    next_one,
    refusal,
    refused,
    slot,
)
from tests.protocol.people import ANA, BEN, COMMUNITY, DAN, EVA, h, seat
from tests.protocol.people import Person as Somebody

quick = settings(max_examples=60, deadline=None, database=None)


def test_a_village_grows_from_its_founder() -> None:
    roll = VILLAGE.roll

    assert VILLAGE.height == 1
    assert roll.persons[ANA.person.public] == Person(
        inviter=None, since=0, standing=MEMBER, devices={ANA.device.public: 0}
    )
    assert roll.persons[BEN.person.public] == Person(
        inviter=ANA.person.public, since=1, standing=MEMBER, devices={BEN.device.public: 1}
    )
    assert roll.rounds == {(ANA.device.public, 0): 1}
    assert roll.cited == {COMMUNITY, h("join", BEN)}
    assert roll.person_of(BEN.device.public) == BEN.person.public
    assert roll.is_member_device(BEN.device.public)
    assert roll.person_of(EVA.device.public) is None
    assert not roll.is_member_device(EVA.device.public)


def test_folding_does_not_change_the_state_before() -> None:
    before = VILLAGE.roll.root()
    bens = {BEN.device.public: 1}

    after(VILLAGE, {"enrol": [[BEN.person.public, h("phone"), h("enrol")]]})

    assert VILLAGE.roll.root() == before
    assert VILLAGE.roll.persons[BEN.person.public].devices == bens


# --- a certificate has to be the next one


def test_a_certificate_out_of_its_place_is_refused() -> None:
    decision = {"admit": [admitted(EVA, BEN, 0)]}

    for wrong in (
        {"height": 1},
        {"height": 3},
        {"prev": COMMUNITY},
        {"prev": h("another certificate")},
    ):
        assert refusal(VILLAGE, next_one(VILLAGE, decision, **wrong)) == "broken-chain"
    assert refusal(START, next_one(VILLAGE, decision)) == "broken-chain"
    elsewhere = next_one(VILLAGE, decision, community=h("elsewhere"))
    assert refusal(VILLAGE, elsewhere) == "other-community"


def test_a_certificate_that_does_not_add_up_is_refused() -> None:
    decision = {"admit": [admitted(EVA, BEN, 0)]}
    right = next_one(VILLAGE, decision)

    for wrong in (
        {"roll_root": VILLAGE.roll.root()},
        {"charter_hash": h("another charter")},
        {"tellers": (BEN,)},
        {"tellers": (ANA, BEN, EVA, DAN)},
    ):
        assert refusal(VILLAGE, next_one(VILLAGE, decision, **wrong)) == "bad-certificate"
    assert fold(VILLAGE, right).id == right.id


def test_only_the_teller_signs() -> None:
    decision = {"admit": [admitted(EVA, BEN, 0)]}

    assert refusal(VILLAGE, next_one(VILLAGE, decision, signers=[])) == "bad-certificate"
    by_ben = next_one(VILLAGE, decision, signers=[(0, BEN)])
    assert refusal(VILLAGE, by_ben) == "bad-signature"
    both = next_one(VILLAGE, decision, signers=[(0, ANA), (1, BEN)])
    assert refusal(VILLAGE, both) == "bad-certificate"


@pytest.mark.parametrize(("count", "due"), [(1, 1), (4, 3), (7, 5)])
def test_a_quorum_of_the_tellers_before_decides(count: int, due: int) -> None:
    people = [ANA, *(Somebody(f"teller {n}") for n in range(1, count))]
    listed = {
        each.person.public: Person(
            inviter=None, since=0, standing=MEMBER, devices={each.device.public: 0}
        )
        for each in people
    }
    roll = replace(VILLAGE.roll, persons={**VILLAGE.roll.persons, **listed})
    state = replace(VILLAGE, roll=roll, tellers=tuple(map(seat, people)))
    decision = {"admit": [admitted(EVA, BEN, 0)]}

    for signers in range(count + 1):
        found = next_one(state, decision, tellers=people, signers=list(enumerate(people))[:signers])
        if signers >= due:
            assert fold(state, found).roll.person_of(EVA.device.public)
        else:
            assert refusal(state, found) == "bad-certificate"


def test_what_this_program_cannot_carry_out_is_refused() -> None:
    for kind in KINDS:
        found = next_one(VILLAGE, {"x": 1}, kind=kind)
        assert (refusal(VILLAGE, found) == "unknown-decision") == (kind not in STEPS)
    assert set(KINDS) - set(STEPS) == {"checkpoint"}


# --- the founding


def test_height_zero_admits_the_founder_and_nobody_else() -> None:
    ana, device = ANA.person.public, ANA.device.public
    for line in (
        admit(BEN.person.public, BEN.device.public, None, None, COMMUNITY),
        admit(ana, BEN.device.public, None, None, COMMUNITY),
        admit(ana, device, None, None, h("another record")),
        admit(ana, device, None, slot(ANA, 0), COMMUNITY),
        admit(ana, device, ana, slot(ANA, 0), COMMUNITY),
        admit(ana, device, BEN.person.public, slot(BEN, 0), COMMUNITY),
    ):
        refused({"admit": [line]}, START)


def test_a_second_founder_is_refused() -> None:
    line = admit(EVA.person.public, EVA.device.public, None, None, COMMUNITY)

    assert "only the founder" in refused({"admit": [line]})


# --- leaving, retiring, coming back


def test_who_leaves_is_cut_where_they_say_and_elsewhere_at_nothing() -> None:
    state = after(VILLAGE, {"enrol": [[BEN.person.public, h("phone"), h("enrol")]]})
    heads = [[BEN.device.public, 0, 3, h("gov")], [BEN.device.public, 1, 9, h("market")]]
    strangers = [[ANA.device.public, 1, 1, h("anas")]]
    gone = after(state, {"leave": [[BEN.person.public, h("leave"), heads + strangers]]})

    assert gone.roll.persons[BEN.person.public].standing == LEFT
    assert gone.roll.cuts == {
        (BEN.device.public, 0): (3, h("gov")),
        (BEN.device.public, 1): (9, h("market")),
        (BEN.device.public, 2): EMPTY,
        **{(h("phone"), lane): EMPTY for lane in range(3)},
    }
    assert not gone.roll.is_member_device(BEN.device.public)
    assert gone.roll.person_of(BEN.device.public) == BEN.person.public


def test_who_left_invites_nobody() -> None:
    gone = after(VILLAGE, LEAVES)

    assert "not a member's" in refused({"admit": [EVA_LINE]}, gone)
    # In one certificate the newcomer comes first: the invitation was good before it.
    both = after(VILLAGE, {"admit": [EVA_LINE], **LEAVES})
    assert both.roll.is_member_device(EVA.device.public)


def test_a_retired_device_invites_nobody_and_its_owner_stays() -> None:
    heads = [[BEN.device.public, 1, 2, h("last")], [BEN.device.public, 0, 0, h("any")]]
    state = after(
        VILLAGE,
        {"enrol": [[BEN.person.public, h("phone"), h("enrol")]]},
        {"retire": [[BEN.device.public, heads]]},
    )

    assert state.roll.cuts[BEN.device.public, 1] == (2, h("last"))
    assert state.roll.cuts[BEN.device.public, 0] == EMPTY
    assert not state.roll.is_member_device(BEN.device.public)
    assert state.roll.is_member_device(h("phone"))
    assert "not a member's" in refused({"admit": [EVA_LINE]}, state)


def test_a_cut_that_stands_is_not_moved() -> None:
    state = after(VILLAGE, {"retire": [[BEN.device.public, [[BEN.device.public, 1, 2, h("a")]]]]})
    again = after(state, {"retire": [[BEN.device.public, [[BEN.device.public, 1, 9, h("b")]]]]})
    left = after(again, LEAVES)

    assert left.roll.cuts[BEN.device.public, 1] == (2, h("a"))


def test_ben_comes_back_with_a_new_device_and_a_new_invitation() -> None:
    gone = after(VILLAGE, LEAVES)
    assert "on the roll before" in refused({"admit": [admitted(BEN, ANA, 1)]}, gone)
    laptop = Somebody("ben", device=2)
    assert "round is over" in refused({"admit": [admitted(laptop, ANA, 0)]}, gone)

    back = after(gone, {"admit": [admitted(laptop, ANA, 0, round_=1)]})

    ben = back.roll.persons[BEN.person.public]
    assert (ben.standing, ben.since) == (MEMBER, 3)
    assert ben.devices == {BEN.device.public: 1, laptop.device.public: 3}
    assert back.roll.is_member_device(laptop.device.public)
    assert not back.roll.is_member_device(BEN.device.public)
    assert back.roll.rounds[ANA.device.public, 0] == 2


def test_an_expired_slot_begins_a_new_round() -> None:
    state = after(VILLAGE, {"expire": [list(slot(BEN, 0))]})

    assert "round is over" in refused({"admit": [EVA_LINE]}, state)
    assert after(state, {"admit": [admitted(EVA, BEN, 0, round_=1)]}).height == 3


# --- the root

persons = st.dictionaries(
    st.binary(min_size=32, max_size=32),
    st.builds(
        Person,
        inviter=st.one_of(st.none(), st.binary(min_size=32, max_size=32)),
        since=st.integers(0, 99),
        standing=st.sampled_from([MEMBER, LEFT, REMOVED]),
        devices=st.dictionaries(
            st.binary(min_size=32, max_size=32), st.integers(0, 99), max_size=3
        ),
    ),
    max_size=4,
)
places = st.tuples(st.binary(min_size=32, max_size=32), st.integers(0, 2))
rolls = st.builds(
    Roll,
    persons=persons,
    rounds=st.dictionaries(places, st.integers(0, 9), max_size=4),
    cuts=st.dictionaries(
        places, st.tuples(st.integers(0, 9), st.binary(min_size=32, max_size=32)), max_size=4
    ),
)


def shuffled(roll: Roll, order: Any) -> Roll:
    """The same roll, put together in another order."""

    def mixed(items: Any) -> dict[Any, Any]:
        rows: Sequence[Any] = list(items)
        return dict(order.sample(rows, len(rows)))

    return Roll(
        persons=mixed(
            (key, replace(person, devices=mixed(person.devices.items())))
            for key, person in roll.persons.items()
        ),
        rounds=mixed(roll.rounds.items()),
        cuts=mixed(roll.cuts.items()),
    )


@quick
@given(rolls, st.randoms(use_true_random=False))
def test_the_root_does_not_depend_on_the_order(roll: Roll, order: Any) -> None:
    assert shuffled(roll, order).root() == roll.root()


@quick
@given(rolls, rolls)
def test_two_rolls_have_two_roots(one: Roll, other: Roll) -> None:
    assert (one.root() == other.root()) == (one == other)


def test_seats_are_the_tellers_of_the_founding() -> None:
    assert START.tellers == (Seat(ANA.person.public, ANA.device.public),)
    assert (START.height, START.id, START.roll.persons) == (-1, COMMUNITY, {})
