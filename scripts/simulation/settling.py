"""How a soak ends: whether all honest nodes hold the same, and what differs where they don't."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import Any

import trio

from storage import certificates, frontier, sideset
from storage.verify import rebuild
from storage.views.registry import VIEWS
from tests.village.village import Villager

from .town import HOUR, MINUTE, Town

SETTLE_SECONDS = 6 * HOUR
MOST_NAMED = 12  # differences that are told one by one


async def settle(people: list[Villager]) -> float | None:
    """Wait until all hold the same: the simulated seconds it took, None if they never did."""
    begun = trio.current_time()
    while trio.current_time() < begun + SETTLE_SECONDS:
        if len({each.digest for each in people}) == 1:
            return trio.current_time() - begun
        await trio.sleep(MINUTE)
    return None


def differences(people: list[Villager]) -> list[str]:
    """What differs, part by part: which views, which logs and where each node stands in them."""
    found = []
    for part, groups in _parts(people).items():
        if len(groups) > 1:
            found.append(f"{part}: " + " | ".join(", ".join(names) for names in groups.values()))
    places = {each: {p[:2]: p[2:] for p in frontier.places(each.home.store)} for each in people}
    everywhere = {log for some in places.values() for log in some}
    logs = [
        log for log in sorted(everywhere) if len({some.get(log) for some in places.values()}) > 1
    ]
    for device, lane in logs[:MOST_NAMED]:
        seen = ", ".join(
            f"{each.name} {some[device, lane][0] if (device, lane) in some else '-'}"
            for each, some in places.items()
        )
        found.append(f"log {device.hex()[:16]}/{lane} of {_whose(people, device)}: {seen}")
    if len(logs) > MOST_NAMED:
        found.append(f"and {len(logs) - MOST_NAMED} more logs")
    return found


def _parts(people: list[Villager]) -> dict[str, dict[Any, list[str]]]:
    parts: dict[str, dict[Any, list[str]]] = defaultdict(lambda: defaultdict(list))
    for each in people:
        store = each.home.store
        parts["certificate"][certificates.tip(store)].append(each.name)
        parts["side set"][sideset.digest(store)].append(each.name)
        parts["frontier"][frontier.digest(store)].append(each.name)
        for view in VIEWS:
            name = sha256(b"\0".join(view.digest(store))).digest()
            parts[f"view {view.name}"][name].append(each.name)
    return parts


def _whose(people: list[Villager], device: bytes) -> str:
    return next((each.name for each in people if each.home.device == device), "a hostile member")


def damage(people: list[Villager]) -> list[str]:
    """What `verify` finds in each store, and whether the views are what the log says."""
    found = [f"{each.name}: {fault}" for each in people for fault in each.verify()]
    for each in people:
        before = each.digest
        if rebuild(each.home.store)[1] != before:
            found.append(f"{each.name}: its views are not what its log says")
    return found


def blamed(town: Town) -> list[str]:
    """Faults that honest nodes found in honest ones: there must be none."""
    honest = {each.network.peer_id: each.name for each in town.honest}
    rows = [
        (each.name, honest[who], reason)
        for each in town.honest
        for who, reason in each.home.store.db.execute("SELECT who, reason FROM fault")
        if who in honest
    ]
    return [f"{accuser} blames {who}: {reason}" for accuser, who, reason in rows]


def faults(town: Town) -> dict[str, int]:
    """Reason word -> how many honest nodes found it in somebody."""
    count: dict[str, int] = defaultdict(int)
    for each in town.honest:
        for (reason,) in each.home.store.db.execute("SELECT DISTINCT reason FROM fault"):
            count[reason] += 1
    return dict(sorted(count.items()))
