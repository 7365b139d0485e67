"""`/listing/{listing}/recommend`: recommend a listing, change the words, or take it back."""

from __future__ import annotations

from starlette.responses import Response

from node.gateway.forms import Form
from node.gateway.offers import listing_path, maker_name
from node.gateway.pages.listing import find_offer
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from node.trade import recommending
from node.trade.recommending import Told
from protocol.errors import MoothallError
from protocol.kinds.comment import MAX_TEXT
from storage.views.listing_queries import Offer


async def show(visit: Visit) -> Response:
    """The form, with what the owner has said before."""
    return _page(visit)


async def act(visit: Visit, form: Form) -> Response:
    """Write it or take it back."""
    t = visit.words.gettext
    offer = find_offer(visit)
    try:
        if form.text("do") == "withdraw":
            before = _mine(visit, offer)
            if before is not None:
                recommending.withdraw(visit.home, before.record.hex())
            return visit.done(listing_path(offer.id), t("Taken back, and your words are erased."))
        made = recommending.recommend(visit.home, offer.id, form.lines("text"))
    except MoothallError as error:
        return _page(visit, 422, visit.words.told(error), form)
    path = f"{listing_path(offer.id)}?via={made.record.hex()[:16]}"
    return visit.done(path, t("Recommended. Pass on the address of this page: it names you."))


def _mine(visit: Visit, offer: Offer) -> Told | None:
    """The owner's own recommendation of this listing."""
    return next(
        (
            each
            for each in recommending.of_person(visit.store, visit.home.person)
            if each.said.listing == offer.id
        ),
        None,
    )


def _page(visit: Visit, status: int = 200, problem: str = "", form: Form | None = None) -> Response:
    visit.require_charter()
    offer = find_offer(visit)
    before = _mine(visit, offer)
    said = "" if before is None else before.text
    return visit.render(
        "recommend.html",
        status=status,
        problem=problem,
        title=offer.listing.title,
        maker=maker_name(visit, offer.person),
        listing=listing_path(offer.id),
        action=f"{listing_path(offer.id)}/recommend",
        text=said if form is None else form.lines("text"),
        most=MAX_TEXT,
        before=before is not None,
    )


PAGE = Page(
    path="/listing/{listing}/recommend", name="recommend", endpoint=show, post=act, audience=DESK
)
