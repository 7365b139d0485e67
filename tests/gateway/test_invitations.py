"""Inviting from the desk, and saying whom one meant."""

from __future__ import annotations

import httpx
import pytest

from governance.roll import admit
from node import invitations, inviting
from node.gateway.context import Gateway
from protocol.invitation import read_link
from protocol.keys import Signer
from protocol.kinds import enrol, join
from storage import certificates, own
from storage.database import set_meta
from storage.own import Draft
from storage.standing import settle
from tests.gateway.reading import check_page
from tests.gateway.sending import follow, send
from tests.gateway.village import DESK, Person, Village


@pytest.fixture(autouse=True)
def reachable(village: Village) -> None:
    """Ana's node has run, so it knows where it listens."""
    set_meta(village.ana.store.db, "addresses", '["/ip4/192.0.2.1/tcp/4001"]')


def come(village: Village, name: str, link: str) -> Person:
    """Somebody uses a link and knocks at Ana's node."""
    invitation = read_link(link)
    person = Person(name, village.community, village.folder, village)
    community, device = village.community, person.device.public
    once = Signer(invitation.secret)
    body = join.body(once, community, invitation.invite, person.key.public, device)
    drafts = [Draft("enrol", enrol.body(person.key, community, device)), Draft("join", body)]
    own.append(person.store, person.device, drafts)
    known, village.eva = village.eva, person
    village.catch_up()
    village.eva = known
    return person


def links(page: str) -> list[str]:
    """What stands in the fields to copy, top to bottom."""
    parts = page.split('<textarea id="link-')[1:]
    return [part.split(">", 1)[1].split("<")[0] for part in parts]


async def test_an_invitation_is_shown_with_note_link_and_code_and_again_later(desk, village):
    page = await follow(desk, await send(desk, "/invitations", {"note": "Ben's sister"}))

    said = check_page(page.text)
    assert "Your invitation is ready" in said.text
    assert "Ben's sister" in said.text
    (link,) = links(page.text)
    (code,) = [img["src"] for img in said.all("img") if img.get("class") == "code"]
    drawn = await desk.get(code)
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.headers["cache-control"] == "no-store"
    village.ana.offer("Bread")  # the same link, whatever happens in between
    assert read_link(links((await desk.get("/invitations")).text)[0]).secret == (
        read_link(link).secret
    )


async def test_the_secret_is_in_no_file_of_the_home(desk, village):
    page = await follow(desk, await send(desk, "/invitations", {"note": "Ben"}))
    secret = read_link(links(page.text)[0]).secret

    village.ana.store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [path.read_bytes() for path in village.folder.rglob("*") if path.is_file()]

    assert len(files) > 1
    assert not any(secret in data or secret.hex().encode() in data for data in files)


async def test_several_are_made_at_once_and_no_more_than_there_are(desk):
    free = inviting_free((await desk.get("/invitations")).text)
    page = await follow(desk, await send(desk, "/invitations", {"uses": str(free)}))

    assert len(set(links(page.text))) == free
    assert "of your invitations are given out" in check_page(page.text).text


def inviting_free(page: str) -> int:
    return int(check_page(page).text.split("You can invite ")[1].split()[0])


@pytest.mark.parametrize("uses", ["0", "-1", "many", "1.5", "99999999999999999999", "²"])
async def test_a_number_that_is_none_is_refused(desk, uses):
    answer = await send(desk, "/invitations", {"uses": uses, "note": "Ben"})

    assert answer.status_code == 422
    assert "whole number" in check_page(answer.text).text
    assert 'value="Ben"' in answer.text


async def test_more_than_there_are_is_refused(desk):
    answer = await send(desk, "/invitations", {"uses": "900"})

    assert answer.status_code == 422
    assert "of your" in check_page(answer.text).text
    assert links(answer.text) == []


async def test_a_note_that_is_too_long_is_refused_and_kept_in_its_field(desk):
    answer = await send(desk, "/invitations", {"note": "é" * 201})

    assert answer.status_code == 422
    assert "é" * 201 in answer.text


async def test_where_guests_come_a_page_to_send_is_shown_first(desk, village):
    set_meta(village.ana.store.db, "shop", "0.0.0.0:8080")
    set_meta(village.ana.store.db, "shop_url", "https://ana.example/")

    page = await follow(desk, await send(desk, "/invitations", {}))

    assert page.text.index("https://ana.example/join?i=") < page.text.index("moothall:join?i=")


