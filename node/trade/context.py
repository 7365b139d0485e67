"""What an order's letters are held against: certificates, charters, decisions of this store."""

from __future__ import annotations

from governance.effects import verdict as verdicts
from governance.effects.verdict import Verdict
from protocol.kinds.listing import Listing
from protocol.kinds.registry import content
from protocol.letters.moves import Place
from storage import certificates
from storage.rows import find_record, standing_of
from storage.store import Store
from storage.verdicts import Known


class Context(Known):
    """What receipts are held against, and the decisions about disputes besides."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.community = store.community
        self._listings: dict[bytes, Listing | None] = {}
        self._state = certificates.current(store)
        self.tip = certificates.tip(store)

    def verdict(self, proposal: bytes) -> Verdict | None:
        """What the members have decided by this proposal, if that is in effect."""
        return None if self._state is None else verdicts.decided(self._state, proposal)

    def ordered(self, place: Place) -> Listing | None:
        """The listing as it was ordered; None if that version is not here, or was erased.

        What a buyer names has to be a version of that listing, by its seller.
        """
        if place.version not in self._listings:
            self._listings[place.version] = self._version(place)
        return self._listings[place.version]

    def _version(self, place: Place) -> Listing | None:
        found = find_record(self._store, place.version)
        said = None if found is None else content(found[2])
        if found is None or not isinstance(said, Listing):
            return None
        owner = standing_of(self._store, found[2].header.device)
        is_sellers = owner is not None and owner[1] == place.seller
        return said if is_sellers and place.listing == (said.root or place.version) else None
