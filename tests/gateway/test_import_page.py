"""The desk's pages for import and export: seen first, written after, never the wrong file."""

from __future__ import annotations

import csv
import io
import json
import stat
import threading

import pytest
import trio

from node import market, pending
from node.gateway import file_reading
from node.gateway.pages import importing
from node.home import Home
from protocol.errors import StoreError
from storage.views.listing_queries import Query, search
from tests.gateway.reading import check_page
from tests.gateway.sending import find_form, follow, send, send_from

MUG = "mug,Mug,12.00,true"
BOWL = "bowl,Bowl,15.00,false"
LOOK = "Look at it"


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """However slow the machine is, a page waits until its file is read."""
    monkeypatch.setattr(file_reading, "PATIENCE", 60)


def shop_file(*rows: str) -> bytes:
    return "\n".join(["Handle,Title,Variant Price,Published", *rows, ""]).encode()


def mine(village) -> list[str]:
    found = search(village.ana.store, Query(person=village.ana.id, sort="new")).offers
    return [offer.listing.title for offer in found]


async def look(desk, data: bytes, name: str = "shop.csv", **fields):
    answer = await send(desk, "/import", fields, button=LOOK, files={"file": [(name, data)]})
    return await follow(desk, answer)


async def test_ana_sees_what_would_become_of_each_row_before_she_imports_it(desk, village):
    page = await look(desk, shop_file(MUG, BOWL))

    seen = check_page(page.text).text
    assert "a file of Shopify." in seen
    assert "Mug new 2 Bowl kept as a draft 3" in " ".join(seen.split())
    assert mine(village) == []

    answer = await send_from(desk, page, button="Import it")
    after = check_page((await follow(desk, answer)).text).text

    assert answer.headers["location"] == "/mine"
    assert "Imported: 1 new, 0 changed, 1 kept as drafts" in after
    assert mine(village) == ["Mug"]
    assert pending.waiting(village.home()) is None


async def test_the_file_that_waits_survives_a_reload_and_is_its_owner_s_alone(desk, village):
    await look(desk, shop_file(MUG))

    again = await desk.get("/import")

    assert "What would become of it" in again.text
    kept = village.home().path / pending.FILE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


async def test_a_file_put_away_is_gone(desk, village):
    page = await look(desk, shop_file(MUG))

    answer = await send_from(desk, page, button="Put the file away")

    assert "nothing was imported" in (await follow(desk, answer)).text
    assert pending.waiting(village.home()) is None
    assert mine(village) == []


async def test_a_large_file_is_read_once_while_the_page_says_so_and_can_put_it_away(
    desk, village, monkeypatch
):
    read, begun, go = file_reading._read, [], threading.Event()

    def slow(found):
        begun.append(found.name)
        assert go.wait(60)
        return read(found)

    monkeypatch.setattr(file_reading, "_read", slow)
    monkeypatch.setattr(file_reading, "PATIENCE", 0)
    try:
        page = await look(desk, shop_file(MUG), name="large.csv")
        for _ in range(3):
            page = await desk.get("/import")
            assert "The file is being read" in check_page(page.text).text
        await send_from(desk, page, button="Put the file away")
        assert pending.waiting(village.home()) is None
        await look(desk, shop_file(BOWL), name="next.csv")
    finally:
        go.set()
    monkeypatch.setattr(file_reading, "PATIENCE", 60)

    seen = check_page((await desk.get("/import")).text).text

    assert "What would become of it" in seen
    assert begun == ["large.csv", "next.csv"]


async def test_a_preview_is_worked_out_once_until_something_is_written(desk, village, monkeypatch):
    done, real = [], importing.Import

    def counted(*args, **choices):
        done.append(choices)
        return real(*args, **choices)

    monkeypatch.setattr(importing, "Import", counted)
    await look(desk, shop_file(MUG))
    for _ in range(3):
        assert "1 new" in (await desk.get("/import")).text
    assert len(done) == 1

    village.ana.offer("Bread")
    await desk.get("/import")
    assert len(done) == 2


async def test_faults_come_first_with_line_and_column_and_nothing_can_be_imported(desk, village):
    page = await look(desk, shop_file(MUG, "bowl,Bowl,fifteen,true", "cup,,3,true"))

    seen = check_page(page.text)
    assert "2 places to mend" in seen.text
    assert "Variant Price" in seen.text
    with pytest.raises(AssertionError):
        find_form(page.text, button="Import it")


async def test_a_price_with_two_readings_is_asked_about_and_then_read(desk, village):
    page = await look(desk, shop_file('lamp,Lamp,"12,50",true'))
    assert "could be read in two ways" in page.text

    answer = await send_from(desk, page, {"decimal": ","}, button="Read it again")
    page = await follow(desk, answer)
    await send_from(desk, page, button="Import it")

    (lamp,) = search(village.ana.store, Query(person=village.ana.id)).offers
    assert lamp.listing.price == 1250


async def test_another_file_chosen_in_another_tab_is_not_imported_unseen(desk, village):
    first = await look(desk, shop_file(MUG))
    other = await send(
        desk, "/import", button=LOOK, files={"file": [("other.csv", shop_file(BOWL))]}
    )
    assert other.status_code == 303

    answer = await send_from(desk, first, button="Import it")

    assert answer.status_code == 409
    assert "Another file was chosen in the meantime" in answer.text
    assert "other.csv" in answer.text
    assert mine(village) == []


