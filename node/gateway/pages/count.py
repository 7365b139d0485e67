"""`/assembly/{proposal}/count`: every step of the count as this node makes it; who voted how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from node.gateway.hall import outcome_name, proposal_path, round_name
from node.gateway.offers import member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.pages.proposal import count_of
from node.gateway.proposals import labels, title
from node.gateway.results import Result, choice_text, result
from node.gateway.rooms import rooms
from node.gateway.sentences import Sentence, sentence
from node.gateway.visit import Visit


@dataclass(frozen=True, slots=True)
class Round:
    """A round counted here. `voted`: name, page, choice, reason."""

    name: str
    status: str  # equal, differs, incomplete or open
    outcome: str
    here: int
    ballots: int
    electorate: int
    why: list[Sentence]
    steps: list[Sentence]
    result: Result | None
    voted: list[tuple[str, str, str, str]]


async def show(visit: Visit) -> Response:
    """The newest round, then those before it."""
    found = count_of(visit, str(visit.request.path_params["proposal"]))
    options = labels(visit, found["options"])
    return visit.render(
        "count.html",
        rooms=rooms(visit),
        title=title(visit, found),
        back=proposal_path(found["proposal"]),
        rounds=[_round(visit, each, options) for each in (found, *reversed(found["earlier"]))],
    )


def _round(visit: Visit, each: Mapping[str, Any], options: Mapping[str, str]) -> Round:
    words, outcome = visit.words, each["outcome"]
    return Round(
        name=round_name(words, each["round"]),
        status=each["status"],
        outcome=outcome_name(words, outcome) if outcome else "",
        here=each["here"],
        ballots=each["ballots"],
        electorate=each["electorate"],
        why=[sentence(visit, told) for told in each["why"]],
        steps=[sentence(visit, told, options) for told in each["steps"]],
        result=result(
            visit,
            each["tally"],
            options,
            electorate=each["electorate"],
            ballots=each["ballots"],
            winners=each["winners"],
        ),
        voted=[
            (
                words.person(row["name"], bytes.fromhex(row["person"])),
                member_path(bytes.fromhex(row["person"])),
                choice_text(visit, each["form"], row["choice"], options),
                row["reason"] or "",
            )
            for row in each["voted"]
        ],
    )


PAGE = Page(
    path="/assembly/{proposal}/count", name="count", endpoint=show, audience=DESK, floor="hall"
)
