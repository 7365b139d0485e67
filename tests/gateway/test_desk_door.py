"""Who gets in at the desk: only its owner, only at its own address."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from node.gateway import statics
from node.gateway.apps import desk_app, setup_app
from node.gateway.context import Gateway
from node.gateway.first_run import FirstRun
from node.gateway.forms import LIFE_SECONDS, Sent
from node.gateway.login import OUTSTANDING, SESSION_SECONDS, LoginTokens
from node.gateway.pages.registry import PAGES
from node.gateway.switch import Switch
from protocol.errors import Refused
from tests.gateway.reading import check_page
from tests.gateway.village import DESK, Village

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW")
PUBLIC = {*statics.PATHS, "login", "desk-robots", "metrics"}  # the last one with a token


def at(gateway: Gateway, base: str = f"http://{DESK}") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(desk_app(gateway)), base_url=base)


def filled(path: str, gateway: Gateway) -> str:
    """A route's path with ids that exist where something has that id."""
    known = {"member": gateway.home.person.hex() if gateway.home else "00" * 32}
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: known.get(found[1], "00" * 32), path)


async def test_every_route_refuses_a_guest_with_every_method(gateway: Gateway, stranger):
    routes = desk_app(gateway).routes
    assert {p.name for p in PAGES if "desk" in p.audience} <= {route.name for route in routes}
    await everything_is_refused(routes, gateway, stranger)
    for path in ("/nope", "/listing", "/login", "/login/", "/static/other.css"):
        assert (await stranger.get(path)).status_code == 403


async def test_the_first_run_pages_refuse_a_guest_as_the_desk_does(tmp_path: Path):
    gateway = Gateway(secret=b"0123456789abcdef0123456789abcdef")
    gateway.first_run = FirstRun(tmp_path / "ana", Switch())
    gateway.desk_is_at(DESK)
    app = setup_app(gateway)
    assert {p.name for p in PAGES if "setup" in p.audience} <= {r.name for r in app.routes}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=f"http://{DESK}"
    ) as stranger:
        await everything_is_refused(app.routes, gateway, stranger)
    assert not (tmp_path / "ana").exists()


async def everything_is_refused(routes, gateway: Gateway, stranger: httpx.AsyncClient) -> None:
    for route in routes:
        if route.name in PUBLIC:
            continue
        for method in METHODS:
            path = filled(route.path, gateway)
            # As a real page of this desk would send it, but for the login.
            body = {"form": gateway.sent.token(), "do": "next"} if method == "POST" else None
            headers = {"origin": f"http://{DESK}"}
            answer = await stranger.request(method, path, data=body, headers=headers)
            assert answer.status_code == 403, (method, path)
            assert "set-cookie" not in answer.headers
            assert "Riverside" not in answer.text  # nor anything else about the home
            if method == "GET" and answer.headers["content-type"].startswith("text/html"):
                assert "the link that “moothall run” prints" in check_page(answer.text).text


async def test_what_is_public_tells_nothing_of_the_home(gateway: Gateway, stranger):
    for route in desk_app(gateway).routes:
        if route.name not in PUBLIC:
            continue
        path = route.path.replace("{token}", "guessed")
        for method in METHODS:
            answer = await stranger.request(method, path)
            reading = method in ("GET", "HEAD")
            assert answer.status_code in ((200, 401, 403) if reading else (403, 405)), (
                method,
                path,
            )
            assert "set-cookie" not in answer.headers
            assert "Riverside" not in answer.text


async def test_a_login_link_works_once(gateway: Gateway):
    link = gateway.login_link(DESK)
    async with at(gateway) as ana, at(gateway) as thief:
        first = await ana.get(link)
        again = await thief.get(link)
        assert first.status_code == 303
        assert first.headers["location"] == "/"
        assert first.headers["cache-control"] == "no-store"
        assert (await ana.get("/")).status_code == 200
        assert again.status_code == 403
        assert "Each link works once" in check_page(again.text).text
        assert (await thief.get("/")).status_code == 403
        assert (await ana.get(link)).status_code == 303  # she is in already


async def test_a_preview_of_the_link_does_not_use_it_up(gateway: Gateway, stranger):
    link = gateway.login_link(DESK)

    assert "set-cookie" not in (await stranger.head(link)).headers
    assert (await stranger.get(link)).status_code == 303


async def test_the_cookie_is_strict_hidden_from_scripts_and_named_for_its_port(gateway, stranger):
    cookie = (await stranger.get(gateway.login_link(DESK))).headers["set-cookie"]

    assert cookie.startswith("moothall-desk-8100=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/", f"max-age={SESSION_SECONDS}"} <= parts
    assert not any(part.startswith("domain") for part in parts)


