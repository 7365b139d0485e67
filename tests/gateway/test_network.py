"""`/network` in words, and `/metrics` for whoever may read them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from node.gateway.apps import desk_app
from node.gateway.context import Alone, Gateway
from node.metrics import MOST_WORDS, OTHER, Metrics, Timing, Words
from node.metrics_token import TOKEN
from node.network.links import Link
from node.network.peer_id import peer_id_of
from node.network_view import INTERNET, LAN, NOWHERE, View, rows
from tests.gateway.reading import check_page
from tests.gateway.village import DESK, START, Village, signer

HOUR = 3_600_000


class Connected(Alone):
    """A node with this view of the network."""

    def __init__(self, view: View = NOWHERE) -> None:
        super().__init__()
        self.view = view

    def connections(self) -> View:
        return self.view


def peer(name: str) -> str:
    return peer_id_of(signer(f"{name} device").public)


@pytest.fixture
def node(gateway: Gateway, village: Village) -> Connected:
    """In touch with Ben, whose node relays for Eva, and with somebody who is not known."""
    links = [
        Link(peer("Ben"), "/ip4/192.0.2.7/tcp/4001", False, "", 900.0, 2_000_000, 1000),
        Link(
            peer("Eva"), "/ip4/192.0.2.7/tcp/4001/p2p/x/p2p-circuit", True, peer("Ben"), 960.0, 1, 1
        ),
        Link(peer("Nobody"), "", True, "", 990.0, 1, 1),
    ]
    found = rows(village.ana.store, links, now=1000.0, now_ms=START)
    gateway.node = Connected(replace(NOWHERE, rows=tuple(found), known=5, since_ms=START - HOUR))
    return gateway.node


async def read(desk: httpx.AsyncClient) -> str:
    return check_page((await desk.get("/network")).text).text


async def test_neighbours_are_people_and_how_they_are_reached_is_said(desk, node):
    text = await read(desk)

    assert "Ben your node dialled theirs" in text
    assert "2 MB received, 1 kB sent" in text
    assert "invited by Ana" in text
    assert "Eva over the node of Ben" in text
    assert "Somebody not known yet their node dialled yours" in text
    assert "The addresses of 5 members' nodes are known here." in text
    assert peer("Ben") not in text


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("alone", "Invite somebody"),
        ("not-in", "you are not one"),
        ("no-addresses", "No address of another member's node"),
        ("no-answer", "Look whether this computer is online"),
    ],
)
async def test_who_is_in_touch_with_nobody_reads_why(desk, gateway, why, said):
    gateway.node = Connected(replace(NOWHERE, why=why))

    assert said in await read(desk)


async def test_how_others_reach_this_node_is_said_as_far_as_it_is_known(desk, node):
    nobody = await read(desk)
    assert "is not known, since nobody has" in nobody

    node.view = replace(node.view, dialled_ms={INTERNET: START, LAN: START - HOUR})
    dialled = await read(desk)
    assert "is not known" not in dialled
    assert dialled.count("yes, last at") == 2

    relaying = {"offers": False, "reserved_at": [peer("Ben")], "reserved": 0, "serving": 0}
    node.view = replace(node.view, dialled_ms={}, relaying=relaying)
    relayed = await read(desk)
    assert "Over a relay Ben" in relayed
    assert "is not known" not in relayed


async def test_a_relay_says_for_how_many(desk, node):
    relaying = {"offers": True, "reserved_at": [], "reserved": 1, "serving": 0}
    node.view = replace(node.view, relaying=relaying)

    assert "Relays for others yes; 1 node has a place here" in await read(desk)


@pytest.mark.parametrize(
    ("lan", "said"),
    [
        ({"on": True, "seen": 2, "why": None}, "2 members' nodes seen"),
        ({"on": False, "seen": 0, "why": "no-network"}, "in no local network"),
        ({"on": False, "seen": 0, "why": "brand-new"}, "does not look around (brand-new)"),
    ],
)
async def test_the_local_network_is_told_in_words(desk, node, lan, said):
    node.view = replace(node.view, lan=lan)

    assert said in await read(desk)


async def test_what_neighbours_say_otherwise_is_said(desk, node, village):
    same: dict[str, Any] = {"peers": 3, "same": 3, "differ": [], "branch": None}
    node.view = replace(node.view, compared=same)
    assert "3 other members' nodes hold the same decisions" in await read(desk)
    node.view = replace(node.view, compared={**same, "same": 2})  # the third is behind
    assert "2 other members' nodes hold the same decisions" in await read(desk)

    differ = [{"peer": peer("Ben"), "height": 2, "certificate": "ab" * 32}]
    node.view = replace(node.view, compared={**same, "differ": differ})
    other = await read(desk)
    assert "The node of Ben names another decision of the tellers at step 2" in other
    assert "hold the same decisions" not in other

    node.view = replace(node.view, compared={**same, "branch": village.ben.id.hex()})
    assert "came in through Ben" in await read(desk)


async def test_own_addresses_stand_there_and_the_status_leads_there(desk, node):
    node.view = replace(node.view, addresses=("/ip4/192.0.2.1/tcp/4001",))

    assert "/ip4/192.0.2.1/tcp/4001" in await read(desk)
    status = check_page((await desk.get("/status")).text)
    assert {"class": "alone", "href": "/network"} in status.all("a")


async def test_guests_see_neither(shop):
    assert (await shop.get("/network")).status_code == 404
    assert (await shop.get("/metrics")).status_code == 404


# Metrics


@pytest.fixture
async def scraper(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A program on this machine, without the desk's login."""
    transport = httpx.ASGITransport(desk_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as client:
        yield client


def token_of(gateway: Gateway) -> str:
    assert gateway.home is not None
    return (gateway.home.path / TOKEN).read_text().strip()


def with_token(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def values(text: str) -> dict[str, float]:
    """`name{label=word}` -> value."""
    return {
        sample.name + "".join(f"{{{k}={v}}}" for k, v in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_the_token_in_the_home_opens_the_numbers_and_nothing_else(scraper, gateway, node):
    asked = await scraper.get("/metrics")
    assert asked.status_code == 401
    assert asked.headers["www-authenticate"] == "Bearer"
    assert TOKEN in asked.text

    assert gateway.home is not None
    assert (gateway.home.path / TOKEN).stat().st_mode & 0o777 == 0o600
    headers = with_token(token_of(gateway))
    told = await scraper.get("/metrics", headers=headers)
    assert told.status_code == 200
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert told.headers["cache-control"] == "no-store"
    assert (await scraper.head("/metrics", headers=headers)).status_code == 200
    assert (await scraper.get("/status", headers=headers)).status_code == 403
    assert (await scraper.post("/metrics", headers=headers)).status_code in (403, 405)


async def test_the_desks_login_opens_them_too(desk, node):
    assert (await desk.get("/metrics")).status_code == 200


async def test_any_other_token_opens_nothing(scraper, gateway):
    await scraper.get("/metrics")
    right = token_of(gateway)
    wrong = [
        with_token(right[:-1]),
        with_token(right + "x"),
        with_token(""),
        {"Authorization": right},
        {"Authorization": f"Basic {right}"},
        {"Authorization": b"Bearer \xff\xfe"},
        [("Authorization", f"Bearer {right}"), ("Authorization", "Bearer x")],
    ]
    for headers in wrong:
        assert (await scraper.get("/metrics", headers=headers)).status_code == 401, headers
    assert (await scraper.get(f"/metrics?token={right}")).status_code == 401


async def test_an_emptied_token_file_opens_to_nobody_and_a_deleted_one_is_made_anew(
    scraper, gateway
):
    await scraper.get("/metrics")
    before, path = token_of(gateway), gateway.home.path / TOKEN
    path.write_text("")
    assert (await scraper.get("/metrics", headers=with_token(""))).status_code == 401
    path.unlink()
    assert (await scraper.get("/metrics", headers=with_token(before))).status_code == 401
    assert token_of(gateway) not in ("", before)


async def test_a_token_file_that_leads_elsewhere_is_not_written_through(scraper, gateway, tmp_path):
    (gateway.home.path / TOKEN).symlink_to(tmp_path / "elsewhere")

    for headers in (with_token("x"), {}):
        assert (await scraper.get("/metrics", headers=headers)).status_code == 401
    assert not (tmp_path / "elsewhere").exists()


async def test_another_host_is_refused_as_everywhere(scraper, gateway):
    await scraper.get("/metrics")
    headers = {**with_token(token_of(gateway)), "Host": "evil.example"}

    assert (await scraper.get("/metrics", headers=headers)).status_code == 421


async def test_the_numbers_are_those_of_the_node(desk, node, village: Village):
    counted = node.metrics
    counted.conversation(0.02, "through")
    counted.conversation(500.0, "fault")
    counted.faults.add("bad-signature")
    counted.gossip.add("passed on")
    counted.refused.add("sync")
    village.ana.offer("Bread")
    node.view = replace(node.view, traffic=(7, 9))

    found = values((await desk.get("/metrics")).text)
    (records,) = village.ana.store.db.execute("SELECT count(*) FROM record").fetchone()
    assert sum(found[f"moothall_records{{lane={lane}}}"] for lane in ("gov", "market", "talk")) == (
        records
    )
    assert {way: found[f"moothall_peers{{way={way}}}"] for way in ("in", "out", "relay")} == {
        "in": 1,
        "out": 1,
        "relay": 1,
    }
    assert found["moothall_sync_conversations_total{ended=through}"] == 1
    assert found["moothall_sync_conversations_total{ended=broken}"] == 0
    assert found["moothall_sync_conversation_seconds_bucket{le=0.03}"] == 1
    assert found["moothall_sync_conversation_seconds_count"] == 2
    assert found["moothall_peer_faults_total{reason=bad-signature}"] == 1
    assert found["moothall_gossip_messages_total{fate=passed on}"] == 1
    assert found["moothall_refusals_total{what=sync}"] == 1
    assert found["moothall_network_bytes_total{direction=sent}"] == 9
    assert found["moothall_certificate_height"] == 1
    assert found["process_resident_memory_bytes"] > 10**6
    assert found["moothall_page_seconds_count{app=desk}"] >= 1


async def test_nobody_is_in_the_numbers(desk, node):
    text = (await desk.get("/metrics")).text

    for private in ("Ana", "Ben", "Eva", "192.0.2.7", peer("Ben"), "12D3Koo"):
        assert private not in text


async def test_two_readings_do_not_add_up(desk, node):
    node.metrics.faults.add("flood")
    first, second = [values((await desk.get("/metrics")).text) for _ in range(2)]

    name = "moothall_peer_faults_total{reason=flood}"
    assert first[name] == second[name] == 1


def test_a_flood_of_words_is_few_counts():
    words = Words()
    for number in range(1000):
        words.add(f"word-{number}")
        words.add("word-0")

    assert len(words) == MOST_WORDS + 1
    assert words["word-0"] == 1001
    assert sum(words.values()) == 2000
    assert words[OTHER] == 1000 - MOST_WORDS


def test_a_timing_counts_up_to_each_bound():
    timing = Timing((1.0, 2.0))
    for seconds in (0.5, 1.0, 1.5, 9.0):
        timing.add(seconds)

    assert timing.up_to() == [(1.0, 2), (2.0, 3), (float("inf"), 4)]
    assert timing.seconds == 12.0


def test_counts_begin_at_nothing():
    assert Metrics().conversations.total() == 0
