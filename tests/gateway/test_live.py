"""Counters that keep themselves fresh, and what bounds the streams that bring them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import trio

from node.events import Events
from node.gateway.apps import desk_app
from node.gateway.context import Alone, Gateway
from node.gateway.live import (
    A_SESSION,
    COMMENT_SECONDS,
    IN_ALL,
    PAUSE_SECONDS,
    Stream,
    Streams,
)
from node.gateway.login import cookie_name
from node.gateway.serve import serve
from tests.gateway.reading import check_page
from tests.gateway.village import DESK, Village


class Tuned(Alone):
    """A node whose neighbours come and go as a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.near: dict[str, int] = {}

    def touch(self) -> Mapping[str, int]:
        return dict(self.near)


class Reader:
    """A browser at `/live`; `next` is the next thing it was told."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.ended = trio.Event()
        self._put, self._got = trio.open_memory_channel[bytes](1000)
        self._gone = trio.Event()
        self._buffer = b""

    async def receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            self._put.send_nowait(message.get("body", b""))
            if not message.get("more_body"):
                self.ended.set()

    async def line(self) -> str:
        """The next block of the stream."""
        while b"\n\n" not in self._buffer:
            self._buffer += await self._got.receive()
        block, _, self._buffer = self._buffer.partition(b"\n\n")
        return block.decode()

    async def next(self) -> dict[str, str]:
        """The next message's texts."""
        while True:
            block = await self.line()
            if block.startswith("data: "):
                told: dict[str, str] = json.loads(block.removeprefix("data: "))
                return told

    def go(self) -> None:
        self._gone.set()


@pytest.fixture
def node(gateway: Gateway) -> Tuned:
    gateway.node = Tuned()
    return gateway.node


Open = Callable[..., Any]


@pytest.fixture
def reading(gateway: Gateway) -> Open:
    """`async with reading("/live") as reader`."""
    return reading_of(gateway)


def reading_of(gateway: Gateway) -> Open:
    """The same, for the owner of any gateway's home."""

    @asynccontextmanager
    async def opened(path: str = "/live", language: str = "en") -> AsyncIterator[Reader]:
        reader = Reader()
        cookie = f"{cookie_name(DESK)}={gateway.sessions.begin()}"
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [
                (b"host", DESK.encode()),
                (b"cookie", cookie.encode()),
                (b"accept-language", language.encode()),
            ],
            "client": ("127.0.0.1", 5),
            "server": ("127.0.0.1", 8100),
            "scheme": "http",
            "root_path": "",
            "http_version": "1.1",
        }
        async with trio.open_nursery() as nursery:
            nursery.start_soon(desk_app(gateway), scope, reader.receive, reader.send)
            yield reader
            reader.go()

    return opened


async def test_a_page_hears_at_once_that_a_neighbour_came(node, reading, autojump_clock):
    async with reading() as reader:
        first = await reader.next()
        assert reader.headers["content-type"].startswith("text/event-stream")
        assert reader.headers["cache-control"] == "no-store"
        assert "not in touch with any other" in first["neighbours"]

        node.near = {"one": 0}
        node.events.tell("peer-up", peer="one")
        started = trio.current_time()
        told = await reader.next()

        assert told["neighbours"] == "Your node is in touch with 1 neighbour."
        assert trio.current_time() - started <= PAUSE_SECONDS
        assert "newcomers" not in told  # only what has changed


async def test_texts_are_in_the_readers_language(node, reading):
    async with reading(language="de") as reader:
        assert "Knoten" in (await reader.next())["neighbours"]


async def test_new_listings_of_others_are_counted_from_when_the_page_was_opened(
    node, reading, village: Village, autojump_clock
):
    async with reading() as reader:
        since = (await reader.next())["since"]
        village.ana.offer("Rolls")  # her own
        village.ben.offer("Chairs")
        village.ben.offer("Tables")
        village.catch_up()
        node.events.tell("record", count=2)

        assert (await reader.next())["new"].startswith("2 new listings since you opened this page")
    async with reading(f"/live?since={since}") as again:  # the page came to the front again
        assert (await again.next())["new"].startswith("2 new listings")
    async with reading("/live?since=junk") as fresh:
        assert (await fresh.next())["new"] == ""


