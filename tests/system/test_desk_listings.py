"""A member's listings, made and changed at the desk of a running node, seen by another node."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from tests.gateway.sending import follow, send, send_from
from tests.system.people import Person, settle, village


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (900, 600), "orange").save(out, "JPEG")
    return out.getvalue()


def seen(person: Person, listing: str) -> dict[str, Any]:
    """A listing as somebody's node has it; empty while it has not arrived."""
    done = person.call("listing", "show", listing)
    if done.returncode != 0:
        return {}
    found: dict[str, Any] = person.do("listing", "show", listing)["listing"]
    return found


async def test_a_desk_makes_changes_and_withdraws_listings_for_everybody(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)
        base = ana.ready["desk"].partition("/login/")[0]
        async with httpx.AsyncClient(base_url=base, timeout=60) as desk:
            assert (await desk.get(ana.ready["desk"])).status_code == 303

            made = await send(
                desk,
                "/offer",
                {"title": "Rye bread", "price": "3.50", "category": "Food", "alt": "A loaf"},
                button="Publish",
                files={"photos": [("loaf.jpg", picture())]},
            )
            assert "Published." in (await follow(desk, made)).text
            rye = made.headers["location"].removeprefix("/listing/")
            ben.until(lambda: seen(ben, rye), "the bread is on offer")
            assert seen(ben, rye)["photos"][0]["alt"] == "A loaf"

            await send(desk, f"/offer/{rye}", {"price": "3.80"}, button="Save changes")
            await send(desk, "/offer", {"title": "Bun"}, button="Publish")
            ben.until(lambda: (seen(ben, rye)["price"] or {}).get("amount") == 380, "it costs more")
            ben.until(lambda: ben.titles() == {"Rye bread", "Bun"}, "there are two")

            page = await desk.get("/mine")
            picks = [each["id"] for each in ana.do("listing", "list", "--mine")["listings"]]
            sure = await send_from(
                desk, page, {"pick": picks, "category": "Bread"}, button="Show what changes"
            )
            await send_from(desk, sure, button="Do it")
            ben.until(lambda: seen(ben, rye)["category"] == "Bread", "it is filed elsewhere")
            ben.until(
                lambda: len(ben.do("listing", "list", "--category", "bread")["listings"]) == 2,
                "both are",
            )

            await send(desk, f"/listing/{rye}/withdraw", button="Withdraw it")
            ben.until(lambda: ben.titles() == {"Bun"}, "the rye bread is withdrawn")
