"""What the API answers, as JSON Schema (draft 2020-12): the objects of `node.plain`, described.

Objects are closed: whatever `node.plain` adds must be described here, and a test says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from governance.claims import STATUSES
from governance.roll import MEMBER
from protocol.kinds.listing import AUDIENCES, MODES
from storage.views.members import PROVISIONALLY, WAITING

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TIME: Schema = {"type": "string", "format": "date-time"}


def key(says: str) -> Schema:
    """An id or a hash: 64 hex digits."""
    return {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": says}


def one_of(*words: str) -> Schema:
    """One of a few words."""
    return {"type": "string", "enum": list(words)}


def maybe(schema: Schema) -> Schema:
    """That, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def many(schema: Schema) -> Schema:
    """A list of that."""
    return {"type": "array", "items": schema}


def ref(name: str) -> Schema:
    """One of SHAPES."""
    return {"$ref": f"#/components/schemas/{name}"}


def closed(says: str, *, optional: Sequence[str] = (), **properties: Schema) -> Schema:
    """An object with exactly these keys."""
    return {
        "type": "object",
        "description": says,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


MONEY = closed(
    "An amount in minor units (cents) of a currency.",
    amount=COUNT,
    currency={**TEXT, "description": "ISO 4217, or CREDIT."},
)
SPOT: Schema = {
    **maybe(TEXT),
    "description": "Degrees north and east, as 46.95,7.45; null where nobody said.",
}
PHOTO = closed(
    "A photo in two sizes; a file's address is /photo/ and its hash.",
    alt=TEXT,
    width=COUNT,
    height=COUNT,
    small=key("SHA-256 of the small file."),
    large=key("SHA-256 of the large one, whose size is given."),
)
LISTING = closed(
    "Something that a member offers or wants.",
    id=key("Of its first version, which names it for good."),
    version=COUNT,
    title=TEXT,
    mode=one_of(*MODES),
    price={**maybe(ref("Money")), "description": "null: on request, or none."},
    currency=TEXT,
    person=key("Whose it is."),
    status=one_of("open", "expired", "withdrawn", "draft"),
    provisional={**FLAG, "description": "Its member is new and not confirmed yet."},
    category=TEXT,
    place=TEXT,
    spot=SPOT,
    description={**TEXT, "description": "Markdown."},
    story={**TEXT, "description": "Markdown."},
    condition=TEXT,
    delivery=TEXT,
    audience=one_of(*AUDIENCES),
    quantity={**maybe(COUNT), "description": "null: not counted."},
    expires=maybe(TIME),
    updated={**TIME, "description": "When this version was said, as this node knows it."},
    tags=many(TEXT),
    values=many(
        closed(
            "A value of the charter that it claims to keep.",
            id=TEXT,
            evidence=TEXT,
            status={
                **one_of(*STATUSES),
                "description": "changed: its text is another since it was claimed; withdrawn: it "
                "is not in the charter in force.",
            },
        ),
    ),
    variants=many(
        closed(
            "One of several forms.",
            name=TEXT,
            price={**maybe(ref("Money")), "description": "null: as the listing's."},
            quantity=maybe(COUNT),
            sku=TEXT,
        )
    ),
    photos=many(ref("Photo")),
    pictures_noted=many(
        {"type": "object", "description": "For its owner alone: addresses in an imported file."}
    ),
    consignment=maybe(
        closed(
            "Somebody else's goods, sold by their leave. null: the owner's own.",
            grant=key("The record that allows it."),
            maker=maybe(key("Whose goods they are. null: that record is not here.")),
            goods=maybe(key("Their own listing of it.")),
            margin_bps=maybe(COUNT),
        )
    ),
)
MEMBER_SHAPE = closed(
    "A person.",
    person=key("Their key."),
    name={**TEXT, "description": "Empty while their profile has not arrived."},
    status=one_of(MEMBER, PROVISIONALLY, WAITING, "left", "removed"),
    inviter=maybe(key("Who invited them.")),
)
PROFILE = closed(
    "What a member says of themselves.",
    name=TEXT,
    about={**TEXT, "description": "Markdown."},
    skills=many(TEXT),
    interests=many(TEXT),
    needs=many(TEXT),
    place=TEXT,
    spot=SPOT,
    away_until={**maybe(TIME), "description": "The last day away; null: they are not away."},
    away_note=TEXT,
)

SHAPES: dict[str, Schema] = {
    "Money": MONEY,
    "Photo": PHOTO,
    "Listing": LISTING,
    "Listings": closed(
        "A page of listings.",
        listings=many(ref("Listing")),
        total={**COUNT, "description": "How many match; a lower bound where `more` is true."},
        more=FLAG,
        notes=many({**TEXT, "description": "For people: which filter was left out, and why."}),
        page=COUNT,
        limit=COUNT,
        next={**maybe(TEXT), "description": "The address of the next page, on this host."},
    ),
    "Member": MEMBER_SHAPE,
    "Members": closed(
        "A page of members, first those on the roll, then by name.",
        members=many(ref("Member")),
        total=COUNT,
        page=COUNT,
        limit=COUNT,
        next={**maybe(TEXT), "description": "The address of the next page, on this host."},
    ),
    "Profile": PROFILE,
    "MemberAndProfile": closed(
        "A person with their profile.",
        **MEMBER_SHAPE["properties"],
        profile={**maybe(ref("Profile")), "description": "null while it has not arrived."},
    ),
    "Community": closed(
        "What the community is, from its charter.",
        community=key("Its id."),
        name=TEXT,
        about={**TEXT, "description": "Markdown."},
        place=TEXT,
        currency={**TEXT, "description": "ISO 4217."},
        languages=many({**TEXT, "description": "BCP 47; the first is the community's own."}),
        values=many(closed("A value.", id=TEXT, text=TEXT, rationale=TEXT)),
        charter=key("The hash of the charter in force."),
        guests=closed("What guests may do.", see_listings=FLAG, see_members=FLAG, may_order=FLAG),
    ),
    "Categories": closed(
        "The categories with most listings.",
        categories=many(closed("A category.", name=TEXT, listings=COUNT)),
    ),
    "SchemaOrg": {
        "type": "object",
        "description": "JSON-LD in the words of schema.org.",
        "properties": {
            "@context": {"const": "https://schema.org"},
            "@type": one_of("Product", "Service", "Demand"),
            "@id": TEXT,
            "name": TEXT,
        },
        "required": ["@context", "@type", "@id", "name"],
    },
    "OpenAPI": {
        "type": "object",
        "description": "This document.",
        "required": ["openapi", "info", "paths"],
    },
    "Problem": closed(
        "Why there is no answer.",
        error={**TEXT, "description": "A short reason for programs."},
        message={**TEXT, "description": "A sentence for people."},
    ),
}
