"""Texts that try to run something, typed into a member's own forms."""

from __future__ import annotations

from tests.gateway.hostile import PAYLOADS, TARGETS
from tests.gateway.reading import check_page
from tests.gateway.sending import send, send_from
from tests.gateway.village import Village

TEXTS = ("title", "description", "story", "category", "place", "condition", "delivery", "tags")


async def test_what_is_typed_into_a_listing_stays_text(desk):
    page = await desk.get("/offer")
    for text in PAYLOADS + TARGETS:
        typed = dict.fromkeys(TEXTS, text[:80]) | {
            "price": text,
            "expires": text,
            "spot": text,
            "variant-0-name": text,
            "variant-0-price": text,
            "claim-made-here": True,
            "evidence-made-here": text,
        }
        answer = await send_from(desk, page, typed, button="Publish")
        assert answer.status_code == 422
        again = check_page(answer.text)
        if text.isprintable():
            (price,) = (field for field in again.all("input") if field.get("name") == "price")
            assert price["value"] == text.strip()


async def test_listings_with_such_texts_are_listed_previewed_and_changed_harmlessly(
    village: Village, desk
):
    texts = [text for text in PAYLOADS + TARGETS if text.isprintable()]
    made = village.ana.offer_many(
        [
            {"title": text[:200], "mode": "sell", "category": text[:100], "place": text[:100]}
            for text in texts
        ]
    )
    for number in range(1, 5):
        check_page((await desk.get(f"/mine?page={number}")).text)
    for listing, text in zip(made, texts, strict=True):
        path = f"/offer/{listing.hex()[:16]}"
        check_page((await send(desk, path, {"story": text}, button="Preview")).text)
    sure = await send(
        desk, "/mine", {"all": True, "category": texts[0][:100]}, button="Show what changes"
    )
    check_page(sure.text)


async def test_such_texts_in_addresses_are_harmless(desk):
    for text in PAYLOADS + TARGETS:
        query = dict.fromkeys(("q", "show", "page"), text.replace("\ud800", ""))
        answer = await desk.get("/mine", params=query)
        assert answer.status_code == 200
        check_page(answer.text)
        answer = await desk.get("/offer", params={"mode": text.replace("\ud800", "")})
        check_page(answer.text)
