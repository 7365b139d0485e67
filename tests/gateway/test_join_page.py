"""`/join` on the shop window: where an invitation opens for somebody without the program."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from node import invitations
from node.gateway.apps import shop_app
from protocol.invitation import Link, read_link
from protocol.kinds import invite
from storage import certificates
from storage.database import set_meta
from tests.gateway.reading import Reader, check_page
from tests.gateway.village import OPEN, Person, Village, signer


def invitation(village: Village, by: Person | None = None, slot: int = 2) -> Link:
    """A link to a free slot of Ana's, or of somebody else."""
    maker = by or village.ana
    once = signer(f"{maker.name} invites {slot}")
    record = maker.say("invite", invite.body(slot, 0, once.public))
    village.catch_up()
    height, certificate = certificates.tip(village.ana.store)
    peers = {maker.device.public: ("/ip4/192.0.2.1/tcp/4001",)}
    return Link(village.community, once.seed, record.id, height, certificate, peers)


async def opened(client: httpx.AsyncClient, link: Link, status: int = 200) -> Reader:
    answer = await client.get(f"/join?i={link.payload()}")
    assert answer.status_code == status, answer.text
    return check_page(answer.text, schemes=("moothall",))


async def test_a_link_opens_to_what_this_is_who_invites_and_how_to_come_in(village, shop):
    link = invitation(village)

    page = await opened(shop, link)

    assert "Ana invites you" in page.text
    assert "Riverside makers is a community with a market of its own." in page.text
    assert "We mend what we sold, or find someone who can." in page.text
    assert page.text.index("Get the program") < page.text.index("Start it")
    assert page.text.index("Start it") < page.text.index("Paste this link")
    (field,) = page.all("textarea")
    assert "readonly" in field
    assert read_link(next(word for word in page.words if word.startswith("moothall:"))) == link


async def test_nothing_on_the_page_is_there_to_click_that_no_program_answers_to(village, shop):
    page = await opened(shop, invitation(village))

    assert not [a for a in page.all("a") if a["href"].startswith("moothall:")]


async def test_who_made_the_invitation_is_named_whosever_window_it_opens_in(village, shop):
    assert "Ben invites you" in (await opened(shop, invitation(village, village.ben, 0))).text


