"""`/assembly/{proposal}`: what is at stake, the ballot, the outcome, and what people say of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from governance.methods.registry import METHODS
from node.assembly import acting, casting, counts, finding, reading, rehearsing
from node.gateway import ballot_form
from node.gateway.courses import course
from node.gateway.fee_example import Example, examples
from node.gateway.forms import Form
from node.gateway.hall import (
    answer_hint,
    answer_name,
    method_hint,
    method_name,
    milliseconds,
    outcome_name,
    proposal_path,
    round_name,
)
from node.gateway.offers import member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.proposals import item, labels, title
from node.gateway.results import Result, choice_text, result
from node.gateway.rooms import rooms
from node.gateway.sentences import Sentence, sentence
from node.gateway.visit import Visit
from node.gateway.words import Words
from protocol.errors import Refused
from protocol.kinds.comment import MAX_TEXT


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said; `replies` are the answers to it, and to those."""

    id: str
    name: str
    path: str
    text: str
    at_ms: int
    mine: bool
    replies: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """A round that was counted."""

    name: str
    outcome: str
    result: Result | None
    chosen: list[str]


async def show(visit: Visit) -> Response:
    """The proposal as it stands."""
    visit.require_charter()
    return _page(visit)


async def send(visit: Visit, form: Form) -> Response:
    """Vote, say something, take it back, challenge or appeal: what the button says."""
    what = form.text("do")
    try:
        said = ACTS.get(what, _nothing)(visit, form)
    except Refused as error:
        return _page(visit, 422, visit.words.told(error), form)
    place = {"vote": "#vote", "comment": "#comment", "erase": "#comment"}.get(what, "")
    return visit.done(f"{_here(visit)}{place}", said)


def _here(visit: Visit) -> str:
    return proposal_path(reading.resolve(visit.store, _asked(visit)).hex())


def _asked(visit: Visit) -> str:
    return str(visit.request.path_params["proposal"])


def _vote(visit: Visit, form: Form) -> str:
    casting.check(visit.home, _asked(visit))
    found = reading.proposal(visit.store, visit.home.person, _asked(visit))
    choice, reason = ballot_form.read(
        visit.words,
        form,
        found["form"],
        [option for option, _ in found["ballot_options"]],
        level=METHODS[found["method"]].equal_ranks,
    )
    made = casting.cast(visit.home, _asked(visit), data=choice, reason=reason)
    t = visit.words.gettext
    if made["safe"]:
        return t("Your vote is held where it is counted.")
    return t(
        "Your vote is on its way. Look again in a moment: this page says when it is held where it "
        "is counted."
    )


def _comment(visit: Visit, form: Form) -> str:
    reply = form.text("reply") or None
    acting.comment(visit.home, _asked(visit), form.lines("text"), reply)
    return visit.words.gettext("Said. You can delete it whenever you like.")


def _erase(visit: Visit, form: Form) -> str:
    acting.erase_comment(visit.home, form.text("comment"))
    return visit.words.gettext("Deleted, here and on every node that it reaches.")


def _withdraw(visit: Visit, form: Form) -> str:
    acting.withdraw(visit.home, _asked(visit))
    return visit.words.gettext("You have taken your proposal back.")


def _challenge(visit: Visit, form: Form) -> str:
    acting.challenge(visit.home, _asked(visit))
    return visit.words.gettext("You have challenged the count; the proof goes with it.")


def _appeal(visit: Visit, form: Form) -> str:
    acting.appeal(visit.home, _asked(visit))
    return visit.words.gettext("You have appealed: the members decide once more.")


def _nothing(visit: Visit, form: Form) -> str:
    raise Refused("nothing", visit.words.gettext("Nothing was chosen, so nothing was done."))


ACTS: dict[str, Callable[[Visit, Form], str]] = {
    "vote": _vote,
    "comment": _comment,
    "erase": _erase,
    "withdraw": _withdraw,
    "challenge": _challenge,
    "appeal": _appeal,
}


