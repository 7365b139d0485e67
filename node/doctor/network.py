"""The node among others: neighbours, whether they say the same, and how it can be reached.

Only the running node knows; while it does not run, most of this has nothing to say.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from governance.roll import MEMBER
from node.doctor.finding import Finding, Situation, good, warning
from node.network_view import ALONE, INTERNET, LAN, NO_ADDRESSES, OUTSIDE
from node.peers import Peers
from storage.views import members, profiles

ENOUGH_INVITERS = 3  # whom neighbours should have come in by, where there are so many
ENOUGH_COMPARED = 3  # neighbours that the newest certificate should be compared with
ASK_FRIENDS = "Look whether this computer is online, and ask a friend to start their node."


def neighbours(situation: Situation) -> Finding | None:
    """How many, and by how many different persons they were invited."""
    home, network = situation.home, situation.network
    if home is None:
        return None
    if network is None:
        known = len(Peers(home.store, time.monotonic).addresses())
        if known or _others(situation) == 0:
            return good("neighbours", f"Addresses of {known} other nodes are known.")
        return warning("neighbours", "No address of another node is known.", ASK_FRIENDS)
    rows = network["peers"]
    if not rows:
        return _nobody(network)
    inviters = {row["inviter"] for row in rows}
    told = f"In touch with {_count(len(rows), 'node')}, of {_count(len(network_people(rows)), 'person')}"
    told += f" whom {_count(len(inviters), 'person')} brought in."
    possible = {each.inviter for each in members.everybody(home.store) if each.status == MEMBER}
    if len(inviters) < min(ENOUGH_INVITERS, len(possible)) and len(rows) >= ENOUGH_INVITERS:
        return warning(
            "neighbours",
            f"{told} So few could agree to keep something from you.",
            "Your node looks for others by itself; if it stays so for days, ask members whom "
            "somebody else invited to start their nodes.",
        )
    return good("neighbours", told)


def comparison(situation: Situation) -> Finding | None:
    """Whether neighbours name the same newest certificate."""
    network = situation.network
    compared = None if network is None else network.get("compared")
    if network is None or compared is None or not network["peers"]:
        return None
    differ, peers = compared["differ"], compared["peers"]
    if differ:
        return warning(
            "comparison",
            f"{len(differ)} of {_count(peers, 'neighbour')} name another newest certificate than "
            "this node.",
            "Ask again in two minutes: mostly one of you is only behind. If it stays so, see "
            "`moothall teller show`, and ask those members by another way what they see.",
        )
    if peers < min(ENOUGH_COMPARED, int(network["known"])):
        return warning(
            "comparison",
            f"The newest certificate was compared with {_count(peers, 'neighbour')} only.",
            "Nothing at once: your node compares it with others as soon as they are in touch.",
        )
    return good("comparison", f"{_count(peers, 'neighbour')} name the same newest certificate.")


def reachability(situation: Situation) -> Finding | None:
    """Whether anybody has dialled this node from elsewhere: all that can be known for certain."""
    network = situation.network
    if network is None or network["why"] in (ALONE, OUTSIDE):
        return None
    reached, relaying = network["reached"], network["relaying"]
    if INTERNET in reached:
        return good(
            "reachability",
            f"Others dial your node directly from the internet, last at {reached[INTERNET]}.",
        )
    if relaying["reserved_at"]:
        return good("reachability", "Others reach your node over a relay.")
    started = f"since it started at {reached['since']}"
    told = (
        f"Others on the local network dial your node; from the internet nobody has, {started}."
        if LAN in reached
        else f"Nobody has dialled your node from another computer, {started}; whether anybody "
        "could is not known."
    )
    return warning("reachability", told, _open_a_door([str(each) for each in network["addresses"]]))


def relay(situation: Situation) -> Finding | None:
    """Whether it relays for others, or is reached over somebody's node."""
    network = situation.network
    if network is None or situation.home is None:
        return None
    relaying = network["relaying"]
    if relaying["offers"]:
        serving = int(relaying["serving"])
        return good("relay", f"Your node relays for others: {_count(serving, 'connection')} now.")
    if relaying["reserved_at"]:
        names = profiles.names(situation.home.store)
        called = {
            row["peer"]: names.get(bytes.fromhex(row["person"]), "") or row["person"][:8]
            for row in network["peers"]
            if row["person"] is not None
        }
        over = ", ".join(called.get(peer, peer[-8:]) for peer in relaying["reserved_at"])
        return good("relay", f"Your node has a place at the relay of {over}.")
    if INTERNET in network["reached"] or not network["peers"]:
        return None
    return warning(
        "relay",
        "None of your neighbours' nodes relays for others.",
        "Ask somebody whose computer is always on and can be dialled to say `moothall run "
        "--offer-relay`; yours finds it by itself.",
    )


LAN_OFF = {
    "loopback-only": "Your node listens on this computer alone, so it does not look around on the "
    "local network.",
    "no-network": "This computer is in no local network at the moment.",
    "no-permission": "The system does not let your node look around on the local network.",
}


def lan(situation: Situation) -> Finding | None:
    """Whether nodes on the same local network find each other."""
    network = situation.network
    state: Mapping[str, Any] | None = None if network is None else network.get("lan")
    if state is None:
        return None
    if state["on"]:
        seen = int(state["seen"])
        return good("lan", f"Looks around on the local network; {_count(seen, 'node')} seen there.")
    told = LAN_OFF.get(state["why"], f"Does not look around on the local network ({state['why']}).")
    if state["why"] == "loopback-only":
        return good("lan", told)
    return warning(
        "lan", told, "Look at the network settings; nodes elsewhere are dialled all the same."
    )


def network_people(rows: list[Mapping[str, Any]]) -> set[str]:
    """Whose nodes these are."""
    return {row["person"] or row["peer"] for row in rows}


def _nobody(network: Mapping[str, Any]) -> Finding:
    if network["why"] == ALONE:
        return good("neighbours", "Nobody else belongs yet; `moothall invite` makes a link.")
    if network["why"] == OUTSIDE:
        return warning(
            "neighbours",
            "You are no member, or not yet, so nobody keeps in touch with your node.",
            "See `moothall status`.",
        )
    if network["why"] == NO_ADDRESSES:
        return warning("neighbours", "No address of another node is known.", ASK_FRIENDS)
    known = int(network["known"])
    return warning(
        "neighbours",
        f"In touch with nobody, though addresses of {_count(known, 'node')} are known.",
        ASK_FRIENDS,
    )


def _others(situation: Situation) -> int:
    assert situation.home is not None  # noqa: S101 - asked by those who have one
    everybody = members.everybody(situation.home.store)
    return sum(each.status == MEMBER and each.person != situation.home.person for each in everybody)


def _open_a_door(addresses: list[str]) -> str:
    ports = {
        address.split("/")[4]
        for address in addresses
        if address.startswith(("/ip4/", "/ip6/"))
        and "/p2p-circuit" not in address
        and not address.startswith(("/ip4/127.", "/ip6/::1/"))
    }
    if not ports:
        return "Let your node listen on the network: `moothall run --listen /ip4/0.0.0.0/tcp/4001`."
    return (
        f"If your router can, let it forward TCP port {' and '.join(sorted(ports))} to this "
        "computer; otherwise a member's node that relays (`moothall run --offer-relay`) will do."
    )


def _count(number: int, what: str) -> str:
    many = "people" if what == "person" else f"{what}s"
    return f"{number} {what if number == 1 else many}"
