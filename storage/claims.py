"""The values that listings claim, as the certificates held here have them."""

from __future__ import annotations

from governance.claims import Values
from storage import certificates
from storage.store import Store


def values(store: Store) -> Values:
    """The community's values in all charters so far; none before the founding record is here."""
    state = certificates.current(store)
    return Values(() if state is None else state.versions)
