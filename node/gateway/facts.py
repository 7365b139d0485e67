"""What nearly every page asks of the store, kept for as long as the store does not change.

Names, charter and members are as fresh as the store itself: they are read again as soon as this or
another process has written. Counts that take longer to gather may be a few seconds old.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from governance.charter import Charter
from node.assembly import reading
from protocol.spot import Spot
from storage import certificates
from storage.store import Store
from storage.views import listing_queries, listing_text, members, profiles
from storage.views.members import Member

T = TypeVar("T")
Version = tuple[int, int]
LOOK_SECONDS = 0.001  # how long another process's writing may go unnoticed: a page asks often
COUNT_SECONDS = 3.0  # how old the counts beside the filters may be
CATEGORIES = 20


class Facts:
    """Reads of one store that pages share."""

    def __init__(self, store: Store, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._monotonic = monotonic
        self._looked: tuple[float, int] | None = None
        self._own_name = _Kept[str]()
        self._names = _Kept[dict[bytes, str]]()
        self._away = _Kept[dict[bytes, int]]()
        self._spots = _Kept[dict[bytes, Spot]]()
        self._members = _Kept[dict[bytes, Member]]()
        self._charter = _Kept[Charter | None]()
        self._kept = _Kept[dict[Hashable, Any]]()
        self._waiting = _Kept[dict[str, list[dict[str, Any]]]]()
        self._counts = {
            guests: _Slowly[tuple[tuple[str, int], ...]](monotonic) for guests in (False, True)
        }
        self._unread = _Slowly[int](monotonic)
        self._inbox = _Slowly[int](monotonic)

    def version(self) -> Version:
        """Differs whenever something was written, by this connection or by another process."""
        connection = self._store.db.conn
        now = self._monotonic()
        if self._looked is None or not 0 <= now - self._looked[0] < LOOK_SECONDS:
            other = connection.execute("PRAGMA data_version").fetchone()[0]
            self._looked = now, int(other)
        return self._looked[1], connection.total_changes

    def charter(self) -> Charter | None:
        """The charter in force; None before the founding record is here."""
        return self._charter.get(self.version(), lambda: certificates.charter(self._store))

    def waiting(self, person: bytes) -> dict[str, list[dict[str, Any]]]:
        """What waits for this person, always the same one; see `node.assembly.reading.waiting`."""
        return self._waiting.get(self.version(), lambda: reading.waiting(self._store, person))

    def kept(self, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` finds, kept under a name of its own: for what is dear to find again."""
        known = self._kept.get(self.version(), dict)
        if key not in known:
            known[key] = read()
        found: T = known[key]
        return found

    def own_name(self, read: Callable[[], str]) -> str:
        """What this node's owner is called, as `read` finds it."""
        return self._own_name.get(self.version(), read)

    def names(self) -> dict[bytes, str]:
        """Person -> name, of everybody with a profile here."""
        return self._names.get(self.version(), lambda: profiles.names(self._store))

    def spots(self) -> dict[bytes, Spot]:
        """Person -> roughly where they are, of everybody whose profile says so."""
        return self._spots.get(self.version(), lambda: profiles.spots(self._store))

    def away(self) -> dict[bytes, int]:
        """Person -> beginning of their last day away, of everybody who said so, past or not."""
        return self._away.get(self.version(), lambda: profiles.away(self._store))

    def members(self) -> dict[bytes, Member]:
        """Person -> member, members first, then by name."""
        return self._members.get(
            self.version(), lambda: {m.person: m for m in members.everybody(self._store)}
        )

    def categories(self, *, guests: bool) -> tuple[tuple[str, int], ...]:
        """The categories with most open listings and their counts; may be seconds old."""
        return self._counts[guests].get(
            self.version(),
            lambda: tuple(listing_queries.categories(self._store, guests=guests, limit=CATEGORIES)),
        )

    def inbox(self, read: Callable[[], int]) -> int:
        """How many things wait for this node's owner, as `read` counts them; may be seconds old."""
        return self._inbox.get(self.version(), read)

    def look_again(self) -> None:
        """The owner has done something: what waits for them is counted anew."""
        self._inbox.held = None

    def unread(self) -> int:
        """How many listings the search can't find by their words yet; may be seconds old."""
        return self._unread.get(self.version(), lambda: listing_text.behind(self._store))


class _Kept(Generic[T]):
    """One value, good for one version of the store."""

    def __init__(self) -> None:
        self._held: tuple[Version, T] | None = None

    def get(self, version: Version, read: Callable[[], T]) -> T:
        if self._held is None or self._held[0] != version:
            self._held = (version, read())
        return self._held[1]


@dataclass(slots=True)
class _Slowly(Generic[T]):
    """One value, read again when the store has changed, though at most every COUNT_SECONDS."""

    monotonic: Callable[[], float]
    held: tuple[Version, float, T] | None = None

    def get(self, version: Version, read: Callable[[], T]) -> T:
        now = self.monotonic()
        if self.held is not None:
            known, at, value = self.held
            if known == version or now - at < COUNT_SECONDS:
                return value
        value = read()
        self.held = (version, now, value)
        return value
