"""`/charter`: all that was agreed, in sentences; `/charter/history`: how it came to say so."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from node.assembly import charters
from node.gateway.charter_words import decisions, fees_shown, parts
from node.gateway.filters import read_page
from node.gateway.hall import milliseconds, proposal_path
from node.gateway.pages.page import BOTH, Page
from node.gateway.paging import Pager
from node.gateway.rooms import rooms
from node.gateway.sentences import Sentence, sentence
from node.gateway.sharing import share
from node.gateway.visit import Visit

PAGE_SIZE = 20  # versions on a page


@dataclass(frozen=True, slots=True)
class Version:
    """A charter that is or was in force, and what was new in it."""

    number: int
    since_ms: int | None  # None for the founding one
    title: str  # of the proposal that brought it
    path: str  # of that proposal, for members
    changes: list[Sentence]


async def show(visit: Visit) -> Response:
    """The charter in force."""
    charter, words = visit.charter, visit.words
    stands = charters.charter(visit.store)
    return visit.render(
        "charter.html",
        rooms=rooms(visit),
        charter=charter,
        version=stands["version"],
        since_ms=milliseconds(stands["since"]),
        hash=stands["hash"],
        decisions=decisions(words, charter),
        fees=fees_shown(words, charter),
        parts=parts(words, charter),
        share=share(visit, title=charter.name, text=charter.about, path="/charter"),
    )


async def history(visit: Visit) -> Response:
    """Every version, newest first; `from` and `to` ask what differs between two of them."""
    asked, charter = visit.request.query_params, visit.charter
    versions = list(reversed(charters.charter_history(visit.store)["versions"]))
    page, notice = read_page(asked.get("page", ""), visit.words)
    pages = max(1, -(-len(versions) // PAGE_SIZE))
    page = min(page, pages)
    here = versions[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    first, last = asked.get("from", ""), asked.get("to", "")
    between = None
    if first and last:
        between = charters.charter_diff(visit.store, first[:64], last[:64])
    numbers = [str(each["version"]) for each in versions]
    return visit.render(
        "charter_history.html",
        share=share(visit, title=charter.name, text=charter.about, path="/charter/history"),
        rooms=rooms(visit),
        notices=[notice] if notice else [],
        versions=[_version(visit, each) for each in here],
        numbers=numbers,
        first=str(between["from"]) if between else numbers[min(1, len(numbers) - 1)],
        last=str(between["to"]) if between else numbers[0],
        between=None
        if between is None
        else [sentence(visit, change["text"]) for change in between["changes"]],
        pager=Pager(page, pages, _path(page - 1), _path(page + 1) if page < pages else ""),
    )


def _version(visit: Visit, found: dict[str, object]) -> Version:
    number, since, proposal = found["version"], found["since"], found["proposal"]
    changes = found["changes"]
    assert isinstance(number, int) and isinstance(changes, list)  # noqa: S101
    shown = isinstance(proposal, str) and not visit.guests
    return Version(
        number=number,
        since_ms=milliseconds(str(since)) if since else None,
        title=str(found["title"] or ""),
        path=proposal_path(str(proposal)) if shown else "",
        changes=[sentence(visit, each) for each in changes],
    )


def _path(page: int) -> str:
    if page < 1:
        return ""
    return f"/charter/history?page={page}" if page > 1 else "/charter/history"


PAGES_HERE = [
    Page(path="/charter", name="charter", endpoint=show, audience=BOTH, floor="hall"),
    Page(
        path="/charter/history",
        name="charter-history",
        endpoint=history,
        audience=BOTH,
        floor="hall",
        examples=("from=1&to=2",),
    ),
]
