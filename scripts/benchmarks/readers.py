"""People who read a shop window at the same time: `python -m benchmarks.readers HOST:PORT COUNT`.

Each opens a page, reads for some seconds and opens the next, over a connection that is kept while
the other side keeps it. It prints one JSON object once everybody has read a page, then reads on
until told to end, and prints how long each page took, from asking to its last byte.
"""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import trio

from benchmarks.invented import SEARCHES

READING_SECONDS = 2.0  # between two pages of one person, on average
LISTINGS = 100


@dataclass
class Crowd:
    """Everybody at one shop window, and what happened to them."""

    host: str
    port: int
    paths: list[str] = field(default_factory=list)
    taken_ms: list[float] = field(default_factory=list)
    failed: int = 0

    async def learn(self) -> None:
        """What there is to open: half of it listings, a third the front page, the rest searches."""
        stream = await trio.open_tcp_stream(self.host, self.port)
        async with stream:
            body = await ask(stream, f"/api/listings?sort=new&limit={LISTINGS}")
        listings = [f"/listing/{found['id'][:16]}" for found in json.loads(body)["listings"]]
        searches = [f"/search?q={query['q'].split()[0]}" for query in SEARCHES if "q" in query]
        self.paths = listings + ["/"] * (len(listings) * 2 // 3) + searches * 5

    async def read(self, seed: int, opened: trio.Semaphore) -> None:
        """One person, until cancelled."""
        dice = random.Random(seed)
        stream: trio.SocketStream | None = None
        await trio.sleep(dice.random() * READING_SECONDS)
        first = True
        while True:
            begun = perf_counter()
            try:
                if stream is None:
                    stream = await trio.open_tcp_stream(self.host, self.port)
                await ask(stream, dice.choice(self.paths))
                self.taken_ms.append((perf_counter() - begun) * 1000)
            except (OSError, trio.BrokenResourceError, EOFError):
                stream = None  # it was kept for long enough; the next page opens another
                self.failed += first
                continue
            if first:
                opened.release()
                first = False
            await trio.sleep(dice.expovariate(1 / READING_SECONDS))


async def ask(stream: trio.SocketStream, path: str) -> bytes:
    """The body of one page; EOFError when the connection ended."""
    coding = "identity" if path.startswith("/api") else "gzip"
    head = f"GET {path} HTTP/1.1\r\nHost: shop.example\r\nAccept-Encoding: {coding}\r\n\r\n"
    await stream.send_all(head.encode())
    got = b""
    while b"\r\n\r\n" not in got:
        got += await some(stream)
    start, _, body = got.partition(b"\r\n\r\n")
    status, *headers = start.decode("latin-1").split("\r\n")
    if " 200" not in status:
        raise SystemExit(f"{path} answered {status}")
    sizes = [line for line in headers if line.lower().startswith("content-length:")]
    size = int(sizes[0].partition(":")[2])
    while len(body) < size:
        body += await some(stream)
    return body


async def some(stream: trio.SocketStream) -> bytes:
    """Some more bytes; EOFError when there are none."""
    more = await stream.receive_some(65536)
    if not more:
        raise EOFError
    return bytes(more)


async def main(address: str, count: int) -> None:
    """Read until a line comes in."""
    host, _, port = address.rpartition(":")
    crowd = Crowd(host, int(port))
    await crowd.learn()
    opened = trio.Semaphore(0)
    async with trio.open_nursery() as nursery:
        for number in range(count):
            nursery.start_soon(crowd.read, number, opened)
        for _ in range(count):
            await opened.acquire()
        crowd.taken_ms.clear()
        begun = perf_counter()
        say({"ready": count})
        await trio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True)
        nursery.cancel_scope.cancel()
    seconds = perf_counter() - begun
    say({"ms": crowd.taken_ms, "seconds": seconds, "failed": crowd.failed})


def say(answer: dict[str, Any]) -> None:
    """One object, a line."""
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]))
