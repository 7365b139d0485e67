"""All pages. To add one, write its module and put its PAGE here."""

from __future__ import annotations

from node.gateway.pages import (
    api,
    community,
    feeds,
    front,
    join,
    language,
    listing,
    login,
    member,
    robots,
    search,
)
from node.gateway.pages.page import Page

PAGES: list[Page] = [
    front.PAGE,
    search.PAGE,
    listing.PAGE,
    member.PAGE,
    community.PAGE,
    login.PAGE,
    join.PAGE,
    language.PAGE,
    feeds.PAGE,
    *api.PAGES_HERE,
    *robots.PAGES_HERE,
]
