"""Starting and ending a node: the lock, the network, the owner's socket, desk and shop window.

`run` prints one JSON object when all is ready and then one an event, flushed; a signal ends it
within five seconds. The ports of the first run are kept in the home, so that links stay good.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import select
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio

from node import announcing, control_server, joining, logs, ports, seat, telling
from node import home as homes
from node.checkup import Checkup
from node.deadlines import Deadlines
from node.home import LOCK, Home
from node.lan import Lan
from node.loudness import loudness
from node.network.links import Gate, LinkError, Network
from node.network.listening import check as check_listening
from node.network.listening import sort_out
from node.notifying import Notifier
from node.peers import Peers
from node.service import Node
from node.steady import keep_on
from node.terminal import visible
from protocol.errors import Refused, StoreError
from protocol.lobby import Answer
from storage.database import get_meta, set_meta

if TYPE_CHECKING:
    from node.gateway.context import Gateway

logger = logging.getLogger("moothall")

SECRET_BYTES = 32  # of what signs the desk's cookies and forms
JOIN_SECONDS = 30.0
BUSY_MS = 500

OpenLink = Callable[[str], None]


def real_network(
    home: Home,
    gate: Gate,
    *,
    announced: Sequence[str] = (),
    offer_relay: bool = False,
    roomy: bool = False,
) -> Network:
    """The libp2p network for this home. Importing it takes a second or two."""
    from node.network.libp2p_host import Libp2pNetwork

    topic = f"moothall/{home.store.community.hex()[:16]}"
    seed = home.unlock().device.seed
    network: Network = Libp2pNetwork(
        seed, gate=gate, topic=topic, announced=announced, offer_relay=offer_relay, roomy=roomy
    )
    return network


@contextmanager
def only_one(home: Home) -> Iterator[None]:
    """Hold the home's lock; Refused `already-running` when another node has it."""
    handle = os.open(home.path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Refused(
                "already-running",
                "A node is running for %(path)s already. `moothall desk` prints a link to its "
                "desk.",
                path=home.path,
            ) from error
        yield
    finally:
        os.close(handle)


def join_once(home: Home) -> Answer | None:
    """Knock once and sync if let in; the lobby's answer, or None when nobody was reached."""
    return trio.run(_join_once, home)


async def _join_once(home: Home) -> Answer | None:
    peers = Peers(home.store, trio.current_time)
    network = real_network(home, peers.may_talk)
    node = Node(home, network, keys=home.unlock(), peers=peers)
    answer: Answer | None = None
    with only_one(home):
        async with trio.open_nursery() as nursery:
            await nursery.start(node.network_only)
            with trio.move_on_after(JOIN_SECONDS):
                try:
                    peer, answer = await joining.knock(home, network)
                    if not answer.reason:
                        await node.syncing.sync_until_settled(peer)
                except LinkError as error:
                    logger.info("not let in yet: %s", error)
            nursery.cancel_scope.cancel()
    return answer


def move_seat_once(home: Home, *, alone: bool) -> dict[str, Any]:
    """Move the teller's seat here when no node runs: reach out, move it, tell, and end."""
    return trio.run(_move_seat_once, home, alone)


async def _move_seat_once(home: Home, alone: bool) -> dict[str, Any]:
    peers = Peers(home.store, trio.current_time)
    network = real_network(home, peers.may_talk)
    node = Node(home, network, keys=home.unlock(), peers=peers)
    with only_one(home):
        async with trio.open_nursery() as nursery:
            await nursery.start(node.network_only)
            moved = await seat.move(node, alone=alone)
            await node.ask_everybody()  # gossip may be too young to carry it
            nursery.cancel_scope.cancel()
    return moved


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """How a node is to run; what is None stays as it was kept."""

    listen: Sequence[str] = ()
    announce: Sequence[str] = ()  # where others reach this node from outside
    desk: str | None = None
    shop: str | None = None
    shop_url: str | None = None
    notify: str | None = None  # a command that hears of what asks for the owner; never kept
    offer_relay: bool = False  # members behind a NAT may be reached through this node
    always_on: bool = False  # a helper machine: more connections, all blobs, and a relay
    as_json: bool = False


def run(home: Home, options: Options) -> None:
    """Run the node until SIGINT or SIGTERM."""
    logs.begin()
    _check(options)
    home.unlock()
    with only_one(home):
        trio.run(_run, home, options)


def start(folder: Path, home: Home | None, options: Options, open_link: OpenLink) -> None:
    """Run the node of `folder` until SIGINT or SIGTERM; without a home, have one made first.

    The first-run pages and then the desk answer at one address. `open_link` shows a login link to
    the person who started this; it runs in a thread of its own.
    """
    logs.begin()
    _check(options)
    if home is not None:
        home.unlock()
        with only_one(home):
            pass  # the same
    trio.run(_start, folder, home, options, open_link)


def _check(options: Options) -> None:
    """Misused for what can't be read, before a port is taken."""
    announcing.read(options.announce)
    check_listening(options.listen)
    ports.check(options.desk, options.shop, options.shop_url)


async def _run(home: Home, options: Options) -> None:
    from node.gateway.apps import desk_app
    from node.gateway.context import Gateway
    from node.gateway.serve import serve

    gateway = Gateway(secret=_secret(home))
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_end_on, signals, nursery.cancel_scope)

            async def open_desk() -> tuple[str, bool]:
                place = _place(home, "desk", options.desk)
                at: str = await nursery.start(serve, desk_app(gateway), place.host, place.port)
                gateway.desk_is_at(at)
                return at, not place.instead

            await _live(home, options, gateway, open_desk)


