"""Orders at the desk, by forms alone: from the listing to the receipt, and money back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from node import market
from node.trade import reading
from tests.gateway.floor import desk_of
from tests.gateway.own import text
from tests.gateway.sending import follow, read_forms, send, send_from
from tests.gateway.trading import Stall
from tests.gateway.village import Person


@pytest.fixture
def stall(tmp_path: Path) -> Iterator[Stall]:
    made = Stall(tmp_path)
    yield made
    made.close()


def orders(stall: Stall, who: Person) -> list[reading.Order]:
    return reading.orders(stall.home(who))


async def ordered(stall: Stall, desk: httpx.AsyncClient, **fields: str) -> str:
    """Ben orders bread; where his page of the order is."""
    sent = await send(desk, f"{stall.bread}/order", fields, button="Order it")
    assert sent.status_code == 303, text(sent)
    stall.pass_on()
    return str(sent.headers["location"])


async def move(desk: httpx.AsyncClient, stall: Stall, path: str, button: str, **fields: str) -> str:
    """Press a button of an order's page; what the next page says."""
    sent = await send(desk, path, fields, button=button)
    page = text(await follow(desk, sent))
    stall.pass_on()
    return page


async def test_a_sale_goes_from_the_order_to_the_receipt_and_money_comes_back(stall: Stall):
    async with desk_of(stall.gateway(stall.ben)) as ben, desk_of(stall.gateway()) as ana:
        path = await ordered(stall, ben, quantity="2", tip="0,50", text="Sliced, please.")
        assert "7.50" in text(await ben.get(path))

        waiting = text(await ana.get("/inbox"))
        assert "Rye bread" in waiting
        assert "Accept it or decline" in waiting
        assert "Done." in await move(ana, stall, path, "Accept it")
        await move(ana, stall, path, "Send", text="On Friday.")

        page = text(await ben.get(path))
        assert "On Friday." in page
        assert "Accepted" in page
        await move(ben, stall, path, "I have paid")
        await move(ana, stall, path, "The money is here")
        await move(ana, stall, path, "Sent, or ready")
        assert "can't be taken back" in text(await ben.get(path))
        await move(ben, stall, path, "I have it")

        page = text(await ben.get(path))
        assert "Completed" in page
        assert "The receipt" in page
        await move(ana, stall, path, "Give money back", **{"refund-amount": "1.00"})
        page = text(await ben.get(path))
        assert "Gives money back" in page
        assert "€1.00" in page
        assert "The receipt counts for less" not in page
        await move(ben, stall, path, "The money is back with me")
        assert "The receipt counts for less" in text(await ben.get(path))


async def test_what_it_comes_to_is_shown_before_anything_is_sent(stall: Stall):
    async with desk_of(stall.gateway(stall.ben)) as ben:
        page = await send(
            ben,
            f"{stall.bread}/order",
            {"quantity": "3", "delivery": "2.50"},
            button="Show what it comes to",
        )

    assert page.status_code == 200
    assert "€13.00" in text(page)
    assert orders(stall, stall.ben) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"quantity": "0"}, "no number of pieces"),
        ({"quantity": "1.5"}, "no number of pieces"),
        ({"quantity": "6"}, "5"),
        ({"tip": "-1"}, "-1"),
        ({"tip": "0.505"}, "0.505"),
        ({"delivery": "9" * 20}, "9"),
        ({"delivery": "3 USD"}, "USD"),
    ],
)
async def test_a_bad_order_is_refused_with_a_sentence_and_keeps_what_was_typed(
    stall: Stall, fields: dict[str, str], said: str
):
    async with desk_of(stall.gateway(stall.ben)) as ben:
        page = await send(
            ben, f"{stall.bread}/order", {**fields, "text": "Sliced."}, button="Order it"
        )

    assert page.status_code == 422
    assert said in text(page)
    form = next(each for each in read_forms(page.text) if "quantity" in each.fields)
    assert form.value("text").strip() == "Sliced."
    for name, value in fields.items():
        assert form.value(name) == value
    assert orders(stall, stall.ben) == []


