"""Sync messages: each has one frame, and no frame breaks the reader."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codec import decode, encode
from protocol.errors import Invalid
from protocol.messages import (
    MAX_FRAME,
    MAX_SIDE_IDS,
    MAX_WANTS,
    MESSAGES,
    NUMBERS,
    Branch,
    Buckets,
    Bye,
    Certificates,
    End,
    Forked,
    Hello,
    Ids,
    Places,
    Probe,
    ProbeChain,
    SegmentOf,
    Side,
    SideIds,
    Turn,
    Want,
    WantBranch,
    WantCertificates,
    WantSide,
    WantSideIds,
    pack,
    unpack,
)
from protocol.segments import MAX_BYTES
from tests.protocol.people import ANA, COMMUNITY, certificate, entries, h, market
from tests.protocol.strategies import damaged, ids, mutated, plain, quick, thorough

BREAD = market(ANA, ["Bread"]).records
DEVICE = ANA.device.public
sixteen = st.binary(min_size=16, max_size=16)
seqs = st.integers(1, 2**53 - 1)
lanes = st.integers(0, 2)
places = st.lists(
    st.tuples(ids, lanes, st.integers(0, 2**53), ids), max_size=4, unique_by=lambda p: p[:2]
)
hellos = st.builds(
    Hello,
    st.binary(min_size=8, max_size=8),
    st.integers(-1, 2**53 - 1),
    ids,
    sixteen,
    sixteen,
    st.integers(0, 9),
)
words = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz-"), max_size=64)
lists = st.lists(plain, max_size=3).map(lambda found: decode(encode(found), limit=MAX_FRAME))
MAKERS: dict[type[Any], st.SearchStrategy[Any]] = {
    Hello: hellos,
    WantCertificates: st.builds(WantCertificates, st.integers(0, 2**53 - 1)),
    Certificates: st.builds(Certificates, st.one_of(st.none(), lists), lists, st.booleans()),
    WantSideIds: st.just(WantSideIds()),
    SideIds: st.builds(SideIds, st.lists(ids, min_size=1, max_size=4), st.booleans()),
    WantSide: st.builds(WantSide, st.lists(ids, max_size=4, unique=True)),
    Side: st.builds(Side, st.binary(max_size=99)),
    Buckets: st.builds(Buckets, st.sampled_from([bytes(8 << n) for n in range(13)])),
    Places: st.builds(Places, places.filter(bool), st.booleans()),
    Want: st.builds(Want, places),
    SegmentOf: st.builds(SegmentOf, ids, lanes, lists),
    Forked: st.builds(Forked, ids, lanes),
    End: st.just(End()),
    Probe: st.builds(Probe, ids, lanes, st.lists(seqs, min_size=1, max_size=64)),
    Ids: st.builds(Ids, st.lists(st.one_of(st.just(b""), ids), max_size=64)),
    WantBranch: st.builds(WantBranch, ids, lanes, seqs),
    Branch: st.builds(Branch, lists),
    Turn: hellos.map(lambda hello: Turn(list(hello))),
    Bye: st.builds(Bye, words),
    ProbeChain: st.builds(ProbeChain, st.lists(seqs, min_size=1, max_size=64)),
}
messages = st.one_of(*MAKERS.values())


def refusal(frame: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        unpack(frame)
    return caught.value.reason


def test_every_message_is_tested_and_keeps_its_number() -> None:
    assert set(MAKERS) == set(MESSAGES)
    assert [message.__name__ for message in MESSAGES] == [
        *["Hello", "WantCertificates", "Certificates", "WantSideIds", "SideIds", "WantSide"],
        *["Side", "Buckets", "Places", "Want", "SegmentOf", "Forked", "End", "Probe", "Ids"],
        *["WantBranch", "Branch", "Turn", "Bye", "ProbeChain"],
    ]


@pytest.mark.parametrize("kind", MESSAGES)
def test_a_message_survives_the_journey(kind: type[Any]) -> None:
    @quick
    @given(MAKERS[kind])
    def check(message: Any) -> None:
        frame = pack(message)
        assert unpack(frame) == message
        assert type(unpack(frame)) is kind
        assert pack(unpack(frame)) == frame
        assert encode([NUMBERS[kind], *message]) == frame

    check()


@thorough
@given(st.data())
def test_a_mutated_frame_is_refused_or_is_another_message(data: st.DataObject) -> None:
    frame = data.draw(mutated(pack(data.draw(messages))))
    try:
        message = unpack(frame)
    except Invalid:
        return
    assert pack(message) == frame


@thorough
@given(st.data())
def test_a_damaged_message_is_refused_or_is_another(data: st.DataObject) -> None:
    value = decode(pack(data.draw(messages)), limit=MAX_FRAME)
    frame = encode(data.draw(damaged(value)))
    try:
        message = unpack(frame)
    except Invalid:
        return
    assert pack(message) == frame


@thorough
@given(st.one_of(st.binary(max_size=60), plain.map(encode)))
def test_any_bytes_are_refused_or_are_a_message(frame: bytes) -> None:
    try:
        message = unpack(frame)
    except Invalid:
        return
    assert pack(message) == frame


PLACE = [DEVICE, 1, 3, h(3)]
BAD: dict[str, list[Any]] = {
    "no number": [],
    "a number that is true": [True],
    "a number too high": [len(MESSAGES)],
    "a number below none": [-1],
    "a field too many": [NUMBERS[End], 1],
    "a field too few": [NUMBERS[Forked], DEVICE],
    "a height that is true": [NUMBERS[WantCertificates], True],
    "a height below none": [NUMBERS[WantCertificates], -1],
    "a hello with a long digest": [0, bytes(8), 0, h(1), bytes(17), bytes(16), 1],
    "a hello below the founding": [0, bytes(8), -2, h(1), bytes(16), bytes(16), 1],
    "a hello of version true": [0, bytes(8), 0, h(1), bytes(16), bytes(16), True],
    "more that is a number": [NUMBERS[Places], [], 0],
    "more of nothing": [NUMBERS[Places], [], True],
    "more ids of nothing": [NUMBERS[SideIds], [], True],
    "a place in no lane": [NUMBERS[Want], [[DEVICE, 3, 3, h(3)]]],
    "a place of text": [NUMBERS[Want], [["d" * 32, 1, 3, h(3)]]],
    "two places of one log": [NUMBERS[Want], [PLACE, [DEVICE, 1, 4, h(4)]]],
    "two answers for one log": [NUMBERS[Places], [PLACE, PLACE], False],
    "an object asked for twice": [NUMBERS[WantSide], [h(1), h(1)]],
    "an id too short": [NUMBERS[SideIds], [bytes(31)], False],
    "buckets of an odd number": [NUMBERS[Buckets], bytes(24)],
    "no buckets": [NUMBERS[Buckets], b""],
    "too many buckets": [NUMBERS[Buckets], bytes(8 << 13)],
    "a probe of nothing": [NUMBERS[Probe], DEVICE, 1, []],
    "a probe of too much": [NUMBERS[Probe], DEVICE, 1, list(range(1, 66))],
    "a probe before the first": [NUMBERS[Probe], DEVICE, 1, [0]],
    "a probe of true": [NUMBERS[Probe], DEVICE, 1, [True]],
    "a probe of no height": [NUMBERS[ProbeChain], []],
    "a probe of too many heights": [NUMBERS[ProbeChain], list(range(65))],
    "a probe below the chain": [NUMBERS[ProbeChain], [-1]],
    "too many ids": [NUMBERS[Ids], [b""] * 65],
    "half an id": [NUMBERS[Ids], [bytes(16)]],
    "too long a branch": [NUMBERS[Branch], [None] * 1025],
    "a turn that is no hello": [NUMBERS[Turn], [1, 2]],
    "a turn with a wrong hello": [NUMBERS[Turn], [bytes(8), 0, h(1), 1, 2, 3]],
    "a goodbye of bytes": [NUMBERS[Bye], b"done"],
    "a goodbye too long": [NUMBERS[Bye], "x" * 65],
    "a goodbye that rings the bell": [NUMBERS[Bye], "\x1b[2J\x07"],
    "a goodbye in other letters": [NUMBERS[Bye], "übel"],
    "an object that is text": [NUMBERS[Side], "raw"],
    "a founding record that is a map": [NUMBERS[Certificates], {}, [], False],
}


@pytest.mark.parametrize("what", BAD)
def test_it_is_no_message(what: str) -> None:
    assert refusal(encode(BAD[what])) == "bad-message"


@pytest.mark.parametrize("value", [None, 1, "hello", b"hello", {"hello": 1}])
def test_only_a_list_is_a_message(value: Any) -> None:
    assert refusal(encode(value)) == "bad-message"


def test_a_frame_has_a_limit() -> None:
    assert refusal(bytes(MAX_FRAME + 1)) == "too-large"


def test_the_fullest_messages_fit_a_frame() -> None:
    full = [(h(n), 2, 2**53, h(n)) for n in range(MAX_WANTS)]
    named = [h(n) for n in range(MAX_SIDE_IDS)]
    largest: list[Any] = [h(0), 0, h(1), 0, h(2), h(3), [[h(1), h(2)]] * 7, {}]
    for message in (
        Want(full),
        Places(full, True),
        SideIds(named, True),
        WantSide(named[:MAX_WANTS]),
        Branch([[bytes(194), None]] * 1024),
        SegmentOf(
            h(1), 1, [[bytes(150), bytes(64), bytes(16), bytes(MAX_BYTES // 1024 - 250)]] * 1024
        ),
        Certificates([bytes(300), bytes(64), bytes(16), bytes(16384)], [largest], True),
    ):
        assert len(pack(message)) <= MAX_FRAME


def test_equal_nodes_say_hello_in_less_than_a_hundred_bytes() -> None:
    for height in (-1, 0, 40, 2**53 - 1):
        hello = Hello(COMMUNITY[:8], height, h("tip"), bytes(16), bytes(16))
        assert len(pack(hello)) < 100
    assert len(pack(Hello(COMMUNITY[:8], 3, h("tip"), bytes(16), bytes(16)))) == 81


def test_real_content_travels_in_messages() -> None:
    found = certificate([(0, ANA)], decision={"admit": []})
    for message in (
        SegmentOf(DEVICE, 1, entries(BREAD)),
        Certificates(BREAD[0].entry(), [found.travel()], False),
    ):
        assert unpack(pack(message)) == message
