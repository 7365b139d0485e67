"""After a sale, at the desk by forms alone: what a buyer says, what a seller answers, a dispute."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from node.gateway.disputes import dispute_path
from node.gateway.offers import member_path
from node.gateway.order_words import order_path
from node.gateway.reviews import review_path
from node.trade import disputing, ordering, reviews
from node.trade.ordering import Wish
from storage.views import listing_queries
from tests.gateway.floor import desk_of, guest_of
from tests.gateway.own import text
from tests.gateway.sending import follow, send
from tests.gateway.trading import Stall


@pytest.fixture
def stall(tmp_path: Path) -> Iterator[Stall]:
    made = Stall(tmp_path)
    yield made
    made.close()


def sold(stall: Stall, *, received: bool = True) -> bytes:
    """Ben has bought a loaf of Ana, paid it and, maybe, received it; the order."""
    ben, ana = stall.home(stall.ben), stall.home(stall.ana)
    listing = listing_queries.resolve(ben.store, stall.bread.rsplit("/", 1)[1])
    order = ordering.place(ben, Wish(listing=listing))
    for home, move in ((ana, "accept"), (ben, "pay"), (ana, "sent"), (ben, "received")):
        stall.pass_on()
        if received or move != "received":
            ordering.move(home, order, move)
    stall.pass_on()
    return order


async def sends(
    desk: httpx.AsyncClient, stall: Stall, path: str, button: str, **fields: str
) -> str:
    """Press a button of a page; what the next page says."""
    page = text(await follow(desk, await send(desk, path, fields, button=button)))
    stall.pass_on()
    return page


async def test_a_named_review_is_shown_with_the_listing_and_its_seller(stall: Stall) -> None:
    order = sold(stall)
    async with desk_of(stall.gateway(stall.ben)) as ben, desk_of(stall.gateway()) as ana:
        assert "Review it" in text(await ben.get(order_path(order)))
        refused = await send(ben, review_path(order), {"opinion": "Good."}, button="Say it")
        assert (refused.status_code, "Choose how many stars" in refused.text) == (422, True)
        assert "Good." in refused.text  # what was typed is kept

        page = await sends(
            ben, stall, order_path(order), "Say it", stars="4", opinion="Good crust.", how="named"
        )
        assert "Published." in page
        for path in (stall.bread, member_path(stall.ana.id)):
            page = text(await ana.get(path))
            assert "4.0 of 5 stars, 1 review" in page
            assert "Good crust." in page
        assert "1 sale with a receipt" in page

        answered = text(await ana.get(stall.bread))
        assert "Answer it" in answered
        path = f"/review/{(await said(ana, stall))}/answer"
        page = await sends(ana, stall, path, "Answer", text="Come again.")
        assert "Your answer stands below it." in page
        assert "Come again." in text(await ben.get(stall.bread))
        assert "Answer it" not in text(await ben.get(stall.bread))
    async with guest_of(stall.gateway()) as guest:
        assert "Good crust." in text(await guest.get(stall.bread))


async def said(desk: httpx.AsyncClient, stall: Stall) -> str:
    """The id in the link by which the first review is answered."""
    page = (await desk.get(stall.bread)).text
    return page.split("/review/", 1)[1].split("/", 1)[0]


async def test_an_unnamed_review_waits_for_who_is_asked(stall: Stall) -> None:
    order = sold(stall)
    async with desk_of(stall.gateway(stall.ben)) as ben, desk_of(stall.gateway()) as ana:
        fields = {"stars": "1", "opinion": "Stale.", "how": "unnamed"}
        assert "asked to publish" in await sends(ben, stall, order_path(order), "Say it", **fields)
        assert "Stale." not in text(await ben.get(stall.bread))

        assert "asks you to publish this" in text(await ana.get(order_path(order)))
        await sends(ana, stall, order_path(order), "Publish it")

        page = text(await ben.get(stall.bread))
        assert "Without a name, counted nowhere" in page
        assert "Stale." in page
        assert "of 5 stars, " not in page


async def test_somebody_else_publishes_it_without_seeing_the_order(stall: Stall) -> None:
    order = sold(stall)
    reviews.write(stall.home(stall.ben), order.hex(), 2, "Dry.", unnamed=True, carrier="Eva")
    stall.pass_on()
    stall.work(stall.eva)
    async with desk_of(stall.gateway(stall.eva)) as eva:
        assert "Ben asks you to publish it" in text(await eva.get("/inbox"))
        assert (await eva.get(order_path(order))).status_code == 404
        assert "Dry." in text(await eva.get(review_path(order)))

        await sends(eva, stall, review_path(order), "Publish it")

        assert "Dry." in text(await eva.get(stall.bread))
        assert (await eva.get(review_path(order))).status_code == 404


async def test_two_sides_settle_a_dispute(stall: Stall) -> None:
    order = sold(stall, received=False)
    async with desk_of(stall.gateway(stall.ben)) as ben, desk_of(stall.gateway()) as ana:
        fields = {"dispute-text": "It is mouldy."}
        await sends(ben, stall, order_path(order), "Something is wrong", **fields)
        page = text(await ana.get(order_path(order)))
        assert "Now it is time to talk it over." in page
        assert "Let the members decide" not in page

        path = dispute_path(order)
        refused = await send(ana, path, {"refund": "9.00", "why": "Sorry"}, button="Propose it")
        assert refused.status_code == 422
        assert "Sorry" in refused.text
        await sends(ana, stall, path, "Say it", said="It was fresh on Monday.")
        await sends(ana, stall, order_path(order), "Propose it", refund="1,50", why="Half way.")

        page = text(await ben.get(order_path(order)))
        assert "Ana proposes that it counts for €1.50 less." in page
        assert "It was fresh on Monday." in page
        await sends(ben, stall, order_path(order), "Agree to this")
        for desk in (ana, ben):
            page = text(await desk.get(order_path(order)))
            assert "You have agreed: the order counts for €1.50 less." in page
            assert "Agree to this" not in page


async def test_the_members_are_asked_when_the_rest_had_its_time(stall: Stall) -> None:
    order = sold(stall, received=False)
    ben = stall.home(stall.ben)
    ordering.move(ben, order, "dispute", text="It is mouldy.")
    stall.pass_on(15)
    async with desk_of(stall.gateway(stall.ben)) as desk:
        page = text(await desk.get(order_path(order)))
        assert "the members can decide" in page
        fields = {"less": "3.50", "reason": "Mouldy bread", "story": "Two loaves of three."}
        sent = await send(desk, order_path(order), fields, button="Put it to the vote")
        page = text(await follow(desk, sent))
        assert "Ben pays Ana €3.50 less than agreed" in page
        assert "Two loaves of three." in page
        stall.pass_on()
        assert "The members' vote about it" in text(await desk.get(dispute_path(order)))


async def test_who_is_asked_to_mediate_sees_who_asks_and_nothing_else(stall: Stall) -> None:
    order = sold(stall, received=False)
    ordering.move(stall.home(stall.ben), order, "dispute", text="It is mouldy.")
    stall.pass_on()
    for who in (stall.ben, stall.ana):
        disputing.name_mediator(stall.home(who), order.hex(), "Eva")
        stall.pass_on()
    stall.work(stall.eva)
    async with desk_of(stall.gateway(stall.eva)) as eva:
        assert "You are asked to mediate" in text(await eva.get("/inbox"))
        page = text(await eva.get(dispute_path(order)))
        assert "Ana and Ben" in page or "Ben and Ana" in page
        assert "mouldy" not in page

        sent = await send(eva, dispute_path(order), button="Yes, I mediate")
        assert "You mediate." in text(await follow(eva, sent))
        stall.pass_on()
        stall.work(stall.eva)
        page = text(await eva.get(order_path(order)))
        assert "It is mouldy." in page
        assert "Propose how to settle it" in page
