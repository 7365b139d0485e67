"""Photos of one's own on their way into a listing: kept as bytes, named by a `Photo`.

The bytes are on disk before any record names them. Kept photos that no listing and no draft comes
to name within a day are let go by themselves.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import TYPE_CHECKING

from node.home import Home
from protocol.codec import decode, encode
from protocol.errors import Invalid, Refused
from protocol.kinds.listing import Photo, Rendition, photo_data, read_photo
from protocol.records import MAX_BODY
from storage import blobs

if TYPE_CHECKING:
    from node.photos import Picture, Prepared


def keep(home: Home, prepared: Prepared, alt: str) -> Photo:
    """Keep both renditions and say how a listing names them; on disk on return.

    `alt` is what is to be seen, in words; `market.check` judges it with the rest of the listing.
    """
    with home.store.transaction():
        for picture in (prepared.small, prepared.large):
            blobs.put(home.store, sha256(picture.data).digest(), picture.data, own=True)
    return Photo(alt=alt, small=_named(prepared.small), large=_named(prepared.large))


def _named(picture: Picture) -> Rendition:
    return Rendition(
        hash=sha256(picture.data).digest(),
        width=picture.width,
        height=picture.height,
        size=len(picture.data),
    )


def to_field(photo: Photo) -> str:
    """A kept photo as one word, to be carried by a form's hidden field."""
    return base64.urlsafe_b64encode(encode(photo_data(photo))).decode()


def from_field(home: Home, text: str) -> Photo:
    """The photo that `to_field` wrote; Refused `bad-photo`, or `photo-gone` when not kept here."""
    try:
        photo = read_photo(decode(base64.urlsafe_b64decode(text), limit=MAX_BODY))
    except (Invalid, binascii.Error, ValueError) as error:
        raise Refused(
            "bad-photo", "The form came back changed: choose its photos again."
        ) from error
    for one in (photo.small, photo.large):
        if not blobs.here(home.store, one.hash):
            raise Refused(
                "photo-gone", "A photo of this form is no longer kept here: choose it again."
            )
    return photo
