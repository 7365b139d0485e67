"""Asking for pictures: what is asked and answered is read back, anything else refused."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.blobs import (
    MAX_ANSWER,
    MAX_ASKED,
    MAX_QUESTION,
    answer,
    question,
    read_answer,
    read_question,
)
from protocol.codec import encode
from protocol.errors import Invalid, PeerFault
from protocol.kinds.listing import LARGE_BYTES
from tests.protocol.people import h
from tests.protocol.strategies import ids


@given(st.lists(ids, min_size=1, max_size=MAX_ASKED))
def test_a_question_is_read_back(names: list[bytes]) -> None:
    assert read_question(question(names)) == names
    assert len(question(names)) <= MAX_QUESTION


@given(st.binary(max_size=200))
def test_an_answer_is_read_back(data: bytes) -> None:
    assert read_answer(answer(data), sha256(data).digest()) == data
    assert read_answer(answer(None), h(1)) is None


def test_the_largest_picture_fits_an_answer() -> None:
    data = bytes(LARGE_BYTES)

    assert len(answer(data)) <= MAX_ANSWER
    assert read_answer(answer(data), sha256(data).digest()) == data


def test_other_bytes_than_those_asked_for_are_the_senders_fault() -> None:
    for data in (b"", b"bread", bytes(LARGE_BYTES)):
        with pytest.raises(PeerFault) as caught:
            read_answer(answer(data), h(1))
        assert caught.value.reason == "wrong-blob"


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xff",
        encode(None),
        encode([]),
        encode(["want"]),
        encode(["want", []]),
        encode(["want", [h(1)[:31]]]),
        encode(["want", [h(1), "x"]]),
        encode(["want", [h(n) for n in range(MAX_ASKED + 1)]]),
        encode(["want", [h(1)], 1]),
        encode(["have", [h(1)]]),
        encode({"want": [h(1)]}),
        bytes(MAX_QUESTION + 1),
    ],
)
def test_what_is_no_question_is_invalid(frame: bytes) -> None:
    with pytest.raises(Invalid):
        read_question(frame)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xff",
        encode("absent"),
        encode(["absent", 1]),
        encode(["blob"]),
        encode(["blob", "bread"]),
        encode(["blob", b"bread", b"more"]),
        encode(["other", b"bread"]),
        bytes(MAX_ANSWER + 1),
    ],
)
def test_what_is_no_answer_is_invalid(frame: bytes) -> None:
    with pytest.raises(Invalid):
        read_answer(frame, sha256(b"bread").digest())
