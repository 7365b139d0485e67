"""The side set: what a fork proof, a contest and a spared record prove, and what proves nothing."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codec import decode, encode
from protocol.errors import Invalid
from protocol.evidence import (
    MAX_OBJECT,
    Contest,
    Fork,
    Spared,
    contest_proof,
    fork_proof,
    read_object,
    spare,
)
from protocol.keys import RECORD
from protocol.kinds import erase
from protocol.messages import MAX_FRAME, Side, pack, unpack
from protocol.records import GOV, MARKET, MAX_KIND, TALK, ZERO, Record, make_record
from protocol.segments import MAX_RECORDS
from tests.protocol.people import (
    ANA,
    BEN,
    COMMUNITY,
    DAN,
    EVA,
    TIME,
    Log,
    gov,
    h,
    joined,
    market,
)
from tests.protocol.strategies import damaged, mutated, plain, quick


def two_branches() -> tuple[list[Record], list[Record]]:
    """Ana's market log after the bread: once with jam and eggs, once with honey."""
    jam = market(ANA, ["Bread"])
    honey = jam.copy()
    jam.offer("Jam", sign=False)
    jam.offer("Eggs")
    honey.offer("Honey")
    return jam.records[1:], honey.records[1:]


JAM, HONEY = two_branches()
FORK = fork_proof(COMMUNITY, JAM, HONEY)
CONTEST = contest_proof(COMMUNITY, joined(BEN).records, joined(EVA).records)


def erasing() -> Record:
    log = gov(BEN)
    return log.add("erase", erase.body([h("a listing")]))


ERASE = erasing()
OBJECTS = [FORK, CONTEST, spare(ERASE)]


def refusal(value: Any, community: bytes = COMMUNITY) -> str:
    with pytest.raises(Invalid) as caught:
        read_object(encode(value), community)
    return caught.value.reason


def parts(raw: bytes) -> list[Any]:
    value = decode(raw, limit=MAX_OBJECT)
    assert isinstance(value, list)
    return value


@pytest.mark.parametrize("sort", range(3))
def test_an_object_survives_the_journey_and_a_frame(sort: int) -> None:
    found = OBJECTS[sort]

    assert read_object(found.raw, COMMUNITY) == found
    assert found.id == sha256(found.raw).digest()
    assert unpack(pack(Side(found.raw))) == Side(found.raw)


@quick
@given(st.data(), st.sampled_from(OBJECTS))
def test_mutated_bytes_prove_nothing(data: st.DataObject, whole: Any) -> None:
    raw = data.draw(mutated(whole.raw))
    try:
        found = read_object(raw, COMMUNITY)
    except Invalid:
        return
    assert found.raw == raw
    assert raw == whole.raw


@quick
@given(st.data(), st.sampled_from(OBJECTS))
def test_a_damaged_object_is_refused_or_proves_the_same(data: st.DataObject, whole: Any) -> None:
    value = data.draw(damaged(parts(whole.raw)))
    try:
        found = read_object(encode(value), COMMUNITY)
    except Invalid:
        return
    assert type(found) is type(whole)
    if isinstance(found, Fork):
        assert found._replace(id=FORK.id, raw=FORK.raw) == FORK
    if isinstance(found, Contest):
        assert {r.id for r in found.records} == {r.id for r in CONTEST.records}


@quick
@given(st.one_of(st.binary(max_size=60), plain.map(encode)))
def test_any_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(Invalid):
        read_object(raw, COMMUNITY)


# --- forks


def test_a_fork_names_the_place_where_the_branches_part() -> None:
    assert (FORK.device, FORK.lane, FORK.seq) == (ANA.device.public, MARKET, 2)
    assert FORK.prev == JAM[0].header.prev


def test_the_order_of_the_branches_and_what_follows_them_do_not_matter() -> None:
    longer = market(ANA, ["Bread"])
    longer.records += JAM
    longer.offer("Soap")

    assert fork_proof(COMMUNITY, HONEY, longer.records[1:]) == FORK


