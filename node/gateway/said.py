"""What a page has to tell its reader once, on the page that follows.

Kept in memory by login, since the address bar is no place for sentences; lost with the process,
when there is nobody left to read it.
"""

from __future__ import annotations

from collections import OrderedDict

MOST_SESSIONS = 20
MOST_SENTENCES = 5


class Said:
    """Sentences that wait for the next page of a login."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, list[str]] = OrderedDict()

    def say(self, session: str, sentence: str) -> None:
        """Show this on the next page of that login."""
        waiting = [*self._waiting.pop(session, []), sentence]
        self._waiting[session] = waiting[-MOST_SENTENCES:]
        while len(self._waiting) > MOST_SESSIONS:
            self._waiting.popitem(last=False)

    def take(self, session: str) -> list[str]:
        """What waits for this login; it waits no longer."""
        return self._waiting.pop(session, [])
