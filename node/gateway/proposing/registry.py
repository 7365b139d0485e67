"""The form of every kind of proposal. To add one, write its module and put its FORM here."""

from __future__ import annotations

from node.gateway.proposing import (
    advice,
    expulsion,
    fees,
    offices,
    picks,
    rules,
    spending,
    values,
)
from node.gateway.proposing.kind import KindForm

FORMS: dict[str, KindForm] = {
    "values": values.FORM,
    "fees": fees.FORM,
    "rules": rules.FORM,
    "offices": offices.FORM,
    "expulsion": expulsion.FORM,
    "spending": spending.FORM,
    "picks": picks.FORM,
    "advice": advice.FORM,
}
