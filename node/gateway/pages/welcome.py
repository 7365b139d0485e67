"""`/welcome`: the first steps in a new home: recovery file, first listing, first friend.

The step that is next comes from the home itself (`node.welcome`), so nothing is lost on reload.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import RedirectResponse, Response

from governance.roll import MEMBER
from node import devices, inviting, welcome
from node.gateway.forms import Form
from node.gateway.pages.invitations import Shown, shown
from node.gateway.pages.live import standing_word
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from node.welcome import INVITE, LISTING, RECOVERY
from protocol import lobby
from protocol.errors import Refused
from storage.views.members import WAITING as NOT_IN

WAITING = "waiting"  # not a step of one's own: the others have to open the door


async def show(visit: Visit) -> Response:
    """The step that is next, or the one that `step` asks for."""
    asked = visit.request.query_params.get("step", "")
    if asked not in (RECOVERY, LISTING, INVITE) and not (asked == WAITING and _waits(visit)):
        asked = _next(visit)
    if not asked:
        return RedirectResponse("/", 303, {"Cache-Control": "no-store"})
    return _page(visit, asked)


async def act(visit: Visit, form: Form) -> Response:
    """Take a step, or put it off."""
    step, do = form.text("step"), form.text("do")
    if do == "again":
        return _give_up(visit)
    if step == INVITE and do == "invite":
        try:
            inviting.make(visit.home, 1, form.text("note"))
        except Refused as error:
            return _page(
                visit, INVITE, 422, problem=visit.words.told(error), note=form.text("note")
            )
        return visit.done("/welcome?step=invite")
    if step == RECOVERY and do == "next" and not form.checked("saved"):
        t = visit.words.gettext
        problem = t("Save the file first and tick that you have it, or choose “Later”.")
        return _page(visit, RECOVERY, 422, problem=problem)
    if step == RECOVERY and form.checked("saved"):
        devices.recovery_is_saved(visit.home)
    if step in welcome.STEPS:
        welcome.done(visit.home, step)
    if welcome.remaining(visit.store):
        return visit.done("/welcome")
    return visit.done("/", visit.words.gettext("All set. This is the market as you see it."))


def _next(visit: Visit) -> str:
    """Which step is next; empty when all are taken."""
    steps = welcome.remaining(visit.store)
    if steps and _waits(visit) and (steps[0] != RECOVERY or _turned_away(visit)):
        return WAITING
    return steps[0] if steps else ""


def _waits(visit: Visit) -> bool:
    return visit.home.standing() == NOT_IN


def _turned_away(visit: Visit) -> bool:
    answer = visit.gateway.node.last_answer
    return answer is not None and answer.reason in lobby.FINAL


def _page(
    visit: Visit, step: str, status: int = 200, *, problem: str = "", note: str = ""
) -> Response:
    values: dict[str, Any] = {
        "step": step,
        "number": welcome.number(LISTING if step == WAITING else step),
        "all": welcome.ALL,
        "problem": problem,
    }
    match step:
        case "recovery":
            values["sealed"] = visit.home.keyfile.sealed
        case "waiting":
            answer = visit.gateway.node.last_answer
            values["answer"] = _refusal(visit, answer.reason) if answer else ""
            values["standing"] = standing_word(visit)
            values["final"] = _turned_away(visit)
            values["may_begin_again"] = visit.gateway.first_run is not None
        case "invite":
            values |= {"newest": _newest(visit), "note": note}
            values["may_invite"] = visit.home.standing() == MEMBER
    return visit.render(f"welcome_{step}.html", status=status, **values)


def _refusal(visit: Visit, reason: str) -> str:
    """What the nodes that answered said; empty for a welcome."""
    t = visit.words.gettext
    digits = visit.home.person.hex()[:8]
    sentences = {
        "": "",
        "foreign": t(
            "The invitation leads to another community's node: the link was changed, or is not for "
            "you. Ask who invited you for a new one."
        ),
        "used": t(
            "The invitation was used already, or it has lapsed. Ask who invited you for a new one."
        ),
        "inviter-gone": t(
            "Who made the invitation can't invite any more. Ask another member for one."
        ),
        "unknown": t("The nodes that answered have not heard of this invitation yet."),
        "contested": t(
            "Somebody else has used this invitation as well. Ask who invited you to say on their "
            "desk, under “People”, that they meant you: your id begins with %(digits)s."
        )
        % {"digits": digits},
        "busy": t("The nodes that answered are too busy just now."),
        "gone": t("You have left this community: only a new invitation leads back."),
        "too-many": t("You have as many devices here as one person may have."),
    }
    return sentences[reason]


def _newest(visit: Visit) -> Shown | None:
    """The last invitation that was made and waits to be used."""
    kept = [each for each in inviting.mine(visit.home) if each.status == inviting.OPEN]
    return shown(visit, kept[-1]) if kept else None


def _give_up(visit: Visit) -> Response:
    """Take back a home that leads nowhere, and begin anew."""
    first, t = visit.gateway.first_run, visit.words.gettext
    if first is None or not _waits(visit):
        return visit.done("/welcome", t("This can't be taken back any more; nothing was changed."))
    first.give_up()
    return visit.done("/take")


PAGE = Page(
    path="/welcome",
    name="welcome",
    endpoint=show,
    post=act,
    audience=DESK,
    examples=("step=recovery", "step=listing", "step=invite"),
)
