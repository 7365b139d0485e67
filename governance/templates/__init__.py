"""Charters to start from, as plain data.

Each module holds one complete charter that `Charter.from_data` accepts. A new one is a module and
a line in TEMPLATES.
"""

from __future__ import annotations

from collections.abc import Callable
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


def described(name: str, translate: Callable[[str], str] = str) -> tuple[str, str]:
    """What the named template is called, and in a sentence whom it suits; `NotFound` otherwise."""
    t = translate
    match name:
        case "kitchen-table":
            return t("Kitchen table"), t(
                "A few friends: no fee, no waits, and everything is decided as soon as it is clear."
            )
        case "makers-market":
            return t("Makers' market"), t(
                "A town's makers: a small fee for common things, and two weeks to think before a "
                "rule changes."
            )
    raise NotFound("no-template", f"No such template; there are {', '.join(TEMPLATES)}.")
