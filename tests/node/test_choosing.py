"""Whom a node keeps in touch with: nobody surrounds it, nothing storms, what rotates rotates."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node import choosing
from node.branches import DEEPEST, Branches, Known, in_turn
from node.choosing import AT_ONCE, MOST, Choosing, Place, Plan, Tie

FOUNDER = b"\0" * 32
Inviters = dict[bytes, bytes | None]


def key(number: int) -> bytes:
    return number.to_bytes(32, "big")


def peer(person: bytes, device: int = 0) -> str:
    return f"{int.from_bytes(person, 'big')}/{device}"


def everybody(inviters: Inviters, *, me: bytes = FOUNDER, devices: int = 1) -> Known:
    """All of them are members with an address."""
    others = [person for person in inviters if person != me]
    persons = {peer(person, each): person for person in others for each in range(devices)}
    return Known(Branches(inviters, others), persons, persons)


class Town:
    """One node that chooses, and others that answer or don't."""

    def __init__(
        self, known: Known, answers: Callable[[str], bool], *, seed: int = 0, most: int = MOST
    ) -> None:
        self.known = known
        self.answers = answers
        self.machine = Choosing(random.Random(seed), most=most)
        self.now = 0.0
        self.ties: dict[str, Tie] = {}
        self.dialled: list[tuple[float, str]] = []
        self.parted: list[tuple[float, str]] = []

    def step(self, seconds: float = 5.0, *, quick: Callable[[str], bool] | None = None) -> Plan:
        """Look once; every dial ends at once. A link that went is dropped from `ties` before."""
        self.now += seconds
        plan = self.machine.look(self.now, self.known, list(self.ties.values()))
        for each in plan.part:
            self.parted.append((self.now, each))
            del self.ties[each]
        for each in plan.dial:
            self.dialled.append((self.now, each))
            if self.answers(each):
                self.ties[each] = Tie(each, False, self.now)
                self.machine.reached(each, self.now)
            else:
                self.machine.failed(each, self.now)
        return plan

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.step()

    @property
    def persons(self) -> set[bytes]:
        return {self.known.person_of[each] for each in self.ties}


def _under(inviters: Inviters, person: bytes) -> set[bytes]:
    branches = Branches(inviters)
    return {each for each in inviters if person in branches.path(each)}


@st.composite
def towns(draw: st.DrawFn) -> tuple[Inviters, set[bytes]]:
    """(who came in by whom, the branch of an attacker who is neither us nor the founder).

    We are key(1). The attacker may have invited us.
    """
    number = draw(st.integers(4, 25))
    inviters: Inviters = {FOUNDER: None}
    for each in range(1, number):
        inviters[key(each)] = key(draw(st.integers(0, each - 1)))
    attacker = key(draw(st.integers(2, number - 1)))
    branch = {attacker}
    for each in range(draw(st.integers(0, 60))):
        sybil = key(1000 + each)
        inviters[sybil] = draw(st.sampled_from(sorted(branch)))
        branch.add(sybil)
    for each in range(2, number):
        if inviters[key(each)] in branch:
            branch.add(key(each))
    if attacker not in _under(inviters, key(1)) and draw(st.booleans()):
        inviters[key(1)] = attacker
        branch |= _under(inviters, key(1))
    return inviters, branch


@settings(max_examples=60)
@given(towns(), st.integers(0, 2**32), st.booleans())
def test_one_branch_never_surrounds_us_while_others_answer(
    town: tuple[Inviters, set[bytes]], seed: int, most_inbound: bool
) -> None:
    inviters, branch = town
    me = key(1)
    known = everybody(inviters, me=me)
    honest = set(known.persons) - branch - {me}
    here = Town(known, lambda each: True, seed=seed)
    if most_inbound:  # they are all here before we look for the first time
        for person in branch - {me}:
            here.ties[peer(person)] = Tie(peer(person), True, 0.0)
    here.run(120)
    for _ in range(60):
        here.step(60)
        links = {known.person_of[p.peer] for p in here.machine.places if p.up is not None}
        assert len(links & honest) >= min(3, len(honest))


def star(number: int) -> Inviters:
    return {FOUNDER: None} | {key(each): FOUNDER for each in range(1, number)}


