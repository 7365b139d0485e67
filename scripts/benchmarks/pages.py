"""Server time of pages: `python -m benchmarks.pages HOME TIMES` prints one JSON object.

Requests go straight into the shop window's ASGI application, so neither HTTP parsing nor a client
is counted; compression is, as browsers ask for it. With proposals' ids behind it, the desk's pages
about these are asked for instead, as their owner sees them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import trio
from starlette.applications import Starlette

from benchmarks.invented import SEARCHES
from node.gateway.apps import desk_app, shop_app
from node.gateway.context import Gateway
from node.gateway.login import cookie_name
from node.home import Home, open_home

HOST = "127.0.0.1:8080"
Asked = dict[str, list[tuple[str, dict[str, str]]]]  # page -> paths and queries


async def get(
    app: Starlette, path: str, query: dict[str, str], cookie: str = ""
) -> tuple[int, float, int]:
    """(status, milliseconds, bytes) of one request."""
    size, status = 0, 0
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": urlencode(query).encode(),
        "root_path": "",
        "headers": [
            (b"host", HOST.encode()),
            (b"accept-encoding", b"gzip"),
            (b"cookie", cookie.encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        nonlocal size, status
        status = message.get("status", status)
        size += len(message.get("body", b""))

    begun = perf_counter()
    await app(scope, receive, send)
    return status, (perf_counter() - begun) * 1000, size


async def visit(path: Path, times: int, proposals: Sequence[str] = ()) -> dict[str, Any]:
    """Each page so often, one after the other."""
    home = open_home(path)
    gateway = Gateway(home=home, secret=bytes(32))
    if proposals:
        gateway.desk_is_at(HOST)
        app, asked = desk_app(gateway), _desk(proposals)
        cookie = f"{cookie_name(HOST)}={gateway.sessions.begin()}"
    else:
        app, asked, cookie = shop_app(gateway), _shop(home), ""
    found: dict[str, Any] = {}
    for name, requests in asked.items():
        taken, worst, largest = [], ("", 0.0), 0
        first = (await get(app, *requests[0], cookie))[1]
        for _ in range(max(1, times // len(requests))):
            for page, query in requests:
                status, ms, size = await get(app, page, query, cookie)
                if status != 200:
                    raise SystemExit(f"{page}?{urlencode(query)} answered {status}")
                taken.append(ms)
                largest = max(largest, size)
                worst = max(worst, (urlencode(query), ms), key=lambda one: one[1])
        found[name] = {"ms": taken, "first_ms": first, "worst": worst[0], "bytes": largest}
    home.close()
    return found


def _shop(home: Home) -> Asked:
    (listing,) = home.store.db.execute(
        "SELECT hex(id) FROM listing WHERE state = 1 AND guests = 1 ORDER BY rowid LIMIT 1"
    ).fetchone()
    return {
        "front": [("/", {})],
        "search": [("/search", query) for query in SEARCHES],
        "listing": [(f"/listing/{listing.lower()}", {})],
    }


def _desk(proposals: Sequence[str]) -> Asked:
    return {
        "assembly": [("/assembly", {})],
        "proposal": [(f"/assembly/{each}", {}) for each in proposals],
        "values": [("/values", {})],
        "charter": [("/charter", {})],
    }


if __name__ == "__main__":
    said = trio.run(visit, Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
    print(json.dumps(said), flush=True)
