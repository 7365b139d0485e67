"""Listings, members and profiles as plain data, ready for JSON.

One shape for every machine that reads: commands with `--json` and the read API answer the same
object for the same thing. Money is `{amount, currency}` in minor units, times are RFC 3339 in UTC,
ids are lower-case hex.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.claims import Values
from node.spots import spot_text
from node.status import rfc3339
from protocol.kinds.listing import Listing, Photo
from protocol.kinds.profile import Profile
from storage.newcomers import Newcomer
from storage.views.listing_queries import Offer
from storage.views.members import Member


def price_json(price: int | None, currency: str) -> dict[str, Any] | None:
    """`{amount, currency}`; None on request."""
    return None if price is None else {"amount": price, "currency": currency}


def offer_json(
    offer: Offer,
    values: Values,
    makers: Mapping[bytes, bytes],
    pictures: list[dict[str, str]] | None = None,
) -> dict[str, Any]:
    """A listing as commands answer it; `values` say how those that it claims stand.

    `makers`: who made each grant that is here, for goods on consignment.
    """
    said = offer.listing
    return {
        "id": offer.id.hex(),
        "version": said.version,
        "title": said.title,
        "mode": said.mode,
        "price": price_json(said.price, said.currency),
        "currency": said.currency,
        "person": offer.person.hex(),
        "status": offer.status,
        "provisional": offer.provisional,
        "category": said.category,
        "place": said.place,
        "spot": spot_text(said.spot) or None,
        "description": said.description,
        "story": said.story,
        "condition": said.condition,
        "delivery": said.delivery,
        "audience": said.audience,
        "quantity": said.quantity,
        "expires": None if said.expires_ms is None else rfc3339(said.expires_ms),
        "updated": rfc3339(offer.made_ms),
        "tags": list(said.tags),
        "values": [
            {"id": mark.value, "evidence": mark.evidence, "status": mark.status}
            for mark in values.marks(said.values)
        ],
        "variants": [
            {
                "name": v.name,
                "price": price_json(v.price, said.currency),
                "quantity": v.quantity,
                "sku": v.sku,
            }
            for v in said.variants
        ],
        "photos": [photo_json(photo) for photo in said.photos],
        "pictures_noted": pictures or [],
        "consignment": _consignment(said, makers),
    }


def _consignment(said: Listing, makers: Mapping[bytes, bytes]) -> dict[str, Any] | None:
    """By whose leave somebody else's goods are sold; None where they are the owner's."""
    if said.grant is None:
        return None
    maker = makers.get(said.grant)
    return {
        "grant": said.grant.hex(),
        "maker": None if maker is None else maker.hex(),
        "goods": None if said.goods is None else said.goods.hex(),
        "margin_bps": said.margin_bps,
    }


def photo_json(photo: Photo) -> dict[str, Any]:
    """A photo: the size of its large rendition, and the hashes by which both can be had."""
    return {
        "alt": photo.alt,
        "width": photo.large.width,
        "height": photo.large.height,
        "small": photo.small.hash.hex(),
        "large": photo.large.hash.hex(),
    }


def member_json(member: Member) -> dict[str, Any]:
    """A person as commands answer it."""
    return {
        "person": member.person.hex(),
        "name": member.name,
        "status": member.status,
        "inviter": None if member.inviter is None else member.inviter.hex(),
    }


def newcomer_json(newcomer: Newcomer) -> dict[str, Any]:
    """What somebody who is provisional waits for; `until` is by this node's clock."""
    return {
        "needed": newcomer.needed,
        "missing": newcomer.missing,
        "vouched": [person.hex() for person in newcomer.vouched],
        "until": None if newcomer.due_ms is None else rfc3339(newcomer.due_ms),
    }


def profile_json(profile: Profile) -> dict[str, Any]:
    """A profile as commands answer it."""
    return {
        "name": profile.name,
        "about": profile.about,
        "skills": list(profile.skills),
        "interests": list(profile.interests),
        "needs": list(profile.needs),
        "place": profile.place,
        "spot": spot_text(profile.spot) or None,
        "away_until": None if profile.away_until_ms is None else rfc3339(profile.away_until_ms),
        "away_note": profile.away_note,
    }
