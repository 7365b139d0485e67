"""Members on the same LAN: announcing this node by mDNS, and finding theirs.

Speaks and listens only on the interfaces that the node itself listens on, so a node that listens
on loopback alone says nothing. What is heard is a hint that nobody signed: it counts only for peers
that may talk, only for addresses in a subnet of the interface it came in by (nobody can send this
node elsewhere), and connecting proves who is there. A LAN that shouts is heard a little: what comes
above BURST and A_SECOND stays unread in the system's queue, which is small.
"""

from __future__ import annotations

import errno
import itertools
import logging
import math
import random
import socket
from collections.abc import Callable, Sequence
from contextlib import closing
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import trio

from node.bucket import Bucket
from node.network import mdns
from node.network.interfaces import Interface, interfaces, loopback_is_up
from node.network.links import Network
from node.network.peer_id import device_key_of
from node.peers import Peers
from protocol.errors import Invalid

logger = logging.getLogger("moothall.lan")

LOOK_SECONDS = 20.0  # between two looks at what interfaces there are
FIRST_ASKED = (1.0, 4.0, 20.0)  # pauses after the first questions on an interface
ASK_SECONDS = 60.0  # and after that
ANSWER_SECONDS = 1.0  # between two answers on one interface, RFC 6762, 6
BURST = 200  # packets of an interface, and
A_SECOND = 50  # after that
BREATH_SECONDS = 0.5  # that a storm is left alone at a time
CALM_SECONDS = 600.0  # after a storm, before the next one is told
LONGEST_SECONDS = 600.0  # that anything heard is good for
GONE = (errno.ENETDOWN, errno.ENODEV)  # what an interface says that was switched off
EACH, EACH_A_SECOND = 4, 0.2  # answers about one peer that are taken: liars know its name as well
DIAL_SECONDS = 1.0  # between two calls to the dialler
MOST_SEEN = 256  # members whose nodes are remembered at a time

DESK_IS_SHUT = (
    " Your desk can't be opened: what leads from this machine to itself is switched off as well "
    "(sudo ip link set lo up)."
)

Place = tuple[Interface, socket.AddressFamily]


