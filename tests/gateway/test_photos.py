"""Photos on pages: who may see them, that nothing moves, and what is seen when one is not here."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from xml.etree import ElementTree

import httpx
import pytest

from node import album, market
from node.gateway.context import Gateway
from node.gateway.languages import choose
from node.gateway.offers import listing_path
from node.gateway.pictures import path, stand_in
from node.photos import Prepared, prepare
from protocol.kinds.listing import Listing, Photo, Rendition
from storage import blobs
from tests.gateway.reading import Reader, check_page
from tests.gateway.village import Neighbourly, Village
from tests.photos import pictures


@lru_cache
def shot(seed: int) -> Prepared:
    return prepare(pictures.photo(900, 600, seed))


def kept(village: Village, seed: int = 1, alt: str = "A round loaf") -> Photo:
    """A photo in Ana's store."""
    return album.keep(village.home(), shot(seed), alt)


def elsewhere(seed: int, alt: str = "A round loaf") -> Photo:
    """A photo whose bytes are not in Ana's store."""
    small, large = (
        Rendition(
            hash=sha256(one.data).digest(), width=one.width, height=one.height, size=len(one.data)
        )
        for one in (shot(seed).small, shot(seed).large)
    )
    return Photo(alt=alt, small=small, large=large)


def images(html: str) -> list[dict[str, str]]:
    return Reader(html).all("img")


async def test_a_card_shows_the_first_photo_small_and_keeps_its_place(
    village: Village, shop: httpx.AsyncClient
) -> None:
    village.ana.offer("Bread", photos=(kept(village, 1), kept(village, 2, "The crumb")))
    village.ana.offer("Jam")

    (image,) = images((await shop.get("/")).text)

    assert image["src"] == path(elsewhere(1).small)
    assert image["alt"] == "A round loaf"
    assert (image["width"], image["height"]) == ("480", "320")
    answer = await shop.get(image["src"])
    assert answer.content == shot(1).small.data
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_only_the_first_row_of_cards_is_fetched_at_once(
    village: Village, shop: httpx.AsyncClient
) -> None:
    for number in range(5):
        village.ana.offer(f"Loaf {number}", photos=(kept(village),))

    shown = images((await shop.get("/")).text)

    assert [image.get("loading") for image in shown] == [None, None, None, "lazy", "lazy"]


async def test_a_listing_shows_all_its_photos_in_order_and_in_two_sizes(
    village: Village, shop: httpx.AsyncClient
) -> None:
    tiny = prepare(pictures.file(pictures.corners(60, 40), "PNG"))
    bread = village.ana.offer(
        "Bread",
        photos=(
            kept(village, 1),
            kept(village, 2, ""),
            album.keep(village.home(), tiny, 'The "crumb" <b>'),
        ),
    )

    page = (await shop.get(listing_path(bread))).text
    first, second, third = images(page)

    check_page(page)
    small, large = path(elsewhere(1).small), path(elsewhere(1).large)
    assert first["srcset"] == f"{small} 480w, {large} 900w"
    assert first["sizes"] and (first["width"], first["height"]) == ("900", "600")
    assert (first.get("loading"), second["loading"]) == (None, "lazy")
    assert second["alt"] == "Bread"
    assert third["alt"] == 'The "crumb" <b>'
    assert "srcset" not in third
    for image in (first, second, third):
        assert (await shop.get(image["src"])).status_code == 200


async def test_guests_get_no_picture_of_what_they_may_not_see(
    village: Village, shop: httpx.AsyncClient, desk: httpx.AsyncClient
) -> None:
    secret, drafted, loose, gone = (kept(village, seed) for seed in (1, 2, 3, 4))
    village.ana.offer("Secret", photos=(secret,), audience="members")
    village.ana.withdraw(village.ana.offer("Old", photos=(gone,)))
    with village.ana.store.transaction():
        market.save_draft(
            village.home(), None, Listing(title="Draft", mode="give", photos=(drafted,))
        )
    unknown = await shop.get("/photo/" + "0" * 64)

    for photo in (secret, drafted, loose, gone):
        for one in (photo.small, photo.large):
            answer = await shop.get(path(one))
            assert answer.status_code == unknown.status_code == 404
            assert answer.text == unknown.text
            assert (await desk.get(path(one))).status_code == 200


@pytest.mark.parametrize("given", ["x", "00", "g" * 64, "A" * 64, "0" * 63, "0" * 65, "%2e%2e"])
async def test_an_address_of_no_picture_says_so(
    given: str, shop: httpx.AsyncClient, desk: httpx.AsyncClient
) -> None:
    for reader in (shop, desk):
        answer = await reader.get(f"/photo/{given}")
        assert answer.status_code == 404
        check_page(answer.text)


async def test_a_picture_that_no_neighbour_has_is_stood_in_for_by_its_words(
    village: Village, shop: httpx.AsyncClient
) -> None:
    village.ana.offer("Bread", photos=(elsewhere(1, "A loaf & <two> cups"),))
    (image,) = images((await shop.get("/")).text)

    answer = await shop.get(image["src"])

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == "no-store"
    drawing = ElementTree.fromstring(answer.text)
    assert (drawing.get("width"), drawing.get("height")) == (image["width"], image["height"])
    words = " ".join(each.text or "" for each in drawing.iter() if each.tag.endswith("text"))
    assert words == "This picture is not here yet. A loaf & <two> cups"


async def test_a_picture_that_a_neighbour_has_comes_with_the_page(
    village: Village, gateway: Gateway, shop: httpx.AsyncClient
) -> None:
    class Generous(Neighbourly):
        async def bring(self, name: bytes) -> bool:
            data = {sha256(one.data).digest(): one.data for one in (shot(1).small, shot(1).large)}
            blobs.put(village.ana.store, name, data[name], own=False)
            return True

    gateway.node = Generous()
    bread = village.ana.offer("Bread", photos=(elsewhere(1),))

    for image in images((await shop.get(listing_path(bread))).text):
        answer = await shop.get(image["src"])
        assert answer.content in (shot(1).small.data, shot(1).large.data)


def test_whatever_a_photo_is_called_its_stand_in_is_a_drawing_of_its_size() -> None:
    for alt in ("", "x" * 300, "\x00\x1b￾\ud800", "خبز " * 60, "]]><script>", "面包" * 100):
        for width, height in ((480, 320), (24, 480), (1, 1)):
            one = Rendition(hash=bytes(32), width=width, height=height, size=1)
            drawing = ElementTree.fromstring(stand_in(choose("ar", ""), alt, one))
            assert drawing.get("viewBox") == f"0 0 {width} {height}"
            assert not [each for each in drawing.iter() if each.tag.endswith("script")]
