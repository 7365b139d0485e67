"""Outside addresses that a node can't know and its owner names: `moothall run --announce`."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import cbor2

from tests.system.people import LOOPBACK, Person, village

OUTSIDE = "/ip4/198.51.100.7/tcp/14001"
NAMED = "/dns4/market.example.org/tcp/14001"


def told(person: Person) -> list[str]:
    """The addresses of the maker's own node in a new invitation."""
    (payload,) = parse_qs(urlsplit(person.do("invite")["links"][0]).query)["i"]
    raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    *_, peers = cbor2.loads(raw[:-4])
    return [str(each) for each in peers[0][1]]


def announce(*addresses: str) -> tuple[str, ...]:
    return (*LOOPBACK, *(part for each in addresses for part in ("--announce", each)))


def test_an_invitation_names_what_is_announced_before_what_is_known_here(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.start(*announce(OUTSIDE, NAMED))
        first, second, local = ana.ready["addresses"]
        assert first == f"{OUTSIDE}/p2p/{ana.ready['peer']}"
        assert second == f"{NAMED}/p2p/{ana.ready['peer']}"
        assert told(ana) == [OUTSIDE, NAMED, local.partition("/p2p/")[0]]
        assert ana.stop() == 0

        ana.start()  # it was kept
        assert told(ana) == [OUTSIDE, NAMED, local.partition("/p2p/")[0]]
        assert ana.stop() == 0
        assert told(ana)[0] == OUTSIDE  # also made while no node runs

        refused = ana.refused("run", *announce("nonsense"), code=2)
        assert refused["error"] == "bad-address"
        assert refused["message"].startswith("'nonsense' is no address to announce. Nothing was ")

        ana.start(*announce("none"))
        assert ana.ready["addresses"] == [local]
        assert told(ana) == [local.partition("/p2p/")[0]]
