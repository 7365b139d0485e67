"""Reading listings: filters, search, one listing. Pages and commands share these.

Every query is bounded: pages ask for a limited count, so that a word which half of 100,000
listings contain still answers in a few milliseconds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from governance.membership import PROVISIONAL
from protocol.codec import decode
from protocol.errors import NotFound, Refused
from protocol.kinds.listing import Listing, read
from protocol.records import MAX_BODY
from storage.claims import values as charter_values
from storage.store import Store, h64
from storage.views.listings import OF_ROOT, OPEN, WITHDRAWN, fold
from storage.views.nearby import CANDIDATES, RINGS, Near, Places, is_within

RANKED = 500  # up to so many matches are ranked by relevance; more are shown newest first
SORTS = ("best", "new", "price", "price-desc")
NEAREST = "near"  # an order as well, for a query that says where from


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """Filters as they stand in a page's address or on the command line; empty means any."""

    words: str = ""
    mode: str = ""
    category: str = ""
    place: str = ""
    value: str = ""
    minimum: int | None = None  # minor units
    maximum: int | None = None
    person: bytes | None = None
    status: str = "open"  # open, expired or withdrawn
    besides: bytes | None = None  # by everybody but this person
    wanted: bool | None = None  # only what is wanted, or only what is offered
    near: Near | None = None  # for NEAREST, or to stay within a distance
    guests: bool = False  # only what everyone may see
    sort: str = "best"
    limit: int = 50
    offset: int = 0
    count_to: int | None = None  # stop counting there; None counts all


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A listing as it stands now."""

    id: bytes  # of its first version, which names it for good
    version_id: bytes
    person: bytes
    status: str  # open, withdrawn, expired, draft
    provisional: bool  # its member is not certified yet
    made_ms: int  # as shown on this node
    listing: Listing


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A page of offers; `total` is exact unless `more` says that counting stopped there."""

    offers: tuple[Offer, ...]
    total: int
    more: bool


_STANDING = {  # the first one is what the partial indexes ask for
    "open": ("listing.state = 1", "(listing.expires_ms IS NULL OR listing.expires_ms > ?)"),
    "expired": ("listing.state = 1", "listing.expires_ms <= ?"),
    "withdrawn": ("listing.state = 2",),
}
_FIELDS = """coalesce(listing.root, listing.id), listing.id, device.person, listing.state,
 device.standing, listing.shown_ms, listing.expires_ms, record.body"""
_JOIN = """ JOIN record ON record.rowid = listing.rowid
 JOIN log ON log.no = listing.log_no JOIN device ON device.no = log.device_no"""


def search(store: Store, query: Query) -> Found:
    """The offers that match, at most `query.limit` from `query.offset` on."""
    words = match_expression(query.words)
    source, where, values = _conditions(store, query, words)
    near = query.near
    if near is not None and (near.within is not None or query.sort == NEAREST):
        return _search_near(store, query, near, (source, where, values))
    total, more, rowids = _matches(store, query, (source, where, values))
    if words and query.sort == "best" and total <= RANKED:
        order = _order("best", True, total)
        rowids = _rowids(store, (source, where, values), order, RANKED)
    start = max(0, query.offset)
    page = rowids[start : start + max(0, query.limit)]
    return Found(offers=_offers(store, page), total=total, more=more)


_Matching = tuple[str, str, list[Any]]  # tables, condition, values


def _matches(store: Store, query: Query, matching: _Matching) -> tuple[int, bool, list[int]]:
    """How many match, whether there are more than were counted, and their rows in order.

    What is counted is what is listed, in one reading; what is found by words comes newest first.
    """
    words = bool(match_expression(query.words))
    order = _order(query.sort, words, RANKED + 1)
    wanted = max(0, query.offset) + max(0, query.limit)
    stop = query.count_to
    if stop is None:
        total, more = _count(store, *matching, None)
        return total, more, _rowids(store, matching, order, wanted)
    rowids = _rowids(store, matching, order, max(stop + 1, wanted))
    return min(len(rowids), stop), len(rowids) > stop, rowids


def _rowids(store: Store, matching: _Matching, order: str, limit: int) -> list[int]:
    source, where, values = matching
    rows = store.db.execute(
        f"SELECT listing.rowid FROM {source} WHERE {where} ORDER BY {order} LIMIT ?",
        [*values, limit],
    )
    return [row[0] for row in rows]


