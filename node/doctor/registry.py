"""All checks, in the order in which they are told. To add one, put it here."""

from __future__ import annotations

from collections.abc import Callable

from node.doctor import keeping, machine, network
from node.doctor.finding import Finding, Situation

CHECKS: dict[str, Callable[[Situation], Finding | None]] = {
    "node": machine.node,
    "versions": machine.versions,
    "clock": machine.clock,
    "disk": machine.disk,
    "store": keeping.store,
    "permissions": keeping.permissions,
    "recovery": keeping.recovery,
    "ports": machine.ports,
    "neighbours": network.neighbours,
    "comparison": network.comparison,
    "reachability": network.reachability,
    "relay": network.relay,
    "lan": network.lan,
}
