"""Changing many listings at once: what was asked for, and what it would do to each.

Nothing is written here. A plan shows every change before it is done, counts what is so already,
and names what stands in the way; it is done as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from node import market
from node.gateway.forms import Form
from node.gateway.typed import amount, day_ms, split_tags
from node.gateway.words import Words
from node.home import Home
from node.shelf import Step
from protocol.codec import encode
from protocol.errors import Refused
from protocol.kinds.listing import AUDIENCES, MAX_PRICE, Listing, Variant
from storage.views.listing_queries import Offer

DOINGS = ("publish", "withdraw", "change")
TEXTS = ("category", "place", "delivery")
CLEARED = (*TEXTS, "expires", "tags")
PRICE_HOW = ("", "percent-up", "percent-down", "amount-up", "amount-down", "set")
ASKED = (*TEXTS, "audience", "expires", "price-how", "price-by", "tags-add", "tags-remove", "clear")
MOST_PERCENT = 100_000  # basis points: ten times as much


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What is to be done to each listing; what is empty stays as it is."""

    do: str
    texts: dict[str, str] = field(default_factory=dict)
    clear: frozenset[str] = frozenset()
    audience: str = ""
    expires_ms: int | None = None
    price_how: str = ""
    price_by: str = ""
    tags_add: tuple[str, ...] = ()
    tags_remove: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of change, and the titles of the listings that it happens to."""

    what: str
    before: str
    after: str
    titles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What would happen. `hindered`: title and reason of what can't be; then nothing is done."""

    steps: tuple[Step, ...]
    lines: tuple[Line, ...]
    same: int
    hindered: tuple[tuple[str, str], ...]
    seal: str  # names this very plan; another one as soon as a listing or a wish differs


def read(form: Form, *, now_ms: int, words: Words) -> tuple[Change, str]:
    """What a form asks for, and a sentence when it can't be understood."""
    t = words.gettext
    do = form.text("do")
    if do not in DOINGS:
        return Change(do=""), t("Choose what to do with them.")
    if do != "change":
        return Change(do=do), ""
    change = Change(
        do=do,
        texts={name: form.text(name) for name in TEXTS if form.text(name)},
        clear=frozenset(form.texts("clear")) & frozenset(CLEARED),
        audience=form.text("audience"),
        expires_ms=day_ms(form.text("expires")),
        price_how=form.text("price-how"),
        price_by=form.text("price-by"),
        tags_add=split_tags(form.text("tags-add")),
        tags_remove=frozenset(tag.casefold() for tag in split_tags(form.text("tags-remove"))),
    )
    return change, _wrong(change, form, now_ms, words)


def _wrong(change: Change, form: Form, now_ms: int, words: Words) -> str:
    """The first thing that is wrong with a change, as a sentence."""
    t = words.gettext
    if change == Change(do=change.do):
        if form.text("expires"):
            return t('"%(given)s" is no day; write it as 2027-01-31.') % {
                "given": form.text("expires")[:40]
            }
        return t("Nothing was filled in, so nothing would change.")
    if change.audience not in ("", *AUDIENCES) or change.price_how not in PRICE_HOW:
        return t("Choose one of these.")
    if change.expires_ms is not None and change.expires_ms <= now_ms:
        return t("That day has begun already; name one that is to come.")
    if change.price_by and not change.price_how:
        return t("Say how the prices are to change.")
    if change.price_how.startswith("percent") and basis_points(change.price_by) is None:
        return t('"%(given)s" is no percentage; write it as 10 or 7.5.') % {
            "given": change.price_by[:40]
        }
    if change.price_how and not change.price_by:
        return t("Say by how much the prices are to change.")
    return ""


def basis_points(text: str) -> int | None:
    """A percentage with at most two decimals, in hundredths of a percent; None if it is none."""
    whole, _, part = text.strip().removesuffix("%").strip().replace(",", ".").partition(".")
    digits = whole + part
    if not (digits.isascii() and digits.isdigit() and whole) or len(part) > 2 or len(whole) > 4:
        return None
    found = int(whole) * 100 + int(part.ljust(2, "0"))
    return found if 0 < found <= MOST_PERCENT else None


def plan(home: Home, offers: Sequence[Offer], change: Change, words: Words) -> Plan:
    """What the change would do to these listings of one's own."""
    steps: list[Step] = []
    said: dict[tuple[str, str, str], list[str]] = {}
    hindered: list[tuple[str, str]] = []
    same = 0
    for offer in offers:
        title = offer.listing.title
        try:
            step = _step(offer, change, words)
            if step is None:
                same += 1
                continue
            if step.after is not None:
                market.check(home, step.after, None if step.publish else offer.listing)
        except Refused as error:
            hindered.append((title, words.told(error)))
            continue
        steps.append(step)
        for what, before, after, which in _differences(step, words):
            said.setdefault((what, before, after), []).append(which)
    return Plan(
        steps=tuple(steps),
        lines=tuple(Line(*key, tuple(titles)) for key, titles in said.items()),
        same=same,
        hindered=tuple(hindered),
        seal=_seal(steps, change),
    )


