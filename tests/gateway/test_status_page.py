"""The node in words: who is in touch, what is here, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from node import status as states
from node import telling
from node.gateway.context import Alone, Gateway
from node.network.peer_id import peer_id_of
from storage.rows import note_fault
from tests.gateway.reading import check_page
from tests.gateway.village import Village, signer


class InTouch(Alone):
    """A node that is in touch with these."""

    def __init__(self, touched: Mapping[str, int]) -> None:
        super().__init__()
        self._touched = touched

    def touch(self) -> Mapping[str, int]:
        return self._touched


def peer_of(name: str) -> str:
    return peer_id_of(signer(f"{name} device").public)


@pytest.fixture
def node(gateway: Gateway) -> InTouch:
    node = InTouch({peer_of("Ben"): 20, peer_of("Eva"): 65, peer_of("Nobody"): 300})
    gateway.node = node
    return node


async def test_neighbours_are_people_with_names(desk, node):
    page = check_page((await desk.get("/status")).text)

    assert "In touch with 3 neighbours, last heard 20 seconds ago." in page.text
    assert "Ben 20 seconds ago" in page.text
    assert "Eva 1 minute ago" in page.text
    assert "Somebody not known yet" in page.text
    assert peer_of("Ben") not in page.text


async def test_alone_it_says_what_to_do(desk, gateway):
    gateway.node = Alone()
    page = check_page((await desk.get("/status")).text)

    assert "not in touch with any other" in page.text
    assert "ask a friend to start theirs" in page.text


async def test_one_neighbour_is_one(desk, gateway):
    gateway.node = InTouch({peer_of("Ben"): 0})

    assert "In touch with 1 neighbour, last heard just now." in (await desk.get("/status")).text


async def test_what_happened_is_told_with_names_newest_first(desk, node, village: Village):
    ben = village.ben.device.public.hex()
    node.events.tell("peer-up", peer=peer_of("Ben"))
    node.events.tell("record", kind="listing", device=ben)
    node.events.tell("record", count=240)
    node.events.tell("certificate", height=3, id="ab" * 32)

    text = check_page((await desk.get("/status")).text).text
    told = [
        "confirmed step 3",
        "240 new entries",
        "Ben has made or changed a listing",
        "Ben is in touch",
    ]
    places = [text.index(each) for each in told]
    assert places == sorted(places)


async def test_what_happens_again_and_again_is_one_line(desk, node, village: Village):
    for _ in range(20):
        node.events.tell("record", kind="listing", device=village.ben.device.public.hex())

    text = check_page((await desk.get("/status")).text).text
    assert text.count("Ben has made or changed a listing") == 1
    assert "\u00d7 20" in text


async def test_no_more_than_the_last_fifty_things_are_remembered(desk, node):
    for number in range(80):
        node.events.tell("certificate", height=number, id="")

    text = (await desk.get("/status")).text
    assert "confirmed step 30." in text
    assert "confirmed step 29." not in text


async def test_what_a_neighbour_did_wrong_is_said_with_what_it_means(desk, node, village):
    with village.ana.store.transaction():
        note_fault(village.ana.store, peer_of("Ben"), "bad-signature")
        note_fault(village.ana.store, "12D3KooW<script>", "strange")

    page = check_page((await desk.get("/status")).text)
    assert "Ben sent something with a signature that does not hold" in page.text
    assert "(strange)" in page.text
    assert "you need do nothing" in page.text


async def test_counts_are_those_of_the_store(desk, node, village):
    (records,) = village.ana.store.db.execute("SELECT count(*) FROM record").fetchone()

    text = check_page((await desk.get("/status")).text).text
    assert f"Entries {records}" in text
    assert "1 device of a newcomer" in text


def test_every_event_is_a_sentence(village: Village):
    store, eva = village.ana.store, village.eva.device.public.hex()
    events: list[dict[str, Any]] = [
        {"event": "record", "kind": kind, "device": eva}
        for kind in ("listing", "profile", "join", "something new")
    ]
    events += [{"event": "fork"}, {"event": "refused", "reason": "used", "message": "Used."}]
    for event in events:
        sentence = telling.sentence(store, event)
        assert sentence.endswith(".")
        assert "%" not in sentence
    assert telling.sentence(store, {"event": "new kind"}) == "new kind"


def test_who_has_no_name_here_is_called_by_digits(village: Village):
    store = village.ana.store
    stranger = "00ff" * 16

    assert telling.who(store, village.ben.device.public.hex()) == "Ben"
    assert telling.who(store, stranger) == "00ff00ff"
    assert telling.who(store, peer_of("Nobody")) == peer_of("Nobody")[-8:]
    assert telling.who(store, "") == ""
    assert telling.who(store, "the disk") == "the disk"


def test_status_without_a_running_node_says_so(gateway: Gateway, tmp_path: Path):
    assert gateway.home is not None
    data = states.of_home(gateway.home)

    assert data["running"] is False
    assert data["neighbours"] == []
    assert data["community_name"] == "Riverside makers"