def with_sybils(inviters: Inviters, attacker: bytes, number: int) -> Inviters:
    return inviters | {key(100_000 + each): attacker for each in range(number)}


def test_many_sybils_count_as_one_branch_beside_the_others() -> None:
    """A thousand of them among thirty members: the places that are kept go to branches."""
    known = everybody(with_sybils(star(30), key(7), 1000))
    here = Town(known, lambda each: True)
    here.run(60)
    kept = [place.person for place in here.machine.places if place.sort == choosing.KEPT]
    assert len(kept) == 5
    assert sum(key(7) in known.branches.path(person) for person in kept) <= 1


def test_eight_persons_of_at_least_three_branches() -> None:
    inviters = star(4) | {key(10 + each): key(1 + each % 3) for each in range(60)}
    known = everybody(inviters)
    here = Town(known, lambda each: True)
    here.run(60)
    assert len(here.persons) == MOST
    tops = {known.branches.path(person)[1] for person in here.persons}
    assert len(tops) >= 3


def test_who_dials_us_takes_no_place() -> None:
    known = everybody(with_sybils(star(30), key(7), 200))
    here = Town(known, lambda each: True)
    for each in range(200):
        sybil = peer(key(100_000 + each))
        here.ties[sybil] = Tie(sybil, True, 0.0)
    here.run(60)
    chosen = [place.person for place in here.machine.places if place.up is not None]
    assert len(chosen) == MOST
    assert sum(key(7) in known.branches.path(person) for person in chosen) <= 5
    inbound = [tie for tie in here.ties.values() if tie.inbound]
    assert len(inbound) <= choosing.MOST_INBOUND + MOST


def test_a_crowd_of_one_branch_does_not_push_others_out() -> None:
    """The youngest of the fullest branch have to go; a full house stays open to the others."""
    known = everybody(with_sybils(star(30), key(7), 200), me=key(29))
    machine = Choosing(random.Random(1))
    ties = [Tie(peer(key(100_000 + each)), True, float(each)) for each in range(100)]
    ties += [Tie(peer(key(each)), True, 500.0) for each in range(8, 28)]
    parted = machine.look(1000.0, known, ties).part
    left = {tie.peer for tie in ties} - {*parted} - {p.peer for p in machine.places}
    assert len(left) == choosing.MOST_INBOUND
    assert not {peer(key(each)) for each in range(8, 28)} & {*parted}
    first = [int(each.split("/")[0]) - 100_000 for each in parted]
    assert min(first) > max(
        int(each.split("/")[0]) - 100_000 for each in left if int(each.split("/")[0]) >= 100_000
    )


def test_one_person_has_one_place_and_few_connections() -> None:
    known = everybody(star(4), devices=8)
    here = Town(known, lambda each: True)
    for device in range(8):
        each = peer(key(1), device)
        here.ties[each] = Tie(each, True, float(device))
    here.run(60)
    chosen = [place.person for place in here.machine.places]
    assert len(chosen) == len(set(chosen)) == 3
    others = [tie for tie in here.ties.values() if tie.inbound]
    assert len(others) <= choosing.MOST_INBOUND_EACH + 1


def test_long_links_are_kept_and_two_places_rotate() -> None:
    known = everybody(star(60))
    here = Town(known, lambda each: True)
    here.run(120)
    before = {place.peer: place.sort for place in here.machine.places}
    assert sorted(before.values()) == ["drawn"] + 5 * ["kept"] + 2 * ["turn"]
    seen: set[str] = set()
    for _ in range(24 * 60):
        here.step(60)
        assert MOST <= len(here.ties) <= MOST + 2  # the new one stands before the old one goes
        seen |= set(here.ties)
    after = {place.peer: place.sort for place in here.machine.places}
    assert all(after.get(each) == sort for each, sort in before.items() if sort != "turn")
    assert len(seen) > 40  # in a day, of 59
    turns = [at for at, each in here.parted]
    assert 24 * 4 * 2 * 0.7 < len(turns) < 24 * 4 * 2 * 1.4