def _search_near(store: Store, query: Query, near: Near, matching: _Matching) -> Found:
    """The same with distances: of many matches only CANDIDATES are looked at."""
    source, where, values = matching
    places = Places(store, near)
    total, more = _count(store, source, where, values, query.count_to)
    order = _order(query.sort, bool(match_expression(query.words)), total)
    reached: dict[int, float] = {}  # rowid -> kilometres, in the order asked for
    cut = False
    for within in (near.within,) if near.within is not None else (*RINGS, None):
        inside, more_values = places.condition(store, within) if within is not None else ("1", [])
        rows = store.db.execute(
            "SELECT listing.rowid, listing.log_no, listing.lat, listing.lon"
            f" FROM {source} WHERE {where} AND {inside} ORDER BY {order} LIMIT ?",
            [*values, *more_values, CANDIDATES + 1],
        ).fetchall()
        cut = len(rows) > CANDIDATES
        for rowid, *where_it_is in rows[:CANDIDATES]:
            distance = places.distance(*where_it_is)
            if distance is None and within is None:
                distance = math.inf
            if distance is not None and (within is None or is_within(distance, within)):
                reached.setdefault(rowid, distance)
        if cut or len(reached) > query.offset + query.limit:
            break
    if near.within is not None:
        stop = len(reached) if query.count_to is None else query.count_to
        total, more = min(len(reached), stop), cut or len(reached) > stop
    rowids = list(reached)
    if query.sort == NEAREST:
        rowids.sort(key=reached.__getitem__)  # stable: equally near ones stay newest first
    start = max(0, query.offset)
    page = rowids[start : start + max(0, query.limit)]
    return Found(offers=_offers(store, page), total=total, more=more)


def _offers(store: Store, rowids: Sequence[int]) -> tuple[Offer, ...]:
    """The offers in these rows, in this order."""
    rows = store.db.execute(
        f"SELECT {_FIELDS} FROM json_each(?) AS hit CROSS JOIN listing ON listing.rowid = hit.value"
        f" {_JOIN} ORDER BY hit.key",
        [json.dumps(list(rowids))],
    ).fetchall()
    now = store.now_ms()
    return tuple(_offer(row, now) for row in rows)


def match_expression(words: str) -> str:
    """What a person typed as an FTS5 expression: every word must occur, the last as a beginning."""
    kept = "".join(c if c.isalnum() else " " for c in words[:200]).split()[:12]
    return " ".join(f'"{word}"' for word in kept[:-1]) + (f' "{kept[-1]}"*' if kept else "")


def _conditions(store: Store, query: Query, words: str) -> tuple[str, str, list[Any]]:
    source = "listing"
    where = list(_STANDING[query.status])
    values: list[Any] = [] if query.status == "withdrawn" else [store.now_ms()]
    if words:
        source = "listing_text CROSS JOIN listing ON listing.rowid = listing_text.rowid"
        where.insert(0, "listing_text MATCH ?")
        values.insert(0, words)
    elif query.words.strip():
        where.append("0")  # only punctuation was typed
    if query.mode == "wanted" or query.wanted:
        where.append("listing.mode = 'wanted'")  # the text of a partial index
    elif query.wanted is not None:
        where.append("listing.mode != 'wanted'")
    for column, wanted in (
        ("mode", query.mode),
        ("category", fold(query.category)),
        ("place", fold(query.place)),
    ):
        if wanted:
            where.append(f"listing.{column} = ?")
            values.append(wanted)
    if query.value and query.value not in charter_values(store).in_force:
        where.append("0")  # what the charter has withdrawn finds nothing
    elif query.value:
        where.append("instr(listing.claims, ?) > 0")
        values.append(f" {query.value} ")
    if query.minimum is not None:
        where.append("listing.price >= ?")
        values.append(query.minimum)
    if query.maximum is not None:
        where.append("listing.price <= ?")
        values.append(query.maximum)
    if query.guests:
        where.append("listing.guests = 1")
    if query.person is not None:
        logs = _logs(store, query.person)
        # With one log, as nearly everybody has, an index gives them newest first.
        where.append(f"listing.log_no = {logs[0]}" if len(logs) == 1 else _among(logs))
    if query.besides is not None:
        where.append(f"NOT {_among(_logs(store, query.besides))}")
    return source, " AND ".join(where), values


def _logs(store: Store, person: bytes) -> list[int]:
    """The numbers of a person's market logs."""
    rows = store.db.execute(
        "SELECT log.no FROM log JOIN device ON device.no = log.device_no"
        " WHERE device.person = ? AND log.lane = 1",
        [person],
    )
    return [row[0] for row in rows]


