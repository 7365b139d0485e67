"""Times as people say them, where no language is chosen: on the command line. Always in UTC."""

from __future__ import annotations

import datetime

_SPANS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def date(at: str | None) -> str:
    """`22 November 2026, 14:05 UTC` of an RFC 3339 time; empty for none."""
    if at is None:
        return ""
    moment = datetime.datetime.fromisoformat(at)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def when(at: str | None, now_ms: int) -> str:
    """The same, with how far off it is: `(in 3 days)`, `(2 hours ago)`."""
    return "" if at is None else f"{date(at)} ({off(at, now_ms)})"


def off(at: str, now_ms: int) -> str:
    """How far off an RFC 3339 time is: `in 3 days`, `2 hours ago`."""
    seconds = int(datetime.datetime.fromisoformat(at).timestamp()) - now_ms // 1000
    size, unit = next((s, u) for s, u in _SPANS if abs(seconds) >= s or s == 1)
    number = abs(seconds) // size
    span = f"{number} {unit}{'s' * (number != 1)}"
    return f"in {span}" if seconds > 0 else f"{span} ago"
