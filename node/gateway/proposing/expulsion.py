"""The form that asks for an expulsion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from node.gateway.forms import Form
from node.gateway.proposing.kind import KindForm, Read, people
from node.gateway.visit import Visit
from protocol.errors import Refused


def fields(visit: Visit, form: Form) -> Mapping[str, Any]:
    """Everybody but the owner."""
    return {
        "members": people(visit, besides=visit.home.person),
        "person": form.text("person"),
        "policy": visit.charter.membership,
    }


def read(visit: Visit, form: Form) -> Read:
    """Whom it is about."""
    if not form.text("person"):
        raise Refused("nobody", visit.words.gettext("Say whom this is about."))
    return {"type": "expel", "person": form.text("person")}, []


FORM = KindForm(template="new_expulsion.html", fields=fields, read=read)