def _among(logs: Sequence[int]) -> str:
    return f"listing.log_no IN ({', '.join(map(str, logs))})"


def _count(
    store: Store, source: str, where: str, values: Sequence[Any], stop: int | None
) -> tuple[int, bool]:
    if stop is None:
        inner = f"SELECT count(*) FROM {source} WHERE {where}"
        return int(store.db.execute(inner, list(values)).fetchone()[0]), False
    # Left to itself SQLite may count along the index of prices, where all that have none come last.
    along = " ORDER BY listing.shown_ms DESC" if source == "listing" else ""
    row = store.db.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM {source} WHERE {where}{along} LIMIT ?)",
        [*values, stop + 1],
    ).fetchone()
    return min(int(row[0]), stop), row[0] > stop


def _order(sort: str, words: bool, total: int) -> str:
    if sort == "price":
        return "coalesce(listing.price, 9223372036854775807), listing.rowid"
    if sort == "price-desc":
        return "listing.price DESC, listing.rowid"
    if words:
        if sort == "best" and total <= RANKED:
            return "bm25(listing_text, 8.0, 1.0), listing_text.rowid DESC"
        return "listing_text.rowid DESC"
    return "listing.shown_ms DESC, listing.rowid DESC"


def _offer(row: Sequence[Any], now: int) -> Offer:
    root, version_id, person, state, standing, shown, expires, body = row
    status = {OPEN: "open", WITHDRAWN: "withdrawn"}.get(state, "hidden")
    if status == "open" and expires is not None and expires <= now:
        status = "expired"
    return Offer(
        id=root,
        version_id=version_id,
        person=person,
        status=status,
        provisional=standing == PROVISIONAL,
        made_ms=shown,
        listing=_listing(body),
    )


@lru_cache(maxsize=512)  # what the first pages show is shown again and again
def _listing(body: bytes) -> Listing:
    return read(decode(body, limit=MAX_BODY))  # type: ignore[arg-type]


def get(store: Store, listing: bytes) -> Offer:
    """One listing as it stands, open or not; NotFound if none of that id is in view."""
    row = store.db.execute(
        f"SELECT {_FIELDS} FROM listing {_JOIN}"
        f" WHERE {OF_ROOT} AND listing.state != 0"
        " AND coalesce(listing.root, listing.id) = ?",
        [h64(listing), listing],
    ).fetchone()
    if row is None:
        raise NotFound("no-listing", "There is no listing with that id here.")
    return _offer(row, store.now_ms())


def resolve(store: Store, prefix: str) -> bytes:
    """The full id for a hex prefix of 8 or more; NotFound or Refused `ambiguous` otherwise."""
    text = prefix.strip().lower()
    if len(text) < 8 or any(c not in "0123456789abcdef" for c in text) or len(text) > 64:
        raise NotFound(
            "bad-id", "%(text)s is no id: give 8 or more of its hex digits.", text=repr(prefix)
        )
    low = bytes.fromhex(text[:16].ljust(16, "0"))
    high = bytes.fromhex(text[:16].ljust(16, "f"))
    found: set[bytes] = set()
    for (root,) in store.db.execute(
        "SELECT DISTINCT coalesce(root, id) FROM listing"
        " WHERE rowid IN (SELECT version FROM listing_version WHERE root64 BETWEEN ? AND ?)"
        " AND state != 0",
        [h64(low), h64(high)],  # a range that shares its first byte never crosses the sign
    ):
        if root.hex().startswith(text):
            found.add(root)
    for (draft,) in store.db.execute("SELECT id FROM draft"):
        if draft.hex().startswith(text):
            found.add(draft)
    if not found:
        raise NotFound("no-listing", "There is no listing %(id)s here.", id=prefix)
    if len(found) > 1:
        raise Refused(
            "ambiguous",
            "%(count)s ids begin with %(text)s: give more digits.",
            count=len(found),
            text=prefix,
        )
    return found.pop()


def categories(store: Store, *, guests: bool = False, limit: int = 20) -> list[tuple[str, int]]:
    """The categories with most open listings, with their counts."""
    only = " AND guests = 1" if guests else ""
    rows = store.db.execute(
        "SELECT category, count(*) FROM listing INDEXED BY listing_category"
        f" WHERE state = 1{only} AND category != '' GROUP BY category"
        " ORDER BY 2 DESC, 1 LIMIT ?",
        [limit],
    )
    return [(row[0], row[1]) for row in rows]
