"""Charters to start from, as plain data.

Each module holds one complete charter that `Charter.from_data` accepts. A new one is a module, a
line in TEMPLATES and its words in `described`.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from governance.templates import food_coop, kitchen_table, makers_market, second_hand
from protocol.codec import Plain
from protocol.errors import NotFound

TEMPLATES: dict[str, dict[str, Plain]] = {
    "kitchen-table": kitchen_table.CHARTER,
    "makers-market": makers_market.CHARTER,
    "food-coop": food_coop.CHARTER,
    "second-hand": second_hand.CHARTER,
}


def template(name: str) -> dict[str, Plain]:
    """A copy of the named charter's data, free to change; `NotFound("no-template")` otherwise."""
    if name not in TEMPLATES:
        raise _none()
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
        case "food-coop":
            return t("Food co-op"), t(
                "Producers and eaters who order together: a small fee, half of it for whoever "
                "gives room to the collection, and neither side decides alone."
            )
        case "second-hand":
            return t("Second-hand circle"), t(
                "Neighbours who lend, swap and give things on: no fee, credit instead of money, "
                "and a few days for every decision."
            )
    raise _none()


def _none() -> NotFound:
    names = ", ".join(TEMPLATES)
    return NotFound("no-template", "No such template; there are %(names)s.", names=names)