async def test_an_import_sent_twice_is_done_once(desk, village):
    page = await look(desk, shop_file(MUG))
    await send_from(desk, page, button="Import it")

    again = await send_from(desk, page, button="Import it")

    assert "was sent before" in (await follow(desk, again)).text
    assert mine(village) == ["Mug"]


async def test_a_page_opened_before_the_import_says_that_no_file_waits(desk, village):
    await look(desk, shop_file(MUG))
    one, other = await desk.get("/import"), await desk.get("/import")
    await send_from(desk, one, button="Import it")

    answer = await send_from(desk, other, button="Import it")

    assert answer.status_code == 409
    assert "No file waits any more" in answer.text


@pytest.mark.parametrize(
    ("fields", "files", "words"),
    [
        ({}, {}, "Choose a file first."),
        ({"currency": "euro"}, {"file": [("a.csv", b"x")]}, "no currency code"),
    ],
)
async def test_a_form_that_lacks_something_says_so(desk, village, fields, files, words):
    answer = await send(desk, "/import", fields, button=LOOK, files=files)

    assert answer.status_code == 422
    assert words in check_page(answer.text).text
    assert pending.waiting(village.home()) is None


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\0", b"<html>", b"\0" * 100, b"a" * 100])
async def test_what_is_no_table_gets_a_sentence(desk, village, data):
    page = await look(desk, data)

    assert page.status_code == 200
    assert "1 place to mend" in check_page(page.text).text


async def test_a_header_without_rows_is_said_to_be_one(desk, village):
    assert "no row under them" in (await look(desk, shop_file())).text


async def test_a_file_above_the_limit_is_refused_and_not_kept(desk, village):
    answer = await send(
        desk,
        "/import",
        button=LOOK,
        files={"file": [("big.csv", b"x" * (importing.UPLOAD + 2**20))]},
    )

    assert answer.status_code == 413
    assert pending.waiting(village.home()) is None


async def test_a_waiting_file_that_is_damaged_is_as_none(desk, village):
    home = village.home()
    for content in (b"", b"{}\n", b"[]\nx", b"\xff\n", b'{"name": "a"}\n'):
        (home.path / pending.FILE).write_bytes(content)

        assert (await desk.get("/import")).status_code == 200
        assert pending.waiting(home) is None


async def test_texts_of_a_file_can_do_nothing_in_the_page(desk, village):
    page = await look(desk, shop_file('x,"<script>alert(1)</script>",3,true'), name="<b>.csv")

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "&lt;b&gt;.csv" in page.text


async def test_two_hundred_rows_are_shown_and_the_others_counted(desk, village):
    page = await look(desk, shop_file(*(f"m{n},Mug {n},3,true" for n in range(205))))

    assert "And 5 more." in page.text
    assert "Mug 199" in page.text
    assert "Mug 200" not in page.text


async def test_other_tasks_have_their_turn_while_many_products_are_imported(desk, village):
    """What keeps the node's thread for the whole import would let nothing else run meanwhile."""
    page = await look(desk, shop_file(*(f"m{n},Mug {n},3,true" for n in range(300))))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        await send_from(desk, page, button="Import it")
        nursery.cancel_scope.cancel()

    assert turns > 50
    assert len(search(village.ana.store, Query(person=village.ana.id, limit=500)).offers) == 300


async def test_an_import_that_can_not_be_kept_is_not_kept_in_parts(desk, village, monkeypatch):
    page = await look(desk, shop_file(*(f"m{n},Mug {n},3,true" for n in range(150))))

    def full(home, drafts):
        raise StoreError("disk-full", "The disk is full; nothing was written.")

    with monkeypatch.context() as patch:
        patch.setattr(Home, "append", full)
        answer = await send_from(desk, page, button="Import it")

    assert answer.status_code == 503
    assert "The disk is full" in answer.text
    assert search(village.ana.store, Query(person=village.ana.id)).total == 0
    again = await send_from(desk, await desk.get("/import"), button="Import it")
    assert "150 new" in (await follow(desk, again)).text


@pytest.mark.parametrize("name", ["csv", "shopify", "json-ld"])
async def test_each_download_is_a_file_of_that_name(desk, village, name):
    village.ana.offer("Bread")
    links = [link["href"] for link in check_page((await desk.get("/export")).text).all("a")]

    answer = await desk.get(f"/export/{name}")

    assert f"/export/{name}" in links
    assert answer.status_code == 200
    assert "attachment; filename=" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    if name == "json-ld":
        assert json.loads(answer.text)["@graph"][0]["name"] == "Bread"
    else:
        (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
        assert row.get("title", row.get("Title")) == "Bread"


async def test_what_is_downloaded_can_be_imported_again_and_changes_nothing(desk, village):
    village.ana.offer("Bread")
    market.save_draft(village.home(), None, search(village.ana.store, Query()).offers[0].listing)

    page = await look(desk, (await desk.get("/export/csv")).content)
    seen = check_page(page.text).text

    assert "a file of Moothall" in seen
    answer = await send_from(desk, page, button="Import it")
    assert "2 as they were" in (await follow(desk, answer)).text
