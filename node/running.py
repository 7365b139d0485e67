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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import trio

from node import control_server, joining
from node.home import LOCK, Home
from node.network.links import Gate, LinkError, Network
from node.peers import Peers
from node.service import Node
from protocol.errors import Refused
from protocol.lobby import Answer
from storage.database import get_meta, set_meta

logger = logging.getLogger("moothall")

LISTEN = "/ip4/0.0.0.0/tcp/0"
DESK = "127.0.0.1:0"
NONE = "none"  # switches the shop window, or its outside address, off again
JOIN_SECONDS = 30.0
BUSY_MS = 500


def real_network(home: Home, gate: Gate) -> Network:
    """The libp2p network for this home. Importing it takes a second or two."""
    from node.network.libp2p_host import Libp2pNetwork

    topic = f"moothall/{home.store.community.hex()[:16]}"
    network: Network = Libp2pNetwork(home.unlock().device.seed, gate=gate, topic=topic)
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
                "already-running", f"A node is running for {home.path} already."
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
                        await node.sync_until_settled(peer)
                except LinkError as error:
                    logger.info("not let in yet: %s", error)
            nursery.cancel_scope.cancel()
    return answer


def run(
    home: Home,
    *,
    listen: Sequence[str],
    desk: str | None,
    shop: str | None,
    shop_url: str | None,
    as_json: bool,
) -> None:
    """Run the node until SIGINT or SIGTERM."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s: %(message)s"
    )
    home.unlock()
    with only_one(home):
        trio.run(_run, home, listen, desk, shop, shop_url, as_json)


async def _run(
    home: Home,
    listen: Sequence[str],
    desk: str | None,
    shop: str | None,
    shop_url: str | None,
    as_json: bool,
) -> None:
    from node.gateway.apps import desk_app, shop_app
    from node.gateway.context import Gateway
    from node.gateway.serve import serve

    # SQLite waits for another process's lock inside this one thread; a busy step is tried again.
    home.store.db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    peers = Peers(home.store, trio.current_time)
    network = real_network(home, peers.may_talk)
    node = Node(home, network, keys=home.unlock(), peers=peers)
    home.told = node.poke
    gateway = Gateway(
        secret=_secret(home),
        home=home,
        node=node,
    )
    if shop_url is not None:
        set_meta(home.store.db, "shop_url", _shop_url(shop_url))
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_end_on, signals, nursery.cancel_scope)
            wanted = _kept_listen(home, listen)
            await nursery.start(node.run, wanted)
            set_meta(home.store.db, "listen", json.dumps(_bound(wanted, network.addresses)))
            await nursery.start(control_server.serve, node)
            ready: dict[str, Any] = {
                "peer": network.peer_id,
                "addresses": network.addresses,
                "desk": None,
                "shop": None,
            }
            host, port = _host_port(desk or _kept(home, "desk", DESK))
            at = await nursery.start(
                serve, desk_app(gateway), host, _port(home, "desk", host, port)
            )
            gateway.desk_is_at(at)
            set_meta(home.store.db, "desk", at)
            ready["desk"] = gateway.login_link(at)
            if shop == NONE:
                set_meta(home.store.db, "shop", "")
            elif shop or get_meta(home.store.db, "shop"):
                host, port = _host_port(shop or _kept(home, "shop", DESK))
                at = await nursery.start(
                    serve, shop_app(gateway), host, _port(home, "shop", host, port)
                )
                set_meta(home.store.db, "shop", at)
                ready["shop"] = f"http://{at}/"
            if outside := get_meta(home.store.db, "shop_url"):
                ready["shop_url"] = outside
            _say(ready, as_json, _welcome(ready))
            nursery.start_soon(_print_events, node, as_json)


async def _end_on(signals: Any, scope: trio.CancelScope) -> None:
    async for _ in signals:
        scope.cancel()
        return


async def _print_events(node: Node, as_json: bool) -> None:
    with node.events.listen() as events:
        async for event in events:
            if not _read():
                continue  # a reader that has stopped reading misses events; the node goes on
            _say(event, as_json, " ".join(str(value) for value in event.values()))


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


def _welcome(ready: dict[str, Any]) -> str:
    lines = [
        "Your node is running. Ctrl-C ends it.",
        f"  desk (for you alone, this link works once): {ready['desk']}",
    ]
    if ready["shop"]:
        lines.append(f"  shop window: {ready['shop']}")
    if ready.get("shop_url"):
        lines.append(f"  for guests: {ready['shop_url']}")
    lines += [f"  reachable at: {address}" for address in ready["addresses"]]
    return "\n".join(lines)


def _secret(home: Home) -> bytes:
    """Signs the desk's cookies; made once a home, never gossiped."""
    kept = get_meta(home.store.db, "gateway_secret")
    if kept is None:
        kept = os.urandom(32).hex()
        set_meta(home.store.db, "gateway_secret", kept)
    return bytes.fromhex(kept)


def _shop_url(text: str) -> str:
    """An address for guests; empty for `none`. Refused unless it is http or https with a host."""
    if text == NONE:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise Refused("bad-address", f"{text!r} is no address like https://market.example.org.")
    return text


def _kept(home: Home, key: str, default: str) -> str:
    return get_meta(home.store.db, key) or default


def _host_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65_535 or not host:
        raise Refused("bad-address", f"{text!r} is not HOST:PORT, such as 127.0.0.1:8080.")
    return host.strip("[]"), int(port)


def _port(home: Home, key: str, host: str, port: int) -> int:
    """Port 0 means: the one of the first run on that host, if there was one."""
    kept = get_meta(home.store.db, key)
    if port == 0 and kept:
        kept_host, kept_port = _host_port(kept)
        if kept_host == host:
            return kept_port
    return port


def _kept_listen(home: Home, listen: Sequence[str]) -> list[str]:
    """The addresses to listen on; a TCP port of 0 becomes the one kept for that host."""
    kept: list[str] = json.loads(get_meta(home.store.db, "listen") or "[]")
    if not listen:
        return kept or [LISTEN]
    by_host = {address.rpartition("/")[0]: address for address in kept}
    return [
        by_host.get(address.rpartition("/")[0], address) if address.endswith("/tcp/0") else address
        for address in listen
    ]


def _bound(wanted: Sequence[str], addresses: Sequence[str]) -> list[str]:
    """What was asked for, with the port that port 0 became; a wildcard stays a wildcard."""
    kept = []
    for address in wanted:
        if address.endswith("/tcp/0"):
            _, family, host, *_ = address.split("/")
            wildcard = host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
            start = f"/{family}/" if wildcard else f"/{family}/{host}/"
            ports = [each.split("/")[4] for each in addresses if each.startswith(start)]
            address = f"{address[:-1]}{ports[0]}" if ports else address
        kept.append(address)
    return kept
