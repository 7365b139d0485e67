"""Guests order in Ana's shop window: from Ben, and from Ana herself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest
import trio

from node import post
from node.gateway import guest_forms, order_limits
from node.gateway.apps import shop_app
from node.gateway.offers import listing_path
from node.trade import (
    banking,
    clerk,
    disputing,
    guest_contact,
    guest_queue,
    guest_rules,
    guests,
    ordering,
    reading,
)
from protocol.errors import Refused
from protocol.kinds import receipt
from protocol.kinds.listing import Variant
from storage import receipts, reviews
from tests.gateway.hostile import PAYLOADS
from tests.gateway.reading import check_page
from tests.gateway.sending import find_form, follow, send, send_from
from tests.gateway.village import DAY, DESK, Person, Village

NAME, REACH, TEXT = "Gitta Gast", "gitta@example.org\n031 555 01 77", "As green as you can."
WHO = {"name": NAME, "reach": REACH}
ORDER = "Send the order"


@pytest.fixture
def chair(village: Village) -> bytes:
    """Ben's chair, at Ana's."""
    chair = village.ben.offer("Chair", price=9000, quantity=3)
    village.catch_up()
    return chair


def page_of(listing: bytes) -> str:
    return f"{listing_path(listing)}/order"


async def ordered(shop: httpx.AsyncClient, listing: bytes, **more: str) -> str:
    """Order it as Gitta; the path of her page."""
    answer = await send(shop, page_of(listing), {**WHO, **more}, button=ORDER)
    assert answer.status_code == 303, check_page(answer.text).text
    return urlsplit(answer.headers["location"]).path


async def read(shop: httpx.AsyncClient, path: str) -> str:
    answer = await shop.get(path)
    assert answer.status_code == 200
    return check_page(answer.text).text


def key_in(path: str) -> bytes:
    """The order's key, as its link gives it."""
    key = guests.key_of(path.rpartition("/")[2])
    assert key is not None
    return key.public


def came(village: Village, *people: Person) -> None:
    """All letters travel, and are opened."""
    village.catch_up()
    for person in people:
        post.open_here(village.home(person))


def answer(village: Village, order: bytes, move: str, **fields: object) -> None:
    """Ben's move, and it travels."""
    came(village, village.ben)
    ordering.move(village.home(village.ben), order, move, **fields)
    came(village, village.ana)


async def press(shop: httpx.AsyncClient, path: str, button: str, **fields: str) -> str:
    """Press a button of the guest's page; the page that follows."""
    page = await follow(shop, await send(shop, path, fields, button=button))
    return check_page(page.text).text


def held(village: Village) -> bytes:
    """Every byte that Ana's machine holds on disk."""
    return b"".join(
        file.read_bytes()
        for file in village.folder.rglob("*")
        if file.is_file() and file.name.startswith(("Ana", "ana"))
    )


# Ordering


async def test_a_guest_orders_and_only_the_maker_learns_who_they_are(village: Village, shop, chair):
    path = await ordered(shop, chair, quantity="2", text=TEXT)
    order = key_in(path)
    came(village, village.ben, village.ana)

    ben = village.home(village.ben)
    found = reading.get(ben, order)
    assert (found.mine, found.life.state, found.guest) == ("seller", "ordered", True)
    assert (found.buyer, found.life.place.host) == (village.ana.id, village.ana.id)
    assert (found.life.place.quantity, found.life.place.price) == (2, 18_000)
    assert found.life.place.text == TEXT
    contact = guest_contact.of_order(ben, order, village.ana.id)
    assert contact is not None
    assert (contact.name, contact.reach) == (NAME, REACH)
    assert guest_contact.of_order(village.home(), order, village.ana.id) is None


