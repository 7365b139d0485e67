"""`set_fees`: the default fee, a category's own fee, or the depth of referrals.

Each of these is a part of its own and replaced as a whole, so that nobody votes on half a table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.certified import Certified
from governance.effects.amending import Amending, Change, Changes, change, part_of, record_of
from governance.effects.effect import Names, a_map
from protocol.codec import Plain

_DEFAULT = ("fees", "default")
_DEPTH = ("fees", "referral_depth")
_CATEGORIES = ("fees", "categories")


class SetFees(Amending):
    """A change of fees. A part is a whole fee: `{fee_bps, fee_min, fee_cap, table}`."""

    name = "set_fees"
    kinds = ("fees",)
    optional = ("default", "categories", "referral_depth")

    def _draft(self, given: dict[str, Any], state: Certified, names: Names) -> dict[str, Plain]:
        charter = state.charter
        default = _filled(charter, _DEFAULT, given.get("default", {}))
        changes = [change(charter, _DEFAULT, default)]
        for name, fee in sorted(a_map(given.get("categories", {}), "categories").items()):
            path = (*_CATEGORIES, name)
            there = part_of(dict(charter), path) is not None
            now = None if fee is None else _filled(charter, path if there else _DEFAULT, fee)
            changes.append(change(charter, path, now))
        if "referral_depth" in given:
            changes.append(change(charter, _DEPTH, given["referral_depth"]))
        return record_of(changes)

    def _owns(self, change: Change) -> bool:
        path = change.path
        return path in (_DEFAULT, _DEPTH) or (len(path) == 3 and path[:2] == _CATEGORIES)

    def _show(self, read: Changes) -> dict[str, object]:
        shown: dict[str, Any] = {}
        for each in read:
            if each.path[:2] == _CATEGORIES:
                shown.setdefault("categories", {})[each.path[2]] = each.now
            else:
                shown[each.path[1]] = each.now
        return shown


def _filled(charter: Mapping[str, Plain], path: tuple[str, ...], fee: object) -> dict[str, Plain]:
    """A fee; what its writer left out is as it stands where `path` leads."""
    old = part_of(dict(charter), path)
    return {**(old if isinstance(old, dict) else {}), **a_map(fee, path[-1])}


EFFECT = SetFees()
