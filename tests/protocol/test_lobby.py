"""The lobby: one question, one answer, and strangers who say something else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import lobby
from protocol.codec import decode, encode
from protocol.errors import Invalid
from protocol.kinds import erase
from protocol.lobby import (
    MAX_ANSWER,
    MAX_QUESTION,
    REASONS,
    Answer,
    ask,
    read_answer,
    read_question,
)
from tests.protocol.people import BEN, COMMUNITY, EVA, entries, gov, h, joined
from tests.protocol.strategies import damaged, mutated, plain, quick

LOG = joined(BEN)
QUESTION = ask(COMMUNITY, *LOG.records)
DEVICE = BEN.device.public


def refusal(raw: bytes, peer: bytes = DEVICE) -> str:
    with pytest.raises(Invalid) as caught:
        read_question(raw, COMMUNITY, peer)
    return caught.value.reason


def test_bens_question_arrives() -> None:
    assert read_question(QUESTION, COMMUNITY, DEVICE) == entries(LOG.records)
    assert len(QUESTION) < 1024


def test_a_question_for_another_community_is_none_of_ours() -> None:
    assert read_question(QUESTION, h("elsewhere"), DEVICE) is None


def test_eva_cannot_ask_with_bens_records() -> None:
    assert refusal(QUESTION, EVA.device.public) == "wrong-log"


@quick
@given(st.data())
def test_a_mutated_question_is_refused(data: st.DataObject) -> None:
    raw = data.draw(mutated(QUESTION))
    try:
        found = read_question(raw, COMMUNITY, DEVICE)
    except Invalid:
        return
    assert found is None or raw == QUESTION


@quick
@given(st.data())
def test_a_damaged_question_is_refused(data: st.DataObject) -> None:
    raw = encode(data.draw(damaged(decode(QUESTION, limit=MAX_QUESTION))))
    try:
        found = read_question(raw, COMMUNITY, DEVICE)
    except Invalid:
        return
    # What is left when the join got lost is the question of a further device, and sound.
    assert found in (None, entries(LOG.records), entries(LOG.records[:1]))


@quick
@given(st.one_of(st.binary(max_size=60), plain.map(encode)))
def test_any_bytes_are_refused(raw: bytes) -> None:
    refusal(raw)
    with pytest.raises(Invalid):
        read_answer(raw)


def test_a_further_device_sends_its_enrolment_alone() -> None:
    raw = ask(COMMUNITY, LOG.records[0])

    assert read_question(raw, COMMUNITY, DEVICE) == entries(LOG.records[:1])
    assert refusal(raw, EVA.device.public) == "wrong-log"


def test_a_newcomer_sends_an_enrolment_and_a_join() -> None:
    enrol, join = LOG.records
    other = gov(BEN)
    other.add("erase", erase.body([h(1)]))
    longer = LOG.copy()
    longer.add("erase", erase.body([h(1)]))
    for records in (other.records, longer.records, LOG.records[1:]):
        value: list[Any] = ["join", COMMUNITY, entries(records)]
        assert refusal(encode(value)) == "bad-message"
    assert refusal(ask(COMMUNITY, join, enrol)) == "gap"
    assert refusal(ask(COMMUNITY, enrol, enrol)) == "gap"
    assert refusal(ask(COMMUNITY, enrol, join._replace(salt=None, body=None))) == "no-body"
    assert refusal(ask(COMMUNITY, enrol, join._replace(signature=None))) == "bad-signature"


def test_the_person_key_must_have_signed_for_the_device() -> None:
    enrol, join = joined(BEN).records
    log = gov(BEN)
    log.records = []
    log.add("enrol", {"person": EVA.person.public, "proof": bytes(64)})
    log.add("join", {"invite": h(1), "proof": bytes(64)})

    assert refusal(ask(COMMUNITY, *log.records)) == "bad-enrolment"
    assert read_question(ask(COMMUNITY, enrol, join), COMMUNITY, DEVICE)


def test_a_question_has_a_limit() -> None:
    assert refusal(bytes(MAX_QUESTION + 1)) == "too-large"


@pytest.mark.parametrize("reason", REASONS)
def test_a_refusal_survives_the_journey(reason: str) -> None:
    sentence = "Somebody else has used this invitation; ask Ana for another."

    assert read_answer(lobby.answer(reason, sentence)) == Answer(reason, sentence)


def test_a_welcome_survives_the_journey() -> None:
    assert read_answer(lobby.answer()) == Answer("", "")


def test_a_sentence_that_is_too_long_is_cut_and_still_read() -> None:
    for letter in ("x", "ü", "🫖"):
        raw = lobby.answer("busy", letter * 5000)
        assert len(raw) <= MAX_ANSWER
        assert read_answer(raw).sentence == letter * 200


@pytest.mark.parametrize(
    "value",
    [
        ["welcome", 1],
        ["refused", "busy"],
        ["refused", "because", "x"],
        ["refused", ["busy"], "x"],
        ["refused", None, "x"],
        ["refused", "busy", b"x"],
        ["refused", "busy", "x" * 201],
        ["refused", "busy", "two\nlines"],
        ["refused", "busy", "\x1b[2J\x1b]0;owned\x07"],
        ["refused", "busy", "\u202etxt.exe"],
        "welcome",
        None,
        {},
    ],
)
def test_what_is_no_answer_is_refused(value: Any) -> None:
    with pytest.raises(Invalid):
        read_answer(encode(value))


@quick
@given(st.data())
def test_a_mutated_answer_is_refused_or_is_another(data: st.DataObject) -> None:
    raw = data.draw(mutated(lobby.answer("used", "Ask Ana for another.")))
    try:
        found = read_answer(raw)
    except Invalid:
        return
    assert found.reason in ("", *REASONS)
    assert found.sentence.isprintable()
