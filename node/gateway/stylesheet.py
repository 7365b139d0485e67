"""The one stylesheet: its text, and a path that changes with it so that it can be kept for good."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

TEXT = (Path(__file__).parent / "static" / "moothall.css").read_bytes()
PATH = f"/static/moothall.{sha256(TEXT).hexdigest()[:12]}.css"


async def stylesheet(request: Request) -> Response:
    """The stylesheet; it is the same for everybody."""
    return Response(
        TEXT,
        media_type="text/css; charset=utf-8",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
