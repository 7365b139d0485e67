"""The types of effect by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.effects import (
    advice,
    amend_values,
    elect,
    expel,
    pick,
    set_fees,
    set_rules,
    spend,
    verdict,
)
from governance.effects.effect import EffectType
from protocol.errors import Invalid, Term

EFFECTS: dict[str, EffectType] = {
    each.name: each
    for each in (
        amend_values.EFFECT,
        set_fees.EFFECT,
        set_rules.EFFECT,
        elect.EFFECT,
        expel.EFFECT,
        spend.EFFECT,
        pick.EFFECT,
        advice.EFFECT,
        verdict.EFFECT,
    )
}


def effect_type(effect: Mapping[str, Any]) -> EffectType:
    """The type of this effect; Invalid `bad-effect` if there is none such."""
    name = effect.get("type")
    if type(name) is not str or name not in EFFECTS:
        raise Invalid("bad-effect", _UNKNOWN, known=", ".join(EFFECTS))
    return EFFECTS[name]


_UNKNOWN = Term("There is no such effect; these are: %(known)s.")
