"""What an order's letters are held against: certificates, charters, decisions of this store."""

from __future__ import annotations

from governance.effects import verdict as verdicts
from governance.effects.verdict import Verdict
from storage import certificates
from storage.store import Store
from storage.verdicts import Known


class Context(Known):
    """What receipts are held against, and the decisions about disputes besides."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.community = store.community
        self._state = certificates.current(store)

    def verdict(self, proposal: bytes) -> Verdict | None:
        """What the members have decided by this proposal, if that is in effect."""
        return None if self._state is None else verdicts.decided(self._state, proposal)
