"""`listing`: something a member offers or wants.

The first record of a listing has no `root`; its id names the listing for good. An edit carries
that id as `root` and a higher `version`. Of the versions by the same person the highest stands;
of equal versions the lowest id, which only the owner could grind.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import MARKET, MAX_TIME
from protocol.shape import (
    Body,
    key32,
    maybe_key32,
    maybe_whole,
    rows,
    text,
    texts,
    unreadable,
    whole,
)
from protocol.spot import Spot, maybe_spot, spot_data

MODES = ("sell", "swap", "lend", "give", "service", "wanted")
AUDIENCES = ("everyone", "members")
MAX_TITLE = 200
MAX_TEXT = 10_000
MAX_CATEGORY = 100
MAX_CURRENCY = 10
MAX_VARIANTS = 100
MAX_VALUES = 20
MAX_PRICE = 2**53
MAX_PHOTOS = 8
MAX_ALT = 300  # characters
MAX_SIDE = 4096  # pixels of a rendition's longer side
SMALL_BYTES = 64 * 1024  # of a small rendition, at most
LARGE_BYTES = 400 * 1024  # of a large one; with its frame it fits one message
ALL_BPS = 10_000  # basis points of a whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """One of several forms; its own `price` (minor units) and `quantity` where they differ."""

    name: str
    price: int | None = None
    quantity: int | None = None
    sku: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """The seller says that this keeps the charter's value `value`, and why."""

    value: str
    evidence: str = ""
    charter: bytes | None = None  # hash of the charter that the seller had read; None: not said


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendition:
    """One size of a photo: a WebP file, fetched by its hash."""

    hash: bytes  # SHA-256 of the file
    width: int  # pixels, as shown
    height: int
    size: int  # bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Photo:
    """A photo in two sizes; `alt` says in words what is to be seen on it."""

    alt: str
    small: Rendition  # for lists
    large: Rendition  # for the listing's own page


@dataclass(kw_only=True, slots=True)  # not frozen: to make one of so many fields took 3 µs more
class Listing:
    """What is offered or wanted, never changed once it is made. Texts are Markdown."""

    title: str
    mode: str
    version: int = 1
    root: bytes | None = None  # None in the first version
    price: int | None = None  # minor units of `currency`; None means on request
    currency: str = ""  # ISO 4217, or "CREDIT"
    description: str = ""
    story: str = ""
    category: str = ""
    place: str = ""
    spot: Spot | None = None  # None: where its maker's profile says
    quantity: int | None = None  # None means not counted
    condition: str = ""
    delivery: str = ""
    expires_ms: int | None = None  # milliseconds since 1970; for display and filters only
    audience: str = "everyone"
    tags: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    values: tuple[Claim, ...] = ()
    photos: tuple[Photo, ...] = ()  # as shown; the first one stands for the listing in lists
    grant: bytes | None = None  # somebody else's goods, sold by this `grant` record of theirs
    goods: bytes | None = None  # the listing of theirs that is sold here, by its first record
    margin_bps: int | None = None  # of what the maker would get, for whoever sells it here

    def body(self) -> dict[str, Plain]:
        """The record's body; what is empty is left out."""
        data: dict[str, Plain] = {
            "title": self.title,
            "mode": self.mode,
            "version": self.version,
            "root": self.root,
            "price": self.price,
            "currency": self.currency,
            "description": self.description,
            "story": self.story,
            "category": self.category,
            "place": self.place,
            "spot": spot_data(self.spot),
            "quantity": self.quantity,
            "condition": self.condition,
            "delivery": self.delivery,
            "expires": self.expires_ms,
            "audience": self.audience,
            "tags": list(self.tags),
            "variants": [
                {"name": v.name, "price": v.price, "quantity": v.quantity, "sku": v.sku}
                for v in self.variants
            ],
            "values": [_claim_data(claim) for claim in self.values],
            "photos": [photo_data(photo) for photo in self.photos],
            "grant": self.grant,
            "goods": self.goods,
            "margin_bps": self.margin_bps,
        }
        return {key: value for key, value in data.items() if value not in (None, "", [])}


