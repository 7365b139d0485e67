"""Listings, members and profiles as text; one place, so that commands agree.

What belongs on one line is kept on one line, so that nobody's title can look like
another row.
"""

from __future__ import annotations

from node.importing.prices import money
from node.status import rfc3339
from protocol.errors import Refused
from protocol.kinds.listing import Listing
from protocol.kinds.profile import Profile
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


def offer_line(offer: Offer, names: dict[bytes, str]) -> str:
    """One line of a list."""
    said = offer.listing
    who = line(names.get(offer.person, "")) or offer.person.hex()[:8]
    parts = [offer.id.hex()[:8], said.mode.ljust(7), line(said.title)]
    price = price_text(said, said.price)
    parts += [price] if price else []
    marks = [] if offer.status == "open" else [offer.status]
    marks += ["provisional"] if offer.provisional else []
    parts += [f"({who})", *([f"[{', '.join(marks)}]"] if marks else [])]
    return "  ".join(parts)


def offer_text(offer: Offer, names: dict[bytes, str]) -> str:
    """Everything about one listing."""
    said = offer.listing
    rows = [
        ("id", offer.id.hex()),
        ("by", f"{names.get(offer.person, '')} {offer.person.hex()[:16]}".strip()),
        ("status", offer.status + (", provisional" if offer.provisional else "")),
        ("mode", said.mode),
        ("price", price_text(said, said.price)),
        ("quantity", "" if said.quantity is None else str(said.quantity)),
        ("category", said.category),
        ("place", said.place),
        ("condition", said.condition),
        ("delivery", said.delivery),
        ("for", "everyone" if said.audience == "everyone" else "members only"),
        ("expires", "" if said.expires_ms is None else rfc3339(said.expires_ms)),
        ("tags", ", ".join(said.tags)),
    ]
    rows += [("value", f"{claim.value}: {claim.evidence}") for claim in said.values]
    for variant in said.variants:
        price = price_text(said, variant.price)
        count = "" if variant.quantity is None else f"{variant.quantity} there"
        facts = ", ".join(fact for fact in (price, count) if fact)
        rows.append(("variant", f"{variant.name}: {facts}" if facts else variant.name))
    lines = [line(said.title), ""]
    lines += [f"{name:<9} {line(value)}" for name, value in rows if value]
    for text in (said.description, said.story):
        if text:
            lines += ["", text]
    return "\n".join(lines)


def profile_text(profile: Profile) -> str:
    """A profile for reading."""
    rows = [
        ("name", profile.name),
        ("place", profile.place),
        ("skills", ", ".join(profile.skills)),
        ("interests", ", ".join(profile.interests)),
        ("needs", ", ".join(profile.needs)),
    ]
    lines = [f"{name:<9} {line(value)}" for name, value in rows if value]
    return "\n".join(lines + (["", profile.about] if profile.about else []))
