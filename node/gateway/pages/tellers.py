"""`/tellers`: who holds the seats, who was heard when, what is due and who signed what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from node import tellers
from node.gateway.hall import milliseconds, office_hint
from node.gateway.offers import member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.rooms import rooms
from node.gateway.sentences import Sentence, sentence
from node.gateway.visit import Visit
from node.gateway.words import Words


@dataclass(frozen=True, kw_only=True, slots=True)
class Teller:
    """Who holds a seat. `heard`: when, in words; empty for the node that shows this page."""

    name: str
    path: str
    mine: bool
    here: bool
    heard: str
    able: bool
    doubled: bool
    answers: list[Sentence]


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """A certificate that was made. `by`: names, or how many members signed a recall."""

    step: int
    came_ms: int | None
    what: list[Sentence]
    by: str


async def show(visit: Visit) -> Response:
    """All of it, as this node sees it now."""
    visit.require_charter()
    found, words, now = tellers.show(visit.home), visit.words, visit.gateway.clock()
    return visit.render(
        "tellers.html",
        rooms=rooms(visit),
        hint=office_hint(words, "teller"),
        tellers=[_teller(words, each, now) for each in found["tellers"]],
        needed=found["needed"],
        alternates=[
            (*_person(words, each), each["able"]) for each in found["alternates"]
        ],
        since_ms=milliseconds(found["since"]),
        until_ms=milliseconds(found["until"]),
        over=found["over"],
        halted=found["halted"],
        due=[sentence(visit, each) for each in found["due"]],
        next=found["next"],
        proposed=[sentence(visit, each) for each in (found["next"] or {}).get("proposed", [])],
        patience=_patience(words, found["next"], now),
        signed=[_signed(visit, each) for each in found["signed"]],
    )
