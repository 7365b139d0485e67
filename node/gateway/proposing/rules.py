"""The form that changes rules: a part of the charter at a time, and a field for all the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from node.gateway.forms import Form
from node.gateway.proposing.kind import KindForm, Read, was_sent
from node.gateway.proposing.rule_fields import PARTS, UNITS, changes_of, fields_of, part_label
from node.gateway.visit import Visit
from protocol.errors import Refused


def fields(visit: Visit, form: Form) -> Mapping[str, Any]:
    """The parts to choose from, or the fields of the one that was chosen."""
    asked = form.text("part") or visit.request.query_params.get("part", "")
    part = asked if asked in PARTS else ""
    t = visit.words.gettext
    units = {"day": t("days"), "hour": t("hours"), "minute": t("minutes"), "second": t("seconds")}
    return {
        "part": part,
        "part_label": part_label(visit.words, part) if part else "",
        "parts": [(each, part_label(visit.words, each)) for each in PARTS],
        "fields": fields_of(visit, part, form, typed=was_sent(form)) if part else [],
        "units": [(unit, units[unit]) for unit in UNITS],
        "json": form.lines("json"),
        "ready": bool(part),
    }


def read(visit: Visit, form: Form) -> Read:
    """The fields that differ, and what was written as JSON over them."""
    t = visit.words.gettext
    part = form.text("part")
    if part not in PARTS:
        raise Refused("no-part", t("Choose what is to be changed."))
    patch = changes_of(visit, part, form)
    if form.lines("json").strip():
        patch = _merged(patch, _json(visit, form.lines("json")))
    if not patch:
        raise Refused("nothing", t("Nothing is changed yet: all is as the charter has it."))
    return {"type": "set_rules", "changes": patch}, []


def _json(visit: Visit, text: str) -> dict[str, Any]:
    t = visit.words.gettext
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        sentence = t("The changes are no JSON; look at line %(line)s.")
        raise Refused("bad-json", sentence % {"line": visit.words.number(line)}) from error
    if not isinstance(found, dict):
        raise Refused("bad-json", t("The changes have to be a JSON object, between { and }."))
    return found


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        before = merged.get(key)
        both = isinstance(value, dict) and isinstance(before, dict)
        merged[key] = _merged(before, value) if both and isinstance(before, dict) else value
    return merged


FORM = KindForm(template="new_rules.html", fields=fields, read=read)
