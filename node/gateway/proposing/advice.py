"""The form that asks what people think."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.methods.registry import METHODS
from node.gateway.forms import Form
from node.gateway.proposing.kind import LETTERS, KindForm, Read
from node.gateway.visit import Visit
from protocol.errors import Refused
from protocol.kinds.proposal import MAX_OPTION_TEXT


def fields(visit: Visit, form: Form) -> Mapping[str, Any]:
    """Options, where the method has any."""
    return {
        "most": METHODS[visit.charter.rules.advice.method].most_options,
        "options": form.lines("options"),
    }


def read(visit: Visit, form: Form) -> Read:
    """One option a line."""
    most = METHODS[visit.charter.rules.advice.method].most_options
    if not most:
        return {"type": "advice"}, []
    t, number = visit.words.gettext, visit.words.number
    lines = [" ".join(line.split()) for line in form.lines("options").split("\n")]
    texts = list(dict.fromkeys(filter(None, lines)))
    if not texts:
        raise Refused("no-options", t("Write the options, one on each line."))
    if len(texts) > most:
        sentence = t("At most %(most)s options can be voted on at a time.")
        raise Refused("too-many", sentence % {"most": number(most)})
    if any(len(text) > MAX_OPTION_TEXT for text in texts):
        sentence = t("An option has at most %(most)s characters.")
        raise Refused("too-long", sentence % {"most": number(MAX_OPTION_TEXT)})
    return {"type": "advice"}, list(zip(LETTERS, texts, strict=False))


FORM = KindForm(template="new_advice.html", fields=fields, read=read)
