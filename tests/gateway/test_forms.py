"""Forms as the desk takes them: once, from its own pages, and never lost without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
import trio
from starlette.responses import Response

from node.gateway.apps import desk_app, shop_app
from node.gateway.context import Gateway
from node.gateway.forms import LIFE_SECONDS, Form
from node.gateway.pages import registry
from node.gateway.pages.page import BOTH, Page
from node.gateway.visit import Visit
from tests.gateway.village import DESK, Village

ORIGIN = {"Origin": f"http://{DESK}"}
written: list[tuple[str, int]] = []


async def _show(visit: Visit) -> Response:
    return visit.render("problem.html", title="Notes", text=visit.form_token())


async def _write(visit: Visit, form: Form) -> Response:
    file = form.file("photo")
    await trio.sleep(0)  # as a page does that draws a photo meanwhile
    written.append((form.text("note"), len(file.data) if file else 0))
    return visit.done("/notes", "Noted.")


NOTES = Page(
    path="/notes", name="notes", endpoint=_show, audience=BOTH, post=_write, upload=200_000
)


@pytest.fixture
def gateway(village: Village) -> Iterator[Gateway]:
    """Ana's gateway with one more page, registered as any other."""
    written.clear()
    registry.PAGES.append(NOTES)
    yield village.gateway()
    registry.PAGES.remove(NOTES)


async def _token(client: httpx.AsyncClient) -> str:
    found = re.search(r'dir="auto">([\w.-]+)</p>', (await client.get("/notes")).text)
    assert found is not None
    return found[1]


async def test_a_form_is_acted_on_and_the_next_page_says_so_once(desk):
    sent = await desk.post(
        "/notes", data={"form": await _token(desk), "note": "Bread"}, headers=ORIGIN
    )

    assert (sent.status_code, sent.headers["location"]) == (303, "/notes")
    assert written == [("Bread", 0)]
    assert "Noted." in (await desk.get("/notes")).text
    assert "Noted." not in (await desk.get("/notes")).text


async def test_a_form_sent_twice_is_done_once_and_changed_it_is_another(desk):
    form = {"form": await _token(desk), "note": "Bread"}
    first = await desk.post("/notes", data=form, headers=ORIGIN)
    again = await desk.post("/notes", data=form, headers=ORIGIN)

    assert first.headers["location"] == again.headers["location"]
    assert written == [("Bread", 0)]
    assert "not done a second time" in (await desk.get("/notes")).text

    await desk.post("/notes", data={**form, "note": "Rolls"}, headers=ORIGIN)
    assert [note for note, _ in written] == ["Bread", "Rolls"]


async def test_a_form_sent_twice_at_the_same_moment_is_done_once(desk, autojump_clock):
    form = {"form": await _token(desk), "note": "Bread"}
    led: list[str] = []

    async def send() -> None:
        sent = await desk.post("/notes", data=form, headers=ORIGIN)
        led.append(sent.headers["location"])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        nursery.start_soon(send)

    assert led == ["/notes", "/notes"]
    assert written == [("Bread", 0)]


async def test_a_file_comes_with_its_form(desk):
    files = {"photo": ("a.png", b"x" * 70_000)}
    data = {"form": await _token(desk), "note": "With a picture"}
    assert (await desk.post("/notes", data=data, files=files, headers=ORIGIN)).status_code == 303
    assert written == [("With a picture", 70_000)]


async def test_what_is_too_large_is_refused_with_a_sentence(desk):
    token = await _token(desk)
    files = {"photo": ("a.png", b"x" * 40_000_000)}
    sent = await desk.post("/notes", data={"form": token}, files=files, headers=ORIGIN)

    assert sent.status_code == 413
    assert "nothing was kept" in sent.text
    assert written == []


@pytest.mark.parametrize(
    "token", ["", "made.up.value", "x" * 5000, "\u0661.\u0662.\u0663"], ids=repr
)
async def test_a_form_that_this_desk_never_gave_out_changes_nothing(desk, token):
    sent = await desk.post("/notes", data={"form": token, "note": "Evil"}, headers=ORIGIN)
    assert sent.status_code == 403
    assert written == []


async def test_another_home_can_not_make_a_form_and_an_old_one_is_refused(desk, village: Village):
    other = Gateway(secret=b"another home with another secret")
    form = {"form": other.sent.token(), "note": "Evil"}
    assert (await desk.post("/notes", data=form, headers=ORIGIN)).status_code == 403

    token = await _token(desk)
    village.now += LIFE_SECONDS * 1000 - 2000
    await desk.get(village.gateway().login_link(DESK))
    village.now += 4000
    assert (await desk.post("/notes", data={"form": token}, headers=ORIGIN)).status_code == 403
    assert written == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": f"https://{DESK}"},
        {"Origin": "http://127.0.0.1:8101"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
    ids=repr,
)
async def test_a_form_from_elsewhere_changes_nothing(desk, headers):
    form = {"form": await _token(desk), "note": "Evil"}
    sent = await desk.post("/notes", data=form, headers=headers)
    assert sent.status_code in (403, 421)
    assert written == []


async def test_who_was_logged_out_while_typing_loses_nothing(village: Village, gateway: Gateway):
    transport = httpx.ASGITransport(desk_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as ana:
        await ana.get(gateway.login_link(DESK))
        form = {"form": await _token(ana), "note": "A long text"}
        ana.cookies.clear()

        locked = await ana.post("/notes", data=form, headers=ORIGIN)
        assert locked.status_code == 403
        assert "nothing was saved" in locked.text

        await ana.get(gateway.login_link(DESK))
        assert (await ana.post("/notes", data=form, headers=ORIGIN)).status_code == 303
    assert written == [("A long text", 0)]


async def test_a_shop_window_takes_no_form(gateway: Gateway):
    transport = httpx.ASGITransport(shop_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as guest:
        sent = await guest.post("/notes", data={"form": gateway.sent.token(), "note": "Evil"})
    assert sent.status_code == 405
    assert sent.headers["allow"] == "GET, HEAD"
    assert written == []


async def test_what_is_no_form_is_refused(desk):
    headers = {**ORIGIN, "Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"", b"--y\r\n", b"--x\r\nnonsense", b"\0" * 1000):
        sent = await desk.post("/notes", content=body, headers=headers)
        assert sent.status_code in (400, 403)
    assert written == []


async def test_another_command_at_work_is_waited_for(desk, village: Village, autojump_clock):
    from node import control

    form = {"form": await _token(desk), "note": "Bread"}
    with control.turn(village.folder / "ana"):
        sent = await desk.post("/notes", data=form, headers=ORIGIN)
    assert sent.status_code == 400
    assert "Another command of yours is still at work" in sent.text
    assert (await desk.post("/notes", data=form, headers=ORIGIN)).status_code == 303
