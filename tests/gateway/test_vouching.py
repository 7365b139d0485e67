"""Standing up for a newcomer at the desk, and what everybody sees of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from governance.effects.registry import EFFECTS
from node.gateway.apps import desk_app
from node.gateway.offers import member_path
from storage import certificates
from tests.gateway.own import text
from tests.gateway.reading import check_page
from tests.gateway.sending import find_form, follow, read_forms, send_from
from tests.gateway.village import DESK, Village
from tests.passing import pass_vote


@pytest.fixture
def careful(village: Village) -> Village:
    """The community asks for three vouches; as it has two members, two are needed."""
    store: Any = village.ana.store
    state, names = certificates.current(store), None
    given = {"type": "set_rules", "changes": {"membership": {"vouches": 3}}}
    effect = EFFECTS["set_rules"].prepare(given, state, names)  # type: ignore[arg-type]
    pass_vote(store, village.ana.device, "rules", effect)
    village.catch_up()
    return village


@pytest.fixture
async def bens_desk(careful: Village) -> AsyncIterator[httpx.AsyncClient]:
    gateway = careful.gateway(careful.ben)
    transport = httpx.ASGITransport(desk_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as client:
        await client.get(gateway.login_link(DESK))
        yield client


def vouch_forms(page: httpx.Response) -> list[str]:
    return [form.value("vouch") for form in read_forms(page.text) if "vouch" in form.fields]


async def test_a_member_stands_up_for_a_newcomer(
    careful: Village, desk: httpx.AsyncClient, shop: httpx.AsyncClient, bens_desk: httpx.AsyncClient
) -> None:
    eva = careful.eva
    theirs = member_path(eva.id)
    anas = await desk.get("/people")
    assert "1 vouch is missing." in text(anas)
    assert vouch_forms(anas) == []  # she invited Eva: that is her word
    assert "1 vouch is missing." in text(await bens_desk.get(theirs))
    assert "vouch" not in text(await shop.get(theirs))

    page = await bens_desk.get("/people")
    check_page(page.text)
    assert vouch_forms(page) == [eva.id.hex()]
    field = f"text-{eva.id.hex()[:8]}"
    refused = await send_from(bens_desk, page, {field: "x" * 5000}, button="I vouch for them")
    assert refused.status_code == 422
    assert find_form(refused.text, [field]).value(field) == "x" * 5000
    words = {field: "We sang together."}
    answer = await send_from(bens_desk, refused, words, button="I vouch for them")
    assert "Said: you stand up for them." in text(await follow(bens_desk, answer))
    careful.catch_up()

    for reader in (desk, bens_desk):
        page = await reader.get("/people")
        assert "is missing" not in text(page)
        assert vouch_forms(page) == []
        assert "So far Ben stood up for them." in text(await reader.get(theirs))


async def test_offices_stand_beside_names(careful: Village, desk: httpx.AsyncClient) -> None:
    ben = careful.ben
    effect = {"type": "elect", "office": "treasurer", "candidates": {"B": ben.id}}
    pass_vote(careful.ana.store, careful.ana.device, "offices", effect, "B")

    people = text(await desk.get("/people"))
    assert "Ben Keeping the purse" in people
    assert "Ana Counting votes" in people
    assert "Keeping the purse" in text(await desk.get(member_path(ben.id)))
    assert "Keeping the purse" not in text(await desk.get(member_path(careful.ana.id)))
