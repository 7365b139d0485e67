"""Goods on consignment: makers grant, resellers sell, and no unit is sold twice.

A maker says by a grant who may sell what, for which margin, how many and until when. Who may sell
puts up a listing of their own that names the grant. What stands in a receipt is judged by every
node (`governance.receipts`); here one's own side is kept right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from governance.waterfall import Consigned
from node import market
from node.home import Home
from node.importing.prices import minor_units
from node.status import rfc3339
from node.trade.picking import pick
from protocol.errors import Refused
from protocol.kinds.grant import MAX_LISTINGS, Grant
from protocol.kinds.listing import Listing
from protocol.kinds.receipt import Units
from storage import verdicts
from storage.own import Draft
from storage.store import Store
from storage.views import grants, listing_queries
from storage.views.grants import Version
from storage.views.listing_queries import Offer

GOODS = ("sell", "give", "service")  # modes of listings that somebody else may sell


def find(store: Store, text: str) -> Version:
    """A grant as it stands, by the beginning of its id; NotFound or Refused `ambiguous`."""
    root = pick(
        text,
        lambda low, high: grants.starting_with(store, low, high),
        "no-grant",
        "There is no grant %(id)s here.",
    )
    found = grants.standing(store, root)
    assert found is not None  # noqa: S101 - it was found just now
    return found


def grant(
    home: Home,
    *,
    to: bytes,
    listings: Sequence[str],
    margin: tuple[int, int],
    quota: int,
    until_ms: int | None,
) -> Version:
    """Let this person sell these listings of one's own, or all of them.

    Refused `oneself`, `not-yours`, `past`, `bad-margin`, `too-many`; nothing is written then.
    """
    if to == home.person:
        raise Refused(
            "oneself", "You can sell your own goods without a grant; nothing was written."
        )
    if not 0 <= margin[0] <= margin[1] <= 10_000:
        raise Refused(
            "bad-margin",
            "A margin goes from 0 to 100 per cent, the lower one first; nothing was written.",
        )
    _check_until(home, until_ms)
    roots = {_own(home, each).id for each in listings}
    if len(roots) > MAX_LISTINGS:
        raise Refused(
            "too-many",
            "A grant names at most %(most)s listings; leave them out to grant all you have.",
            most=MAX_LISTINGS,
        )
    said = Grant(
        to=to, quota=quota, margin=margin, listings=tuple(sorted(roots)), until_ms=until_ms
    )
    (record,) = home.append([Draft("grant", said.body())])
    return _standing(home, record)


def _own(home: Home, text: str) -> Offer:
    offer = market.find(home, text)
    if offer.person != home.person:
        raise Refused("not-yours", "That listing belongs to somebody else; nothing was written.")
    if offer.status == "draft":
        raise Refused("draft", "Publish that listing first; nothing was written.")
    if offer.listing.grant is not None:
        raise Refused("not-yours", "Those goods are on consignment with you; nothing was written.")
    if offer.listing.mode not in GOODS:
        raise Refused("not-for-sale", "Nothing is sold by that listing; nothing was written.")
    return offer


def _check_until(home: Home, until_ms: int | None) -> None:
    if until_ms is not None and until_ms <= home.store.now_ms():
        raise Refused("past", "That day is over already; nothing was written.")


def change(home: Home, text: str, *, quota: int | None, until_ms: int | None) -> Version:
    """Let more or fewer be sold, or until another day; Refused `below-sold` under what is sold."""
    with home.turn():
        before = _mine(home, text)
        _check_until(home, until_ms)
        said = replace(before.said, withdrawn=False)
        if quota is not None:
            _check_quota(home.store, before, quota)
            said = replace(said, quota=quota)
        if until_ms is not None:
            said = replace(said, until_ms=until_ms)
        return _rewrite(home, before, said)


def withdraw(home: Home, text: str, *, quota: int | None = None) -> Version:
    """Let nothing more be sold; sales up to unit `quota` stand, or those with receipts here."""
    with home.turn():
        before = _mine(home, text)
        if before.said.withdrawn and quota is None:
            return before
        stands = last_unit(home.store, before.root) if quota is None else quota
        _check_quota(home.store, before, stands)
        return _rewrite(home, before, replace(before.said, withdrawn=True, quota=stands))


def _mine(home: Home, text: str) -> Version:
    found = find(home.store, text)
    if found.maker != home.person:
        raise Refused("not-yours", "That grant is somebody else's: only its maker changes it.")
    return found


def _check_quota(store: Store, before: Version, quota: int) -> None:
    sold = last_unit(store, before.root)
    if quota < sold:
        raise Refused(
            "below-sold",
            "Receipts are here up to unit %(sold)s: a lower number would make them wrong. Nothing "
            "was changed.",
            sold=sold,
        )


def _rewrite(home: Home, before: Version, said: Grant) -> Version:
    after = replace(said, root=before.root, version=before.said.version + 1)
    home.append([Draft("grant", after.body())])
    return _standing(home, before.root)


def _standing(home: Home, root: bytes) -> Version:
    found = grants.standing(home.store, root)
    if found is None:  # written before anybody let this home in: nobody sees it yet
        raise Refused("not-member", "The grant is written; it counts once you are a member.")
    return found


def sell(
    home: Home,
    text: str,
    goods: str | None,
    *,
    margin_bps: int | None,
    price: str | None,
    quantity: int | None,
) -> Offer:
    """Put up what a grant lets one sell: the maker's listing again, as one's own.

    `goods`: which of the maker's listings, needed where the grant names several. Left out, the
    margin is the highest, the price (a text such as 3.50) the maker's, the quantity all that is
    left.
    """
    found = find(home.store, text)
    said = found.said
    _check_usable(home, found)
    low, high = said.margin
    margin = high if margin_bps is None else margin_bps
    if not low <= margin <= high:
        raise Refused(
            "bad-margin",
            "The grant allows a margin from %(low)s to %(high)s per cent; nothing was written.",
            low=percent(low),
            high=percent(high),
        )
    before = _goods(home, found, goods)
    left = said.quota - last_unit(home.store, found.root)
    count = left if quantity is None else quantity
    if not 0 < count <= left:
        raise Refused(
            "past-quota",
            "The grant leaves %(left)s to be sold; nothing was written.",
            left=max(0, left),
        )
    theirs = before.listing
    listing = Listing(
        title=theirs.title,
        mode=theirs.mode,
        price=theirs.price if price is None else minor_units(price, theirs.currency),
        currency=theirs.currency,
        description=theirs.description,
        story=theirs.story,
        category=theirs.category,
        condition=theirs.condition,
        quantity=count,
        tags=theirs.tags,
        photos=theirs.photos,
        audience=theirs.audience,
        grant=found.record,
        goods=before.id,
        margin_bps=margin,
    )
    return market.offer(home, listing)


def _check_usable(home: Home, found: Version) -> None:
    """Refused unless new sales may be agreed on by this grant now, by this home's person."""
    if found.said.to != home.person:
        raise Refused("not-yours", "That grant is for somebody else; nothing was written.")
    if found.said.withdrawn:
        raise Refused("withdrawn", "The maker has withdrawn that grant; nothing was written.")
    ends = found.said.until_ms
    if ends is not None and ends <= home.store.now_ms():
        raise Refused("grant-over", "That grant has ended; nothing was written.")