def _page(
    visit: Visit, status: int = 200, problem: str = "", typed: Form | None = None
) -> Response:
    words = visit.words
    found = reading.proposal(visit.store, visit.home.person, _asked(visit))
    options = labels(visit, found["options"])
    offered = [
        (option, options.get(option) or text or option) for option, text in found["ballot_options"]
    ]
    mine, typed = found["mine"], typed or Form()
    voting = typed.text("do") == "vote"
    author = found["author"]
    comments = [_comment_of(visit, each) for each in found["comments"] if not each["answer"]]
    return visit.render(
        "proposal.html",
        status=status,
        problem=problem,
        rooms=rooms(visit),
        address=proposal_path(found["proposal"]),
        about=found["proposal"],
        vote=item(visit, found),
        title=title(visit, found),
        author=("", "")
        if author is None
        else (words.person(found["name"], bytes.fromhex(author)), _member(author)),
        text=found["text"],
        stake=[sentence(visit, each) for each in found["stake"]],
        options=offered,
        offered=offered if found["kind"] == "advice" else (),  # the others say it themselves
        examples=fee_examples(visit, found["proposal"]),
        method=method_name(words, found["method"]),
        method_hint=method_hint(words, found["method"]),
        class_=found["class"],
        needs=[sentence(visit, each) for each in found["needs"]],
        electorate=found["electorate"],
        seats=found["seats"],
        may_vote=found["may_vote"],
        why_not=None if found["why_not"] is None else sentence(visit, found["why_not"]),
        wrong=None if found["problem"] is None else sentence(visit, found["problem"]),
        withdrawing=found["withdrawing"],
        form=found["form"],
        answers=[
            (each, answer_name(words, each), answer_hint(words, each))
            for each in ballot_form.ANSWERS.get(found["form"], ())
        ],
        stars=ballot_form.STARS,
        filled=typed.fields
        if voting
        else ballot_form.filled(found["form"], mine["choice"])
        if mine
        else {},
        mine=mine,
        held=held_text(words, found),
        mine_text=choice_text(visit, found["form"], mine["choice"], options) if mine else "",
        reason=typed.lines("reason") if voting else (mine["reason"] or "") if mine else "",
        course=course(visit, found),
        ended=[
            _ended(visit, found, each, options)
            for each in reversed(found["rounds"])
            if each["outcome"] is not None
        ],
        recount=recounted(visit, found),
        answers_given=[_comment_of(visit, each) for each in found["comments"] if each["answer"]],
        concerns=[
            (words.person(each["name"], bytes.fromhex(each["person"])), _member(each["person"]))
            for each in found["concerns"]
        ],
        comments=_threads(comments, {e["id"]: e["reply"] for e in found["comments"]}),
        reply=_replied(visit, comments, typed),
        talk_text="" if voting else typed.lines("text"),
        longest=MAX_TEXT,
        challenges=[_challenged(visit, each) for each in found["challenges"]],
        appealed=found["appealed"],
        may=found,
        now=visit.gateway.clock(),
    )


def held_text(words: Words, found: Mapping[str, Any]) -> str:
    """How many tellers hold the reader's ballot, and whether that makes it safe; empty for none.

    `found` is a proposal's `status` and `mine`.
    """
    mine, t = found["mine"], words.gettext
    if mine is None:
        return ""
    if found["status"] not in ("open", "counting"):
        text = t("Held by %(held)s of %(all)s tellers.")
    elif mine["safe"]:
        text = t("Held by %(held)s of %(all)s tellers: it will be counted.")
    else:
        text = t(
            "Held by %(held)s of %(all)s tellers: not yet safe. It goes to them by itself; leave "
            "your node running."
        )
    return text % {"held": words.number(mine["receipts"]), "all": words.number(mine["tellers"])}


def _member(person: str) -> str:
    return member_path(bytes.fromhex(person))


