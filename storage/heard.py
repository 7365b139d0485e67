"""When this node last heard of a device: a `gov` record, a teller's message or a signature under a
certificate that was new to it.

By this node's own clock, and for its own use: tellers judge by it who is gone. It is in no digest.
A device that takes a teller's seat counts as heard of then.
"""

from __future__ import annotations

from storage.store import Store


def note(store: Store, device: bytes) -> None:
    """Something of this device's has just come, or it has just taken a seat."""
    store.db.execute(
        "INSERT INTO heard (device, at_ms) VALUES (?1, ?2)"
        " ON CONFLICT (device) DO UPDATE SET at_ms = ?2",
        [device, store.now_ms()],
    )


def last(store: Store, device: bytes) -> int | None:
    """When it was heard of, in milliseconds since 1970; None for never, by what is noted here."""
    row = store.db.execute("SELECT at_ms FROM heard WHERE device = ?", [device]).fetchone()
    return None if row is None else int(row[0])
