"""`/tellers`: who holds the seats, who was heard when, what is due and who signed what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from governance.saying import Said
from node import tellers
from node.gateway.hall import milliseconds
from node.gateway.offers import member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.rooms import rooms
from node.gateway.sentences import Sentence, sentence
from node.gateway.visit import Visit
from node.gateway.words import Words


@dataclass(frozen=True, kw_only=True, slots=True)
class Teller:
    """Who holds a seat. `heard`: when, in words; `answers`: what they say on the step at hand."""

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
    """A certificate that was made. `by`: in words."""

    step: int
    came_ms: int | None
    what: list[Sentence]
    by: str


async def show(visit: Visit) -> Response:
    """All of it, as this node sees it now."""
    visit.require_charter()
    found, words = tellers.show(visit.home), visit.words
    seats = [_teller(visit, each) for each in found["tellers"]]
    going_on = found["next"] or {"leader": 0, "attempt": 1, "proposed": [], "patience": None}
    return visit.render(
        "tellers.html",
        rooms=rooms(visit),
        tellers=seats,
        needed=words.number(found["needed"]),
        alternates=[(*_person(words, each), each["able"]) for each in found["alternates"]],
        since_ms=milliseconds(found["since"]),
        until_ms=milliseconds(found["until"]),
        over=found["over"],
        halted=found["halted"],
        elect=_sentences(visit, [found["elect"]] if found["elect"] else []),
        due=_sentences(visit, found["due"]),
        next=found["next"] is not None,
        leader=seats[going_on["leader"]] if seats else None,
        attempt=going_on["attempt"],
        proposed=_sentences(visit, going_on["proposed"]),
        as_due=going_on["proposed"] == found["due"],
        patience=_ahead(visit, going_on["patience"]),
        signed=[_signed(visit, each) for each in found["signed"]] if len(seats) > 1 else [],
    )


def _teller(visit: Visit, each: Mapping[str, Any]) -> Teller:
    name, path = _person(visit.words, each)
    return Teller(
        name=name,
        path=path,
        mine=each["mine"],
        here=each["here"],
        heard=_heard(visit, each),
        able=each["able"],
        doubled=each["doubled"],
        answers=_sentences(visit, each["answers"]),
    )


def _heard(visit: Visit, each: Mapping[str, Any]) -> str:
    t = visit.words.gettext
    if each["here"]:
        return t("This computer")
    heard = milliseconds(each["heard"])
    if heard is None:
        return t("Not heard of yet")
    ago = visit.words.ago((visit.gateway.clock() - heard) / 1000)
    return t("Heard %(ago)s") % {"ago": ago}


def _ahead(visit: Visit, at: str | None) -> str:
    """How far off a moment is, in words; empty for none."""
    moment = milliseconds(at)
    return "" if moment is None else visit.words.ahead((moment - visit.gateway.clock()) / 1000)


def _signed(visit: Visit, each: Mapping[str, Any]) -> Signed:
    words = visit.words
    if each["members"] is not None:
        by = words.ngettext("%(n)s member", "%(n)s members", each["members"])
        by %= {"n": words.number(each["members"])}
    else:
        by = words.list([_person(words, signer)[0] for signer in each["by"]])
    return Signed(
        step=each["height"],
        came_ms=milliseconds(each["came"]),
        what=_sentences(visit, each["what"]),
        by=by,
    )


def _person(words: Words, each: Mapping[str, Any]) -> tuple[str, str]:
    """Name and page."""
    key = bytes.fromhex(each["person"])
    return words.person(each["name"], key), member_path(key)


def _sentences(visit: Visit, some: Iterable[Said]) -> list[Sentence]:
    return [sentence(visit, each) for each in some]


PAGE = Page(path="/tellers", name="tellers", endpoint=show, audience=DESK, floor="hall")
