"""Pictures' bytes, by hash: those of one's own listings and drafts, and those fetched from peers.

Nothing is kept whose bytes don't hash to its name. Blobs are node-local: which of them are here
changes no view and no digest. What no listing that stands and no own draft names is let go, at
once where a listing was erased; fetched ones also go, longest unused first, when room is short.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from protocol.codec import decode
from protocol.errors import Invalid
from protocol.kinds.listing import LARGE_BYTES, MAX_SIDE, Photo, Rendition, read
from protocol.records import MAX_BODY
from protocol.webp import dimensions
from storage.store import Store

FETCHED_BYTES = 256 * 1024 * 1024  # of others' pictures, together
HELPER_BYTES = 8 * 1024**3  # the same on a helper machine, which holds them for everybody
HOUR_MS = 3_600_000
PATIENCE_MS = 24 * HOUR_MS  # for a picture that was brought here and that nothing names yet

_OWN_LOG = (
    "(SELECT log.no FROM log JOIN device ON device.no = log.device_no"
    " WHERE device.key = ? AND log.lane = 1)"
)
# A listing of one's own counts before anybody lets this home in, in its newest version.
_NAMED = f"""EXISTS (
    SELECT 1 FROM photo JOIN listing ON listing.rowid = photo.listing
    WHERE photo.hash = blob.hash AND (listing.state = 1 OR listing.log_no = {_OWN_LOG}
        AND listing.version = (SELECT max(other.version)
            FROM listing_version JOIN listing AS other ON other.rowid = listing_version.version
            WHERE listing_version.root64 = listing.root64 AND +other.log_no = listing.log_no))
) OR EXISTS (SELECT 1 FROM draft WHERE instr(draft.body, blob.hash) > 0)"""


def put(store: Store, name: bytes, data: bytes, *, own: bool, room: int | None = None) -> None:
    """Keep bytes under their hash; Invalid `bad-blob` if it is not theirs, or they are no picture.

    A picture is a still WebP file within the limits of a listing, by what it says of itself. Of
    what was fetched, `room` bytes stay (FETCHED_BYTES if None).

    The caller holds the transaction. What was fetched and is brought here again becomes own.
    """
    if sha256(data).digest() != name:
        raise Invalid("bad-blob", "these are not the bytes that were asked for")
    size = dimensions(data)
    if len(data) > LARGE_BYTES or size is None or not 0 < min(size) <= max(size) <= MAX_SIDE:
        raise Invalid("bad-blob", "these bytes are no picture of a listing")
    store.db.execute(
        "INSERT INTO blob (hash, size, own, used_ms, data) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (hash) DO UPDATE"
        " SET own = max(own, excluded.own), used_ms = excluded.used_ms",
        [name, len(data), int(own), store.now_ms(), data],
    )
    if not own:
        _evict(store, FETCHED_BYTES if room is None else room)


def get(store: Store, name: bytes) -> bytes | None:
    """The bytes of this hash, if they are here and whole."""
    row = store.db.execute("SELECT data FROM blob WHERE hash = ?", [name]).fetchone()
    return _whole(name, row)


def _whole(name: bytes, row: tuple[bytes] | None) -> bytes | None:
    """A disk may spoil bytes; what no longer is what it was is as good as gone."""
    return None if row is None or sha256(row[0]).digest() != name else bytes(row[0])


def published(store: Store, name: bytes) -> bytes | None:
    """The bytes of this hash, if they are here and a listing of the log names them.

    Photos of drafts are nobody's business yet, however well somebody guesses their hash.
    """
    row = store.db.execute(
        "SELECT data FROM blob WHERE hash = ?"
        " AND EXISTS (SELECT 1 FROM photo WHERE photo.hash = blob.hash)",
        [name],
    ).fetchone()
    return _whole(name, row)


def damaged(store: Store) -> Iterator[bytes]:
    """The hashes under which other bytes are kept than they name."""
    for (name,) in store.db.execute("SELECT hash FROM blob ORDER BY no").fetchall():
        if here(store, name) and get(store, name) is None:
            yield name


def here(store: Store, name: bytes) -> bool:
    """Whether the bytes of this hash are here."""
    row = store.db.execute("SELECT 1 FROM blob WHERE hash = ?", [name]).fetchone()
    return row is not None


def sizes(store: Store, name: bytes) -> set[int]:
    """How long the listings that stand say this picture is; empty when none names it."""
    rows = store.db.execute(
        "SELECT size FROM photo JOIN listing ON listing.rowid = photo.listing"
        " WHERE hash = ? AND state = 1",
        [name],
    )
    return {row[0] for row in rows}


def for_guests(store: Store, name: bytes) -> bool:
    """Whether a listing that stands and is for everyone names this picture."""
    row = store.db.execute(
        "SELECT 1 FROM photo JOIN listing ON listing.rowid = photo.listing"
        " WHERE hash = ? AND state = 1 AND guests = 1 LIMIT 1",
        [name],
    ).fetchone()
    return row is not None


def makers(store: Store, name: bytes) -> list[bytes]:
    """The devices whose listings name this picture: they should have it."""
    rows = store.db.execute(
        "SELECT DISTINCT device.key FROM photo JOIN listing ON listing.rowid = photo.listing"
        " JOIN log ON log.no = listing.log_no JOIN device ON device.no = log.device_no"
        " WHERE hash = ? AND state = 1",
        [name],
    )
    return [row[0] for row in rows]


def photo_of(store: Store, name: bytes) -> tuple[Photo, Rendition] | None:
    """The photo of an open listing to which this picture belongs, and which rendition it is."""
    row = store.db.execute(
        "SELECT record.body FROM photo JOIN listing ON listing.rowid = photo.listing"
        " JOIN record ON record.rowid = listing.rowid WHERE hash = ? AND state = 1 LIMIT 1",
        [name],
    ).fetchone()
    if row is None:
        return None
    said = read(decode(row[0], limit=MAX_BODY))  # type: ignore[arg-type]
    return next(
        (photo, one)
        for photo in said.photos
        for one in (photo.small, photo.large)
        if one.hash == name
    )


def missing(store: Store, listings: int, limit: int) -> list[bytes]:
    """Of the newest so many listings: the hashes of cards' pictures that are not here."""
    rows = store.db.execute(
        "SELECT photo.hash FROM (SELECT rowid AS n, shown_ms FROM listing WHERE state = 1"
        " ORDER BY shown_ms DESC LIMIT ?) JOIN photo ON photo.listing = n"
        " WHERE place = 0 AND large = 0"
        " AND NOT EXISTS (SELECT 1 FROM blob WHERE blob.hash = photo.hash)"
        " ORDER BY shown_ms DESC LIMIT ?",
        [listings, limit],
    )
    return [row[0] for row in rows]