async def test_nobody_orders_from_themselves(stall: Stall):
    async with desk_of(stall.gateway()) as ana:
        page = await ana.get(f"{stall.bread}/order")
        listing = await ana.get(stall.bread)

    assert page.status_code == 409
    assert f"{stall.bread}/order" not in listing.text


async def test_a_listing_leads_to_its_order_form_until_it_is_withdrawn(stall: Stall):
    async with desk_of(stall.gateway(stall.ben)) as ben:
        assert f"{stall.bread}/order" in (await ben.get(stall.bread)).text
        form = await ben.get(f"{stall.bread}/order")
        (offered,) = (row[0] for row in stall.ana.store.db.execute("SELECT id FROM listing"))
        stall.ana.withdraw(offered)
        stall.pass_on()
        late = await send_from(ben, form, button="Order it")

    assert late.status_code == 410
    assert orders(stall, stall.ben) == []


async def test_what_is_ordered_is_what_the_page_has_shown(stall: Stall):
    async with desk_of(stall.gateway(stall.ben)) as ben:
        form = await ben.get(f"{stall.bread}/order")
        (offered,) = (row[0] for row in stall.ana.store.db.execute("SELECT id FROM listing"))
        market.edit(stall.home(), offered.hex(), {"price": 900})
        stall.pass_on()
        late = await send_from(ben, form, button="Order it")
        assert late.status_code == 422
        assert "changed in the meantime" in text(late)
        assert orders(stall, stall.ben) == []

        again = await send_from(ben, late, button="Order it")
        assert again.status_code == 303
    assert orders(stall, stall.ben)[0].terms.price == 900


async def test_what_is_accepted_is_the_offer_that_the_page_has_shown(stall: Stall):
    async with desk_of(stall.gateway(stall.ben)) as ben, desk_of(stall.gateway()) as ana:
        path = await ordered(stall, ben)
        seen = await ana.get(path)
        await move(ben, stall, path, "Propose a change", **{"offer-quantity": "2"})
        late = await send_from(ana, seen, button="Accept it")
        assert late.status_code == 422
        assert "The offer has changed" in text(late)
        assert "2, €7.00 together" in text(late)
        assert orders(stall, stall.ana)[0].life.deal is None

        await follow(ana, await send_from(ana, late, button="Accept it"))
    assert orders(stall, stall.ana)[0].life.deal.terms.quantity == 2


async def test_a_recommendation_that_is_not_here_keeps_nobody_from_ordering(stall: Stall):
    async with desk_of(stall.gateway(stall.ben)) as ben:
        form = await ben.get(f"{stall.bread}/order?via={'ab' * 32}")
        refused = await send_from(ben, form, button="Order it")
        ordered = await send_from(ben, refused, button="Order it")

    assert refused.status_code == 422
    assert "orders without it" in text(refused)
    assert ordered.status_code == 303


async def test_a_move_that_is_not_ones_own_is_not_offered_and_not_made(stall: Stall):
    async with desk_of(stall.gateway(stall.ben)) as ben:
        path = await ordered(stall, ben)
        page = await ben.get(path)
        buttons = {name for form in read_forms(page.text) for _, _, name in form.buttons}
        token = read_forms(page.text)[0].fields["form"].values[0]
        forged = await ben.post(
            path, data={"form": token, "do": "accept"}, headers={"origin": "http://127.0.0.1:8100"}
        )

    assert "Cancel it" in buttons
    assert "Accept it" not in buttons
    assert forged.status_code == 422
    assert orders(stall, stall.ben)[0].life.state == "ordered"


async def test_a_refund_of_more_than_was_paid_is_refused_with_a_sentence(stall: Stall):
    async with desk_of(stall.gateway(stall.ben)) as ben, desk_of(stall.gateway()) as ana:
        path = await ordered(stall, ben)
        await move(ana, stall, path, "Accept it")
        await move(ben, stall, path, "I have paid")
        page = await send(ana, path, {"refund-amount": "3.51"}, button="Give money back")

    assert page.status_code == 422
    assert "nothing was written" in text(page).lower()
    assert orders(stall, stall.ana)[0].life.refunded == 0
