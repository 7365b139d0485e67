"""Text that may stand in XML and HTML: what neither can hold becomes a replacement sign.

Source: Extensible Markup Language 1.0 (Fifth Edition), production 2, Char.
"""

from __future__ import annotations

import re

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """`text` without control characters, lone surrogates and the like."""
    return _FORBIDDEN.sub("\ufffd", text)
