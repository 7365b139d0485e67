"""Sealed boxes: read by their readers alone; whatever else is in one ends as "not for me"."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_scalarmult, crypto_secretbox
from nacl.exceptions import CryptoError

from protocol import sealing
from protocol.codec import decode, encode
from protocol.errors import Invalid
from protocol.keys import Signer
from protocol.kinds.sealed import KIND, read
from protocol.records import MARKET, MAX_BODY
from protocol.sealing import MOST_READERS, PLACE, SIZES, Opened, Opener, most_content, open_with
from tests.protocol.people import ANA, BEN, COMMUNITY, EVA, h
from tests.protocol.strategies import mutated, quick, thorough

AUTHOR = ANA.device.public
KEY = h("content key")
DEVICES = [Signer(h("reader", n)) for n in range(MOST_READERS + 1)]
# Every point of small order that X25519 knows, and encodings of them beyond the field.
P = 2**255 - 19
LOW_ORDER = [
    number.to_bytes(32, "little")
    for number in (
        0,
        1,
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
        P - 1,
        P,
        P + 1,
    )
]


def seal(
    content: bytes, *readers: Signer, author: bytes = AUTHOR, **other: bytes
) -> dict[str, Any]:
    parts = {"community": COMMUNITY, "ephemeral": h("ephemeral"), "key": KEY, **other}
    return dict(sealing.seal(content, [r.public for r in readers], author=author, **parts))


def opened(body: dict[str, Any], reader: Signer, author: bytes = AUTHOR) -> Opened | None:
    return Opener(reader, COMMUNITY).open(body, author)


@quick
@given(st.binary(max_size=5000), st.integers(1, MOST_READERS))
def test_readers_open_it_and_nobody_else(content: bytes, count: int) -> None:
    body = seal(content, *DEVICES[:count])
    assert decode(encode(body), limit=MAX_BODY) == body
    assert read(body).body() == body
    for device in DEVICES[:count]:
        assert opened(body, device) == (content, KEY)
    assert opened(body, DEVICES[-1]) is None
    assert open_with(body, KEY, community=COMMUNITY, author=AUTHOR) == (content, KEY)


@pytest.mark.parametrize("readers", [1, 2, 10, MOST_READERS])
def test_a_body_has_one_of_four_sizes_and_is_filled_to_the_last_byte(readers: int) -> None:
    sizes = {
        len(encode(seal(bytes(length), *DEVICES[:readers])))
        for length in range(0, most_content(readers) + 1, 97)
    }
    assert all(any(size - 1 <= found <= size for size in SIZES) for found in sizes)
    assert len(sizes) <= len(SIZES)
    assert len(encode(seal(bytes(most_content(readers)), *DEVICES[:readers]))) == MAX_BODY
    with pytest.raises(Invalid) as caught:
        seal(bytes(most_content(readers) + 1), *DEVICES[:readers])
    assert caught.value.reason == "too-large"


def test_one_reader_named_twice_has_one_place_and_places_say_no_order() -> None:
    body = seal(b"hello", DEVICES[0], DEVICES[1], DEVICES[0])
    assert len(body["to"]) == 2 * PLACE
    assert body == seal(b"hello", DEVICES[1], DEVICES[0])


@pytest.mark.parametrize("count", [0, MOST_READERS + 1])
def test_nobody_and_too_many_are_refused(count: int) -> None:
    with pytest.raises(Invalid) as caught:
        seal(b"hello", *DEVICES[:count])
    assert caught.value.reason == "too-many"


@pytest.mark.parametrize(
    "key", [bytes(32), b"\x01" + bytes(31), b"\xff" * 32, bytes(31), b"\x02" * 32]
)
def test_a_reader_whose_key_is_none_is_refused(key: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        sealing.seal(b"hello", [key], community=COMMUNITY, author=AUTHOR, ephemeral=h("e"), key=KEY)
    assert caught.value.reason == "bad-key"


def test_it_belongs_to_one_author_and_one_community() -> None:
    body = seal(b"hello", EVA.device)
    assert opened(body, EVA.device, BEN.device.public) is None
    assert Opener(EVA.device, h("another community")).open(body, AUTHOR) is None
    for community, author in ((h("other"), AUTHOR), (COMMUNITY, BEN.device.public)):
        assert open_with(body, KEY, community=community, author=author) is None


def test_a_box_cannot_say_different_things_under_two_keys() -> None:
    """Whatever an author wraps for a reader, it must be the key that the box begins with."""
    body = seal(b"hello", EVA.device)
    other = seal(b"hello", EVA.device, key=h("another key"))
    assert opened({**body, "to": other["to"]}, EVA.device) is None
    cipher = sealing._of_content(h("another key"), body["key"], COMMUNITY, AUTHOR)[1]
    forged = body["box"][: sealing.COMMIT] + crypto_secretbox(bytes(100), bytes(24), cipher)
    assert opened({**body, "box": forged, "to": other["to"]}, EVA.device) is None


@pytest.mark.parametrize("key", LOW_ORDER)
def test_a_point_of_small_order_shares_nothing(key: bytes) -> None:
    with pytest.raises(CryptoError):
        crypto_scalarmult(h("any secret"), key)
    assert opened({**seal(b"hello", EVA.device), "key": key}, EVA.device) is None


def test_sixteen_places_under_the_readers_hint_cost_one_diffie_hellman(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = seal(b"hello", EVA.device)
    hint, wrapped = body["to"][: sealing.HINT], body["to"][sealing.HINT :]
    made = []

    def counted(secret: bytes, public: bytes) -> bytes:
        made.append(public)
        return bytes(crypto_scalarmult(secret, public))

    monkeypatch.setattr(sealing, "crypto_scalarmult", counted)
    reader = Opener(EVA.device, COMMUNITY)
    garbage = b"".join(hint + h(n) + bytes(16) for n in range(MOST_READERS))
    assert reader.open({**body, "to": garbage}, AUTHOR) is None
    assert reader.open({**body, "to": garbage[PLACE:] + hint + wrapped}, AUTHOR) == (b"hello", KEY)
    assert reader.open({**body, "to": h("x") * 26}, AUTHOR) is None
    assert len(made) == 3


@pytest.mark.parametrize("length", [2**32 - 1, 10_000])
def test_a_length_beyond_the_content_is_none(length: int) -> None:
    body = seal(b"hello", EVA.device)
    commit, cipher = sealing._of_content(KEY, body["key"], COMMUNITY, AUTHOR)
    lying = crypto_secretbox(length.to_bytes(4, "big") + bytes(50), bytes(24), cipher)
    assert opened({**body, "box": commit + lying}, EVA.device) is None
    short = crypto_secretbox(b"\0\0", bytes(24), cipher)
    assert opened({**body, "box": commit + short}, EVA.device) is None


@thorough
@given(st.data(), st.sampled_from(["box", "key", "to"]))
def test_damage_is_unreadable_and_never_an_error(data: st.DataObject, part: str) -> None:
    body = seal(b"hello", EVA.device, BEN.device)
    body[part] = data.draw(mutated(body[part]))
    try:
        read(body)
    except Invalid as error:
        assert error.reason == "unreadable"
        return
    assert opened(body, EVA.device) in (None, (b"hello", KEY))


def test_the_kind_holds_whatever_has_the_shape_and_nothing_else() -> None:
    body = seal(b"hello", EVA.device)
    assert (KIND.lane, KIND.erasable) == (MARKET, False)
    assert read({**body, "later": 1}).body() == body
    wrong: list[dict[str, Any]] = [
        {"box": bytes(51)},
        {"box": "text"},
        {"box": bytes(MAX_BODY + 1)},
        {"key": bytes(31)},
        {"key": None},
        {"to": b""},
        {"to": bytes(51)},
        {"to": bytes(PLACE * (MOST_READERS + 1))},
        {"to": [bytes(PLACE)]},
    ]
    for change in wrong:
        with pytest.raises(Invalid) as caught:
            read({**body, **change})
        assert caught.value.reason == "unreadable"
