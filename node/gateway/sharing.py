"""What a page says of itself to programs that show a link to it: Open Graph and a description.

Source: The Open Graph protocol, https://ogp.me
"""

from __future__ import annotations

from dataclasses import dataclass

from node.gateway import pictures
from node.gateway.filters import clean
from node.gateway.outside import base
from node.gateway.visit import Visit
from protocol.kinds.listing import Photo

LONGEST = 200  # characters of a description; what shows it cuts it about there


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A page as a link to it shows it. `address` and `image` are absolute or empty."""

    title: str
    text: str
    address: str
    image: str = ""
    image_alt: str = ""


def share(
    visit: Visit, *, title: str, text: str, path: str, photo: Photo | None = None
) -> Share | None:
    """How the page at `path` is shown elsewhere; None at the desk, which nobody links to.

    `text` may be of any length and hold Markdown.
    """
    if not visit.guests:
        return None
    site = base(visit)
    plain = clean(text[: 4 * LONGEST])
    if len(plain) > LONGEST:
        plain = f"{plain[:LONGEST].rpartition(' ')[0] or plain[:LONGEST]}…"
    return Share(
        title=title,
        text=plain,
        address=f"{site}{path}" if site else "",
        image=f"{site}{pictures.path(photo.large)}" if site and photo else "",
        image_alt=photo.alt if photo else "",
    )
