"""What the charter says today of the values that a listing claims to keep.

A claim names a value and the charter its author had read. Whether the value still stands as it was
claimed follows from these two and the certified charters alone, so all nodes mark a claim alike.
A claim is never changed by this: its author renews it, or takes it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from governance.certified import Version
from protocol.kinds.listing import Claim

HELD, CHANGED, WITHDRAWN = "held", "changed", "withdrawn"
STATUSES = (HELD, CHANGED, WITHDRAWN)


class Mark(NamedTuple):
    """A claim, and what has become of its value since it was made."""

    value: str
    evidence: str
    status: str  # HELD; CHANGED: its text is another; WITHDRAWN: not in the charter in force
    then: str  # the value's text as it was claimed; empty when no charter known here has it
    now: str  # its text in the charter in force; empty when withdrawn


class Values:
    """The texts of a community's values in all its charters, oldest first; there may be none."""

    def __init__(self, versions: Sequence[Version]) -> None:
        self._versions = versions
        self._by_hash = {each.hash: each for each in reversed(versions)}
        self._texts: dict[int, dict[str, str]] = {}
        self.in_force = self._of(versions[-1]) if versions else {}

    def mark(self, claim: Claim) -> Mark:
        """What became of one claim.

        One that names no charter, or none that is known here, counts as made under the first one
        that has its value: what was said before there were amendments can't have read any.
        """
        now = self.in_force.get(claim.value, "")
        then = self._claimed(claim)
        status = WITHDRAWN if not now else HELD if then == now else CHANGED
        return Mark(claim.value, claim.evidence, status, then, now)

    def marks(self, claims: Iterable[Claim]) -> list[Mark]:
        """`mark` for each claim of a listing."""
        return [self.mark(claim) for claim in claims]

    def _claimed(self, claim: Claim) -> str:
        named = None if claim.charter is None else self._by_hash.get(claim.charter)
        for version in (*(() if named is None else (named,)), *self._versions):
            if claim.value in self._of(version):
                return self._of(version)[claim.value]
        return ""

    def _of(self, version: Version) -> dict[str, str]:
        found = self._texts.get(version.number)
        if found is None:
            values: Any = version.data.get("values", [])
            found = self._texts[version.number] = {each["id"]: each["text"] for each in values}
        return found
