"""`/reviews/{order}`: say how an order went; `/review/{review}/answer`: answer what was said."""

from __future__ import annotations

from dataclasses import replace

from starlette.responses import Response

from node.gateway.forms import Form
from node.gateway.offers import listing_path
from node.gateway.order_words import order_path
from node.gateway.orders import row
from node.gateway.pages.page import DESK, Page
from node.gateway.reviews import asked_alone, review, said_of
from node.gateway.visit import Visit
from node.trade import reading, reviews
from node.trade.reading import Order
from protocol.errors import NotFound, Refused


async def show(visit: Visit) -> Response:
    """What stands, and the form; of somebody else's order, what one is asked to publish."""
    return _page(visit, _order(visit))


async def act(visit: Visit, form: Form) -> Response:
    """Publish it, ask for it to be published, or publish it for the buyer."""
    order, t = _order(visit), visit.words.gettext
    try:
        if form.text("do") == "carry":
            reviews.carry(visit.home, visit.request.path_params["order"])
            if order is None:
                return visit.done("/inbox", t("Published."))
            said = t("Published.")
        elif order is None:
            raise _no_order()
        else:
            unnamed = form.text("how") == "unnamed"
            reviews.write(
                visit.home,
                order.id.hex(),
                _stars(visit, form.text("stars")),
                form.lines("opinion"),
                unnamed=unnamed,
                carrier=form.text("carrier") or None if unnamed else None,
            )
            said = t("They are asked to publish it.") if unnamed else t("Published.")
    except (Refused, NotFound) as error:
        return _page(visit, _order(visit), 422, visit.words.told(error), form)
    return visit.done(order_path(order.id), said)


def _stars(visit: Visit, text: str) -> int:
    if text not in ("1", "2", "3", "4", "5"):
        raise Refused("bad-stars", visit.words.gettext("Choose how many stars you give."))
    return int(text)


def _order(visit: Visit) -> Order | None:
    """The order; None for one that is not this owner's."""
    try:
        return reading.get(visit.home, visit.request.path_params["order"])
    except NotFound:
        return None


def _page(
    visit: Visit,
    order: Order | None,
    status: int = 200,
    problem: str = "",
    form: Form | None = None,
) -> Response:
    visit.require_charter()
    if order is None:
        path, given = visit.request.url.path, visit.request.path_params["order"]
        asked = asked_alone(visit, given)
        if asked is None:
            raise _no_order()
        return visit.render(
            "review_carry.html", status=status, problem=problem, asked=asked, action=path
        )
    return visit.render(
        "review.html",
        status=status,
        problem=problem,
        row=row(visit, order),
        review=review(visit, order, form),
    )


def _no_order() -> NotFound:
    return NotFound("no-order", "You have no such order here.")


async def show_answer(visit: Visit) -> Response:
    """The review, and the form."""
    return _answer_page(visit)


async def answer(visit: Visit, form: Form) -> Response:
    """Write it."""
    found = reviews.find(visit.store, visit.request.path_params["review"])
    try:
        reviews.answer(visit.home, found.row.record.hex(), form.lines("text"))
    except Refused as error:
        return _answer_page(visit, 422, visit.words.told(error), form.lines("text"))
    path = "/" if found.sold is None else listing_path(found.sold.listing)
    return visit.done(path, visit.words.gettext("Your answer stands below it."))


def _answer_page(visit: Visit, status: int = 200, problem: str = "", typed: str = "") -> Response:
    found = reviews.find(visit.store, visit.request.path_params["review"])
    return visit.render(
        "review_answer.html",
        status=status,
        problem=problem,
        reviewed=replace(said_of(visit, found), id=""),
        typed=typed,
        action=visit.request.url.path,
    )


PAGES_HERE = [
    Page(path="/reviews/{order}", name="review", endpoint=show, post=act, audience=DESK),
    Page(
        path="/review/{review}/answer",
        name="review-answer",
        endpoint=show_answer,
        post=answer,
        audience=DESK,
    ),
]
