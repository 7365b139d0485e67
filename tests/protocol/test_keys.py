"""Keys: signatures hold for one purpose and one key, and odd keys are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_core_ed25519_add

from protocol.errors import Invalid
from protocol.keys import CERTIFICATE, RECORD, Signer, check_key, verified
from tests.protocol.people import ANA, BEN
from tests.protocol.strategies import quick

# The eight points of small order, as they may be written (libsodium's own list).
SMALL = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


@quick
@given(st.binary(min_size=32, max_size=32), st.lists(st.binary(max_size=40), max_size=3))
def test_what_is_signed_is_verified(seed: bytes, parts: list[bytes]) -> None:
    signer = Signer(seed)
    signature = signer.sign(RECORD, *parts)

    assert Signer(signer.seed).public == signer.public
    assert verified(signer.public, signature, RECORD, *parts)
    assert not verified(signer.public, signature, CERTIFICATE, *parts)
    assert not verified(signer.public, signature, RECORD, *parts, b"x")
    check_key(signer.public)


def test_bens_signature_is_not_anas() -> None:
    assert not verified(ANA.device.public, BEN.device.sign(RECORD, b"x"), RECORD, b"x")


@quick
@given(st.binary(max_size=70), st.binary(max_size=70), st.binary(max_size=9))
def test_no_key_or_signature_breaks_the_check(key: bytes, signature: bytes, data: bytes) -> None:
    assert not verified(key, signature, RECORD, data)
    assert not verified(ANA.device.public, signature, RECORD, data)


@pytest.mark.parametrize("key", SMALL)
def test_a_key_of_small_order_is_refused(key: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_key(bytes.fromhex(key))
    assert caught.value.reason == "bad-key"
    # R of small order and S = 0 would verify anything under such a key.
    assert not verified(bytes.fromhex(key), bytes.fromhex(SMALL[1]) + bytes(32), RECORD, b"x")


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33), b"\x02" + bytes(31)])
def test_what_is_no_point_is_refused(key: bytes) -> None:
    with pytest.raises(Invalid):
        check_key(key)


def test_a_key_with_a_part_of_small_order_is_refused() -> None:
    with pytest.raises(Invalid):
        check_key(crypto_core_ed25519_add(ANA.device.public, bytes.fromhex(SMALL[2])))


def test_a_signature_cannot_be_turned_into_another_one() -> None:
    signature = ANA.device.sign(RECORD, b"x")
    order = 2**252 + 27742317777372353535851937790883648493
    raised = int.from_bytes(signature[32:], "little") + order
    other = signature[:32] + raised.to_bytes(32, "little")

    assert not verified(ANA.device.public, other, RECORD, b"x")


def test_a_secret_does_not_show_in_text() -> None:
    assert ANA.device.seed.hex() not in repr(ANA.device)
    assert ANA.device.public.hex()[:8] in repr(ANA.device)
