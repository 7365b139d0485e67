"""The shop window as its owner's own face: who they are, what they make, how far, how known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from node.gateway.apps import shop_app
from node.gateway.offers import listing_path, member_path
from node.gateway.pages.registry import PAGES
from protocol.kinds.listing import Claim, Variant
from protocol.spot import Spot
from tests.gateway.reading import Reader, check_page
from tests.gateway.village import DAY, OPEN, Person, Village

BERN, NEXT_DOOR, THUN = Spot(4695, 745), Spot(4695, 745), Spot(4675, 763)


async def read(client: httpx.AsyncClient, path: str) -> Reader:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return check_page(answer.text)


def titles(page: Reader) -> list[str]:
    return [word for word in page.words if word.startswith("T:")]


def links(page: Reader) -> list[str]:
    return [link["href"] for link in page.all("a")]


@pytest.fixture
async def bens(village: Village) -> AsyncIterator[httpx.AsyncClient]:
    """A guest at Ben's shop window."""
    transport = httpx.ASGITransport(shop_app(village.gateway(village.ben)))
    async with httpx.AsyncClient(transport=transport, base_url="http://ben.example") as client:
        yield client


async def test_the_front_page_is_its_owners_face(village: Village, shop):
    page = await read(shop, "/")

    (heading,) = [i for i, (tag, _) in enumerate(page.elements) if tag == "h1"]
    assert page.elements[heading][0] == "h1"
    for part in ("Bern", "I bake .", "Good at baking and repair"):
        assert part in page.text, part
    assert "Ana is a member of Riverside makers ." in page.text
    assert "What we sell as our own was made within 50 km by the person who sells it." in page.text
    assert "/community" in links(page)


async def test_own_listings_come_first_then_the_neighbours_then_what_is_wanted(village, shop):
    village.ben.offer("T: Chair")
    village.eva.offer("T: Clay", mode="wanted")
    village.now += DAY
    village.ana.offer("T: Oven", mode="wanted")
    village.catch_up()
    village.now -= DAY
    village.ana.offer("T: Bread")

    page = await read(shop, "/")

    assert titles(page) == ["T: Bread", "T: Chair", "T: Oven", "T: Clay"]
    text = page.text
    order = [text.index(part) for part in ("From Ana", "From friends and neighbours")]
    assert order == sorted(order)
    assert text.index("Looking for") < text.index("T: Oven")
    assert "/search?mode=wanted&sort=new" in links(page)
    own = f"/search?by={village.ana.id.hex()[:16]}&sort=new"
    assert titles(await read(shop, own)) == ["T: Oven", "T: Bread"]
    assert own in links(page)


async def test_every_members_window_shows_another_face(village: Village, bens):
    village.ben.introduce("Ben", version=2, about="I mend chairs.")
    village.ana.offer("T: Bread")
    village.ben.offer("T: Chair")
    village.catch_up()

    page = await read(bens, "/")

    assert "Ben is a member of Riverside makers ." in page.text
    assert "I mend chairs." in page.text
    assert titles(page) == ["T: Chair", "T: Bread"]


async def test_many_categories_take_a_short_row_after_the_owners_own(village: Village, shop):
    village.ana.offer("T: Bread")
    for number in range(30):
        village.ben.offer(f"Thing {number}", category=f"Category {number}")
    village.catch_up()

    page = await read(shop, "/")

    chips = [href for href in links(page) if href.startswith("/search?category=")]
    assert len(chips) == 6
    assert page.text.index("T: Bread") < page.text.index("category 1")


async def test_the_desk_shows_what_is_new_near_and_needed(village: Village, desk):
    village.ana.introduce("Ana", version=2, spot=BERN)
    village.ben.introduce("Ben", version=2, spot=THUN)
    village.eva.introduce("Eva", version=2, spot=BERN)
    village.ben.offer("T: Chair")
    village.eva.offer("T: Cup")
    village.eva.offer("T: Clay", mode="wanted")
    village.catch_up()
    village.ana.offer("T: Bread")

    page = await read(desk, "/")

    near = page.text.index("Near you")
    assert page.text.index("New") < near < page.text.index("Looking for")
    assert titles(page)[-3:] == ["T: Cup", "T: Chair", "T: Clay"]  # near, nearer first; needed
    assert "less than 1 km from you" in page.text
    assert "about 26 km from you" in page.text


