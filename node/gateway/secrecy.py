"""Pages whose address or content is a secret between sender and reader."""

from __future__ import annotations

from starlette.responses import Response


def kept_secret(page: Response) -> Response:
    """The page, such that nobody keeps it, finds it by searching or learns of it by a link."""
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Cache-Control"] = "no-store"
    page.headers["X-Robots-Tag"] = "noindex, nofollow"
    if "etag" in page.headers:
        del page.headers["etag"]
    return page