async def test_the_secret_in_the_address_is_kept_between_sender_and_reader(village, shop, caplog):
    link = invitation(village)

    for path in (f"/join?i={link.payload()}", f"/join?i={link.payload()[:-4]}"):
        for method in ("GET", "HEAD", "POST"):
            answer = await shop.request(method, path)
            if method != "POST":
                assert answer.headers["referrer-policy"] == "no-referrer"
                assert answer.headers["cache-control"] == "no-store"
                assert "noindex" in answer.headers["x-robots-tag"]
                assert "etag" not in answer.headers
    assert link.payload()[:20] not in caplog.text

    page = await opened(shop, link)
    holding = {
        (tag, name, value.partition("?")[0].rpartition("/")[0] or value.partition("?")[0])
        for tag, attrs in page.elements
        for name, value in attrs.items()
        if link.payload()[:20] in value
    }
    # This very page in another language; no program answers to `moothall:` links.
    assert holding == {("a", "href", "/language")}
    assert all(urlsplit(a["href"]).netloc == "" for a in page.all("a"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: text[: len(text) // 2],
        lambda text: text[1:],
        lambda text: text.swapcase(),
        lambda text: text + "A",
        lambda text: text + "%20and%20more",
        lambda text: "%00%ff",
        lambda text: "A" * 30_000,
        lambda text: "<script>alert(1)</script>",
    ],
)
async def test_a_damaged_link_says_so_and_whom_to_ask(village, shop, damage):
    answer = await shop.get(f"/join?i={damage(invitation(village).payload())}")

    page = check_page(answer.text)
    assert answer.status_code == 400
    assert "Some letters of the link are missing or changed" in page.text
    assert "ask Ana for it again" in page.text


async def test_a_secret_that_does_not_fit_its_invitation_is_a_damaged_link(village, shop):
    link = invitation(village)._replace(secret=bytes(32))

    assert "letters of the link" in (await opened(shop, link, 400)).text


async def test_an_invitation_to_another_community_is_told_apart(village, shop):
    link = invitation(village)._replace(community=bytes(32))

    page = await opened(shop, link, 400)

    assert "another community than Riverside makers" in page.text
    assert link.payload()[:20] not in page.text


async def test_an_invitation_that_somebody_came_in_by_is_over(village, shop):
    made = {
        row[1]: row[0]
        for row in village.ana.store.db.execute("SELECT record, slot FROM invitation")
    }
    height, certificate = certificates.tip(village.ana.store)
    for slot in (0, 1):  # Ben is on the roll since, Eva is still provisional
        seed = signer(f"invitation {slot}").seed
        link = Link(village.community, seed, made[slot], height, certificate, {})
        page = await opened(shop, link, 410)
        assert "each one lets in one person" in page.text
        assert "ask Ana for a new one" in page.text


async def test_an_invitation_that_is_not_here_yet_still_opens(village, shop):
    link = invitation(village)._replace(invite=bytes(32))

    assert "Ana invites you" in (await opened(shop, link)).text


async def test_the_page_without_a_link_says_what_it_is_for(shop):
    for path in ("/join", "/join?", "/join?i=", "/join?x=1"):
        answer = await shop.get(path)
        assert answer.status_code == 200
        page = check_page(answer.text)
        assert "the address holds none" in page.text
        assert not page.all("textarea")


async def test_the_desk_has_no_such_page(village, desk):
    assert (await desk.get(f"/join?i={invitation(village).payload()}")).status_code == 404


async def test_a_community_that_hides_everything_from_guests_still_lets_them_in(tmp_path):
    hidden = {"see_listings": False, "see_members": False, "may_order": False}
    village = Village(tmp_path, {**OPEN, "guests": hidden})
    transport = httpx.ASGITransport(shop_app(village.gateway()))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        page = await opened(client, invitation(village))
    village.close()

    assert "Ana invites you" in page.text
    assert "Ben" not in page.text


def test_the_pages_address_needs_a_shop_window_that_guests_can_reach(village: Village):
    home, link = village.home(), invitation(village)
    assert invitations.page_address(home, link) is None
    assert invitations.code_text(home, link) == link.text()

    set_meta(home.store.db, "shop_url", "https://ana.example/")
    assert invitations.page_address(home, link) is None  # it is switched off

    set_meta(home.store.db, "shop", "127.0.0.1:8300")
    address = invitations.page_address(home, link)
    assert address is not None
    assert address.startswith("https://ana.example/join?i=")
    assert parse_qs(urlsplit(address).query)["i"] == [link.payload()]
    assert read_link(address) == link
    assert invitations.code_text(home, link) == address


def test_in_a_home_network_the_page_is_found_at_the_machines_own_address(village: Village):
    home, link = village.home(), invitation(village)
    listening = ["/ip4/127.0.0.1/tcp/4001/p2p/x", "/ip4/192.0.2.7/tcp/4001/p2p/x"]
    set_meta(home.store.db, "addresses", json.dumps(listening))

    set_meta(home.store.db, "shop", "127.0.0.1:8300")
    assert invitations.page_address(home, link) is None  # nobody else can come

    set_meta(home.store.db, "shop", "0.0.0.0:8300")
    address = invitations.page_address(home, link)
    assert address is not None
    assert address.startswith("http://192.0.2.7:8300/join?i=")
    assert read_link(address) == link
    assert invitations.outside_address(home.store) is None


def test_a_crowded_link_makes_a_qr_code_of_those_who_matter_most(village: Village):
    home, link = village.home(), invitation(village)
    crowd = {bytes([n]) * 32: ("/ip4/198.51.100.7/tcp/40001",) * 8 for n in range(1, 8)}
    link = link._replace(peers=link.peers | crowd)

    code = read_link(invitations.code_text(home, link))

    assert len(invitations.code_text(home, link)) <= invitations.CODE_LENGTH
    assert village.ana.device.public in code.peers
    assert code._replace(peers={}) == link._replace(peers={})
