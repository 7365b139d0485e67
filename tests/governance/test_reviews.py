"""Which reviews count: those of a named buyer, of an order with a valid receipt."""

from __future__ import annotations

import pytest

from governance.receipts import NO_ORDER_KEY, NO_RECEIPT, WAITING, WRONG_SHARE
from governance.reviews import BAD_RECEIPT, NOT_BUYER, ONESELF, Sale, fault, stars
from tests.protocol.people import h

ANA, BEN, EVA, MAKER = h("ana"), h("ben"), h("eva"), h("maker")
SOLD = Sale(BEN, MAKER, "")


def reason(buyer: bytes | None, *sales: Sale, author: bytes = ANA, agreed: bool = True) -> str:
    return fault(agreed=agreed, author=author, buyer=buyer, sales=sales)


def test_who_bought_may_say_so_or_have_it_carried() -> None:
    assert reason(ANA, SOLD) == ""
    assert reason(None, SOLD, author=EVA) == ""


def test_whoever_sold_may_carry_words_but_not_praise_themselves() -> None:
    assert reason(None, SOLD, author=BEN) == ""
    assert reason(BEN, SOLD, author=BEN) == ONESELF
    assert reason(MAKER, SOLD, author=MAKER) == ONESELF


def test_words_that_the_orders_key_did_not_give_are_marked_first_of_all() -> None:
    assert reason(ANA, SOLD, agreed=False) == NO_ORDER_KEY
    assert reason(EVA, agreed=False) == NO_ORDER_KEY


def test_nobody_is_named_by_others() -> None:
    assert reason(EVA, SOLD, author=ANA) == NOT_BUYER


def test_a_made_up_order_has_no_receipt() -> None:
    assert reason(ANA) == NO_RECEIPT
    assert reason(None) == NO_RECEIPT


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ((WRONG_SHARE,), BAD_RECEIPT),
        ((WAITING,), WAITING),
        ((WRONG_SHARE, WAITING), WAITING),
        ((WRONG_SHARE, ""), ""),
    ],
)
def test_one_valid_receipt_is_enough_and_needed(reasons: tuple[str, ...], expected: str) -> None:
    assert reason(ANA, *(Sale(BEN, BEN, each) for each in reasons)) == expected


def test_the_mean_is_reckoned_in_tenths_a_half_rounded_up() -> None:
    assert stars([]).tenths is None
    assert stars([5]).tenths == 50
    assert (stars([4, 5]).tenths, stars([4, 5, 5]).tenths, stars([1, 2, 2]).tenths) == (45, 47, 17)
    # 4.05 is 4.1
    assert stars([4] * 19 + [5]).tenths == 41
    assert stars([1, 5, 5, 3]).each == (1, 0, 1, 0, 2)
    assert stars([1, 5, 5, 3]).count == 4
