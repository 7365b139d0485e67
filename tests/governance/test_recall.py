"""Enough persons replace the tellers; fewer, others, or hostile bytes do not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.certified import Certified
from governance.folding import fold, replay, step
from governance.recall import RECALL, needed, recalling, signers
from protocol.certificates import (
    MAX_PLACE,
    MAX_SIGNERS,
    MAX_TELLERS,
    Certificate,
    Seat,
    make_body,
    read_certificate,
)
from protocol.codec import encode
from protocol.errors import Invalid
from protocol.evidence import MAX_OBJECT, SEATS, rivals_proof
from protocol.keys import Signer
from protocol.kinds.recall import Recall, Slate, body, read
from protocol.messages import MAX_FRAME
from protocol.records import ZERO
from tests.governance.hall import NAMES, PEOPLE, Hall, key
from tests.protocol.people import h

BEN = Seat(key("ben"), PEOPLE["ben"].device.public)
EVA = Seat(key("eva"), PEOPLE["eva"].device.public)
FOUR = tuple(Seat(key(name), PEOPLE[name].device.public) for name in NAMES[1:5])


def slate(state: Certified, *seats: Seat, attempt: int = 1) -> Slate:
    return Slate(prev=state.id, attempt=attempt, tellers=seats or (BEN,))


def signed(wanted: Slate, community: bytes, name: str) -> bytes:
    found = body(PEOPLE[name].person, community, wanted)["signature"]
    assert isinstance(found, bytes)
    return found


def recalled(state: Certified, wanted: Slate, *names: str, **changes: Any) -> Certificate:
    """The certificate that these people's signatures make; `changes`: items of what travels."""
    decision = changes.get("decision", recalling(wanted.attempt, wanted.tellers))
    after = step(state, RECALL, recalling(wanted.attempt, wanted.tellers))
    raw = make_body(
        community=state.community,
        height=state.height + 1,
        prev=state.id,
        kind=RECALL,
        charter_hash=after.charter_hash,
        roll_root=after.roll.root(),
        next_tellers=changes.get("next_tellers", after.tellers),
        decision=decision,
    )
    signatures = changes.get("signatures") or [
        [place, signed(wanted, state.community, name)]
        for place, person in enumerate(signers(state))
        for name in names
        if key(name) == person
    ]
    return read_certificate([raw, changes.get("view", 0), signatures])


def test_two_thirds_put_other_tellers_in() -> None:
    hall = Hall(members=5)
    state = hall.state
    assert (needed(state), len(signers(state))) == (4, 5)

    made = recalled(state, slate(state, *FOUR), "ben", "eva", "dan", "gus")
    after = fold(state, made)

    assert after == replay(state, made)
    assert after.tellers == FOUR
    assert after.recall_attempt == 1
    assert after.attempt == state.attempt
    assert after.roll == state.roll
    assert fold(state, recalled(state, slate(state), *NAMES[:5])).tellers == (BEN,)


def test_the_certificate_has_one_id_whoever_signed() -> None:
    state = Hall(members=5).state
    wanted = slate(state)
    one = recalled(state, wanted, "ana", "ben", "eva", "dan")
    other = recalled(state, wanted, "gus", "ben", "eva", "dan")
    assert one.id == other.id
    assert one.signatures != other.signatures


@pytest.mark.parametrize("members", [1, 2, 3, 4, 5])
def test_one_less_than_needed_is_not_enough(members: int) -> None:
    state = Hall(members=members).state
    wanted = slate(state, Seat(key("ana"), PEOPLE["ana"].device.public))
    enough = NAMES[: needed(state)]
    assert 3 * len(enough) >= 2 * members > 3 * (len(enough) - 1)
    assert fold(state, recalled(state, wanted, *enough))
    with pytest.raises(Invalid):
        fold(state, recalled(state, wanted, *enough[:-1]))


def test_nobody_but_members_at_that_certificate_sign() -> None:
    hall = Hall(members=4)
    before = hall.state
    hall.certify("roll", {"leave": [[key("dan"), h("left"), []]]})
    state, wanted = hall.state, slate(hall.state)
    good = [signed(wanted, state.community, name) for name in ("ana", "ben", "eva")]
    order = {person: place for place, person in enumerate(signers(state))}
    places = [order[key(name)] for name in ("ana", "ben", "eva")]

    def travels(*pairs: tuple[int, bytes]) -> list[list[Any]]:
        return sorted([place, signature] for place, signature in pairs)

    assert needed(state) == 2
    assert fold(state, recalled(state, wanted, "ana", "ben"))
    for bad in (
        travels((places[0], good[0]), (places[1], good[0])),
        travels((places[0], good[0]), (places[1], signed(wanted, state.community, "dan"))),
        travels((places[0], good[0]), (places[1], good[1]), (3, good[2])),
        travels((places[0], good[0]), (places[1], good[1]), (places[2], bytes(64))),
        travels((places[0], good[0]), (places[1], signed(slate(before), h("x"), "ben"))),
    ):
        with pytest.raises(Invalid):
            fold(state, recalled(state, wanted, signatures=bad))
    with pytest.raises(Invalid):
        fold(state, recalled(state, wanted, "ana", "ben", view=1))


