"""Segments: a run of one log arrives whole, in order, by its author, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codec import decode, encode
from protocol.errors import Invalid
from protocol.keys import RECORD
from protocol.messages import MAX_FRAME
from protocol.records import GOV, MARKET, TALK, ZERO, Record, make_record
from protocol.segments import MAX_BYTES, MAX_RECORDS, OVERHEAD, check_chain, read_segment
from tests.protocol.people import (
    ANA,
    BEN,
    COMMUNITY,
    EVA,
    FOUND,
    TIME,
    Log,
    check,
    entries,
    gov,
    h,
    joined,
    market,
)
from tests.protocol.strategies import damaged, plain, quick

FIVE = market(ANA, ["Bread", "Jam", "Eggs", "Soap", "Wool"])


def refusal(records: list[Record], **other: Any) -> str:
    with pytest.raises(Invalid) as caught:
        check(records, **other)
    return caught.value.reason


@quick
@given(st.integers(1, 12), st.integers(0, 4), st.integers(0, 11))
def test_any_run_up_to_a_signature_is_accepted(count: int, every: int, start: int) -> None:
    log = market(ANA, [f"Jar {n}" for n in range(count)], every=every)
    run = log.records[min(start, count - 1) :]

    segment = check(run)

    assert list(segment.records) == run
    assert segment.first == run[0].header.seq
    assert decode(encode(entries(run)), limit=MAX_FRAME) == entries(run)


@quick
@given(st.data())
def test_a_damaged_segment_is_refused_or_says_nothing_else(data: st.DataObject) -> None:
    run = FIVE.records
    damage = data.draw(damaged(entries(run)))
    try:
        found = read_segment(damage, community=COMMUNITY, device=ANA.device.public, lane=MARKET)
    except Invalid:
        return
    # What is left is a run of the same log; at most signatures or whole bodies are missing.
    assert [r.id for r in found.records] in (
        [r.id for r in run],
        [r.id for r in run[1:]],
    )
    for record in found.records:
        true = run[record.header.seq - 1]
        assert (record.salt, record.body) in ((true.salt, true.body), (None, None))


@quick
@given(plain)
def test_any_value_is_refused(value: Any) -> None:
    with pytest.raises(Invalid):
        read_segment(value, community=COMMUNITY, device=ANA.device.public, lane=MARKET)


@pytest.mark.parametrize("field", range(10))
def test_an_altered_header_is_refused(field: int) -> None:
    one, two, *rest = FIVE.records
    parts: list[Any] = list(two.header)
    other: dict[int, Any] = {0: 2, 2: TALK, 5: h("gov"), 6: "profile"}
    parts[field] = other.get(field, parts[field] + 1 if isinstance(parts[field], int) else h("x"))
    raw = encode(parts)
    altered = [*entries([one]), [raw, None, two.salt, two.body], *entries(rest)]

    with pytest.raises(Invalid):
        read_segment(altered, community=COMMUNITY, device=ANA.device.public, lane=MARKET)


def test_an_altered_body_or_salt_is_refused() -> None:
    one, two, *rest = FIVE.records
    assert two.body is not None

    assert refusal([one, two._replace(body=two.body[:-1] + b"X"), *rest]) == "bad-body"
    assert refusal([one, two._replace(salt=bytes(16)), *rest]) == "bad-body"


def test_a_dropped_record_is_refused() -> None:
    one, _two, *rest = FIVE.records

    assert refusal([one, *rest]) == "gap"


def test_swapped_records_are_refused() -> None:
    one, two, three, *rest = FIVE.records

    assert refusal([one, three, two, *rest]) == "gap"


def test_a_repeated_record_is_refused() -> None:
    one, two, *rest = FIVE.records

    assert refusal([one, two, two, *rest]) == "gap"


def test_a_run_that_skips_to_another_branch_is_refused() -> None:
    other = market(ANA, ["Bread", "Honey", "Candles"])

    assert refusal([*FIVE.records[:2], *other.records[2:]]) == "broken-chain"


def test_a_record_of_another_device_is_refused() -> None:
    theirs = market(BEN, ["Bread", "Jam"])

    assert refusal([FIVE.records[0], theirs.records[1]]) == "wrong-log"
    assert refusal(theirs.records, device=ANA.device.public) == "wrong-log"


def test_a_record_of_another_lane_is_refused() -> None:
    assert refusal(FIVE.records, lane=TALK) == "wrong-log"
    assert refusal(FIVE.records, lane=GOV) == "wrong-log"


def test_a_log_of_another_community_is_refused() -> None:
    assert refusal(FIVE.records, community=h("elsewhere")) == "other-community"
    # Without its beginning, a run shows where it belongs by its signature alone.
    assert refusal(FIVE.records[1:], community=h("elsewhere")) == "bad-signature"


def test_a_segment_without_a_signature_at_its_end_is_refused() -> None:
    assert refusal(FIVE.records[:4]) == "bad-signature"
    last = FIVE.records[4]
    assert refusal([*FIVE.records[:4], last._replace(signature=None)]) == "bad-signature"
    assert refusal([*FIVE.records[:4], last._replace(signature=bytes(64))]) == "bad-signature"


def test_a_gov_record_under_somebodys_later_signature_is_refused() -> None:
    log = joined(BEN)
    enrol, join = log.records

    assert refusal([enrol._replace(signature=None), join]) == "bad-signature"
    assert refusal([enrol, join._replace(signature=None)]) == "bad-signature"
    assert check(log.records).first == 1


def test_a_gov_record_without_its_body_is_refused() -> None:
    enrol, join = joined(BEN).records

    assert refusal([enrol, join._replace(salt=None, body=None)]) == "no-body"


def test_a_market_record_may_have_lost_its_body() -> None:
    one, two, *rest = FIVE.records

    segment = check([one, two._replace(salt=None, body=None), *rest])

    assert [record.id for record in segment.records] == [record.id for record in FIVE.records]


def test_a_run_may_end_in_what_is_known_to_be_authentic() -> None:
    run = FIVE.records[:3]

    assert check(run, tips={run[-1].id}).records
    assert refusal(run, tips={run[0].id, run[1].id}) == "bad-signature"
    assert refusal([run[0], run[2]], tips={run[2].id}) == "gap"


def test_a_trusted_end_in_gov_needs_its_own_signature_like_any() -> None:
    enrol, join = joined(BEN).records

    for signature in (None, bytes(64)):
        bare = [enrol, join._replace(signature=signature)]
        assert refusal(bare, tips={join.id}) == "bad-signature"


def test_false_signatures_on_the_way_do_no_harm_and_do_no_good() -> None:
    one, two, *rest = FIVE.records

    assert check([one, two._replace(signature=bytes(64)), *rest]).records
    assert refusal([one, two._replace(signature=bytes(64))]) == "bad-signature"


# --- laundering: what Mallory writes never comes under Ana's signature


def forged(after: Record, title: str) -> Record:
    """An unsigned record in Ana's name, which anybody can make."""
    return make_record(
        ANA.device,
        community=COMMUNITY,
        lane=MARKET,
        seq=after.header.seq + 1,
        prev=after.id,
        gov=None,
        kind="listing",
        time_ms=TIME,
        salt=bytes(16),
        body={"title": title, "mode": "sell", "version": 1},
        sign=False,
    )