def test_a_link_that_broke_is_tried_again_before_anybody_gets_its_place() -> None:
    known = everybody(star(60))
    here = Town(known, lambda each: True)
    here.run(120)
    lost = next(place.peer for place in here.machine.places if place.sort == choosing.KEPT)
    del here.ties[lost]
    assert here.step(5).dial == [lost]

    down = {lost}
    here.answers = lambda each: each not in down
    del here.ties[lost]
    here.step(100)
    here.step(5)
    assert lost not in {place.peer for place in here.machine.places}
    assert len(here.ties) == MOST


def test_who_answers_and_drops_us_has_to_wait() -> None:
    known = everybody(star(3), me=key(2))
    here = Town(known, lambda each: True)
    for _ in range(720):
        here.step(5)
        here.ties.clear()  # both do so, for an hour
    assert 10 < len(here.dialled) < 40


def test_the_last_link_outside_of_a_branch_is_never_let_go() -> None:
    """Only two are outside; they may have a rotating place, and stay."""
    inviters = {FOUNDER: None, key(1): FOUNDER, key(2): FOUNDER}
    inviters |= {key(10 + each): key(1) for each in range(40)}
    for seed in range(20):
        here = Town(everybody(inviters), lambda each: True, seed=seed)
        here.known = everybody(inviters, me=key(39))
        here.run(120)
        for _ in range(300):
            here.step(60)
            assert {FOUNDER, key(2)} <= here.persons


def test_while_few_are_in_touch_nobody_is_let_go() -> None:
    """Most of us were asleep: three links into one branch, and one elsewhere whose turn it is."""
    inviters = star(6) | {key(10 + each): key(1) for each in range(40)}
    here = Town(everybody(inviters), lambda each: int(each.split("/")[0]) >= 10)
    sorts = {key(2): choosing.TURN, key(10): choosing.TURN, key(11): choosing.KEPT}
    for person, sort in {**sorts, key(12): choosing.KEPT}.items():
        here.machine._places[peer(person)] = Place(peer(person), person, sort, up=0.0)
        here.ties[peer(person)] = Tie(peer(person), False, 0.0)
    assert not any(here.machine._is_safe(here.known, place) for place in here.machine.places)
    for _ in range(100):
        here.step(60)
        assert key(2) in here.persons


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.integers(2, 100), st.floats(0, 1))
def test_no_storm_of_dials(seed: int, number: int, dead: float) -> None:
    """Whoever answers or not: few at once, few a minute, and longer pauses for each."""
    dice = random.Random(seed)
    asleep = {peer(key(each)) for each in range(number) if dice.random() < dead}
    here = Town(everybody(star(number)), lambda each: each not in asleep, seed=seed)
    for _ in range(120):
        assert len(here.step(30).dial) <= AT_ONCE
    assert len(here.dialled) <= choosing.DIALS + 3600 * choosing.DIALS_A_SECOND + AT_ONCE
    for each in set(asleep):
        times = [at for at, whom in here.dialled if whom == each]
        assert len(times) <= 14
    awake = number - 1 - len(asleep - {peer(FOUNDER)})
    if number < 60:
        assert len(here.ties) >= min(awake, MOST)


def test_dead_sybils_do_not_keep_us_from_the_others() -> None:
    """A branch of a thousand nodes that never answer is tried, and others get their turn."""
    known = everybody(with_sybils(star(12), key(7), 1000))
    here = Town(known, lambda each: int(each.split("/")[0]) < 100_000)
    here.run(120)
    assert len(here.ties) >= 5


def test_who_moved_is_tried_at_once_but_not_again_and_again() -> None:
    known = everybody(star(2))
    here = Town(known, lambda each: False)
    here.run(600)
    quiet = here.now
    while here.step(1).dial == []:
        quiet = here.now
    assert here.step(1).dial == []
    here.machine.moved(peer(key(1)), here.now)
    assert here.step(1).dial == [peer(key(1))]
    here.machine.moved(peer(key(1)), here.now)
    assert here.step(1).dial == []
    assert quiet


