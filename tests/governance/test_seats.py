"""The teller's seat moves by its person's key alone, and everybody comes to the same chain."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import pytest

from governance.certified import Certified
from governance.folding import fold, replay, step
from governance.roll import MEMBER
from governance.seats import MOVE, Weight, halting, moving, weight
from protocol.certificates import Certificate, Seat, make_body, read_certificate, sign_move
from protocol.errors import Invalid
from protocol.keys import Signer
from protocol.records import ZERO
from tests.governance.hall import PEOPLE, Hall, key
from tests.protocol.people import h

ANA = PEOPLE["ana"]
NEW = Signer(h("ana's new laptop"))
HEADS = [(ANA.device.public, 0, 7, h("head")), (ANA.device.public, 1, 3, h("bread"))]


def moved(state: Certified, signer: Signer = ANA.person, **changes: Any) -> Certificate:
    """A move of the seat to ana's new laptop, on top of `state`."""
    decision: Any = {**moving(NEW.public, h("enrol"), state.attempt + 1, HEADS), **changes}
    after = step(state, MOVE, decision)
    raw = make_body(
        community=state.community,
        height=state.height + 1,
        prev=state.id,
        kind=MOVE,
        charter_hash=after.charter_hash,
        roll_root=after.roll.root(),
        next_tellers=after.tellers,
        decision=decision,
    )
    return read_certificate([raw, 0, [[0, sign_move(raw, signer)]]])


def refused(state: Certified, **changes: Any) -> None:
    with pytest.raises(Invalid):
        moved(state, **changes)


def test_the_new_device_has_the_seat_and_the_old_one_is_retired_where_it_was_seen_last() -> None:
    hall = Hall()
    move = moved(hall.state)

    after = fold(hall.state, move)

    assert after == replay(hall.state, move)
    assert after.tellers == (Seat(key("ana"), NEW.public),)
    assert after.attempt == 1
    assert after.roll.is_member_device(NEW.public)
    assert not after.roll.is_member_device(ANA.device.public)
    assert after.roll.persons[key("ana")].standing == MEMBER
    assert after.roll.cuts[ANA.device.public, 0] == (7, h("head"))
    assert after.roll.cuts[ANA.device.public, 1] == (3, h("bread"))
    assert after.roll.cuts[ANA.device.public, 2] == (0, ZERO)
    assert h("enrol") in after.roll.cited


def test_nobody_but_the_person_moves_it() -> None:
    hall = Hall()
    for other in (ANA.device, PEOPLE["ben"].person, PEOPLE["ben"].device, NEW):
        with pytest.raises(Invalid) as caught:
            fold(hall.state, moved(hall.state, other))
        assert caught.value.reason == "bad-signature"


def test_a_device_that_is_certified_already_can_take_it() -> None:
    hall = Hall()
    hall.certify("roll", {"enrol": [[key("ana"), NEW.public, h("enrol")]]})

    after = fold(hall.state, moved(hall.state))

    assert after.tellers == (Seat(key("ana"), NEW.public),)
    assert after.roll.persons[key("ana")].devices[NEW.public] == hall.state.height


def test_what_can_not_be_carried_out() -> None:
    hall = Hall()
    state = hall.state

    refused(state, seat=1)
    refused(state, seat=False)
    refused(state, attempt=0)
    refused(state, attempt=True)
    refused(state, attempt=2**31)
    refused(state, device=ANA.device.public)
    refused(state, device=PEOPLE["ben"].device.public)
    refused(state, device=b"short")
    refused(state, record=None)
    refused(state, retire=[[1, 2]])
    refused(state, more=1)
    hall.certify("roll", {"enrol": [[key("ana"), NEW.public, h("enrol")]]})
    hall.certify("roll", {"retire": [[NEW.public, []]]})
    refused(hall.state)
    after = fold(state, moved(state, attempt=3))
    refused(after, device=h("third"), attempt=3)
    assert moved(after, device=h("third"), attempt=4)


def test_of_a_split_chain_the_same_side_weighs_more_whatever_it_is_compared_with() -> None:
    """Elected tellers before moves, then attempts, then what voids less; and no circles."""
    hall = Hall()
    first = moved(hall.state)

    def cert(kind: str, height: int, attempt: int = 0) -> Certificate:
        return first._replace(kind=kind, height=height, decision={"attempt": attempt})

    ordinary, elected = [cert("roll", 3)], [cert("roll", 3), cert("tellers", 4), cert(MOVE, 5, 9)]
    low, late, high = [cert(MOVE, 3, 1)], [cert("roll", 3), cert(MOVE, 4, 1)], [cert(MOVE, 3, 2)]
    beside = [cert(MOVE, 3, 1), cert("tellers", 4)]
    again = [cert(MOVE, 3, 1), cert("roll", 4), cert(MOVE, 5, 4)]
    order = [ordinary, low, late, high, again, beside, elected]

    assert [weight(branch) for branch in order] == sorted(weight(branch) for branch in order)
    assert len({weight(branch) for branch in order}) == len(order)
    recalled = cert("recall", 3, 1)
    assert weight([recalled]) > max(weight(branch) for branch in order)
    assert weight([recalled, cert("tellers", 4), cert(MOVE, 5, 9)]) == weight([recalled])
    assert weight([recalled]) < weight([cert("roll", 3), cert("recall", 4, 1)])
    assert weight([cert("roll", 3), cert("recall", 4, 1)]) < weight([cert("recall", 3, 2)])
    assert weight([]) == weight(ordinary) == Weight(0, -1, False, 0, -1)
    for longer, more in product(order, (cert("roll", 9), cert("tellers", 9))):
        assert weight([*longer, more]) >= weight(longer)  # what stands is not lost by going on


def test_two_moves_of_one_attempt_from_one_place_halt_it() -> None:
    hall = Hall()
    one, same = moved(hall.state), moved(hall.state)
    other = moved(hall.state, device=h("other laptop"))
    higher = moved(hall.state, attempt=2)
    ordinary = hall.make("roll", {"enrol": [[key("ana"), NEW.public, h("enrol")]]})
    hall.certify("roll", {"expire": [[ANA.device.public, 3, 0]]})
    elsewhere = moved(hall.state)

    assert halting(one, other)
    for pair in ((one, same), (one, higher), (one, ordinary), (one, elsewhere)):
        assert not any(halting(*both) for both in permutations(pair))
