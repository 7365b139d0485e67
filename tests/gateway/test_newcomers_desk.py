"""The desk of somebody who is new: what they may do already, and what becomes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from node.gateway.apps import desk_app
from node.gateway.context import Gateway
from node.home import Home, join_by
from node.keystore import KeyFile, Keys
from protocol.invitation import Link
from tests.gateway.own import text
from tests.gateway.reading import check_page
from tests.gateway.sending import find_form, follow, send, send_from
from tests.gateway.village import DESK, Village


@pytest.fixture
async def waiting(village: Village, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The desk of Dora, who took an invitation and has met nobody yet."""
    link = Link(village.community, bytes(32), bytes(32), 0, bytes(32), {})
    with closing(join_by(tmp_path / "dora", link, "Dora", None, lambda: village.now)) as home:
        gateway = Gateway(secret=bytes(32), home=home, clock=lambda: village.now)
        gateway.desk_is_at(DESK)
        transport = httpx.ASGITransport(desk_app(gateway))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as client:
            await client.get(gateway.login_link(DESK))
            yield client


async def test_who_waits_may_write_already_and_hears_what_becomes_of_it(waiting):
    assert "Nobody has let you in yet." in text(await waiting.get("/mine"))
    page = await waiting.get("/offer")
    assert "Nobody has let you in yet." in text(page)

    typed = {"title": "Jam", "price": "4", "currency": "EUR"}
    published = await send_from(waiting, page, typed, button="Publish")

    listed = await follow(waiting, published)
    assert "it goes out as soon as the community lets you in" in text(listed)
    assert "Jam €4.00" in text(listed)
    (edit,) = (a["href"] for a in check_page(listed.text).all("a") if "/offer/" in a["href"])
    saved = await send(waiting, edit, {"price": "5"}, button="Save changes")
    assert "Jam €5.00" in text(await follow(waiting, saved))
    page = await waiting.get("/mine?show=waiting")
    (pick,) = find_form(page.text, ["pick"]).fields["pick"].options
    sure = await send_from(waiting, page, {"pick": pick}, button="Withdraw")
    await send_from(waiting, sure, button="Do it")
    assert "Jam" not in text(await waiting.get("/mine?show=waiting"))


@pytest.fixture
async def eva_desk(village: Village) -> AsyncIterator[httpx.AsyncClient]:
    """The desk of Eva, who joined and is not confirmed yet."""
    eva = village.eva
    keyfile = KeyFile(
        path=village.folder / "eva.json",
        community=village.community,
        person=eva.id,
        device=eva.device.public,
        sealed=False,
    )
    keys = Keys(person=eva.key, device=eva.device)
    home = Home(path=village.folder, keyfile=keyfile, store=eva.store, _keys=keys)
    gateway = Gateway(secret=bytes(32), home=home, clock=lambda: village.now)
    gateway.desk_is_at(DESK)
    transport = httpx.ASGITransport(desk_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as client:
        await client.get(gateway.login_link(DESK))
        yield client


async def test_who_is_not_confirmed_yet_reads_what_that_means(eva_desk):
    assert "marked as not yet confirmed" in text(await eva_desk.get("/mine"))
