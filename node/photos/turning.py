"""Turning a kept photo by quarters, for one that a camera held the wrong way."""

from __future__ import annotations

import io

import trio

from node.photos import Prepared, prepare

_ONE = trio.CapacityLimiter(1)


def turn(data: bytes, quarters: int) -> Prepared:
    """Both renditions of a large rendition of ours, turned clockwise; may run in any thread."""
    from PIL import Image

    turns = {
        1: Image.Transpose.ROTATE_270,  # Pillow counts the other way round
        2: Image.Transpose.ROTATE_180,
        3: Image.Transpose.ROTATE_90,
    }
    drawn = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=["WEBP"]) as image:
        image.transpose(turns[quarters]).save(drawn, "PNG", compress_level=1)
    return prepare(drawn.getvalue())


async def turn_aside(data: bytes, quarters: int) -> Prepared:
    """`turn` in a thread of its own, for the running node, which goes on meanwhile."""
    return await trio.to_thread.run_sync(turn, data, quarters, limiter=_ONE, abandon_on_cancel=True)
