"""What an owner may name as the node's outside address."""

from __future__ import annotations

import pytest

from node import announcing
from protocol.errors import Refused

OUTSIDE = "/ip4/198.51.100.7/tcp/4001"


def test_addresses_that_others_can_dial_are_named_once_and_in_one_form() -> None:
    asked = [OUTSIDE, "/ip6/2001:DB8:0::7/tcp/1", "/dns/Node.example.org/tcp/65535", OUTSIDE]

    assert announcing.read(asked) == (
        OUTSIDE,
        "/ip6/2001:db8::7/tcp/1",
        "/dns/node.example.org/tcp/65535",
    )


def test_nothing_asked_is_another_thing_than_none() -> None:
    assert announcing.read([]) is None
    assert announcing.read(["none"]) == ()


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "198.51.100.7:4001",
        "/ip4/198.51.100.7/udp/4001",
        "/ip4/198.51.100.7/tcp/0",
        "/ip4/198.51.100.7/tcp/04001",
        "/ip4/198.51.100.7/tcp/65536",
        "/ip4/198.51.100.7/tcp/4001/p2p-circuit",
        "/ip6/198.51.100.7/tcp/4001",
        "/ip6/2001:db8::7%eth0/tcp/4001",
        "/ip4/224.0.0.1/tcp/4001",
        "/dns/not a name/tcp/4001",
        "/dns4/198.51.100.7/tcp/4001",
        "/dns//tcp/4001",
        f"/dns/{'long.' * 50}org/tcp/4001",
        "none",
    ],
)
def test_what_nobody_can_dial_is_refused_in_one_line(address: str) -> None:
    with pytest.raises(Refused) as refused:
        announcing.read([OUTSIDE, address])

    assert refused.value.reason == "bad-address"
    assert str(refused.value) == (
        f"{address!r} is no address to announce. Nothing was started. Write it like "
        "/ip4/198.51.100.7/tcp/4001 or /dns/node.example.org/tcp/4001."
    )


@pytest.mark.parametrize("host", ["/ip4/127.0.0.1", "/ip4/0.0.0.0", "/ip6/::1", "/ip6/fe80::1"])
def test_what_leads_elsewhere_for_everybody_else_is_refused(host: str) -> None:
    with pytest.raises(Refused, match="Announce the address that others dial"):
        announcing.read([f"{host}/tcp/4001"])


def test_four_leave_room_in_a_card_for_what_is_known_here() -> None:
    five = [f"/ip4/198.51.100.7/tcp/{port}" for port in range(1, 6)]

    assert announcing.read(five[:4]) == tuple(five[:4])
    with pytest.raises(Refused, match="4 addresses can be announced at most, not 5"):
        announcing.read(five)
