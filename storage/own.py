"""Appending to this device's own logs: the only place where records of one's own are made.

The head is read and the new records written in one transaction that holds the write lock, so two
processes can't fork the log; it is durable before anything is sent.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from governance.roll import admit
from protocol.codec import Plain
from protocol.errors import Refused
from protocol.keys import Signer
from protocol.kinds.registry import KINDS, content
from protocol.records import GOV, Record, make_record, signed
from protocol.segments import MAX_BYTES, MAX_RECORDS
from storage import certificates, log
from storage.database import get_meta
from storage.rows import ensure_log, log_by_no, record_at
from storage.standing import settle
from storage.store import Store


class Draft(NamedTuple):
    """A record to be made: its kind and body."""

    kind: str
    body: dict[str, Plain]


def append(
    store: Store,
    signer: Signer,
    drafts: Sequence[Draft],
    *,
    salts: Callable[[int], bytes] = os.urandom,
) -> list[Record]:
    """Sign and keep records of this device, all or none; they are on disk on return.

    Refused when this home turned out to be a copy of another, when its own history is not signed
    by this key, or when its log has forked.
    """
    made: list[Record] = []
    with store.transaction():
        if get_meta(store.db, "copied") is not None:
            raise Refused(
                "copied-home",
                "Peers hold newer records of this very device: this home is a copy or was rolled "
                "back. Nothing was written. Join again with a new device.",
            )
        lanes: dict[int, list[Draft]] = {}
        for draft in drafts:
            lanes.setdefault(KINDS[draft.kind].lane, []).append(draft)
        for lane, wanted in lanes.items():
            made += _append_lane(store, signer, lane, wanted, salts)
        settle(store)
    return made


def _append_lane(
    store: Store,
    signer: Signer,
    lane: int,
    drafts: Sequence[Draft],
    salts: Callable[[int], bytes],
) -> list[Record]:
    own = ensure_log(store, signer.public, lane)
    if own.fork_seq is not None or own.cut_seq is not None:
        raise Refused(
            "log-ended",
            "This device's log has forked or was ended by certificate; nothing was written. "
            "Join again with a new device.",
        )
    if own.head_seq:
        head = record_at(store, own.no, own.head_seq)
        if head is None or not signed(head, store.community):
            raise Refused(
                "foreign-history",
                "The end of this device's own log is not signed by this device; nothing was "
                "written, since the next signature would vouch for it.",
            )
    prev = own.head_id if own.head_seq else store.community
    gov = _newest_certificate(store)
    now = store.now_ms()
    records: list[Record] = []
    size = 0
    run = 0
    for number, draft in enumerate(drafts):
        run += 1
        last = number + 1 == len(drafts)
        full = run >= MAX_RECORDS or size > MAX_BYTES // 2
        record = make_record(
            signer,
            community=store.community,
            lane=lane,
            seq=own.head_seq + number + 1,
            prev=prev,
            gov=gov,
            kind=draft.kind,
            time_ms=now,
            salt=salts(16),
            body=draft.body,
            sign=last or full or lane == GOV or KINDS[draft.kind].cited,
        )
        size += len(record.raw) + len(record.body or b"")
        if record.signature is not None:
            run, size = 0, 0
        gov = None  # named once a batch: a hint to fetch it
        prev = record.id
        records.append(record)
    for start in range(0, len(records), MAX_RECORDS):
        log.append_own(store, log_by_no(store, own.no), records[start : start + MAX_RECORDS])
    return records


def _newest_certificate(store: Store) -> bytes | None:
    height, record_id = certificates.tip(store)
    return None if height < 0 else record_id


def found(store: Store, signer: Signer, record: Record) -> None:
    """Keep the founding record that this device has made, and its certificate of height 0."""
    person = bytes(content(record).person)
    with store.transaction():
        certificates.keep_founding(store, record.entry())
        admission = admit(person, signer.public, None, None, record.id)
        certificates.certify(store, signer, "roll", {"admit": [admission]})
        settle(store)
