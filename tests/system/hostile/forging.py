"""Writing one's own history anew from some place on, and telling the others."""

from __future__ import annotations

import os
from collections.abc import Sequence

from node import gossip
from node.duties import Duties
from protocol.keys import Signer
from protocol.records import GOV, Record, make_record
from storage.own import Draft
from storage.rows import find_log, id_at
from storage.store import Store

honest = Duties._act


def forged(store: Store, signer: Signer, seq: int, drafts: Sequence[Draft]) -> list[Record]:
    """Other records of this device from `seq` on, in its log of decisions; they are not kept."""
    log = find_log(store, signer.public, GOV)
    assert log is not None
    prev = id_at(store, log.no, seq - 1)
    assert prev is not None
    return _records(store, signer, seq, prev, drafts)


def after(store: Store, signer: Signer, record: Record, drafts: Sequence[Draft]) -> list[Record]:
    """Records that follow a forged one."""
    return _records(store, signer, record.header.seq + 1, record.id, drafts)


def _records(
    store: Store, signer: Signer, seq: int, prev: bytes, drafts: Sequence[Draft]
) -> list[Record]:
    records: list[Record] = []
    for number, draft in enumerate(drafts):
        record = make_record(
            signer,
            community=store.community,
            lane=GOV,
            seq=seq + number,
            prev=prev,
            gov=None,
            kind=draft.kind,
            time_ms=store.now_ms(),
            salt=os.urandom(16),
            body=draft.body,
        )
        records.append(record)
        prev = record.id
    return records


async def tell(duties: Duties, records: list[Record]) -> None:
    """Gossip them."""
    for message in gossip.batches(records):
        await duties._say(message)
