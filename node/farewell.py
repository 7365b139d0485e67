"""Telling those who are cut off that they are, and why.

Members don't talk with a device that a certificate has cut, so it could never learn of that
certificate. It may ask in the lobby for the certificates up to that one, and for nothing later.
"""

from __future__ import annotations

import logging
from typing import Any

import cbor2
import trio

from governance.certified import Certified
from governance.membership import GONE, RETIRED
from node.network.links import JOIN, LinkError, Network
from protocol import lobby
from protocol.certificates import Certificate, read_certificate
from protocol.errors import Invalid
from storage import certificates, chain
from storage.rows import standing_of
from storage.standing import settle
from storage.store import Store

logger = logging.getLogger("moothall.farewell")

SECONDS = 10.0
ROOM = lobby.MAX_NEWS - 1024
BACK = 16  # certificates of our own that may be void


def told(store: Store, device: bytes, height: int) -> list[Any]:
    """What a cut device may still hear: certificates from `height` to the one that cut it."""
    known = standing_of(store, device)
    state = certificates.current(store)
    if known is None or known[0] not in (GONE, RETIRED) or state is None:
        return []
    last = _last_cut(store, state, device, height)
    chosen: list[Any] = []
    size = 0
    for (raw,) in store.db.execute(
        "SELECT travel FROM certificate WHERE height BETWEEN ? AND ? ORDER BY height",
        [height, last],
    ):
        size += len(raw)
        if size > ROOM:
            break
        chosen.append(cbor2.loads(raw))
    return chosen


def _last_cut(store: Store, state: Certified, device: bytes, height: int) -> int:
    """Where the newest certificate stands that cut this device, from `height` on; -1 for none.

    Whoever was cut may ask again and again, so only what may be about it is read.
    """
    rows = store.db.execute(
        "SELECT height, travel FROM certificate WHERE height >= ?"
        " AND (instr(raw, ?) OR instr(raw, ?) OR instr(raw, ?)) ORDER BY height DESC",
        [height, device, state.roll.person_of(device) or device, b"remove"],
    )
    found = ((at, read_certificate(cbor2.loads(raw))) for at, raw in rows)
    return next((at for at, each in found if _cuts(state, each, device)), -1)


def _cuts(state: Certified, certificate: Certificate, device: bytes) -> bool:
    """Whether this certificate ends the logs of that device."""
    person, decision = state.roll.person_of(device), certificate.decision
    match certificate.kind:
        case "remove":
            vote = state.votes.get(decision["proposal"])
            return vote is not None and vote.effect.get("person") == person
        case "roll":
            left = [line[0] for line in decision.get("leave", [])]
            retired = [line[0] for line in decision.get("retire", [])]
            return person in left or device in retired
        case "move-seat":
            return any(head[0] == device for head in decision.get("retire", []))
    return False


async def ask(store: Store, network: Network, peer: str) -> set[str]:
    """Ask a peer that refuses us what it knows of us; what changed here. Never raises LinkError."""
    try:
        with trio.move_on_after(SECONDS):
            return await _ask(store, network, peer)
    except (LinkError, Invalid) as error:
        logger.debug("%s did not say why it refuses us: %s", peer, error.reason)
    return set()


async def _ask(store: Store, network: Network, peer: str) -> set[str]:
    tip = certificates.tip(store)[0]
    # What follows our tip; or what a move of the teller's seat put in the place of our last ones.
    for height in (tip + 1, max(0, tip + 1 - BACK)):
        stream = await network.open(peer, JOIN)
        try:
            await stream.send(lobby.ask_news(store.community, height))
            travels = lobby.read_news(await stream.receive(lobby.MAX_NEWS))
        finally:
            await stream.aclose()
        with store.transaction():
            chain.Incoming(store).take(travels, False)
            settle(store)
        if store.changed:
            logger.info("%s told this device what it had missed", peer)
            return set(store.changed)
    return set()
