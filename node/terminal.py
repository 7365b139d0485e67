"""Text from others on a terminal, which must show it and not obey it."""

from __future__ import annotations

import re

# Control characters besides tab and line feed, what reverses the direction of a line, line ends
# that are not LF, and bytes of an argument that were no text.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """Text without the characters that a terminal obeys instead of showing them."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))
