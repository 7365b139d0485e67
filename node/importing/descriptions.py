"""A shop's description as Markdown: from HTML, from WordPress's mixture, or from plain text.

Invariant: what a customer could read in the shop reads the same here, and no HTML is left: text
that looks like markup is escaped. Scripts, styles, forms and pictures are dropped, and so are
links that lead nowhere outside the shop.
"""

from __future__ import annotations

import html as entities
import re
from typing import Final

import nh3
from markdownify import MarkdownConverter

from protocol.errors import Refused

MAX_DEPTH: Final = 30  # elements inside one another; each makes all that is in it slower

# fmt: off
_KEPT = frozenset({
    "p", "br", "div", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd",
    "strong", "b", "em", "i", "a", "blockquote", "pre", "code",
    "table", "thead", "tbody", "tr", "th", "td",
})
_DROPPED_WHOLE = frozenset({
    "script", "style", "iframe", "noscript", "noembed", "noframes", "object", "svg", "math",
    "template", "title", "textarea", "select", "button", "form", "video", "audio", "canvas",
})
# fmt: on
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")

_BLOCK = re.compile(
    r"</?(p|div|[uo]l|li|h[1-6]|table|t[rdh]|blockquote|pre|hr|br)\b", re.IGNORECASE
)
_ANYWHERE = re.compile(r"([\\`*_\[\]<|]|~(?=~)|&(?=#?[0-9A-Za-z]+;))")
_LINE_START = re.compile(r"^([ \t]*)(?=[-+](?:\s|$)|[-=]+\s*$|#{1,6}(?:\s|$)|>)", re.MULTILINE)
_LIST_NUMBER = re.compile(r"^([ \t]*[0-9]{1,9})(?=[.)](?:\s|$))", re.MULTILINE)


class DescriptionError(Refused):
    """A description that can't be turned into Markdown."""


class _Converter(MarkdownConverter):
    def escape(self, text: str, parent_tags: set[str]) -> str:
        """Escape what Markdown would take for markup."""
        return _escaped(text)


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is; a plain `&` or `+` stays readable."""
    text = _ANYWHERE.sub(r"\\\1", text)
    text = _LINE_START.sub(r"\1\\", text)
    return _LIST_NUMBER.sub(r"\1\\", text)


def from_text(text: str) -> str:
    """Plain text, in which at most single characters are written as in HTML: its lines stay."""
    lines = entities.unescape(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    paragraphs = re.split(r"\n{2,}", "\n".join(" ".join(line.split()) for line in lines).strip())
    return "\n\n".join(_escaped(part).replace("\n", "\\\n") for part in paragraphs)


def from_wordpress(text: str) -> str:
    """HTML in which an empty line also ends a paragraph and a line end breaks the line.

    WooCommerce writes a line end as the two characters `\\n`. Raises DescriptionError.
    """
    lines = text.replace("\\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    parts = []
    for part in re.split(r"\n\s*\n", lines.strip()):
        if _BLOCK.search(part):
            parts.append(part)
        else:
            parts.append(f"<p>{part.strip().replace(chr(10), '<br>')}</p>")
    return markdown("\n".join(parts))


def markdown(html: str) -> str:
    """The Markdown of an HTML fragment. Raises DescriptionError where it nests without end."""
    safe = nh3.clean(
        html,
        tags=_KEPT,
        clean_content_tags=_DROPPED_WHOLE,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=None,
    )
    if _depth(safe) > MAX_DEPTH:
        raise DescriptionError(
            "bad-description",
            "The description has more than %(most)s elements inside one another; simplify its "
            "HTML.",
            most=MAX_DEPTH,
        )
    converter = _Converter(heading_style="atx", newline_style="backslash", table_infer_header=True)
    # The element around it tells the HTML parser that this is no file name or address.
    text = converter.convert(f"<div>{safe}</div>")
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def _depth(safe: str) -> int:
    """How deep the sanitised HTML goes: its tags are balanced, apart from br and hr."""
    deepest = depth = 0
    for closing, name in _TAG.findall(safe):
        if name in ("br", "hr"):
            continue
        depth += -1 if closing else 1
        deepest = max(deepest, depth)
    return deepest
