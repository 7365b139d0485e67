"""XML as bytes, and text that may stand in it and in HTML.

Source: Extensible Markup Language 1.0 (Fifth Edition), production 2, Char.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, tostring

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """`text` with a replacement sign for each control character, lone surrogate and the like."""
    return _FORBIDDEN.sub("\ufffd", text)


def xml_bytes(root: Element) -> bytes:
    """A whole document. Its texts went through `xml_text`."""
    return bytes(tostring(root, encoding="UTF-8", xml_declaration=True))
