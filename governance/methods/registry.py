"""The voting methods by name, in the order in which a charter lists them."""

from __future__ import annotations

from governance.methods import approval, consent, irv, majority, schulze, star, supermajority
from governance.methods.method import Method

METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        consent.METHOD,
        majority.METHOD,
        supermajority.METHOD,
        approval.METHOD,
        schulze.METHOD,
        star.METHOD,
        irv.METHOD,
    )
}
