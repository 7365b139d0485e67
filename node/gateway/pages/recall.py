"""`/recall`: what is proved against the tellers, who signs that they be replaced, and signing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from node import fraud, recalling, seat
from node.gateway.forms import Form
from node.gateway.offers import member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.proposing.kind import people
from node.gateway.rooms import rooms
from node.gateway.sentences import sentence
from node.gateway.visit import Visit
from protocol.errors import Refused
from storage import recalls

SHOWN = 60  # members with a box of their own
MOST = 20  # recalls that are shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """Something tellers are proved to have done. `ids`: of the two certificates, or the device."""

    sentence: str
    halted: bool
    ids: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A recall. People are (name, path)."""

    id: str
    short: str
    tellers: list[tuple[str, str]]
    by: list[tuple[str, str]]
    numbers: str
    status: str
    step: str  # what it leaves standing; empty while that is not here
    attempt: int
    mine: bool
    may_sign: bool


async def show(visit: Visit) -> Response:
    """All of it."""
    return _page(visit)


async def act(visit: Visit, form: Form) -> Response:
    """Begin one, sign one, or agree that much is taken back for one."""
    t = visit.words.gettext
    try:
        match form.text("do"):
            case "sign":
                done = recalling.sign(visit.home, form.text("recall"))
            case "accept":
                seat.accept(visit.home)
                return visit.done("/recall", t("Agreed. It is done as soon as all of it is here."))
            case _:
                done = recalling.propose(visit.home, _chosen(form))
    except Refused as error:
        return _page(visit, 422, visit.words.told(error), form)
    if done["status"] == recalling.IN_FORCE:
        return visit.done("/recall", t("Signed. That was enough: they are the tellers now."))
    return visit.done("/recall", t("Signed. Ask the others to sign it too."))


def _chosen(form: Form) -> list[str]:
    named = [line.strip() for line in form.lines("others").split("\n")]
    return list(dict.fromkeys(filter(None, (*form.texts("teller"), *named))))


def _page(visit: Visit, status: int = 200, problem: str = "", form: Form | None = None) -> Response:
    visit.require_charter()
    typed, members = form or Form(), people(visit)
    share = visit.charter.offices.teller.recall
    return visit.render(
        "recall.html",
        status=status,
        rooms=rooms(visit),
        problem=problem,
        reasons=[
            sentence(visit, recalling.REASONS[each]) for each in recalling.reasons(visit.store)
        ],
        proofs=[_proof(visit, each) for each in fraud.proved(visit.store)],
        recalls=[_shown(visit, each) for each in recalling.listed(visit.home, MOST)],
        question=_question(visit),
        num=visit.words.number(share.num),
        den=visit.words.number(share.den),
        members=members[:SHOWN],
        more=len(members) > SHOWN,
        chosen=typed.texts("teller"),
        others=typed.lines("others"),
    )


def _proof(visit: Visit, each: Mapping[str, Any]) -> Proof:
    words = visit.words
    names = words.list([_named(visit, one["person"])[0] for one in each["persons"]])
    step = words.number(each["height"])
    if each["what"] == "split":
        text = words.gettext(
            "On step %(n)s there are two different decisions. Both are signed by %(names)s."
        )
        ids = [f"{one['kind']} {one['id']}" for one in each["certificates"]]
    else:
        text = words.gettext("On step %(n)s two different answers are signed by %(names)s.")
        ids = [each["device"]]
    sentence = text % {"n": step, "names": names}
    return Proof(sentence=sentence, halted=each.get("halted", False), ids=ids)


def _shown(visit: Visit, each: Mapping[str, Any]) -> Shown:
    words = visit.words
    numbers = words.ngettext("%(n)s signature", "%(n)s signatures", each["signed"])
    numbers %= {"n": words.number(each["signed"])}
    if each["needed"] is not None:
        numbers = words.gettext("%(n)s of %(all)s signatures") % {
            "n": words.number(each["signed"]),
            "all": words.number(each["needed"]),
        }
    return Shown(
        id=each["recall"],
        short=each["recall"][: recalling.SHORTEST],
        tellers=[_named(visit, one["person"]) for one in each["tellers"]],
        by=[_named(visit, one["person"]) for one in each["by"]],
        numbers=numbers,
        status=each["status"],
        step="" if each["height"] is None else words.number(each["height"]),
        attempt=each["attempt"],
        mine=each["mine"],
        may_sign=each["status"] in (recalling.OPEN, recalling.READY) and _may_sign(visit, each),
    )


def _may_sign(visit: Visit, each: Mapping[str, Any]) -> bool:
    found = recalls.electorate(visit.store, bytes.fromhex(each["prev"]))
    return not each["mine"] and found is not None and visit.home.person in found.persons


def _question(visit: Visit) -> str:
    """How many certificates another chain would take back; empty if none asks for it."""
    asked = seat.question(visit.home)
    return "" if asked is None else visit.words.number(asked["lost"])


def _named(visit: Visit, person: str) -> tuple[str, str]:
    """Name and page."""
    key = bytes.fromhex(person)
    return visit.words.person(visit.gateway.facts.names().get(key, ""), key), member_path(key)


PAGE = Page(path="/recall", name="recall", endpoint=show, post=act, audience=DESK, floor="hall")
