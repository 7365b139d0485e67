"""Picture files as cameras, phones and pranksters make them."""

from __future__ import annotations

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image

ORIENTATION, GPS = 0x0112, 0x8825
RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 180, 60), (30, 60, 220), (255, 255, 255)


def corners(width: int = 120, height: int = 80) -> Image.Image:
    """Four coloured quarters: red and green above blue and white."""
    image = Image.new("RGB", (width, height))
    half = width // 2, height // 2
    for at, colour in zip(((0, 0), (half[0], 0), (0, half[1]), half), QUARTERS, strict=True):
        image.paste(colour, (*at, at[0] + half[0], at[1] + half[1]))
    return image


QUARTERS = (RED, GREEN, BLUE, WHITE)


def file(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """An image as a file of this kind."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def photo(width: int = 1200, height: int = 800, seed: int = 1) -> bytes:
    """A JPEG of this size that compresses about as a photo does."""
    rough = Image.frombytes("RGB", (30, 20), random.Random(seed).randbytes(30 * 20 * 3))
    return file(rough.resize((width, height), Image.Resampling.BICUBIC), quality=90)


def noise(width: int, height: int) -> Image.Image:
    """The picture that compresses worst."""
    return Image.frombytes("RGB", (width, height), random.Random(7).randbytes(width * height * 3))


def held(orientation: int) -> bytes:
    """A JPEG by a camera that was held like this."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return file(corners(), quality=95, exif=exif.tobytes())


def located() -> bytes:
    """A JPEG that says where it was taken, by what, and shows it small once more."""
    exif = Image.Exif()
    exif[ORIENTATION] = 1
    exif[0x010F] = "Secretcam"
    exif[GPS] = {1: "N", 2: (48.0, 12.0, 30.0), 3: "E", 4: (16.0, 22.0, 10.0)}
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">Secretplace</x:xmpmeta>'
    return file(corners(), exif=exif.tobytes(), xmp=xmp, comment=b"Secretword")


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG file."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def claims(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header says that it is this large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def read(data: bytes) -> Image.Image:
    """A file that was made, as pixels."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def chunks(webp: bytes) -> list[bytes]:
    """The names of a WebP file's chunks."""
    assert webp[:4] == b"RIFF" and webp[8:12] == b"WEBP"
    assert int.from_bytes(webp[4:8], "little") == len(webp) - 8
    at, found = 12, []
    while at < len(webp):
        found.append(webp[at : at + 4])
        size = int.from_bytes(webp[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return found
