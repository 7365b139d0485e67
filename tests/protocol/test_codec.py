"""The codec: one encoding a value, and nothing else gets in."""

from __future__ import annotations

import time
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import codec
from protocol.codec import MAX_DEPTH, Plain, decode, encode
from protocol.errors import Invalid
from tests.protocol.strategies import mutated, plain, quick, thorough, words

LIMIT = 512 * 1024


def refusal(data: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(Invalid) as caught:
        decode(data, limit=limit)
    return caught.value.reason


def tag(number: int, content: bytes = b"\x01") -> bytes:
    """The shortest head of a tag, and what is tagged."""
    for start, size in ((0xD8, 1), (0xD9, 2), (0xDA, 4)):
        if number < 24:
            return bytes([0xC0 + number]) + content
        if number < 256**size:
            return bytes([start]) + number.to_bytes(size, "big") + content
    raise ValueError


@thorough
@given(plain)
def test_every_value_survives_the_journey(value: Plain) -> None:
    assert decode(encode(value), limit=LIMIT) == value


@thorough
@given(plain)
def test_encoding_agrees_with_another_canonical_encoder(value: Plain) -> None:
    assert encode(value) == cbor2.dumps(value, canonical=True)


@thorough
@given(st.binary(max_size=64))
def test_random_bytes_are_refused_or_are_the_one_encoding_of_their_value(data: bytes) -> None:
    try:
        value = decode(data, limit=LIMIT)
    except Invalid:
        return
    assert encode(value) == data


@thorough
@given(plain.map(encode).flatmap(mutated))
def test_mutated_bytes_are_refused_or_are_the_one_encoding_of_their_value(data: bytes) -> None:
    try:
        value = decode(data, limit=LIMIT)
    except Invalid:
        return
    assert encode(value) == data


@quick
@given(st.dictionaries(words, st.integers(0, 9), min_size=2, max_size=6))
def test_map_keys_come_by_length_and_then_by_bytes(value: dict[str, int]) -> None:
    again = decode(encode(dict(reversed(value.items()))), limit=LIMIT)

    assert isinstance(again, dict)
    assert list(again) == sorted(value, key=lambda key: (len(key.encode()), key.encode()))


HAZARDS = {
    "nothing at all": ("", "not-cbor"),
    "a tag: a date as text": ("c074323031332d30332d32315432303a30343a30305a", "not-cbor"),
    "a tag: a date as a number": ("c11a514b67b0", "not-cbor"),
    "a tag: a big number": ("c249010000000000000000", "not-cbor"),
    "a tag: a big number that is small": ("c24101", "not-cbor"),
    "a tag: a big negative number": ("c349010000000000000000", "not-cbor"),
    "a tag: a decimal fraction": ("c48221196ab3", "not-cbor"),
    "a tag: a big float": ("c5822003", "not-cbor"),
    "a tag: a rational": ("d81e820102", "not-cbor"),
    "a tag: a pattern": ("d8236161", "not-cbor"),
    "a tag: a mail": ("d8246161", "not-cbor"),
    "a tag: a set": ("d9010280", "not-cbor"),
    "a tag: an address": ("d9010444c0a80001", "not-cbor"),
    "a tag: a CID": ("d82a4100", "not-cbor"),
    "a tag: this is CBOR": ("d9d9f700", "not-cbor"),
    "a tag: a shared value and a reference to it": ("82d81c8101d81d00", "not-cbor"),
    "a tag: a value that holds itself": ("d81c81d81d00", "not-cbor"),
    "a tag: a text and a reference to it": ("d90100824361616ad81900", "not-cbor"),
    "a tag inside a map": ("a16161c11a514b67b0", "not-cbor"),
    "a float": ("f93c00", "not-cbor"),
    "a double": ("fb3ff0000000000000", "not-cbor"),
    "not a number": ("f97e00", "not-cbor"),
    "infinity": ("f97c00", "not-cbor"),
    "minus zero": ("f98000", "not-cbor"),
    "undefined": ("f7", "not-cbor"),
    "a simple value": ("f0", "not-cbor"),
    "a simple value of two bytes": ("f820", "not-cbor"),
    "true in two bytes": ("f815", "not-cbor"),
    "a map with a key twice": ("a2616101616102", "not-cbor"),
    "a map with keys out of order": ("a2616201616101", "not-canonical"),
    "a map with the longer key first": ("a262616101616201", "not-canonical"),
    "a map with a number as key": ("a10101", "not-canonical"),
    "a map with bytes as key": ("a1416101", "not-canonical"),
    "a map with null as key": ("a1f601", "not-canonical"),
    "a map with a list as key": ("a18001", "not-canonical"),
    "a map with a map as key": ("a1a001", "not-canonical"),
    "a small number in two bytes": ("1801", "not-canonical"),
    "a number in three bytes that fits two": ("1900ff", "not-canonical"),
    "a number in nine bytes that fits five": ("1b00000000ffffffff", "not-canonical"),
    "minus one in two bytes": ("3800", "not-canonical"),
    "a length in two bytes that fits one": ("580161", "not-canonical"),
    "a list's length in two bytes": ("980101", "not-canonical"),
    "a list without an announced end": ("9f01ff", "not-cbor"),
    "a map without an announced end": ("bf616101ff", "not-cbor"),
    "bytes in pieces": ("5f4101ff", "not-cbor"),
    "text in pieces": ("7f6161ff", "not-cbor"),
    "an end of nothing": ("ff", "not-cbor"),
    "a reserved length": ("1c", "not-cbor"),
    "a list of more than there can be": ("9bffffffffffffffff", "not-cbor"),
    "a list of two thousand million": ("9a7fffffff", "not-cbor"),
    "a map of more than there can be": ("bb7fffffffffffffff", "not-cbor"),
    "bytes of more than there can be": ("5bffffffffffffffff", "not-cbor"),
    "text of two thousand million": ("7a7fffffff00", "not-cbor"),
    "something after the end": ("0000", "not-canonical"),
    "text that is not UTF-8": ("61ff", "not-cbor"),
    "text with half a surrogate pair": ("63eda080", "not-cbor"),
    "text in overlong UTF-8": ("62c080", "not-cbor"),
    "lists too deep": ("81" * (MAX_DEPTH + 1) + "00", "too-deep"),
    "lists far too deep": ("81" * 5000 + "00", "not-cbor"),
    "maps far too deep": ("a16161" * 5000 + "00", "not-cbor"),
    "keys far too deep": ("a1" * 5000 + "00", "not-cbor"),
}


@pytest.mark.parametrize("what", HAZARDS)
def test_it_is_refused(what: str) -> None:
    data, reason = HAZARDS[what]

    assert refusal(bytes.fromhex(data)) == reason


@pytest.mark.parametrize("content", [b"\x01", b"\x80", b"\x41\x01", b"\x61a", b"\xa0"])
def test_no_tag_whatever_its_number_means_anything(content: bytes) -> None:
    refused = {number for number in range(2**16) if _refused_as_tag(tag(number, content))}

    assert refused == set(range(2**16))


def _refused_as_tag(data: bytes) -> bool:
    try:
        decode(data, limit=LIMIT)
    except Invalid as error:
        return str(error) == "a tag" or isinstance(error.__cause__.__cause__, Invalid)
    return False


def laughs(levels: int, fan: int) -> bytes:
    """A list whose items hold, by reference, the item before them `fan` times."""
    items = [tag(28, b"\x81\x00")]
    for level in range(1, levels):
        reference = tag(29, bytes([level - 1]))
        items.append(tag(28, bytes([0x98, fan]) + reference * fan))
    return bytes([0x80 + levels]) + b"".join(items)


BOMBS = {
    "references to references": laughs(15, 100),
    "a text repeated by reference": tag(256, b"\x9a\x00\x01\x00\x01\x5a\x00\x03\x00\x00")
    + bytes(0x30000)
    + tag(25, b"\x00") * 0x10000,
    "a decimal of half a million digits": tag(4, b"\x82\x00\xc2\x5a\x00\x03\x00\x00")
    + b"\xff" * 0x30000,
    "a pattern that takes for ever": tag(35, b"\x79\x40\x00" + b"(a{1,99}){1,99}|" * 1024),
}


@pytest.mark.parametrize("what", BOMBS)
def test_a_few_bytes_never_stand_for_much(what: str) -> None:
    assert len(BOMBS[what]) <= LIMIT
    start = time.process_time()

    assert refusal(BOMBS[what]) == "not-cbor"
    assert time.process_time() - start < 5  # without the rule: minutes, or all memory


def test_too_many_bytes_are_not_looked_at() -> None:
    assert refusal(encode(bytes(100)), limit=99) == "too-large"
    assert decode(encode(bytes(98)), limit=100) == bytes(98)


@pytest.mark.parametrize("value", [2**64 - 1, -(2**64), 0, -1, 2**53, -(2**63) - 1])
def test_integers_of_64_bits_fit(value: int) -> None:
    assert decode(encode(value), limit=LIMIT) == value


def nested(depth: int) -> Plain:
    value: Plain = 0
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    return value


def test_values_may_be_sixteen_deep_and_no_deeper() -> None:
    assert decode(encode(nested(MAX_DEPTH)), limit=LIMIT) == nested(MAX_DEPTH)
    with pytest.raises(ValueError, match="deeper"):
        encode(nested(MAX_DEPTH + 1))


OURS: list[Any] = [1.0, float("nan"), 2**64, -(2**64) - 1, {1: 2}, {"a": {b"b": 1}}, object()]


@pytest.mark.parametrize("value", [*OURS, bytearray(b"a"), {1}, "\ud800", {"\ud800": 1}])
def test_what_has_no_encoding_is_a_fault_of_ours(value: Any) -> None:
    for whole in (value, [value], {"key": value}):
        with pytest.raises(ValueError):
            encode(whole)


def test_a_bool_is_not_a_number() -> None:
    assert encode(True) != encode(1)
    assert decode(encode([True, 1, False, 0]), limit=LIMIT) == [True, 1, False, 0]
    assert [type(v) for v in cbor2.loads(encode([True, 1]))] == [bool, int]


def test_a_stranger_cannot_fill_the_memory_with_keys() -> None:
    codec._seen_in_order.cache_clear()
    many = encode({f"{n:03}": n for n in range(500)})
    long = encode({"k" * 20_000: 1})

    for data in (many, long):
        decode(data, limit=LIMIT)

    assert codec._seen_in_order.cache_info().currsize == 0