async def test_what_only_the_guest_and_the_maker_may_know_is_nowhere_at_the_host(
    village: Village, shop, chair, caplog
):
    caplog.set_level(0)
    await send(shop, page_of(chair), {"name": NAME, "reach": "x" * 501}, button=ORDER)  # refused
    path = await ordered(shop, chair, text=TEXT)
    secret = path.rpartition("/")[2]
    key = guests.key_of(secret)
    assert key is not None
    await press(shop, path, "Send the message", text="Rather blue.")

    everything = held(village)
    assert b"Chair" in everything  # it does find what is there
    for private in (NAME.encode(), b"gitta@example.org", TEXT.encode(), b"Rather blue."):
        assert private not in everything
    for hidden in (secret.encode(), key.seed, key.seed.hex().encode()):
        assert hidden not in everything
    logged = [each for each in caplog.records if not each.name.startswith("http")]  # the guest's
    for word in (NAME, "gitta@", secret, TEXT):
        assert word not in " ".join(each.getMessage() for each in logged)


async def test_a_guest_reads_at_once_what_happens_next_and_keeps_the_link(
    village: Village, shop, chair
):
    answer = await send(shop, page_of(chair), WHO, button=ORDER)
    page = await follow(shop, answer)

    text = check_page(page.text).text
    for part in (
        "Your order is on its way to Ben.",
        "Ben accepts it, offers something else or declines.",
        "It is the only key to your order",
        "From Ben",
        "€90.00",
    ):
        assert part in text, part
    assert f"http://shop.example{urlsplit(answer.headers['location']).path}</textarea>" in page.text


async def test_the_same_form_sent_twice_orders_once(village: Village, shop, chair):
    page = await shop.get(page_of(chair))
    first = await send_from(shop, page, WHO, button=ORDER)
    again = await send_from(shop, page, WHO, button=ORDER)
    changed = await send_from(shop, page, {**WHO, "quantity": "2"}, button=ORDER)

    paths = {urlsplit(each.headers["location"]).path for each in (first, again, changed)}
    assert len(paths) == 1
    assert "it was not placed a second time" in check_page((await follow(shop, again)).text).text
    assert len(reading.orders(village.home())) == 1
    other = await send(shop, page_of(chair), WHO, button=ORDER)
    assert urlsplit(other.headers["location"]).path not in paths
    assert len(reading.orders(village.home())) == 2


async def test_a_guest_orders_from_the_owner_of_the_shop_window(village: Village, shop):
    bread = village.ana.offer("Bread", price=350)
    path = await ordered(shop, bread)
    post.open_here(village.home())
    order = key_in(path)

    home = village.home()
    mine = reading.get(home, order)
    assert (mine.mine, mine.host, mine.life.state) == ("seller", None, "ordered")
    contact = guest_contact.of_order(home, order, village.ana.id)
    assert contact is not None
    assert contact.reach == REACH
    assert NAME.encode() not in held(village)

    ordering.move(home, order, "accept")
    text = await read(shop, path)
    assert "You and Ana are agreed." in text
    assert "To pay: €3.50" in text
    await press(shop, path, "I have paid", how="cash")
    ordering.move(home, order, "sent")
    assert "I have it" in (await shop.get(path)).text


async def test_a_guest_asks_for_an_offer_where_there_is_no_price(village: Village, shop):
    roof = village.ben.offer("Roof", price=None, mode="service")
    village.catch_up()

    page = await follow(shop, await send(shop, page_of(roof), WHO, button="Ask for an offer"))
    assert "Your question is on its way to Ben." in check_page(page.text).text
    path = page.url.path
    answer(village, key_in(path), "offer", quantity=1, price=50_000, text="In May.")
    text = await read(shop, path)
    assert "Ben has made you an offer." in text
    assert "1 for €500.00 in all In May." in text
    assert "You and Ben are agreed." in await press(shop, path, "Accept the offer")


async def test_what_is_given_away_costs_a_guest_nothing(village: Village, shop):
    jars = village.ben.offer("Jars", price=None, mode="give")
    village.catch_up()
    path = await ordered(shop, jars)
    answer(village, key_in(path), "accept")

    text = await read(shop, path)
    assert "You and Ben are agreed. Nothing is to be paid." in text
    assert "To pay" not in text


async def test_a_guest_chooses_a_variant(village: Village, shop):
    bowls = (
        Variant(name="Small"),
        Variant(name="Large", price=1150),
        Variant(name="Gone", quantity=0),
    )
    bowl = village.ben.offer("Bowl", price=800, variants=bowls)
    village.catch_up()

    form = find_form((await shop.get(page_of(bowl))).text, ["variant"])
    assert form.fields["variant"].options == ["Small", "Large"]
    text = await read(shop, await ordered(shop, bowl, variant="Large"))
    assert "Which one Large" in text
    assert "€11.50" in text


