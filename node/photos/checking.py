"""What a file is, and where the picture in it ends, by its bytes alone; nothing is decoded here.

A file may go on after its picture: phones append short films, depth maps and their own notes.
Such a tail is left out. One that another program would open as something else (an archive, a web
page, a program) makes the file a polyglot, which no camera writes; that file is refused.
"""

from __future__ import annotations

import io
import re
import zipfile

from protocol.errors import Refused

MAX_FILE = 25 * 1024 * 1024  # bytes
SCANS = 200  # passes of a progressive JPEG; cameras make about ten, and each costs a full pass

JPEG, PNG, WEBP, GIF = "JPEG", "PNG", "WebP", "GIF"

_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # a marker that ends a JPEG's scan
_OTHERS = (  # where, what, its name: pictures that we don't take
    (4, b"ftypavi", "AVIF"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftyphevc", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftypmsf1", "HEIC"),
    (4, b"ftypcrx", "raw"),
    (0, b"II*\0", "TIFF or raw"),
    (0, b"MM\0*", "TIFF or raw"),
    (0, b"BM", "BMP"),
    (0, b"8BPS", "Photoshop"),
    (0, b"\0\0\0\x0cjP", "JPEG 2000"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL", "JPEG XL"),
    (0, b"%!PS", "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "PostScript"),
)
_HIDDEN = re.compile(
    rb"%PDF-\d|<!doctype\s+html|<html[\s>]|<script[\s>]|<iframe[\s>]|<\?php|Rar!\x1a\x07"
    rb"|7z\xbc\xaf\x27\x1c",
    re.IGNORECASE,
)
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")


def check_size(size: int) -> None:
    """Refused `too-large` if a file of so many bytes is too large to be looked at."""
    if size > MAX_FILE:
        raise Refused(
            "too-large",
            "The file has %(size)s MB; a photo may have 25 MB. Make it smaller and try again.",
            size=f"{size / 1024 / 1024:.1f}",
        )


def check(data: bytes) -> tuple[str, bytes]:
    """The picture's format, and its bytes without what follows it; Refused otherwise."""
    check_size(len(data))
    kind = _kind(data)
    end = _ENDS[kind](data)
    if end is None or end > len(data):
        raise Refused(
            "cut-off",
            "The picture is cut off: the file ends before the picture does. Copy it again from "
            "where it came.",
        )
    tail = data[end:]
    if _PDF_HEAD.search(data[:1024]) or _something_else(tail):
        raise Refused(
            "trailing",
            "Something else is hidden in this file behind the picture, so it was not taken. Open "
            "the picture in an image program and save it anew.",
        )
    return kind, data[:end]


_PDF_HEAD = re.compile(rb"%PDF-\d")  # readers of PDF look for it in the first 1,024 bytes


def _kind(data: bytes) -> str:
    if data[:3] == b"\xff\xd8\xff":
        return JPEG
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return GIF
    for at, magic, name in _OTHERS:
        if data[at : at + len(magic)] == magic:
            raise Refused(
                "other-format",
                "This is a picture of the kind %(kind)s; photos are taken as JPEG, PNG, WebP or "
                "GIF. Save it as JPEG and try again; phones can be set to do so by themselves "
                "(“most compatible”).",
                kind=name,
            )
    start = data[:1024].lstrip().lower()
    if b"<svg" in start:
        raise Refused(
            "other-format",
            "This is an SVG drawing; photos are taken as JPEG, PNG, WebP or GIF. Save it as PNG "
            "and try again.",
        )
    if not data:
        raise Refused("not-a-picture", "The file is empty; choose the picture again.")
    raise Refused(
        "not-a-picture",
        "The file is no picture. Photos are taken as JPEG, PNG, WebP or GIF.",
    )


def _something_else(tail: bytes) -> bool:
    """Whether some program would take what follows the picture for a file of its own."""
    return bool(tail) and (
        tail.lstrip(b"\0\r\n ").startswith(_PROGRAMS)
        or _HIDDEN.search(tail) is not None
        or zipfile.is_zipfile(io.BytesIO(tail))
    )


# Where each format's picture ends: the offset after it, or None when the file ends first.


def _jpeg_end(data: bytes) -> int | None:
    """JPEG (ITU-T T.81, annex B): segments with lengths, and scans that run up to a marker."""
    at, scans = 2, 0
    while True:
        while data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        marker = data[at : at + 2]
        if len(marker) < 2:
            return None
        if marker[0] != 0xFF:
            return len(data)  # broken; whoever decodes it says so
        if marker[1] == 0xD9:
            return at + 2
        at += 2
        if marker[1] == 0x01 or 0xD0 <= marker[1] <= 0xD8:
            continue
        at += int.from_bytes(data[at : at + 2], "big")
        if marker[1] == 0xDA:
            scans += 1
            found = _IN_SCAN.search(data, at)
            if found is None:
                return None
            at = found.start()
        if scans > SCANS:
            raise Refused(
                "broken-picture",
                "The picture is drawn in more than %(most)s passes, which no camera does. Open it "
                "in an image program and save it anew.",
                most=SCANS,
            )


def _png_end(data: bytes) -> int | None:
    """PNG (ISO 15948): length, type, content, checksum; the last one is IEND."""
    at = 8
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        at += size + 12
        if kind == b"IEND":
            return at
    return None


def _webp_end(data: bytes) -> int:
    """WebP (RFC 9649): the length stands at the start, padded to an even one."""
    size = int.from_bytes(data[4:8], "little")
    return 8 + size + size % 2


def _gif_end(data: bytes) -> int | None:
    """GIF (version 89a): images and extensions, each in blocks of up to 255 bytes."""
    if len(data) < 13:
        return None
    at = 13 + _colours(data[10])
    while at < len(data):
        kind = data[at]
        if kind == 0x3B:
            return at + 1
        if kind == 0x2C and at + 10 <= len(data):
            at += 11 + _colours(data[at + 9])
        elif kind == 0x21:
            at += 2
        else:
            return len(data) if kind != 0x2C else None
        while at < len(data) and data[at]:
            at += 1 + data[at]
        at += 1
    return None


def _colours(flags: int) -> int:
    """Bytes of the colour table that these flags announce."""
    return 3 * 2 ** (1 + flags % 8) if flags & 0x80 else 0


_ENDS = {JPEG: _jpeg_end, PNG: _png_end, WEBP: _webp_end, GIF: _gif_end}