def test_a_signature_is_for_one_place_one_attempt_and_one_slate() -> None:
    hall = Hall()
    hall.certify("roll", {"cite": [h("more")]})
    state = hall.state
    wanted, community = slate(state), state.community
    signature = signed(wanted, community, "ben")

    for other in (
        slate(state, attempt=2),
        slate(state, EVA),
        Slate(prev=h("elsewhere"), attempt=1, tellers=(BEN,)),
    ):
        assert not other.signed_by(community, key("ben"), signature)
        assert other.id(community) != wanted.id(community)
    assert not wanted.signed_by(h("other community"), key("ben"), signature)
    assert not wanted.signed_by(community, key("eva"), signature)
    assert wanted.signed_by(community, key("ben"), signature)
    said = read(body(PEOPLE["ben"].person, community, wanted))
    assert said == Recall(person=key("ben"), slate=wanted, signature=signature)
    said.check(community)
    with pytest.raises(Invalid):
        said.check(h("other community"))


def test_who_can_not_serve_is_not_put_in() -> None:
    hall = Hall(members=5)
    hall.certify("roll", {"leave": [[key("dan"), h("left"), []]]})
    hall.certify("roll", {"enrol": [[key("ben"), h("new"), h("enrol")]]})
    hall.certify("roll", {"retire": [[h("new"), []]]})
    state = hall.state
    for seats in (
        (Seat(key("dan"), PEOPLE["dan"].device.public),),
        (Seat(h("stranger"), h("device")),),
        (Seat(key("ben"), PEOPLE["eva"].device.public),),
        (Seat(key("ben"), h("new")),),
    ):
        with pytest.raises(Invalid):
            step(state, RECALL, recalling(1, seats))
    for attempt in (0, -1, 2**31, True, None, "1"):
        with pytest.raises(Invalid):
            step(state, RECALL, recalling(attempt, (BEN,)))  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        step(state, RECALL, recalling(1, (BEN, EVA)))
    with pytest.raises(Invalid):
        step(state, RECALL, recalling(1, (BEN, Seat(key("ben"), h("x")), EVA, FOUR[3])))
    with pytest.raises(Invalid):
        step(state, RECALL, {**recalling(1, (BEN,)), "at": 5})
    after = fold(state, recalled(state, slate(state, attempt=3), *NAMES[:3]))
    with pytest.raises(Invalid):
        step(after, RECALL, recalling(3, (EVA,)))
    assert step(after, RECALL, recalling(4, (EVA,)))


_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**40)
    | st.binary(max_size=40)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["attempt", "tellers", "seat", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)
_STATE = Hall(members=3).state


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["attempt", "tellers", "x"]), _plain, max_size=3),
    _plain,
    st.integers(-1, 2),
    st.booleans(),
)
def test_hostile_recalls_are_invalid_and_nothing_else(
    decision: dict[str, Any], signatures: Any, view: int, whole: bool
) -> None:
    wanted = slate(_STATE)
    if whole:
        decision = {**recalling(1, (BEN,)), **decision}
    raw = encode(
        [
            _STATE.community,
            _STATE.height + 1,
            _STATE.id,
            RECALL,
            _STATE.charter_hash,
            _STATE.roll.root(),
            [list(BEN)],
            decision,
        ]
    )
    assert wanted
    with pytest.raises(Invalid):
        fold(_STATE, read_certificate([raw, view, signatures]))


def test_only_a_recall_travels_with_many_signatures_and_it_fits_everywhere() -> None:
    state = _STATE
    many = [[place, bytes(64)] for place in range(MAX_SIGNERS)]
    made = recalled(state, slate(state, *FOUR[:1]), signatures=many)
    far = [[MAX_PLACE - MAX_SIGNERS + place, bytes(64)] for place in range(MAX_SIGNERS)]
    biggest = make_body(
        community=state.community,
        height=2**53 - 1,
        prev=ZERO,
        kind=RECALL,
        charter_hash=ZERO,
        roll_root=ZERO,
        next_tellers=FOUR,
        decision=recalling(2**31 - 1, FOUR),
    )
    other = make_body(
        community=state.community,
        height=2**53 - 1,
        prev=ZERO,
        kind=RECALL,
        charter_hash=h("x"),
        roll_root=ZERO,
        next_tellers=FOUR,
        decision=recalling(2**31 - 1, FOUR),
    )
    pair = [read_certificate([raw, 0, far]) for raw in (biggest, other)]

    assert len(encode(pair[0].travel())) < MAX_FRAME
    assert len(rivals_proof(state.community, SEATS, *pair).raw) <= MAX_OBJECT
    with pytest.raises(Invalid):
        read_certificate([made.raw, 0, [*many, [MAX_SIGNERS, bytes(64)]]])
    with pytest.raises(Invalid):
        read_certificate([made.raw, 0, [[MAX_PLACE, bytes(64)]]])
    ordinary = Hall().chain[-1]
    with pytest.raises(Invalid):
        read_certificate([ordinary.raw, 0, many[: MAX_TELLERS + 1]])


def test_a_person_signs_for_no_other_purpose() -> None:
    """What is signed has the purpose in it, so that no other signature can stand for it."""
    state = Hall().state
    wanted = slate(state)
    raw = b"".join(wanted.parts(state.community))
    person: Signer = PEOPLE["ben"].person
    assert not wanted.signed_by(state.community, key("ben"), person.sign(b"moothall/x/1\0", raw))
    assert not wanted.signed_by(state.community, key("ben"), person.sign(b"", raw))
