"""The state of a home in plain data, for `status`, the desk and the node's own first line."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from node import comparing, control, devices, fraud, seat, telling
from node.home import LOCK, Home
from node.people import own_profile
from protocol.errors import MoothallError
from protocol.records import LANES
from storage import certificates, fork_proofs, halts
from storage.digest import digest
from storage.rows import standing_of
from storage.store import Store
from storage.views import members

FAULTS = 20  # that are shown
LANE_NAMES = {number: name for name, number in LANES.items()}


def of_home(home: Home) -> dict[str, Any]:
    """Everything `status` shows; who is in touch is asked of the running node."""
    store = home.store
    running = _running(home)
    near = telling.neighbours(store, running.get("touch", {}))
    charter = certificates.charter(store)
    (records,) = store.db.execute("SELECT count(*) FROM record").fetchone()
    (aside,) = store.db.execute("SELECT count(*) FROM aside").fetchone()
    standing = home.standing()
    return {
        "community": store.community.hex(),
        "community_name": "" if charter is None else charter.name,
        "person": home.person.hex(),
        "device": home.device.hex(),
        "name": own_profile(home).name,
        "status": standing,
        "records": records,
        "running": control.is_running(home.path / LOCK),
        "peers": len(near),
        "neighbours": [
            {
                "peer": each.peer,
                "person": None if each.person is None else each.person.hex(),
                "name": each.name,
                "seconds": each.seconds,
            }
            for each in near
        ],
        "height": certificates.tip(store)[0],
        "certificate": certificates.tip(store)[1].hex(),
        "compared": running.get("compared", comparing.NOTHING),
        "digest": digest(store),
        "provisional": standing in ("waiting", "provisional"),
        "newcomers": members.provisional_count(store),
        "waiting_records": aside,
        "fraud": fraud.proved(store),
        "seat": {"halted": halts.halt(store) is not None, "question": seat.question(home)},
        "trouble": _trouble(running),
        "recovery_old": devices.recovery_is_old(home),
        "forks": [_fork(home, *fork) for fork in fork_proofs.forks(store)],
        "faults": [
            {"at": rfc3339(at), "who": who, "reason": reason} for at, who, reason in faults(store)
        ],
    }


def faults(store: Store) -> list[tuple[int, str, str]]:
    """(when, peer id or what it was, reason word) of the last faults, newest first."""
    return store.db.execute(
        "SELECT at_ms, who, reason FROM fault ORDER BY no DESC LIMIT ?", [FAULTS]
    ).fetchall()


def _running(home: Home) -> dict[str, Any]:
    """What the running node tells of others; nothing where none runs."""
    try:
        return control.ask(home.socket, {"do": "peers"}) or {}
    except MoothallError:
        return {}


def _trouble(running: Mapping[str, Any]) -> dict[str, Any] | None:
    """Why the running node can't write to the home, and since when."""
    told = running.get("trouble")
    if told is None:
        return None
    reason, since_ms = told
    return {"reason": reason, "message": telling.trouble(reason), "since": rfc3339(since_ms)}


def _fork(home: Home, device: bytes, lane: int, seq: int) -> dict[str, Any]:
    known = standing_of(home.store, device)
    person = None if known is None or known[1] is None else known[1].hex()
    return {"device": device.hex(), "person": person, "lane": LANE_NAMES[lane], "seq": seq}


def rfc3339(at_ms: int) -> str:
    """A time in milliseconds since 1970 as RFC 3339 in UTC; far-off claims are cut to year 9999."""
    seconds = min(at_ms // 1000, 253_402_300_799)
    moment = datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)
    return f"{moment.replace(tzinfo=None).isoformat()}Z"  # ten times as fast as strftime