def test_a_false_signature_on_the_way_is_left_out() -> None:
    false = [JAM[0]._replace(signature=bytes(64)), JAM[1]]

    assert fork_proof(COMMUNITY, false, HONEY) == FORK


def test_a_branch_without_a_signature_proves_nothing() -> None:
    with pytest.raises(Invalid) as caught:
        fork_proof(COMMUNITY, JAM[:1], HONEY)
    assert caught.value.reason == "unsigned-branch"
    for branch in ([], [HONEY[0]._replace(signature=BEN.device.sign(RECORD, b"x"))]):
        with pytest.raises(Invalid):
            fork_proof(COMMUNITY, JAM, branch)


def test_one_branch_twice_is_no_fork() -> None:
    with pytest.raises(Invalid):
        fork_proof(COMMUNITY, JAM, JAM)
    sort, device, lane, seq, one, _ = parts(FORK.raw)
    assert refusal([sort, device, lane, seq, one, one]) == "bad-evidence"


def test_branches_in_the_wrong_order_are_refused() -> None:
    sort, device, lane, seq, one, other = parts(FORK.raw)

    assert refusal([sort, device, lane, seq, other, one]) == "bad-evidence"


@pytest.mark.parametrize(("at", "value"), [(1, h("x")), (2, TALK), (2, True), (3, 3), (3, True)])
def test_a_fork_of_another_place_is_refused(at: int, value: Any) -> None:
    value_parts = parts(FORK.raw)
    value_parts[at] = value

    with pytest.raises(Invalid):
        read_object(encode(value_parts), COMMUNITY)


def test_a_fork_in_another_community_is_refused() -> None:
    assert refusal(parts(FORK.raw), h("elsewhere")) == "bad-signature"


def test_branches_that_part_earlier_are_refused() -> None:
    deeper = market(ANA, ["Loaf", "Honey"]).records[1:]

    with pytest.raises(Invalid) as caught:
        fork_proof(COMMUNITY, JAM, deeper)
    assert caught.value.reason == "bad-evidence"


def test_ben_and_ana_are_no_fork_of_each_other() -> None:
    with pytest.raises(Invalid):
        fork_proof(COMMUNITY, market(ANA, ["Bread"]).records, market(BEN, ["Bread"]).records)


def test_a_branch_that_goes_on_past_its_signature_is_refused() -> None:
    longer = market(ANA, ["Bread"])
    longer.records += HONEY
    wax = longer.offer("Wax")
    sort, device, lane, seq, *branches = parts(FORK.raw)
    for branch in branches:
        if branch[0][0] == HONEY[0].raw:
            branch.append([wax.raw, wax.signature])

    assert refusal([sort, device, lane, seq, *branches]) == "bad-evidence"


def test_in_gov_each_branch_is_one_signed_record() -> None:
    one = gov(BEN)
    other = one.copy()
    one.add("erase", erase.body([h(1)]))
    one.add("erase", erase.body([h(2)]))
    other.add("erase", erase.body([h(3)]))
    found = fork_proof(COMMUNITY, one.records[1:], other.records[1:])
    assert (found.lane, found.seq) == (GOV, 2)

    sort, device, lane, seq, *branches = parts(found.raw)
    for branch in branches:
        if branch[0][0] == one.records[1].raw:
            branch[0][1] = None
            branch.append([one.records[2].raw, one.records[2].signature])
    assert refusal([sort, device, lane, seq, *branches]) == "bad-evidence"


def test_a_log_may_fork_at_its_first_record() -> None:
    found = fork_proof(COMMUNITY, market(ANA, ["Bread"]).records, market(ANA, ["Loaf"]).records)

    assert (found.seq, found.prev) == (1, COMMUNITY)