def missing_anywhere(store: Store, limit: int) -> list[bytes]:
    """Of all open listings, the newest first: the hashes of pictures that are not here."""
    rows = store.db.execute(
        "SELECT photo.hash FROM listing JOIN photo ON photo.listing = listing.rowid"
        " WHERE state = 1 AND NOT EXISTS (SELECT 1 FROM blob WHERE blob.hash = photo.hash)"
        " ORDER BY shown_ms DESC, photo.place, large LIMIT ?",
        [limit],
    )
    return list(dict.fromkeys(row[0] for row in rows))


def used(store: Store, names: Iterable[bytes]) -> None:
    """These were shown: they go last. The caller holds the transaction."""
    now = store.now_ms()
    store.db.conn.executemany(
        "UPDATE blob SET used_ms = ? WHERE hash = ? AND used_ms < ?",
        [(now, name, now - HOUR_MS) for name in names],
    )


def forget(store: Store, names: Sequence[bytes]) -> int:
    """Delete those of these that nothing names any more; how many. In a transaction."""
    loose = [
        name
        for name in dict.fromkeys(names)
        if store.db.execute(
            f"SELECT 1 FROM blob WHERE hash = ? AND NOT ({_NAMED})", [name, store.device]
        ).fetchone()
    ]
    _delete(store, loose)
    return len(loose)


def sweep(store: Store) -> int:
    """Delete all that nothing names any more; how many. In a transaction.

    What was brought here as a file gets a day in which a listing may come to name it.
    """
    rows = store.db.execute(
        f"SELECT hash FROM blob WHERE (own = 0 OR used_ms < ?) AND NOT ({_NAMED})",
        [store.now_ms() - PATIENCE_MS, store.device],
    ).fetchall()
    _delete(store, [row[0] for row in rows])
    return len(rows)


def fetched_bytes(store: Store) -> int:
    """How much of others' pictures is here."""
    row = store.db.execute("SELECT coalesce(sum(size), 0) FROM blob WHERE own = 0").fetchone()
    return int(row[0])


def _evict(store: Store, room: int) -> None:
    """Make room among what was fetched."""
    over = fetched_bytes(store) - room
    loose = []
    for name, size in store.db.execute(
        "SELECT hash, size FROM blob WHERE own = 0 ORDER BY used_ms, no"
    ):
        if over <= 0:
            break
        loose.append(name)
        over -= size
    _delete(store, loose)


def _delete(store: Store, names: Sequence[bytes]) -> None:
    if names:
        with store.wiping():
            store.db.conn.executemany("DELETE FROM blob WHERE hash = ?", [(n,) for n in names])
