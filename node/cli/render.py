"""Listings, members and profiles as text; one place, so that commands agree.

What belongs on one line is kept on one line, so that nobody's title can look like
another row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.claims import CHANGED, WITHDRAWN, Mark, Values
from node.importing.prices import money
from node.price_range import price_range, variant_price
from node.spots import spot_text
from node.status import rfc3339
from node.trade.consigning import percent
from protocol.errors import Refused
from protocol.kinds.listing import Listing
from protocol.kinds.profile import Profile
from storage.newcomers import Newcomer
from storage.views.listing_queries import Offer


def line(text: str) -> str:
    """Text on one line."""
    return " ".join(text.split())


def price_text(listing: Listing, price: int | None) -> str:
    """`3.50 EUR`, or what stands for it."""
    if price is None:
        return "on request" if listing.mode in ("sell", "service") else ""
    try:
        return f"{money(price, listing.currency)} {listing.currency}"
    except Refused:  # another member's program let this through
        return f"{price} in an unknown currency"


def asked_text(listing: Listing) -> str:
    """What a listing costs: the lowest price where its variants differ."""
    found = price_range(listing)
    if found is None:
        return price_text(listing, None)
    lowest = price_text(listing, found.low)
    return lowest if found.low == found.high else f"from {lowest}"


def offer_line(offer: Offer, names: dict[bytes, str]) -> str:
    """One line of a list."""
    said = offer.listing
    who = line(names.get(offer.person, "")) or offer.person.hex()[:8]
    parts = [offer.id.hex()[:8], said.mode.ljust(7), line(said.title)]
    price = asked_text(said)
    parts += [price] if price else []
    marks = [] if offer.status == "open" else [offer.status]
    marks += ["provisional"] if offer.provisional else []
    parts += [f"({who})", *([f"[{', '.join(marks)}]"] if marks else [])]
    return "  ".join(parts)


def _claim_text(mark: Mark) -> str:
    """A claim with what has become of its value."""
    said = f"{mark.value}: {mark.evidence}" if mark.evidence else mark.value
    if mark.status == CHANGED:
        return f"{said} [changed since this was claimed. Then: {mark.then} Now: {mark.now}]"
    if mark.status == WITHDRAWN:
        return f"{said} [withdrawn: the charter no longer has it]"
    return said


def _consigned_text(said: Listing, names: dict[bytes, str], makers: Mapping[bytes, bytes]) -> str:
    """Whose goods are sold here, by which grant, and what the seller keeps; "" for one's own."""
    if said.grant is None:
        return ""
    maker = makers.get(said.grant)
    whose = "" if maker is None else f"goods of {names.get(maker, '') or maker.hex()[:8]}, "
    margin = f"{percent(said.margin_bps)} % margin, " if said.margin_bps is not None else ""
    return f"on consignment: {whose}{margin}grant {said.grant.hex()[:8]}"


def offer_text(
    offer: Offer, names: dict[bytes, str], values: Values, makers: Mapping[bytes, bytes]
) -> str:
    """Everything about one listing; `values` say how those that it claims stand.

    `makers`: who made each grant that is here.
    """
    said = offer.listing
    rows = [
        ("id", offer.id.hex()),
        ("by", f"{names.get(offer.person, '')} {offer.person.hex()[:16]}".strip()),
        ("sold", _consigned_text(said, names, makers)),
        ("status", offer.status + (", provisional" if offer.provisional else "")),
        ("mode", said.mode),
        ("price", asked_text(said)),
        ("quantity", "" if said.quantity is None else str(said.quantity)),
        ("category", said.category),
        ("place", said.place),
        ("spot", spot_text(said.spot)),
        ("condition", said.condition),
        ("delivery", said.delivery),
        ("for", "everyone" if said.audience == "everyone" else "members only"),
        ("expires", "" if said.expires_ms is None else rfc3339(said.expires_ms)),
        ("tags", ", ".join(said.tags)),
    ]
    rows += [("value", _claim_text(mark)) for mark in values.marks(said.values)]
    for variant in said.variants:
        price = price_text(said, variant_price(said, variant))
        count = "" if variant.quantity is None else f"{variant.quantity} there"
        facts = ", ".join(fact for fact in (price, count) if fact)
        rows.append(("variant", f"{variant.name}: {facts}" if facts else variant.name))
    described = [photo.alt or "without a text" for photo in said.photos]
    rows += [(f"photo {number}", alt) for number, alt in enumerate(described, 1)]
    lines = [line(said.title), ""]
    lines += [f"{name:<9} {line(value)}" for name, value in rows if value]
    for text in (said.description, said.story):
        if text:
            lines += ["", text]
    return "\n".join(lines)


def waiting_text(newcomer: Newcomer) -> str:
    """What keeps somebody from the roll: `, 2 vouches missing, on probation until 2027-01-31`."""
    text = ""
    if newcomer.missing:
        text = f", {newcomer.missing} vouch{'es' * (newcomer.missing > 1)} missing"
    if newcomer.due_ms is not None:
        text += f", on probation until {rfc3339(newcomer.due_ms)[:10]}"
    return text


def _away(profile: Profile) -> str:
    if profile.away_until_ms is None:
        return ""
    day = rfc3339(profile.away_until_ms)[:10]
    return f"until {day}" + (f": {profile.away_note}" if profile.away_note else "")


def profile_text(profile: Profile) -> str:
    """A profile for reading."""
    rows = [
        ("name", profile.name),
        ("place", profile.place),
        ("spot", spot_text(profile.spot)),
        ("skills", ", ".join(profile.skills)),
        ("interests", ", ".join(profile.interests)),
        ("needs", ", ".join(profile.needs)),
        ("away", _away(profile)),
    ]
    lines = [f"{name:<9} {line(value)}" for name, value in rows if value]
    return "\n".join(lines + (["", profile.about] if profile.about else []))


def promises_text(kept: dict[str, Any], said: dict[str, Any]) -> list[str]:
    """How somebody's sales went, as everybody can see it: one line, none before the first sale."""
    if not kept["sales"] and not kept["marked"]:
        return []
    parts = [f"{kept['sales']} with a receipt"]
    if kept["refunded_in_part"]:
        parts.append(f"{kept['refunded_in_part']} given back in part")
    if kept["refunded_in_full"]:
        parts.append(f"{kept['refunded_in_full']} given back in full")
    if kept["marked"]:
        parts.append(f"{kept['marked']} wrong")
    if said["stars"] is not None:
        parts.append(f"{said['stars']} of 5 stars from {said['counted']}")
    owing = sum(each["kept"] is False for each in kept["verdicts"])
    if owing:
        parts.append(f"{owing} decided by the members and not given back")
    return [f"Sales: {', '.join(parts)}."]