# What is refused


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "Please say who you are"),
        ({"reach": "\n"}, "Please say how you can be reached"),
        ({"quantity": "0"}, "whole number"),
        ({"quantity": "-1"}, "whole number"),
        ({"quantity": "1.5"}, "whole number"),
        ({"quantity": "9" * 500}, "whole number"),
        ({"quantity": "4"}, "There are 3 of it"),
        ({"name": "x" * 101}, "The name has 101 characters; 100 fit."),
        ({"reach": "x" * 501}, "501 characters; 500 fit."),
        ({"text": "x" * 1501}, "1501 characters; 1500 fit."),
        ({"name": "Gitta\x1b[31m"}, "U+001B"),
    ],
)
async def test_what_can_not_be_ordered_is_said_and_nothing_typed_is_lost(
    village: Village, shop, chair, fields, said
):
    answer = await send(shop, page_of(chair), {**WHO, "text": TEXT, **fields}, button=ORDER)

    assert answer.status_code == 422
    assert said in check_page(answer.text).text
    if "text" not in fields:
        assert TEXT in answer.text
    assert reading.orders(village.home()) == []


async def test_a_listing_that_changed_meanwhile_is_looked_at_again(village: Village, shop, chair):
    page = await shop.get(page_of(chair))
    village.ben.say(
        "listing",
        {
            "title": "Chair",
            "mode": "sell",
            "price": 12_000,
            "currency": "EUR",
            "version": 2,
            "root": chair,
        },
    )
    village.catch_up()

    answer = await send_from(shop, page, WHO, button=ORDER)
    assert answer.status_code == 422
    text = check_page(answer.text).text
    assert "The listing was changed in the meantime" in text
    assert "€120.00" in text
    assert (await send_from(shop, answer, button=ORDER)).status_code == 303


async def test_what_is_not_for_guests_can_not_be_ordered_by_them(village: Village, shop):
    kept = village.ben.offer("Key", audience="members")
    credit = village.ben.offer("Soup", currency="CREDIT")
    wanted = village.ben.offer("Ladder", mode="wanted", price=None)
    gone = village.ben.offer("Cake")
    village.ben.withdraw(gone)
    over = village.ben.offer("Snow", expires_ms=village.now - DAY)
    village.catch_up()

    assert (await shop.get(page_of(kept))).status_code == 404
    for listing in (credit, wanted, gone, over):
        answer = await shop.get(page_of(listing))
        assert answer.status_code == 403
        assert "Guests can't order this" in check_page(answer.text).text
        assert page_of(listing) not in (await shop.get(listing_path(listing))).text


async def test_the_charter_and_the_owner_may_both_say_no(tmp_path, village: Village, shop, chair):
    assert page_of(chair) in (await shop.get(listing_path(chair))).text
    page = await shop.get(page_of(chair))
    guest_rules.choose(village.ana.store, "no")
    assert (await shop.get(page_of(chair))).status_code == 403
    assert (await send_from(shop, page, WHO, button=ORDER)).status_code == 403
    assert page_of(chair) not in (await shop.get(listing_path(chair))).text

    (tmp_path / "closed").mkdir()
    for flags in ({"may_order": False}, {"see_listings": False}):
        rule = {"see_listings": True, "see_members": True, "may_order": True, **flags}
        closed = Village(tmp_path / "closed", {"guests": rule})
        bread = closed.ana.offer("Bread")
        transport = httpx.ASGITransport(shop_app(closed.gateway()))
        async with httpx.AsyncClient(transport=transport, base_url="http://s.example") as other:
            assert (await other.get(page_of(bread))).status_code == 403
        closed.close()
        for file in (tmp_path / "closed").glob("*.db*"):
            file.unlink()


async def test_programs_fall_into_the_trap_and_people_who_do_are_told(village, shop, chair):
    page = await shop.get(page_of(chair))
    answer = await send_from(shop, page, {**WHO, "website": "http://spam.example"}, button=ORDER)

    assert answer.status_code == 422
    assert "Leave the field “Website” empty" in check_page(answer.text).text
    assert reading.orders(village.home()) == []