@pytest.mark.parametrize(
    ("spot", "said"),
    [
        (None, "about 26 km from Ana"),  # where the maker is
        (Spot(4695, 745), "less than 1 km from Ana"),
        (Spot(4696, 745), "about 1 km from Ana"),
        (Spot(4730, 745), "about 39 km from Ana"),
        (Spot(-3386, 15_121), "about 16,660 km from Ana"),
    ],
)
async def test_a_listing_says_about_how_far_it_is(village: Village, shop, spot, said):
    village.ana.introduce("Ana", version=2, spot=BERN)
    village.ben.introduce("Ben", version=2, spot=THUN)
    chair = village.ben.offer("Chair", spot=spot)
    village.catch_up()

    assert said in (await read(shop, listing_path(chair))).text
    assert f"Chair €3.50 For sale · Ben · {said}" in (await read(shop, "/")).text


async def test_distances_are_said_only_where_both_ends_are_known(village: Village, shop):
    chair = village.ben.offer("Chair", spot=THUN)
    village.catch_up()
    assert "km from" not in (await read(shop, listing_path(chair))).text

    village.ana.introduce("Ana", version=2, spot=BERN)
    assert "26 km from Ana" in (await read(shop, listing_path(chair))).text
    cup = village.eva.offer("Cup")
    village.catch_up()
    assert "km from" not in (await read(shop, listing_path(cup))).text


async def test_a_members_page_says_how_far_they_are(village: Village, shop, desk):
    village.ana.introduce("Ana", version=2, spot=BERN)
    village.ben.introduce("Ben", version=2, spot=THUN)
    village.catch_up()

    assert "26 km from Ana" in (await read(shop, member_path(village.ben.id))).text
    assert "26 km from you" in (await read(desk, member_path(village.ben.id))).text
    assert "km from" not in (await read(shop, member_path(village.ana.id))).text


@pytest.mark.parametrize(
    ("window", "maker", "said"),
    [
        ("ana", "ana", "This is Ana 's own."),
        ("ana", "ben", "Ana invited Ben ."),
        ("ana", "fay", "Ana invited Ben , who invited Fay ."),
        ("ana", "gil", "Ana invited Ben , who invited Fay , who invited Gil ."),
        ("ana", "hal", "Both Ana and Hal are members of Riverside makers."),
        ("ben", "ana", "Ana invited Ben ."),
        ("fay", "ana", "Ana invited Ben , who invited Fay ."),
        ("gil", "ana", "Ana invited Ben , who invited Fay , who invited Gil ."),
        ("ben", "eva", "Eva was invited by Ana , as Ben was."),
        ("eva", "fay", "Ana invited Eva , and Ben too, who invited Fay ."),
        ("fay", "eva", "Ana invited Eva , and Ben too, who invited Fay ."),
    ],
)
async def test_how_the_owner_knows_the_maker_is_said_in_a_sentence(
    village: Village, monkeypatch, window, maker, said
):
    people = {name: name.encode().ljust(32) for name in ("fay", "gil", "hal")}
    people |= {name: getattr(village, name).id for name in ("ana", "ben", "eva")}
    invited = {"fay": "ben", "gil": "fay", "hal": "gil"}
    gateway = village.gateway()
    owner = people[window]
    members = dict(gateway.facts.members())
    for name, inviter in invited.items():
        like = next(iter(members.values()))
        members[people[name]] = type(like)(
            person=people[name],
            name=name.title(),
            status="member",
            inviter=people[inviter],
            devices=(),
        )
    names = {person: name.title() for name, person in people.items()}
    monkeypatch.setattr(gateway.facts, "members", lambda: members)
    monkeypatch.setattr(gateway.facts, "names", lambda: names)
    monkeypatch.setattr(type(gateway), "owner", owner)
    chair = village.ana.offer("Chair")
    monkeypatch.setattr("node.gateway.pages.listing.get", _made_by(people[maker]))

    transport = httpx.ASGITransport(shop_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as shop:
        assert said in (await read(shop, listing_path(chair))).text


def _made_by(person: bytes):
    from dataclasses import replace

    from storage.views import listing_queries

    return lambda store, listing: replace(listing_queries.get(store, listing), person=person)


async def test_a_hostile_name_stays_a_name_in_the_sentence(village: Village, shop):
    village.ben.introduce("<script>%(a)s", version=2)
    chair = village.ben.offer("Chair")
    village.catch_up()

    assert "Ana invited <script>%(a)s ." in (await read(shop, listing_path(chair))).text


@pytest.fixture
def market(village: Village) -> Village:
    village.ana.introduce("Ana", version=2, spot=BERN)
    village.ben.introduce("Ben", version=2, spot=THUN)
    claim = (Claim(value="mend", evidence="For ten years."),)
    village.ana.offer("T: Bread", category="Food", place="Bern", price=350)
    village.ben.offer("T: Chair", category="Furniture", values=claim, price=9000)
    village.ben.offer("T: Stool", category="Furniture", spot=Spot(4700, 745), price=5000)
    village.eva.offer("T: Clay", mode="wanted", price=None)
    village.catch_up()
    return village


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("within=1", {"T: Bread"}),
        ("within=10", {"T: Bread", "T: Stool"}),
        ("within=26", {"T: Bread", "T: Stool", "T: Chair"}),
        ("within=10&category=furniture", {"T: Stool"}),
        ("within=20000&mode=wanted", set()),
        ("within=10&q=stool", {"T: Stool"}),
        ("within=1&q=stool", set()),
        ("within=0010", {"T: Bread", "T: Stool"}),
    ],
)
async def test_what_is_too_far_away_is_left_out(market: Village, shop, desk, query, found):
    for client in (shop, desk):
        page = await read(client, f"/search?{query}")
        assert set(titles(page)) == found
        assert f"{len(found)} listing" in page.text


