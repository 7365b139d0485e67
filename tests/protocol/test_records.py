"""Records: what a header may say, and that a body is the one its header names."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codec import Plain, decode, encode
from protocol.errors import Invalid
from protocol.keys import RECORD
from protocol.kinds.registry import content, erasable
from protocol.records import (
    MAX_BODY,
    MAX_HEADER,
    MAX_KIND,
    MAX_SEQ,
    MAX_TIME,
    ZERO,
    Header,
    Record,
    make_record,
    read_body,
    read_entry,
    read_header,
    read_record,
    signed,
)
from tests.protocol.people import ANA, BEN, COMMUNITY, FOUND, TIME, h, market
from tests.protocol.strategies import damaged, ids, mutated, plain, quick, words

BREAD = market(ANA, ["Bread"]).records[0]
KIND = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), min_size=1)
headers = st.builds(
    Header,
    version=st.just(1),
    device=ids,
    lane=st.integers(0, 2),
    seq=st.integers(1, MAX_SEQ),
    prev=ids,
    gov=st.one_of(st.none(), ids),
    kind=KIND.map(lambda kind: kind[:MAX_KIND]),
    time_ms=st.integers(0, MAX_TIME),
    body_size=st.integers(1, MAX_BODY),
    body_hash=ids,
)


def make(**changes: Any) -> Record:
    fields: dict[str, Any] = {
        "community": COMMUNITY,
        "lane": 1,
        "seq": 1,
        "prev": COMMUNITY,
        "gov": None,
        "kind": "listing",
        "time_ms": TIME,
        "salt": bytes(16),
        "body": {"title": "Bread"},
    }
    return make_record(ANA.device, **(fields | changes))


def refusal(raw: bytes, *beside: Any) -> str:
    with pytest.raises(Invalid) as caught:
        read_record(raw, *beside) if beside else read_header(raw)
    return caught.value.reason


@quick
@given(headers)
def test_a_header_survives_the_journey(header: Header) -> None:
    assert read_header(encode(list(header))) == header


@quick
@given(headers, ids)
def test_the_id_is_the_hash_of_the_header_alone(header: Header, signature: bytes) -> None:
    raw = encode(list(header))

    for beside in (None, signature * 2):
        assert read_record(raw, beside, None, None).id == sha256(raw).digest()


@quick
@given(
    st.dictionaries(words, plain, max_size=4), st.binary(min_size=16, max_size=16), st.booleans()
)
def test_a_record_survives_the_journey(body: dict[str, Plain], salt: bytes, sign: bool) -> None:
    record = make(body=body, salt=salt, sign=sign)

    travelled = decode(encode(record.entry()), limit=64 * 1024)

    assert read_entry(travelled) == record
    assert read_body(record) == body
    assert signed(record, COMMUNITY) is sign


@quick
@given(st.data())
def test_a_damaged_header_is_refused_or_is_another_record(data: st.DataObject) -> None:
    raw = data.draw(mutated(BREAD.raw))
    try:
        header = read_header(raw)
    except Invalid:
        return
    assert encode(list(header)) == raw
    assert raw == BREAD.raw or not signed(read_record(raw, BREAD.signature, None, None), COMMUNITY)


@quick
@given(st.data())
def test_a_damaged_entry_is_refused_or_says_the_same(data: st.DataObject) -> None:
    entry = data.draw(damaged(BREAD.entry()))
    try:
        record = read_entry(entry)
    except Invalid:
        return
    if record.id == BREAD.id:
        assert (record.salt, record.body) in ((BREAD.salt, BREAD.body), (None, None))


@quick
@given(plain)
def test_any_value_is_an_entry_or_is_refused(value: Plain) -> None:
    with pytest.raises(Invalid):
        read_entry(value)


GOOD: list[Plain] = list(read_header(BREAD.raw))
FIELDS = dict(zip(Header._fields, range(10), strict=True))
WRONG: list[tuple[str, Any]] = [
    ("version", True),
    ("version", 0),
    ("version", 2),
    ("version", "1"),
    ("device", bytes(31)),
    ("device", "a" * 32),
    ("lane", 3),
    ("lane", -1),
    ("lane", True),
    ("lane", None),
    ("seq", 0),
    ("seq", True),
    ("seq", MAX_SEQ + 1),
    ("seq", -1),
    ("prev", bytes(33)),
    ("prev", None),
    ("gov", b""),
    ("gov", False),
    ("kind", ""),
    ("kind", "k" * (MAX_KIND + 1)),
    ("kind", b"listing"),
    ("kind", "süß"),
    ("kind", "bell\x07"),
    ("kind", "two\nlines"),
    ("time_ms", -1),
    ("time_ms", MAX_TIME + 1),
    ("time_ms", False),
    ("body_size", 0),
    ("body_size", MAX_BODY + 1),
    ("body_size", True),
    ("body_hash", bytes(31)),
    ("body_hash", []),
]


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_header_with_a_wrong_field_is_refused(field: str, value: Any) -> None:
    parts = list(GOOD)
    parts[FIELDS[field]] = value

    assert refusal(encode(parts)) == ("bad-version" if field == "version" else "bad-header")


def test_a_header_of_another_length_or_shape_is_refused() -> None:
    assert refusal(encode(GOOD[:-1])) == "not-canonical"
    assert refusal(encode([*GOOD, None])) == "not-canonical"
    assert refusal(encode({"version": 1})) == "not-canonical"
    assert refusal(b"") == "not-cbor"
    assert refusal(BREAD.raw + b"\0") == "not-canonical"
    assert refusal(bytes(MAX_HEADER + 1)) == "too-large"


@pytest.mark.parametrize("part", range(10))
def test_a_header_says_nothing_in_more_bytes_than_it_takes(part: int) -> None:
    parts: list[Plain] = list(BREAD.header._replace(gov=h(9)))
    short = [encode(each) for each in parts]
    value = parts[part]
    whole = b"".join(short)
    match value:
        case int():
            short[part] = b"\x1b" + value.to_bytes(8, "big")
            if short[part] == encode(value):
                short[part] = b"\xc2\x48" + value.to_bytes(8, "big")
        case bytes():
            short[part] = b"\x59\x00\x20" + value
        case str():
            short[part] = b"\x78" + bytes([len(value)]) + value.encode()

    assert refusal(b"\x8a" + b"".join(short)) in ("not-canonical", "not-cbor")
    assert refusal(b"\x98\x0a" + whole) == "not-canonical"
    assert read_header(b"\x8a" + whole).gov == h(9)


def test_a_header_cannot_hold_a_tag_or_references_to_references() -> None:
    # Ten items, each a list of a dozen references to the item before: 12 ** 9 when written out.
    item = b"\xd8\x1c\x81\x00"
    for level in range(9):
        item += b"\xd8\x1c\x8c" + (b"\xd8\x1d" + bytes([level])) * 12
    assert len(item) < MAX_HEADER

    assert refusal(b"\x8a" + item) == "not-cbor"
    assert refusal(BREAD.raw[:1] + b"\xc2\x41\x01" + BREAD.raw[2:]) == "not-cbor"


def test_the_longest_header_is_shorter_than_the_limit() -> None:
    longest = [1, h(1), 2, MAX_SEQ, h(2), h(3), "k" * MAX_KIND, MAX_TIME, MAX_BODY, h(4)]

    assert read_header(encode(longest)).kind == "k" * MAX_KIND
    assert len(encode(longest)) == 194


def test_anas_bread_with_bens_words_is_refused() -> None:
    other = make(body={"title": "Stone"})

    assert refusal(BREAD.raw, BREAD.signature, BREAD.salt, other.body) == "bad-body"
    assert refusal(BREAD.raw, BREAD.signature, other.salt, BREAD.body) == "bad-body"
    assert refusal(BREAD.raw, BREAD.signature, None, BREAD.body) == "bad-body"
    assert refusal(BREAD.raw, BREAD.signature, BREAD.salt, None) == "bad-body"
    assert refusal(BREAD.raw, BREAD.signature, [], {}) == "bad-body"
    assert refusal(BREAD.raw, b"short", None, None) == "bad-signature"
    assert refusal(BREAD.raw, "s" * 64, None, None) == "bad-signature"


def test_salt_and_body_cannot_trade_a_byte() -> None:
    salt, body = BREAD.salt, BREAD.body
    assert salt is not None
    assert body is not None

    assert refusal(BREAD.raw, None, salt + body[:1], body[1:]) == "bad-body"
    assert refusal(BREAD.raw, None, salt[:-1], salt[-1:] + body) == "bad-body"


def test_a_signature_holds_for_one_community_and_one_device() -> None:
    elsewhere = make(community=h("elsewhere"))

    assert signed(BREAD, COMMUNITY)
    assert not signed(elsewhere, COMMUNITY)
    assert not signed(BREAD._replace(signature=None), COMMUNITY)
    theirs = BEN.device.sign(RECORD, COMMUNITY, BREAD.id)
    assert not signed(BREAD._replace(signature=theirs), COMMUNITY)


def test_a_founding_record_is_signed_for_its_own_community_only() -> None:
    assert signed(FOUND, FOUND.id)
    assert not signed(FOUND, h("elsewhere"))


def test_a_record_that_claims_to_found_another_community_is_not_signed_here() -> None:
    stray = make(community=None, seq=7, lane=0, prev=ZERO, kind="erase")

    assert not signed(stray, COMMUNITY)


def test_a_body_has_a_limit_and_says_so() -> None:
    assert len(make(body={"t": "x" * (MAX_BODY - 6)}).body or b"") == MAX_BODY
    with pytest.raises(Invalid, match="16385 bytes") as caught:
        make(body={"t": "x" * (MAX_BODY - 5)})
    assert caught.value.reason == "too-large"


@pytest.mark.parametrize("body", [b"\xff", b"\x80", b"\x01", encode({"a": 1}) + b"\0", b"\xbf\xff"])
def test_a_body_that_is_no_strict_map_is_kept_but_unreadable(body: bytes) -> None:
    raw = encode([*GOOD[:8], len(body), sha256(bytes(16) + body).digest()])
    record = read_record(raw, None, bytes(16), body)

    assert read_body(record) is None
    assert content(record) is None


def test_an_unknown_kind_is_kept_and_not_understood() -> None:
    record = make(kind="song", body={"tune": "la"})

    assert read_body(record) == {"tune": "la"}
    assert content(record) is None
    assert erasable(record)


def test_a_kind_in_a_foreign_lane_is_not_understood() -> None:
    body = read_body(BREAD)
    assert body is not None

    assert content(make(body=body)) is not None
    assert content(make(body=body, lane=2)) is None
    assert content(make(body=body, lane=0)) is None
    assert not erasable(make(body=body, lane=0))


def test_a_time_is_only_a_claim() -> None:
    for claim in (0, TIME, MAX_TIME):
        assert signed(make(time_ms=claim), COMMUNITY)
