"""What is printed and handed out: the catalogue, the poster and their QR code."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from node.gateway import qr
from node.gateway.apps import desk_app, shop_app
from node.gateway.pages import catalogue
from protocol.errors import Refused
from storage.database import set_meta
from tests.gateway.reading import Reader, check_page
from tests.gateway.village import DESK, OPEN, Village

SVG = "{http://www.w3.org/2000/svg}"
Sheets = Callable[..., AbstractAsyncContextManager[tuple[Village, httpx.AsyncClient]]]


async def read(client: httpx.AsyncClient, path: str) -> Reader:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return check_page(answer.text)


def titles(page: Reader) -> list[str]:
    return [word for word in page.words if word.startswith("T:")]


def guests_can_come(village: Village, address: str = "https://ana.example") -> None:
    set_meta(village.ana.store.db, "shop_url", address)
    set_meta(village.ana.store.db, "shop", "127.0.0.1:8300")


@pytest.fixture
def sheets(tmp_path: Path) -> Sheets:
    """`async with sheets(see_members=False) as (village, desk)`."""

    @asynccontextmanager
    async def open_desk(**flags: bool):
        village = Village(tmp_path, {**OPEN, "guests": {**OPEN["guests"], **flags}})
        gateway = village.gateway()
        transport = httpx.ASGITransport(desk_app(gateway))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as desk:
            await desk.get(gateway.login_link(DESK))
            yield village, desk
        village.close()

    return open_desk


async def test_the_catalogue_holds_the_owners_open_listings_by_category(village, shop, desk):
    village.ana.offer("T: Oak stool", category="Furniture", price=9000)
    village.ana.offer("T: Rye bread", category="food")
    village.ana.offer("T: Bagel", category="Food", price=None)
    village.ana.offer("T: Hand", category="", mode="service", place="Bern")
    village.ben.offer("T: Chair")
    village.ana.withdraw(village.ana.offer("T: Gone"))
    village.catch_up()

    for client in (shop, desk):
        page = await read(client, "/catalogue")
        assert titles(page) == ["T: Bagel", "T: Rye bread", "T: Oak stool", "T: Hand"]
        order = [page.text.index(name) for name in ("Food T:", "Furniture T:", "Other things T:")]
        assert order == sorted(order)
        assert "T: Oak stool €90.00 For sale" in page.text


@pytest.mark.parametrize(
    ("query", "found", "said"),
    [
        ("category=FOOD", ["T: Bread"], ""),
        ("category=+food+", ["T: Bread"], ""),
        ("category=boats", [], "Nothing is on offer in the category “boats”."),
        ("category=" + "c" * 101, ["T: Bread", "T: Stool"], "No category has so long a name"),
        ("category=%00%ff", [], "Nothing is on offer in the category"),
        ("category=", ["T: Bread", "T: Stool"], ""),
        ("page=-1", ["T: Bread", "T: Stool"], ""),
    ],
)
async def test_one_category_can_be_printed_alone(village: Village, shop, query, found, said):
    village.ana.offer("T: Bread", category="Food")
    village.ana.offer("T: Stool", category="Furniture")

    page = await read(shop, f"/catalogue?{query}")

    assert titles(page) == found
    assert said in page.text


async def test_a_huge_catalogue_says_where_it_stops(village: Village, shop, monkeypatch):
    monkeypatch.setattr(catalogue, "MOST", 20)
    village.ana.offer_many([{"title": f"T: Loaf {n}", "mode": "sell"} for n in range(25)])

    page = await read(shop, "/catalogue")

    assert len(titles(page)) == 20
    assert "Only the newest 20 listings fit in here." in page.text


async def test_paper_holds_what_guests_may_see_even_at_the_desk(village: Village, shop, desk):
    village.ana.offer("T: Bread")
    assert "left out" not in (await read(desk, "/catalogue")).text
    village.ana.offer("T: Secret", audience="members", category="Hidden")

    for client in (shop, desk):
        page = await read(client, "/catalogue")
        assert titles(page) == ["T: Bread"]
        assert "idden" not in page.text
    assert "What you offer to members only is left out" in (await read(desk, "/catalogue")).text
    assert "left out" not in (await read(shop, "/catalogue")).text


async def test_where_guests_see_no_listings_the_catalogue_is_for_members(sheets: Sheets):
    async with sheets(see_listings=False) as (village, desk):
        village.ana.offer("T: Bread")
        village.ana.offer("T: Cake", audience="members")
        page = await read(desk, "/catalogue")
        assert titles(page) == ["T: Bread", "T: Cake"]
        assert "this catalogue is for members" in page.text


async def test_the_poster_says_who_where_and_a_sentence(village: Village, shop, desk):
    guests_can_come(village)
    for client in (shop, desk):
        page = await read(client, "/poster")
        for part in ("Ana", "Bern", "I bake .", "ana.example", "Riverside makers"):
            assert part in page.text, part
        (picture,) = page.all("img")
        assert picture["src"] == "/qr.svg"
        assert "where you are reading this" not in page.text


async def test_a_long_text_about_somebody_is_cut_to_a_sentence(village: Village, shop):
    village.ana.introduce("Ana", version=2, about="word " * 300 + "\n\nand more")
    page = await read(shop, "/poster")
    assert "word word…" in page.text
    assert page.text.count("word") < 45

    village.ana.introduce("Ana", version=3, about="Short.\n\nAnd more.")
    assert "And more" not in (await read(shop, "/poster")).text


async def test_the_poster_tells_no_guest_what_the_charter_hides_even_at_the_desk(sheets: Sheets):
    async with sheets(see_members=False) as (_, desk):
        page = await read(desk, "/poster")
        assert "I bake" not in page.text
        assert "Bern" not in page.text
        assert "Ana" in page.text


async def test_without_an_address_for_guests_the_sheets_say_so(village: Village, shop, desk):
    for path in ("/poster", "/catalogue"):
        mine, theirs = await read(desk, path), await read(shop, path)
        assert "There is no QR code on it yet" in mine.text
        assert not mine.all("img")
        assert "The QR code leads to shop.example, where you are reading this" in theirs.text
        assert theirs.all("img")
    assert (await desk.get("/qr.svg")).status_code == 404
    assert (await shop.get("/qr.svg")).status_code == 200


@pytest.mark.parametrize("host", ["evil.example/x?", "a b", "<script>", "x" * 300, "[::1", ""])
async def test_a_strange_host_header_gets_into_no_sheet(village: Village, gateway, host):
    transport = httpx.ASGITransport(shop_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as shop:
        page = await shop.get("/poster", headers={"Host": host})
        assert not check_page(page.text).all("img")
        if host:
            assert host not in page.text
        assert (await shop.get("/qr.svg", headers={"Host": host})).status_code == 404


async def test_the_code_is_a_picture_that_runs_nothing_and_reads_in_both_themes(
    village: Village, shop, desk
):
    guests_can_come(village)
    for client in (shop, desk):
        answer = await client.get("/qr.svg")
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert answer.content == qr.svg("https://ana.example/").body
        root = ElementTree.fromstring(answer.text)
        assert {element.tag for element in root.iter()} <= {
            SVG + tag for tag in ("svg", "path", "g")
        }
        for element in root.iter():
            assert not {"style", "class", "onload", "href"} & element.attrib.keys()
        colours = [e.get("fill") or e.get("stroke") for e in root.iter(SVG + "path")]
        assert colours == ["#fff", "#000"]  # its own light ground under the dark


def test_a_code_says_exactly_what_it_was_given(tmp_path):
    """Read back module by module: the drawn squares are those of the code."""
    import segno

    drawn = ElementTree.fromstring(bytes(qr.svg("https://ana.example/").body))
    light, dark = drawn.iter(SVG + "path")
    side = int((drawn.get("viewBox") or "").split()[2])
    wanted = segno.make("https://ana.example/", error="m", micro=False)
    assert side == wanted.symbol_size()[0] + 2 * (qr.QUIET_ZONE - 4)
    assert light.get("d") == f"M0 0h{side}v{side}h-{side}z"
    assert _squares(dark.get("d") or "") == {
        (x + qr.QUIET_ZONE, y + qr.QUIET_ZONE)
        for y, row in enumerate(wanted.matrix)
        for x, module in enumerate(row)
        if module
    }


def _squares(path: str) -> set[tuple[int, int]]:
    """The unit squares under the horizontal strokes of a path."""
    import re

    found: set[tuple[int, int]] = set()
    x, y = 0.0, 0.0
    for command, numbers in re.findall(r"([MmHh])([-\d. ]+)", path):
        values = [float(number) for number in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            found |= {(int(x) + step, int(y)) for step in range(int(values[0]))}
            x += values[0]
    return found


def test_what_no_code_can_hold_is_refused_with_what_to_do():
    with pytest.raises(Refused, match="copy the text instead"):
        qr.svg("x" * 3000)
    assert qr.svg("x" * 2900).status_code == 200
