"""Members' Markdown as HTML that can do nothing.

Two locks: the parser takes no HTML and makes no pictures, and what it wrote is then cut down to a
short list of elements with one attribute, a link's address. Links lead to the web or to a mail
address, never into this site: a member's text can't aim at the reader's own desk.
"""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

_TAGS = frozenset(
    {"a", "blockquote", "br", "code", "em", "hr", "li", "ol", "p", "pre", "strong", "ul"}
)
_HEADINGS = frozenset({"h3", "h4", "h5", "h6"})
_SCHEMES = frozenset({"http", "https", "mailto"})
_LOWEST_HEADING = 6
_HEADING_SHIFT = 2  # a page has its own h1 and h2

_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).disable("image")
_cleaner = nh3.Cleaner(
    tags=_TAGS | _HEADINGS,
    attributes={"a": frozenset({"href"}), "*": frozenset()},
    url_schemes=_SCHEMES,
    url_relative="deny",
    link_rel="nofollow noopener noreferrer",
)


@lru_cache(maxsize=256)  # parsing the worst 10,000 characters takes a tenth of a second
def markdown(text: str) -> Markup:
    """`text`, by whomever, as HTML that is safe to put into a page."""
    tokens = _parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            level = min(_LOWEST_HEADING, int(token.tag[1:]) + _HEADING_SHIFT)
            token.tag = f"h{level}"
    html: str = _parser.renderer.render(tokens, _parser.options, {})
    return Markup(_cleaner.clean(html))
