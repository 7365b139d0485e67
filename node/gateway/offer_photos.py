"""Photos in the form of a listing: those that came with it before, and those that come now.

A file is made into a photo and kept as soon as it arrives, whatever else is wrong with the form;
from then on a hidden field carries it, so that nothing is ever chosen twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from node import album
from node.gateway.forms import Form
from node.gateway.pictures import Shown, shown
from node.gateway.words import Words
from node.home import Home
from node.photos import prepare_aside
from node.photos.turning import turn_aside
from protocol.errors import Refused
from protocol.kinds.listing import MAX_PHOTOS, Photo
from storage import blobs

TURNS = {"right": 1, "around": 2, "left": 3}  # quarters, clockwise
UPLOAD = 96 * 1024 * 1024  # bytes of files with one form


@dataclass(frozen=True, slots=True)
class PhotoRow:
    """A photo that the form holds already. `kept` carries it through the browser and back."""

    kept: str
    alt: str
    shown: Shown


def rows_of(photos: Sequence[Photo]) -> list[PhotoRow]:
    """The rows of a form that shows these photos."""
    return [PhotoRow(album.to_field(each), each.alt, shown(each)) for each in photos]


async def take(home: Home, form: Form, words: Words) -> tuple[tuple[Photo, ...], list[str]]:
    """The photos of a form as its sender wants them, and sentences about those that can't be."""
    wrong: list[str] = []
    wanted = []
    for number in range(MAX_PHOTOS):
        carried = form.text(f"photo-{number}-kept")
        if not carried or form.checked(f"photo-{number}-remove"):
            continue
        try:
            photo = await _carried(home, form, number, carried)
        except Refused as error:
            wrong.append(words.told(error))
            continue
        wanted.append((_place(form.text(f"photo-{number}-order"), number), photo))
    found = [photo for _, photo in sorted(wanted, key=lambda each: each[0])]
    await _add(home, form, words, found, wrong)
    return tuple(found), wrong


async def _carried(home: Home, form: Form, number: int, carried: str) -> Photo:
    """A photo that the form had before, described and turned as its sender wants it."""
    photo = album.from_field(home, carried)
    quarters = TURNS.get(form.text(f"photo-{number}-turn"), 0)
    data = blobs.get(home.store, photo.large.hash) if quarters else None
    if data is not None:
        photo = album.keep(home, await turn_aside(data, quarters), photo.alt)
    return replace(photo, alt=form.text(f"photo-{number}-alt"))


def _place(text: str, number: int) -> tuple[int, int, int]:
    """Where a photo is to stand: one that was moved up goes before what stood there."""
    place = int(text) - 1 if text.isascii() and text.isdigit() and len(text) < 4 else number
    moved = (place > number) - (place < number)
    return place, moved, number


async def _add(home: Home, form: Form, words: Words, found: list[Photo], wrong: list[str]) -> None:
    """Make photos of the files that came and keep them."""
    t = words.gettext
    for file in form.files("photos"):
        if len(found) >= MAX_PHOTOS:
            wrong.append(
                t("%(n)s photos fit; “%(file)s” was left out.")
                % {"n": words.number(MAX_PHOTOS), "file": file.name}
            )
            continue
        try:
            prepared = await prepare_aside(file.data)
        except Refused as error:
            sentence = t("“%(file)s” was left out. %(why)s")
            wrong.append(sentence % {"file": file.name, "why": words.told(error)})
            continue
        found.append(album.keep(home, prepared, form.text("alt")))
