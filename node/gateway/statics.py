"""The files that are the same for everybody: stylesheet, icon, script.

A file's path changes with its content, so that browsers may keep it for good. To add one, put it
into `static/` and name its type here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    "moothall.css": "text/css; charset=utf-8",
    "arch.svg": "image/svg+xml",
    "live.js": "text/javascript; charset=utf-8",
}

TEXTS = {name: (_FOLDER / name).read_bytes() for name in _TYPES}


def _path(name: str) -> str:
    stem, _, ending = name.rpartition(".")
    return f"/static/{stem}.{sha256(TEXTS[name]).hexdigest()[:12]}.{ending}"


PATHS = {name: _path(name) for name in _TYPES}


def routes(methods: Sequence[str]) -> list[Route]:
    """A route for each file."""
    return [
        Route(path, _endpoint(name), methods=list(methods), name=name)
        for name, path in PATHS.items()
    ]


def _endpoint(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        return Response(
            TEXTS[name],
            media_type=_TYPES[name],
            headers={"Cache-Control": "public, max-age=31536000, immutable"},
        )

    return answer
