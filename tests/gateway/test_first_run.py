"""The first start, in the browser: from nothing to a market with its first friend invited."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import trio
import trio.testing
from nacl.pwhash import argon2id

from governance.templates import TEMPLATES
from node import recovery
from node.home import open_home
from node.people import own_profile
from protocol.invitation import read_link
from protocol.lobby import Answer
from tests.gateway.first_steps import Beginning
from tests.gateway.reading import check_page
from tests.gateway.sending import follow, send, send_from
from tests.gateway.village import DESK, Village

ELM = {"community": "Elm Street", "person": "Ana"}
ORIGIN = {"origin": f"http://{DESK}"}


@pytest.fixture
async def ana(tmp_path: Path) -> AsyncIterator[Beginning]:
    """Ana has followed the link that the command printed."""
    beginning = Beginning(tmp_path / "ana")
    await beginning.log_in()
    yield beginning
    await beginning.end()


def invitation() -> str:
    """A link whose neighbours are nowhere."""
    from protocol.invitation import Link

    return Link(b"c" * 32, b"s" * 32, b"i" * 32, 0, b"x" * 32, {b"d" * 32: ()}).text()


async def test_ana_founds_a_community_and_goes_through_all_the_steps(ana: Beginning):
    begin = check_page((await ana.client.get("/")).text)
    assert {"href": "/found", "class": "button"} in begin.all("a")

    made = await send(ana.client, "/found", {**ELM, "template": "makers-market", "currency": "CHF"})
    home = await ana.run_node()
    assert home.charter().name == "Elm Street"
    assert home.charter().currency == "CHF"
    assert own_profile(home).name == "Ana"

    page = await follow(ana.client, made)
    assert "Step 2 of 4" in check_page(page.text).text
    page = await follow(
        ana.client, await send_from(ana.client, page, {"saved": True}, button="Go on")
    )
    assert "Step 3 of 4" in page.text
    assert 'href="/offer"' in page.text
    page = await follow(ana.client, await send_from(ana.client, page, button="Later"))
    assert "Step 4 of 4" in page.text
    sent = await send_from(ana.client, page, {"note": "Ben"}, button="Make an invitation")
    page = await follow(ana.client, sent)
    (shown,) = [a for a in check_page(page.text).all("img") if a["class"] == "code"]
    assert (await ana.client.get(shown["src"])).headers["content-type"] == "image/svg+xml"
    assert "moothall:join?i=" in page.text
    done = await send_from(ana.client, page, button="Finish")
    assert done.headers["location"] == "/"
    front = await ana.client.get("/")
    assert "Step" not in check_page(front.text).text
    assert "All set." in front.text
    assert (await ana.client.get("/welcome")).headers["location"] == "/"


async def test_nothing_is_lost_on_reload_or_restart(ana: Beginning):
    await send(ana.client, "/found", ELM)
    home = await ana.run_node()
    await send(ana.client, "/welcome", {"saved": True}, button="Go on")
    for _ in range(2):
        assert "Your first listing" in (await ana.client.get("/welcome")).text
    home.close()

    ana.gateway.begin(open_home(ana.folder), ana.node)

    assert "Your first listing" in (await ana.client.get("/welcome")).text
    strip = check_page((await ana.client.get("/community")).text)
    assert "Step 3 of 4" in strip.text
    assert {"href": "/welcome"} in strip.all("a")
    assert (await ana.log_in()).headers["location"] == "/welcome"


async def test_a_step_taken_elsewhere_is_taken(ana: Beginning):
    await send(ana.client, "/found", ELM)
    home = await ana.run_node()
    await send(ana.client, "/welcome", button="Later")
    from node import market
    from protocol.kinds.listing import Listing

    market.save_draft(home, None, Listing(title="Bread", mode="give"))

    assert "Invite the first friend" in (await ana.client.get("/welcome")).text
    again = await ana.client.get("/welcome?step=recovery")  # one may always look back
    assert "Keep your recovery file" in again.text


async def test_who_asks_between_home_and_node_waits_and_notices_nothing(
    ana: Beginning, nursery: trio.Nursery
):
    made = await send(ana.client, "/found", ELM)
    got: list[httpx.Response] = []

    async def ask() -> None:
        got.append(await follow(ana.client, made))

    nursery.start_soon(ask)
    await trio.testing.wait_all_tasks_blocked()
    assert got == []

    await ana.run_node()
    await trio.testing.wait_all_tasks_blocked()

    assert [answer.status_code for answer in got] == [200]
    assert "Keep your recovery file" in got[0].text


async def test_the_login_of_the_first_run_stays_good_at_the_next_start(ana: Beginning):
    cookie = dict(ana.client.cookies)
    await send(ana.client, "/found", ELM)
    await ana.run_node()

    assert (await ana.client.get("/community")).status_code == 200
    assert dict(ana.client.cookies) == cookie


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"community": ""}, "needs a name of 1 to 80 characters"),
        ({"community": "x" * 81}, "needs a name of 1 to 80 characters"),
        ({"community": "a\x07b"}, "on one line"),
        ({"person": " "}, "A name has 1 to 100 characters"),
        ({"person": "\N{GRINNING FACE}" * 300}, "A name has 1 to 100 characters"),
        ({"passphrase": "open sesame", "again": "open sesam"}, "two passphrases differ"),
        ({"passphrase": "open sesame", "again": ""}, "two passphrases differ"),
    ],
)
async def test_a_mistake_keeps_what_was_typed_but_never_a_passphrase(
    ana: Beginning, fields: dict[str, str], said: str
):
    typed = {**ELM, "template": "makers-market", "currency": "CHF", **fields}
    answer = await send(ana.client, "/found", typed)

    page = check_page(answer.text)
    assert answer.status_code == 422
    assert said in page.text
    assert "nothing was made" in page.text
    assert "sesam" not in answer.text
    values = {field["name"]: field["value"] for field in page.all("input") if "id" in field}
    for name in ("community", "person"):
        assert values[name] == typed[name].strip().replace("\x07", "\N{REPLACEMENT CHARACTER}")
    chosen = [each["value"] for each in page.all("input") if "checked" in each]
    chosen += [each["value"] for each in page.all("option") if "selected" in each]
    assert chosen == ["makers-market", "CHF"]
    assert not (ana.folder / "keys.json").exists()


async def test_choices_that_are_not_on_the_page_are_refused(ana: Beginning):
    page = await ana.client.get("/found")
    offered = [field["value"] for field in check_page(page.text).all("input") if "value" in field]
    assert set(TEMPLATES) <= set(offered)
    token = page.text.split('name="form" value="')[1].split('"')[0]
    for wrong in ({"template": "../secret"}, {"currency": "euros"}, {"currency": ""}):
        data = {**ELM, "template": "kitchen-table", "currency": "EUR", "form": token, **wrong}
        answer = await ana.client.post("/found", data=data, headers=ORIGIN)
        assert answer.status_code == 422, wrong
    assert not (ana.folder / "keys.json").exists()


async def test_a_folder_that_can_not_be_written_is_said_in_a_sentence(ana: Beginning):
    ana.folder.write_text("a letter")  # where a folder should be

    answer = await send(ana.client, "/found", ELM)

    assert answer.status_code == 422
    assert "can't be written" in check_page(answer.text).text
    assert ana.folder.read_text() == "a letter"


async def test_a_home_that_came_in_between_is_left_alone(ana: Beginning):
    ana.folder.mkdir()
    (ana.folder / "keys.json").write_text("{}")

    answer = await send(ana.client, "/found", ELM)

    assert "already holds a home" in check_page(answer.text).text
    assert (ana.folder / "keys.json").read_text() == "{}"


async def test_with_a_passphrase_keys_and_recovery_file_are_sealed(ana: Beginning):
    secret = {"passphrase": " open sesame ", "again": " open sesame "}
    await send(ana.client, "/found", {**ELM, **secret})
    home = await ana.run_node()

    assert home.keyfile.sealed
    page = await ana.client.get("/welcome")
    assert "sealed with your passphrase" in page.text
    file = await ana.client.get("/recovery.txt")
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["cache-control"] == "no-store"
    _, signer = recovery.read(file.text, " open sesame ")
    assert signer.public == home.person


async def test_the_recovery_file_has_to_be_saved_or_put_off(ana: Beginning):
    await send(ana.client, "/found", ELM)
    await ana.run_node()

    answer = await send(ana.client, "/welcome", button="Go on")

    assert answer.status_code == 422
    assert "tick that you have it" in check_page(answer.text).text
    assert "Step 2 of 4" in answer.text


async def test_a_recovery_file_that_was_moved_away_can_be_made_again(
    ana: Beginning, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("node.keystore.OPERATIONS", argon2id.OPSLIMIT_MIN)
    monkeypatch.setattr("node.keystore.MEMORY", argon2id.MEMLIMIT_MIN)
    await send(ana.client, "/found", {**ELM, "passphrase": "sesame", "again": "sesame"})
    home = await ana.run_node()
    (home.path / "recovery.txt").unlink()
    gone = await ana.client.get("/recovery.txt")
    assert gone.status_code == 404
    assert "make it again" in check_page(gone.text).text

    refused = await send(ana.client, "/settings/recovery", {"passphrase": "salami"})
    assert refused.status_code == 422
    assert "salami" not in refused.text
    await send(ana.client, "/settings/recovery", {"passphrase": "sesame"})

    again = (await ana.client.get("/recovery.txt")).text
    assert recovery.read(again, "sesame")[1].public == home.person
    assert stat.S_IMODE((home.path / "recovery.txt").stat().st_mode) == 0o600


async def test_ben_takes_an_invitation_and_waits_calmly_while_nobody_answers(ana: Beginning):
    ben, link = ana, invitation()
    broken = f"  {link[:60]}\r\n{link[60:]}\n"  # as a mail program breaks it
    made = await send(ben.client, "/take", {"link": broken, "person": "Ben"})
    home = await ben.run_node()
    assert home.standing() == "waiting"

    page = await follow(ben.client, made)
    assert "Keep your recovery file" in page.text  # that can be done meanwhile
    page = await follow(
        ben.client, await send_from(ben.client, page, {"saved": True}, button="Go on")
    )

    waiting = check_page(page.text)
    assert "None of them has answered yet" in waiting.text
    assert {"href": "/welcome", "class": "button"} in waiting.all("a")
    ben.node.last_answer = Answer("busy", "")
    assert "too busy" in (await ben.client.get("/welcome")).text


async def test_an_invitation_on_a_page_works_as_well(ana: Beginning):
    link = read_link(invitation())
    await send(ana.client, "/take", {"link": link.text("https://shop.example"), "person": "Ben"})

    assert (await ana.run_node()).store.community == link.community


@pytest.mark.parametrize("link", ["hello", "moothall:join?i=hwFYIA", "https://example.org/join"])
async def test_a_link_that_is_none_is_refused_before_anything_is_made(ana: Beginning, link: str):
    answer = await send(ana.client, "/take", {"link": link, "person": "Ben"})

    page = check_page(answer.text)
    assert answer.status_code == 422
    assert "not a whole invitation link" in page.text
    assert link in page.text
    assert not ana.folder.exists()


async def test_an_invitation_that_lets_nobody_in_can_be_changed_for_another(
    ana: Beginning, nursery: trio.Nursery
):
    ben = ana
    await send(ben.client, "/take", {"link": invitation(), "person": "Ben"})
    await ben.run_node()
    ben.node.last_answer = Answer("used", "")
    page = await ben.client.get("/welcome")  # before the recovery file of a home that leads nowhere
    assert "used already" in check_page(page.text).text

    nursery.start_soon(ben.take_away)
    answer = await send_from(ben.client, page, button="Begin again with another invitation")
    page = await follow(ben.client, answer)

    assert "Join with an invitation" in page.text
    assert not ben.folder.exists()
    await send(ben.client, "/found", {"community": "Oak Lane", "person": "Ben"})
    assert (await ben.run_node()).charter().name == "Oak Lane"


async def test_who_is_in_can_not_give_the_home_up(ana: Beginning):
    await send(ana.client, "/found", ELM)
    home = await ana.run_node()
    token = ana.gateway.sent.token()

    await ana.client.post("/welcome", data={"form": token, "do": "again"}, headers=ORIGIN)

    assert "can't be taken back" in check_page((await ana.client.get("/welcome")).text).text
    assert (home.path / "keys.json").exists()


async def test_an_old_home_shows_no_first_steps(village: Village, desk: httpx.AsyncClient):
    assert "Step" not in check_page((await desk.get("/")).text).text
    assert (await desk.get("/welcome")).headers["location"] == "/"
