"""`/disputes/{order}`: what one does about a dispute, and the answer of who is asked to mediate."""

from __future__ import annotations

from starlette.responses import Response

from node.gateway.disputes import dispute
from node.gateway.forms import Form
from node.gateway.hall import proposal_path
from node.gateway.order_words import order_path
from node.gateway.orders import name_of, row
from node.gateway.pages.page import DESK, Page
from node.gateway.typed import pointed
from node.gateway.visit import Visit
from node.trade import disputing
from node.trade.disputing import Request
from node.trade.reading import Order
from protocol.errors import NotFound, Refused


async def show(visit: Visit) -> Response:
    """The dispute; for who was asked to mediate, who asks."""
    visit.require_charter()
    asked = _request(visit)
    return _asked_page(visit, asked) if asked is not None else _page(visit, _order(visit))


async def act(visit: Visit, form: Form) -> Response:
    """One move, or the answer whether one mediates."""
    visit.require_charter()
    t = visit.words.gettext
    asked = _request(visit)
    if asked is not None:
        take = form.text("do") == "take"
        disputing.mediate(visit.home, asked.order.hex(), take)
        said = t("You mediate. What was said comes as soon as their nodes hear of it.")
        return visit.done("/inbox", said if take else t("You said no; they will ask another."))
    order = _order(visit)
    try:
        path = _move(visit, order, form)
    except (Refused, NotFound) as error:
        return _page(visit, _order(visit), 422, visit.words.told(error), form)
    return visit.done(path, t("Done. The others hear of it as soon as their nodes do."))


def _move(visit: Visit, order: Order, form: Form) -> str:
    """Make it; where to go then."""
    home, order_id, currency = visit.home, order.id.hex(), order.currency
    match form.text("do"):
        case "evidence":
            disputing.evidence(home, order_id, form.lines("said"))
        case "propose":
            amount = pointed(form.text("refund"), currency)
            disputing.propose(home, order_id, amount, form.lines("why"))
        case "agree":
            disputing.agree(home, order_id, form.text("proposal"))
        case "mediator":
            disputing.name_mediator(home, order_id, form.text("person"))
        case "vote":
            amount = pointed(form.text("less"), currency)
            reason, story = form.text("reason"), form.lines("story")
            made = disputing.ask_members(home, order_id, amount, reason, story)
            return proposal_path(str(made["proposal"]))
        case _:
            raise Refused("unknown-move", "There is no such move; nothing was written.")
    return order_path(order.id)


def _request(visit: Visit) -> Request | None:
    """What asks this owner to mediate, while it is not answered."""
    given = visit.request.path_params["order"].lower()
    for each in disputing.requests(visit.home):
        if len(given) >= disputing.SHORTEST and each.order.hex().startswith(given):
            return each if each.taken is None else None
    return None


def _order(visit: Visit) -> Order:
    return disputing.get(visit.home, visit.request.path_params["order"])[0]


def _asked_page(visit: Visit, asked: Request) -> Response:
    sides = visit.words.list([name_of(visit, side) for side in asked.sides])
    return visit.render("mediate.html", sides=sides, action=visit.request.url.path)


def _page(
    visit: Visit, order: Order, status: int = 200, problem: str = "", form: Form | None = None
) -> Response:
    return visit.render(
        "dispute.html",
        status=status,
        problem=problem,
        row=row(visit, order),
        dispute=dispute(visit, order, form),
    )


PAGE = Page(path="/disputes/{order}", name="dispute", endpoint=show, post=act, audience=DESK)