def test_the_longest_proof_of_the_longest_headers_fits_a_frame() -> None:
    def branch(word: str) -> list[Record]:
        made: list[Record] = []
        for number in range(MAX_RECORDS):
            made.append(
                make_record(
                    ANA.device,
                    community=COMMUNITY,
                    lane=TALK,
                    seq=2**52 + number,
                    prev=made[-1].id if made else h("before"),
                    gov=h("certificate"),
                    kind="k" * MAX_KIND,
                    time_ms=2**48,
                    salt=bytes(16),
                    body={"text": word + "x" * 300},
                    sign=number == MAX_RECORDS - 1,
                )
            )
        return made

    found = fork_proof(COMMUNITY, branch("a"), branch("b"))

    assert len(found.raw) <= MAX_OBJECT
    assert len(pack(Side(found.raw))) <= MAX_FRAME


def test_a_branch_of_nothing_or_of_too_many_records_is_refused() -> None:
    sort, device, lane, seq, one, other = parts(FORK.raw)

    assert refusal([sort, device, lane, seq, [], other]) == "bad-evidence"
    assert refusal([sort, device, lane, seq, one * 1025, other]) == "bad-evidence"
    assert refusal([sort, device, lane, seq, [[1, 2]], other]) == "bad-evidence"
    assert refusal([sort, device, lane, seq, None, other]) == "bad-evidence"


# --- contests


def test_a_contest_holds_both_joins_whoever_saw_which_first() -> None:
    again = contest_proof(COMMUNITY, joined(EVA).records, joined(BEN).records)

    assert again == CONTEST
    assert {r.header.device for r in CONTEST.records} == {BEN.device.public, EVA.device.public}


def test_a_contest_of_one_join_or_out_of_order_is_refused() -> None:
    with pytest.raises(Invalid):
        contest_proof(COMMUNITY, joined(BEN).records, joined(BEN).records)
    sort, one, other = parts(CONTEST.raw)
    assert refusal([sort, other, one]) == "bad-evidence"
    assert refusal([sort, one, one]) == "bad-evidence"


def test_a_contest_of_something_else_is_refused() -> None:
    ben = joined(BEN).records
    dan = gov(DAN)
    dan.add("erase", erase.body([h(1)]))
    for other in (dan.records, [ERASE, ben[1]], [ben[1], ben[0]], [ben[0], joined(EVA).records[1]]):
        with pytest.raises(Invalid):
            contest_proof(COMMUNITY, ben, other)


def test_a_contest_with_somebody_elses_enrolment_is_refused() -> None:
    mallory = Log(DAN.device, COMMUNITY, GOV)
    mallory.records = gov(EVA).records
    mallory.records = [mallory.add("enrol", {"person": EVA.person.public, "proof": bytes(64)})]
    stolen = Log(DAN.device, COMMUNITY, GOV)
    stolen.add("enrol", {"person": EVA.person.public, "proof": bytes(64)})
    stolen.add("join", {"invite": h(1), "proof": bytes(64)})

    with pytest.raises(Invalid) as caught:
        contest_proof(COMMUNITY, joined(BEN).records, stolen.records)
    assert caught.value.reason == "bad-enrolment"


# --- spared records


def test_a_spared_record_keeps_its_words() -> None:
    found = read_object(spare(ERASE).raw, COMMUNITY)

    assert isinstance(found, Spared)
    assert found.record == ERASE


def test_only_a_whole_signed_gov_record_of_this_community_is_spared() -> None:
    bread = market(ANA, ["Bread"]).records[0]
    for false in (
        bread,
        ERASE._replace(signature=None),
        ERASE._replace(signature=bytes(64)),
        ERASE._replace(salt=None, body=None),
    ):
        with pytest.raises(Invalid):
            read_object(spare(false).raw, COMMUNITY)
    with pytest.raises(Invalid):
        read_object(spare(ERASE).raw, h("elsewhere"))


def test_a_record_that_founds_nothing_is_not_spared() -> None:
    for seq in (1, 5):
        stray = make_record(
            ANA.device,
            community=None,
            lane=GOV,
            seq=seq,
            prev=ZERO,
            gov=None,
            kind="erase",
            time_ms=TIME,
            salt=bytes(16),
            body=erase.body([h(1)]),
        )
        with pytest.raises(Invalid):
            read_object(spare(stray).raw, COMMUNITY)
