"""`set_rules`: everything in the charter but its values and fees.

A member writes a JSON merge patch (RFC 7396): maps are merged, all else is replaced, null takes
away. The effect holds a change for each leaf that really differs, so that two proposals about
different numbers of one rule both come into force.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from governance.certified import Certified
from governance.effects.amending import Amending, Change, Changes, Path, change, record_of
from governance.effects.effect import Names, a_map
from protocol.codec import Plain
from protocol.errors import Refused

OTHERS = ("schema", "values", "fees")  # what this effect does not change


class SetRules(Amending):
    """A change of rules. A part is a leaf: a number, a text or a list; only null can be a map."""

    name = "set_rules"
    kinds = ("rules",)
    needed = ("changes",)

    def _draft(self, given: dict[str, Any], state: Certified, names: Names) -> dict[str, Plain]:
        patch = a_map(given["changes"], "changes")
        for part in OTHERS:
            if part in patch:
                raise Refused(
                    "bad-effect",
                    "set_rules can't change %(part)s: values have amend_values, fees set_fees.",
                    part=part,
                )
        return record_of([change(state.charter, *leaf) for leaf in _leaves(patch)])

    def _owns(self, change: Change) -> bool:
        return change.path[0] not in OTHERS and not isinstance(change.now, dict)

    def _show(self, read: Changes) -> dict[str, object]:
        patch: dict[str, Any] = {}
        for each in read:
            inner = patch
            for step in each.path[:-1]:
                inner = inner.setdefault(step, {})
            inner[each.path[-1]] = each.now
        return {"changes": patch}


def _leaves(patch: Mapping[str, Plain], path: Path = ()) -> Iterator[tuple[Path, Plain]]:
    for key, value in sorted(patch.items()):
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


EFFECT = SetRules()
