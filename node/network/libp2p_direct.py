"""Of a direct connection and circuits with the same peer, the direct one stays, if it lives.

A peer that comes over a relay while a direct connection stands here may have lost its end of that
without our knowing, as when its router got another address. So the direct one has to answer before
a circuit is let go, and where only circuits are left a direct one is tried for (`libp2p_upgrade`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import trio
from libp2p.abc import INetConn
from libp2p.protocol_muxer.multiselect_communicator import MultiselectCommunicator

from node.network.libp2p_connections import Connections, close_quietly, id_of
from node.network.libp2p_framing import abort
from node.network.libp2p_pubsub_hazards import MESHSUB
from node.network.libp2p_wire import is_relayed, wire_of
from node.network.links import Gate

if TYPE_CHECKING:
    from libp2p.io.abc import ReadWriteCloser
    from libp2p.network.stream.net_stream import NetStream

    from node.network.libp2p_upgrade import Upgrade

logger = logging.getLogger("moothall.network")

ANSWER_SECONDS = 5.0  # for a direct connection to show that it lives
LET_GO_SECONDS = 30.0  # for what still goes on over a circuit when there is a direct connection
MULTISTREAM = "/multistream/1.0.0"  # what either end says first on every stream


class Direct:
    """One node's preference. `down` is told of a connection given up, `introduce` that another
    connection with a peer is the one to gossip over.
    """

    def __init__(
        self,
        up: Connections,
        nursery: trio.Nursery,
        upgrade: Upgrade,
        gate: Gate,
        *,
        down: Callable[[str, INetConn], None],
        introduce: Callable[[str], None],
    ) -> None:
        self._up = up
        self._nursery = nursery
        self._upgrade = upgrade
        self._gate = gate
        self._down = down
        self._introduce = introduce
        self._looking: set[str] = set()

    def look(self, peer: str) -> None:
        """A connection with this peer came or went, or it may have become a member."""
        circuits = self._up.circuits(peer)
        if circuits and self._up.is_direct(peer):
            if peer not in self._looking:
                self._looking.add(peer)
                self._nursery.start_soon(self._let_circuits_go, peer)
        elif self._gate(peer) and any(not conn.muxed_conn.is_initiator for conn in circuits):
            self._nursery.start_soon(self._upgrade.begin, id_of(peer))

    async def _let_circuits_go(self, peer: str) -> None:
        """A direct connection stands: close the others once nothing but gossip uses them."""
        try:
            for conn in [each for each in self._up.of(peer) if not is_relayed(each)]:
                if not await _answers(conn):
                    logger.debug("a direct connection with %s is dead", peer)
                    wire = wire_of(conn.muxed_conn)
                    if wire is not None:
                        wire.cut()  # the next one may need the very same ports
                    await self._close(peer, conn)
            while self._up.is_direct(peer) and (circuits := self._up.circuits(peer)):
                with trio.move_on_after(LET_GO_SECONDS):
                    while any(each.get_protocol() != MESHSUB for each in circuits[0].get_streams()):
                        await trio.sleep(LET_GO_SECONDS / 100)
                if self._up.is_direct(peer):
                    await self._close(peer, circuits[0])
        finally:
            self._looking.discard(peer)
        if self._up.of(peer):
            self._introduce(peer)
        self.look(peer)

    async def _close(self, peer: str, conn: INetConn) -> None:
        await close_quietly(conn)
        self._down(peer, conn)


async def _answers(conn: INetConn) -> bool:
    """Whether the other end says anything."""
    with trio.move_on_after(ANSWER_SECONDS):
        try:
            stream = cast("NetStream", await conn.new_stream())
            try:
                asking = MultiselectCommunicator(cast("ReadWriteCloser", stream))
                await asking.write(MULTISTREAM)
                await asking.read()
            finally:
                await abort(stream)
        except Exception as error:
            logger.debug("no answer: %s", error, exc_info=True)
            return False
        return True
    return False
