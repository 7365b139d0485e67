"""`/listing/{theirs}/order`: ordering something at the desk, or asking about it.

Ordering promises nothing yet: the seller accepts first, and until then the buyer may cancel. The
page says so, and what all of it comes to, before anything is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.responses import Response

from governance.charter_market import HOST, REFERRER, RESELLER
from governance.waterfall import parts
from node.gateway.forms import Form
from node.gateway.offers import listing_path, maker_name, member_path, mode_name, price_text
from node.gateway.order_sums import Sums, sums
from node.gateway.order_words import order_path
from node.gateway.pages.listing import find_offer
from node.gateway.pages.page import DESK, Page
from node.gateway.typed import pointed
from node.gateway.visit import Problem, Visit
from node.price_range import variant_price
from node.trade import ordering, wishes
from node.trade.ordering import Wish
from protocol.errors import MoothallError, NotFound, Refused
from protocol.kinds.listing import Listing
from storage.views.listing_queries import Offer

LONGEST_TEXT = 2000
LONGEST_AMOUNT = 20
NO_REFERRAL = ("no-recommendation", "no-referral", "self-referral")  # it goes on without one


@dataclass(frozen=True, kw_only=True, slots=True)
class Typed:
    """The form as it was typed."""

    quantity: str = "1"
    variant: str = ""
    delivery: str = ""
    tip: str = ""
    text: str = ""
    via: str = ""  # the recommendation that led here


async def show(visit: Visit) -> Response:
    """The form."""
    asked = visit.request.query_params
    return _page(visit, Typed(variant=asked.get("variant", ""), via=asked.get("via", "")))


async def send(visit: Visit, form: Form) -> Response:
    """Order it, ask about it, or only say what it comes to."""
    typed = Typed(
        quantity=form.text("quantity"),
        variant=form.text("variant"),
        delivery=form.text("delivery"),
        tip=form.text("tip"),
        text=form.lines("text"),
        via=form.text("via"),
    )
    offer = _open(visit)
    do = form.text("do")
    try:
        if form.text("version") != offer.version_id.hex():
            raise Refused(
                "changed",
                "The listing was changed in the meantime, so nothing was ordered: look at it "
                "again.",
            )
        wish = _wish(visit, offer, typed, enquiry=do == "ask")
        if do == "sum":
            return _page(visit, typed, wish=wish)
        made = ordering.place(visit.home, wish)
    except (Refused, NotFound) as error:
        told = visit.words.told(error)
        if error.reason in NO_REFERRAL:
            typed = replace(typed, via="")
            told = f"{told} {visit.words.gettext('This form now orders without it.')}"
        return _page(visit, typed, 422, told)
    t = visit.words.gettext
    name = maker_name(visit, offer.person)
    said = (
        t("Your question is on its way to %(name)s.")
        if wish.enquiry
        else t("Ordered. %(name)s is told as soon as their node hears of it, and answers here.")
    )
    return visit.done(order_path(made), said % {"name": name})


def _open(visit: Visit) -> Offer:
    """The listing, if somebody can order it; Problem otherwise."""
    offer, t = find_offer(visit, "theirs"), visit.words.gettext
    if offer.person == visit.home.person:
        raise Problem(409, t("This is yours"), t("You offer this yourself, so you can't order it."))
    if offer.status != "open":
        raise Problem(
            410, t("No longer on offer"), t("This listing has ended; nothing was ordered.")
        )
    if offer.listing.mode == "wanted":
        raise Problem(
            409, t("This is wanted"), t("This is looked for, not offered: write to who wants it.")
        )
    return offer


def _wish(visit: Visit, offer: Offer, typed: Typed, *, enquiry: bool) -> Wish:
    currency = _currency(visit, offer.listing)
    return wishes.read(
        visit.home,
        offer.id.hex(),
        quantity=typed.quantity,
        variant=typed.variant,
        referrer=typed.via or None,
        delivery=pointed(typed.delivery, currency) or None,
        tip=pointed(typed.tip, currency) or None,
        enquiry=enquiry or priceless(offer.listing, typed.variant),
        text=typed.text,
    )


def _currency(visit: Visit, listing: Listing) -> str:
    return listing.currency or visit.charter.currency


def priceless(listing: Listing, variant: str) -> bool:
    """Whether the seller has to name a price first."""
    return _price(listing, variant) is None


def _price(listing: Listing, name: str) -> int | None:
    """Of one piece."""
    chosen = next((each for each in listing.variants if each.name == name), None)
    return listing.price if chosen is None else variant_price(listing, chosen)


def _page(
    visit: Visit, typed: Typed, status: int = 200, problem: str = "", wish: Wish | None = None
) -> Response:
    offer = _open(visit)
    said, words = offer.listing, visit.words
    try:
        comes_to = None if wish is None else _sums(visit, offer, wish)
    except MoothallError as error:
        status, problem, comes_to = 422, words.told(error), None
    return visit.render(
        "order_form.html",
        status=status,
        problem=problem,
        typed=typed,
        action=f"{listing_path(offer.id)}/order",
        back=listing_path(offer.id),
        version=offer.version_id.hex(),
        title=said.title,
        mode=mode_name(words, said.mode),
        price=price_text(words, said),
        maker=maker_name(visit, offer.person),
        maker_path=member_path(offer.person),
        variants=[(each.name, _variant_text(visit, said, each.name)) for each in said.variants],
        left=said.quantity,
        delivery=said.delivery,
        on_request=all(_price(said, name) is None for name in _names(said)),
        sums=comes_to,
        currency=_currency(visit, said),
        reply=words.duration(visit.charter.orders.reply_s),
        longest=LONGEST_TEXT,
        longest_amount=LONGEST_AMOUNT,
    )


def _names(listing: Listing) -> list[str]:
    return [each.name for each in listing.variants] or [""]


def _variant_text(visit: Visit, listing: Listing, name: str) -> str:
    price = _price(listing, name)
    amount = (
        visit.words.gettext("Price on request")
        if price is None
        else visit.words.money(price, _currency(visit, listing))
    )
    return f"{name} · {amount}"


def _sums(visit: Visit, offer: Offer, wish: Wish) -> Sums | None:
    """Where the price goes by today's charter; None where there is no price yet."""
    said, currency = offer.listing, _currency(visit, offer.listing)
    price = _price(said, wish.variant)
    if price is None:
        return None
    absent = frozenset({HOST} | ({REFERRER} if wish.referral is None else set()))
    margin = said.margin_bps if said.grant is not None else None
    _, shares = parts(
        visit.charter, price * wish.quantity, currency, said.category, absent, margin=margin
    )
    role = "seller" if margin is None else RESELLER
    people = {role: offer.person}
    return sums(visit, currency, shares, delivery=wish.delivery, tip=wish.tip, people=people)


PAGE = Page(
    path="/listing/{theirs}/order",
    name="order-form",
    endpoint=show,
    post=send,
    audience=DESK,
)
