"""Messages at the desk, by forms alone: written, read, answered, refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from node import post
from node.gateway.offers import listing_path, member_path
from node.gateway.pages.messages import messages_path
from tests.gateway.floor import Floor, desk_of
from tests.gateway.own import text
from tests.gateway.sending import find_form, follow, send


class Post(Floor):
    """A village whose people write to each other. `bread`: the page of Ana's listing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.bread = listing_path(self.ana.offer("Rye bread"))
        self.catch_up()

    def deliver(self) -> None:
        """Everybody syncs, and their nodes open what came."""
        self.catch_up()
        for who in (self.ana, self.ben):
            post.open_here(self.home(who))


@pytest.fixture
def village(tmp_path: Path) -> Post:
    return Post(tmp_path)


async def test_two_members_write_to_each_other(village: Post) -> None:
    to_ana, to_ben = messages_path(village.ana.id), messages_path(village.ben.id)
    async with desk_of(village.gateway(village.ben)) as ben, desk_of(village.gateway()) as ana:
        assert "Nobody has written to you yet" in text(await ben.get("/messages"))
        assert f'href="{to_ana}"' in (await ben.get(member_path(village.ana.id))).text
        words = "Is it sour?\n<b>Really</b> sour?"
        sent = await send(ben, to_ana, {"text": words}, button="Send")
        page = await follow(ben, sent)
        assert "Sent." in text(page)
        assert "waits here for a neighbour" in text(page)
        assert "<b>" not in page.text
        village.deliver()

        listed = text(await ana.get("/messages"))
        assert "1 new message" in listed
        assert "Is it sour?" in listed
        page = await ana.get(to_ben)
        assert "Really" in text(page)
        assert "new" in text(page)
        await send(ana, to_ben, {"text": "Very."}, button="Send")
        assert "1 new message" not in text(await ana.get("/messages"))
        village.deliver()
        assert "Very." in text(await ben.get(to_ana))


async def test_a_question_about_a_listing_leads_back_to_it(village: Post) -> None:
    listing = village.bread.rpartition("/")[2]
    to_ana = messages_path(village.ana.id)
    async with desk_of(village.gateway(village.ben)) as ben:
        page = await ben.get(f"{to_ana}?about={listing}")
        assert find_form(page.text, ["text"]).value("about") == listing
        sent = await send(ben, f"{to_ana}?about={listing}", {"text": "Is it sour?"})
        page = await follow(ben, sent)
        assert "About:" in text(page)
        assert f'<a href="{village.bread}' in page.text
        assert "About:" not in text(await ben.get(f"{messages_path(village.eva.id)}?about=none"))


async def test_what_cannot_be_sent_stays_typed(village: Post) -> None:
    to_ana = messages_path(village.ana.id)
    async with desk_of(village.gateway(village.ben)) as ben:
        for words, said in (("x" * 4001, "4000 fit"), ("  ", "nothing in this message")):
            answer = await send(ben, to_ana, {"text": words}, button="Send")
            assert answer.status_code == 422
            assert said in text(answer)
            assert find_form(answer.text, ["text"]).value("text").strip() == words.strip()
        assert post.all_letters(village.home(village.ben)) == []


async def test_whom_to_write_to_is_found_by_name(village: Post) -> None:
    async with desk_of(village.gateway(village.ben)) as ben:
        found = await ben.get("/messages", params={"to": "Ana"}, follow_redirects=False)
        assert (found.status_code, found.headers["location"]) == (
            303,
            messages_path(village.ana.id),
        )
        nobody = await ben.get("/messages", params={"to": "Zoe"})
        assert nobody.status_code == 404
        assert "Zoe" in text(nobody)
        myself = await ben.get(messages_path(village.ben.id))
        assert myself.status_code == 404


async def test_a_long_conversation_shows_the_newest_first_page(village: Post) -> None:
    ben = village.home(village.ben)
    for number in range(45):
        village.now += 1000
        post.write(ben, village.ana.id, f"Message no. {number}.")
    to_ana = messages_path(village.ana.id)
    async with desk_of(village.gateway(village.ben)) as desk:
        first = text(await desk.get(to_ana))
        assert "no. 44." in first
        assert "no. 0." not in first
        last = text(await desk.get(f"{to_ana}?page=99"))
        assert "There is no page 99" in last
        assert "no. 0." in last
