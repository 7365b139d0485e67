"""Listings in the words of schema.org, for search engines and other programs (JSON-LD).

What is offered is a `Product` (a `Service` where work is offered) with one `Offer`, or one for
each variant; what is wanted is a `Demand` for a Product. Pure: addresses and names are handed in,
nothing is looked up. Texts stay the Markdown that they are.

Invariant: everything is plain data for `json.dumps`, and `document` gives text that can stand in a
page's script element whatever a member has written.

Source: https://schema.org/Product, /Offer, /Demand and /BusinessFunction.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from governance.claims import WITHDRAWN, Values
from node.importing.prices import money
from node.spots import spot_text
from protocol.errors import Refused
from protocol.kinds.listing import Listing
from protocol.spot import Spot

CONTEXT: Final = "https://schema.org"
Node = dict[str, Any]

_BUSINESS: Final = "http://purl.org/goodrelations/v1#"
_FUNCTIONS: Final = {"lend": "LeaseOut", "service": "ProvideService", "wanted": "Buy"}
_CONDITIONS: Final = {
    "new": "NewCondition",
    "used": "UsedCondition",
    "refurbished": "RefurbishedCondition",
    "damaged": "DamagedCondition",
}
_NO_VALUES: Final = Values(())
# What could end a script element or a line of JavaScript, as JSON may write it instead.
_HARMLESS: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A picture: its absolute address, and its alternative text or ""."""

    address: str
    alt: str = ""


def listing_node(
    said: Listing,
    *,
    listing_id: bytes,
    seller: str,
    open_: bool = True,
    address: str = "",
    seller_address: str = "",
    images: Sequence[Image] = (),
    values: Values = _NO_VALUES,
) -> Node:
    """One listing as a Product, Service or Demand, without `@context`.

    `seller` is the member's name, and `open_` whether the listing stands (neither withdrawn nor
    expired). `address` and `seller_address` are absolute, or "" where no guest can come. A claim is
    told in the value's words as they were when it was made, and left out once `values` have it no
    more.
    """
    thing = _thing(said, listing_id, images, values)
    name = address or f"moothall:listing/{listing_id.hex()}"
    person = _filled({"@type": "Person", "name": seller, "url": seller_address})
    if said.mode == "wanted":
        demand = _offer(said, said.price, said.quantity, open_, address) | {"@type": "Demand"}
        demand.pop("availability", None)
        return {**demand, "@id": name, "name": said.title, "itemOffered": thing, "seller": person}
    return {
        **thing,
        "@id": name,
        **_filled({"url": address}),
        "offers": _offers(said, open_, address, person),
    }


def graph(nodes: Iterable[Node]) -> Node:
    """Several nodes as one document."""
    return {"@context": CONTEXT, "@graph": list(nodes)}


def alone(node: Node) -> Node:
    """One node as a document of its own."""
    return {"@context": CONTEXT, **node}


def document(data: Node, *, indent: int | None = None) -> str:
    """JSON without `<`, `>` and `&`, so that it may also stand inside an HTML script element."""
    return json.dumps(data, ensure_ascii=False, indent=indent).translate(_HARMLESS)


def _thing(said: Listing, listing_id: bytes, images: Sequence[Image], values: Values) -> Node:
    condition = said.condition.strip()
    kind = _CONDITIONS.get(condition.casefold())
    properties = [
        _filled(
            {
                "@type": "PropertyValue",
                "propertyID": mark.value,
                "name": mark.then,
                "value": mark.evidence,
            }
        )
        for mark in values.marks(said.values)
        if mark.status != WITHDRAWN
    ]
    if condition and kind is None:
        properties.append({"@type": "PropertyValue", "name": "condition", "value": condition})
    return _filled(
        {
            "@type": "Service" if said.mode == "service" else "Product",
            "name": said.title,
            "identifier": listing_id.hex(),
            "description": said.description,
            "category": said.category,
            "keywords": list(said.tags),
            "image": [_image(image) for image in images],
            "itemCondition": f"{CONTEXT}/{kind}" if kind else "",
            "additionalProperty": properties,
            "subjectOf": {"@type": "CreativeWork", "text": said.story} if said.story else None,
        }
    )


def _image(image: Image) -> Node:
    return _filled({"@type": "ImageObject", "contentUrl": image.address, "caption": image.alt})


def _offers(said: Listing, open_: bool, address: str, person: Node) -> Node | list[Node]:
    if not said.variants:
        return {**_offer(said, said.price, said.quantity, open_, address), "seller": person}
    offers = []
    for variant in said.variants:
        price = said.price if variant.price is None else variant.price
        offer = _offer(said, price, variant.quantity, open_, address)
        named = _filled({"name": variant.name, "sku": variant.sku})
        offers.append({**offer, **named, "seller": person})
    return offers


def _offer(
    said: Listing, price: int | None, quantity: int | None, open_: bool, address: str
) -> Node:
    if said.mode == "give":
        price = 0
    stock = "Discontinued" if not open_ else "OutOfStock" if quantity == 0 else "InStock"
    place = _filled({"@type": "Place", "name": said.place, "geo": _geo(said.spot)})
    level = None if quantity is None else {"@type": "QuantitativeValue", "value": quantity}
    return _filled(
        {
            "@type": "Offer",
            **_price(price, said.currency),
            "businessFunction": _BUSINESS + _FUNCTIONS.get(said.mode, "Sell"),
            "availability": f"{CONTEXT}/{stock}",
            "inventoryLevel": level,
            "availableAtOrFrom": place if len(place) > 1 else None,
            "description": said.delivery,
            "validThrough": _date(said.expires_ms),
            "url": address,
        }
    )


def _geo(spot: Spot | None) -> Node | None:
    if spot is None:
        return None
    lat, lon = spot_text(spot).split(", ")
    return {"@type": "GeoCoordinates", "latitude": lat, "longitude": lon}


def _price(price: int | None, currency: str) -> Node:
    """The amount as decimal text; nothing on request, or in a unit that nobody here knows."""
    if price is None or not currency:
        return {} if price != 0 else {"price": "0"}
    try:
        return {"price": money(price, currency), "priceCurrency": currency}
    except Refused:
        return {}


def _date(ms: int | None) -> str:
    """Milliseconds since 1970 as RFC 3339; "" where there are none or no calendar has them."""
    if ms is None:
        return ""
    try:
        moment = datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _filled(data: Mapping[str, Any]) -> Node:
    """What has something to say; zeros and False do."""
    return {key: value for key, value in data.items() if value not in (None, "", [])}
