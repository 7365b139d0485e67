"""All pages. To add one, write its module and put its PAGE here."""

from __future__ import annotations

from node.gateway.pages import (
    api,
    begin,
    catalogue,
    community,
    feeds,
    found,
    front,
    invitations,
    join,
    language,
    listing,
    login,
    member,
    mine,
    offer,
    photo,
    poster,
    recovery,
    robots,
    search,
    take,
    welcome,
)
from node.gateway.pages.page import Page

PAGES: list[Page] = [
    front.PAGE,
    search.PAGE,
    listing.PAGE,
    photo.PAGE,
    member.PAGE,
    community.PAGE,
    login.PAGE,
    join.PAGE,
    catalogue.PAGE,
    *poster.PAGES_HERE,
    language.PAGE,
    feeds.PAGE,
    *api.PAGES_HERE,
    *robots.PAGES_HERE,
    begin.PAGE,
    found.PAGE,
    take.PAGE,
    welcome.PAGE,
    *invitations.PAGES_HERE,
    *recovery.PAGES_HERE,
    mine.PAGE,
    *offer.PAGES_HERE,
]
