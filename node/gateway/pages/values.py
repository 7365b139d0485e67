"""`/values`: what the community stands for, and how each value was decided, for guests too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from node.assembly import charters
from node.gateway.ballot_form import ANSWERS
from node.gateway.hall import answer_name, milliseconds, proposal_path
from node.gateway.pages.page import BOTH, Page
from node.gateway.rooms import rooms
from node.gateway.sharing import share
from node.gateway.visit import Visit


@dataclass(frozen=True, slots=True)
class Step:
    """What once became of a value. `what`: founded, added, amended or retired."""

    what: str
    at_ms: int | None
    text: str
    title: str  # of the proposal
    path: str  # of it, for members
    numbers: str  # how members voted


@dataclass(frozen=True, slots=True)
class Value:
    """A value with its steps, newest first."""

    id: str
    text: str
    rationale: str
    steps: list[Step]


async def show(visit: Visit) -> Response:
    """Those in force, then those that were given up."""
    charter = visit.charter
    found = charters.values(visit.store)["values"]
    return visit.render(
        "values.html",
        rooms=rooms(visit),
        values=[_value(visit, each) for each in found if not each["retired"]],
        retired=[_value(visit, each) for each in found if each["retired"]],
        shows_listings=visit.shows_listings,
        share=share(visit, title=charter.name, text=charter.about, path="/values"),
    )


def _value(visit: Visit, found: dict[str, Any]) -> Value:
    return Value(
        id=found["id"],
        text=found["text"],
        rationale=found["rationale"],
        steps=[_step(visit, each) for each in reversed(found["changes"])],
    )


def _step(visit: Visit, change: dict[str, Any]) -> Step:
    proposal = change["proposal"]
    return Step(
        what=change["what"],
        at_ms=milliseconds(change["at"]),
        text=change["text"],
        title=change["title"] or "",
        path=proposal_path(proposal) if proposal and not visit.guests else "",
        numbers=numbers_text(visit, change["outcome"]),
    )


def numbers_text(visit: Visit, outcome: dict[str, Any] | None) -> str:
    """How a vote went, in a line: "Consent: 12 · Object: 1 · 14 members"; empty for none."""
    if outcome is None:
        return ""
    words, tally = visit.words, outcome["tally"]
    voted = words.gettext("%(n)s of %(all)s members voted") % {
        "n": words.number(outcome["ballots"]),
        "all": words.number(outcome["electorate"]),
    }
    answers = [
        f"{answer_name(words, answer)}: {words.number(tally[answer])}"
        for answer in (*ANSWERS["yesno"], *ANSWERS["consent"])
        if isinstance(tally.get(answer), int)
    ]
    return " · ".join([*answers, voted])


PAGE = Page(path="/values", name="values", endpoint=show, audience=BOTH, floor="hall")
