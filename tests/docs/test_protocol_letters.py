"""The section on letters: its tables are the program's, and a reader written from it agrees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from protocol import keys
from protocol.codec import decode, encode
from protocol.errors import Invalid
from protocol.keys import Signer
from protocol.letters.registry import LETTERS, read_letter
from protocol.records import MAX_BODY
from protocol.sealing import Opener
from tests.docs import independent as other
from tests.docs import independent_letters
from tests.docs.test_protocol_doc import (
    COMMUNITY,
    Asked,
    V,
    key_table,
    raw,
    samples,
    section,
    ticked,
)
from tests.protocol.people import ANA, h

GIVEN = V["letters"]
SEED = raw(V["keys"]["eva device"]["seed"])
AUTHOR = raw(V["keys"]["ben device"]["public"])
BODY = other.decode(raw(V["records"][GIVEN["record"]]["body"]))
HEADS = {
    "message": "key of a message",
    "seen": "key of seen",
    "keys": "key of keys",
    "order-key": "key of an order key",
}
BODIES: dict[str, dict[str, Any]] = {
    "message": {"to": h(1), "text": "x", "about": h(2), "reply": h(3), "guest": True},
    "seen": {"records": [h(1)]},
    "keys": {"keys": [[h(1), h(2)]]},
    "order-key": {"order": ANA.person.public, "seed": ANA.person.seed},
}


def test_the_readers_of_the_vector_open_it_and_nobody_else_does() -> None:
    plain = other.decode(raw(GIVEN["content"]))
    for name in ("ben device", "eva device", "ana device"):
        seed = raw(V["keys"][name]["seed"])
        said = independent_letters.open_letter(BODY, seed, AUTHOR, COMMUNITY)
        assert said == (plain if name in GIVEN["readers"] else None)
    key = raw(GIVEN["content_key"])
    assert independent_letters.with_key(BODY, key, AUTHOR, COMMUNITY) == plain


@pytest.mark.parametrize("row", GIVEN["nothing"], ids=lambda row: row["what"])
def test_what_says_nothing_says_nothing_to_both(row: dict[str, str]) -> None:
    body = other.decode(raw(row["body"]))
    assert independent_letters.open_letter(body, SEED, AUTHOR, COMMUNITY) is None
    found = Opener(Signer(SEED), COMMUNITY).open(body, AUTHOR)
    if found is not None:
        with pytest.raises(Invalid):
            read_letter(found.content)


def test_the_personalizations_and_sizes_are_those_of_the_program() -> None:
    said = section("Sealing")
    for purpose in ("moothall/seal/1\\0", "moothall/box/1\\0\\0"):
        assert f'"{purpose}"' in said
    assert "256, 1,024, 4,096 or 16,384 bytes" in said


def rows() -> Iterator[tuple[str, str, str, str]]:
    for kind, head in HEADS.items():
        for key, value, absent in key_table(f"`{kind}`", head):
            yield kind, ticked(key)[0], value, absent


@pytest.mark.parametrize(("kind", "key", "value", "absent"), list(rows()))
def test_a_letters_key_allows_what_its_row_says(
    kind: str, key: str, value: str, absent: str
) -> None:
    read = LETTERS[kind].read
    allowed, refused = samples(value)
    if kind == "order-key":
        allowed = []  # no two of its values fit but by the seed
    for each in allowed:
        read({**BODIES[kind], key: each})
    for each in refused:
        with pytest.raises(Invalid):
            read({**BODIES[kind], key: each})
    without = {name: each for name, each in BODIES[kind].items() if name != key}
    if absent == "needed":
        with pytest.raises(Invalid):
            read(without)
    else:
        read(without)


@pytest.mark.parametrize("kind", HEADS)
def test_every_key_of_a_letter_is_named(kind: str) -> None:
    body = Asked(BODIES[kind])
    LETTERS[kind].read(body)
    named = {ticked(row[0])[0] for row in key_table(f"`{kind}`", HEADS[kind])}
    assert body.keys_asked <= named == set(BODIES[kind])


def test_the_vector_is_strict() -> None:
    assert encode(decode(raw(GIVEN["content"]), limit=MAX_BODY)).hex() == GIVEN["content"]
    assert len(raw(GIVEN["content_key"])) == keys.KEY_BYTES
