"""What a proposal would do, shown before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.charter import Charter
from governance.effects.registry import EFFECTS
from governance.opening import (
    charter_in_force,
    first_opening,
    rule_for,
    share_of,
    threshold_of,
)
from node.assembly import member, proposing
from node.assembly.rules import needs
from node.gateway.fee_example import Example, examples
from node.gateway.forms import Form
from node.gateway.proposing.kind import Options
from node.gateway.sentences import Sentence, sentence
from node.gateway.visit import Visit
from protocol.errors import Term
from protocol.records import ZERO


@dataclass(frozen=True, slots=True)
class Preview:
    """Before and after in sentences, what it takes, and the class of the charter it touches."""

    stake: list[Sentence]
    needs: list[Sentence]
    examples: Sequence[Example]
    class_: str


def preview(
    visit: Visit, kind: str, form: Form, effect: Mapping[str, Any], options: Options
) -> Preview:
    """The same checks as writing it; Refused with what to change."""
    home = visit.home
    state = member.member_state(home, Term("propose something"))
    draft = proposing.draft_of(
        home,
        state,
        kind=kind,
        title=form.text("title"),
        text=form.lines("text"),
        effect=effect,
        options=options,
    )
    opening: Mapping[str, Any] = first_opening(
        state,
        proposal=ZERO,
        author=home.person,
        kind=kind,
        effect=draft.effect,
        options=draft.options,
        at=0,
    )
    sort = EFFECTS[str(draft.effect["type"])]
    asked = needs(
        rule_for(state, kind),
        [threshold_of(each) for each in opening["thresholds"]],
        [share_of(each) for each in opening["quorums"]],
        len(state.members() - set(sort.concerned(draft.effect, rule_for(state, kind).recuse))),
    )
    after = sort.charters(draft.effect, state.charter) if kind == "fees" else []
    return Preview(
        stake=[sentence(visit, each) for each in sort.in_words(draft.effect, state)],
        needs=[sentence(visit, each) for each in asked],
        examples=[
            example
            for data in after
            for example in examples(visit.words, charter_in_force(state), Charter.from_data(data))
        ],
        class_=str(opening["class"]),
    )
