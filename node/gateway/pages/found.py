"""`/found`: found a community and become its first member."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from starlette.responses import Response

from governance.charter import Charter
from governance.templates import TEMPLATES, described, template
from node import home as homes
from node.gateway import beginner
from node.gateway.forms import Form
from node.gateway.pages.page import SETUP, Page
from node.gateway.visit import Visit
from node.home import Home
from protocol.errors import MoothallError, Refused

PAGE_TEMPLATE = "found.html"
DEFAULTS = Form({"template": ("kitchen-table",), "currency": ("EUR",)})
LONGEST_NAME = 80


async def show(visit: Visit) -> Response:
    """The form, empty."""
    return visit.render(PAGE_TEMPLATE, form=DEFAULTS, problem="", **_choices(visit))


async def make(visit: Visit, form: Form) -> Response:
    """Found it, or say what to change."""

    def found(person: str, passphrase: str | None) -> Home:
        charter = _charter(visit, form)
        return homes.found(_folder(visit), charter, person, passphrase)

    try:
        return beginner.begin(visit, form, found)
    except MoothallError as error:
        return beginner.again(visit, PAGE_TEMPLATE, form, error, **_choices(visit))


def _charter(visit: Visit, form: Form) -> Charter:
    t = visit.words.gettext
    name = form.text("community")
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refused(
            "bad-name",
            t("The community needs a name of 1 to %(n)s characters on one line; nothing was made.")
            % {"n": visit.words.number(LONGEST_NAME)},
        )
    if form.text("template") not in TEMPLATES:
        raise Refused("no-template", t("Choose how your community begins; nothing was made."))
    data = template(form.text("template"))
    return Charter.from_data({**data, "name": name, "currency": form.text("currency")})


def _folder(visit: Visit) -> Path:
    first = visit.gateway.first_run
    assert first is not None  # noqa: S101 - these pages exist in a first run alone
    return first.folder


def _choices(visit: Visit) -> dict[str, Any]:
    t = visit.words.gettext
    return {
        "longest": LONGEST_NAME,
        "charters": [(name, *described(name, t)) for name in TEMPLATES],
        "currencies": _currencies(visit.words.locale),
    }


@lru_cache(maxsize=16)
def _currencies(locale: str) -> tuple[tuple[str, str], ...]:
    """Code, and code with name, of every currency in use somewhere, by code."""
    names = Locale.parse(locale).currencies
    return tuple((code, f"{code} · {names.get(code, code)}") for code in sorted(_in_use()))


def _in_use() -> set[str]:
    """ISO 4217 codes that are legal tender in some territory today."""
    from babel.core import get_global

    return {
        code
        for spans in get_global("territory_currencies").values()
        for code, _, end, tender in spans
        if tender and end is None
    }


PAGE = Page(path="/found", name="found", endpoint=show, post=make, audience=SETUP)
