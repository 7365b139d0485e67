"""`amend_values`: values of the charter are added, put in other words, or retired.

Each value is a part of its own: proposals about different values don't get in each other's way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from governance.certified import Certified
from governance.effects.amending import Amending, Change, Changes, change, record_of, tree
from governance.effects.effect import Names, a_map, a_word, misshapen, only_keys
from protocol.codec import Plain
from protocol.errors import Refused


class AmendValues(Amending):
    """A change of values. Paths: `values` and the id; a part is `{text, rationale}`."""

    name = "amend_values"
    kinds = ("values",)
    optional = ("add", "amend", "retire")

    def _draft(self, given: dict[str, Any], state: Certified, names: Names) -> dict[str, Plain]:
        values = cast(dict[str, dict[str, Plain]], tree(state.charter)["values"])
        becomes: list[tuple[str, Plain]] = []
        for item in _list(given, "amend"):
            only_keys(a_map(item, "amend"), ("id",), ("text", "rationale"))
            id_ = _in_force(values, item["id"])
            becomes.append((id_, {**values[id_], **_without_id(item)}))
        becomes += [(_in_force(values, id_), None) for id_ in _list(given, "retire")]
        for item in _list(given, "add"):
            only_keys(a_map(item, "add"), ("id", "text"), ("rationale",))
            id_ = a_word(item["id"], "id")
            if id_ in values:
                raise Refused("bad-effect", "There is a value %(id)s already: amend it.", id=id_)
            becomes.append((id_, {"rationale": "", **_without_id(item)}))
        return record_of([change(state.charter, ("values", id_), now) for id_, now in becomes])

    def _owns(self, change: Change) -> bool:
        path, _, now = change
        shaped = now is None or (isinstance(now, dict) and set(now) == {"text", "rationale"})
        return len(path) == 2 and path[0] == "values" and shaped

    def _show(self, read: Changes) -> dict[str, object]:
        shown: dict[str, list[object]] = {"add": [], "amend": [], "retire": []}
        for (_, id_), was, now in ((each.path, each.was, each.now) for each in read):
            if isinstance(now, dict):
                shown["add" if was is None else "amend"].append({"id": id_, **now})
            else:
                shown["retire"].append(id_)
        return {key: items for key, items in shown.items() if items}


def _list(given: Mapping[str, Any], key: str) -> list[Any]:
    value = given.get(key, [])
    if type(value) is not list:
        raise misshapen(key)
    return value


def _in_force(values: Collection[str], id_: object) -> str:
    """The id of a value that is in force."""
    if a_word(id_, "id") not in values:
        raise Refused("bad-effect", "There is no value %(id)s in the charter.", id=id_)
    return a_word(id_, "id")


def _without_id(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in item.items() if key != "id"}


EFFECT = AmendValues()
