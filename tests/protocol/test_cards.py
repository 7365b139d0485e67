"""Address cards: signed by the device they speak of, for one community, for two weeks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.cards import (
    LIFETIME_MS,
    MARK,
    MAX_CARDS,
    MAX_FRAME,
    MAX_OFFER,
    Delivery,
    Offer,
    make_card,
    pack_delivery,
    pack_offer,
    read_card,
    read_delivery,
    read_offer,
)
from protocol.codec import decode, encode
from protocol.errors import Invalid
from protocol.invitation import MAX_ADDRESS, MAX_ADDRESSES
from protocol.keys import ADDRESS as PURPOSE
from tests.protocol.people import ANA, BEN, COMMUNITY, TIME, h
from tests.protocol.strategies import damaged, mutated, plain, quick

ADDRESS = "/ip4/192.0.2.7/tcp/4001"
CARD = make_card(ANA.device, COMMUNITY, (ADDRESS,), TIME)


def signed(value: Any) -> list[Any]:
    """A card with these parts, rightly signed by Ana's device."""
    raw = encode(value)
    return [raw, ANA.device.sign(PURPOSE, COMMUNITY, raw)]


def refusal(travel: Any, community: bytes = COMMUNITY) -> str:
    with pytest.raises(Invalid) as caught:
        read_card(travel, community)
    return caught.value.reason


@quick
@given(
    st.lists(st.text(st.characters(codec="ascii"), max_size=MAX_ADDRESS), max_size=MAX_ADDRESSES),
    st.integers(0, 2**52),
)
def test_a_card_survives_the_journey(addresses: list[str], now: int) -> None:
    card = make_card(ANA.device, COMMUNITY, tuple(addresses), now)

    assert read_card(decode(encode(card.travel), limit=9000), COMMUNITY) == card
    assert card.device == ANA.device.public
    assert card.expires_ms - card.issued_ms == LIFETIME_MS


def test_what_does_not_fit_a_card_is_left_out() -> None:
    card = make_card(ANA.device, COMMUNITY, ("x" * 201, *map(str, range(20))), TIME)

    assert read_card(card.travel, COMMUNITY).addresses == tuple(map(str, range(MAX_ADDRESSES)))


@quick
@given(st.data())
def test_a_damaged_card_is_refused(data: st.DataObject) -> None:
    travel = data.draw(damaged(CARD.travel))
    try:
        assert read_card(travel, COMMUNITY) == CARD
    except Invalid:
        return


@quick
@given(st.data())
def test_a_card_with_mutated_bytes_is_refused(data: st.DataObject) -> None:
    raw, signature = CARD.travel
    assert isinstance(raw, bytes)
    changed = data.draw(mutated(raw))
    if changed != raw:
        refusal([changed, signature])


@quick
@given(st.data())
def test_a_signed_card_of_another_shape_is_refused_or_keeps_to_its_limits(
    data: st.DataObject,
) -> None:
    parts = [ANA.device.public, [ADDRESS], TIME, TIME + 1]
    try:
        card = read_card(signed(data.draw(damaged(parts))), COMMUNITY)
    except Invalid:
        return
    assert 0 <= card.issued_ms <= card.expires_ms <= card.issued_ms + LIFETIME_MS
    assert len(card.addresses) <= MAX_ADDRESSES


@quick
@given(plain)
def test_any_value_is_refused(value: Any) -> None:
    refusal(value)
    refusal(signed(value))


def test_a_card_holds_for_one_community_and_one_device() -> None:
    assert refusal(CARD.travel, h("elsewhere")) == "bad-signature"
    raw = encode([BEN.device.public, [ADDRESS], TIME, TIME + 1])
    assert refusal([raw, ANA.device.sign(PURPOSE, COMMUNITY, raw)]) == "bad-signature"


