"""Every kind of letter that this program can read; a letter of another kind says nothing."""

from __future__ import annotations

from typing import Any

from protocol.codec import Plain, decode, encode
from protocol.errors import Invalid
from protocol.letters import contact, keys, message, order, order_key, please_carry, seen
from protocol.letters.letter import LetterKind
from protocol.records import MAX_BODY

LETTERS: dict[str, LetterKind] = {
    module.LETTER.name: module.LETTER
    for module in (
        contact,
        message,
        seen,
        keys,
        order,
        order_key,
        please_carry,
    )
}


def write_letter(kind: str, body: dict[str, Plain]) -> bytes:
    """The content of a sealed box: `[kind, body]`."""
    return encode([kind, body])


def read_letter(content: bytes) -> tuple[LetterKind, Any]:
    """(kind, what it says as the kind's dataclass); Invalid `unreadable` for anything else."""
    try:
        value = decode(content, limit=MAX_BODY)
    except Invalid as error:
        raise Invalid("unreadable", "a letter that is not strict DAG-CBOR") from error
    match value:
        case [str(name), dict(body)] if name in LETTERS:
            kind = LETTERS[name]
            return kind, kind.read(body)
    raise Invalid("unreadable", "a letter of a kind that this program does not know")
