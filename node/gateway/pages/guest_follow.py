"""`/o/{key}` on the shop window: a guest follows and answers their order.

The secret in the address is the only key, and what the guest signs is signed with it, here. It is
compared with nothing: the order is looked up by the key that is made of it.
"""

from __future__ import annotations

import binascii
from typing import Any

from starlette.responses import RedirectResponse, Response

from node.gateway import guest_words, qr
from node.gateway.forms import Form
from node.gateway.guest_ordering import DONE, counted, secret_link, secret_path
from node.gateway.guest_view import arrived, payment_code, queued, shown
from node.gateway.order_limits import STEP
from node.gateway.order_words import state_name
from node.gateway.pages.page import SHOP, Page
from node.gateway.visit import Problem, Visit
from node.home import Home
from node.trade import guests, reading
from protocol.errors import Refused
from protocol.keys import Signer

# What the `id` of a button names in each move.
NAMED = {"accept": "offer", "took": "refund", "agree": "proposal", "mediator": "person"}
NEW = ("placed", "waiting", "before")  # what is said to who has just ordered
PLAIN = ("cancel", "received")
TOLD = ("say", "review")  # what is said to have been done in words of its own
SHORT = 8  # digits of an order's id, by which the maker knows it too


async def show(visit: Visit) -> Response:
    """The order as it stands."""
    key, found = _find(visit)
    return _page(visit, key, found)


async def act(visit: Visit, form: Form) -> Response:
    """A move of the guest, or a message; then the page again."""
    key, found = _find(visit)
    forms = visit.gateway.guest_forms
    path = secret_path(guests.secret_text(key.seed))
    if forms.is_done(form):
        return RedirectResponse(f"{path}?{DONE}=again", status_code=303)
    do = form.text("do")
    try:
        with counted(visit, STEP):
            if do == "review":
                guests.review(_home(visit), key, _stars(form), form.lines("opinion").strip())
            else:
                guests.act(_home(visit), key, do, **_fields(form, do))
    except Refused as error:
        return _page(visit, key, found, 422, visit.words.told(error), form)
    forms.done(form)
    return RedirectResponse(f"{path}?{DONE}={do if do in TOLD else 'done'}", status_code=303)


async def code(visit: Visit) -> Response:
    """The QR code that banking programs read to pay."""
    _, found = _find(visit)
    drawn = None if isinstance(found, str) else payment_code(found.life)
    if drawn is None:
        raise _not_here(visit)
    return qr.svg(drawn)


def _fields(form: Form, do: str) -> dict[str, Any]:
    """The fields of a move; Refused for what no button of the page sends."""
    if do in NAMED:
        try:
            return {NAMED[do]: binascii.unhexlify(form.text("id"))}
        except (binascii.Error, ValueError):
            pass
    elif do in ("say", "dispute"):
        text = form.lines("text").strip()
        if text:
            return {"text": text}
        raise Refused("empty", "Write something first; nothing was sent.")
    elif do == "pay":
        how = form.text("how")
        if how in ("bank", "cash", "other"):
            return {"how": how}
        raise Refused("no-how", "Say how you have paid; nothing was sent.")
    elif do in PLAIN:
        return {}
    raise Refused("bad-move", "Nothing on this page sends that; nothing was done.")


def _stars(form: Form) -> int:
    given = form.text("stars")
    if given not in ("1", "2", "3", "4", "5"):
        raise Refused("bad-stars", "Choose how many stars you give; nothing was published.")
    return int(given)


def _find(visit: Visit) -> tuple[Signer, reading.Order | str]:
    """The order whose secret this is; Problem 404 alike for what is wrong and what is gone."""
    key = guests.key_of(visit.request.path_params["key"])
    found = None if key is None else guests.find(_home(visit), key.public)
    if key is None or found is None:
        raise _not_here(visit)
    return key, found


def _not_here(visit: Visit) -> Problem:
    t = visit.words.gettext
    return Problem(
        404,
        t("No order here"),
        t(
            "The link to an order is long, and this one is not whole or its order was given up. "
            "Open the link as it was shown when you ordered."
        ),
    )


def _home(visit: Visit) -> Home:
    assert visit.gateway.home is not None  # noqa: S101 - guests come when there is one
    return visit.gateway.home


def _page(
    visit: Visit,
    key: Signer,
    found: reading.Order | str,
    status: int = 200,
    problem: str = "",
    form: Form | None = None,
) -> Response:
    typed = form or Form()
    secret = guests.secret_text(key.seed)
    word = visit.request.query_params.get(DONE, "")
    values: dict[str, Any] = {
        "new": word in NEW or isinstance(found, str),
        "link": secret_link(visit, secret),
        "action": secret_path(secret),
        "number": key.public.hex()[:SHORT],
        "problem": problem,
        "done": guest_words.done(visit.words, word),
        "longest": guests.MAX_TEXT,
        "text": typed.lines("text"),
        "opinion": typed.lines("opinion"),
        "stars": typed.text("stars"),
    }
    if isinstance(found, str):
        maker = visit.words.gettext("the maker")
        values["standing"], values["after"] = queued(visit, found, maker)
        return visit.render("guest_follow.html", status=status, order=None, **values)
    if word in NEW and not guests.by_guest(found.letters[-1]):
        values["done"] = ""  # it was answered since; the address still says what was done before
    view = shown(visit, found)
    return visit.render(
        "guest_follow.html",
        status=status,
        standing=view.said,
        after=view.after,
        order=view,
        title=found.title,
        state=state_name(visit.words, found.life.state),
        arrived=arrived(visit, found),
        **values,
    )


PAGES_HERE = [
    Page(path="/o/{key}", name="guest-follow", endpoint=show, post=act, audience=SHOP, secret=True),
    Page(
        path="/o/{key}/pay.svg",
        name="guest-pay",
        endpoint=code,
        audience=SHOP,
        html=False,
        secret=True,
    ),
]
