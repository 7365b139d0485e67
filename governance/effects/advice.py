"""`advice`: the community says what it thinks, and nothing is bound by it.

Its options come with the proposal; none where the rule asks for a yes or no.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.certified import Certified, Vote
from governance.effects.effect import Effect, Names, only_keys
from governance.saying import Said, said
from protocol.codec import Plain


class Advice(Effect[None]):
    """A question whose answer changes no certified state."""

    name = "advice"
    kinds = ("advice",)
    free_options = True

    def _draft(self, given: dict[str, Any], state: Certified, names: Names) -> dict[str, Plain]:
        return {}

    def _read(self, effect: Mapping[str, Any]) -> None:
        only_keys(effect, ("type",))

    def _carry_out(
        self, read: None, state: Certified, vote: Vote, height: int, at: int
    ) -> Certified:
        return state

    def _show(self, read: None) -> dict[str, object]:
        return {}

    def _say(self, read: None, state: Certified) -> list[Said]:
        return [said("Nobody is bound by the outcome.")]


EFFECT = Advice()
