"""Pages of a result: whichever number an address names, a page that exists and what was wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from node.gateway.filters import LAST_PAGE, PAGE_SIZE
from node.gateway.words import Words
from storage.views.listing_queries import Found


@dataclass(frozen=True, slots=True)
class Pager:
    """Where the reader is among the pages of a result; empty addresses where there is none."""

    page: int
    pages: int
    before: str
    after: str


def paged(
    words: Words, asked: int, find: Callable[[int], Found], address: Callable[[int], str]
) -> tuple[Found, Pager, str]:
    """What is on the asked page, or on the last one there is, and a sentence about that.

    `find` reads a page by its number, `address` says where it is.
    """
    page = min(asked, LAST_PAGE)
    found = find(page)
    pages = min(LAST_PAGE, max(1, -(-found.total // PAGE_SIZE)))
    if page > pages:
        page = pages
        found = find(page)
    notice = ""
    if asked > pages:
        sentence = words.gettext("There is no page %(n)s, so this is the last one.")
        notice = sentence % {"n": words.number(asked)}
    before = address(page - 1) if page > 1 else ""
    after = address(page + 1) if page < pages else ""
    return found, Pager(page, pages, before, after), notice
