"""Taking certificates back: the chain ends earlier, and all is as if they had never been here.

Cuts, who enrolled whom, and views follow. A node that would lose more than MOST_LOST certificates,
counted from the greatest height that it ever held, asks its owner first. Callers hold the write
transaction and settle afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from governance.recall import RECALL
from governance.seats import MOST_LOST, MOVE
from protocol.certificates import Certificate
from protocol.errors import Refused
from storage import certificates, cited, erasing, log
from storage.database import get_meta
from storage.store import Store

QUESTION, ACCEPTED, PEAK = "seat_question", "seat_accepted", "chain_peak"  # settings of this home


def take_back(store: Store, height: int) -> None:
    """The chain ends at `height`."""
    before = certificates.current(store)
    assert before is not None  # noqa: S101 - there is a chain to take back
    _set(store, PEAK, str(max(_peak(store), before.height)))
    store.db.execute("DELETE FROM meta WHERE key = ?", [QUESTION])
    store.decided.clear()
    after = certificates.end_at(store, height)
    cited.rebuild(store, after)
    for device, lane in before.roll.cuts.keys() - after.roll.cuts.keys():
        log.uncut(store, device, lane)
    for key, person in before.roll.persons.items():
        kept = after.roll.persons.get(key)
        for device in person.devices.keys() - (kept.devices.keys() if kept else set()):
            erasing.disown(store, device, key)
    store.changed.update(("certificate", "gov", "side"))


def _peak(store: Store) -> int:
    """The greatest height that was ever held and taken back: small steps add up."""
    return int(get_meta(store.db, PEAK) or -1)


def may_lose(
    store: Store, height: int, firsts: Sequence[Certificate], others: Sequence[Certificate]
) -> bool:
    """Whether the chain may end at `height` for `others`; asks the owner where it loses much.

    Their word is about `firsts`, with which the others begin.
    """
    tip = certificates.tip(store)[0]
    if tip == height or max(_peak(store), tip) - height <= MOST_LOST:
        return True
    if any(_accepted(store, each) for each in firsts):
        return True
    kinds = {each.kind: each for each in others if each.by_persons}
    move = None if RECALL in kinds else kinds.get(MOVE)
    asked = {
        "chain": firsts[0].id.hex(),
        "person": None if move is None else move.next_tellers[0].person.hex(),
        "recall": RECALL in kinds,
        "height": height,
        "lost": tip - height,
    }
    _set(store, QUESTION, json.dumps(asked))
    return False


def _accepted(store: Store, first: Certificate) -> bool:
    return get_meta(store.db, f"{ACCEPTED} {first.id.hex()}") is not None


def _set(store: Store, key: str, value: str) -> None:
    store.db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [key, value])


def question(store: Store) -> dict[str, Any] | None:
    """What the owner is asked: `{chain, person, recall, height, lost}`; None if nothing is open.

    Another chain, which begins with certificate `chain` above `height`, would take `lost`
    certificates back: `person` moved the teller's seat there, or the tellers were recalled, or
    elected others certified it.
    """
    text = get_meta(store.db, QUESTION)
    if text is None:
        return None
    asked: dict[str, Any] = {"recall": False, **json.loads(text)}
    return asked if asked["height"] < certificates.tip(store)[0] else None


def accept(store: Store) -> None:
    """The owner agrees. What is asked about comes again by the next sync. Refused if nothing is."""
    asked = question(store)
    if asked is None:
        raise Refused("nothing-asked", "No other chain of certificates waits for your word.")
    _set(store, f"{ACCEPTED} {asked['chain']}", "1")
    store.db.execute("DELETE FROM meta WHERE key = ?", [QUESTION])
    store.changed.add("side")  # recalls, and proofs of two, are judged again at once
