"""`/photo/{photo}`: a picture's bytes by their hash, fetched from neighbours where need be.

Guests get pictures of listings that they may see right now; any other is as unknown to them as
one that never was. A picture that no neighbour has is stood in for by a box with its words.
"""

from __future__ import annotations

from starlette.responses import Response

from node.gateway.pages.page import BOTH, Page
from node.gateway.pictures import stand_in
from node.gateway.visit import Problem, Visit
from storage import blobs

FOR_GOOD = "private, max-age=31536000, immutable"  # other bytes would have another address
ABSENT = 404


async def show(visit: Visit) -> Response:
    """The WebP file, after some seconds at most; else what stands in for it, for now."""
    name = _name(visit)
    if visit.guests and not (visit.shows_listings and blobs.for_guests(visit.store, name)):
        raise _not_here(visit)
    await visit.gateway.node.bring(name)
    data = blobs.get(visit.store, name)
    if data is not None:
        return Response(data, media_type="image/webp", headers={"Cache-Control": FOR_GOOD})
    named = blobs.photo_of(visit.store, name)
    if named is None:
        raise _not_here(visit)
    photo, rendition = named
    return Response(
        stand_in(visit.words, photo.alt, rendition),
        status_code=ABSENT,
        media_type="image/svg+xml",
        headers={"Cache-Control": "no-store"},
    )


def _name(visit: Visit) -> bytes:
    given = visit.request.path_params["photo"]
    if len(given) != 64 or any(sign not in "0123456789abcdef" for sign in given):
        raise _not_here(visit)
    return bytes.fromhex(given)


def _not_here(visit: Visit) -> Problem:
    t = visit.words.gettext
    return Problem(404, t("Not here"), t("There is no such picture here."))


PAGE = Page(path="/photo/{photo}", name="photo", endpoint=show, audience=BOTH, html=False)
