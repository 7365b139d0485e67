"""The form that puts up an election."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from node.gateway.forms import Form
from node.gateway.hall import OFFICES, office_hint, office_name
from node.gateway.proposing.kind import LETTERS, KindForm, Read, people
from node.gateway.visit import Visit
from protocol.errors import Refused

SHOWN = 60  # members with a box of their own


def fields(visit: Visit, form: Form) -> Mapping[str, Any]:
    """The offices, and the members who could stand."""
    members = people(visit)
    return {
        "office": form.text("office") or OFFICES[1],
        "offices": [(o, office_name(visit.words, o), office_hint(visit.words, o)) for o in OFFICES],
        "members": members[:SHOWN],
        "more": len(members) > SHOWN,
        "chosen": form.texts("candidate"),
        "others": form.lines("others"),
    }


def read(visit: Visit, form: Form) -> Read:
    """Whoever was ticked, then whoever was named."""
    t = visit.words.gettext
    named = [line.strip() for line in form.lines("others").split("\n")]
    chosen = list(dict.fromkeys(filter(None, (*form.texts("candidate"), *named))))
    if not chosen:
        raise Refused("nobody", t("Nobody stands yet: tick at least one person."))
    if len(chosen) > len(LETTERS):
        raise Refused("too-many", t("At most 20 people can stand at a time."))
    candidates = dict(zip(LETTERS, chosen, strict=False))
    return {"type": "elect", "office": form.text("office"), "candidates": candidates}, []


FORM = KindForm(template="new_offices.html", fields=fields, read=read)
