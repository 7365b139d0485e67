"""Certificates: their shape, and whose signatures make them valid."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.certificates import (
    KINDS,
    MAX_CERTIFICATE,
    Certificate,
    Seat,
    check_signatures,
    make_body,
    quorum,
    read_certificate,
    read_seats,
    sign_certificate,
    sign_move,
)
from protocol.codec import decode, encode
from protocol.errors import Invalid
from tests.protocol.people import ANA, BEN, COMMUNITY, DAN, EVA, Person, certificate, h, seat
from tests.protocol.strategies import damaged, ids, mutated, plain, quick, words

FOUR = (ANA, BEN, EVA, DAN)
SEVEN = (*FOUR, Person("fay"), Person("gus"), Person("hal"))
ONE = certificate([(0, ANA)], decision={"admit": []})
seats = st.sampled_from([1, 4, 7]).flatmap(
    lambda n: st.lists(st.builds(Seat, ids, ids), min_size=n, max_size=n, unique_by=lambda s: s[1])
)


def travelled(found: Certificate) -> Any:
    return decode(encode(found.travel()), limit=2 * MAX_CERTIFICATE)


def refusal(travel: Any) -> str:
    with pytest.raises(Invalid) as caught:
        read_certificate(travel)
    return caught.value.reason


@quick
@given(
    st.integers(0, 2**53 - 1),
    st.sampled_from(KINDS),
    seats,
    st.dictionaries(words, plain, max_size=3),
    st.integers(0, 2**32 - 1),
    ids,
)
def test_a_certificate_survives_the_journey(
    height: int, kind: str, tellers: list[Seat], decision: dict[str, Any], view: int, prev: bytes
) -> None:
    raw = make_body(
        community=COMMUNITY,
        height=height,
        prev=prev,
        kind=kind,
        charter_hash=h("charter"),
        roll_root=h("roll"),
        next_tellers=tellers,
        decision=decision,
    )
    found = read_certificate([raw, view, [[0, sign_certificate(raw, view, ANA.device)]]])

    assert read_certificate(travelled(found)) == found
    assert found.id == sha256(raw).digest()
    assert (found.height, found.kind, found.view, found.prev) == (height, kind, view, prev)
    assert (list(found.next_tellers), found.decision) == (tellers, decision)
    if kind != "move-seat":
        check_signatures(found, [seat(ANA)])


def test_the_one_seat_moves_by_its_persons_key_and_by_nothing_else() -> None:
    raw = make_body(
        community=COMMUNITY,
        height=5,
        prev=h("prev"),
        kind="move-seat",
        charter_hash=h("charter"),
        roll_root=h("roll"),
        next_tellers=[Seat(ANA.person.public, BEN.device.public)],
        decision={"attempt": 1},
    )
    move = sign_move(raw, ANA.person)

    def refusal(view: int, *signatures: list[Any], seats: int = 1) -> str:
        found = read_certificate([raw, view, list(signatures)])
        with pytest.raises(Invalid) as caught:
            check_signatures(found, [seat(each) for each in FOUR[:seats]])
        return caught.value.reason

    check_signatures(read_certificate([raw, 0, [[0, move]]]), [seat(ANA)])
    assert refusal(0, [0, sign_certificate(raw, 0, ANA.device)]) == "bad-signature"
    assert refusal(0, [0, sign_certificate(raw, 0, ANA.person)]) == "bad-signature"
    assert refusal(0, [0, sign_move(raw, ANA.device)]) == "bad-signature"
    assert refusal(0, [0, sign_move(raw, BEN.person)]) == "bad-signature"
    assert refusal(0) == refusal(1, [0, move]) == refusal(0, [1, move]) == "bad-certificate"
    assert refusal(0, [0, move], [1, move]) == "bad-certificate"
    assert refusal(0, [0, move], seats=4) == "bad-signature"


@quick
@given(st.data())
def test_a_damaged_certificate_is_refused_or_says_the_same(data: st.DataObject) -> None:
    travel = data.draw(damaged(ONE.travel()))
    try:
        found = read_certificate(travel)
        check_signatures(found, [seat(ANA)])
    except Invalid:
        return
    assert found == ONE


@quick
@given(st.data())
def test_a_certificate_with_a_mutated_body_is_refused(data: st.DataObject) -> None:
    raw = data.draw(mutated(ONE.raw))
    try:
        found = read_certificate([raw, 0, ONE.travel()[2]])
        check_signatures(found, [seat(ANA)])
    except Invalid:
        return
    assert raw == ONE.raw


@quick
@given(st.data())
def test_a_certificate_with_a_damaged_body_is_refused_or_another(data: st.DataObject) -> None:
    value = decode(ONE.raw, limit=MAX_CERTIFICATE)
    raw = encode(data.draw(damaged(value)))
    try:
        found = read_certificate([raw, 0, []])
    except Invalid:
        return
    assert found.raw == raw


@quick
@given(plain)
def test_any_value_is_refused(value: Any) -> None:
    refusal(value)


@pytest.mark.parametrize(("count", "due"), [(1, 1), (4, 3), (7, 5)])
def test_a_quorum_is_two_thirds_and_one_more(count: int, due: int) -> None:
    people = SEVEN[:count]
    whole = list(enumerate(people))
    assert quorum(count) == due

    for signers in (whole, whole[:due], whole[count - due :]):
        found = certificate(signers, decision={"a": 1}, tellers=people)
        check_signatures(found, [seat(each) for each in people])
    fewer = certificate(whole[: due - 1], decision={"a": 1}, tellers=people)
    with pytest.raises(Invalid) as caught:
        check_signatures(fewer, [seat(each) for each in people])
    assert caught.value.reason == "bad-certificate"


def test_one_false_signature_beside_a_quorum_spoils_it() -> None:
    four = [seat(each) for each in FOUR]
    swapped = certificate([(0, ANA), (1, BEN), (2, EVA), (3, ANA)], decision={})
    stranger = certificate([(0, ANA), (1, BEN), (2, Person("mallory"))], decision={})

    for false in (swapped, stranger):
        with pytest.raises(Invalid) as caught:
            check_signatures(false, four)
        assert caught.value.reason == "bad-signature"


def test_a_seat_that_does_not_exist_signs_nothing() -> None:
    found = certificate([(0, ANA), (1, BEN)], decision={})

    with pytest.raises(Invalid):
        check_signatures(found, [seat(ANA)])


def test_a_signature_holds_for_its_view_only() -> None:
    with pytest.raises(Invalid):
        check_signatures(ONE._replace(view=1), [seat(ANA)])


def test_the_person_key_does_not_sign_for_the_seat() -> None:
    signature = sign_certificate(ONE.raw, 0, ANA.person)

    with pytest.raises(Invalid):
        check_signatures(ONE._replace(signatures=((0, signature),)), [seat(ANA)])


def test_signatures_are_named_once_and_in_order() -> None:
    raw, view, _ = ONE.travel()
    by = {n: [n, sign_certificate(ONE.raw, 0, p.device)] for n, p in enumerate(FOUR)}

    for wrong in ([by[0], by[0], by[0]], [by[1], by[0]], [*by.values(), by[0]]):
        assert refusal([raw, view, wrong]) == "bad-certificate"
    assert refusal([raw, view, [by[0]] * 8]) == "bad-certificate"


RAW, VIEW, SIGNATURES = ONE.travel()
SIGNATURE = bytes(64)


@pytest.mark.parametrize(
    "travel",
    [
        [RAW, VIEW],
        [RAW, -1, []],
        [RAW, 2**32, []],
        [RAW, True, []],
        [RAW, None, []],
        [RAW, VIEW, {}],
        [RAW, VIEW, [[True, SIGNATURE]]],
        [RAW, VIEW, [[-1, SIGNATURE]]],
        [RAW, VIEW, [[7, SIGNATURE]]],
        [RAW, VIEW, [[0, SIGNATURE[1:]]]],
        [RAW, VIEW, [[0, "s" * 64]]],
        [RAW, VIEW, [0]],
        ["body", VIEW, []],
        (RAW, VIEW, []),
    ],
)
def test_what_travels_has_one_shape(travel: Any) -> None:
    assert refusal(travel) == "bad-certificate"


FIELDS: list[tuple[int, Any]] = [
    (0, bytes(31)),
    (1, -1),
    (1, True),
    (1, 2**53),
    (1, "0"),
    (2, None),
    (3, "coup"),
    (3, ["roll"]),
    (3, {}),
    (3, None),
    (4, bytes(33)),
    (5, "r" * 32),
    (6, []),
    (6, None),
    (6, [[h(1), h(2)]] * 2),
    (6, [[h(1), h(2)]] * 4),
    (6, [[h(1)]]),
    (6, [[h(1), h(2), h(3)]]),
    (6, [[h(1), "d" * 32]]),
    (6, [{}]),
    (7, []),
    (7, None),
]


@pytest.mark.parametrize(("at", "value"), FIELDS)
def test_a_body_with_a_wrong_field_is_refused(at: int, value: Any) -> None:
    body = decode(ONE.raw, limit=MAX_CERTIFICATE)
    assert isinstance(body, list)
    body[at] = value

    assert refusal([encode(body), 0, []]) == "bad-certificate"
    assert refusal([encode(body[:at]), 0, []]) == "bad-certificate"


def test_one_person_may_hold_seats_on_several_devices_but_a_device_only_one() -> None:
    rows: list[Any] = [[h("p"), h(n)] for n in range(4)]

    assert len(read_seats(rows)) == 4
    with pytest.raises(Invalid):
        read_seats([*rows[:3], [h("q"), h(0)]])


def test_a_certificate_has_a_limit() -> None:
    with pytest.raises(Invalid) as caught:
        certificate([], decision={"x": bytes(MAX_CERTIFICATE)})
    assert caught.value.reason == "too-large"
