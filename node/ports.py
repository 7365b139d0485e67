"""Where a node listens: what was asked for, and what was kept from the first run.

Port 0 means a free port the first time and the same one ever after, so that links stay good.
"""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from node.home import Home
from node.network.listening import probe
from protocol.errors import Misused, Refused
from storage.database import get_meta

LISTEN = "/ip4/0.0.0.0/tcp/0"
HERE = "127.0.0.1:0"  # where desk and shop window are served when nobody says otherwise
EVERYWHERE = "0.0.0.0"  # noqa: S104 - the owner's choice
NONE = "none"  # switches the shop window, or its outside address, off again


class Place(NamedTuple):
    """Where to serve pages."""

    host: str
    port: int
    instead: str = ""  # what is said when it stands in for the kept one, this time


def check(desk: str | None, shop: str | None, shop_url: str | None) -> None:
    """Misused `bad-address` for what is none, before anything is started."""
    for option, text in (("--desk", desk), ("--shop", None if shop == NONE else shop)):
        try:
            host_port(text or HERE)
        except Misused as error:
            raise Misused(
                error.reason,
                "%(text)s after %(option)s is not HOST:PORT, such as 127.0.0.1:8080. Nothing was "
                "started.",
                text=repr(text),
                option=option,
            ) from error
    if shop_url is not None:
        outside(shop_url)


def asked_for(key: str, text: str) -> Place:
    """Where somebody wants `desk` or `shop` today. Refused `port-in-use` or `bad-address`."""
    host, port = host_port(text)
    error = _trouble(host, port)
    if error is None:
        return Place(host, port)
    if error.errno == errno.EADDRINUSE:
        raise Refused(
            "port-in-use",
            "Port %(port)s is used by another program, perhaps another node of yours. Nothing was "
            "started. Stop that, or choose another port with %(option)s.",
            port=port,
            option=f"--{key}",
        ) from error
    raise Refused(
        "bad-address",
        "Can't listen on %(text)s (%(why)s). Nothing was started. Choose another address with "
        "%(option)s.",
        text=text,
        why=(error.strerror or str(error)).lower(),
        option=f"--{key}",
    ) from error


def wanted(home: Home, key: str, asked: str | None) -> Place:
    """Where to serve `desk` or `shop`. Errors as of `asked_for`, for what is asked for today.

    Of what is kept, and nobody asks for today, a port is replaced if another program has it, and a
    host that this machine no longer has by itself, where nobody else can come.
    """
    kept = get_meta(home.store.db, f"{key}_at") or get_meta(home.store.db, key)
    host, port = host_port(asked or kept or HERE)
    if asked and port:
        return asked_for(key, asked)
    if kept and host_port(kept)[0] == host:
        _, port = host_port(kept)
    error = _trouble(host, port)
    if error is None:
        return Place(host, port)
    if asked and error.errno != errno.EADDRINUSE:
        return asked_for(key, asked)
    if error.errno == errno.EADDRINUSE:
        sentence = (
            f"Port {port} is used by another program, perhaps another node of yours. Your node "
            f"takes a free port for the {key} this time; {kept} stays kept for its next start. "
            f"Stop that, or choose another port with --{key}."
        )
        return Place(host, 0, sentence)
    if error.errno != errno.EADDRNOTAVAIL:
        return Place(host, port)
    sentence = (
        f"This machine does not have the address {host} at the moment. Your node serves the {key} "
        f"on this computer alone this time; {kept} stays kept for its next start. Connect what has "
        f"it, or choose another with --{key}."
    )
    return Place(*host_port(HERE), sentence)


def _trouble(host: str, port: int) -> OSError | None:
    """Why nothing could listen there; None if something could, or it is a name unknown here."""
    try:
        probe(host, port)
    except socket.gaierror:
        return None  # whoever listens looks further
    except OSError as error:
        return error
    return None


def host_port(text: str) -> tuple[str, int]:
    """HOST:PORT in its parts, brackets of IPv6 taken off. Misused `bad-address` otherwise."""
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65_535 or not host:
        raise Misused(
            "bad-address", "%(text)s is not HOST:PORT, such as 127.0.0.1:8080.", text=repr(text)
        )
    return host.strip("[]"), int(port)


def browsable(at: str, addresses: Sequence[str]) -> list[str]:
    """Where a browser finds what is served at this HOST:PORT, on a node with these multiaddresses.

    Every interface has an address of its own; the last one is for this machine itself.
    """
    host, port = host_port(at)
    if host != EVERYWHERE:
        shown = f"[{host}]" if ":" in host else host
        return [f"http://{shown}:{port}/"]
    parts = [address.split("/") for address in addresses]
    hosts = [each[2] for each in parts if len(each) > 2 and each[1] == "ip4"]
    outer = dict.fromkeys(host for host in hosts if not host.startswith(("127.", "0.")))
    return [f"http://{host}:{port}/" for host in (*outer, "127.0.0.1")]


def outside(text: str) -> str:
    """An address for guests; empty for `none`. Misused unless it is http or https with a host."""
    if text == NONE:
        return ""
    try:
        parts = urlsplit(text)
        bad = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError:
        bad = True
    if bad or parts.query or parts.fragment or parts.username is not None:
        raise Misused(
            "bad-address",
            "%(text)s is no address like https://market.example.org.",
            text=repr(text),
        )
    return text


def kept_listen(home: Home, listen: Sequence[str]) -> list[str]:
    """The multiaddresses to listen on; a TCP port of 0 becomes the one kept for that host."""
    kept: list[str] = json.loads(get_meta(home.store.db, "listen") or "[]")
    if not listen:
        return kept or [LISTEN]
    by_host = {address.rpartition("/")[0]: address for address in kept}
    return [
        by_host.get(address.rpartition("/")[0], address) if address.endswith("/tcp/0") else address
        for address in listen
    ]


def bound(asked: Sequence[str], addresses: Sequence[str]) -> list[str]:
    """What was asked for, with the port that port 0 became; a wildcard stays a wildcard."""
    kept = []
    for address in asked:
        if address.endswith("/tcp/0"):
            _, family, host, *_ = address.split("/")
            wildcard = host in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
            start = f"/{family}/" if wildcard else f"/{family}/{host}/"
            ports = [each.split("/")[4] for each in addresses if each.startswith(start)]
            address = f"{address[:-1]}{ports[0]}" if ports else address
        kept.append(address)
    return kept
