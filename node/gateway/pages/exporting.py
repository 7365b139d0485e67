"""`/export`: one's own listings as files for other programs, and each of these files.

Gathered page by page and written in a thread, so that the node goes on with everything else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import trio
from starlette.responses import Response

from node import exporter
from node.exporting.formats import FORMATS
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit


async def show(visit: Visit) -> Response:
    """What there is to download."""
    t = visit.words.gettext
    texts = {
        "csv": (
            t("For a spreadsheet or another community"),
            t(
                "Everything but photos. Change it in a spreadsheet and import it again, or take it "
                "with you."
            ),
        ),
        "shopify": (
            t("For Shopify"),
            t(
                "What is for sale in the currency of the community. What has no price, or is for "
                "members only, comes as a draft."
            ),
        ),
        "json-ld": (
            t("For a site of your own"),
            t("What everybody may see, in the words of schema.org (JSON-LD)."),
        ),
    }
    files = [(f"/export/{name}", *texts[name], FORMATS[name].file) for name in FORMATS]
    return visit.render("export.html", files=files)


def _download(name: str) -> Callable[[Visit], Awaitable[Response]]:
    format_ = FORMATS[name]

    async def answer(visit: Visit) -> Response:
        home = visit.home
        offers = []
        for page in exporter.pages(home):
            offers += page
            await trio.lowlevel.checkpoint()
        write = partial(format_.write, offers, exporter.seller(home, home.charter().currency))
        written = await trio.to_thread.run_sync(write, abandon_on_cancel=True)
        return Response(
            written.text.encode(),
            headers={
                "Content-Disposition": f'attachment; filename="{format_.file}"',
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            },
            media_type=f"{format_.media_type}; charset=utf-8",
        )

    return answer


PAGES_HERE = [
    Page(path="/export", name="export", endpoint=show, audience=DESK),
    *(
        Page(
            path=f"/export/{name}",
            name=f"export-{name}",
            endpoint=_download(name),
            audience=DESK,
            html=False,
        )
        for name in FORMATS
    ),
]
