"""How large a WebP picture says it is, against what Pillow writes."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from protocol.webp import dimensions


def webp(mode: str, width: int, height: int, **how: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, "WEBP", **how)
    return out.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (480, 321), (4096, 3), (16_383, 1)])
@pytest.mark.parametrize(
    ("mode", "how", "chunk"),
    [
        ("RGB", {}, b"VP8 "),
        ("RGB", {"lossless": True}, b"VP8L"),
        ("RGB", {"icc_profile": b"x" * 40}, b"VP8X"),
    ],
)
def test_every_kind_of_still_picture_says_its_size(
    size: tuple[int, int], mode: str, how: dict[str, object], chunk: bytes
) -> None:
    data = webp(mode, *size, **how)
    assert data[12:16] == chunk
    assert dimensions(data) == size


def test_what_moves_or_is_no_webp_picture_has_no_size() -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    whole = webp("RGB", 9, 9)
    assert dimensions(out.getvalue()) is None
    for other in (b"", b"RIFFxxxxWAVEVP8 " + bytes(40), whole[:20], whole[:12] + bytes(40)):
        assert dimensions(other) is None
