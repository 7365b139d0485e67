"""Picks that members voted for stand first on the front page, as far as they are on offer."""

from __future__ import annotations

from typing import Any

import html5lib

from governance.effects.registry import EFFECTS
from storage import certificates
from tests.gateway.village import DAY, Village
from tests.passing import pass_vote


def row(html: str) -> tuple[str, list[str], list[str]] | None:
    """Heading, titles and links out of the row of picks; None where there is none."""
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    for section in tree.iter("section"):
        if section.get("aria-labelledby") == "picked":
            heading = "".join(section.find("h2").itertext())
            titles = ["".join(each.itertext()) for each in section.iter("h3")]
            links = [a.get("href") for p in section.findall("p") for a in p.iter("a")]
            return heading, titles, links
    return None


def pick(village: Village, title: str, *listings: bytes) -> bytes:
    state = certificates.current(village.ana.store)
    assert state is not None
    options = {chr(65 + n): listing for n, listing in enumerate(listings)}
    effect = {"type": "pick", "title": title, "count": len(listings), "listings": options}
    EFFECTS["pick"].check(effect, state, ())
    return pass_vote(village.ana.store, village.ana.device, "picks", effect, *options)


async def test_what_members_picked_stands_first_while_it_is_on_offer(
    village: Village, desk: Any, shop: Any
) -> None:
    jam = village.ben.offer("Plum jam")
    talk = village.ben.offer("Quiet talk", audience="members")
    cake = village.ana.offer("Cake", expires_ms=village.now + DAY)
    bread, soap = village.ana.offer("Bread"), village.ana.offer("Soap")
    village.catch_up()
    assert row((await desk.get("/")).text) is row((await shop.get("/")).text) is None

    first = pick(village, "Winter", soap)
    assert row((await shop.get("/")).text) == ("Winter", ["Soap"], [])
    vote = pick(village, "Spring <b>now</b>", jam, talk, cake, bread, bytes(32))
    page = (await desk.get("/")).text
    all_ = ["Plum jam", "Quiet talk", "Cake", "Bread"]
    assert row(page) == ("Spring <b>now</b>", all_, [f"/assembly/{vote.hex()[:16]}"])
    assert page.index('id="picked"') < page.index('id="new"')
    assert vote != first
    page = (await shop.get("/")).text
    assert row(page) == ("Spring <b>now</b>", ["Plum jam", "Cake", "Bread"], [])
    assert page.index('id="picked"') < page.index('id="own"')

    village.now += 2 * DAY
    village.ana.withdraw(bread)
    assert row((await shop.get("/")).text) == ("Spring <b>now</b>", ["Plum jam"], [])
    village.ben.withdraw(jam)
    village.catch_up()
    assert row((await shop.get("/")).text) is None
    assert row((await desk.get("/")).text) == (
        "Spring <b>now</b>",
        ["Quiet talk"],
        [f"/assembly/{vote.hex()[:16]}"],
    )
