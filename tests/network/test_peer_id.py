from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.id import ID

from node.network.peer_id import device_key_of, peer_id_of
from protocol.errors import Invalid


@given(st.binary(min_size=32, max_size=32))
def test_key_and_name_give_each_other(key: bytes) -> None:
    name = peer_id_of(key)
    assert name.startswith("12D3KooW")
    assert device_key_of(name) == key


@given(st.binary(min_size=32, max_size=32))
def test_the_name_is_libp2ps(seed: bytes) -> None:
    keys = create_new_key_pair(seed)
    assert peer_id_of(keys.public_key.to_bytes()) == str(ID.from_pubkey(keys.public_key))


@given(st.text(max_size=60))
def test_other_text_is_invalid(text: str) -> None:
    with pytest.raises(Invalid):
        device_key_of(text)


NAME = peer_id_of(bytes(range(32)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        NAME[:-1],
        NAME + "1",
        "1" + NAME[:-1],
        NAME[1:] + "1",
        NAME.replace(NAME[-1], "0"),
        "1" + "z" * 51,
        "1" * 52,
        "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N",
        "16Uiu2HAm3TuCyBFXBG4MkMCeDrxHCVN6VnLE3XUPoHqRrvGGMqJy",
        f"/p2p/{NAME}",
        "\N{FULLWIDTH DIGIT ONE}" + NAME[1:],
    ],
)
def test_near_misses_are_invalid(text: str) -> None:
    with pytest.raises(Invalid):
        device_key_of(text)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_size_is_invalid(size: int) -> None:
    with pytest.raises(Invalid):
        peer_id_of(bytes(size))
