"""The course of a proposal: what happened when, and what comes next, a line each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from node.gateway.hall import milliseconds, outcome_name, round_name
from node.gateway.visit import Visit


@dataclass(frozen=True, slots=True)
class Line:
    """A step. `at_ms` is None where no clock says when; `done`: whether it is behind us."""

    at_ms: int | None
    text: str
    done: bool


def course(visit: Visit, found: dict[str, Any]) -> list[Line]:
    """The steps of a proposal as `reading.proposal` gives it, in their order."""
    return [*_before(visit, found), *_rounds(visit, found), *_after(visit, found)]


def _before(visit: Visit, found: dict[str, Any]) -> Iterator[Line]:
    t, rule, status = visit.words.gettext, found["rule"], found["status"]
    yield Line(milliseconds(found["made"]), t("It was written."), True)
    notice = rule.get("notice_s", 0)
    opens = milliseconds(found["opens"])
    if status == "draft":
        yield Line(None, t("It is put to the vote; from then on it is fixed who may vote."), False)
        return
    if notice and opens is not None and not found["rounds"]:
        begun = opens - 1000 * notice
        yield Line(begun, t("It was announced; since then it is fixed who may vote."), True)
    elif notice and found["rounds"]:
        first = milliseconds(found["rounds"][0]["opened"]) or 0
        yield Line(
            first - 1000 * notice, t("It was announced; since then it is fixed who may vote."), True
        )
    if status == "notice":
        yield Line(opens, t("The vote begins."), False)
        yield Line(milliseconds(found["closes"]), t("The vote ends."), False)


def _rounds(visit: Visit, found: dict[str, Any]) -> Iterator[Line]:
    words, t = visit.words, visit.words.gettext
    for each in found["rounds"]:
        name = round_name(words, each["name"])
        begun = t("%(round)s: it began.") if each["name"] else t("The vote began.")
        yield Line(milliseconds(each["opened"]), begun % {"round": name}, True)
        if each["outcome"] is None:
            continue
        ended = words.ngettext(
            "%(outcome)s, with %(n)s ballot.", "%(outcome)s, with %(n)s ballots.", each["ballots"]
        )
        values = {
            "outcome": outcome_name(words, each["outcome"]),
            "n": words.number(each["ballots"]),
        }
        yield Line(milliseconds(each["closed"]), ended % values, True)
    closes = milliseconds(found["closes"])
    if found["status"] == "open":
        if found["rule"].get("early_close"):
            sentence = t("It ends, or earlier, once nothing can change the outcome.")
        else:
            sentence = t("It ends.")
        yield Line(closes, sentence, False)
    elif found["status"] == "counting" and found["rounds"][-1]["outcome"] is None:
        yield Line(None, t("Whoever counts says what was decided."), False)


def _after(visit: Visit, found: dict[str, Any]) -> Iterator[Line]:
    t, status = visit.words.gettext, found["status"]
    until, due = milliseconds(found["until"]), milliseconds(found["due"])
    now = visit.gateway.clock()
    if until is not None and found["rule"].get("challenge_s"):
        yield Line(until, t("Until then the count can be challenged."), until < now)
    if status == "challenge":
        yield Line(due, t("It takes effect by itself, on every node."), False)
    elif status == "in_effect":
        yield Line(due, t("It took effect, on every node."), True)