async def test_a_used_invitation_tells_who_came_and_shows_its_link_no_more(desk, village, gateway):
    page = await follow(desk, await send(desk, "/invitations", {"note": "For Finn"}))
    link = links(page.text)[0]
    finn = come(village, "Finn", link)
    finn.introduce("Finn")
    come_again(village, finn)

    page = await desk.get("/invitations")
    assert "taken up, not yet confirmed" in page.text
    assert "Finn" in check_page(page.text).text
    assert links(page.text) == []

    invitation = inviting.find(gateway.home, read_link(link).invite.hex())
    joined = village.ana.store.db.execute(
        "SELECT record FROM joining WHERE invite = ?", [invitation.record]
    ).fetchone()[0]
    place = (village.ana.device.public, *invitation.place)
    admission = admit(finn.id, finn.device.public, village.ana.id, place, joined)
    with village.ana.store.transaction():
        certificates.certify(village.ana.store, village.ana.device, "roll", {"admit": [admission]})
        settle(village.ana.store)
    text = check_page((await desk.get("/invitations")).text).text
    assert "Earlier invitations For Finn Finn" in text
    finn.store.close()


def come_again(village: Village, person: Person) -> None:
    known, village.eva = village.eva, person
    village.catch_up()
    village.eva = known


async def test_its_code_is_drawn_no_more_once_it_is_used(desk, village):
    page = await follow(desk, await send(desk, "/invitations", {}))
    (code,) = [i["src"] for i in check_page(page.text).all("img") if i.get("class") == "code"]
    finn = come(village, "Finn", links(page.text)[0])

    assert (await desk.get(code)).status_code == 404
    assert (await desk.get("/invitation/0000000000000000/qr.svg")).status_code == 404
    assert (await desk.get("/invitation/00/qr.svg")).status_code == 404
    finn.store.close()


async def test_an_invitation_of_an_earlier_version_is_listed_without_its_link(desk):
    page = check_page((await desk.get("/invitations")).text)

    assert "taken up, not yet confirmed" in page.text  # the village's, made with another secret
    assert links((await desk.get("/invitations")).text) == []


async def test_when_two_used_one_link_its_maker_says_whom_she_meant(desk, village):
    page = await follow(desk, await send(desk, "/invitations", {"note": "For Finn"}))
    link = links(page.text)[0]
    finn, gus = come(village, "Finn", link), come(village, "Gus", link)
    people = check_page((await desk.get("/people")).text)
    assert "Several people used your invitation “ For Finn ”" in people.text

    answer = await send(desk, "/people", {}, button=f"I meant {finn.id.hex()[:8]}")

    assert "whom you meant is in" in check_page((await follow(desk, answer)).text).text
    newcomers = check_page((await desk.get("/people")).text)
    assert "Whom did you mean?" not in newcomers.text
    assert f"Someone without a name yet ({finn.id.hex()[:8]})" in newcomers.text
    assert gus.id.hex()[:8] not in newcomers.text
    finn.store.close()
    gus.store.close()


async def test_confirming_somebody_who_does_not_wait_is_refused(desk, gateway: Gateway, village):
    data = {"form": gateway.sent.token(), "person": village.eva.id.hex()}
    answer = await desk.post("/people", data=data, headers={"origin": f"http://{DESK}"})

    assert answer.status_code == 422
    assert "No unsettled invitation" in check_page(answer.text).text


async def test_newcomers_stand_first_with_what_happens_next(desk):
    page = check_page((await desk.get("/people")).text)

    assert page.text.index("Eva") < page.text.index("2 members")
    assert "You invited them: say hello" in page.text
    assert "confirmed about" in page.text  # the makers' market has a probation
    assert "founded the community" in page.text


async def test_a_sealed_home_has_its_link_made_by_the_running_node(village, monkeypatch):
    home = village.home()
    (link,) = inviting.make(home, 1)
    invitation = inviting.find(home, link.invite.hex())
    asked = []

    def one_time(socket, places):
        asked.append(list(places))
        keys = home.unlock().device
        return [inviting.one_time_key(keys, village.community, place).seed for place in places]

    monkeypatch.setattr(type(home), "locked", True)
    monkeypatch.setattr(inviting.control, "one_time", one_time)

    assert inviting.link_of(home, invitation).secret == link.secret
    assert asked == [[invitation.place]]
    assert invitations.standing(village.ana.store, link) == "open"


async def test_a_guest_finds_no_invitation(shop: httpx.AsyncClient):
    for path in ("/invitations", "/people", "/invitation/0000000000000000/qr.svg"):
        assert (await shop.get(path)).status_code == 404
