"""Neighbours as their owner sees them, whatever connections there are with them."""

from __future__ import annotations

import pytest

from node.network.links import Link
from node.network.peer_id import peer_id_of
from node.network_view import INTERNET, LAN, Reached, place_of, rows
from tests.gateway.village import START, Village, signer

NOW = 5000.0  # on the node's own clock


@pytest.fixture
def village(tmp_path):
    made = Village(tmp_path)
    yield made
    made.close()


def peer(name: str) -> str:
    return peer_id_of(signer(f"{name} device").public)


def link(name: str, since: float = NOW, **more) -> Link:
    fields = {"address": "/ip4/192.0.2.7/tcp/4001", "inbound": False, "relay": "", **more}
    received, sent = fields.pop("received", 10), fields.pop("sent", 1)
    return Link(
        peer(name), fields["address"], fields["inbound"], fields["relay"], since, received, sent
    )


def seen(village, *links):
    return rows(village.ana.store, links, now=NOW, now_ms=START)


def test_a_neighbour_has_a_name_an_inviter_and_a_beginning(village):
    (ben,) = seen(village, link("Ben", NOW - 60, inbound=True))

    assert (ben.name, ben.person, ben.inviter) == ("Ben", village.ben.id, village.ana.id)
    assert (ben.way, ben.relay, ben.since_ms) == ("in", "", START - 60_000)
    assert ben.plain()["since"] == "2026-09-21T14:12:20Z"


def test_two_connections_with_one_peer_are_one_row_with_all_bytes(village):
    (ben,) = seen(
        village,
        link("Ben", NOW - 10, inbound=True, received=5, sent=7),
        link("Ben", NOW - 90, received=100, sent=200),
    )

    assert (ben.way, ben.received, ben.sent, ben.since_ms) == ("out", 105, 207, START - 90_000)


def test_a_direct_connection_says_more_than_a_relayed_one(village):
    over = {"relay": peer("Eva"), "address": f"/ip4/192.0.2.9/tcp/1/p2p/{peer('Eva')}/p2p-circuit"}
    (relayed,) = seen(village, link("Ben", NOW - 90, **over))
    (both,) = seen(village, link("Ben", NOW - 90, **over), link("Ben", NOW, inbound=True))

    assert (relayed.way, relayed.relay) == ("relay", peer("Eva"))
    assert (both.way, both.relay, both.address) == ("in", "", "/ip4/192.0.2.7/tcp/4001")


def test_who_is_not_known_yet_has_no_name(village):
    (row,) = seen(village, link("Nobody"))

    assert (row.person, row.name, row.inviter) == (None, "", None)
    assert row.plain()["person"] is None


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/ip4/8.8.8.8/tcp/4001", INTERNET),
        ("/ip6/2a00:1450:4001:830::200e/tcp/4001", INTERNET),
        ("/ip4/192.168.1.4/tcp/4001", LAN),
        ("/ip4/100.64.0.9/tcp/4001", LAN),  # a provider's own network
        ("/ip6/fe80::1/tcp/4001", LAN),
        ("/ip6/::ffff:192.168.1.4/tcp/4001", LAN),
        ("/ip4/127.0.0.1/tcp/4001", ""),
        ("/ip6/::1/tcp/4001", ""),
        ("/ip6/::ffff:127.0.0.1/tcp/4001", ""),
        ("/dns4/example.org/tcp/4001", ""),
        ("/ip4/300.1.1.1/tcp/1", ""),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_where_somebody_comes_from(address, place):
    assert place_of(address) == place


def test_only_who_dialled_us_directly_from_elsewhere_proves_that_others_can():
    reached = Reached(lambda: START)
    abroad = "/ip4/8.8.8.8/tcp/4001"
    reached.note([link("Ben", address=abroad)])  # we dialled
    reached.note([link("Ben", address="/ip4/127.0.0.1/tcp/1", inbound=True)])
    reached.note([link("Ben", address=abroad, inbound=True, relay=peer("Eva"))])
    assert reached.last_ms == {}

    # Over a relay first, then directly: perhaps through a hole that both punched.
    reached.note([link("Ben", relay=peer("Eva")), link("Ben", address=abroad, inbound=True)])
    assert reached.last_ms == {}

    reached.note([link("Ben", address=abroad, inbound=True)])
    assert reached.last_ms == {INTERNET: START}
