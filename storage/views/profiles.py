"""Profiles: of a person's versions, by any device in view, the highest stands.

Equal versions: the lowest id, which only the owner could grind. The choice is made when reading,
so late arrivals need no repair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocol.codec import decode, encode
from protocol.kinds.profile import Profile, read
from protocol.records import MAX_BODY
from protocol.spot import Spot
from storage.store import Store
from storage.views.view import Item, View


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add each version."""
    store.db.conn.executemany(
        "INSERT INTO profile (log_no, seq, version, id, name, place, body, lat, lon)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                item.log.no,
                item.record.header.seq,
                item.said.version,
                item.record.id,
                item.said.name,
                item.said.place,
                item.record.body,
                *(item.said.spot or (None, None)),
            )
            for item in items
        ],
    )


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back a log's versions after a seq."""
    store.db.execute("DELETE FROM profile WHERE log_no = ? AND seq > ?", [log_no, after])


def erase(store: Store, rowid: int) -> None:
    """Forget an erased version."""
    store.db.execute(
        "DELETE FROM profile WHERE (log_no, seq) ="
        " (SELECT log_no, seq FROM record WHERE rowid = ?)",
        [rowid],
    )


_STANDING = """
    SELECT person, id, version, name, place, body, lat, lon FROM (
        SELECT device.person, profile.id, version, name, place, body, lat, lon, row_number() OVER (
            PARTITION BY device.person ORDER BY version DESC, profile.id
        ) AS n
        FROM profile JOIN log ON log.no = profile.log_no
        JOIN device ON device.no = log.device_no
        WHERE device.standing > 0
    ) WHERE n = 1
"""


def digest(store: Store) -> Iterator[bytes]:
    """Each person's standing version."""
    for person, record_id, *_ in store.db.execute(f"{_STANDING} ORDER BY person"):
        yield encode([person, record_id])


def names(store: Store) -> dict[bytes, str]:
    """Person key -> name, for everybody with a profile in view."""
    return {row[0]: row[3] for row in store.db.execute(_STANDING)}


def spots(store: Store) -> dict[bytes, Spot]:
    """Person key -> roughly where they are, for everybody whose profile in view says so."""
    rows = store.db.execute(f"{_STANDING} AND lat IS NOT NULL")
    return {row[0]: Spot(row[6], row[7]) for row in rows}


def away(store: Store) -> dict[bytes, int]:
    """Person key -> beginning of their last day away, of everybody who said so, past or not."""
    found: dict[bytes, int] = {}
    for row in store.db.execute(f"{_STANDING} AND instr(body, ?) > 0", [b"away_until"]):
        until = read_body(row[5]).away_until_ms
        if until is not None:
            found[row[0]] = until
    return found


def get(store: Store, person: bytes) -> Profile | None:
    """The person's profile as it stands."""
    row = store.db.execute(f"{_STANDING} AND person = ?", [person]).fetchone()
    return None if row is None else read_body(row[5])


def read_body(raw: bytes) -> Profile:
    """The profile in a body that was admitted."""
    return read(decode(raw, limit=MAX_BODY))  # type: ignore[arg-type]


VIEW = View(
    name="profiles",
    kinds=("profile",),
    tables=("profile",),
    apply=apply,
    retract=retract,
    erase=erase,
    digest=digest,
)
