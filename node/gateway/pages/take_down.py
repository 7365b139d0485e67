"""`/listing/{listing}/withdraw`, `/erase` and its QR code: for a listing or draft of one's own.

Both say what they mean before they do it, and do nothing before their own button is pressed.
"""

from __future__ import annotations

from starlette.responses import Response

from node import market
from node.gateway import qr
from node.gateway.forms import Form
from node.gateway.offers import listing_path
from node.gateway.own_listing import outside_address, owner_path
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from protocol.errors import NotFound, Refused
from storage.views.listing_queries import Offer


def _own(visit: Visit) -> Offer:
    found = market.find(visit.home, visit.request.path_params["listing"])
    if found.person != visit.home.person:
        raise Refused("not-yours", "That listing belongs to somebody else; nothing was changed.")
    return found


def _page(visit: Visit, doing: str) -> Response:
    """The question that belongs to `doing`: withdraw or erase."""
    offer = _own(visit)
    draft = offer.status == "draft"
    return visit.render(
        "take_down.html",
        doing=doing,
        title=offer.listing.title,
        draft=draft,
        gone=offer.status == "withdrawn",
        action=f"{listing_path(offer.id)}/{doing}",
        back=owner_path(offer),
    )


async def ask_withdraw(visit: Visit) -> Response:
    """Whether to take it off the market."""
    return _page(visit, "withdraw")


async def withdraw(visit: Visit, form: Form) -> Response:
    """Take it off the market; a draft is thrown away."""
    del form
    offer, t = _own(visit), visit.words.gettext
    if offer.status == "withdrawn":
        return visit.done(listing_path(offer.id), t("It was withdrawn already."))
    market.withdraw(visit.home, offer.id.hex())
    if offer.status == "draft":
        return visit.done("/mine?show=drafts", t("The draft was thrown away."))
    return visit.done("/mine", t("“%(title)s” was withdrawn.") % {"title": offer.listing.title})


async def ask_erase(visit: Visit) -> Response:
    """Whether to erase it everywhere."""
    return _page(visit, "erase")


async def erase(visit: Visit, form: Form) -> Response:
    """Erase every version of it."""
    del form
    offer, t = _own(visit), visit.words.gettext
    market.erase(visit.home, offer.id.hex())
    return visit.done("/mine", t("It was erased. Other nodes follow as soon as they hear of it."))


async def code(visit: Visit) -> Response:
    """The QR code of the listing's page in the shop window."""
    address = outside_address(visit, _own(visit))
    if not address:
        raise NotFound("no-address", "Guests can't come to this listing, so there is no code.")
    return qr.svg(address)


PAGES_HERE = [
    Page(
        path="/listing/{listing}/withdraw",
        name="withdraw",
        endpoint=ask_withdraw,
        post=withdraw,
        audience=DESK,
    ),
    Page(
        path="/listing/{listing}/erase",
        name="erase",
        endpoint=ask_erase,
        post=erase,
        audience=DESK,
    ),
    Page(
        path="/qr/listing/{listing}", name="listing-code", endpoint=code, audience=DESK, html=False
    ),
]
