"""The read API does what its document says, whatever a program asks, and says what pages say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import trio
from hypothesis import HealthCheck, settings

from node.gateway.api import openapi
from node.gateway.apps import shop_app
from node.gateway.pages.registry import PAGES
from node.plain import offer_json
from protocol.kinds.listing import Claim, Variant
from storage.claims import values
from storage.views.listing_queries import get
from tests.gateway.reading import check_page
from tests.gateway.village import OPEN, Village

SCHEMA = schemathesis.openapi.from_dict(openapi.document("shop"))
SCHEMA.config.generation.update(deterministic=True)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """`asked(method, url, headers)`: what a shop window with a few listings answers."""
    village = Village(tmp_path_factory.mktemp("asked"), OPEN)
    for number in range(3):
        village.ana.offer(f"Bread {number}", variants=(Variant(name="round", price=1),))
    village.ben.offer("Lessons", mode="service", price=None, category="Help")
    village.catch_up()
    app = shop_app(village.gateway())

    def ask(method: str, url: str, headers: dict[str, str]) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport) as program:
                return await program.request(method, url, headers=headers)

        return trio.run(go)

    yield ask
    village.close()


def test_the_document_is_an_openapi_document():
    SCHEMA.validate()


@SCHEMA.parametrize()
@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_documented(case, asked):
    sent = case.as_transport_kwargs(base_url="http://shop.example")
    request = httpx.Request(sent["method"], sent["url"], params=sent["params"] or None)
    answer = asked(sent["method"], str(request.url), dict(sent["headers"] or {}))
    case.validate_response(answer)


def test_every_address_below_api_is_in_the_document_and_the_other_way_round():
    routes = {page.path for page in PAGES if page.path.startswith("/api/")}
    for audience in ("shop", "desk"):
        document = openapi.document(audience, "127.0.0.1:8100")
        assert set(document["paths"]) == routes
        for methods in document["paths"].values():
            assert set(methods) == {"get"}
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert named == set(document["components"]["schemas"])


async def test_the_page_for_people_names_every_address_and_parameter(shop, desk):
    for client in (shop, desk):
        text = check_page((await client.get("/api")).text).text
        for path, methods in openapi.document("shop")["paths"].items():
            assert path in text or path == openapi.PATH
            for parameter in methods["get"].get("parameters", ()):
                assert parameter["in"] == "path" or parameter["description"] in text
    assert (await shop.get(openapi.PATH)).json() == openapi.document("shop")


async def test_a_program_reads_what_commands_answer(village: Village, shop, desk):
    bread = village.ana.offer(
        "Bread",
        price=350,
        quantity=2,
        tags=("rye",),
        expires_ms=village.now + 1,
        variants=(Variant(name="S", price=100, sku="s"), Variant(name="L", quantity=0)),
        values=(Claim(value="made-here", evidence="My oven"),),
    )
    said = offer_json(get(village.ana.store, bread), values(village.ana.store), {})
    for client in (shop, desk):
        assert (await client.get(f"/api/listings/{bread.hex()}")).json() == said
        assert (await client.get(f"/api/listings/{bread.hex()[:8]}")).json() == said
        assert (await client.get("/api/listings?q=bread")).json()["listings"] == [said]
    assert said["price"] == {"amount": 350, "currency": "EUR"}
    assert said["expires"] == "2026-09-21T14:13:20Z"


async def test_a_program_pages_through_everything_once(village: Village, shop):
    village.ana.offer_many([{"title": f"Bread {n}", "mode": "give"} for n in range(23)])
    following, seen = "/api/listings?limit=5&mode=give", []
    while following:
        answer = (await shop.get(following)).json()
        assert answer["total"] == 23
        assert not answer["more"]
        seen += [listing["title"] for listing in answer["listings"]]
        following = answer["next"]
    assert sorted(seen) == sorted(f"Bread {n}" for n in range(23))
    beyond = (await shop.get("/api/listings?page=100")).json()
    assert (beyond["listings"], beyond["next"]) == ([], None)
    two = (await shop.get("/api/members?limit=2")).json()
    rest = (await shop.get(two["next"])).json()
    assert [m["name"] for m in two["members"] + rest["members"]] == ["Ana", "Ben", "Eva"]
    assert rest["next"] is None


async def test_the_last_page_that_is_answered_leads_nowhere(village: Village, shop):
    village.ana.offer_many([{"title": f"Bread {n}", "mode": "give"} for n in range(102)])
    answer = (await shop.get("/api/listings?limit=1&page=100")).json()
    assert len(answer["listings"]) == 1
    assert answer["next"] is None


@pytest.mark.parametrize(
    "query",
    [
        "page=-1",
        "page=0",
        "page=1.5",
        "page=",
        "page=%C2%B2",
        "page=99999999999999999999",
        "limit=101",
        "mode=nonsense",
        "mode=",
        "min=3,50",
        "min=-1",
        "max=1e3",
        "sort=x",
        "value=%3Cscript%3E",
        "q=" + "a" * 10_000,
        "category=" + "x" * 101,
        "page=1&page=2",
        "catagory=food",
        "%00=1",
        "=",
    ],
)
async def test_what_is_not_understood_is_refused_with_a_sentence(shop, query):
    answer = await shop.get(f"/api/listings?{query}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "message"}
    assert answer.json()["error"] in ("bad-parameter", "unknown-parameter")
    assert len(answer.content) < 400
    assert (await shop.get(f"/api/community?{query}")).status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/api/listings/0123456789abcdef", 404, "not-found"),
        ("/api/listings/x", 404, "not-found"),
        ("/api/listings/%00%22%3C%C3%BC", 404, "not-found"),
        ("/api/listings/" + "a" * 1900, 404, "not-found"),
        ("/api/listings/" + "a" * 3000, 414, None),
        ("/api/members/01234567", 404, "no-member"),
        ("/api/members/Ana", 404, "no-member"),
        ("/api/nothing", 404, "not-found"),
        ("/api/", 404, "not-found"),
        ("/api/listings/", 404, "not-found"),
    ],
)
async def test_strange_addresses_get_an_object_too(shop, desk, path, status, reason):
    for client in (shop, desk):
        answer = await client.get(path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["message"]
        assert client is desk or reason in (None, answer.json()["error"])


async def test_nothing_can_be_written_through_it(shop, desk):
    for client in (shop, desk):
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = await client.request(method, "/api/listings")
            assert answer.status_code == 405
            assert answer.json()["error"] == "method-not-allowed"
            assert answer.headers["allow"] == "GET, HEAD"


async def test_guests_programs_learn_no_more_than_guests(village: Village, shop, desk):
    secret = village.ana.offer("Secret loaf", audience="members", category="Hidden")
    gone = village.ana.offer("Old loaf")
    village.ana.withdraw(gone)
    for path in ("/api/listings", "/api/listings?q=loaf", "/api/categories"):
        answer = (await shop.get(path)).text
        assert "loaf" not in answer
        assert "idden" not in answer
    unknown = await shop.get("/api/listings/0123456789abcdef")
    for further in ("", "/schema.org"):
        answer = await shop.get(f"/api/listings/{secret.hex()}{further}")
        assert (answer.status_code, answer.text) == (404, unknown.text)
        answer = await shop.get(f"/api/listings/{gone.hex()}{further}")
        assert (answer.status_code, answer.json()["error"]) == (410, "withdrawn")
    assert (await desk.get(f"/api/listings/{secret.hex()}")).json()["audience"] == "members"
    assert (await desk.get(f"/api/listings/{gone.hex()}")).json()["status"] == "withdrawn"


@pytest.mark.parametrize(("listings", "members"), [(False, True), (True, False)])
async def test_the_charter_decides_what_guests_programs_read(tmp_path: Path, listings, members):
    guests = {"see_listings": listings, "see_members": members, "may_order": False}
    village = Village(tmp_path, {"guests": guests})
    bread = village.ana.offer("Bread").hex()
    paths = {
        f"/api/listings/{bread}": listings,
        f"/api/listings/{bread}/schema.org": listings,
        "/api/listings": listings,
        "/api/categories": listings,
        "/api/members": members,
        f"/api/members/{village.ana.id.hex()}": members,
        "/api/community": True,
    }
    transport = httpx.ASGITransport(shop_app(village.gateway()))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as guest:
        for path, shown in paths.items():
            answer = await guest.get(path)
            assert answer.status_code == (200 if shown else 403), path
            assert shown or answer.json()["error"] == "forbidden"
        assert (await guest.get("/api/community")).json()["guests"] == guests
    village.close()


async def test_a_stranger_at_the_desk_reads_nothing(stranger):
    for path in openapi.document("desk", "127.0.0.1:8100")["paths"]:
        answer = await stranger.get(path.replace("{listing}", "0" * 8).replace("{member}", "0" * 8))
        assert answer.status_code == 403
        assert answer.json()["error"] == "forbidden"


async def test_a_program_that_asks_again_gets_a_few_bytes(village: Village, shop, desk):
    first = await shop.get("/api/listings")
    known = {"if-none-match": first.headers["etag"]}
    assert (await shop.get("/api/listings", headers=known)).status_code == 304
    village.ana.offer("Bread")
    assert (await shop.get("/api/listings", headers=known)).status_code == 200
    assert (await desk.get("/api/listings")).headers["cache-control"] == "no-store"


async def test_head_is_answered_like_get(shop):
    get_, head = await shop.get("/api/community"), await shop.head("/api/community")
    assert head.status_code == 200
    assert head.headers["content-type"] == get_.headers["content-type"]
