"""What Ana has published and drafted, and what a page says."""

from __future__ import annotations

import httpx

from node import market
from protocol.kinds.listing import Listing
from tests.gateway.reading import check_page
from tests.gateway.village import Village


def offers(village: Village) -> list[Listing]:
    """What Ana has published, newest first, as it stands."""
    rows = village.ana.store.db.execute(
        "SELECT coalesce(root, id) FROM listing WHERE state = 1 ORDER BY rowid DESC"
    ).fetchall()
    home = village.home()
    return [market.lookup(home, row[0]).listing for row in rows]


def drafts(village: Village) -> list[Listing]:
    rows = village.ana.store.db.execute("SELECT id FROM draft ORDER BY made_ms DESC").fetchall()
    home = village.home()
    return [market.lookup(home, row[0]).listing for row in rows]


def draft(village: Village, title: str, **more: object) -> bytes:
    home = village.home()
    fields: dict[str, object] = {"mode": "sell", "price": 350, "currency": "EUR", **more}
    with home.store.transaction():
        return market.save_draft(home, None, Listing(title=title, **fields))  # type: ignore[arg-type]


def text(answer: httpx.Response) -> str:
    return check_page(answer.text).text
