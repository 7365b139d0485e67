"""The form that asks for money from the common fund."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from node.gateway.forms import Form
from node.gateway.proposing.kind import KindForm, Read, people
from node.gateway.typed import amount
from node.gateway.visit import Visit
from protocol.errors import Refused


def fields(visit: Visit, form: Form) -> Mapping[str, Any]:
    """Amount, purpose, and to whom."""
    return {
        "members": people(visit),
        "currency": visit.charter.currency,
        "amount": form.text("amount"),
        "to": form.text("to"),
        "purpose": form.text("purpose"),
    }


def read(visit: Visit, form: Form) -> Read:
    """What was asked for, in the charter's currency."""
    t, currency = visit.words.gettext, visit.charter.currency
    if not form.text("purpose"):
        raise Refused("no-purpose", t("Say what the money is for."))
    effect = {
        "type": "spend",
        "amount": amount(form.text("amount"), currency),
        "currency": currency,
        "to": form.text("to") or None,
        "purpose": form.text("purpose"),
    }
    return effect, []


FORM = KindForm(template="new_spending.html", fields=fields, read=read)