class Lan:
    """One node on its LANs; `run` until cancelled. `look` says that somebody new can be dialled.

    `listen` is what it was told to listen on; where that is, the network tells.
    """

    def __init__(
        self,
        network: Network,
        peers: Peers,
        listen: Sequence[str],
        *,
        look: Callable[[], None],
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        self._network = network
        self._peers = peers
        # Who listens nowhere, or on an address that is away, would still like a network.
        self._outward = not all(_is_loopback(address) for address in listen) or not listen
        self._look = look
        self._clock = clock
        self._name = mdns.chance_name()
        self._wires: dict[Place, trio.CancelScope] = {}
        self._seen: dict[str, _Seen] = {}
        self._news = trio.Event()  # somebody may be dialled
        self._why = ""
        self._failed: set[tuple[str, int]] = set()  # interface and family; its owner was told

    def state(self) -> dict[str, Any]:
        """`on`; `seen`: members' nodes heard lately; `why` not: a word, or None."""
        now = self._clock()
        seen = sum(each.until > now for each in self._seen.values())
        on = bool(self._wires) and not self._why
        return {"on": on, "seen": seen, "why": self._why or None}

    async def run(self) -> None:
        """Follow the interfaces as they come and go."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tell)
            while True:
                self._follow(nursery)
                now = self._clock()
                self._seen = {peer: one for peer, one in self._seen.items() if one.until > now}
                await trio.sleep(LOOK_SECONDS)

    async def _tell(self) -> None:
        while True:
            await self._news.wait()
            self._news = trio.Event()
            self._look()
            await trio.sleep(DIAL_SECONDS)

    def _follow(self, nursery: trio.Nursery) -> None:
        try:
            there = interfaces()
        except OSError as error:
            logger.debug("can't ask for interfaces: %s", error)
            return  # later
        wanted = self._places(there)
        self._failed &= {(interface.name, family) for interface, family in wanted}
        for place in [each for each in self._wires if each not in wanted]:
            self._wires.pop(place).cancel()
        for place in wanted:
            if place not in self._wires:
                self._wires[place] = trio.CancelScope()
                nursery.start_soon(self._attend, place, self._wires[place])
        before, self._why = self._why, self._reason(there, wanted)
        if self._why == "no-network" != before:
            desk = loopback_is_up()
            logger.warning(
                "This machine has no network at the moment. %s work, and what you write is kept "
                "and goes out as soon as there is one.%s",
                "Your desk and all commands" if desk else "All commands",
                "" if desk else DESK_IS_SHUT,
            )
        elif before == "no-network" and self._why != before:
            logger.info("This machine has a network again.")

    def _reason(self, there: Sequence[Interface], wanted: Sequence[Place]) -> str:
        if wanted:
            failed = all((interface.name, family) in self._failed for interface, family in wanted)
            return "no-permission" if failed else ""
        if not self._outward:
            return "loopback-only"
        return "no-network" if not there else "not-listening"

    def _places(self, there: Sequence[Interface]) -> list[Place]:
        """Where to speak: interfaces, in the families in which the node listens on them."""
        addresses = self._network.addresses
        return [
            (interface, family)
            for interface in there
            for family in mdns.GROUPS
            if told(addresses, interface, family)
        ]

    async def _attend(self, place: Place, scope: trio.CancelScope) -> None:
        """Speak and listen on one interface. Whatever happens here ends nothing else."""
        interface, family = place
        try:
            with scope, closing(mdns.Wire(interface, family)) as wire:
                async with trio.open_nursery() as nursery:
                    turn = _Turn(self, wire, nursery)
                    nursery.start_soon(turn.ask)
                    await turn.hear()
        except* OSError as group:
            self._complain(place, _first(group))
        except* Exception as group:
            name = type(_first(group)).__name__
            logger.error("mDNS on %s: %s", interface.name, name, exc_info=True)
        finally:
            if self._wires.get(place) is scope:
                del self._wires[place]

    def _complain(self, place: Place, error: BaseException) -> None:
        interface, family = place
        known = (interface.name, family) in self._failed
        if known or getattr(error, "errno", None) in GONE:
            return
        self._failed.add((interface.name, family))
        logger.warning(
            "Members on the same LAN can't be found by mDNS on %s: %s. Your node goes on, and "
            "reaches them at the addresses it knows.",
            interface.name,
            getattr(error, "strerror", None) or error,
        )

    def spoke(self, interface: Interface, family: socket.AddressFamily) -> None:
        """Something was said there, so it works."""
        self._failed.discard((interface.name, family))

    def told(self, interface: Interface, family: socket.AddressFamily) -> bytes | None:
        """Our answer on this interface; None when there is nothing to tell any more."""
        addresses = told(self._network.addresses, interface, family)
        return mdns.answer(self._name, addresses) if addresses else None

    def heard(self, interface: Interface, answers: Sequence[mdns.Where]) -> None:
        """Somebody on this interface says where peers are."""
        near: dict[str, list[mdns.Where]] = {}
        for where in answers:
            if where.seconds and where.peer != self._network.peer_id and on_link(where, interface):
                near.setdefault(where.peer, []).append(where)
        now = self._clock()
        for peer, places in near.items():
            if not self._peers.may_talk(peer):
                continue
            seen = self._seen.get(peer)
            if seen is None:
                if len(self._seen) >= MOST_SEEN:
                    continue  # those whose time is over go at the next look
                logger.debug("%s is on the LAN of %s", peer, interface.name)
                seen = self._seen[peer] = _Seen(now)
            seconds = min(LONGEST_SECONDS, max(where.seconds for where in places))
            seen.until = max(seen.until, now + seconds)
            if seen.bucket.take(1, now):
                self._peers.found(device_key_of(peer), [where.address for where in places])
                self._news.set()


class _Seen:
    """A member's node that was heard of."""

    def __init__(self, now: float) -> None:
        self.until = now
        self.bucket = Bucket(size=EACH, rate=EACH_A_SECOND, now=now)


class _Turn:
    """Asking, answering and hearing on one wire."""

    def __init__(self, lan: Lan, wire: mdns.Wire, nursery: trio.Nursery) -> None:
        self._lan = lan
        self._wire = wire
        self._nursery = nursery
        self._asked = -math.inf  # when somebody asked last, we or others
        self._answered = -math.inf
        self._answering = False
        self._storm = -math.inf  # when there was too much to read

    async def ask(self) -> None:
        """Say where we are and ask who is there: often at first, then about once a minute."""
        for pause in itertools.chain(FIRST_ASKED, itertools.repeat(ASK_SECONDS)):
            self._answer_soon()
            # Everybody answers to everybody: one question on a LAN does for all (RFC 6762, 7.3).
            lately = self._asked > trio.current_time() - ASK_SECONDS / 2
            if pause < ASK_SECONDS or not lately:
                await self._wire.send(mdns.question())
            await trio.sleep(pause * random.uniform(0.9, 1.1))

    def _answer_soon(self) -> None:
        if not self._answering:
            self._answering = True
            self._nursery.start_soon(self._answer)

    async def _answer(self) -> None:
        """Not all nodes at once, and not again within a second, however many ask."""
        pause = max(0.0, self._answered + ANSWER_SECONDS - trio.current_time())
        await trio.sleep(pause + random.uniform(0.02, 0.12))
        self._answering = False
        self._answered = trio.current_time()
        packet = self._lan.told(self._wire.interface, self._wire.family)
        if packet is not None:
            await self._wire.send(packet)
            self._lan.spoke(self._wire.interface, self._wire.family)

    async def hear(self) -> None:
        """Take what comes, as much of it as is good for us."""
        bucket = Bucket(size=BURST, rate=A_SECOND, now=trio.current_time())
        while True:
            packet = await self._wire.receive()
            while not bucket.take(1, trio.current_time()):
                self._tell_storm()
                await trio.sleep(BREATH_SECONDS)
            self._take(packet)

    def _take(self, packet: bytes) -> None:
        try:
            heard = mdns.read(packet)
        except Invalid as error:
            logger.debug("on %s: %s", self._wire.interface.name, error)
            return
        if heard is None:
            return
        if heard.asks:
            self._asked = trio.current_time()
            self._answer_soon()
        else:
            self._lan.heard(self._wire.interface, heard.answers)

    def _tell_storm(self) -> None:
        now = trio.current_time()
        before, self._storm = self._storm, now
        if now - before > CALM_SECONDS:
            logger.warning(
                "An mDNS storm on %s: more comes in than a node can use, and the rest is left "
                "unread. Your node goes on; members on this LAN may be found later. Look for the "
                "device that sends so much.",
                self._wire.interface.name,
            )


def told(addresses: Sequence[str], interface: Interface, family: socket.AddressFamily) -> list[str]:
    """Of a node's full multiaddresses: those to tell on this interface, being its own.

    Link-local ones of IPv6 mean nothing without the reader's interface; relayed ones are not here.
    """
    ours = {each.ip for each in interface.addresses}
    version = 4 if family == socket.AF_INET else 6
    found = []
    for address in addresses:
        host = _host(address)
        if host is None or host.version != version or "/p2p-circuit" in address:
            continue
        if host in ours and not (version == 6 and host.is_link_local):
            found.append(address)
    return found


def on_link(where: mdns.Where, interface: Interface) -> bool:
    """Whether this address is in a subnet of the interface."""
    host = where.host
    if host.is_loopback or host.is_multicast or (host.version == 6 and host.is_link_local):
        return False
    return any(host in each.network for each in interface.addresses)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error in it that is none of a group."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _host(address: str) -> IPv4Address | IPv6Address | None:
    """The IP address that a multiaddress begins with."""
    parts = address.split("/")
    try:
        return ip_address(parts[2]) if parts[1] in ("ip4", "ip6") else None
    except (IndexError, ValueError):
        return None


def _is_loopback(address: str) -> bool:
    host = _host(address)
    return host is not None and host.is_loopback
