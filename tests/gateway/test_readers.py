"""Many people at one shop window at the same time, over real connections on loopback."""

from __future__ import annotations

import gzip

import httpx
import trio

from node.gateway.apps import shop_app
from node.gateway.serve import serve
from tests.gateway.reading import check_page
from tests.gateway.village import Village

READERS = 200
SAFETY = 60  # seconds; nothing is measured


async def read(stream: trio.SocketStream, path: str) -> str:
    """One page over a connection that is kept."""
    request = f"GET {path} HTTP/1.1\r\nHost: shop.example\r\nAccept-Encoding: gzip\r\n\r\n"
    await stream.send_all(request.encode())
    got = b""
    while b"\r\n\r\n" not in got:
        got += await stream.receive_some()
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    (size,) = [
        int(line[16:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"
    ]
    while len(body) < size:
        body += await stream.receive_some()
    return gzip.decompress(body).decode()


async def test_two_hundred_readers_see_what_a_neighbour_says_meanwhile(village: Village):
    bread = village.ana.offer("Bread")
    village.catch_up()
    before: list[str] = []
    after: list[str] = []
    with trio.fail_after(SAFETY):
        async with trio.open_nursery() as nursery:
            address = await nursery.start(serve, shop_app(village.gateway()), "127.0.0.1", 0)
            port = int(address.rpartition(":")[2])
            streams = [await trio.open_tcp_stream("127.0.0.1", port) for _ in range(READERS)]

            async def keep(stream: trio.SocketStream, path: str, pages: list[str]) -> None:
                pages.append(await read(stream, path))

            async with trio.open_nursery() as readers:
                for stream in streams:
                    readers.start_soon(keep, stream, f"/listing/{bread.hex()}", before)
                village.ben.offer("Cup")
                village.catch_up()
            async with trio.open_nursery() as readers:
                for stream in streams:
                    readers.start_soon(keep, stream, "/search?q=cup", after)
            for stream in streams:
                await stream.aclose()
            nursery.cancel_scope.cancel()

    assert len(before) == len(after) == READERS
    assert len(set(before)) == len(set(after)) == 1  # everybody saw the same
    assert "Bread" in check_page(before[0]).text
    assert "Cup" in check_page(after[0]).text


async def test_one_who_does_not_read_their_page_holds_nobody_up(village: Village):
    village.ana.offer_many(
        [{"title": f"Bread {n}", "mode": "give", "description": "x" * 9000} for n in range(100)]
    )
    with trio.fail_after(SAFETY):
        async with trio.open_nursery() as nursery:
            address = await nursery.start(serve, shop_app(village.gateway()), "127.0.0.1", 0)
            port = int(address.rpartition(":")[2])
            lazy = await trio.open_tcp_stream("127.0.0.1", port)
            for _ in range(20):  # a megabyte each, more than the sockets between us hold
                await lazy.send_all(
                    b"GET /api/listings?limit=100 HTTP/1.1\r\nHost: a\r\n"
                    b"Accept-Encoding: identity\r\n\r\n"
                )
            async with httpx.AsyncClient() as other:
                for _ in range(5):
                    assert (await other.get(f"http://{address}/")).status_code == 200
            await lazy.aclose()
            nursery.cancel_scope.cancel()
