"""The table of operations. Routes, checks, the OpenAPI document and the page `/api` come from it.

To add one: write its answer in `answers`, its shape in `shapes`, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from node.gateway.api import answers
from node.gateway.api.answers import LAST_PAGE, Answer
from node.gateway.api.parameters import Asked, Choice, Parameter, Shaped, Text, Whole
from node.gateway.filters import FARTHEST, LONGEST_NAME, LONGEST_WORDS
from node.gateway.visit import Visit
from node.sentences import later
from protocol.kinds.listing import MODES
from storage.views.listing_queries import NEAREST, SORTS

JSON = "application/json"
JSON_LD = "application/ld+json"
MOST = 100  # things on a page

PAGING: tuple[Parameter, ...] = (
    Whole(
        name="page",
        says=later("Which page; the answer's “next” leads on."),
        low=1,
        high=LAST_PAGE,
        usual=1,
    ),
    Whole(
        name="limit",
        says=later("How many things to a page."),
        low=1,
        high=MOST,
        usual=50,
    ),
)
FILTERS: tuple[Parameter, ...] = (
    Text(
        name="q",
        says=later("Words that must all occur; the last one may be a beginning."),
        longest=LONGEST_WORDS,
    ),
    Choice(name="mode", says=later("One kind of listing."), choices=MODES),
    Text(name="category", says=later("A category by its name."), longest=LONGEST_NAME),
    Text(name="place", says=later("A place by its name."), longest=LONGEST_NAME),
    Shaped(
        name="value",
        says=later("The id of a value in the charter that the listing claims."),
        shape="[A-Za-z0-9_-]{1,40}",
    ),
    Shaped(
        name="min",
        says=later("The lowest price, in the community's currency."),
        shape="(0|[1-9][0-9]{0,8})([.][0-9]{2})?",
    ),
    Shaped(
        name="max",
        says=later("The highest price, in the community's currency."),
        shape="(0|[1-9][0-9]{0,8})([.][0-9]{2})?",
    ),
    Whole(
        name="within",
        says=later("At most so many kilometres from this node's owner."),
        low=1,
        high=FARTHEST,
    ),
    Shaped(
        name="by",
        says=later("Whose listings: 8 or more digits of a member's id."),
        shape="[0-9A-Fa-f]{8,64}",
    ),
    Choice(name="sort", says=later("The order."), choices=(*SORTS, NEAREST)),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One address that programs may read. A part in braces is 8 or more hex digits of an id."""

    path: str
    name: str  # the operation's id in the document
    says: str
    answer: Callable[[Visit, Asked], Answer]
    shape: str  # in `shapes.SHAPES`
    parameters: tuple[Parameter, ...] = ()
    media_type: str = JSON


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        path="/api/listings",
        name="listings",
        says=later("Listings by words and filters, as on the search page."),
        answer=answers.listings,
        shape="Listings",
        parameters=(*FILTERS, *PAGING),
    ),
    Operation(
        path="/api/listings/{listing}",
        name="listing",
        says=later("One listing."),
        answer=answers.listing,
        shape="Listing",
    ),
    Operation(
        path="/api/listings/{listing}/schema.org",
        name="listing-schema-org",
        says=later("One listing in the words of schema.org, as search engines read it."),
        answer=answers.listing_schema_org,
        shape="SchemaOrg",
        media_type=JSON_LD,
    ),
    Operation(
        path="/api/members",
        name="members",
        says=later("Who belongs."),
        answer=answers.members,
        shape="Members",
        parameters=PAGING,
    ),
    Operation(
        path="/api/members/{member}",
        name="member",
        says=later("One person with their profile."),
        answer=answers.member,
        shape="MemberAndProfile",
    ),
    Operation(
        path="/api/community",
        name="community",
        says=later("What the community is and stands for."),
        answer=answers.community,
        shape="Community",
    ),
    Operation(
        path="/api/categories",
        name="categories",
        says=later("The categories with most listings."),
        answer=answers.categories,
        shape="Categories",
    ),
)
