"""Photos in the form of a listing."""

from __future__ import annotations

import io

from PIL import Image

from node import market
from node.gateway import offer_photos
from node.photos import Prepared, prepare_aside
from tests.gateway.own import offers, text
from tests.gateway.sending import find_form, send, send_from
from tests.gateway.village import Village


def picture(colour: str = "red", size: tuple[int, int] = (60, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


async def test_photos_stay_when_a_field_is_refused(village: Village, desk):
    first = await send(
        desk,
        "/offer",
        {"title": "Bread", "price": "cheap", "alt": "A loaf"},
        button="Publish",
        files={"photos": [("loaf.png", picture()), ("crumb.png", picture("blue"))]},
    )

    assert first.status_code == 422
    done = await send_from(
        desk, first, {"price": "3", "photo-1-alt": "Its crumb"}, button="Publish"
    )
    assert done.status_code == 303
    (made,) = offers(village)
    assert [photo.alt for photo in made.photos] == ["A loaf", "Its crumb"]


async def test_photos_are_moved_and_removed(village: Village, desk):
    files = {"photos": [(f"{n}.png", picture(n)) for n in ("red", "lime", "blue")]}
    page = await send(desk, "/offer", {"title": "Mugs"}, button="Preview", files=files)
    alts = {"photo-0-alt": "red", "photo-1-alt": "lime", "photo-2-alt": "blue"}

    await send_from(
        desk,
        page,
        {**alts, "photo-2-order": "1", "photo-1-remove": True},
        button="Publish",
    )

    assert [photo.alt for photo in offers(village)[0].photos] == ["blue", "red"]


async def test_a_photo_is_turned_once_and_by_quarters(village: Village, desk):
    out = io.BytesIO()
    left_half_red = Image.new("RGB", (600, 300), "blue")
    left_half_red.paste("red", (0, 0, 300, 300))
    left_half_red.save(out, "PNG")
    files = {"photos": [("flag.png", out.getvalue())]}
    page = await send(desk, "/offer", {"title": "Flag"}, button="Preview", files=files)

    page = await send_from(desk, page, {"photo-0-turn": "right"}, button="Preview")
    await send_from(desk, page, button="Publish")

    (photo,) = offers(village)[0].photos
    assert photo.large.width * 2 == photo.large.height
    data = (await desk.get(f"/photo/{photo.large.hash.hex()}")).content
    with Image.open(io.BytesIO(data)) as turned:
        top, bottom = (turned.convert("RGB").getpixel((100, y)) for y in (50, 500))
    assert top[0] > 200 > 60 > top[2]  # the left went up
    assert bottom[2] > 200 > 60 > bottom[0]


async def test_an_edit_by_a_command_while_a_photo_is_drawn_is_not_overwritten_unseen(
    village: Village, desk, monkeypatch
):
    bread = village.ana.offer("Bread")

    async def drawn_slowly(data: bytes) -> Prepared:
        market.edit(village.home(), bread.hex(), {"title": "Rye bread"})
        return await prepare_aside(data)

    monkeypatch.setattr(offer_photos, "prepare_aside", drawn_slowly)
    answer = await send(
        desk,
        f"/offer/{bread.hex()}",
        {"title": "Wheat bread"},
        button="Save changes",
        files={"photos": [("loaf.png", picture())]},
    )

    assert answer.status_code == 409
    assert "Rye bread" in text(answer)
    assert offers(village)[0].title == "Rye bread"


async def test_what_is_no_photo_is_left_out_with_the_reason(village: Village, desk):
    answer = await send(
        desk,
        "/offer",
        {"title": "Bread"},
        button="Publish",
        files={"photos": [("virus.exe", b"MZ" * 500), ("loaf.png", picture())]},
    )

    assert answer.status_code == 422
    assert "“virus.exe” was left out." in text(answer)
    assert offers(village) == []
    await send_from(desk, answer, button="Publish")
    assert len(offers(village)[0].photos) == 1


async def test_a_photo_of_40_mb_is_refused_in_the_form_itself(village: Village, desk):
    huge = picture() + bytes(40 * 1024 * 1024)

    answer = await send(
        desk, "/offer", {"title": "Bread"}, button="Publish", files={"photos": [("huge.png", huge)]}
    )

    assert answer.status_code == 422
    assert "“huge.png” was left out." in text(answer)
    assert find_form(answer.text, ["title"]).value("title") == "Bread"
