"""What letters say: written and read back; anything else is unreadable, never a crash."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codec import Plain, encode
from protocol.errors import Invalid
from protocol.letters.contact import MAX_NAME, MAX_REACH, Contact
from protocol.letters.keys import MOST_KEYS, HandedKeys
from protocol.letters.message import MAX_TEXT, Message
from protocol.letters.order_key import OrderKey
from protocol.letters.registry import LETTERS, read_letter, write_letter
from protocol.letters.seen import MOST_SEEN, Seen
from protocol.records import MAX_BODY
from protocol.sealing import MOST_READERS, most_content
from tests.protocol.people import ANA, BEN, h
from tests.protocol.strategies import damaged, plain, quick, thorough

SAID: list[tuple[str, Any]] = [
    ("message", Message(to=ANA.person.public, text="Hello")),
    ("message", Message(to=h("to"), text="a\nb", about=h("order"), reply=h("id"), guest=True)),
    ("seen", Seen(records=(h("one"), h("two")))),
    ("keys", HandedKeys(keys=((h("one"), h("its key")),))),
    ("contact", Contact(order=h("order"), name="Gitta", reach="031 555\nBern")),
    ("order-key", OrderKey(order=BEN.person.public, seed=BEN.person.seed)),
]


@pytest.mark.parametrize(("name", "said"), SAID)
def test_what_is_written_is_read_back(name: str, said: Any) -> None:
    kind, read = read_letter(write_letter(name, said.body()))
    assert kind is LETTERS[name]
    assert read == said
    assert kind.name == name


@quick
@given(st.sampled_from(SAID), st.data())
def test_damaged_bodies_are_unreadable_or_say_something(
    letter: tuple[str, Any], data: st.DataObject
) -> None:
    name, said = letter
    body: dict[str, Any] = data.draw(damaged(said.body()))
    try:
        _, found = read_letter(write_letter(name, body))
    except Invalid as error:
        assert error.reason == "unreadable"
    else:
        assert type(found) is type(said)


@thorough
@given(plain)
def test_any_content_is_unreadable_or_a_letter(content: Plain) -> None:
    with pytest.raises(Invalid) as caught:
        read_letter(encode(content))
    assert caught.value.reason == "unreadable"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 100,
        bytes(MAX_BODY + 1),
        b"\x81" * 60,  # nested too deep
        encode(["message"]),
        encode(["message", {}, 1]),
        encode(["no such kind", {}]),
        encode([b"message", {}]),
        encode(["message", {"to": h(1), "text": " \n"}]),
        encode(["message", {"to": h(1), "text": "x" * (MAX_TEXT + 1)}]),
        encode(["message", {"to": h(1)[1:], "text": "x"}]),
        encode(["contact", {"order": h(1), "name": " ", "reach": "x"}]),
        encode(["contact", {"order": h(1), "name": "x", "reach": "\n"}]),
        encode(["contact", {"order": h(1), "name": "x" * (MAX_NAME + 1), "reach": "x"}]),
        encode(["contact", {"order": h(1), "name": "x", "reach": "x" * (MAX_REACH + 1)}]),
        encode(["contact", {"order": h(1)[1:], "name": "x", "reach": "x"}]),
        encode(["seen", {"records": []}]),
        encode(["seen", {"records": [h(1)] * (MOST_SEEN + 1)}]),
        encode(["keys", {"keys": [[h(1), h(2), h(3)]]}]),
        encode(["keys", {"keys": [[h(1), "key"]]}]),
        encode(["keys", {"keys": [[h(1), h(2)]] * (MOST_KEYS + 1)}]),
        encode(["order-key", {"order": h(1), "seed": h(2)}]),  # not the key of this seed
    ],
)
def test_what_says_nothing(content: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        read_letter(content)
    assert caught.value.reason == "unreadable"


def test_the_fullest_letters_of_a_node_fit_any_box() -> None:
    seen = Seen(records=[h(n) for n in range(MOST_SEEN)])
    handed = HandedKeys(keys=[(h(n), h(-n)) for n in range(MOST_KEYS)])
    for name, said in (("seen", seen), ("keys", handed)):
        assert len(write_letter(name, said.body())) <= most_content(MOST_READERS)


def test_a_secret_is_in_no_text_about_it() -> None:
    assert BEN.person.seed.hex() not in repr(OrderKey(order=h(1), seed=BEN.person.seed))