async def test_the_nearest_come_first_and_those_of_unknown_place_last(market: Village, shop):
    page = await read(shop, "/search?sort=near")

    assert titles(page) == ["T: Bread", "T: Stool", "T: Chair", "T: Clay"]


async def test_each_filter_can_be_taken_away_by_a_link(market: Village, shop):
    owner = market.ben.id.hex()
    query = (
        f"q=T&mode=sell&category=furniture&within=50&value=mend&min=1&max=99.50&by={owner}"
        "&sort=new&place=x"
    )
    page = await read(shop, f"/search?{query}")

    for text in (
        "(take this filter away)",
        "For sale",
        "Furniture",
        "in x",
        "within 50 km",
        "We mend what we sold",
        "from €1.00",
        "up to €99.50",
        "by Ben",
    ):
        assert text in page.text, text
    asked = parse_qs(query)
    taken = []
    for href in links(page):
        left = parse_qs(urlsplit(href).query)
        if href.startswith("/search?") and set(left) < set(asked):
            assert left == {name: asked[name] for name in left}
            taken += set(asked) - set(left)
    assert sorted(taken) == sorted(set(asked) - {"sort"})


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("within=far", '"far" is no distance in kilometres, so it was left out; write it as 10.'),
        ("within=-1", '"-1" is no distance'),
        ("within=0", '"0" is no distance'),
        ("within=1.5", '"1.5" is no distance'),
        ("within=20001", '"20001" is no distance'),
        ("within=" + "9" * 900, '9…" is no distance'),
        ("by=zzzzzzzz", "Nobody with that id is known here, so all are shown."),
        ("by=00", "Nobody with that id is known here, so all are shown."),
    ],
)
async def test_a_wrong_distance_or_person_is_left_out_and_said(
    market: Village, shop, query, sentence
):
    page = await read(shop, f"/search?{query}")

    assert sentence in page.text
    assert len(titles(page)) == 4


async def test_without_the_owners_spot_distances_are_not_offered(village: Village, shop):
    village.ana.offer("T: Bread")

    page = await read(shop, "/search?within=5")
    sorted_near = await read(shop, "/search?sort=near")

    assert "Distances are not known here" in page.text
    assert 'There is no order called "near"' in sorted_near.text
    assert titles(page) == titles(sorted_near) == ["T: Bread"]
    assert not [field for field in page.all("select") if field["name"] == "within"]


async def test_the_feed_of_a_search_goes_as_far_as_the_search(market: Village, shop):
    page = await read(shop, "/search?within=10&category=furniture")

    (feed,) = [
        link["href"]
        for link in page.all("link")
        if link.get("type") == "application/atom+xml" and "?" in link["href"]
    ]
    text = (await shop.get(feed)).text
    assert "T: Stool" in text
    assert "T: Chair" not in text


async def test_a_price_from_is_the_lowest_somebody_can_pay(village: Village, shop):
    small = (Variant(name="Small"), Variant(name="Large", price=1150))
    village.ana.offer("A", price=350, variants=small)
    village.ana.offer("B", price=350, variants=(Variant(name="x", price=500),))
    village.ana.offer("C", price=None, variants=small)
    village.ana.offer("D", price=None, variants=(Variant(name="x"),))

    text = (await read(shop, "/")).text

    for part in ("A from €3.50 ", "B €5.00 ", "C €11.50 ", "D Price on request "):
        assert part in text, part


