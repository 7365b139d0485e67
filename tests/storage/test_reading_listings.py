"""Reading listings: filters, pages, search, ids; and the full text behind them."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.errors import NotFound, Refused
from protocol.kinds import erase
from protocol.kinds.listing import Claim
from protocol.records import GOV, MARKET
from storage.store import Store
from storage.verify import rebuild
from storage.views import listing_queries as queries
from storage.views import listing_text
from storage.views.listing_queries import Query, search
from tests.storage.post import log_of, send, told
from tests.storage.world import TIME, Branch, Device, World, village

STALL: list[dict[str, Any]] = [
    {"title": "Rye bread", "price": 450, "currency": "EUR", "category": "Food", "place": "Bern"},
    {"title": "Plum jam", "price": 300, "currency": "EUR", "category": " FOOD ", "tags": ("rye",)},
    {"title": "Bicycle", "mode": "lend", "place": "Köniz", "description": "for plums and bread"},
    {"title": "Gone cake", "price": 100, "expires_ms": TIME - 1},
    {"title": "Late cake", "price": 200, "expires_ms": TIME + 1},
    {"title": "Quiet talk", "mode": "service", "audience": "members", "price": 450},
    {"title": "Straße", "values": (Claim(value="fair"), Claim(value="say-it"))},
]


@pytest.fixture
def world() -> World:
    world = village("ben")
    for fields in STALL:
        world.offer(world.of["ben1"], **fields)
    return world


@pytest.fixture
def mia(world: World) -> Store:
    return told(world)


def titles(store: Store, **query: Any) -> list[str]:
    return [offer.listing.title for offer in search(store, Query(**query)).offers]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"mode": "lend"}, {"Bicycle"}),
        ({"category": "food"}, {"Rye bread", "Plum jam"}),
        ({"category": "  Food"}, {"Rye bread", "Plum jam"}),
        ({"place": "KÖNIZ"}, {"Bicycle"}),
        ({"value": "say-it"}, {"Straße"}),
        ({"value": "say"}, set()),
        ({"value": "fair"}, set()),  # no value of this charter, or no longer
        ({"minimum": 300, "maximum": 449}, {"Plum jam"}),
        ({"minimum": 10_000}, set()),
        ({"words": "bread"}, {"Rye bread", "Bicycle"}),
        ({"words": "rye"}, {"Rye bread", "Plum jam"}),
        ({"words": "bread plum"}, {"Bicycle"}),
        ({"words": "plum bread"}, set()),
        ({"words": "strasse"}, set()),
        ({"words": "koniz"}, {"Bicycle"}),
        ({"words": "cake"}, {"Late cake"}),
        ({"words": "talk", "guests": True}, set()),
        ({"words": "talk"}, {"Quiet talk"}),
        ({"words": "bread", "mode": "lend"}, {"Bicycle"}),
        ({"person": bytes(32)}, set()),
    ],
)
def test_filters_find_what_was_asked_for(
    mia: Store, query: dict[str, Any], found: set[str]
) -> None:
    assert set(titles(mia, **query)) == found
    assert search(mia, Query(**query)).total == len(found)


@pytest.mark.parametrize(
    "words",
    ['"', "'", "*", "bread*", 'bread" OR "x', "NEAR(a b)", "title:bread", "-", "()", "\0", "  ",
     "a" * 5000, "ü" * 300, "🍞", "AND", "bread AND", "^bread", "%", "{title}", "\n\t"],
)  # fmt: skip
def test_odd_text_is_only_ever_text(mia: Store, words: str) -> None:
    for sort in queries.SORTS:
        search(mia, Query(words=words, sort=sort))


def test_pages_follow_each_other_without_a_gap(mia: Store) -> None:
    for sort in queries.SORTS:
        whole = titles(mia, sort=sort)
        paged = [t for at in range(0, 9, 2) for t in titles(mia, sort=sort, limit=2, offset=at)]
        assert paged == whole
        assert len(whole) == 6
    assert titles(mia, limit=-5, offset=-5) == []


def test_counting_stops_where_it_was_told(mia: Store) -> None:
    found = search(mia, Query(count_to=3))
    assert (found.total, found.more) == (3, True)
    found = search(mia, Query(count_to=6))
    assert (found.total, found.more) == (6, False)


def test_cheap_things_come_first_and_things_without_price_last(mia: Store) -> None:
    assert titles(mia, sort="price")[:2] == ["Late cake", "Plum jam"]
    assert set(titles(mia, sort="price")[-2:]) == {"Bicycle", "Straße"}
    assert titles(mia, sort="price-desc")[0] in ("Rye bread", "Quiet talk")


def test_categories_are_counted_by_what_is_open(world: World, mia: Store) -> None:
    assert queries.categories(mia) == [("food", 2)]
    ben = world.of["ben1"]
    first = ben.logs[MARKET][0].records[0]
    send(mia, world, [world.write(ben, "withdraw", {"listing": first.id})])
    assert queries.categories(mia) == [("food", 1)]


def test_a_listing_is_found_by_the_beginning_of_its_id(world: World, mia: Store) -> None:
    first = world.of["ben1"].logs[MARKET][0].records[0].id
    for length in (8, 9, 15, 16, 17, 63, 64):
        assert queries.resolve(mia, first.hex()[:length].upper()) == first
    for wrong in (first.hex()[:7], "zzzzzzzz", first.hex() + "00", "", first.hex()[:8] + "ü"):
        with pytest.raises(NotFound, match="is no id"):
            queries.resolve(mia, wrong)
    with pytest.raises(NotFound, match="no listing"):
        queries.resolve(mia, "00000000" if first[0] else "ffffffff")


def test_an_ambiguous_beginning_asks_for_more_digits(mia: Store) -> None:
    for last in (1, 2):
        mia.db.execute(
            "INSERT INTO draft (id, body, made_ms) VALUES (?, x'a0', 0)",
            [b"\xab" * 31 + b"%c" % last],
        )
    with pytest.raises(Refused) as refusal:
        queries.resolve(mia, "abababab")
    assert refusal.value.reason == "ambiguous"


def test_of_versions_the_highest_stands_whatever_comes_last(world: World, mia: Store) -> None:
    ben = world.of["ben1"]
    first = ben.logs[MARKET][0].records[0]
    newer = world.offer(ben, title="Best bread", version=3, root=first.id)
    older = world.offer(ben, title="Better bread", version=2, root=first.id)

    send(mia, world, [newer, older])

    offer = queries.get(mia, first.id)
    assert (offer.listing.title, offer.version_id, offer.status) == ("Best bread", newer.id, "open")
    assert titles(mia, words="better") == []
    assert titles(mia, words="best") == ["Best bread"]


def test_nobody_edits_or_withdraws_what_is_not_theirs(world: World) -> None:
    first = world.of["ben1"].logs[MARKET][0].records[0]
    ana = world.of["ana1"]
    world.offer(ana, title="Ours now", version=9, root=first.id)
    world.write(ana, "withdraw", {"listing": first.id})

    offer = queries.get(told(world), first.id)

    assert (offer.listing.title, offer.status) == ("Rye bread", "open")


def test_status_says_withdrawn_and_expired(world: World, mia: Store) -> None:
    ben = world.of["ben1"]
    records = ben.logs[MARKET][0].records
    send(mia, world, [world.write(ben, "withdraw", {"listing": records[0].id})])
    assert queries.get(mia, records[0].id).status == "withdrawn"
    assert queries.get(mia, records[3].id).status == "expired"
    with pytest.raises(NotFound):
        queries.get(mia, bytes(32))


def test_what_a_newcomer_offers_is_marked_provisional(world: World) -> None:
    eva = world.of["eva1"]
    world.do_welcome(eva, 1, 0)
    bread = world.offer(eva, title="New bread")
    mia = told(world)
    assert queries.get(mia, bread.id).provisional
    assert not queries.get(mia, world.of["ben1"].logs[MARKET][0].records[0].id).provisional


def test_text_lags_behind_a_flood_and_catches_up(world: World) -> None:
    ben = world.of["ben1"]
    for number in range(200):
        world.offer(ben, title=f"Cup {number}", sign=number == 199)
    mia = told(world)
    assert listing_text.behind(mia) > 100

    with mia.transaction():
        while listing_text.index_some(mia, 50):
            pass

    assert listing_text.behind(mia) == 0
    assert search(mia, Query(words="cup")).total == 200


def test_long_texts_keep_nothing_else_waiting(world: World, mia: Store) -> None:
    """A listing or two is found at once; of many long ones only so much is done in one step."""
    ben = world.of["ben1"]
    text = "fog " * 2500
    send(mia, world, [world.offer(ben, title="Novel", description=text)])
    assert listing_text.behind(mia) == 0

    many = [world.offer(ben, title="Novel", description=text) for _ in range(20)]
    send(mia, world, many)
    assert listing_text.behind(mia) == 20

    with mia.transaction():
        assert 1 <= listing_text.index_some(mia, 1000) < 20
    assert indexed(mia)
    assert search(mia, Query(words="fog")).total == 21


def test_one_listing_is_found_and_changed_without_looking_at_the_others(
    world: World, mia: Store
) -> None:
    ben = world.of["ben1"]
    first = ben.logs[MARKET][0].records[0]
    asked: list[str] = []
    mia.db.conn.set_trace_callback(asked.append)
    send(mia, world, [world.offer(ben, title="Rye loaf", root=first.id, version=2)])
    assert queries.get(mia, first.id).listing.title == "Rye loaf"
    assert queries.resolve(mia, first.id.hex()[:8]) == first.id
    mia.db.conn.set_trace_callback(None)

    plans = [
        step[3]
        for each in asked
        if " listing" in each and each.startswith(("SELECT", "UPDATE", "DELETE"))
        for step in mia.db.execute(f"EXPLAIN QUERY PLAN {each}").fetchall()
    ]

    assert plans
    assert [step for step in plans if step.startswith(("SCAN listing", "SCAN record"))] == []


def indexed(store: Store) -> bool:
    """Whether the full text holds just what is in the view."""
    with store.transaction():
        while listing_text.index_some(store, 1000):
            pass
    ids = {row[0] for row in store.db.execute("SELECT rowid FROM listing")}
    return ids == {row[0] for row in store.db.execute("SELECT rowid FROM listing_text")}


def forked(world: World) -> Device:
    ben = world.of["ben1"]
    ben.logs[MARKET].append(Branch(ben.logs[MARKET][0].records[:2], 2))
    world.offer(ben, 1, title="Other bread")
    return ben


def test_text_follows_a_fork_even_where_rows_are_used_again(world: World) -> None:
    """An erased version left no row in the view, but its place in the file is used again."""
    ben = world.of["ben1"]
    last = ben.logs[MARKET][0].records[-1]
    taken_back = world.write(ben, "erase", erase.body([last.id]))
    ana = world.of["ana1"]
    mia = told(world)
    assert log_of(mia, ben, GOV).prefix_id == taken_back.id
    assert indexed(mia)
    send(mia, world, forked(world).logs[MARKET][1].records)
    assert titles(mia, words="cake") == []

    for number in range(8):
        send(mia, world, [world.offer(ana, title=f"Anchovy {number}")])

    assert search(mia, Query(words="anchovy")).total == 8
    assert indexed(mia)
    assert titles(mia, words="straße") == []


def test_a_node_hears_that_erased_words_are_still_to_be_wiped(world: World, mia: Store) -> None:
    ben = world.of["ben1"]
    gone = ben.logs[MARKET][0].records[0]
    assert indexed(mia)
    assert listing_text.behind(mia) == 0

    send(mia, world, [world.write(ben, "erase", erase.body([gone.id]))])

    assert listing_text.behind(mia) == 1
    assert indexed(mia)
    assert listing_text.behind(mia) == 0


def test_text_is_built_again_with_the_views(world: World, mia: Store) -> None:
    before = search(mia, Query(words="bread"))
    rebuild(mia)
    assert indexed(mia)
    assert search(mia, Query(words="bread")) == before
