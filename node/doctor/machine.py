"""The computer under the node: program versions, clock, disk, ports."""

from __future__ import annotations

import errno
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version

from node import clock_check
from node import ports as kept_ports
from node.doctor.finding import Finding, Situation, bad, good, warning
from node.home import Home
from node.network.listening import probe
from node.sizes import size_text
from protocol.errors import MoothallError
from storage import certificates
from storage.database import get_meta

PEERS = "for peers"
IN_USE = "another program listens there"
AWAY = "no address of this computer"
LIBRARIES = ("libp2p", "trio", "PyNaCl", "cbor2")  # whose versions matter when something is odd
SCARCE, LITTLE = 100 * 10**6, 10**9  # bytes
AHEAD_MS = 3_600_000  # how far others' claimed times may be ahead of ours without a hint
ENOUGH_PERSONS = 3  # who claim so: one alone may have a bad clock, or lie
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SET_IT = "Set the clock, best by letting the system do it: timedatectl set-ntp true"
LISTEN_TO_ALL = "Start it with `moothall run --listen /ip4/0.0.0.0/tcp/4001`."


def node(situation: Situation) -> Finding:
    """Whether it runs and answers."""
    if not situation.running:
        return warning(
            "node",
            "Your node is not running, so nobody hears from it; less than all can be looked at.",
            "`moothall run` starts it.",
        )
    if situation.network is None:
        return warning(
            "node",
            "Your node is running and does not answer.",
            "Ask again in a moment. If it stays so, end it and start it again; its output says "
            "what happened.",
        )
    return good("node", "Your node is running.")


def versions(situation: Situation) -> Finding:
    """What to name when asking somebody for help."""
    here = version("moothall")
    parts = [
        f"Moothall {here}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *(f"{name} {_installed(name)}" for name in LIBRARIES),
    ]
    if situation.home is not None:
        store = situation.home.store
        (schema,) = store.db.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()
        height, newest = certificates.tip(store)
        parts.append(f"schema {schema}")
        parts.append(
            f"certificate {height} ({newest.hex()[:8]})" if height >= 0 else "no certificate yet"
        )
    told = ", ".join(parts) + "."
    running = None if situation.network is None else situation.network.get("version")
    if running is not None and running != here:
        return warning(
            "versions",
            f"{told} The running node is still version {running}.",
            "End the node and start it again.",
        )
    return good("versions", told)


def clock(situation: Situation) -> Finding:
    """Compared with what other members' nodes say, or with the times in held records."""
    home = situation.home
    doubt = None if home is None else clock_check.of_store(home.store)
    if doubt is not None:
        way = "ahead" if doubt.ahead_ms > 0 else "behind"
        told = f"This computer's clock seems to be {_span(abs(doubt.ahead_ms))} {way}: the nodes of"
        told += f" {doubt.persons} members say so."
        if situation.running:
            return bad("clock", told, SET_IT)
        return warning("clock", f"When your node ran last: {told}", SET_IT)
    if home is not None:
        ahead = _records_ahead(home, situation.now_ms)
        if ahead is not None:
            return warning(
                "clock",
                "This computer's clock may be behind: several members' newest entries claim a "
                f"time up to {_span(ahead)} from now.",
                SET_IT,
            )
    return good("clock", "Nothing speaks against this computer's clock.")


def disk(situation: Situation) -> Finding:
    """Space for what is to come."""
    told = f"{size_text(situation.free)} are free on the disk that holds the home."
    if situation.free < SCARCE:
        return bad("disk", told, "Free some space now: soon nothing more can be kept.")
    if situation.free < LITTLE:
        return warning("disk", told, "Free some space before long; pictures need the most.")
    return good("disk", told)


def ports(situation: Situation) -> Finding | None:
    """Where it listens; while it does not run, whether it still could."""
    if situation.network is not None:
        return _listening([str(each) for each in situation.network["addresses"]])
    if situation.home is None or situation.running:
        return None
    kept = _kept(situation.home)
    if not kept:
        return good("ports", "Your node chooses its ports when it first runs, and keeps them.")
    taken = {}
    for what, host, port in kept:
        why = _why_not(host, port)
        if why is not None:
            taken[what, host, port] = why
    if taken:
        where = [f"{what} {host}:{port} ({why})" for (what, host, port), why in taken.items()]
        told = f"Your node could not listen as before: {', '.join(where)}."
        todo = (
            "End what stands in the way, or choose another with --listen, --desk or --shop of "
            "`moothall run`."
        )
        # It does without for once, unless pages may not be served there at all.
        stops = any(
            what != PEERS and why not in (IN_USE, AWAY) for (what, *_), why in taken.items()
        )
        return bad("ports", told, todo) if stops else warning("ports", told, todo)
    return good("ports", "The ports of your node are free.")


def _listening(addresses: list[str]) -> Finding:
    own = [each for each in addresses if "/p2p-circuit" not in each]
    if not own:
        return warning(
            "ports",
            "Your node listens nowhere, so nobody can dial it.",
            LISTEN_TO_ALL,
        )
    if all(each.startswith(("/ip4/127.", "/ip6/::1/")) for each in own):
        return warning(
            "ports",
            "Your node listens on this computer alone, so no other can dial it.",
            LISTEN_TO_ALL,
        )
    return good(
        "ports", f"Your node listens at {', '.join(each.split('/p2p/')[0] for each in own)}."
    )


def _kept(home: Home) -> list[tuple[str, str, int]]:
    """(what listens there, host, port) of the last run."""
    found = []
    for address in kept_ports.kept_listen(home, ()):
        parts = address.split("/")
        if len(parts) >= 5 and parts[1] in ("ip4", "ip6") and parts[4].isdigit():
            found.append((PEERS, parts[2], int(parts[4])))
    for key in ("desk", "shop"):
        kept = get_meta(home.store.db, key)
        if kept:
            try:
                found.append((key, *kept_ports.host_port(kept)))
            except MoothallError:
                continue  # switched off
    return [each for each in found if each[2]]


def _why_not(host: str, port: int) -> str | None:
    """Why nothing could listen there; None if it could."""
    try:
        probe(host, port)
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return AWAY
        if error.errno == errno.EADDRINUSE:
            return IN_USE
        return error.strerror or "not possible"
    return None


def _records_ahead(home: Home, now_ms: int) -> int | None:
    """How far the newest entries of several persons are ahead of our clock, in milliseconds."""
    rows = home.store.db.execute(
        "SELECT max(newest_ms) FROM log JOIN device ON device.no = log.device_no"
        " WHERE person IS NOT NULL AND person != ? GROUP BY person ORDER BY 1 DESC LIMIT ?",
        [home.person, ENOUGH_PERSONS],
    ).fetchall()
    if len(rows) < ENOUGH_PERSONS:
        return None
    ahead = int(rows[-1][0]) - now_ms
    return ahead if ahead > AHEAD_MS else None


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def _span(milliseconds: int) -> str:
    minutes = milliseconds // MINUTE_MS
    if minutes < 120:
        return f"{minutes} minutes"
    hours = minutes // 60
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"