@pytest.mark.parametrize("payload", PAYLOADS[::7])
async def test_hostile_texts_stay_texts(village: Village, shop, chair, payload):
    payload = "".join(each for each in payload if each.isprintable())[:80]
    path = await ordered(shop, chair, text=payload, reach=payload)
    await press(shop, path, "Send the message", text=payload)
    answer(village, key_in(path), "offer", price=1, text=payload)

    page = await shop.get(path)
    check_page(page.text)
    assert "<script>" not in page.text
    again = await send(shop, page_of(chair), {"name": payload, "reach": " "}, button=ORDER)
    assert again.status_code == 422
    check_page(again.text)


async def test_line_breaks_in_a_name_reach_no_header(village: Village, shop, chair):
    hostile = "Gitta\r\nSet-Cookie: a=b\r\n\r\n<p>"
    answer = await send(shop, page_of(chair), {"name": hostile, "reach": hostile}, button=ORDER)

    assert answer.status_code in (303, 422)
    assert "set-cookie" not in answer.headers


# Forms


async def test_only_a_form_of_this_shop_window_is_taken(village: Village, shop, desk, chair):
    fields = {**WHO, "quantity": "1"}
    missing = await shop.post(page_of(chair), data=fields)
    made_up = await shop.post(page_of(chair), data={**fields, "form": "a.b.c"})
    of_the_desk = find_form((await desk.get("/settings/shop-window")).text).value("form")
    borrowed = await shop.post(page_of(chair), data={**fields, "form": of_the_desk})
    for each in (missing, made_up, borrowed):
        assert each.status_code == 403
        assert "nothing was ordered" in check_page(each.text).text
    ours = find_form((await shop.get(page_of(chair))).text, ["name"]).value("form")
    lent = await desk.post(
        "/settings/shop-window", data={"form": ours}, headers={"Origin": f"http://{DESK}"}
    )
    assert lent.status_code == 403
    foreign = await shop.post(
        page_of(chair), data={**fields, "form": ours}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status_code == 403

    village.now += guest_forms.LIFE_SECONDS * 1000 + 1000
    old = await shop.post(page_of(chair), data={**fields, "form": ours})
    assert old.status_code == 403
    assert reading.orders(village.home()) == []


async def test_a_proxy_may_call_this_machine_what_it_likes(village: Village, shop, chair):
    token = find_form((await shop.get(page_of(chair))).text, ["name"])
    fields = {name: control.values[0] for name, control in token.fields.items() if control.values}
    answer = await shop.post(
        page_of(chair),
        data={**fields, **WHO},
        headers={"Origin": "https://market.example.org", "Host": "127.0.0.1:8101"},
    )
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/o/")


async def test_a_guests_form_is_small(village: Village, shop, chair):
    page = await shop.get(page_of(chair))
    large = await send_from(shop, page, {**WHO, "text": "x" * guest_forms.TEXT_BYTES}, button=ORDER)
    assert large.status_code == 413
    many = {f"a{n}": "" for n in range(guest_forms.MOST_FIELDS + 1)}
    assert (await shop.post(page_of(chair), data=many)).status_code == 400
    file = {"photo": ("a.png", b"x", "image/png")}
    assert (await shop.post(page_of(chair), files=file)).status_code == 400
    assert (await shop.post(page_of(chair), content=b"\xff" * 100)).status_code == 403
    for path in ("/", "/search", listing_path(chair), "/feed.atom", "/settings/shop-window"):
        assert (await shop.post(path, data=WHO)).status_code in (404, 405)


async def test_a_form_that_never_ends_is_given_up(
    village: Village, gateway, chair, autojump_clock: trio.testing.MockClock
):
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"a"
            await trio.sleep(5)

    transport = httpx.ASGITransport(shop_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as shop:
        answer = await shop.post(
            page_of(chair),
            content=drip(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
    assert answer.status_code == 408
    assert "Send it once more" in check_page(answer.text).text
    assert trio.current_time() < 60


# How many


class Street:
    """Guests from many addresses, and a clock that stands still."""

    def __init__(self, village: Village) -> None:
        self.now = 0.0
        self.app = shop_app(village.gateway(monotonic=lambda: self.now))

    def guest(self, address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 1234))
        return httpx.AsyncClient(transport=transport, base_url="http://shop.example")

    async def order(self, address: str, listing: bytes) -> int:
        async with self.guest(address) as guest:
            self.now += 1  # pages come back quickly, orders don't
            return (await send(guest, page_of(listing), WHO, button=ORDER)).status_code


async def test_one_address_may_order_so_often_and_no_more(village: Village, chair):
    street = Street(village)
    for _ in range(order_limits.FROM_ONE):
        assert await street.order("198.51.100.7", chair) == 303
    assert await street.order("198.51.100.7", chair) == 429
    assert await street.order("203.0.113.9", chair) == 303
    street.now += order_limits.HOUR / order_limits.FROM_ONE
    assert await street.order("198.51.100.7", chair) == 303


def test_all_addresses_together_may_order_so_often_and_no_more():
    now = 0.0
    limits = order_limits.OrderLimits(lambda: now)
    taken = sum(limits.may(f"198.51.100.{n}") for n in range(200))
    assert taken == order_limits.FROM_ALL
    assert not limits.may(None)
    now += order_limits.HOUR / order_limits.FROM_ALL
    assert limits.may("203.0.113.9")


async def test_a_wrong_order_costs_nothing(village: Village, chair):
    street = Street(village)
    async with street.guest("198.51.100.7") as guest:
        for _ in range(order_limits.FROM_ONE + 1):
            street.now += 1
            wrong = {"name": " ", "reach": "x"}
            assert (await send(guest, page_of(chair), wrong, button=ORDER)).status_code == 422
    assert await street.order("198.51.100.7", chair) == 303


async def test_keys_are_not_found_by_trying(village: Village, chair):
    street = Street(village)
    async with street.guest("198.51.100.7") as thief:
        tried = 0
        while (await thief.get("/o/" + guests.secret_text(bytes([tried] * 32)))).status_code == 404:
            tried += 1
        assert tried <= 6
    async with street.guest("203.0.113.9") as other:
        assert (await other.get("/")).status_code == 200


async def test_a_guest_writes_only_so_often_in_one_order(
    village: Village, shop, chair, monkeypatch
):
    monkeypatch.setattr(guests, "MOST_LETTERS", 3)
    path = await ordered(shop, chair)
    for _ in range(2):
        await press(shop, path, "Send the message", text="Hello?")
    answer = await send(shop, path, {"text": "Hello?"}, button="Send the message")
    assert answer.status_code == 422
    assert "as often as fits one order" in check_page(answer.text).text


# Following


async def test_a_guest_follows_an_order_to_its_receipt(village: Village, shop, chair):
    path = await ordered(shop, chair)
    order = key_in(path)
    answer(village, order, "accept")
    assert "To pay: €90.00" in await press(shop, path, "Send the message", text="Thank you!")
    assert "You said that you have paid." in await press(shop, path, "I have paid", how="bank")
    answer(village, order, "confirm")
    answer(village, order, "sent", text="By the door.")
    assert "By the door." in await read(shop, path)
    assert "You have received it." in await press(shop, path, "I have it")

    came(village, village.ben)
    ben = reading.get(village.home(village.ben), order)
    assert ben.life.state == "received"
    assert ben.life.deal is not None
    signature = ben.life.received_signature
    assert signature is not None
    said = ben.life.deal.statement.data()
    assert receipt.signs(order, signature, village.community, said)
    assert ben.life.deal.statement.host == village.ana.id


async def completed(village: Village, shop: httpx.AsyncClient, chair: bytes) -> str:
    """The path of an order that Gitta has paid and received, and whose receipt is here."""
    path = await ordered(shop, chair)
    order = key_in(path)
    answer(village, order, "accept")
    await press(shop, path, "I have paid", how="cash")
    answer(village, order, "confirm")
    answer(village, order, "sent")
    assert "Review it" not in await press(shop, path, "I have it")
    came(village, village.ben)
    clerk.work(village.home(village.ben))
    came(village, village.ana)
    return path


async def test_a_guest_reviews_a_completed_order_by_the_link(village: Village, shop, chair):
    path = await completed(village, shop, chair)
    page = await read(shop, path)
    assert "stands apart from the reviews of members and counts in no total" in page
    assert "All can read it." in page

    page = await press(shop, path, "Publish it", stars="4", opinion="Sits well.")
    assert "Published. Thank you." in page
    assert "4 stars of 5 · a buyer without a name, carried by Ana" in page
    await press(shop, path, "Publish it", stars="2", opinion="One leg came off.")
    came(village, village.ben)
    for store in (village.ana.store, village.ben.store):
        said = {each.row.stars: each for each in reviews.of_orders(store, [key_in(path)])}
        assert [each.reason for each in said.values()] == ["", ""]
        assert (said[2].sound, said[2].counts, said[4].sound) == (True, False, False)
        assert said[2].row.author == village.ana.id
    seen = await read(shop, listing_path(chair))
    assert "One leg came off." in seen
    assert "Sits well." not in seen
    assert "of 5 stars, " not in seen


async def test_a_review_that_can_not_be_published_is_not_lost(village: Village, shop, chair):
    path = await completed(village, shop, chair)
    without = await send(shop, path, {"opinion": "Sits well."}, button="Publish it")
    assert without.status_code == 422
    assert "Choose how many stars" in check_page(without.text).text
    assert "Sits well." in without.text

    village.now += 61 * DAY
    assert "Review it" not in await read(shop, path)
    key = guests.key_of(path.rpartition("/")[2])
    assert key is not None
    with pytest.raises(Refused, match="The time for reviewing this order"):
        guests.review(village.home(), key, 4, "Sits well.")
    assert reviews.of_orders(village.ana.store, [key.public]) == []


async def test_only_so_many_versions_of_a_review_are_carried(
    village: Village, shop, chair, monkeypatch
):
    monkeypatch.setattr("node.trade.reviews.MOST_OF_GUEST", 1)
    path = await completed(village, shop, chair)
    await press(shop, path, "Publish it", stars="4")
    again = await send(shop, path, {"stars": "1"}, button="Publish it")
    assert again.status_code == 422
    assert "what you said last stands" in check_page(again.text).text


async def test_a_guest_cancels_and_the_link_still_says_so(village: Village, shop, chair):
    path = await ordered(shop, chair)
    assert "This order was cancelled." in await press(shop, path, "Cancel the order")
    came(village, village.ben)
    assert reading.get(village.home(village.ben), key_in(path)).life.state == "cancelled"
    assert "Cancel the order" not in await read(shop, path)


async def test_maker_and_guest_talk(village: Village, shop, chair):
    path = await ordered(shop, chair)
    order = key_in(path)
    await press(shop, path, "Send the message", text="Is it oak?")
    came(village, village.ben)
    ben = village.home(village.ben)
    assert "Is it oak?" in [
        getattr(each.body, "text", "") for each in reading.get(ben, order).letters
    ]
    ordering.say(ben, order, "It is beech.")
    came(village, village.ana)

    text = await read(shop, path)
    assert text.index("You · Ordered") < text.index("Is it oak?") < text.index("It is beech.")


async def test_a_message_sent_twice_is_said_once(village: Village, shop, chair):
    path = await ordered(shop, chair)
    page = await shop.get(path)
    for _ in range(2):
        last = await send_from(shop, page, {"text": "Is it oak?"}, button="Send the message")
    text = check_page((await follow(shop, last)).text).text
    assert "it was not done a second time" in text
    assert text.count("Is it oak?") == 1


async def test_a_move_that_is_not_the_guests_is_refused(village: Village, shop, chair):
    path = await ordered(shop, chair)
    token = find_form((await shop.get(path)).text).value
    for fields in (
        {"do": "accept", "id": "00" * 32},
        {"do": "accept", "id": "zz"},
        {"do": "confirm"},
        {"do": "sent"},
        {"do": "refund"},
        {"do": "received"},
        {"do": "pay", "how": "bank"},
        {"do": "pay", "how": "credit"},
        {"do": "say", "text": " "},
        {"do": ""},
    ):
        answer = await shop.post(path, data={"form": token("form"), **fields})
        assert answer.status_code == 422, fields
        check_page(answer.text)
    assert reading.get(village.home(), key_in(path)).life.state == "ordered"


async def test_the_host_can_not_act_in_the_guests_place(village: Village, shop, chair):
    path = await ordered(shop, chair)
    home = village.home()
    mine = reading.get(home, key_in(path))
    assert mine.mine == "host"
    assert reading.my_moves(mine) == []
    with pytest.raises(Refused):
        ordering.move(home, key_in(path), "cancel")


async def test_a_page_with_a_secret_is_kept_by_nobody(village: Village, shop, chair):
    path = await ordered(shop, chair)
    for each in (path, page_of(chair)):
        headers = (await shop.get(each)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert "etag" not in headers
        assert "content-encoding" not in headers
    assert "Disallow: /o/" in (await shop.get("/robots.txt")).text


async def test_a_key_that_is_not_whole_opens_nothing(village: Village, shop, chair):
    path = await ordered(shop, chair)
    assert (await shop.get(path.upper().replace("/O/", "/o/"))).status_code == 200
    texts = set()
    for wrong in (path[:-1], path + "a", path[:-1] + "!", "/o/" + "a" * 52, "/o/ä" + "a" * 51):
        answer = await shop.get(wrong)
        assert answer.status_code == 404
        texts.add(check_page(answer.text).text)
    assert len(texts) == 1
    member = reading.orders(village.home())[0].id
    assert (await shop.get("/o/" + guests.secret_text(member))).status_code == 404


# Waiting for the owner


@pytest.fixture
def asking(village: Village) -> None:
    guest_rules.choose(village.ana.store, "ask")


async def test_the_owner_looks_at_an_order_before_it_goes_out(
    village: Village, shop, desk, chair, asking
):
    path = await ordered(shop, chair, quantity="2", text=TEXT)
    assert "Ana looks at it first" in await read(shop, path)
    assert reading.orders(village.home()) == []
    for private in (NAME.encode(), b"gitta@", TEXT.encode()):
        assert private not in held(village)
    waiting = await read(desk, "/guests")
    for part in ("Chair", "2 pieces", "by Ben", TEXT):
        assert part in waiting, part
    assert NAME not in waiting

    page = await follow(desk, await send(desk, "/guests", button="Approve"))
    assert "None waits for you." in check_page(page.text).text
    assert "Your order is on its way to Ben." in await read(shop, path)
    came(village, village.ben)
    contact = guest_contact.of_order(village.home(village.ben), key_in(path), village.ana.id)
    assert contact is not None
    assert contact.name == NAME


async def test_an_order_that_the_owner_turns_down_stays_here(
    village: Village, shop, desk, chair, asking
):
    path = await ordered(shop, chair)
    await send(desk, "/guests", button="Turn down")

    assert "Ana did not let this order through." in await read(shop, path)
    assert "None waits for you." in await read(desk, "/guests")
    came(village, village.ben)
    assert reading.orders(village.home(village.ben)) == []


async def test_a_waiting_order_whose_price_changed_is_not_let_out(
    village: Village, shop, desk, chair, asking
):
    await ordered(shop, chair)
    village.ben.withdraw(chair)
    village.catch_up()

    answer = await send(desk, "/guests", button="Approve")
    assert answer.status_code == 422
    assert "not on offer" in check_page(answer.text).text
    assert guest_queue.count(village.ana.store) == 1


async def test_only_so_many_wait_and_none_for_ever(
    village: Village, shop, chair, asking, monkeypatch
):
    monkeypatch.setattr("node.trade.guest_queue.MOST_WAITING", 2)
    paths = [await ordered(shop, chair) for _ in range(2)]
    full = await send(shop, page_of(chair), WHO, button=ORDER)
    assert full.status_code == 422
    assert "Too many orders wait" in check_page(full.text).text
    guest_queue.turn_down(village.ana.store, key_in(paths[1]))
    await ordered(shop, chair)

    village.now += 31 * DAY
    await ordered(shop, chair)
    assert (await shop.get(paths[0])).status_code == 404


# Money


async def test_a_guest_sees_where_to_pay(village: Village, shop, chair):
    account = banking.checked("DE02120300000000202051", "Ben Holz", "")
    banking.set_account(village.home(village.ben), account)
    path = await ordered(shop, chair)
    assert (await shop.get(f"{path}/pay.svg")).status_code == 404
    answer(village, key_in(path), "accept")

    text = await read(shop, path)
    assert "To Ben Holz IBAN DE02 1203 0000 0000 2020 51 Reference RF" in text
    code = await shop.get(f"{path}/pay.svg")
    assert code.status_code == 200
    assert code.headers["content-type"] == "image/svg+xml"
    assert code.headers["cache-control"] == "no-store"


async def test_a_refund_counts_once_the_guest_agrees(village: Village, shop, chair):
    path = await ordered(shop, chair)
    order, ben = key_in(path), village.home(village.ben)
    answer(village, order, "accept")
    await press(shop, path, "I have paid", how="cash")
    answer(village, order, "confirm")
    answer(village, order, "sent")
    await press(shop, path, "I have it")
    came(village, village.ben)
    assert clerk.work(ben)[order] == "completed"
    answer(village, order, "refund", amount=1000)
    assert "€10.00 back" in await read(shop, path)
    clerk.work(village.home())  # the host's node has no key to agree with
    assert not reading.get(ben, order).life.refunds[0].took

    await press(shop, path, "The money is back with me")
    came(village, village.ben)
    clerk.work(ben)
    came(village)
    (entry,) = receipts.of_orders(village.ana.store, [order])[order]
    assert (entry.reason, entry.refunded) == ("", 1000)
    assert "back" not in [each[2] for each in find_form((await shop.get(path)).text).buttons]


async def test_nobody_else_can_speak_as_the_guest(village: Village, shop, chair):
    path = await ordered(shop, chair)
    for author in (village.eva, village.ben):
        forger = village.home(author)
        said = f"I am the guest, says {author.name}"
        post.write(forger, village.ana.id, said, about=key_in(path), guest=True)
    came(village, village.ana)

    text = await read(shop, path)
    assert "says Eva" not in text
    assert "You I am the guest" not in " ".join(text.split())
    assert guests.by_guest(post.thread(village.home(), key_in(path))[0])


async def test_a_guest_disputes_and_settles(village: Village, shop, chair):
    path = await ordered(shop, chair)
    order = key_in(path)
    answer(village, order, "accept")
    await press(shop, path, "I have paid", how="bank")
    answer(village, order, "confirm")
    answer(village, order, "sent")
    text = await press(shop, path, "Say that something is wrong", text="One leg is broken.")
    assert "You and Ben don't agree about this order yet." in text
    came(village, village.ben)
    assert reading.get(village.home(village.ben), order).life.state == "disputed"
    answer(village, order, "propose", refund=2000, text="For the leg.")

    assert "€20.00 back, and all is settled For the leg." in await read(shop, path)
    await press(shop, path, "Agree to this")
    came(village, village.ben)
    life = reading.get(village.home(village.ben), order).life
    assert life.dispute is not None
    assert life.dispute.outcome == "agreed"
    assert life.owed_back == 2000
    assert "Still to be given back €20.00" in await read(shop, path)


async def test_a_guest_reads_what_the_mediator_says(village: Village, shop, chair):
    path = await ordered(shop, chair)
    order = key_in(path)
    answer(village, order, "accept")
    await press(shop, path, "I have paid", how="bank")
    answer(village, order, "sent")
    await press(shop, path, "Say that something is wrong", text="One leg is broken.")
    village.now += 30 * DAY
    answer(village, order, "mediator", person=village.eva.id)
    await press(shop, path, "Agree to this mediator")
    for _ in range(2):
        came(village, village.ben, village.ana)
        for party in (village.home(), village.home(village.ben)):
            clerk.work(party)
        came(village, village.eva)
        eva = village.home(village.eva)
        if disputing.requests(eva):
            disputing.mediate(eva, order.hex(), take=True)
    ordering.say(eva, order, "Could Ben mend the leg?")
    came(village, village.ana)

    assert "Eva" in await read(shop, path)
    assert "Could Ben mend the leg?" in await read(shop, path)