EMOJI = "👩🏽‍🌾" * 60 + "🥖" * 60  # 300 signs


def _strain(person: Person) -> list[str]:
    """Names and texts that strain a page, as other programs may write them."""
    person.introduce("🥖" * 100, version=7, about=EMOJI, place="خ" * 100, skills=("W" * 80,) * 30)
    mine = [
        person.offer(
            "كتاب عن الخبز", category="كتب", place="عمّان", description="خبز *طازج* كل يوم."
        ),
        person.offer("🥖" * 200, category="🥖" * 100, place="🥖" * 100, description=EMOJI),
        person.offer("W" * 200, category="W" * 100, story="W" * 10_000, condition="W" * 100),
        person.offer("\u202egnirts\u202c", mode="wanted", price=2**53),
    ]
    return [listing_path(listing) for listing in mine]


@pytest.mark.parametrize("who", ["ana", "ben"])
async def test_every_page_stays_right_with_names_that_strain_it(village: Village, shop, desk, who):
    person: Person = getattr(village, who)
    paths = _strain(person)
    village.catch_up()
    paths += ["/", "/search", "/catalogue", "/poster", "/join", "/community"]
    paths += [member_path(person.id), f"/search?by={person.id.hex()}&q=%D8%AE%D8%A8%D8%B2"]
    for client in (shop, desk):
        for path in paths:
            if client is desk and path == "/join":
                continue
            page = await read(client, path)
            if path.startswith("/listing"):
                (heading,) = page.all("h1")
                assert heading["dir"] == "auto"


async def test_pages_that_are_not_there_are_said_on_a_members_page_too(village: Village, shop):
    village.ana.offer_many([{"title": f"T: Loaf {n}", "mode": "sell"} for n in range(30)])
    path = member_path(village.ana.id)

    far, wrong = await read(shop, f"{path}?page=99"), await read(shop, f"{path}?page=-1")

    assert "There is no page 99, so this is the last one." in far.text
    assert len(titles(far)) == 6
    assert 'There is no page "-1", so this is the first one.' in wrong.text
    assert len(titles(wrong)) == 24


async def test_a_community_of_one_without_any_words_has_a_face(tmp_path):
    village = Village(tmp_path, {**OPEN, "about": "", "values": []})
    village.ana.introduce(" ", version=9)
    transport = httpx.ASGITransport(shop_app(village.gateway()))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        for path in ("/", "/poster", "/catalogue", "/join", "/community"):
            page = await read(client, path)
            assert page.all("h1")
        assert "Someone without a name yet" in (await read(client, "/")).text
    village.close()


LONG = "x" * 10_000


@pytest.mark.parametrize(
    "path", [page.path for page in PAGES if page.html and "shop" in page.audience]
)
async def test_no_page_minds_a_query_of_ten_thousand_characters(village: Village, shop, path):
    bread = village.ana.offer("Bread")
    path = path.replace("{listing}", bread.hex()).replace("{member}", village.ana.id.hex())
    query = "&".join(f"{name}={LONG}" for name in ("q", "category", "place", "within", "by"))
    usual = 404 if "{key}" in path else 200  # nobody has ordered

    for given in (f"{query}&page=-1", f"page={LONG}", f"i={LONG}", LONG):
        answer = await shop.get(f"{path}?{given}")
        page = check_page(answer.text)
        assert answer.status_code == (400 if path == "/join" and given.startswith("i=") else usual)
        assert "x" * 1000 not in page.text


async def test_of_ten_thousand_listings_every_page_shows_a_part_and_says_so(village: Village, shop):
    thing = {"mode": "sell", "price": 350, "currency": "EUR", "category": "Food"}
    village.ana.offer_many([{**thing, "title": f"T: Loaf {n}"} for n in range(10_000)])

    front, search = await read(shop, "/"), await read(shop, "/search?category=food")
    person = await read(shop, member_path(village.ana.id))
    printed = await read(shop, "/catalogue")

    assert [len(titles(page)) for page in (front, search, person, printed)] == [12, 24, 24, 300]
    assert "More than 1,000 listings" in search.text
    assert "More than 1,000 listings" in person.text
    assert "Only the newest 300 listings fit in here." in printed.text