async def _start(folder: Path, home: Home | None, options: Options, open_link: OpenLink) -> None:
    from node.gateway.apps import desk_app, setup_app
    from node.gateway.context import Gateway
    from node.gateway.first_run import FirstRun
    from node.gateway.serve import serve
    from node.gateway.switch import Switch

    gateway = Gateway(secret=_secret(home) if home else os.urandom(SECRET_BYTES))
    switch = Switch()
    first = gateway.first_run = FirstRun(folder, switch)
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_end_on, signals, nursery.cancel_scope)
            place = (
                _place(home, "desk", options.desk)
                if home
                else ports.asked_for("desk", options.desk or ports.HERE)
            )
            at: str = await nursery.start(serve, switch, place.host, place.port)
            gateway.desk_is_at(at)

            def show_link() -> str:
                link = gateway.login_link(at)
                in_thread = partial(trio.to_thread.run_sync, abandon_on_cancel=True)
                nursery.start_soon(in_thread, open_link, link)
                return link

            async def open_desk() -> tuple[str, bool]:
                switch.turn_to(desk_app(gateway))
                return at, not place.instead

            if home is not None:
                first.hand_over(home)
            else:
                switch.turn_to(setup_app(gateway))
                setup = {"setup": show_link()}
                _say(setup, options.as_json, _greeting(setup["setup"]))
            while True:
                home = await first.home()
                with closing(home), only_one(home):
                    async with trio.open_nursery() as one_home:
                        one_home.start_soon(_live, home, options, gateway, open_desk)
                        await first.given_up()
                        one_home.cancel_scope.cancel()
                homes.unmake(home)
                gateway.end()
                first = gateway.first_run = FirstRun(folder, switch)
                switch.turn_to(setup_app(gateway))