async def test_at_most_one_message_a_second_however_much_happens(node, reading, autojump_clock):
    async with reading() as reader:
        await reader.next()
        started = trio.current_time()
        for number in range(1, 6):
            for _ in range(500):
                node.events.tell("record", count=1)
            node.near[str(number)] = 0
            await reader.next()

        assert trio.current_time() - started >= 4 * PAUSE_SECONDS


async def test_a_quiet_stream_is_kept_open_by_comments(node, reading, autojump_clock):
    async with reading() as reader:
        await reader.next()
        started = trio.current_time()
        for _ in range(3):
            assert (await reader.line()).startswith(":")

        assert 3 * COMMENT_SECONDS <= trio.current_time() - started <= 4 * COMMENT_SECONDS


async def test_a_login_holds_only_so_many_streams_and_gets_them_back(autojump_clock):
    streams, events = Streams(), Events()
    stream = Stream(streams, "ana", events, lambda: {"a": "b"})
    readers = [Reader() for _ in range(A_SESSION)]
    async with trio.open_nursery() as nursery:
        for reader in readers:
            nursery.start_soon(stream, {}, reader.receive, reader.send)
        for reader in readers:
            await reader.next()
        refused = Reader()
        await stream({"type": "http"}, refused.receive, refused.send)
        assert refused.status == 204  # which tells a browser not to ask again

        other = Reader()
        nursery.start_soon(Stream(streams, "b", events, dict), {}, other.receive, other.send)
        readers[0].go()
        await trio.sleep(0.1)
        again = Reader()
        nursery.start_soon(stream, {}, again.receive, again.send)
        await again.next()
        for reader in (*readers, other, again):
            reader.go()
    assert len(streams) == 0


def test_all_logins_together_hold_only_so_many():
    streams = Streams()

    taken = [streams.take(f"login {number // 5}") for number in range(IN_ALL + 5)]

    assert taken.count(True) == IN_ALL


async def test_it_ends_when_the_home_is_given_up(gateway, node, reading, autojump_clock):
    async with reading() as reader:
        await reader.next()
        gateway.end()

        with trio.fail_after(10):
            await reader.ended.wait()


async def test_it_ends_with_the_node_at_once_even_if_its_reader_has_stalled(gateway, node):
    cookie = f"{cookie_name(DESK)}={gateway.sessions.begin()}"
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            at = await nursery.start(serve, desk_app(gateway), "127.0.0.1", 0)
            gateway.desk_is_at(at)
            cookie = cookie.replace("8100", at.rpartition(":")[2])
            stream = await trio.open_tcp_stream("127.0.0.1", int(at.rpartition(":")[2]))
            await stream.send_all(
                f"GET /live HTTP/1.1\r\nHost: {at}\r\nCookie: {cookie}\r\n\r\n".encode()
            )
            assert b"200" in await stream.receive_some()
            started = trio.current_time()
            nursery.cancel_scope.cancel()
        assert trio.current_time() - started < 3
        await stream.aclose()
    assert len(gateway.streams) == 0


async def test_asking_for_the_head_alone_opens_no_stream(desk, gateway):
    answer = await desk.head("/live")

    assert answer.status_code == 200
    assert len(gateway.streams) == 0


async def test_a_guest_gets_no_stream(shop: httpx.AsyncClient, stranger: httpx.AsyncClient):
    assert (await shop.get("/live")).status_code == 404
    assert (await stranger.get("/live")).status_code == 403


async def test_the_script_is_one_small_file_that_is_kept_for_good(desk, shop):
    page = check_page((await desk.get("/")).text)
    (script,) = page.all("script")
    assert script["type"] == "module"
    answer = await desk.get(script["src"])

    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert len(answer.text.splitlines()) < 60
    assert "live.js" not in (await shop.get("/")).text


async def test_every_place_that_is_kept_fresh_has_its_text(desk, node, reading):
    async with reading() as reader:
        known = await reader.next()
    for path in ("/", "/status", "/people", "/settings/check", "/welcome?step=recovery"):
        answer = await desk.get(path, follow_redirects=True)
        for _, attributes in check_page(answer.text).elements if answer.is_success else ():
            if "data-live" in attributes:
                assert attributes["data-live"] in known