def _seal(steps: Iterable[Step], change: Change) -> str:
    seen = sha256(repr(change).encode())
    for step in steps:
        seen.update(step.offer.id + encode(step.offer.listing.body()))
        seen.update(encode(step.after.body()) if step.after else b"-")
    return seen.hexdigest()[:32]


def _step(offer: Offer, change: Change, words: Words) -> Step | None:
    """What to do with one listing; None when it is so already. Refused when it can't be done."""
    t = words.gettext
    draft = offer.status == "draft"
    if change.do == "withdraw":
        return None if offer.status == "withdrawn" else Step(offer, None)
    if change.do == "publish":
        return Step(offer, offer.listing, publish=True) if draft else None
    if offer.status == "withdrawn":
        raise Refused("withdrawn", t("It is withdrawn for good and can't be changed."))
    after = _changed(offer.listing, change, words)
    return None if after == offer.listing else Step(offer, after)


def _changed(listing: Listing, change: Change, words: Words) -> Listing:
    texts = {name: "" for name in TEXTS if name in change.clear} | change.texts
    after = replace(
        listing,
        category=texts.get("category", listing.category),
        place=texts.get("place", listing.place),
        delivery=texts.get("delivery", listing.delivery),
    )
    if "place" in texts and texts["place"] != listing.place:
        after = replace(after, spot=None)  # it was where the old place is
    if change.audience:
        after = replace(after, audience=change.audience)
    if change.expires_ms is not None or "expires" in change.clear:
        after = replace(after, expires_ms=change.expires_ms)
    kept = () if "tags" in change.clear else listing.tags
    tags = (tag for tag in kept if tag.casefold() not in change.tags_remove)
    after = replace(after, tags=tuple(dict.fromkeys((*tags, *change.tags_add))))
    if not change.price_how:
        return after
    return replace(
        after,
        price=_price(listing.price, listing.currency, change, words),
        variants=tuple(
            replace(each, price=_price(each.price, listing.currency, change, words))
            for each in listing.variants
        ),
    )


def _price(price: int | None, currency: str, change: Change, words: Words) -> int | None:
    """The new price; what is on request stays so. Refused below nothing, or above everything."""
    if price is None:
        return None
    up = change.price_how.endswith("-up")
    if change.price_how.startswith("percent"):
        share = basis_points(change.price_by) or 0
        after = by_percent(price, share if up else -share)
    else:
        by = amount(change.price_by, currency)
        after = by if change.price_how == "set" else price + (by if up else -by)
    if not 0 <= after <= MAX_PRICE:
        t = words.gettext
        raise Refused(
            "bad-price",
            t("From %(price)s so much can't be taken away or added.")
            % {"price": words.money(price, currency)},
        )
    return after


def by_percent(price: int, share: int) -> int:
    """A price in minor units with `share` basis points more, to the nearest unit, halves up."""
    return (price * (10_000 + share) * 2 + 10_000) // 20_000


def _differences(step: Step, words: Words) -> Iterable[tuple[str, str, str, str]]:
    """What, before, after and title of everything that a step changes."""
    t = words.gettext
    before, after, title = step.offer.listing, step.after, step.offer.listing.title
    draft = step.offer.status == "draft"
    if after is None:
        gone = t("thrown away") if draft else t("withdrawn for good")
        yield t("Listing"), t("draft") if draft else t("open"), gone, title
        return
    if step.publish:
        yield t("Listing"), t("draft"), t("published"), title
        return
    for name, was, is_ in (
        (t("Category"), before.category, after.category),
        (t("Place"), before.place, after.place),
        (t("Delivery"), before.delivery, after.delivery),
        (t("Tags"), ", ".join(before.tags), ", ".join(after.tags)),
        (t("Open until"), _day(before.expires_ms, words), _day(after.expires_ms, words)),
        (t("Who may see it?"), *(audience(each.audience, words) for each in (before, after))),
        (t("Price"), _money(before, words), _money(after, words)),
    ):
        if was != is_:
            yield name, was, is_, title
    for old, new in zip(before.variants, after.variants, strict=True):
        if old.price != new.price:
            was, is_ = (_variant_price(each, before, words) for each in (old, new))
            yield t("Price"), was, is_, f"{title} ({old.name})"


def audience(code: str, words: Words) -> str:
    """Who may see a listing, in words."""
    t = words.gettext
    return t("Members only") if code == "members" else t("Everyone, guests of your shop window too")


def _money(listing: Listing, words: Words) -> str:
    if listing.price is None:
        return ""
    return words.money(listing.price, listing.currency)


def _variant_price(variant: Variant, listing: Listing, words: Words) -> str:
    return "" if variant.price is None else words.money(variant.price, listing.currency)


def _day(milliseconds: int | None, words: Words) -> str:
    return "" if milliseconds is None else words.date(milliseconds)