@pytest.mark.parametrize(
    "parts",
    [
        [ANA.device.public, [ADDRESS], TIME, TIME - 1],
        [ANA.device.public, [ADDRESS], TIME, TIME + LIFETIME_MS + 1],
        [ANA.device.public, [ADDRESS], -1, 0],
        [ANA.device.public, [ADDRESS], False, True],
        [ANA.device.public, [ADDRESS], 2**53, 2**53 + 1],
        [ANA.device.public, [ADDRESS] * 9, TIME, TIME],
        [ANA.device.public, ["x" * 201], TIME, TIME],
        [ANA.device.public, [b"x"], TIME, TIME],
        [ANA.device.public, ADDRESS, TIME, TIME],
        [ANA.device.public[:31], [ADDRESS], TIME, TIME],
        [ANA.device.public, [ADDRESS], TIME],
    ],
)
def test_a_signed_card_with_a_wrong_part_is_refused(parts: Any) -> None:
    assert refusal(signed(parts)) == "bad-card"


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), bytes(65), "s" * 64, None, []])
def test_a_card_without_its_signature_is_refused(signature: Any) -> None:
    refusal([CARD.travel[0], signature])


MARKS = [bytes([number]) * MARK for number in range(MAX_CARDS)]
BENS = make_card(BEN.device, COMMUNITY, (ADDRESS,), TIME)
times = st.integers(0, 2**53)


def places(most: int) -> st.SearchStrategy[tuple[int, ...]]:
    if not most:
        return st.just(())
    return st.sets(st.integers(0, most - 1)).map(lambda found: tuple(sorted(found)))


@quick
@given(
    times,
    st.booleans(),
    st.lists(st.sampled_from(MARKS), unique=True).flatmap(
        lambda marks: st.tuples(*(st.tuples(st.just(mark), times) for mark in marks))
    ),
    places(MAX_CARDS),
)
def test_an_offer_survives_the_journey(
    now: int, whole: bool, cards: tuple[tuple[bytes, int], ...], wanted: tuple[int, ...]
) -> None:
    offer = Offer(now, whole, cards, wanted)
    frame = pack_offer(offer)

    assert len(frame) <= MAX_OFFER
    assert read_offer(frame, MAX_CARDS) == offer


@pytest.mark.parametrize(
    "value",
    [
        [TIME, True, []],
        [TIME, True, [], [], []],
        [-1, True, [], []],
        [True, True, [], []],
        [TIME, 1, [], []],
        [TIME, True, {}, []],
        [TIME, True, [[MARKS[0], TIME]] * 2, []],
        [TIME, True, [[MARKS[0], -1]], []],
        [TIME, True, [[MARKS[0]]], []],
        [TIME, True, [[MARKS[0][1:], TIME]], []],
        [TIME, True, [[bytes([n]) * MARK, TIME] for n in range(MAX_CARDS + 1)], []],
        [TIME, True, [], [2]],  # two cards were offered
        [TIME, True, [], [1, 0]],
        [TIME, True, [], [0, 0]],
        [TIME, True, [], [False]],
        [TIME, True, [], [-1]],
        "offer",
    ],
)
def test_what_is_no_offer_is_refused(value: Any) -> None:
    with pytest.raises(Invalid) as caught:
        read_offer(encode(value), 2)

    assert caught.value.reason == "bad-card"


def test_a_delivery_holds_only_what_was_asked_for() -> None:
    asked = {CARD.device[:MARK]}
    frame = pack_delivery([CARD.travel], (0, 1))

    assert read_delivery(frame, COMMUNITY, asked, 2) == Delivery((CARD,), (0, 1))
    assert read_delivery(pack_delivery([]), COMMUNITY, asked, 0) == Delivery(())
    for cards, wanted in (
        ([BENS.travel], ()),
        ([CARD.travel, CARD.travel], ()),
        ([], (2,)),
        ([[CARD.travel[0], bytes(64)]], ()),
    ):
        with pytest.raises(Invalid):
            read_delivery(pack_delivery(cards, wanted), COMMUNITY, asked, 2)


def test_the_largest_delivery_fits() -> None:
    addresses = tuple(str(n) * MAX_ADDRESS for n in range(MAX_ADDRESSES))
    card = make_card(ANA.device, COMMUNITY, addresses, TIME)

    assert len(pack_delivery([card.travel] * MAX_CARDS, range(MAX_CARDS))) <= MAX_FRAME
