"""What the form of one kind of proposal is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from governance.roll import MEMBER
from node.gateway.forms import Form
from node.gateway.offers import SHOWN_DIGITS
from node.gateway.visit import Visit

Options = list[tuple[str, str]]  # (id, text)
Read = tuple[dict[str, Any], Options]  # the effect as a member would write it, and the options
LETTERS = "ABCDEFGHIJKLMNOPQRST"  # ids of options


@dataclass(frozen=True, kw_only=True, slots=True)
class KindForm:
    """`fields` gives the template what to show: what was typed, or else what the charter says.

    `read` makes an effect of what was typed; Refused with what to change.
    """

    template: str
    fields: Callable[[Visit, Form], Mapping[str, Any]]
    read: Callable[[Visit, Form], Read]


def was_sent(form: Form) -> bool:
    """Whether somebody filled this in; an empty form shows what stands in the charter."""
    return bool(form.text("kind"))


def held(form: Form, name: str, otherwise: str) -> str:
    """What a field shows."""
    return form.lines(name) if was_sent(form) else otherwise


def people(visit: Visit, *, besides: bytes | None = None) -> list[tuple[str, str]]:
    """Every member as (id, name), by name."""
    found = [
        (person.hex()[:SHOWN_DIGITS], visit.words.person(member.name, person))
        for person, member in visit.gateway.facts.members().items()
        if member.status == MEMBER and person != besides
    ]
    return sorted(found, key=lambda each: each[1].casefold())
