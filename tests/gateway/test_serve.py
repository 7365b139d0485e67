"""Real sockets on loopback: started once it answers, ended soon after it is told to."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest
import trio
import trio.testing
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from node.gateway.apps import desk_app, shop_app
from node.gateway.limits import CONNECTIONS
from node.gateway.serve import SILENCE_SECONDS, STALLED_SECONDS, serve
from protocol.errors import Refused
from tests.gateway.reading import check_page
from tests.gateway.village import Village

Serving = Callable[[Any], AbstractAsyncContextManager[str]]
SOON = 2.0  # seconds; the promise about being cancelled


@pytest.fixture
def serving() -> Serving:
    """`async with serving(app) as "127.0.0.1:PORT"`; the end is timed."""

    @asynccontextmanager
    async def open_serving(app: Any) -> AsyncIterator[str]:
        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                yield await nursery.start(serve, app, "127.0.0.1", 0)
                started = trio.current_time()
                nursery.cancel_scope.cancel()
            assert trio.current_time() - started < SOON

    return open_serving


def one_route(answer: Callable[[Request], Awaitable[Response]]) -> Starlette:
    return Starlette(routes=[Route("/", answer, methods=["GET", "POST"])])


async def hello(request: Request) -> Response:
    return PlainTextResponse("hello")


async def test_a_buyer_reads_the_shop_window_over_a_real_connection(village: Village, serving):
    village.ana.offer("Bread")
    async with serving(shop_app(village.gateway())) as address, httpx.AsyncClient() as buyer:
        for _ in range(3):
            answer = await buyer.get(f"http://{address}/")
            assert "Bread" in check_page(answer.text).text
        assert "server" not in answer.headers


async def test_the_owner_logs_in_at_the_port_that_was_taken(village: Village, serving):
    gateway = village.gateway()
    gateway.desk_hosts.clear()
    async with serving(desk_app(gateway)) as address:
        gateway.desk_is_at(address)
        async with httpx.AsyncClient(follow_redirects=True) as ana, httpx.AsyncClient() as guest:
            answer = await ana.get(gateway.login_link(address))
            assert "Desk of Ana" in check_page(answer.text).text
            assert (await guest.get(f"http://{address}/")).status_code == 403
            rebound = {"host": f"evil.example:{address.split(':')[1]}"}
            assert (await ana.get(f"http://{address}/", headers=rebound)).status_code == 421


async def test_a_port_in_use_is_refused_in_one_sentence(serving):
    async with serving(one_route(hello)) as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(Refused, match="Another program already listens") as caught:
            await serve(one_route(hello), "127.0.0.1", port)
        assert caught.value.reason == "port-in-use"
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://{address}/")).text == "hello"


async def test_an_address_of_another_machine_is_refused():
    for host in ("192.0.2.1", "no such host.invalid"):
        with pytest.raises(Refused) as caught:
            await serve(one_route(hello), host, 0)
        assert caught.value.reason == "bad-address"


async def test_localhost_is_one_address():
    async with trio.open_nursery() as nursery:
        address = await nursery.start(serve, one_route(hello), "localhost", 0)
        nursery.cancel_scope.cancel()

    assert address.startswith("127.0.0.1:")


async def test_a_port_is_free_again_at_once(serving):
    async with serving(one_route(hello)) as address, httpx.AsyncClient() as client:
        await client.get(f"http://{address}/")
    async with trio.open_nursery() as nursery:
        port = int(address.rpartition(":")[2])
        assert await nursery.start(serve, one_route(hello), "127.0.0.1", port) == address
        nursery.cancel_scope.cancel()


async def test_it_ends_soon_with_open_connections_of_every_kind(serving):
    """Idle, half a request, a slow answer, a visitor who never reads."""

    async def big_or_slow(request: Request) -> Response:
        if request.url.query == "slow":
            await trio.sleep_forever()
        return Response(b"x" * 50_000_000)

    async with serving(one_route(big_or_slow)) as address:
        port = int(address.rpartition(":")[2])
        streams = [await trio.open_tcp_stream("127.0.0.1", port) for _ in range(4)]
        await streams[1].send_all(b"GET / HTTP/1.1\r\nHost: a")
        await streams[2].send_all(b"GET /?slow HTTP/1.1\r\nHost: a\r\n\r\n")
        await streams[3].send_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with trio.fail_after(5):
            received = 0
            while received < 1_000_000:  # the answer is under way, and then nobody reads on
                received += len(await streams[3].receive_some())
            await trio.testing.wait_all_tasks_blocked(0.05)
    for stream in streams:
        await stream.aclose()


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff" * 5000,
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET \xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /%ff%00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 100,
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: !!\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET //evil.example/x HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
async def test_bytes_that_are_no_request_end_one_connection_only(village: Village, serving, sent):
    async with serving(shop_app(village.gateway())) as address:
        port = int(address.rpartition(":")[2])
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        with trio.move_on_after(1):
            try:
                await stream.send_all(sent)
                await stream.send_eof()
                while await stream.receive_some():
                    pass
            except trio.BrokenResourceError:
                pass
        await stream.aclose()
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"http://{address}/")).status_code == 200


async def test_a_search_of_ten_thousand_letters_reaches_its_page(village: Village, serving):
    async with serving(shop_app(village.gateway())) as address, httpx.AsyncClient() as client:
        for word in ("a" * 10_000, "%C3%BC" * 10_000):
            answer = await client.get(f"http://{address}/search?q={word}")
            assert answer.status_code == 200
            assert "its first 200 characters were used" in check_page(answer.text).text


async def test_a_fault_in_an_app_is_not_told_to_the_visitor(serving):
    async def fail(request: Request) -> Response:
        raise RuntimeError("a secret")

    async with serving(one_route(fail)) as address, httpx.AsyncClient() as client:
        answer = await client.get(f"http://{address}/")
        assert answer.status_code == 500
        assert "secret" not in answer.text


async def test_nothing_is_logged_about_what_people_read(village: Village, serving, caplog):
    caplog.set_level(logging.DEBUG)
    async with serving(shop_app(village.gateway())) as address, httpx.AsyncClient() as client:
        await client.get(f"http://{address}/search?q=my-secret-wish")
        await client.post(f"http://{address}/", content=b"my-secret-letter")
    ours = [
        record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))
    ]

    assert not [record.getMessage() for record in ours if "secret" in record.getMessage()]


async def test_many_readers_at_once_all_get_their_page(village: Village, serving):
    village.ana.offer("Bread")
    async with serving(shop_app(village.gateway())) as address:
        answers: list[int] = []
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        async with httpx.AsyncClient(limits=limits) as readers, trio.open_nursery() as nursery:

            async def read() -> None:
                answers.append((await readers.get(f"http://{address}/")).status_code)

            for _ in range(50):
                nursery.start_soon(read)
        assert answers == [200] * 50


async def test_no_socket_stays_open(serving):
    async with serving(one_route(hello)) as address, httpx.AsyncClient() as client:
        await client.get(f"http://{address}/")
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0


async def test_one_address_holds_only_so_many_connections(village: Village, serving, monkeypatch):
    monkeypatch.setattr("node.gateway.serve.counted", lambda address: "everybody")
    async with serving(shop_app(village.gateway())) as address:
        port = int(address.rpartition(":")[2])
        held = [await trio.open_tcp_stream("127.0.0.1", port) for _ in range(CONNECTIONS)]
        for stream in held:  # an answer each, so that all of them are counted
            await stream.send_all(b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await stream.receive_some(9) == b"HTTP/1.1 "
        with trio.fail_after(SOON):
            further = await trio.open_tcp_stream("127.0.0.1", port)
            assert await further.receive_some(9) == b""  # hung up on
        for stream in held:
            await stream.aclose()
        await trio.testing.wait_all_tasks_blocked(0.05)
        again = await trio.open_tcp_stream("127.0.0.1", port)  # long before a time-out
        await again.send_all(b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        with trio.fail_after(SOON):
            assert await again.receive_some(9) == b"HTTP/1.1 "
        await further.aclose()
        await again.aclose()


async def visit(nursery: trio.Nursery, answer: Any) -> trio.SocketStream:
    """A connection to a server of its own; the clock is the test's."""
    address = await nursery.start(serve, one_route(answer), "127.0.0.1", 0)
    return await trio.open_tcp_stream("127.0.0.1", int(address.rpartition(":")[2]))


