"""Seats among four tellers change hands by what each node holds and has heard, and by its clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from governance.handover import DOUBLE, RESIGNED, SILENT, moving, stepping_in
from governance.tellers import vacant
from node import home as homes
from node import people, seat, teller
from node.assembly import casting
from node.home import Home
from node.recovery import Surroundings
from node.tellership import handover
from node.tellership.handover import LISTEN_S, SIGN_S, SILENCE_S
from protocol.errors import Refused
from protocol.kinds import retire as retire_kind
from protocol.teller_messages import double, prepare
from storage import agreement, certificates, heard
from storage.own import Draft
from tests.node import four as fours
from tests.node.four import Four

DAY = 86_400
OTHERS = ("Ana", "Ben", "Cleo", "Eva", "Fay")  # Dan is away


@contextmanager
def refused(reason: str) -> Iterator[None]:
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.reason == reason


def holders(home: Home) -> list[str]:
    """First letters of who hold the seats, as this home sees it."""
    return [each["name"][0] for each in seat.show(home)["tellers"]]


def go_on(four: Four, *who: str) -> None:
    """These people, or all, go on for a minute: patience with whoever should lead runs out."""
    for _ in range(6):
        four.settle(*who)
        four.wait(10)


def kinds(home: Home, after: int) -> list[str]:
    return [each.kind for each in certificates.above(home.store, after)]


def tip(home: Home) -> int:
    return certificates.tip(home.store)[0]


def test_who_resigns_hands_over_to_the_alternate_and_stays_a_member(four: Four) -> None:
    dan = four.homes["Dan"]
    with refused("not-teller"):
        seat.resign(four.homes["Eva"])
    before = tip(dan)
    assert seat.resign(dan)["name"] == "Eva"
    go_on(four)
    assert all(holders(home) == ["A", "B", "C", "E"] for home in four.homes.values())
    assert kinds(dan, before) == ["tellers"]
    assert dan.standing() == "member"
    with refused("no-alternate"):
        seat.resign(four.homes["Eva"])
    go_on(four)
    assert tip(dan) == before + 1  # what was asked is done, once


def test_a_teller_who_leaves_hands_over_first_and_the_last_that_are_needed_stay(four: Four) -> None:
    before = tip(four.homes["Fay"])
    people.leave(four.homes["Dan"])
    go_on(four)
    assert kinds(four.homes["Fay"], before) == ["tellers", "roll"]
    assert holders(four.homes["Fay"]) == ["A", "B", "C", "E"]

    people.leave(four.homes["Cleo"])  # there is no further alternate, and three can decide
    go_on(four)
    state = certificates.current(four.homes["Fay"].store)
    assert state is not None and vacant(state) == (2,)
    people.leave(four.homes["Ben"])  # now nobody can be spared
    go_on(four)
    state = certificates.current(four.homes["Fay"].store)
    assert state is not None and four.homes["Ben"].person in state.members()


def test_a_seat_moves_to_a_new_device_when_its_person_asks(four: Four, tmp_path: Path) -> None:
    ben = four.homes["Ben"]
    again = homes.recover(
        tmp_path / "again",
        ben.store.community,
        ben.unlock().person,
        Surroundings("Ben"),
        None,
        four.clock,
    )
    four.homes["again"] = again
    try:
        four.homes.pop("Ben")  # the lost one
        everybody = ("Ana", "Cleo", "Dan", "Eva", "Fay", "again")
        go_on(four, *everybody)
        with refused("not-teller"):
            seat.check(four.homes["Fay"])
        asked = seat.ask(again)
        assert asked["retired"] == ben.device.hex()
        go_on(four, *everybody)
        state = certificates.current(again.store)
        assert state is not None
        assert state.tellers[1].device == again.device
        assert state.roll.is_cut(ben.device) and not vacant(state)
        with refused("here-already"):
            seat.ask(again)
        at = tip(again)
        go_on(four, *everybody)
        assert tip(again) == at
        assert teller.is_teller(again.store)
    finally:
        again.close()
        four.homes["Ben"] = ben
        four.homes.pop("again")


def test_a_quiet_teller_is_no_silent_one(four: Four) -> None:
    before = tip(four.homes["Ana"])
    for _ in range(6):
        four.wait(SIGN_S)
        go_on(four)
    assert tip(four.homes["Ana"]) == before
    for home in four.tellers:
        last = heard.last(four.homes["Fay"].store, home.device)
        assert last is not None and four.now_ms - last < 1000 * DAY


def test_who_was_not_heard_of_for_thirty_days_is_replaced(four: Four) -> None:
    four.wait(SILENCE_S - 2 * SIGN_S)
    go_on(four, *OTHERS)
    four.wait(2 * SIGN_S - 300)
    go_on(four, *OTHERS)
    assert handover.next_look(four.homes["Ana"].store, four.now_ms / 1000) is not None
    four.wait(300)
    go_on(four, *OTHERS)
    assert holders(four.homes["Ana"]) == ["A", "B", "C", "D"]  # they listen first
    four.wait(LISTEN_S - 120)
    four.settle(*OTHERS)
    assert holders(four.homes["Ana"]) == ["A", "B", "C", "D"]
    four.wait(120)
    go_on(four, *OTHERS)
    assert holders(four.homes["Ana"]) == ["A", "B", "C", "E"]
    go_on(four)
    assert holders(four.homes["Dan"]) == ["A", "B", "C", "E"]


def test_a_word_in_the_last_minutes_is_enough(four: Four) -> None:
    four.wait(SILENCE_S + 60)
    go_on(four, *OTHERS)
    four.wait(LISTEN_S - 120)
    four.settle("Dan", "Fay")
    go_on(four, *OTHERS)
    four.wait(LISTEN_S)
    go_on(four, *OTHERS)
    assert holders(four.homes["Ana"]) == ["A", "B", "C", "D"]


def test_a_node_that_was_away_listens_before_it_calls_others_silent(four: Four) -> None:
    ana = four.homes["Ana"].store
    four.wait(40 * DAY)
    silent = stepping_in(3, SILENT, None, four.now_ms // 1000)
    assert not handover.acceptable(ana, silent)
    four.wait(10 * DAY)  # it slept on
    assert not handover.acceptable(ana, silent)
    four.wait(LISTEN_S)
    assert handover.acceptable(ana, silent)
    assert not handover.acceptable(ana, stepping_in(0, SILENT, None, 5))  # that is Ana herself


def test_who_said_two_things_is_replaced(four: Four) -> None:
    dan = four.homes["Dan"]
    at = agreement.height(dan.store)
    assert at is not None
    key = dan.unlock().device
    one, other = (prepare(key, at.about, 0, each * 32) for each in (b"1", b"2"))
    proof = double(one, other, dan.store.community)
    ana = four.homes["Ana"].store
    why = stepping_in(3, DOUBLE, None, four.now_ms // 1000)
    assert not handover.acceptable(ana, why)
    with ana.transaction():
        agreement.receive_double(ana, proof)
    assert handover.acceptable(ana, why)
    go_on(four)
    assert all(holders(home) == ["A", "B", "C", "E"] for home in four.homes.values())


def test_who_is_elected_again_is_not_bound_by_what_was_before(four: Four) -> None:
    dan = four.homes["Dan"]
    at = agreement.height(dan.store)
    assert at is not None
    key = dan.unlock().device
    one, other = (prepare(key, at.about, 0, each * 32) for each in (b"1", b"2"))
    seat.resign(dan)
    go_on(four)
    assert holders(dan) == ["A", "B", "C", "E"]
    persons = {name[0]: four.homes[name].person.hex() for name in fours.NAMES[:-1]}
    election = {"type": "elect", "office": "teller", "candidates": persons}
    asked = four.propose("Ana", "Once more", election)
    four.settle()  # the vote lasts a minute at most
    for name, home in four.homes.items():
        casting.cast(home, asked, "A,B,C,D" if name in fours.TELLERS else "A,B,C,D,E")
    go_on(four)
    assert holders(dan) == ["A", "B", "C", "D"]
    before = tip(dan)
    with dan.store.transaction():
        agreement.receive_double(dan.store, double(one, other, dan.store.community))
    assert len(agreement.doubles(dan.store)) == 1
    go_on(four)
    assert (tip(dan), holders(dan)) == (before, ["A", "B", "C", "D"])


def test_a_device_given_up_gives_its_seat_up(four: Four, tmp_path: Path) -> None:
    dan = four.homes["Dan"]
    phone = homes.recover(
        tmp_path / "phone",
        dan.store.community,
        dan.unlock().person,
        Surroundings("Dan"),
        None,
        four.clock,
    )
    four.homes["phone"] = phone
    try:
        everybody = ("Ana", "Ben", "Cleo", "Eva", "Fay", "phone")
        go_on(four, *everybody)
        before = tip(phone)
        phone.append([Draft("retire", retire_kind.body(dan.device, []))])
        go_on(four, *everybody)
        assert kinds(phone, before) == ["tellers", "roll"]
        assert holders(phone) == ["A", "B", "C", "E"]
    finally:
        four.homes.pop("phone").close()


def test_what_others_claim_is_not_believed(four: Four) -> None:
    ana, now = four.homes["Ana"].store, four.now_ms // 1000
    dan = four.homes["Dan"]
    state = certificates.current(ana)
    assert state is not None
    for why in (DOUBLE, SILENT):
        assert not handover.acceptable(ana, stepping_in(3, why, None, now))
    assert not handover.acceptable(ana, stepping_in(3, RESIGNED, bytes(32), now))
    assert not handover.acceptable(ana, moving(3, dan.device, bytes(32), []))
    seat.resign(dan)
    four.gather()
    (right,) = handover.steps(ana)
    assert right.decision["why"] == RESIGNED and handover.acceptable(ana, right.decision)
    assert not handover.acceptable(ana, right.decision | {"seat": 2})