async def test_two_desks_on_one_machine_keep_their_logins_apart(village: Village, gateway):
    gateway.desk_is_at("127.0.0.1:8200")
    cookies = httpx.Cookies()
    async with at(gateway) as first, at(gateway, "http://127.0.0.1:8200") as second:
        first.cookies = second.cookies = cookies
        await first.get(gateway.login_link(DESK))
        assert (await second.get("/")).status_code == 403
        await second.get(gateway.login_link("127.0.0.1:8200"))
        assert (await first.get("/")).status_code == 200
        assert (await second.get("/")).status_code == 200


async def test_a_login_outlives_a_restart_but_not_its_time(village: Village, desk):
    async with at(village.gateway()) as restarted:
        restarted.cookies = desk.cookies
        assert (await restarted.get("/")).status_code == 200
        village.now += (SESSION_SECONDS - 60) * 1000
        assert (await restarted.get("/")).status_code == 200
        village.now += 120_000
        assert (await restarted.get("/")).status_code == 403


async def test_a_cookie_of_another_home_or_a_forged_one_opens_nothing(village: Village, gateway):
    other = village.gateway()
    other.sessions = type(other.sessions)(b"another home's secret", lambda: village.now)
    real = gateway.sessions.begin()
    forged = ["", "x", real[:-1], real + "x", real.replace(".", "", 1), other.sessions.begin()]
    forged += [real.split(".")[0], "." * 50, "ü", "a" * 5000]
    for value in forged:
        async with at(gateway) as thief:
            cookie = f"moothall-desk-8100={value}".encode()
            answer = await thief.get("/", headers={"cookie": cookie})
            assert answer.status_code == 403, value


OTHER_HOSTS = (
    "evil.example",
    "evil.example:8100",
    "127.0.0.1",
    "127.0.0.1:80",
    "localhost",
    "0.0.0.0:8100",
    "127.0.0.1:8100.evil.example",
    "127.0.0.1.evil.example:8100",
    "[::1]:8100",
    "127.1:8100",
    "user@127.0.0.1:8100",
    "127.0.0.1:8100/",
    " ",
    "localhost.:8100",
    "2130706433:8100",
)


async def test_another_host_name_is_turned_away_even_with_the_cookie(desk, gateway):
    """Every host name with every method, every route with every method; the routes take turns."""
    for number, route in enumerate(desk_app(gateway).routes):
        for turn, method in enumerate(METHODS):
            host = OTHER_HOSTS[(number + turn) % len(OTHER_HOSTS)]
            answer = await desk.request(method, route.path, headers={"host": host})
            assert answer.status_code == 421, (host, route.path)
    for host in OTHER_HOSTS:
        for method in METHODS:
            answer = await desk.request(method, "/settings/leave", headers={"host": host})
            assert answer.status_code == 421, (host, method)
        page = check_page((await desk.get("/", headers={"host": host})).text)
        assert "answers only at 127.0.0.1 or localhost" in page.text
        assert "Riverside" not in page.text


async def test_a_login_link_is_not_used_up_at_another_host_name(gateway: Gateway, stranger):
    path = gateway.login_link(DESK).removeprefix(f"http://{DESK}")

    assert (await stranger.get(path, headers={"host": "evil.example"})).status_code == 421
    assert (await stranger.get(path)).status_code == 303


async def test_localhost_and_capitals_are_the_same_desk(desk):
    for host in ("localhost:8100", "LocalHost:8100"):
        assert (await desk.get("/", headers={"host": host})).status_code == 200


async def test_a_request_with_no_host_or_two_is_refused(gateway: Gateway):
    async with at(gateway) as client:
        request = client.build_request("GET", "/")
        del request.headers["host"]
        assert (await client.send(request)).status_code == 400
        request = client.build_request("GET", "/")
        request.headers = httpx.Headers([("host", DESK), ("host", "evil.example")])
        assert (await client.send(request)).status_code == 400


async def test_a_forwarded_host_is_not_believed(desk):
    headers = {"host": "evil.example", "x-forwarded-host": DESK, "forwarded": f"host={DESK}"}

    assert (await desk.get("/", headers=headers)).status_code == 421


