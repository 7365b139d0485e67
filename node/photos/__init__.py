"""From a picture file as a camera wrote it to the two WebP renditions that a listing names.

Bytes in, bytes out: no store, no network, no file. What comes out is drawn anew from the pixels,
so nothing of the file itself travels: no place, no camera, no thumbnail, no hidden tail. Whatever
is wrong with a file leaves here as Refused with a sentence for its owner. Pillow is imported by
the first picture, not before.
"""

from __future__ import annotations

from dataclasses import dataclass

import trio

from node.photos.checking import MAX_FILE, check, check_size

__all__ = ["MAX_FILE", "Picture", "Prepared", "check_size", "prepare", "prepare_aside"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A WebP file and its size in pixels."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A photo, ready to be kept; the same picture twice where it is small enough for both."""

    small: Picture
    large: Picture


def prepare(data: bytes) -> Prepared:
    """Both renditions of a JPEG, PNG, WebP or still GIF file.

    Takes a second or two and up to 1 GB for the largest pictures; may run in any thread. Refused
    with one of `too-large`, `not-a-picture`, `other-format`, `cut-off`, `trailing`, `moving`,
    `too-many-pixels`, `odd-shape`, `broken-picture`.
    """
    kind, picture = check(data)
    from node.photos import drawing

    return drawing.draw(kind, picture)


# One at a time: the largest picture fills a small machine's memory.
_ONE = trio.CapacityLimiter(1)


async def prepare_aside(data: bytes) -> Prepared:
    """`prepare` in a thread of its own, for the running node, which goes on meanwhile."""
    return await trio.to_thread.run_sync(prepare, data, limiter=_ONE, abandon_on_cancel=True)
