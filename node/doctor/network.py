"""The node among others: neighbours, whether they say the same, and how it can be reached.

Only the running node knows; while it does not run, most of this has nothing to say.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from governance.roll import MEMBER
from node.doctor.finding import Finding, Situation, good, warning
from node.moments import when
from node.network_view import ALONE, INTERNET, LAN, NO_ADDRESSES, OUTSIDE, place_of
from node.peers import Peers
from storage.views import members, profiles

ASK_FRIENDS = "Look whether this computer is online, and ask a friend to start their node."


def neighbours(situation: Situation) -> Finding | None:
    """How many, and by how many different persons they were invited."""
    home, network = situation.home, situation.network
    if home is None:
        return None
    if network is None:
        known = len(Peers(home.store, time.monotonic).addresses())
        if known:
            nodes = _count(known, "other node")
            return good("neighbours", f"The addresses of {nodes} are known here.")
        if _others(situation) == 0:
            return good("neighbours", "Nobody else belongs yet; `moothall invite` makes a link.")
        return warning("neighbours", "No address of another node is known.", ASK_FRIENDS)
    rows = network["peers"]
    if not rows:
        return _nobody(network)
    inviters = {row["inviter"] for row in rows if row["inviter"] is not None}
    told = f"In touch with {_count(len(rows), 'node')}"
    many = len(rows) > 1 and inviters
    told += f"; {_count(len(inviters), 'member')} invited their people." if many else "."
    branch = (network.get("compared") or {}).get("branch")
    if branch is not None:
        inviter = profiles.names(home.store).get(bytes.fromhex(branch), "") or branch[:8]
        return warning(
            "neighbours",
            f"{told} All of them came in by {inviter} or whom {inviter} brought in, who could "
            "keep something from you together.",
            "Your node looks for others by itself. If it stays so, ask members whom somebody else "
            "brought in to start their nodes.",
        )
    return good("neighbours", told)


def comparison(situation: Situation) -> Finding | None:
    """Whether neighbours name the same newest certificate."""
    network = situation.network
    compared = None if network is None else network.get("compared")
    if compared is None or not compared["peers"]:
        return None
    differ, peers = compared["differ"], compared["peers"]
    if differ:
        return warning(
            "comparison",
            f"The newest certificate is another one at {len(differ)} of {_count(peers, 'node')}.",
            "Ask again in two minutes: mostly one of you is only behind. If it stays so, see "
            "`moothall teller show`, and ask those members by another way what they see.",
        )
    same = compared["same"]
    told = (
        "the newest certificate is the same"
        if same == peers
        else f"the newest certificate is the same at {same}, and nobody names another chain"
    )
    return good("comparison", f"Compared with {_count(peers, 'other member')}: {told}.")


def reachability(situation: Situation) -> Finding | None:
    """Whether anybody has dialled this node from elsewhere: all that can be known for certain."""
    network = situation.network
    if network is None or network["why"] in (ALONE, OUTSIDE):
        return None
    dialled, relaying = network["dialled"], network["relaying"]
    if INTERNET in dialled:
        return good(
            "reachability",
            "Others dial your node directly from the internet, last on "
            f"{when(dialled[INTERNET], situation.now_ms)}.",
        )
    if relaying["reserved_at"]:
        return good("reachability", "Others can reach your node over a relay.")
    if not any(place_of(each) for each in network["addresses"]):
        return None  # it listens on this computer alone, as `ports` says
    started = f"since it started on {when(network['since'], situation.now_ms)}"
    announced = [str(each) for each in network.get("announced", ())]
    told = (
        f"Others on the local network dial your node; from the internet nobody has, {started}."
        if LAN in dialled
        else f"Nobody has dialled your node from another computer, {started}; whether anybody "
        "could is not known."
    )
    offers = bool(relaying["offers"])
    return warning("reachability", told, _open_a_door(network["addresses"], announced, offers))


def relay(situation: Situation) -> Finding | None:
    """Whether it relays for others, or is reached over somebody's node."""
    network = situation.network
    if network is None or situation.home is None:
        return None
    relaying = network["relaying"]
    if relaying["offers"]:
        return good("relay", _relays(int(relaying["reserved"]), int(relaying["serving"])))
    if relaying["reserved_at"]:
        names = profiles.names(situation.home.store)
        called = {
            row["peer"]: names.get(bytes.fromhex(row["person"]), "") or row["person"][:8]
            for row in network["peers"]
            if row["person"] is not None
        }
        over = ", ".join(called.get(peer, peer[-8:]) for peer in relaying["reserved_at"])
        return good("relay", f"Your node has a place at the relay of {over}.")
    return None


def _relays(reserved: int, serving: int) -> str:
    """For how many nodes it is there, and what goes through it."""
    if not reserved:
        return "Your node offers to relay for others; no node has a place here now."
    have = "1 member's node has" if reserved == 1 else f"{reserved} members' nodes have"
    told = f"Your node relays for others: {have} a place here, "
    if not serving:
        return f"{told}to be reached when somebody calls."
    go = "goes" if serving == 1 else "go"
    return f"{told}and {_count(serving, 'connection')} {go} through it now."


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
        f"In touch with nobody, though the addresses of {_count(known, 'node')} are known.",
        ASK_FRIENDS,
    )


def _others(situation: Situation) -> int:
    assert situation.home is not None  # noqa: S101 - asked by those who have one
    everybody = members.everybody(situation.home.store)
    return sum(each.status == MEMBER and each.person != situation.home.person for each in everybody)


def _open_a_door(addresses: Sequence[str], announced: Sequence[str], offers: bool) -> str:
    """What helps: at a public address an open port, a forwarded port, or a relay, if it is none."""
    if announced:
        where = " and ".join(announced)
        ports = {each.split("/")[4] for each in addresses if place_of(each)}
        return (
            f"You announce {where}: see that your router or provider passes that on to TCP port "
            f"{' or '.join(sorted(ports))} of this computer, and that its firewall lets it through."
        )
    public = {each.split("/")[4] for each in addresses if place_of(each) == INTERNET}
    if public:
        return (
            f"Let the firewall of this computer through to TCP port {' and '.join(sorted(public))}."
        )
    forward = (
        "have your router forward a TCP port to this computer, and start your node with --announce "
        "/ip4/OUTSIDE-ADDRESS/tcp/PORT."
    )
    if offers:
        return (
            "It can only relay for others if they can dial it: let it run on a machine with a "
            f"public address, or {forward}"
        )
    return (
        "Ask somebody whose computer is always on and has a public address to say `moothall run "
        "--offer-relay`; your node finds it by itself, and others reach you through it. Or "
        f"{forward}"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what if number == 1 else f'{what}s'}"