async def test_a_websocket_is_closed(gateway: Gateway):
    sent = []

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b""}
    await desk_app(gateway)(scope, receive, send)

    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_only_the_newest_links_wait_to_be_used():
    tokens = LoginTokens()
    issued = [tokens.issue() for _ in range(OUTSTANDING + 1)]

    assert [tokens.redeem(token) for token in issued] == [False] + [True] * OUTSTANDING
    assert not any(tokens.redeem(token) for token in ["", "é\ud800", *issued])


@pytest.mark.parametrize("address", ["0.0.0.0:8100", "192.168.1.5:8100", "[::]:8100", "8100"])
def test_a_desk_at_any_other_address_is_refused(gateway: Gateway, address):
    before = set(gateway.desk_hosts)
    with pytest.raises(Refused, match=r"127\.0\.0\.1 alone") as caught:
        gateway.desk_is_at(address)

    assert caught.value.reason == "desk-address"
    assert gateway.desk_hosts == before


def test_a_short_secret_is_refused(village: Village):
    with pytest.raises(ValueError, match="16 bytes"):
        Gateway(secret=b"short")


def writing(audience: str) -> list[str]:
    """The paths of all pages that take forms there."""
    return [page.path for page in PAGES if page.post is not None and audience in page.audience]


async def wrong_posts(
    client: httpx.AsyncClient, gateway: Gateway, path: str
) -> AsyncIterator[tuple[str, int]]:
    """What happens to a form at `path` that only lacks one thing to be sound."""
    token, origin = gateway.sent.token(), f"http://{DESK}"
    other = Gateway(secret=b"another home with another secret").sent.token()
    old = Sent(gateway.secret, lambda: gateway.clock() - (LIFE_SECONDS + 60) * 1000).token()
    tries: list[tuple[str, dict[str, str], dict[str, str]]] = [
        ("rebound", {"form": token}, {"host": "evil.example:8100"}),
        ("rebound, its own origin", {"form": token}, {"host": "evil.example", "origin": "http://evil.example"}),
        ("foreign", {"form": token}, {"origin": "http://evil.example"}),
        ("no origin to tell", {"form": token}, {"origin": "null"}),
        ("another port", {"form": token}, {"origin": "http://127.0.0.1:8101"}),
        ("another scheme", {"form": token}, {"origin": f"https://{DESK}"}),
        ("no token", {}, {"origin": origin}),
        ("made-up token", {"form": "x.y.z"}, {"origin": origin}),
        ("token of another home", {"form": other}, {"origin": origin}),
        ("old token", {"form": old}, {"origin": origin}),
    ]  # fmt: skip
    for name, data, headers in tries:
        answer = await client.post(path, data=data, headers=headers)
        yield name, answer.status_code
    answer = await client.post(path, data={"form": token}, headers={"sec-fetch-site": "cross-site"})
    yield "cross-site", answer.status_code
    as_text = {"origin": origin, "content-type": "text/plain"}
    answer = await client.post(path, content=f"form={token}", headers=as_text)
    yield "as plain text", answer.status_code


@pytest.mark.parametrize("path", writing("desk"))
async def test_no_other_site_can_write_through_a_page(gateway: Gateway, desk, path: str):
    before = gateway.store.db.conn.total_changes
    async for name, status in wrong_posts(desk, gateway, filled(path, gateway)):
        assert status == (421 if name.startswith("rebound") else 403), name
    assert gateway.store.db.conn.total_changes == before


@pytest.mark.parametrize("path", writing("setup"))
async def test_no_other_site_can_make_a_home(tmp_path: Path, path: str):
    gateway = Gateway(secret=b"0123456789abcdef0123456789abcdef")
    gateway.first_run = FirstRun(tmp_path / "ana", Switch())
    gateway.desk_is_at(DESK)
    transport = httpx.ASGITransport(setup_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as ana:
        assert (await ana.get(gateway.login_link(DESK))).status_code == 303
        async for name, status in wrong_posts(ana, gateway, path):
            assert status == (421 if name.startswith("rebound") else 403), name
    assert not (tmp_path / "ana").exists()


async def test_nothing_is_written_by_reading_any_page(gateway: Gateway, desk):
    for page in PAGES:
        if "desk" not in page.audience or page.name in ("login", "live"):
            continue
        for query in page.examples:
            before = gateway.store.db.execute(
                "SELECT count(*), (SELECT count(*) FROM meta) FROM record"
            ).fetchone()
            await desk.get(f"{filled(page.path, gateway)}?{query}".rstrip("?"))
            after = gateway.store.db.execute(
                "SELECT count(*), (SELECT count(*) FROM meta) FROM record"
            ).fetchone()
            assert after == before, page.path
