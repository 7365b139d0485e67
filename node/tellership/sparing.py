"""Cuts that a person names themselves spare what binds others: sales, money and letters.

Who gives up a device or goes says where its logs end, and could so take back what they owe. The
tellers' nodes let the market log reach as far as such records were held here before that was said.
What came later is left to the cut, or whoever finds a lost device could trade with it until the
certificate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from governance.roll import MOST_HEADS
from protocol.codec import Plain
from protocol.records import MARKET
from storage.rows import find_log, find_record, id_at
from storage.store import Store

_BINDING = ("receipt", "refund", "payment", "sealed")  # views; `got` is in that of payments
_LAST = " UNION ALL ".join(
    f"SELECT max(r.seq) AS seq FROM {view} AS v JOIN record AS r USING (log_no, seq)"
    " WHERE v.log_no = :log AND v.seq > :after AND v.seq <= :last AND r.rowid < :before"
    for view in _BINDING
)


def spared(
    store: Store, named: Sequence[Any], devices: Iterable[bytes], record: bytes
) -> list[Plain]:
    """The places that were named, those of market logs raised; `record` is what names them."""
    heads: list[Any] = list(named)
    found = find_record(store, record)
    if found is None:
        return heads
    for device in sorted(devices):
        place = _market(heads).get(device)
        raised = _raised(store, device, place, found[0])
        if raised is not None and len(heads) - heads.count(place) < MOST_HEADS:
            heads = [each for each in heads if list(each[:2]) != [device, MARKET]] + [raised]
    return heads


def as_good(store: Store, theirs: Sequence[Any], mine: Sequence[Any]) -> bool:
    """Whether another teller's places spare all that is spared here, and nothing unknown."""
    ours, others = _market(mine), _market(theirs)
    rest = [[each for each in some if each[1] != MARKET] for some in (theirs, mine)]
    return rest[0] == rest[1] and all(
        others.get(device) == ours.get(device)
        or _reaches(store, others.get(device), ours.get(device))
        for device in {*ours, *others}
    )


def _market(heads: Iterable[Any]) -> dict[bytes, Any]:
    return {each[0]: each for each in heads if each[1] == MARKET}


def _raised(store: Store, device: bytes, place: Any, before: int) -> list[Plain] | None:
    """The last binding record above a place that was held before; None where there is none."""
    log, after = find_log(store, device, MARKET), 0 if place is None else place[2]
    if log is None or after > log.prefix_seq:
        return None  # not here; or beyond a fork, where another branch may stand
    if after and id_at(store, log.no, after) != place[3]:
        after = 0  # nothing that anybody has: the log would be emptied
    asked = {"log": log.no, "after": after, "last": log.prefix_seq, "before": before}
    (seq,) = store.db.execute(f"SELECT max(seq) FROM ({_LAST})", asked).fetchone()
    return None if seq is None else [device, MARKET, seq, id_at(store, log.no, seq)]


def _reaches(store: Store, theirs: Any, mine: Any) -> bool:
    """Whether their place is at a binding record that is here by now, above mine."""
    if theirs is None:
        return False
    device, _, seq, record = theirs
    found = find_record(store, record)
    if found is None or seq <= (0 if mine is None else mine[2]):
        return False
    return _raised(store, device, mine, found[0] + 1) == list(theirs)
