"""What goes wrong in a browser, at a running node: each page stays right and says what happened."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.gateway.sending import follow, send, send_from
from tests.system.people import Person, village
from tests.system.test_gateway import ask, said

ARABIC = "خبز الزبدة من فرن القرية"


async def test_a_desk_says_what_happened_and_loses_nothing(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.start()
        base = ana.ready["desk"].partition("/login/")[0]
        async with httpx.AsyncClient(base_url=base, timeout=60) as desk:
            await desk.get(ana.ready["desk"])

            # A photo of 40 MB: said, and what was typed is still there.
            photo = {"photos": [("huge.jpg", b"\xff\xd8" + bytes(40_000_000))]}
            large = await send(
                desk, "/offer", {"title": "Rye bread"}, button="Publish", files=photo
            )
            assert large.status_code in (413, 422)
            assert "huge.jpg" in large.text
            assert 'value="Rye bread"' in large.text

            # A form sent twice makes one listing; going back and sending something else, another.
            page = await desk.get("/offer")
            first = await send_from(desk, page, {"title": "Rolls"}, button="Publish")
            again = await send_from(desk, page, {"title": "Rolls"}, button="Publish")
            assert first.headers["location"] == again.headers["location"]
            assert "not done a second time" in (await follow(desk, again)).text
            assert ana.titles() == {"Rolls"}

            # Two tabs: what the other one changed is not overwritten unseen.
            rolls = first.headers["location"].removeprefix("/listing/")
            one, other = await desk.get(f"/offer/{rolls}"), await desk.get(f"/offer/{rolls}")
            await send_from(desk, one, {"price": "1.00"}, button="Save changes")
            late = await send_from(desk, other, {"price": "2.00"}, button="Save changes")
            assert late.status_code == 409
            assert ana.do("listing", "show", rolls)["listing"]["price"]["amount"] == 100

            # A session that ended: nothing is saved, and nothing typed is lost.
            page = await desk.get("/profile")
            desk.cookies.clear()
            locked = await send_from(
                desk, page, {"about": "A long text."}, button="Save the profile"
            )
            assert locked.status_code == 403
            assert "nothing was saved" in locked.text
            await desk.get(ana.do("desk")["desk"])
            await send_from(desk, page, {"about": "A long text."}, button="Save the profile")
            assert ana.do("member", "show", "Ana")["profile"]["about"] == "A long text."

            # An upload cut off changes nothing, and the node goes on.
            _cut_off(ana, desk.cookies)
            assert (await desk.get("/mine?show=drafts")).status_code == 200
            assert ana.titles() == {"Rolls"}
        assert ana.do("verify")["faults"] == []


def _cut_off(ana: Person, cookies: httpx.Cookies) -> None:
    """Send half of a form with a file, and hang up."""
    at = urlsplit(ana.ready["desk"])
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    with socket.create_connection((at.hostname, at.port), timeout=60) as line:
        line.sendall(
            f"POST /offer HTTP/1.1\r\nHost: {at.netloc}\r\nOrigin: http://{at.netloc}\r\n"
            f"Cookie: {cookie}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            "Content-Length: 5000000\r\n\r\n--x\r\n"
            'Content-Disposition: form-data; name="title"\r\n\r\nHalf a cake\r\n--x\r\n'
            'Content-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'.encode()
            + bytes(100_000)
        )


def test_a_shop_window_stays_right_whatever_is_asked_of_it(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.start()
        shop = ana.ready["shop"]
        assert "Ana has nothing on offer at the moment" in said(ask(shop, "/")[2])

        refused = ana.refused("profile", "set", "--name", "🥨" * 300)
        assert "300 characters" in refused["message"]
        ana.do("profile", "set", "--name", "🥨" * 100)
        ana.do("listing", "add", "--title", ARABIC, "--mode", "sell", "--price", "3.50")
        front = ask(shop, "/")[2]
        assert "🥨" * 100 in front
        assert f'dir="auto">{ARABIC}' in front

        many = tmp_path / "many.csv"
        rows = "".join(f"Thing {n},thing-{n},1.00,active\n" for n in range(2_000))
        many.write_text(f"Title,URL handle,Price,Status\n{rows}")
        ana.do("listing", "import", str(many))
        ana.until(lambda: "More than 1,000 listings" in ask(shop, "/search")[2], "they are there")
        for path, sentence in (
            ("/search?page=-1", "There is no page"),
            ("/search?page=99999", "this is the last one"),
            ("/search?q=" + "a" * 10_000, "Your search was long"),
            ("/search?min=cheap", "cheap"),
            ("/search?sort=%00%ff", "no order called"),
        ):
            status, _, text = ask(shop, path)
            assert status == 200, path
            assert sentence in text, path
        status, _, text = ask(shop, "/api/listings?page=-1")
        assert status == 400
        assert json.loads(text)["error"]
