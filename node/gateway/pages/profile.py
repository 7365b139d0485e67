"""`/profile`: who the owner is, in their own words, and how others see it."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from node import people
from node.gateway.forms import Form
from node.gateway.offers import member_path
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from node.spots import parse_spot, spot_text
from protocol.errors import Refused
from protocol.kinds.profile import MAX_ABOUT, MAX_ITEMS, MAX_NAME, Profile

LISTS = ("skills", "interests", "needs")


async def show(visit: Visit) -> Response:
    """The form as the profile stands."""
    mine = people.own_profile(visit.home)
    return _page(visit, _typed(mine), mine)


async def save(visit: Visit, form: Form) -> Response:
    """Publish it, or only look at it."""
    t = visit.words.gettext
    before = people.own_profile(visit.home)
    try:
        changes = _changes(form)
        after = people.changed(before, changes)
        if form.text("do") == "preview":
            return _page(visit, form, after, preview=True)
        if form.text("version") != str(before.version):
            problem = t(
                "Your profile was changed in another window or by a command meanwhile; nothing was "
                "saved. Below stands what you typed: save it again to keep it."
            )
            return _page(visit, form, before, 422, problem)
        people.set_profile(visit.home, changes)
    except Refused as error:
        return _page(visit, form, before, 422, visit.words.told(error))
    return visit.done("/profile", t("Your profile is saved; the others see it in a moment."))


def _changes(form: Form) -> dict[str, Any]:
    """What was typed; Refused for a spot that is none."""
    changes: dict[str, Any] = {
        "name": form.text("name"),
        "about": form.text("about"),
        "place": form.text("place"),
        "spot": parse_spot(form.text("spot")) if form.text("spot") else None,
    }
    for name in LISTS:
        items = (" ".join(line.split()) for line in form.lines(name).split("\n"))
        changes[name] = tuple(dict.fromkeys(item for item in items if item))  # each once
    return changes


def _typed(mine: Profile) -> Form:
    fields = {"name": mine.name, "about": mine.about, "place": mine.place}
    fields |= {name: "\n".join(getattr(mine, name)) for name in LISTS}
    fields["spot"] = spot_text(mine.spot)
    return Form({name: (value,) for name, value in fields.items()})


def _page(
    visit: Visit,
    form: Form,
    seen: Profile,
    status: int = 200,
    problem: str = "",
    *,
    preview: bool = False,
) -> Response:
    return visit.render(
        "profile.html",
        status=status,
        problem=problem,
        form=form,
        version=people.own_profile(visit.home).version,
        seen=seen,
        preview=preview,
        mine=member_path(visit.home.person),
        longest_name=MAX_NAME,
        longest_about=MAX_ABOUT,
        most=MAX_ITEMS,
    )


PAGE = Page(
    path="/profile",
    name="profile",
    endpoint=show,
    post=save,
    audience=DESK,
    menu=lambda words: words.gettext("My profile"),
    floor="hall",
)
