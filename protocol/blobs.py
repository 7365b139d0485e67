"""Asking a neighbour for pictures: one question a stream, answered item by item, in order.

A question names pictures by the SHA-256 of their bytes. Each is answered by a frame of its own:
the bytes, or that they are not there. Bytes that don't hash to what was asked for are a fault of
whoever sent them; nothing else about a picture is judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from protocol.codec import decode, encode
from protocol.errors import Invalid, PeerFault
from protocol.kinds.listing import LARGE_BYTES

MAX_ASKED = 16  # pictures in one question
MAX_QUESTION = 1024  # bytes
MAX_ANSWER = LARGE_BYTES + 64  # bytes of one answering frame


def question(names: Sequence[bytes]) -> bytes:
    """The frame that asks for these, at most MAX_ASKED."""
    return encode(["want", list(names)])


def read_question(frame: bytes) -> list[bytes]:
    """The hashes asked for; Invalid if this is no question."""
    match decode(frame, limit=MAX_QUESTION):
        case ["want", list(names)] if 1 <= len(names) <= MAX_ASKED and all(
            type(name) is bytes and len(name) == 32 for name in names
        ):
            return [name for name in names if isinstance(name, bytes)]
    raise Invalid("bad-message", "not a question for pictures")


def answer(data: bytes | None) -> bytes:
    """The frame with a picture's bytes, or with the word that they are not here."""
    return encode(["absent"] if data is None else ["blob", data])


def read_answer(frame: bytes, name: bytes) -> bytes | None:
    """The bytes of the picture `name`, None if the peer has none.

    Invalid for what is no answer; PeerFault `wrong-blob` for other bytes than those asked for.
    """
    match decode(frame, limit=MAX_ANSWER):
        case ["absent"]:
            return None
        case ["blob", bytes(data)]:
            if sha256(data).digest() != name:
                raise PeerFault("wrong-blob", "these are not the bytes that were asked for")
            return data
    raise Invalid("bad-message", "not an answer about a picture")
