"""Objects of the side set as they arrive: checked, kept, and given their effect."""

from __future__ import annotations

from protocol.evidence import Contest, Fork, Rivals, Spared, read_object
from protocol.teller_messages import Double, Message
from storage import agreement, halts, sideset
from storage import log as logs
from storage.store import Store


def receive(store: Store, raw: bytes) -> bool:
    """Check an object's bytes and keep it; True if it is new. Invalid if it proves nothing.

    The caller holds the transaction and settles standings afterwards.
    """
    found = read_object(raw, store.community)
    match found:
        case Fork():
            return logs.apply_fork(store, found)
        case Spared(record=record):
            return logs.apply_spared(store, record)
        case Contest():
            return keep_contest(store, found)
        case Rivals():
            return halts.receive(store, found)
        case Message():
            return agreement.receive(store, found)
        case Double():
            return agreement.receive_double(store, found)


def keep_contest(store: Store, found: Contest) -> bool:
    """Keep a contest; its joins count as facts about the slot, wherever their logs are."""
    if not sideset.put(store, found):
        return False
    store.changed.add("gov")
    return True
