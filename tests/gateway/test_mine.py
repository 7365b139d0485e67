"""A member's own listings at the desk: made, changed, found again, taken down."""

from __future__ import annotations

from tests.gateway.reading import check_page
from tests.gateway.sending import follow, send
from tests.gateway.village import Village


async def test_ana_publishes_a_listing(village: Village, desk):
    answer = await send(
        desk,
        "/offer",
        {"title": "Rye bread", "price": "3.50", "category": "Food", "tags": "rye, sour"},
        button="Publish",
    )

    page = await follow(desk, answer)
    assert "Published." in page.text
    text = check_page(page.text).text
    assert "Rye bread €3.50 For sale" in text
