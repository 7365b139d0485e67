"""The inbox: what waits and until when, on its page, in its feed and as events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree

from node import post
from node.deadlines import SOON_MS, Deadlines
from node.events import Events
from node.trade import inbox, ordering
from tests.gateway.floor import desk_of
from tests.gateway.own import text
from tests.gateway.test_feeds import ATOM, read_feed, titles
from tests.gateway.trading import Stall
from tests.gateway.village import DAY


@pytest.fixture
def stall(tmp_path: Path) -> Iterator[Stall]:
    made = Stall(tmp_path)
    yield made
    made.close()


def place(stall: Stall) -> bytes:
    """Ben orders bread."""
    ben = stall.home(stall.ben)
    (bread,) = (row[0] for row in ben.store.db.execute("SELECT id FROM listing"))
    made = ordering.place(ben, ordering.Wish(listing=bread))
    stall.pass_on()
    return made


def kinds(stall: Stall) -> list[str]:
    return [each.kind for each in inbox.items(stall.home())]


async def test_an_order_waits_until_it_is_answered(stall: Stall):
    order = place(stall)
    (item,) = inbox.items(stall.home())
    reply_s = stall.home().charter().orders.reply_s
    ordering.move(stall.home(), order, "decline")
    post.mark_read(stall.home(), order)

    assert (item.kind, item.id, item.title) == ("order", order.hex(), "Rye bread")
    assert item.until_ms is not None
    assert abs(item.until_ms - stall.now - 1000 * reply_s) < 1000
    assert {"accept", "decline"} <= set(item.moves)
    assert kinds(stall) == []


async def test_a_letter_waits_until_it_was_looked_at(stall: Stall):
    order = place(stall)
    ordering.move(stall.home(), order, "accept")
    stall.pass_on()
    ordering.say(stall.home(stall.ben), order, "Thank you!")
    post.write(stall.home(stall.ben), stall.ana.id, "Is the oven free?")
    stall.pass_on()
    before = kinds(stall)
    async with desk_of(stall.gateway()) as ana:
        waiting = text(await ana.get("/inbox"))
        await ana.get(f"/orders/{order.hex()[:16]}")

    assert before == ["letters", "letters"]
    assert "1 new letter" in waiting
    assert kinds(stall) == ["letters"]


async def test_a_vote_waits_beside_the_orders(stall: Stall):
    order = place(stall)
    asked = stall.ask(stall.ben, "Friday", "Saturday")

    assert {(each.kind, each.id) for each in inbox.items(stall.home())} == {
        ("vote", asked),
        ("order", order.hex()),
    }


async def test_the_feed_tells_what_waits_to_whoever_has_its_key(stall: Stall):
    order = place(stall)
    async with desk_of(stall.gateway()) as ana:
        page = await ana.get("/inbox")
        (address,) = etree.HTML(page.text).xpath("//input[@id='feed']/@value")
        ana.cookies.clear()
        feed = await ana.get(address)
        wrong = await ana.get(address[:-1] + ("0" if address[-1] != "0" else "1"))
        none = await ana.get("/inbox.atom")

    assert titles(feed) == ["Rye bread"]
    entry = read_feed(feed).find(f"{ATOM}entry")
    assert entry.find(f"{ATOM}link").get("href").endswith(f"/orders/{order.hex()[:16]}")
    assert "Accept it or decline" in entry.findtext(f"{ATOM}summary")
    assert (wrong.status_code, none.status_code) == (403, 403)
    assert "Rye bread" not in wrong.text + none.text


async def test_the_shop_window_has_no_inbox(stall: Stall, shop):
    assert (await shop.get("/inbox")).status_code == 404
    assert (await shop.get("/inbox.atom")).status_code == 404


async def test_a_deadline_is_told_once_a_day_before(stall: Stall):
    order = place(stall)
    events, home = Events(lambda: stall.now), stall.home()
    deadlines = Deadlines(home, events)
    (item,) = inbox.items(home)
    assert item.until_ms is not None

    deadlines.tell()
    early = list(events.recent)
    stall.now = item.until_ms - SOON_MS
    for _ in range(2):
        deadlines.tell()
        stall.now += DAY // 100

    assert early == []
    (told,) = (event for _, event in events.recent)
    assert (told["event"], told["what"], told["id"]) == ("due", "order", order.hex())