def _ended(
    visit: Visit, found: Mapping[str, Any], each: Mapping[str, Any], options: Mapping[str, str]
) -> Ended:
    return Ended(
        name=round_name(visit.words, each["name"]),
        outcome=outcome_name(visit.words, each["outcome"]),
        result=result(
            visit,
            each["tally"],
            options,
            electorate=found["electorate"],
            ballots=each["ballots"],
            winners=each["winners"],
        ),
        chosen=[options.get(winner, winner) for winner in each["winners"]],
    )


@dataclass(frozen=True, slots=True)
class Recount:
    """What this node's own count says. `status`: equal, differs, incomplete or open."""

    status: str
    here: int
    ballots: int
    electorate: int
    why: list[Sentence]


def recounted(visit: Visit, found: Mapping[str, Any]) -> Recount | None:
    """The newest round as this node counts it; None while there is nothing to count."""
    if not found["rounds"]:
        return None
    counted = counts.agreement(visit.store, found["proposal"])
    return Recount(
        status=counted["status"],
        here=counted["here"],
        ballots=counted["ballots"],
        electorate=counted["electorate"],
        why=[sentence(visit, each) for each in counted["why"]],
    )


def count_of(visit: Visit, proposal: str) -> dict[str, Any]:
    """The count of a vote; hundreds of ballots take a tenth of a second, once."""
    key = ("count", reading.resolve(visit.store, proposal))
    return visit.gateway.facts.kept(key, lambda: counts.count(visit.store, proposal))


def fee_examples(visit: Visit, proposal: str) -> list[Example]:
    """A sale before and after, where the proposal changes fees; else nothing."""
    found = finding.find(visit.store, proposal)
    effect = found.vote.effect if found.vote else found.said.effect if found.said else {}
    if effect.get("type") != "set_fees":
        return []
    try:
        before, after = rehearsing.charters(visit.store, found)
    except Refused:
        return []  # the page says why it can't be opened, or that it is stale
    return examples(visit.words, before, after)


def _comment_of(visit: Visit, each: Mapping[str, Any]) -> Comment:
    person = each["person"]
    name = visit.words.gettext("Somebody not known yet")
    if person is not None:
        name = visit.words.person(each["name"], bytes.fromhex(person))
    return Comment(
        id=each["id"][:16],
        name=name,
        path="" if person is None else _member(person),
        text=each["text"],
        at_ms=milliseconds(each["at"]) or 0,
        mine=each["mine"],
    )


def _threads(comments: list[Comment], replies: Mapping[str, str | None]) -> list[Comment]:
    """Comments with the answers under them; answers to answers stand beside those."""
    above = {each[:16]: (reply or "")[:16] for each, reply in replies.items()}
    known = {each.id for each in comments}

    def top(id_: str) -> str:
        seen = {id_}
        while above.get(id_) in known and above[id_] not in seen:
            id_ = above[id_]
            seen.add(id_)
        return id_

    under: dict[str, list[Comment]] = {}
    for each in comments:
        under.setdefault(top(each.id), []).append(each)
    return [
        Comment(
            first.id,
            first.name,
            first.path,
            first.text,
            first.at_ms,
            first.mine,
            tuple(each for each in under[first.id] if each.id != first.id),
        )
        for first in comments
        if first.id in under
    ]


def _replied(visit: Visit, comments: list[Comment], typed: Form) -> Comment | None:
    """The comment that the form answers: what the address or the form itself names."""
    asked = typed.text("reply") or visit.request.query_params.get("reply", "")
    return next((each for each in comments if each.id == asked), None)


def _challenged(visit: Visit, each: Mapping[str, Any]) -> tuple[str, int | None, int]:
    """Who challenged the count, when, and how many ballots they name."""
    words, person = visit.words, each["person"]
    name = words.person(each["name"], bytes.fromhex(person)) if person else ""
    return name, milliseconds(each["at"]), len(each["ballots"])


PAGE = Page(
    path="/assembly/{proposal}",
    name="proposal",
    endpoint=show,
    post=send,
    audience=DESK,
    floor="hall",
)