async def _live(
    home: Home,
    options: Options,
    gateway: Gateway,
    open_desk: Callable[[], Awaitable[tuple[str, bool]]],
) -> None:
    """Node, owner's socket, desk and shop window of one home, until cancelled.

    `open_desk` says where the desk is served, and whether that is to be kept.
    """
    from node.gateway.apps import shop_app
    from node.gateway.shop_window import ShopWindow

    asked = ports.kept_listen(home, options.listen)
    listen, left_out = sort_out(asked, kept=not options.listen)
    for sentence in left_out:
        logger.warning("%s", sentence)
    database = home.store.db
    # SQLite waits for another process's lock inside this one thread; a busy step is tried again.
    database.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    peers = Peers(home.store, trio.current_time)
    announced = announcing.settle(home.store, options.announce)
    network = real_network(
        home,
        peers.may_talk,
        announced=announced,
        offer_relay=options.offer_relay or options.always_on,
        roomy=options.always_on,
    )
    node = Node(
        home,
        network,
        keys=home.unlock(),
        peers=peers,
        announced=announced,
        always_on=options.always_on,
    )
    home.told = node.poke
    gateway.begin(home, node)
    _note(home, "gateway_secret", gateway.secret.hex())
    if options.shop_url is not None:
        set_meta(database, "shop_url", ports.outside(options.shop_url))
    async with trio.open_nursery() as nursery:
        if options.notify:
            await nursery.start(Notifier(node.events, options.notify).run)
        await nursery.start(node.run, listen)
        node.lan = Lan(network, peers, listen, look=node.neighbours.look)
        nursery.start_soon(keep_on, "the LAN", node.lan.run)
        nursery.start_soon(Deadlines(home, node.events).run)
        _note(home, "listen", json.dumps(ports.bound(asked, network.addresses)))
        window = gateway.shop_window = ShopWindow(home, shop_app(gateway), nursery)
        gateway.checkup = Checkup(home, nursery)
        at, keep = await open_desk()
        if keep:
            _note(home, "desk", at)
        await nursery.start(control_server.serve, node, lambda: gateway.login_link(at))
        if options.shop == ports.NONE:
            await window.switch_off()
        elif options.shop or get_meta(database, "shop"):
            place = _place(home, "shop", options.shop)
            try:
                await window.switch_on(place.host, place.port, keep=not place.instead)
            except StoreError as error:  # it is on, for this time
                logger.log(loudness(error), "the shop window could not be noted: %s", error)
        ready: dict[str, Any] = {
            "peer": network.peer_id,
            "addresses": [
                *(f"{address}/p2p/{network.peer_id}" for address in announced),
                *network.addresses,
            ],
            "desk": gateway.login_link(at),
            "shop": f"http://{window.address}/" if window.address else None,
        }
        seen = ports.browsable(window.address, network.addresses) if window.address else []
        if outside := get_meta(database, "shop_url"):
            ready["shop_url"] = outside
        _say(ready, options.as_json, _welcome(ready, seen))
        nursery.start_soon(keep_on, "events", partial(_print_events, node, options.as_json))


def _note(home: Home, key: str, value: str) -> None:
    """Keep a setting for the next start. A disk without room for it keeps no node from running."""
    if get_meta(home.store.db, key) == value:
        return
    try:
        with home.store.transaction():
            set_meta(home.store.db, key, value)
    except StoreError as error:
        logger.log(loudness(error), "%s could not be noted: %s", key, error)


def _place(home: Home, key: str, asked: str | None) -> ports.Place:
    place = ports.wanted(home, key, asked)
    if place.instead:
        logger.warning("%s", place.instead)
    return place


async def _end_on(signals: Any, scope: trio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()
        return


async def _print_events(node: Node, as_json: bool) -> None:
    with node.events.listen() as events:
        async for event in events:
            if not _read():
                continue  # a reader that has stopped reading misses events; the node goes on
            _say(event, as_json, visible(telling.sentence(node.store, event)))


def _say(data: dict[str, Any], as_json: bool, text: str) -> None:
    """One line, flushed; a reader that went away does not end the node."""
    try:
        print(json.dumps(data) if as_json else text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _read() -> bool:
    """Whether a short line can be written to standard output without waiting for its reader."""
    try:
        return bool(select.select([], [sys.stdout], [], 0)[1])
    except (OSError, ValueError):
        return True  # a file, or nothing that can be asked


def _greeting(link: str) -> str:
    return (
        "There is no home here yet. Open this link in your browser and make one; it works once.\n"
        f"  {link}\nCtrl-C ends it."
    )


def _welcome(ready: dict[str, Any], shop: list[str]) -> str:
    lines = [
        "Your node is running. Ctrl-C ends it.",
        f"  desk (for you alone, this link works once): {ready['desk']}",
    ]
    lines += [f"  shop window: {address}" for address in shop]
    if ready.get("shop_url"):
        lines.append(f"  for guests: {ready['shop_url']}")
    lines += [f"  reachable at: {address}" for address in ready["addresses"]]
    return "\n".join(lines)


def _secret(home: Home) -> bytes:
    """Signs the desk's cookies; made once a home, never gossiped."""
    kept = get_meta(home.store.db, "gateway_secret")
    return os.urandom(SECRET_BYTES) if kept is None else bytes.fromhex(kept)