def _goods(home: Home, found: Version, text: str | None) -> Offer:
    if text is not None:
        offer = market.find(home, text)
    elif len(found.said.listings) == 1:
        offer = listing_queries.get(home.store, found.said.listings[0])
    else:
        raise Refused(
            "which-goods", "Say which of the maker's listings you sell; nothing was written."
        )
    allowed = found.said.listings
    if offer.person != found.maker or (allowed and offer.id not in allowed):
        raise Refused("no-grant", "The grant does not cover that listing; nothing was written.")
    if offer.listing.grant is not None or offer.listing.mode not in GOODS:
        raise Refused("not-for-sale", "That can't be sold on consignment; nothing was written.")
    return offer


def consigned(
    home: Home, listing: Listing, quantity: int, taken: Iterable[Units | tuple[int, int]] = ()
) -> Consigned | None:
    """What a sale by this listing of one's own has to say about its maker; None without one.

    `taken`: units of sales that are agreed on and have no receipt yet. Refused where the grant
    does not allow a sale of so many now.
    """
    if listing.grant is None:
        return None
    named = grants.get(home.store, listing.grant)
    found = None if named is None else grants.standing(home.store, named.root)
    if named is None or found is None:
        raise Refused("waiting", "The maker's grant is not here yet: try again later.")
    _check_usable(home, found)
    low, high = found.said.margin
    margin = listing.margin_bps or 0
    if not low <= margin <= high:
        raise Refused(
            "bad-margin",
            "The maker now allows a margin from %(low)s to %(high)s per cent: change your listing.",
            low=percent(low),
            high=percent(high),
        )
    if found.said.listings and listing.goods not in found.said.listings:
        raise Refused("no-grant", "The maker's grant no longer covers this.")
    first = free_unit([*sold_units(home.store, found.root), *taken], quantity)
    if first + quantity - 1 > found.said.quota:
        raise Refused(
            "past-quota",
            "The maker's grant covers %(quota)s units, and not so many are left.",
            quota=found.said.quota,
        )
    return Consigned(
        grant=found.record,
        maker=found.maker,
        first=first,
        margin_bps=margin,
        goods=listing.goods,
    )


def free_unit(used: Iterable[Units | tuple[int, int]], count: int) -> int:
    """The lowest number from which on so many units are in nobody's hands."""
    first = 1
    for begin, many in sorted((each[0], each[1]) for each in used):
        if first + count <= begin:
            break
        first = max(first, begin + many)
    return first


def sold_units(store: Store, root: bytes) -> list[Units]:
    """The units that the reseller's receipts under this grant name, by number."""
    found = grants.standing(store, root)
    if found is None:
        return []
    return verdicts.units_of(store, grants.versions(store, root), found.said.to)


def last_unit(store: Store, root: bytes) -> int:
    """The highest unit that a receipt names; 0 for none."""
    return max((each.last for each in sold_units(store, root)), default=0)


def percent(bps: int) -> str:
    """Basis points as per cent: 2550 is 25.5."""
    return f"{bps / 100:g}"


def data(store: Store, found: Version) -> dict[str, Any]:
    """A grant as commands answer it; `margin` in basis points."""
    said = found.said
    return {
        "grant": found.root.hex(),
        "version": said.version,
        "maker": found.maker.hex(),
        "to": said.to.hex(),
        "listings": [each.hex() for each in said.listings],
        "margin": list(said.margin),
        "quota": said.quota,
        "sold": sum(each.many for each in sold_units(store, found.root)),
        "until": None if said.until_ms is None else rfc3339(said.until_ms),
        "withdrawn": said.withdrawn,
    }
