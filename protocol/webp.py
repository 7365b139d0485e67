"""How large a WebP picture says it is, by its first bytes; nothing is decoded here.

A few dozen bytes can say that a picture has 16,383 pixels a side, for which whoever shows it needs
a gigabyte. So what peers send is kept only when its own header stays within a listing's limits.

Source: RFC 9649, WebP Image Format, sections 2.4 to 2.7.
"""

from __future__ import annotations

_MOVES = 0x02  # the flag of an animation in an extended header


def dimensions(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None for what moves and for what is no WebP picture."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 25:
        return None
    match data[12:16]:
        case b"VP8X" if not data[20] & _MOVES:
            return 1 + _number(data[24:27]), 1 + _number(data[27:30])
        case b"VP8L" if data[20] == 0x2F:
            bits = _number(data[21:25])
            return 1 + bits % 2**14, 1 + (bits >> 14) % 2**14
        case b"VP8 " if data[23:26] == b"\x9d\x01\x2a":
            return _number(data[26:28]) % 2**14, _number(data[28:30]) % 2**14
    return None


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
