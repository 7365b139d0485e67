"""Invitation links: whole or refused, with a sentence for the person who pasted one."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codec import encode
from protocol.errors import Refused
from protocol.invitation import MAX_ADDRESS, MAX_ADDRESSES, MAX_LINK, MAX_PEERS, Link, read_link
from tests.protocol.people import ANA, COMMUNITY, h
from tests.protocol.strategies import damaged, ids, plain, quick, thorough

ADDRESS = "/ip4/192.0.2.7/tcp/4001"
LINK = Link(COMMUNITY, h("once"), h("invite"), 3, h("tip"), {ANA.device.public: (ADDRESS,)})
addresses = st.lists(st.text(st.characters(codec="ascii"), max_size=MAX_ADDRESS), max_size=3)
links = st.builds(
    Link,
    ids,
    ids,
    ids,
    st.integers(-1, 2**53 - 1),
    ids,
    st.dictionaries(ids, addresses.map(tuple), max_size=MAX_PEERS),
)


def written(value: Any) -> str:
    """A link with this payload and a right check sum."""
    data = encode(value)
    raw = data + sha256(data).digest()[:4]
    return "moothall:join?i=" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def refusal(text: str) -> str:
    with pytest.raises(Refused) as caught:
        read_link(text)
    assert caught.value.reason == "bad-link"
    sentence = str(caught.value)
    assert sentence.startswith("That is not a whole invitation link")
    assert sentence.endswith("Nothing was changed; copy it again.")
    return sentence


@quick
@given(links, st.sampled_from([None, "https://shop.example", "http://[::1]:8080/market/"]))
def test_a_link_survives_the_journey(link: Link, shop: str | None) -> None:
    assert read_link(link.text(shop)) == link
    assert read_link(f"\n  {link.text(shop)} ") == link


def test_a_link_broken_over_lines_by_a_mail_program_still_works() -> None:
    text = LINK.text()

    assert read_link(text[:60] + "\r\n" + text[60:]) == LINK


@thorough
@given(st.integers(16, len(LINK.text()) - 1), st.characters(codec="ascii", categories=["L", "N"]))
def test_a_slip_in_one_letter_is_noticed(at: int, letter: str) -> None:
    text = LINK.text()
    slipped = text[:at] + letter + text[at + 1 :]
    if slipped != text:
        try:
            assert read_link(slipped) == LINK  # the last letter may hold bits that say nothing
            assert at == len(text) - 1
        except Refused as error:
            assert error.reason == "bad-link"


@quick
@given(st.integers(0, len(LINK.text()) - 1))
def test_a_link_cut_short_is_noticed(length: int) -> None:
    refusal(LINK.text()[:length])


@quick
@given(st.text(max_size=80))
def test_any_text_is_refused_in_a_sentence(text: str) -> None:
    refusal(text)
    refusal("moothall:join?i=" + text)
    refusal("https://shop.example/join?i=" + text)


VALUE: list[Any] = [
    *[1, COMMUNITY, h("once"), h("invite"), 3, h("tip")],
    [[ANA.device.public, [ADDRESS]]],
]


@thorough
@given(st.data())
def test_a_damaged_payload_is_refused_or_is_another_link(data: st.DataObject) -> None:
    assert written(VALUE) == LINK.text()
    value = data.draw(damaged(VALUE))
    try:
        link = read_link(written(value))
    except Refused:
        return
    assert len(link.peers) <= MAX_PEERS
    assert read_link(link.text()) == link


@quick
@given(plain)
def test_any_payload_is_refused(value: Any) -> None:
    refusal(written(value))


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (0, True),
        (0, 2),
        (1, bytes(31)),
        (2, None),
        (3, "i" * 32),
        (4, True),
        (4, -2),
        (4, 2**53),
        (5, []),
        (6, {}),
        (6, [[bytes(31), []]]),
        (6, [[h("peer"), [7]]]),
        (6, [[h("peer"), ["a" * (MAX_ADDRESS + 1)]]]),
        (6, [[h("peer"), ["a"] * (MAX_ADDRESSES + 1)]]),
        (6, [h("peer")]),
    ],
)
def test_a_payload_with_a_wrong_part_is_refused(at: int, value: Any) -> None:
    refusal(written([*VALUE[:at], value, *VALUE[at + 1 :]]))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "moothall:join",
        "moothall:join?i=",
        "ftp://shop.example/join?i=" + LINK.payload(),
        "https://[broken/join?i=" + LINK.payload(),
        "moothall:join?i=" + "A" * MAX_LINK,
        "moothall:join?i=ÄÖÜ",
        "moothall:join?i=AAAA",
    ],
)
def test_a_text_that_is_no_link_is_refused(text: str) -> None:
    refusal(text)


def test_a_link_of_another_version_says_so() -> None:
    assert "another version" in refusal(written([2, *VALUE[1:]]))


def test_the_largest_link_can_be_read_again() -> None:
    many = {
        h(n): tuple(f"/dns/{n}-{k}/".ljust(MAX_ADDRESS, "x") for k in range(8)) for n in range(8)
    }
    link = LINK._replace(peers=many)

    assert read_link(link.text("https://shop.example")) == link


def test_what_does_not_fit_a_link_is_left_out() -> None:
    many = {h(n): ("x" * (MAX_ADDRESS + 1), *map(str, range(20))) for n in range(20)}

    found = read_link(LINK._replace(peers=many).text())

    assert list(found.peers) == [h(n) for n in range(MAX_PEERS)]
    assert set(found.peers.values()) == {tuple(map(str, range(MAX_ADDRESSES)))}
