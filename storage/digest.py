"""One digest over every shared view: equal on nodes that hold the same, whatever the order."""

from __future__ import annotations

from hashlib import sha256

from storage import certificates, frontier, sideset
from storage.store import Store
from storage.views.registry import VIEWS


def digest(store: Store) -> str:
    """Hex of the digest over certificates, side set, frontier and each view's shared content."""
    height, certificate = certificates.tip(store)
    total = sha256(store.community + height.to_bytes(8, "big", signed=True) + certificate)
    total.update(sideset.digest(store))
    total.update(frontier.digest(store))
    for view in VIEWS:
        total.update(view.name.encode() + b"\0")
        for row in view.digest(store):
            total.update(row)
    return total.hexdigest()
