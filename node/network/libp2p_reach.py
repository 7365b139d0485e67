"""Being reached through relays, and reaching others through them.

Every member that is no relay itself keeps a reservation at two connected members that offer one:
whether it could be dialled directly is not guessed at. A reservation lives as long as the direct
connection over which it was made, and is renewed long before it expires. At whom it is kept is not
decided here (`company`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio
from libp2p.peer.id import ID
from libp2p.relay.circuit_v2.pb.circuit_pb2 import (
    HopMessage,
    PeerId,
    Reservation,
    Status,
    StopMessage,
)
from multiaddr import Multiaddr  # type: ignore[import-untyped]

from node.network import libp2p_addresses
from node.network.company import Company, Held, Plan
from node.network.libp2p_circuit import HOP, Linger, agreed, circuit_wire, read, write
from node.network.libp2p_framing import abort
from node.network.libp2p_wire import wire_of
from node.network.links import Gate, LinkError
from node.network.serving import Refusals

if TYPE_CHECKING:
    from libp2p.abc import IMuxedConn, INetConn, INetStream

    from node.network.libp2p_hazards import CarefulSwarm
    from node.network.libp2p_lobby import GatedHost

logger = logging.getLogger("moothall.network")

ADDRESSES_EACH = 3  # of one relay
ASK_SECONDS = 10.0
LOOK_SECONDS = 30.0
RENEW_SECONDS = 600.0  # at the latest; the standard's reservations last an hour
SOONEST_SECONDS = 30.0  # between two requests to one relay
LONGEST_SECONDS = 900.0


@dataclass(slots=True)
class _Slot:
    """A reservation at one relay."""

    addresses: list[str]  # the relay's, without its peer id
    renew_at: float
    over: IMuxedConn  # the connection with which it ends
    carried: bool = False


class Reach:
    """One node's reservations and circuits. `changed` is called when `addresses` have changed.

    `company` says which of the members that offer to relay are asked.
    """

    def __init__(
        self,
        host: GatedHost,
        swarm: CarefulSwarm,
        gate: Gate,
        linger: Linger,
        changed: Callable[[], None],
        refuse: Refusals,
        company: Company,
    ) -> None:
        self._host = host
        self._swarm = swarm
        self._gate = gate
        self._linger = linger
        self._changed = changed
        self._refuse = refuse
        self._company = company
        self._slots: dict[str, _Slot] = {}
        self._left: set[str] = set()  # relays that we need no more, and by which callers still come
        self._pauses: dict[str, tuple[float, float]] = {}  # relay -> (not before, next pause)
        self._asked: tuple[str, bool] = "", False  # which relay now; whether it was lost meanwhile
        self._news = trio.Event()

    @property
    def reserved_at(self) -> list[str]:
        return list(self._slots)

    @property
    def addresses(self) -> list[str]:
        """Circuit addresses of this node, without its own peer id; the relays take turns."""
        return [
            f"{slot.addresses[turn]}/p2p/{relay}/p2p-circuit"
            for turn in range(ADDRESSES_EACH)
            for relay, slot in self._slots.items()
            if turn < len(slot.addresses)
        ]

    def look(self) -> None:
        """Somebody may offer to relay, or a connection with a relay has ended: see soon."""
        self._news.set()

    def forget(self, peer: str) -> None:
        """There is no direct connection with this peer any more."""
        if peer == self._asked[0]:
            self._asked = peer, True
        self._left.discard(peer)
        if self._slots.pop(peer, None) is not None:
            logger.debug("no longer reachable through %s", peer)
            self._changed()
        self._news.set()

    def came(self, conn: INetConn) -> None:
        """A connection stands: if somebody has reached us over a relay, that one carries."""
        wire = wire_of(conn.muxed_conn)
        if wire is not None and wire.relay in self._slots and not conn.muxed_conn.is_initiator:
            self._slots[wire.relay].carried = True

    async def keep(self) -> None:
        """Keep reservations until cancelled."""
        while True:
            self._news = trio.Event()
            for relay, slot in list(self._slots.items()):
                due = slot.renew_at <= trio.current_time() or slot.over.is_closed
                if due and (self._direct(relay) is None or not await self._reserve(relay)):
                    self._drop(relay)
            while await self._follow(self._plan()):
                pass
            with trio.move_on_after(LOOK_SECONDS):
                await self._news.wait()

    def _plan(self) -> Plan:
        now = trio.current_time()
        held = [Held(relay, slot.carried) for relay, slot in self._slots.items()]
        try:
            return self._company.relays(now, held, self._offering(now))
        except Exception as error:  # it knows people by a store that may fail for a while
            logger.warning("no relay chosen: %s", type(error).__name__, exc_info=True)
            return Plan([], [])

    async def _follow(self, plan: Plan) -> bool:
        """Whether anything has changed by it."""
        for relay in plan.leave:
            self._left.add(relay)
            self._drop(relay)
        if plan.leave:
            return True
        for relay in plan.ask:
            if await self._reserve(relay):
                return True
        return False

    def _drop(self, relay: str) -> None:
        if self._slots.pop(relay, None) is not None:
            logger.debug("no place any more at %s", relay)
            self._changed()

    async def dial(self, relay: str, peer: ID) -> INetConn:
        """Connect to `peer` through a connected relay; raises whatever the library raises."""
        link = self._direct(relay)
        if link is None:
            raise LinkError("no-relay", f"There is no direct connection with {relay}.")
        stream = await self._host.new_stream(ID.from_base58(relay), [HOP])
        try:
            wanted = PeerId(id=peer.to_bytes())
            await write(stream, HopMessage(type=HopMessage.CONNECT, peer=wanted))
            await agreed(stream, HopMessage)
        except BaseException:
            await abort(stream)
            raise
        wire = circuit_wire(stream, relay, link, self._linger)
        return await self._swarm.dial_over(wire, peer)

    async def serve(self, stream: INetStream) -> None:
        """A relay says that somebody wants to talk to us: whoever it is, Noise proves it."""
        relay = str(stream.muxed_conn.peer_id)
        with trio.fail_after(ASK_SECONDS):
            asked = await read(stream, StopMessage)
        link = self._direct(relay)
        wire = wire_of(stream.muxed_conn)
        known = relay in self._slots or relay in self._left
        good = asked.type == StopMessage.CONNECT and known
        if not good or wire is None or wire.relay or link is None:
            self._refuse(relay, "circuit", "no-reservation")
            refusal = StopMessage(type=StopMessage.STATUS, status=Status.PERMISSION_DENIED)
            await write(stream, refusal)
            await stream.close()
            return
        await write(stream, StopMessage(type=StopMessage.STATUS, status=Status.OK))
        circuit = circuit_wire(stream, relay, link, self._linger)
        await self._swarm.accept(circuit)

    def is_direct(self, peer: str) -> bool:
        """Whether a direct connection with this peer stands."""
        return self._direct(peer) is not None

    def _offering(self, now: float) -> list[str]:
        """Members that may be asked, and offer to relay as they told when asked who they are."""
        offering = []
        for peer_id in self._swarm.get_connections_map():
            peer = str(peer_id)
            if (
                peer not in self._slots
                and self._pauses.get(peer, (now, 0.0))[0] <= now
                and self._direct(peer) is not None
                and self._gate(peer)
                and self._host.speaks(peer_id, HOP)
            ):
                offering.append(peer)
        return offering

    def _direct(self, peer: str) -> str | None:
        """The address of the other end of a direct connection with this peer."""
        for conn in self._swarm.get_connections(ID.from_base58(peer)):
            wire = wire_of(conn.muxed_conn)
            if wire is not None and not wire.relay and not conn.is_closed:
                return wire.address
        return None

    async def _reserve(self, relay: str) -> bool:
        """Ask for a reservation, or for its renewal; if there is none, not again for a while."""
        self._asked = relay, False
        try:
            with trio.fail_after(ASK_SECONDS):
                stream = await self._host.new_stream(ID.from_base58(relay), [HOP])
                try:
                    await write(stream, HopMessage(type=HopMessage.RESERVE))
                    answer = await agreed(stream, HopMessage)
                finally:
                    await abort(stream)
        except Exception as error:
            reason = error.reason if isinstance(error, LinkError) else type(error).__name__
            logger.info("no reservation at %s: %s", relay, reason)
            logger.debug("the request failed", exc_info=True)
            return self._wait(relay)
        over = stream.muxed_conn
        if self._asked[1] or over.is_closed or self._direct(relay) is None:
            return self._wait(relay)  # lost in the meantime, and the reservation with it
        self._asked = "", False
        self._pauses.pop(relay, None)
        self._left.discard(relay)
        addresses, renew_at = (
            self._named(relay, answer.reservation),
            self._renewal(answer.reservation),
        )
        before = self._slots.get(relay)
        carried = before is not None and before.carried
        self._slots[relay] = _Slot(addresses, renew_at, over, carried)
        if before is None or before.addresses != addresses:
            logger.debug("reachable through %s", relay)
            self._changed()
        return True

    def _wait(self, relay: str) -> bool:
        """It gave no place: False, always."""
        self._asked = "", False
        now = trio.current_time()
        self._pauses = {
            peer: each for peer, each in self._pauses.items() if each[0] + LONGEST_SECONDS > now
        }
        pause = self._pauses.get(relay, (now, SOONEST_SECONDS))[1]
        self._pauses[relay] = now + pause, min(2 * pause, LONGEST_SECONDS)
        return False

    def _renewal(self, reservation: Reservation) -> float:
        """When to ask again. A clock that is wrong, theirs or ours, only makes it sooner."""
        left = min(max(reservation.expire - time.time(), 0.0) / 2, RENEW_SECONDS)
        return trio.current_time() + max(left, SOONEST_SECONDS)

    def _named(self, relay: str, reservation: Reservation) -> list[str]:
        """Where the relay can be dialled: where we did so, and what it says of itself."""
        found: list[str] = []
        here = False
        for conn in self._swarm.get_connections(ID.from_base58(relay)):
            wire = wire_of(conn.muxed_conn)
            if wire is None or wire.relay:
                continue
            here = here or libp2p_addresses.is_loopback(wire.address.split("/")[2])
            if conn.muxed_conn.is_initiator:
                found.append(wire.address)
        for raw in reservation.addrs:
            try:
                text = str(Multiaddr(raw))
            except Exception:
                logger.debug("%s names an address that is none", relay, exc_info=True)
                continue
            address = libp2p_addresses.of_relay(text, relay, here=here)
            if address is not None:
                found.append(address)
        return list(dict.fromkeys(found))[:ADDRESSES_EACH]
