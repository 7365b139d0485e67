"""What a page says of itself to programs that show a link to it: Open Graph and a description.

Source: The Open Graph protocol, https://ogp.me
"""

from __future__ import annotations

from dataclasses import dataclass

from node.gateway.filters import clean
from node.gateway.outside import base
from node.gateway.visit import Visit

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
    visit: Visit, *, title: str, text: str, path: str, image: str = "", image_alt: str = ""
) -> Share | None:
    """How the page at `path` is shown elsewhere; None at the desk, which nobody links to.

    `text` may be of any length and hold Markdown; `image` is a picture's path here, or empty.
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
        image=f"{site}{image}" if site and image else "",
        image_alt=image_alt,
    )
