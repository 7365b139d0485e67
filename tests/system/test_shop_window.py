"""What guests of a running node are shown: its owner's face, filters, paper, feeds, languages."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

from tests.system.people import Person, settle, village
from tests.system.test_gateway import ask, said

ATOM = "{http://www.w3.org/2005/Atom}"
OUTSIDE = "https://market.example.org"


def _open_charter(ana: Person, folder: Path) -> Path:
    """A charter that shows guests who the members are."""
    charter = ana.do("charter", "template", "kitchen-table")
    charter["guests"] = {**charter["guests"], "see_members": True}
    file = folder / "charter.json"
    file.write_text(json.dumps(charter))
    return file


def test_guests_meet_ana_and_what_her_friends_make(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben, charter=_open_charter(ana, tmp_path))
        ana.do(
            "profile", "set", "--about", "I bake.", "--skills", "baking", "--spot", "46.95, 7.45"
        )
        ana.do("listing", "add", "--title", "Rye bread", "--mode", "sell", "--price", "3.50")
        ben.do(
            "listing", "add", "--title", "Oak stool", "--mode", "sell", "--price", "80.00",
            "--category", "Furniture", "--spot", "46.95, 7.85",
            "--value", "say-it=Oiled and waxed, no varnish.",
        )  # fmt: skip
        ben.do("listing", "add", "--title", "A ladder", "--mode", "wanted")
        ben.do("listing", "add", "--title", "Spare key", "--mode", "lend", "--audience", "members")
        ana.until(lambda: len(ana.titles()) == 4, "Ben's listings are here")
        shop = ana.ready["shop"]

        front = said(ask(shop, "/")[2])
        assert front.index("I bake.") < front.index("Rye bread") < front.index("Oak stool")
        assert "Looking for" in front
        assert "A ladder" in front
        stool = ben.do("search", "stool")["listings"][0]["id"]
        page = said(ask(shop, f"/listing/{stool[:16]}")[2])
        assert "Ana invited Ben" in page
        assert "Oiled and waxed" in page
        assert "about 30 km" in page

        near = ask(shop, "/search?within=10")[2]
        assert "Rye bread" in near
        assert "Oak stool" not in near
        assert "Oak stool" in ask(shop, "/search?category=furniture&value=say-it")[2]
        for path in ("/", "/search", "/search?q=key", "/catalogue", "/feed.atom", "/sitemap.xml"):
            assert "Spare key" not in ask(shop, path)[2], path
        assert "Rye bread" in ask(shop, "/catalogue")[2]
        assert ask(shop, "/poster")[0] == 200


def test_programs_read_what_guests_may(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.do("listing", "add", "--title", "Rye bread", "--mode", "sell", "--price", "3.50")
        ana.do("listing", "add", "--title", "Key", "--mode", "lend", "--audience", "members")
        ana.start("--shop", "127.0.0.1:0", "--shop-url", OUTSIDE)
        shop = ana.ready["shop"]

        answer = json.loads(ask(shop, "/api/listings")[2])
        assert [each["title"] for each in answer["listings"]] == ["Rye bread"]
        assert answer["listings"][0]["price"] == {"amount": 350, "currency": "EUR"}
        document = json.loads(ask(shop, "/api/openapi.json")[2])
        assert document["openapi"].startswith("3.1")
        feed = ElementTree.fromstring(ask(shop, "/feed.atom?q=rye")[2])
        assert [each.findtext(f"{ATOM}title") for each in feed.iter(f"{ATOM}entry")] == [
            "Rye bread"
        ]
        assert f"Sitemap: {OUTSIDE}/sitemap.xml" in ask(shop, "/robots.txt")[2]
        listing = answer["listings"][0]["id"]
        page = ask(shop, f"/listing/{listing[:16]}")[2]
        assert '"@type":"Product"' in page.replace(" ", "")
        assert 'property="og:title"' in page
        assert "OpenSearchDescription" in ask(shop, "/opensearch.xml")[2]


def test_a_guest_reads_in_their_own_language(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.do("listing", "add", "--title", "Rye bread", "--mode", "sell", "--price", "1234.50")
        ana.start()
        shop = ana.ready["shop"]
        for asked, tag, price in (
            ("de-AT,de;q=0.9", "de", "1.234,50\u00a0€"),
            ("es", "es", "1.234,50\u00a0€"),
            ("ja", "en", "€1,234.50"),
        ):
            page = ask(shop, "/", headers={"Accept-Language": asked})[2]
            assert f'<html lang="{tag}"' in page
            assert price in page, asked
        status, headers, _ = ask(shop, "/language/de?to=/search")
        assert (status, headers["location"]) == (303, "/search")
        chosen = {"Cookie": headers["set-cookie"].split(";")[0], "Accept-Language": "es"}
        assert '<html lang="de"' in ask(shop, "/search", headers=chosen)[2]
        assert ask(shop, "/language/de?to=//evil.example")[1]["location"] == "/"


def test_an_invitation_opens_in_its_makers_shop_window(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.start(
            "--listen", "/ip4/127.0.0.1/tcp/0", "--shop", "127.0.0.1:0", "--shop-url", OUTSIDE
        )
        made = ana.do("invite")
        address = made["pages"][0]
        assert address.startswith(f"{OUTSIDE}/join?")

        status, headers, page = ask(ana.ready["shop"], address.removeprefix(OUTSIDE))
        assert status == 200
        assert "Ana invites you" in said(page)
        assert made["link"] in page.replace("&amp;", "&")
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        damaged = ask(ana.ready["shop"], address.removeprefix(OUTSIDE)[:-5])
        assert damaged[0] == 400
        assert "or ask Ana for it again" in said(damaged[2])

        ben.do("join", address, "--person", "Ben", "--no-passphrase")
        ana.until(lambda: ana.members() == {"Ana": "member", "Ben": "member"}, "Ben is in")