def read(data: Body) -> Listing:
    """The listing that `data` holds."""
    mode = data.get("mode")
    if mode not in MODES:
        raise unreadable("mode")
    audience = data.get("audience", "everyone")
    if audience not in AUDIENCES:
        raise unreadable("audience")
    title = text(data, "title", MAX_TITLE, default=None)
    if not title:
        raise unreadable("title")
    root = None if data.get("root") is None else key32(data, "root")
    version = whole(data, "version", 1)
    variants = rows(data, "variants", MAX_VARIANTS)
    values = rows(data, "values", MAX_VALUES)
    photos = rows(data, "photos", MAX_PHOTOS)
    return Listing(
        title=title,
        mode=mode,
        version=version,
        root=root,
        price=maybe_whole(data, "price", 0, MAX_PRICE),
        currency=text(data, "currency", MAX_CURRENCY),
        description=text(data, "description", MAX_TEXT),
        story=text(data, "story", MAX_TEXT),
        category=text(data, "category", MAX_CATEGORY),
        place=text(data, "place", 100),
        spot=maybe_spot(data, "spot"),
        quantity=maybe_whole(data, "quantity"),
        condition=text(data, "condition", 100),
        delivery=text(data, "delivery", 500),
        expires_ms=maybe_whole(data, "expires", 0, MAX_TIME),
        audience=audience,
        tags=texts(data, "tags", 50, 80),
        variants=tuple(map(_variant, variants)) if variants else (),
        values=tuple(map(_claim, values)) if values else (),
        photos=tuple(map(read_photo, photos)) if photos else (),
        grant=maybe_key32(data, "grant"),
        goods=maybe_key32(data, "goods"),
        margin_bps=maybe_whole(data, "margin_bps", 0, ALL_BPS),
    )


def _variant(item: object) -> Variant:
    if not isinstance(item, dict):
        raise unreadable("variants")
    return Variant(
        name=text(item, "name", 200, default=None),
        price=maybe_whole(item, "price", 0, MAX_PRICE),
        quantity=maybe_whole(item, "quantity"),
        sku=text(item, "sku", 80),
    )


def _claim_data(claim: Claim) -> dict[str, Plain]:
    data: dict[str, Plain] = {"id": claim.value, "evidence": claim.evidence}
    return data if claim.charter is None else {**data, "charter": claim.charter}


def _claim(item: object) -> Claim:
    if not isinstance(item, dict):
        raise unreadable("values")
    return Claim(
        value=text(item, "id", 40, default=None),
        evidence=text(item, "evidence", 1000),
        charter=None if item.get("charter") is None else key32(item, "charter"),
    )


def photo_data(photo: Photo) -> dict[str, Plain]:
    """A photo as the body holds it."""
    return {
        "alt": photo.alt,
        "small": _rendition_data(photo.small),
        "large": _rendition_data(photo.large),
    }


def _rendition_data(one: Rendition) -> dict[str, Plain]:
    return {"hash": one.hash, "width": one.width, "height": one.height, "size": one.size}


def read_photo(item: object) -> Photo:
    """The photo that one row of `photos` holds."""
    if not isinstance(item, dict):
        raise unreadable("photos")
    return Photo(
        alt=text(item, "alt", MAX_ALT),
        small=_rendition(item.get("small"), SMALL_BYTES),
        large=_rendition(item.get("large"), LARGE_BYTES),
    )


def _rendition(item: object, limit: int) -> Rendition:
    if not isinstance(item, dict):
        raise unreadable("photos")
    return Rendition(
        hash=key32(item, "hash"),
        width=whole(item, "width", 1, MAX_SIDE),
        height=whole(item, "height", 1, MAX_SIDE),
        size=whole(item, "size", 1, limit),
    )


KIND = Kind(name="listing", lane=MARKET, erasable=True, read=read)
