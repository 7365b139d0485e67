"""Which addresses can be dialled, in which order, and which of a relay's are told on."""

from __future__ import annotations

import errno
import ipaddress

import pytest

from node.network import libp2p_addresses
from node.network.interfaces import Interface
from node.network.libp2p_addresses import Way, in_order, of_relay, to_dial
from node.network.links import LinkError
from node.network.peer_id import peer_id_of

ANA, RITA = peer_id_of(bytes(range(32))), peer_id_of(bytes(range(1, 33)))
PLACE = "/ip4/203.0.113.7/tcp/4001"


@pytest.mark.parametrize(
    ("text", "relay"),
    [
        (PLACE, ""),
        (f"{PLACE}/p2p/{ANA}", ""),
        ("/dns4/ana.example/tcp/4001", ""),
        (f"{PLACE}/p2p/{RITA}/p2p-circuit", RITA),
        (f"{PLACE}/p2p/{RITA}/p2p-circuit/p2p/{ANA}", RITA),
    ],
)
def test_an_address_names_a_place_and_maybe_a_relay(text: str, relay: str) -> None:
    way = to_dial(text, ANA)

    assert (way.text, way.port, way.relay) == (text, 4001, relay)
    assert way.host in ("203.0.113.7", "ana.example")


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "/ip4/203.0.113.7/udp/4001",
        f"{PLACE}/p2p/{RITA}",  # somebody else's
        f"{PLACE}/p2p-circuit",  # through whom?
        f"/p2p/{RITA}/p2p-circuit",  # who is where?
        f"{PLACE}/p2p/{ANA}/p2p-circuit",  # through herself
        f"{PLACE}/p2p/{RITA}/p2p-circuit/p2p/{RITA}",
        f"{PLACE}/p2p/{RITA}/p2p-circuit/p2p/{RITA}/p2p-circuit/p2p/{ANA}",  # a chain
    ],
)
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(LinkError) as error:
        to_dial(text, ANA)
    assert error.value.reason == "bad-address"


def test_direct_ways_come_first_and_foreign_networks_last(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Interface("lan", 1, (ipaddress.ip_interface("192.168.1.5/24"),))
    monkeypatch.setattr(libp2p_addresses, "interfaces", lambda: [here])

    def way(host: str, relay: str = "") -> Way:
        return Way("", host, 4001, relay)

    given = [
        way("10.0.0.1"),
        way("198.51.100.1", RITA),
        way("10.0.0.1", RITA),
        way("192.168.1.9"),
        way("192.168.1.1", RITA),
        way("ana.example"),
        way("192.0.2.1"),
    ]

    assert in_order(given) == [
        *(given[i] for i in (3, 5, 6)),
        *(given[i] for i in (1, 4)),
        *(given[i] for i in (0, 2)),
    ]


def test_of_a_relay_only_what_others_can_dial_is_told_on() -> None:
    told = f"{PLACE}/p2p/{RITA}"
    loopback = f"/ip4/127.0.0.1/tcp/4001/p2p/{RITA}"

    assert of_relay(told, RITA, here=False) == PLACE
    assert of_relay(loopback, RITA, here=False) is None
    assert of_relay(loopback, RITA, here=True) == "/ip4/127.0.0.1/tcp/4001"
    for text in (
        f"{PLACE}/p2p/{ANA}",
        f"/ip4/0.0.0.0/tcp/4001/p2p/{RITA}",
        f"{PLACE}/p2p/{ANA}/p2p-circuit/p2p/{RITA}",
        f"/dns4/rita.example/tcp/4001/p2p/{RITA}",
        f"/p2p/{RITA}",
    ):
        assert of_relay(text, RITA, here=True) is None


def test_a_system_that_cannot_be_asked_keeps_nobody_from_dialling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> list[Interface]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(libp2p_addresses, "interfaces", fail)
    home = to_dial("/ip4/192.168.1.7/tcp/4001", ANA)

    assert in_order([home, to_dial(PLACE, ANA)])[-1] == home
    assert not libp2p_addresses.is_own("192.168.1.7")
