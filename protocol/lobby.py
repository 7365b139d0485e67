"""What a stranger may say in the lobby: `/moothall/join/1`, one question and one answer.

Question: `["join", community, [enrol entry, join entry]]`, or with the enrolment alone when a
person who is in already brings a further device. Answer: `["welcome"]`, or `["refused", reason,
sentence]`. Who knocks repeats the question until it is welcome; `unknown` means that this peer does
not hold the invitation, or know the person (yet), so another may.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from protocol.codec import decode, encode
from protocol.errors import Invalid
from protocol.kinds.enrol import Enrol
from protocol.kinds.join import Join
from protocol.kinds.registry import content
from protocol.records import GOV, Record
from protocol.segments import read_segment

MAX_QUESTION = 16 * 1024
MAX_ANSWER = 1024
MAX_NEWS = 60 * 1024  # an answer with certificates; it fits a stranger's stream
MAX_SENTENCE = 200  # characters
JOINING = 2  # entries of a newcomer's question; a further device sends its enrolment alone
FINAL = ("foreign", "used", "inviter-gone", "gone")  # asking again can't help, but for a confirm
REASONS = ("foreign", "gone", "too-many", "unknown", "used", "contested", "inviter-gone", "busy")


class Answer(NamedTuple):
    """`reason` is empty for a welcome."""

    reason: str
    sentence: str


def ask(community: bytes, *records: Record) -> bytes:
    """The question of a newcomer, with enrolment and join, or of a further device."""
    return encode(["join", community, [record.entry() for record in records]])


def read_question(raw: bytes, community: bytes, peer: bytes) -> list[Any] | None:
    """The entries, JOINING or one, of a sound question from device `peer`; None if it is for
    another community.

    Invalid when it is malformed, not signed, or about another device than the one that asks.
    """
    value = decode(raw, limit=MAX_QUESTION)
    if not isinstance(value, list) or len(value) != 3 or value[0] != "join":
        raise Invalid("bad-message", "not a question of the lobby")
    if value[1] != community:
        return None
    segment = read_segment(value[2], community=community, device=peer, lane=GOV)
    said = [content(record) for record in segment.records]
    if (
        segment.first != 1
        or not isinstance(said[0], Enrol)
        or len(said) > JOINING
        or not all(isinstance(each, Join) for each in said[1:])
    ):
        raise Invalid("bad-message", "who knocks sends an enrolment, and a newcomer a join")
    said[0].check(community, peer)
    return [record.entry() for record in segment.records]


def answer(reason: str = "", sentence: str = "") -> bytes:
    """The answer; a welcome without a reason. A sentence that is too long is cut."""
    return encode(["refused", reason, sentence[:MAX_SENTENCE]] if reason else ["welcome"])


def read_answer(raw: bytes) -> Answer:
    """What the lobby said; Invalid otherwise. The sentence is one line of printable text."""
    value = decode(raw, limit=MAX_ANSWER)
    if value == ["welcome"]:
        return Answer("", "")
    if (
        isinstance(value, list)
        and len(value) == 3
        and value[0] == "refused"
        and value[1] in REASONS
        and isinstance(value[2], str)
        and len(value[2]) <= MAX_SENTENCE
        and value[2].isprintable()
    ):
        return Answer(str(value[1]), value[2])
    raise Invalid("bad-message", "not an answer of the lobby")


# Who was cut off asks for the certificates up to the one that says so: `["news", community, from]`,
# answered by `["news", [certificate, ...]]`. They prove themselves, and nothing later goes out.


def ask_news(community: bytes, height: int) -> bytes:
    """The question of a device that is refused: what led to it, from `height` on."""
    return encode(["news", community, height])


def read_news_question(raw: bytes, community: bytes) -> int | None:
    """The height asked from; None if `raw` is another question. Invalid when it is malformed."""
    value = decode(raw, limit=MAX_QUESTION)
    if not isinstance(value, list) or value[:1] != ["news"]:
        return None
    if len(value) != 3 or type(value[2]) is not int or not 0 <= value[2] < 2**53:
        raise Invalid("bad-message", "not a question of the lobby")
    if value[1] != community:
        raise Invalid("other-community", "a question about another community")
    return value[2]


def news(travels: list[Any]) -> bytes:
    """The answer: certificates as they travel; none when there is nothing to tell."""
    return encode(["news", travels])


def read_news(raw: bytes) -> list[Any]:
    """The certificates in an answer, unchecked; Invalid if it is malformed."""
    value = decode(raw, limit=MAX_NEWS)
    if not isinstance(value, list) or len(value) != 2 or value[0] != "news":
        raise Invalid("bad-message", "not an answer of the lobby")
    if not isinstance(value[1], list):
        raise Invalid("bad-message", "not an answer of the lobby")
    return value[1]
