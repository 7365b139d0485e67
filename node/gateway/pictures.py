"""Photos as pages show them: addresses, sizes, and what stands in for one that is not here.

Every picture's place on a page is kept free by the width and height that its listing tells, so
nothing moves when it comes. Templates show them by the macros in `pictures.html`.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from xml.sax.saxutils import escape

from node.gateway.words import Words
from protocol.kinds.listing import Photo, Rendition

LINE = 1.35  # heights of a letter from line to line
LETTER = 0.55  # of its height: how wide a letter is, about


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A photo as the macros need it. Sizes are pixels."""

    alt: str
    small: str  # addresses
    large: str
    small_width: int
    small_height: int
    width: int  # of the large rendition
    height: int

    @property
    def srcset(self) -> str:
        """Both renditions, for the browser to choose from; empty where they are one."""
        if self.small == self.large:
            return ""
        return f"{self.small} {self.small_width}w, {self.large} {self.width}w"


def path(rendition: Rendition) -> str:
    """Where a rendition's bytes are, at the desk and in the shop window."""
    return f"/photo/{rendition.hash.hex()}"


def shown(photo: Photo, *, otherwise: str = "") -> Shown:
    """The photo for a template; `otherwise` is said of one that its maker didn't describe."""
    return Shown(
        alt=photo.alt or otherwise,
        small=path(photo.small),
        large=path(photo.large),
        small_width=photo.small.width,
        small_height=photo.small.height,
        width=photo.large.width,
        height=photo.large.height,
    )


def stand_in(words: Words, alt: str, one: Rendition) -> bytes:
    """A calm box of the picture's size that says what would be seen: an SVG file."""
    size = max(one.width, one.height) / 18
    fits = max(6, int(one.width * 0.9 / (size * LETTER)))
    room = max(1, int(one.height * 0.9 / (size * LINE)))
    lines = [*textwrap.wrap(words.gettext("This picture is not here yet."), fits)]
    lines += textwrap.wrap(_printable(alt), fits)
    lines = lines[:room]
    top = (one.height - (len(lines) - 1) * size * LINE) / 2
    texts = "".join(
        f'<text x="50%" y="{top + number * size * LINE:.0f}">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{one.width}" height="{one.height}"'
        f' viewBox="0 0 {one.width} {one.height}" direction="{words.direction}">'
        '<rect width="100%" height="100%" fill="#57524a"/>'
        f'<g fill="#fff" font-family="system-ui, sans-serif" font-size="{size:.0f}"'
        f' text-anchor="middle" dominant-baseline="central">{texts}</g></svg>'
    ).encode("utf-8", "replace")


def _printable(text: str) -> str:
    """Text without what an XML file can't hold."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
