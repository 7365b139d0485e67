"""QR codes as pictures of their own, so that no page needs an inline style or script.

Dark on light whatever the reader's theme, with the quiet zone that readers of codes ask for
(ISO/IEC 18004), so a page needs only to give it room.
"""

from __future__ import annotations

import io

import segno
from starlette.responses import Response

from protocol.errors import Refused

QUIET_ZONE = 4  # modules of light around the code


def svg(text: str | segno.QRCode) -> Response:
    """`text` as a QR code, or one that was made. It may hold a secret, so nobody keeps the answer.

    Refused `too-long` when no code holds so much.
    """
    code = _code(text) if isinstance(text, str) else text
    drawn = io.BytesIO()
    code.save(
        drawn,
        kind="svg",
        border=QUIET_ZONE,
        dark="#000",
        light="#fff",
        omitsize=True,  # a page says how large
        svgclass=None,
        lineclass=None,
    )
    return Response(
        drawn.getvalue(),
        media_type="image/svg+xml",
        headers={"Cache-Control": "no-store", "X-Robots-Tag": "noindex"},
    )


def _code(text: str) -> segno.QRCode:
    try:
        return segno.make(text, error="m", micro=False)
    except segno.DataOverflowError:
        return _densest(text)


def _densest(text: str) -> segno.QRCode:
    try:
        return segno.make(text, error="l", micro=False)
    except segno.DataOverflowError as error:
        raise Refused(
            "too-long", "This is too long for a QR code; copy the text instead."
        ) from error
