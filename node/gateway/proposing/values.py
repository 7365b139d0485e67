"""The form that changes what the community stands for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any

from node.gateway.forms import Form
from node.gateway.proposing.kind import KindForm, Read, held
from node.gateway.visit import Visit
from protocol.errors import Refused

NEW = 2  # values that can be added at a time
LONGEST_ID = 40


def fields(visit: Visit, form: Form) -> Mapping[str, Any]:
    """Each value with its two texts, then room for new ones."""
    return {
        "values": [
            {
                "id": value.id,
                "stands": value.text,
                "text": held(form, f"text-{value.id}", value.text),
                "why": held(form, f"why-{value.id}", value.rationale),
                "retire": form.checked(f"retire-{value.id}"),
            }
            for value in visit.charter.values
        ],
        "new": [
            {
                "number": number,
                "text": form.lines(f"new-text-{number}"),
                "why": form.lines(f"new-why-{number}"),
            }
            for number in range(1, NEW + 1)
        ],
    }


def read(visit: Visit, form: Form) -> Read:
    """What differs from the charter."""
    amend, retire, add = [], [], []
    taken = {value.id for value in visit.charter.values}
    for value in visit.charter.values:
        text, why = _text(form, f"text-{value.id}"), _text(form, f"why-{value.id}")
        if form.checked(f"retire-{value.id}"):
            retire.append(value.id)
        elif (text, why) != (value.text.strip(), value.rationale.strip()):
            amend.append({"id": value.id, "text": text, "rationale": why})
    for number in range(1, NEW + 1):
        text = _text(form, f"new-text-{number}")
        if text:
            id_ = slug(text, taken)
            taken.add(id_)
            add.append({"id": id_, "text": text, "rationale": _text(form, f"new-why-{number}")})
    if not (amend or retire or add):
        t = visit.words.gettext
        raise Refused("nothing", t("Nothing is changed yet: write a new value, or change one."))
    parts = (("amend", amend), ("retire", retire), ("add", add))
    return {"type": "amend_values", **{key: part for key, part in parts if part}}, []


def slug(text: str, taken: Collection[str]) -> str:
    """A short word for a value, of its own first words, that no other value has."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    words = re.findall("[a-z0-9]+", plain)
    base = ""
    for word in words[:6]:
        longer = f"{base}-{word}" if base else word[: LONGEST_ID - 4]
        if len(longer) > LONGEST_ID - 4:
            break
        base = longer
    base = base or "value"
    number = 1
    while (found := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return found


def _text(form: Form, name: str) -> str:
    return form.lines(name).strip()


FORM = KindForm(template="new_values.html", fields=fields, read=read)
