"""How loud to be about a store that can't be written to; commands without a node need it, too."""

from __future__ import annotations

import logging

from protocol.errors import StoreError
from storage.store import LASTING


def loudness(error: Exception) -> int:
    """The level at which to log that something waits for the store.

    What `storekeeping` tells of the whole node is not said again by all that has to wait for it.
    """
    lasting = isinstance(error, StoreError) and error.reason in LASTING
    return logging.DEBUG if lasting else logging.WARNING
