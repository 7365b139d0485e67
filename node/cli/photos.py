"""Photos of a listing on the command line: `--photo FILE --alt TEXT`, in pairs, in order.

All files are read and drawn before any of them is kept.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from protocol.errors import NotFound, Refused
from protocol.kinds.listing import MAX_PHOTOS, Listing

if TYPE_CHECKING:
    from node.home import Home
    from node.photos import Prepared
    from protocol.kinds.listing import Photo

OPTIONS = (
    click.option(
        "--photo",
        "photos",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A photo: JPEG, PNG, WebP or GIF. Can be given several times; the first one is "
        "shown in lists.",
    ),
    click.option(
        "--alt",
        "alts",
        multiple=True,
        metavar="TEXT",
        help="What is to be seen on a photo, for who can't see it; one for each photo, in order.",
    ),
    click.option("--no-photos", is_flag=True, help="Take all photos away."),
)


def photos(home: Home, given: dict[str, Any], before: Listing | None) -> dict[str, Any]:
    """The listing's photos if they were named; all that were there are replaced.

    Texts without photos are for those that are there already.
    """
    files, alts = given["photos"], [" ".join(text.split()) for text in given["alts"]]
    if given["no_photos"]:
        if files or alts:
            raise click.UsageError("Either --no-photos or --photo and --alt.")
        return {"photos": ()}
    there = before.photos if before is not None else ()
    count = len(files) or len(there)
    if len(alts) > count:
        raise Refused(
            "too-many",
            f"There are {len(alts)} texts (--alt) for {count} photos (--photo). Nothing was "
            "written.",
        )
    if len(files) > MAX_PHOTOS:
        raise Refused("too-many", f"At most {MAX_PHOTOS} photos fit. Nothing was written.")
    if not files:
        renamed = [replace(photo, alt=alt) for photo, alt in zip(there, alts, strict=False)]
        return {"photos": (*renamed, *there[len(alts) :])} if alts else {}
    from node import album

    prepared = [_prepare(file) for file in files]
    alts += [""] * (len(files) - len(alts))
    kept = zip(prepared, alts, strict=True)
    return {"photos": tuple(album.keep(home, each, alt) for each, alt in kept)}


def _prepare(file: Path) -> Prepared:
    """The file as two small pictures; errors name it, since there may be several."""
    from node.photos import check_size, prepare

    try:
        check_size(file.stat().st_size)
        return prepare(file.read_bytes())
    except OSError as error:
        raise NotFound(
            "no-file", f"{file} can't be read ({error.strerror}). Nothing was written."
        ) from error
    except Refused as error:
        raise Refused(error.reason, f"{file.name}: {error} Nothing was written.") from error


def undescribed(photos: tuple[Photo, ...]) -> str:
    """A sentence about photos without a text; empty when all have one."""
    bare = [str(number) for number, photo in enumerate(photos, 1) if not photo.alt]
    if not bare:
        return ""
    which = "The photo has" if len(photos) == 1 else f"Photo {', '.join(bare)}:"
    return f"{which} no text for who can't see it; say what is to be seen with --alt."
