"""How much the guests at one address may ask of the shop window."""

from __future__ import annotations

import httpx
import pytest

from node.gateway import limits
from node.gateway.apps import desk_app, shop_app
from node.gateway.limits import BURST, CHEAP, RATE, Guests, counted
from node.gateway.statics import PATHS
from storage.store import Store
from storage.views.listing_queries import Found, Query, search
from tests.gateway.reading import check_page
from tests.gateway.village import DESK, Village

HOME, OFFICE = "198.51.100.7", "203.0.113.9"


class Street:
    """Guests from many addresses at one shop window, and a clock that stands still."""

    def __init__(self, village: Village) -> None:
        self.now = 0.0
        self.gateway = village.gateway(monotonic=lambda: self.now)
        self.app = shop_app(self.gateway)

    async def ask(self, address: str, path: str = "/community", **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=(address, 1234))
        base_url = "http://shop.example"
        async with httpx.AsyncClient(transport=transport, base_url=base_url) as guest:
            return await guest.get(path, headers=headers)

    async def drain(self, address: str, **headers: str) -> int:
        """Ask until asked to wait; how often there was an answer."""
        for answered in range(10_000):
            if (await self.ask(address, "/robots.txt", **headers)).status_code == 429:
                return answered
        raise AssertionError("there is no limit")


@pytest.fixture
def street(village: Village) -> Street:
    return Street(village)


async def test_a_class_of_thirty_opens_one_link_at_the_same_moment(village: Village, street):
    bread = village.ana.offer("Bread")
    for _ in range(30):
        assert (await street.ask(OFFICE, f"/listing/{bread.hex()}")).status_code == 200
        assert (await street.ask(OFFICE, PATHS["moothall.css"])).status_code == 200
        for _ in range(24):
            assert (await street.ask(OFFICE, "/photo/0")).status_code == 404


async def test_who_asks_for_too_much_is_asked_to_wait_and_then_goes_on(street):
    assert await street.drain(HOME) == BURST
    answer = await street.ask(HOME)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "wait a few seconds" in check_page(answer.text).text
    assert "content-security-policy" in answer.headers
    assert (await street.ask(OFFICE)).status_code == 200  # nobody else has to

    street.now += int(answer.headers["retry-after"])
    assert (await street.ask(HOME)).status_code == 200


async def test_a_program_that_asks_for_too_much_gets_an_object(street):
    await street.drain(HOME)
    answer = await street.ask(HOME, "/api/listings")
    assert answer.status_code == 429
    assert answer.json()["error"] == "too-many-requests"
    assert int(answer.headers["retry-after"]) >= 1


async def test_what_is_refused_costs_nothing_and_reads_nothing(village: Village, street):
    await street.drain(HOME)
    village.ana.store.close()
    for _ in range(100):
        assert (await street.ask(HOME)).status_code == 429
    street.now += 1 / RATE
    assert (await street.ask(HOME, "/robots.txt")).status_code != 429


async def test_pages_come_back_at_their_rate(street):
    await street.drain(HOME)
    street.now += 10
    assert await street.drain(HOME) == min(BURST, 10 * RATE)


async def test_a_page_that_took_long_to_make_costs_more(village: Village, street, monkeypatch):
    def slow(store: Store, query: Query) -> Found:
        street.now += 3.0  # as in a community of very many listings
        return search(store, query)

    monkeypatch.setattr("node.gateway.pages.search.find", slow)
    village.ana.offer("Bread")
    assert (await street.ask(HOME, "/search?q=bread")).status_code == 200
    assert (await street.ask(HOME, "/search?q=bread")).status_code == 200
    assert (await street.ask(HOME)).status_code == 429  # six seconds of work in six
    assert (await street.ask(OFFICE)).status_code == 200
    street.now += 4
    assert (await street.ask(HOME)).status_code == 200


async def test_all_of_a_networks_ipv6_is_one_address(street):
    await street.drain("2001:db8:1:2::1")
    assert (await street.ask("2001:db8:1:2:ffff::9")).status_code == 429
    assert (await street.ask("2001:db8:1:3::1")).status_code == 200


def test_addresses_as_they_come():
    assert counted("198.51.100.7") == counted("::ffff:198.51.100.7") == "198.51.100.7"
    assert counted("198.51.100.7:80") == "198.51.100.7"
    assert counted("[2001:db8::1]:80") == counted("2001:db8::ffff") == "2001:db8::/64"
    assert counted("fe80::1%eth0") == "fe80::/64"
    for own in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "[::1]:80"):
        assert counted(own) is None, own
    for nothing in ("", "unknown", "_hidden", "a:b:c", "[", "1.2.3", "\x00", "9" * 5000):
        assert counted(nothing) is None, nothing


async def test_a_guest_can_not_claim_another_address(street):
    for number in range(int(BURST)):
        forged = {"X-Forwarded-For": f"192.0.2.{number}"}
        assert (await street.ask(HOME, **forged)).status_code == 200
    assert (await street.ask(HOME, **{"X-Forwarded-For": "192.0.2.250"})).status_code == 429
    assert (await street.ask("192.0.2.1")).status_code == 200  # nor use up theirs


async def test_a_proxy_on_this_machine_says_whom_it_asks_for(street):
    said = {"X-Forwarded-For": f"10.0.0.1, {HOME}"}  # the last is the proxy's own word
    assert await street.drain("127.0.0.1", **said) == BURST
    assert (await street.ask("127.0.0.1", **said)).status_code == 429
    assert (await street.ask(HOME)).status_code == 429
    assert (await street.ask("127.0.0.1", **{"X-Forwarded-For": OFFICE})).status_code == 200


async def test_this_machines_own_browser_is_not_counted(street):
    for _ in range(2 * int(BURST)):
        assert (await street.ask("127.0.0.1", "/robots.txt")).status_code == 200
        assert (await street.ask("::1", "/robots.txt")).status_code == 200


async def test_a_desk_is_not_limited(village: Village):
    app = desk_app(village.gateway())
    transport = httpx.ASGITransport(app, client=(HOME, 1))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as owner:
        for _ in range(2 * int(BURST)):
            assert (await owner.get("/robots.txt")).status_code == 200


def test_only_so_many_addresses_are_remembered():
    guests = Guests(lambda: 0.0)
    assert guests.may("busy", BURST)
    for number in range(2 * limits.REMEMBERED):
        guests.may(str(number), CHEAP)
        assert not guests.may("busy", 1)  # who keeps asking is not forgotten
    assert len(guests) == limits.REMEMBERED
