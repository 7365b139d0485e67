"""`/listing/{listing}/order` on the shop window: somebody without an account orders something.

The form is answered with the address of a page that only its sender knows. Sent twice it leads to
the same page and orders nothing more, since the order's key is made of the form's token.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from node.gateway.forms import Form
from node.gateway.guest_ordering import DONE, counted, open_to, order_path, secret_path
from node.gateway.offers import listing_path, maker_name, mode_name, price_text
from node.gateway.pages.listing import find_offer
from node.gateway.pages.page import SHOP, Page
from node.gateway.visit import Problem, Visit
from node.price_range import variant_price
from node.trade import guest_rules, guests, wishes
from node.trade.placing import price_of
from protocol.errors import Refused
from protocol.keys import Signer
from protocol.letters.contact import MAX_NAME, MAX_REACH
from storage.views.listing_queries import Offer

TRAP = "website"  # a field that people don't see and programs fill in
SEVERAL = ("sell", "give")  # modes of things that somebody may want more than one of


@dataclass(frozen=True, slots=True)
class Said:
    """What stands in the form."""

    quantity: str = "1"
    variant: str = ""
    name: str = ""
    reach: str = ""
    text: str = ""
    via: str = ""


async def show(visit: Visit) -> Response:
    """The empty form."""
    offer = _offer(visit)
    return _page(visit, offer, Said(via=visit.request.query_params.get("via", "")[:64]))


async def send(visit: Visit, form: Form) -> Response:
    """Order, and lead to the page to follow it on."""
    offer = _offer(visit)
    said = Said(
        quantity=form.text("quantity") or "1",
        variant=form.text("variant"),
        name=form.text("name"),
        reach=form.lines("reach").strip(),
        text=form.lines("text").strip(),
        via=form.text("via")[:64],
    )
    key = Signer(visit.gateway.guest_forms.seed(form))
    try:
        outcome = _ask(visit, offer, said, key, form)
    except Refused as error:
        status = 429 if error.reason == "too-many-orders" else 422
        return _page(visit, offer, said, status, visit.words.told(error))
    if outcome == "waiting":
        visit.gateway.node.events.tell("order", order=key.public.hex(), state=outcome)
    path = f"{secret_path(guests.secret_text(key.seed))}?{DONE}={outcome}"
    return RedirectResponse(path, status_code=303)


def _ask(visit: Visit, offer: Offer, said: Said, key: Signer, form: Form) -> str:
    if form.text(TRAP):
        raise Refused("trap", "Leave the field “Website” empty, then send the order once more.")
    assert visit.gateway.home is not None  # noqa: S101 - guests come when there is one
    wish = guests.GuestWish(
        listing=offer.id,
        version=_bytes(form.text("version")) or b"",
        quantity=wishes.pieces(said.quantity),
        variant=said.variant,
        text=said.text,
        name=said.name,
        reach=said.reach,
        referral=_bytes(said.via),
    )
    if guests.find(visit.gateway.home, key.public) is not None:
        return "before"
    with counted(visit):
        return guests.ask(visit.gateway.home, key, wish)


def _offer(visit: Visit) -> Offer:
    """The listing, if guests can order it; Problem otherwise."""
    visit.require_listings()
    offer = find_offer(visit)
    if not open_to(visit, offer):
        t = visit.words.gettext
        raise Problem(
            403,
            t("Not to be ordered here"),
            t(
                "Guests can't order this in this shop window, or not at the moment. Ask "
                "%(name)s, who made it."
            )
            % {"name": maker_name(visit, offer.person)},
        )
    return offer


def _bytes(text: str) -> bytes | None:
    try:
        found = binascii.unhexlify(text)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == 32 else None


def _page(visit: Visit, offer: Offer, said: Said, status: int = 200, problem: str = "") -> Response:
    listing = offer.listing
    return visit.render(
        "guest_order.html",
        status=status,
        problem=problem,
        listing=listing,
        action=order_path(offer),
        listing_path=listing_path(offer.id),
        version=offer.version_id.hex(),
        price=price_text(visit.words, listing),
        mode=mode_name(visit.words, listing.mode),
        maker=maker_name(visit, offer.person),
        own=offer.person == visit.gateway.owner,
        variants=_variants(visit, offer),
        counted=listing.mode in SEVERAL,
        asks=guest_rules.setting(visit.store) == "ask",
        priced=any(price_of(listing, each) is not None for each in listing.variants or [None]),
        typed=said,
        trap=TRAP,
        longest_name=MAX_NAME,
        longest_reach=MAX_REACH,
        longest_text=guests.MAX_TEXT,
    )


def _variants(visit: Visit, offer: Offer) -> list[tuple[str, str]]:
    """Each variant that is left, with what it costs."""
    found = []
    for variant in offer.listing.variants:
        if variant.quantity == 0:
            continue
        price = variant_price(offer.listing, variant)
        text = "" if price is None else visit.words.money(price, offer.listing.currency)
        found.append((variant.name, f"{variant.name} · {text}" if text else variant.name))
    return found


PAGE = Page(
    path="/listing/{listing}/order",
    name="guest-order",
    endpoint=show,
    post=send,
    audience=SHOP,
    secret=True,  # the form's token becomes the key of an order
)
