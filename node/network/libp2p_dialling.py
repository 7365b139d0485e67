"""Dialling a peer: its addresses one by one, each with its own time limit.

Direct addresses come first and circuits through relays after them. Only a member's relay is dialled
for that; whoever answers anywhere has to prove the peer id that was dialled.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

import trio
from libp2p.peer.id import ID

from node.network import libp2p_addresses
from node.network.libp2p_addresses import Way
from node.network.links import Gate, LinkError

if TYPE_CHECKING:
    from node.network.libp2p_hazards import CarefulSwarm
    from node.network.libp2p_reach import Reach

logger = logging.getLogger("moothall.network")

DIAL_SECONDS = 5.0  # for each address
HURRIED_SECONDS = 3.0  # where a circuit is left to be tried
CIRCUIT_SECONDS = 10.0  # for a circuit, once we are connected with its relay


class Dialler:
    """One node's dialling. `me` is its own peer id."""

    def __init__(self, me: str, swarm: CarefulSwarm, reach: Reach, gate: Gate) -> None:
        self._me = me
        self._swarm = swarm
        self._reach = reach
        self._gate = gate
        self._relays: dict[str, trio.Lock] = {}  # members only, so there are few

    async def dial(self, peer: ID, addresses: Sequence[str]) -> None:
        """Connect to `peer`; LinkError `unreachable` with what went wrong at each address."""
        ways, reasons = [], []
        for text in addresses:
            try:
                ways.append(libp2p_addresses.to_dial(text, str(peer)))
            except LinkError as error:
                reasons.append(f"{text} ({error.reason})")
        ways = libp2p_addresses.in_order(ways)
        for number, way in enumerate(ways):
            circuit_left = any(later.relay for later in ways[number:])
            seconds = HURRIED_SECONDS if circuit_left else DIAL_SECONDS
            reason = await self._try(peer, way, seconds)
            if reason is None:
                return
            logger.debug("dialling %s at %s failed: %s", peer, way.text, reason)
            reasons.append(f"{way.text} ({reason})")
        raise LinkError(
            "unreachable", f"{peer} can't be reached: {', '.join(reasons) or 'no address known'}."
        )

    async def _try(self, peer: ID, way: Way, seconds: float) -> str | None:
        """Try one way; None if we are connected, else a word on why not."""
        try:
            if way.relay:
                await self._through(peer, way)
                return None
            with trio.move_on_after(seconds):
                await self._swarm.dial_one(peer, way.host, way.port)
                return None
        except LinkError as error:
            return error.reason
        except Exception as error:
            logger.debug("dialling %s failed: %s", way.text, error, exc_info=True)
            return type(error.__cause__ or error).__name__
        return "too-slow"

    async def _through(self, peer: ID, way: Way) -> None:
        """Connect through a member's relay, to which we connect first if need be."""
        if way.relay == self._me:
            raise LinkError("self", "This node is the relay.")
        if not self._gate(way.relay):
            raise LinkError("stranger", "The relay is no member as far as this node knows.")
        relay = ID.from_base58(way.relay)
        # A lock of its own: whoever waits here may hold the one under which this very relay is
        # being dialled through that peer.
        async with self._relays.setdefault(way.relay, trio.Lock()):
            if not self._reach.is_direct(way.relay):
                reason = await self._try(relay, way._replace(relay=""), DIAL_SECONDS)
                if reason is not None:
                    raise LinkError(reason, f"The relay {way.relay} can't be reached.")
        with trio.move_on_after(CIRCUIT_SECONDS):
            await self._reach.dial(way.relay, peer)
            return
        raise LinkError("too-slow", "The relay or the peer behind it didn't answer in time.")