def test_a_false_record_at_the_end_is_refused() -> None:
    log = market(ANA, ["Bread"])

    assert refusal([*log.records, forged(log.records[-1], "Stolen bread")]) == "bad-signature"


def test_a_false_record_under_a_later_signature_is_refused() -> None:
    log = market(ANA, ["Bread", "Jam"], every=1)
    bread, jam = log.records
    false = forged(bread, "Stolen bread")

    assert refusal([bread, false, jam]) == "gap"
    with_her_signature = false._replace(signature=jam.signature)
    assert refusal([bread, with_her_signature]) == "bad-signature"
    by_another = BEN.device.sign(RECORD, COMMUNITY, false.id)
    assert refusal([bread, false._replace(signature=by_another)]) == "bad-signature"


def test_a_false_record_with_its_own_signer_is_refused() -> None:
    # Mallory signs with a device of his own, and says that it is Ana's log.
    theirs = market(EVA, ["Bread", "Jam"])

    assert refusal(theirs.records, device=ANA.device.public) == "wrong-log"


# --- the beginning of a log


def test_the_first_record_hangs_on_the_community() -> None:
    assert check(gov(BEN).records).first == 1
    assert check([FOUND]).first == 1


def test_a_founding_record_of_another_community_is_refused() -> None:
    assert refusal([FOUND], community=h("elsewhere")) == "other-community"


def test_nothing_but_a_founding_record_hangs_on_nothing() -> None:
    for lane, seq, kind in ((MARKET, 1, "found"), (GOV, 1, "enrol"), (GOV, 2, "found")):
        stray = make_record(
            ANA.device,
            community=None,
            lane=lane,
            seq=seq,
            prev=ZERO,
            gov=None,
            kind=kind,
            time_ms=TIME,
            salt=bytes(16),
            body={},
        )
        reason = "other-community" if seq == 1 else "broken-chain"
        assert refusal([stray]) == reason
        # not even where it would itself be the community's id
        with pytest.raises(Invalid):
            check([stray], community=stray.id)


# --- limits


def test_nothing_is_no_segment() -> None:
    for nothing in ([], (), None, {}, b"", True):
        with pytest.raises(Invalid):
            read_segment(nothing, community=COMMUNITY, device=h(1), lane=MARKET)


def test_too_many_records_are_refused_before_they_are_read() -> None:
    with pytest.raises(Invalid) as caught:
        read_segment([None] * (MAX_RECORDS + 1), community=COMMUNITY, device=h(1), lane=MARKET)
    assert caught.value.reason == "too-large"


def test_a_segment_of_the_most_records_is_accepted() -> None:
    log = Log(ANA.device, COMMUNITY, MARKET)
    for number in range(1, MAX_RECORDS + 1):
        log.add("x", {}, sign=number == MAX_RECORDS)

    assert len(check(log.records).records) == MAX_RECORDS


def test_a_segment_of_too_many_bytes_is_refused() -> None:
    log = Log(ANA.device, COMMUNITY, MARKET)
    size = 0
    while True:
        last = log.add("listing", {"text": "x" * 16_000})
        size += len(last.raw) + len(last.body or b"") + OVERHEAD
        if size > MAX_BYTES:
            break

    assert check(log.records[:-1]).records
    assert refusal(log.records) == "too-large"
    assert len(encode(entries(log.records[:-1]))) < MAX_BYTES
    check_chain(log.records, community=COMMUNITY, device=ANA.device.public, lane=MARKET)
