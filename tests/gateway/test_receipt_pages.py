"""The desk's pages of receipts, consignment, recommendations, and what a listing says of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from node import market
from node.gateway.apps import shop_app
from node.gateway.context import Gateway
from node.gateway.offers import listing_path
from node.home import Home
from node.trade import recommending
from protocol.kinds import receipt
from protocol.kinds.listing import Listing
from storage import receipts
from storage.own import Draft
from storage.views import grants
from tests.cli.council import Council, kitchen_table
from tests.gateway.floor import desk_of
from tests.gateway.own import text
from tests.gateway.reading import check_page
from tests.gateway.sending import follow, send, send_from
from tests.gateway.village import DESK
from tests.node.room import Room, opened
from tests.node.selling import give_back, sell


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("receipts"))
    table = kitchen_table()
    table["fees"]["default"]["fee_bps"] = 1000
    council.found(table)
    return council


@pytest.fixture
def room(founded: Council, tmp_path: Path) -> Iterator[Room]:
    with opened(founded.copy(tmp_path)) as found:
        yield found


def gateway_of(home: Home) -> Gateway:
    return Gateway(secret=bytes(32), home=home, desk_hosts={DESK})


def desk(home: Home) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """The owner's desk."""
    made: Any = desk_of(gateway_of(home))
    return made  # type: ignore[no-any-return]


def jar(home: Home) -> bytes:
    """A listing of this person's."""
    said = Listing(title="Honey", mode="sell", price=800, currency="EUR", quantity=20)
    return market.offer(home, said).id


async def test_a_receipt_shows_where_the_money_went_and_what_came_back(room: Room) -> None:
    said = sell(room.ben, 1, 10_000, host=room.eva)
    give_back(room.ben, 1, said, 1000)
    room.gather()

    async with desk(room.ana) as anas:
        page = await anas.get("/receipts")
        check_page(page.text)
        assert "€100.00 Fee €10.00 €10.00 went back" in text(page)
        (entry,) = receipts.entries(room.ana.store)
        shown = await anas.get(f"/receipt/{entry.record.hex()[:16]}")
        check_page(shown.text)
        assert "does not count" not in text(shown)
        assert "whoever sells Ben €90.00" in text(shown)
        assert "whoever's window it was Eva" in text(shown) or "Eva €2.50" in text(shown)
        assert "Refund 1" in text(shown)
        assert "Not who bought it" in text(shown)
        assert (await anas.get(f"/receipt/{'0' * 16}")).status_code == 404
        assert "There is no receipt yet" in text(await anas.get("/receipts?whose=mine"))
        assert "€100.00" in text(await anas.get("/receipts?page=999999999"))


async def test_a_wrong_receipt_says_why_it_does_not_count(room: Room) -> None:
    said = sell(room.ben, 1, 10_000)
    data = {**said.data(), "order": bytes(32)}
    room.ben.append([Draft("receipt", receipt.body(data, None))])
    room.gather()
    (wrong,) = (each for each in receipts.entries(room.ana.store) if each.reason)

    async with desk(room.ana) as anas:
        page = await anas.get("/receipts")
        assert text(page).count("does not count") == 1
        shown = await anas.get(f"/receipt/{wrong.record.hex()[:16]}")
        check_page(shown.text)
        assert "This receipt does not count. The order's key has not signed it" in text(shown)


async def test_goods_are_granted_put_up_and_withdrawn_at_two_desks(room: Room) -> None:
    listing = jar(room.ana)
    room.gather()
    async with desk(room.ana) as anas, desk(room.ben) as bens:
        fields = {
            "to": room.ben.person.hex(),
            "listing": [listing.hex()],
            "low": "10",
            "high": "12,5",
            "quota": "six",
        }
        refused = await send(anas, "/consign", fields, button="Grant it")
        assert refused.status_code == 422
        assert "no number of pieces" in text(refused)
        made = await send_from(anas, refused, {**fields, "quota": "6"}, button="Grant it")
        page = await follow(anas, made)
        check_page(page.text)
        assert "Margin 10% to 12.5% · 0 of 6 sold" in text(page)
        room.gather()

        theirs = await bens.get("/consign")
        check_page(theirs.text)
        assert "You may sell" in text(theirs)
        fields = {"price": "9,50", "margin": "11", "quantity": "4"}
        put_up = await follow(
            bens, await send_from(bens, theirs, fields, button="Put it up as mine")
        )
        assert "It is on offer as yours now." in text(put_up)
        assert "Goods of Ana , sold on consignment" in text(put_up)
        room.gather()

        gone = await follow(anas, await send(anas, "/consign", {}, button="Withdraw it"))
        assert "withdrawn" in text(gone)
        room.gather()
        assert "Put it up as mine" not in text(await bens.get("/consign"))
    (grant,) = grants.of_person(room.ben.store, room.ben.person)
    assert (grant.said.quota, grant.said.withdrawn) == (0, True)
    (offer,) = (each for each in _offers(room.ben) if each.listing.grant is not None)
    assert (offer.listing.price, offer.listing.margin_bps, offer.listing.quantity) == (950, 1100, 4)
    assert offer.listing.goods == listing


def _offers(home: Home) -> Any:
    from storage.views.listing_queries import Query, search

    return search(home.store, Query(person=home.person)).offers


async def test_a_recommendation_stands_on_the_page_and_leads_to_an_order(room: Room) -> None:
    listing = jar(room.ana)
    room.gather()
    path = listing_path(listing)
    async with desk(room.ben) as bens, desk(room.eva) as evas, desk(room.ana) as anas:
        page = await bens.get(path)
        assert f'href="{path}/recommend"' in page.text
        assert "/recommend" not in (await anas.get(path)).text
        empty = await send(bens, f"{path}/recommend", {"text": " "}, button="Recommend it")
        assert empty.status_code == 422
        said = await send_from(bens, empty, {"text": "Dark and *thick*."}, button="Recommend it")
        done = await follow(bens, said)
        check_page(done.text)
        assert "Recommended. Pass on the address of this page" in text(done)
        assert "brought you here" in text(done)
        room.gather()

        seen = await evas.get(path)
        check_page(seen.text)
        (word,) = recommending.about(room.eva.store, listing, (room.ana.person,))
        via = f"via={word.record.hex()[:16]}"
        assert f'href="{path}?{via}"' in seen.text
        assert "Ben" in text(seen) and "Dark and thick ." in text(seen)
        brought = await evas.get(f"{path}?{via}")
        assert f'/order?{via}"' in brought.text
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(shop_app(gateway_of(room.eva))),
            base_url="http://shop.example",
        ) as guest:
            assert "/recommend" not in (await guest.get(path)).text

        back = await follow(bens, await send(bens, f"{path}/recommend", {}, button="Take it back"))
        assert "Dark" not in text(back)
        room.gather()
        assert "Dark" not in text(await evas.get(path))