def test_expired_addresses_are_tried_when_no_others_are_left() -> None:
    """Who was away for a year still finds somebody; who has good addresses needs no others."""
    inviters = star(10)
    persons = {peer(key(each)): key(each) for each in range(1, 10)}
    branches = Branches(inviters, list(persons.values()))
    good = [peer(key(1)), peer(key(2))]
    here = Town(Known(branches, persons, good, stale=persons), lambda each: True)
    assert set(here.step(5).dial) >= {*good}
    here = Town(Known(branches, persons, [], stale=persons), lambda each: True)
    here.run(60)
    assert len(here.ties) == MOST


def test_dials_of_other_purposes_end_and_what_others_opened_stays() -> None:
    known = everybody(star(60))
    here = Town(known, lambda each: True)
    here.run(120)
    free = [peer(key(each)) for each in range(1, 60) if peer(key(each)) not in here.ties][:2]
    here.ties[free[0]] = Tie(free[0], False, here.now)
    here.ties[free[1]] = Tie(free[1], True, here.now)
    here.step(5)
    assert {*free} <= set(here.ties)
    here.run(choosing.GRACE + 10)
    assert free[0] not in here.ties
    assert free[1] in here.ties


@pytest.mark.parametrize("most", [MOST, choosing.MOST_ALWAYS_ON])
def test_a_helper_machine_has_more_places(most: int) -> None:
    known = everybody(with_sybils(star(60), key(7), 500))
    here = Town(known, lambda each: True, most=most)
    here.run(300)
    chosen = [place.person for place in here.machine.places if place.up is not None]
    assert len(chosen) == most
    inside = sum(key(7) in known.branches.path(person) for person in chosen)
    assert inside <= most - 3 * most // 8


# The tree


def test_the_branch_of_somebody_is_all_who_came_in_by_them() -> None:
    inviters: Inviters = {FOUNDER: None, key(1): FOUNDER, key(2): key(1), key(3): key(2)}
    inviters[key(4)] = FOUNDER
    branches = Branches(inviters, list(inviters))
    assert branches.path(key(3)) == (FOUNDER, key(1), key(2), key(3))
    assert branches.outside(key(1)) == 2
    assert branches.outside(FOUNDER) == 0
    assert branches.covering([key(2), key(3)], 2) == key(2)
    assert branches.covering([key(2), key(3)], 4) is None
    assert branches.covering([key(3), key(4)], 1) is None


def test_who_leaves_and_comes_back_by_their_own_descendant_hangs_nowhere() -> None:
    """Else a circle would take an attacker's nodes out of the attacker's branch."""
    inviters = star(12) | {key(100): key(7), key(101): key(100)}
    inviters[key(100)] = key(101)
    inviters |= {key(200 + each): key(101) for each in range(50)}
    known = everybody(inviters)
    assert known.branches.path(key(210)) == ()
    assert known.branches.rooted == 11
    here = Town(known, lambda each: True)
    here.run(120)
    loose = {person for person in here.persons if not known.branches.path(person)}
    assert 1 <= len(loose) <= 5
    assert known.branches.covering([key(7), key(210)], 3) == key(7)


def test_a_long_chain_of_invitations_costs_no_more_than_a_short_one() -> None:
    inviters: Inviters = {FOUNDER: None}
    for each in range(1, 3000):
        inviters[key(each)] = key(each - 1)
    known = everybody(inviters)
    assert max(len(known.branches.path(person)) for person in inviters) == DEEPEST
    order = list(in_turn(known, {}, random.Random(0).shuffle))
    assert sorted(order) == sorted(known.persons)
    here = Town(known, lambda each: True)
    here.run(120)
    assert len(here.persons) == MOST


def test_branches_that_bear_least_come_first_and_who_was_reached_lately_in_them() -> None:
    inviters = star(3) | {key(10 + each): key(1) for each in range(20)}
    others = [person for person in inviters if person != FOUNDER]
    persons: dict[str, bytes] = {peer(person): person for person in others}
    known = Known(Branches(inviters, others), persons, persons, warm=[peer(key(15))])

    def first(load: Iterable[bytes]) -> bytes:
        borne = dict.fromkeys(load, 1)
        return next(in_turn(known, borne, random.Random(0).shuffle))

    assert first([]) == key(15)
    assert first([FOUNDER, key(1)]) == key(2)
