"""Letters about orders: what is read back is what was written, and nothing else is read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import Invalid
from protocol.keys import Signer
from protocol.kinds.receipt import Extras, Statement
from protocol.letters import moves as m
from protocol.letters.order import LETTER, MOST_AFTER, MOVES, OrderLetter, prove, proven, read
from protocol.letters.registry import LETTERS, read_letter, write_letter
from tests.protocol.people import h

STATEMENT = Statement(
    order=h("order"),
    vendor=h("ben"),
    seller=h("ben"),
    listing=h("jam"),
    category="food",
    at=(h("a"), h("b")),
    charter=h("charter"),
    currency="EUR",
    quantity=2,
    price=900,
    fee=45,
    shares={"community": 45, "seller": 855},
    extras=Extras(delivery=300),
)
EXAMPLES: tuple[m.Move, ...] = (
    m.Place(
        listing=h("jam"),
        version=h("version"),
        seller=h("ben"),
        quantity=2,
        price=900,
        currency="EUR",
        at=h("a"),
        proof=bytes(64),
        delivery=300,
        tip=1,
        variant="large",
        text="With a bow, please.",
        host=h("gus"),
        referral=h("recommend"),
    ),
    m.Offer(quantity=2, price=800, at=h("a"), pay=m.PayTo(iban="DE02120300000000202051")),
    m.Accept(offer=h("offer"), at=h("b"), statement=STATEMENT, pay=m.PayTo(text="Or in cash.")),
    m.Decline(text="Sold out."),
    m.Cancel(),
    m.Pay(amount=1200, how="bank", payment=h("payment")),
    m.Confirm(amount=1200),
    m.Sent(text="By bike."),
    m.Received(deal=h("accept"), signature=bytes(64)),
    m.ReceiptOut(),
    m.Refund(amount=1, text="One was broken."),
    m.Took(refund=h("refund"), signature=bytes(64)),
    m.Dispute(text="All were broken."),
    m.Evidence(text="Look."),
    m.Propose(refund=0, text="No.", signature=bytes(64)),
    m.Agree(proposal=h("propose")),
    m.Mediator(person=h("eva")),
    m.Mediate(take=False),
    m.Verdict(proposal=h("proposal")),
    m.Close(),
)


def letter(move: m.Move, **fields: Any) -> OrderLetter:
    """A letter about the order."""
    return OrderLetter(order=h("order"), after=(), move=move, **fields)


def test_there_is_an_example_of_every_move() -> None:
    assert [move.word for move in EXAMPLES] == list(MOVES)
    assert LETTERS["order"] is LETTER


@pytest.mark.parametrize("move", EXAMPLES, ids=lambda move: move.word)
@pytest.mark.parametrize("guest", [False, True])
def test_a_move_is_read_as_it_was_written(move: m.Move, guest: bool) -> None:
    said = OrderLetter(
        order=h("order"), after=tuple(sorted([h("x"), h("y")])), move=move, guest=guest
    )
    kind, found = read_letter(write_letter("order", said.body()))
    assert (kind, found) == (LETTER, said)
    assert kind.order(found) == h("order") and kind.may_be_shared


WRONG: tuple[tuple[str, dict[str, Any]], ...] = (
    ("place", {"price": None}),  # only in an enquiry
    ("place", {"price": -1}),
    ("place", {"price": 9.5}),
    ("place", {"price": 10**13}),
    ("place", {"quantity": 0}),
    ("place", {"currency": ""}),
    ("place", {"enquiry": 1}),
    ("offer", {"pay": {"iban": "DE02\nDE03"}}),
    ("offer", {"pay": "cash"}),
    ("accept", {"statement": {}}),
    ("pay", {"amount": 0}),
    ("pay", {"how": "shells"}),
    ("confirm", {"amount": True}),
    ("received", {"signature": bytes(63)}),
    ("refund", {"amount": -5}),
    ("dispute", {"text": "  "}),
    ("decline", {"text": "x" * (m.MAX_TEXT + 1)}),
    ("mediator", {"person": b"eva"}),
    ("mediate", {"take": None}),
    ("close", {"after": [h("x")] * 2}),
    ("close", {"after": sorted((h("x"), h("y")), reverse=True)}),
    ("close", {"after": [bytes([n]) * 32 for n in range(MOST_AFTER + 1)]}),
    ("close", {"move": "open"}),
    ("close", {"move": ["close"]}),
    ("close", {"order": b""}),
    ("close", {"guest": 1}),
)


@pytest.mark.parametrize(("word", "change"), WRONG)
def test_what_is_no_move_is_unreadable(word: str, change: dict[str, Any]) -> None:
    right = letter(next(move for move in EXAMPLES if move.word == word)).body()
    assert read(right)
    with pytest.raises(Invalid, match=r".") as caught:
        read({**right, **change})
    assert caught.value.reason == "unreadable"


def test_a_question_needs_no_price() -> None:
    place = letter(EXAMPLES[0]).body()
    found = read({**place, "price": None, "enquiry": True}).move
    assert isinstance(found, m.Place) and found.price is None and found.enquiry


@given(
    st.sampled_from(EXAMPLES),
    st.dictionaries(
        st.sampled_from(["order", "after", "move", "amount", "text", "at", "pay", "statement"]),
        st.one_of(st.none(), st.integers(), st.binary(), st.text(), st.lists(st.binary()))
        | st.dictionaries(st.text(), st.integers()),
    ),
)
def test_only_unreadable_comes_out_of_nonsense(move: m.Move, change: dict[str, Any]) -> None:
    try:
        read({**letter(move).body(), **change})
    except Invalid as error:
        assert error.reason == "unreadable"


def test_the_order_s_key_says_who_buys_and_who_sells() -> None:
    key = Signer(h("key"))
    proof = prove(key, h("town"), h("ana"), h("ben"))
    assert proven(key.public, proof, h("town"), h("ana"), h("ben"))
    for other in (
        (h("city"), h("ana"), h("ben")),
        (h("town"), h("eva"), h("ben")),
        (h("town"), h("ana"), h("eva")),
    ):
        assert not proven(key.public, proof, *other)
