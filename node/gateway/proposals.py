"""Proposals in a reader's words: as they stand in a list, and what their options are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from governance.effects.registry import EFFECTS
from governance.methods.method import STATUS_QUO
from node.assembly import reading
from node.gateway.hall import (
    kind_name,
    method_name,
    milliseconds,
    option_name,
    proposal_path,
    round_name,
    status_name,
)
from node.gateway.sentences import Sentence, plain, sentence, title_of
from node.gateway.visit import Visit
from storage import certificates

STAKES = 3  # sentences about what is at stake that a list shows


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A proposal in a list. Times are milliseconds since 1970, None where there is none."""

    path: str
    title: str
    kind: str
    method: str
    status: str  # its word
    standing: str  # that in the reader's language
    round: str  # the name of a later round; empty for the first
    reason: Sentence | None
    author: str
    stake: tuple[Sentence, ...]
    more: int  # sentences that are left out
    made_ms: int | None
    opens_ms: int | None
    closes_ms: int | None
    due_ms: int | None
    waits: bool  # for the owner's ballot
    voted: bool
    safe: bool
    concerns_me: bool


def item(visit: Visit, found: dict[str, Any], *, stake: bool = False) -> Item:
    """One proposal of `node.assembly`'s lists, with what is at stake if that is asked for."""
    words = visit.words
    told = _stake(visit, found) if stake else []
    author = found["author"]
    return Item(
        path=proposal_path(found["proposal"]),
        title=title(visit, found),
        kind=kind_name(words, found["kind"]),
        method=method_name(words, found["method"]),
        status=found["status"],
        standing=status_name(words, found),
        round=round_name(words, found["round"]) if found["round"] else "",
        reason=None if found["reason"] is None else sentence(visit, found["reason"]),
        author="" if author is None else words.person(found["name"], bytes.fromhex(author)),
        stake=tuple(told[:STAKES]),
        more=max(0, len(told) - STAKES),
        made_ms=milliseconds(found["made"]),
        opens_ms=milliseconds(found["opens"]),
        closes_ms=milliseconds(found["closes"]),
        due_ms=milliseconds(found["due"]),
        waits=bool(found["may_vote"]) and not found["voted"],
        voted=bool(found["voted"]),
        safe=bool(found["safe"]),
        concerns_me=bool(found["concerns_me"]),
    )


def title(visit: Visit, found: Mapping[str, Any]) -> str:
    """A proposal's title, or what to call it while its text is not here yet."""
    return found["title"] or visit.words.gettext("A proposal whose text is not here yet")


def _stake(visit: Visit, found: Mapping[str, Any]) -> list[Sentence]:
    state = certificates.current(visit.store)
    vote = None if state is None else state.votes.get(bytes.fromhex(found["proposal"]))
    sort = None if vote is None else EFFECTS.get(str(vote.effect.get("type")))
    if state is None or vote is None or sort is None:
        return []
    before = reading.as_it_was(state, vote)
    return [sentence(visit, each) for each in sort.in_words(vote.effect, before)]


def labels(visit: Visit, options: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Option id -> what to call it; the status quo is always among them, last."""
    named = {each["id"]: label(visit, each) for each in options if each["id"] != STATUS_QUO}
    return {**named, STATUS_QUO: option_name(visit.words, STATUS_QUO)}


def label(visit: Visit, option: Mapping[str, Any]) -> str:
    """What an option is called: a person's name, a listing's title, or its own text."""
    if option.get("person"):
        return visit.words.person(option.get("name", ""), bytes.fromhex(option["person"]))
    if option.get("listing"):
        return title_of(visit, option["listing"])
    return option_name(visit.words, option["id"], option["text"])


def reason_text(visit: Visit, found: Mapping[str, Any]) -> str:
    """What became of a proposal, as plain text; empty where its status says it all."""
    return "" if found["reason"] is None else plain(visit, found["reason"])