async def test_an_answer_may_take_longer_than_a_visitor_may_be_silent(nursery, autojump_clock):
    async def slow(request: Request) -> Response:
        await trio.sleep(10 * SILENCE_SECONDS)
        return PlainTextResponse("at last")

    async with await visit(nursery, slow) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 200")


async def test_who_does_not_finish_a_request_is_let_go(nursery, autojump_clock):
    for begun in (b"GET / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx"):
        async with await visit(nursery, hello) as stream:
            await stream.send_all(begun)
            started = trio.current_time()
            while await stream.receive_some():
                pass
            assert trio.current_time() - started < 2 * SILENCE_SECONDS


@pytest.mark.parametrize(
    "asked",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5),
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    ],
)
async def test_a_visitor_who_asks_for_http_2_gets_http_1(nursery, asked: bytes):
    async with await visit(nursery, hello) as stream:
        await stream.send_all(asked)
        with trio.fail_after(SOON):
            assert (await stream.receive_some()).startswith((b"HTTP/1.1 200", b"HTTP/1.1 404"))


async def test_who_takes_nothing_of_an_answer_is_let_go(nursery, autojump_clock):
    ended = trio.Event()

    async def big(request: Request) -> Response:
        class Big(Response):
            async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
                await super().__call__(scope, receive, send)
                ended.set()

        return Big(b"x" * 50_000_000)

    async with await visit(nursery, big) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with trio.fail_after(3 * STALLED_SECONDS):
            await ended.wait()
