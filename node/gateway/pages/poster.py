"""`/poster`: one sheet for a wall, with the shop window's address as a QR code; and the code.

It holds what guests may read and nothing else, at the desk too, since a sheet ends up with guests.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from node.gateway import qr
from node.gateway.offers import maker_name
from node.gateway.outside import base
from node.gateway.pages.page import BOTH, Page
from node.gateway.visit import Problem, Visit
from node.invitations import store_address
from storage.views.members import profile as read_profile

LONGEST = 200  # characters of the sentence under the name


@dataclass(frozen=True, slots=True)
class Address:
    """Where guests find this shop window. `text` is how people write it; both may be empty.

    `known`: its owner said so, and it is not just where this request came to.
    """

    url: str
    text: str
    known: bool


async def show(visit: Visit) -> Response:
    """Name, a sentence, the code, the address in letters."""
    charter = visit.charter
    name = maker_name(visit, visit.gateway.owner)
    profile = None
    if charter.guests.see_members:
        profile = read_profile(visit.store, visit.gateway.owner)
    return visit.render(
        "poster.html",
        name=name,
        place=profile.place if profile else "",
        sentence=_sentence(profile.about if profile else "")
        or (charter.values[0].text if charter.values else ""),
        address=shop_address(visit),
    )


async def code(visit: Visit) -> Response:
    """The QR code of the address, as a picture."""
    address = shop_address(visit)
    if not address.url:
        t = visit.words.gettext
        raise Problem(404, t("Not here"), t("This shop window has no address for guests yet."))
    return qr.svg(f"{address.url}/")


def shop_address(visit: Visit) -> Address:
    """The address that the owner gave; for a guest, else the one that this request came to."""
    known = store_address(visit.store)
    url = known or (base(visit) if visit.guests else "")
    return Address(url, url.removeprefix("https://").removeprefix("http://"), known is not None)


def _sentence(about: str) -> str:
    """How a text about somebody begins: a paragraph if it is short, or its first words."""
    first = about.strip().partition("\n\n")[0]
    if len(first) <= LONGEST:
        return first
    return f"{first[:LONGEST].rpartition(' ')[0] or first[:LONGEST]}…"


PAGES_HERE = (
    Page(path="/poster", name="poster", endpoint=show, audience=BOTH),
    Page(path="/qr.svg", name="qr", endpoint=code, audience=BOTH, html=False),
)
