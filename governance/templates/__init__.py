"""Charters to start from, as plain data.

Each module holds one complete charter that `Charter.from_data` accepts. A new one is a module and
a line in TEMPLATES.
"""

from __future__ import annotations

from copy import deepcopy

from governance.templates import kitchen_table, makers_market
from protocol.codec import Plain
from protocol.errors import NotFound

TEMPLATES: dict[str, dict[str, Plain]] = {
    "kitchen-table": kitchen_table.CHARTER,
    "makers-market": makers_market.CHARTER,
}


def template(name: str) -> dict[str, Plain]:
    """A copy of the named charter's data, free to change; `NotFound("no-template")` otherwise."""
    if name not in TEMPLATES:
        raise NotFound("no-template", f"No such template; there are {', '.join(TEMPLATES)}.")
    return deepcopy(TEMPLATES[name])
