"""Settling up in a large community: who pays whom after so many sales.

The members have no homes: they are certified and their receipts written straight from their keys.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from time import perf_counter

from benchmarks.community import Clock
from benchmarks.decisions import admitted
from benchmarks.report import Line
from governance.charter import Charter
from governance.templates import template
from governance.waterfall import absent_roles, parts, statement
from node import home as homes
from node.home import Home
from node.trade import settling
from protocol.codec import Plain
from protocol.keys import RECORD, Signer
from protocol.kinds import receipt
from protocol.kinds.receipt import Statement
from protocol.records import MARKET, Record, make_record
from storage import certificates, log
from storage.standing import settle

MEMBERS, RECEIPTS = 1_000, 100_000
TIMES = 5
CURRENCY = "EUR"
HOSTED = 0.7  # of the sales, those with somebody's shop window between


def settlement(folder: Path, *, small: bool, say: Callable[[str], None]) -> Iterator[Line]:
    """The lines of this part. `small`: with few sales, to see that it works."""
    members, sales = (10, 100) if small else (MEMBERS, RECEIPTS)
    say(f"{sales:,} receipts of {members:,} members")
    home = _sold(folder / "home", members, sales)
    taken = []
    for _ in range(TIMES):
        begun = perf_counter()
        found = settling.settlement(home, CURRENCY)
        taken.append(perf_counter() - begun)
    home.close()
    yield Line(
        key="settlement",
        what=f"settlement of {members:,} members and {sales:,} receipts",
        unit="s",
        aim=1.0,
        values=taken,
        note=f"{len(found.positions):,} positions, {len(found.transfers):,} transfers",
    )


def _sold(folder: Path, members: int, sales: int) -> Home:
    """A market in which everybody has sold as much as the others, to buyers from shop windows."""
    clock, rng = Clock(), random.Random(6)
    charter = Charter.from_data(template("makers-market"))
    ana = homes.found(folder, charter, "Ana", None, clock)
    store = ana.store
    people, _ = admitted(ana, members, clock())
    newest = certificates.tip(store)[1]
    keys = [person.public for person, _ in people]
    first = statement(
        charter,
        order=ana.person,
        vendor=ana.person,
        buyer=None,
        listing=bytes(32),
        category="",
        at=(newest, newest),
        currency=CURRENCY,
        quantity=1,
        price=1,
    )
    number = 0
    for person, device in people:
        records: list[Record] = []
        for _ in range(sales // members):
            number += 1
            order = Signer(sha256(str(number).encode()).digest())
            host = rng.choice(keys) if rng.random() < HOSTED else None
            said = _sale(charter, first, order.public, person.public, host, rng.randint(1, 20_000))
            data = said.data()
            body = receipt.body(data, receipt.sign(order, store.community, data))
            records.append(_record(store.community, device, records, body, clock()))
        records[-1] = _signed(store.community, device, records[-1])
        entries = [each.entry() for each in records]
        with store.transaction():
            log.keep_segment(store, device.public, MARKET, entries)
            settle(store)
    return ana


def _sale(
    charter: Charter, like: Statement, order: bytes, vendor: bytes, host: bytes | None, price: int
) -> Statement:
    """Another sale under the same charter, whose hash takes much longer than all the rest."""
    host = None if host == vendor else host
    fee, shares = parts(charter, price, like.currency, "", absent_roles(host, None))
    return replace(
        like,
        order=order,
        vendor=vendor,
        seller=vendor,
        host=host,
        price=price,
        fee=fee,
        shares=shares,
    )


def _signed(community: bytes, device: Signer, record: Record) -> Record:
    return record._replace(signature=device.sign(RECORD, community, record.id))


def _record(
    community: bytes, device: Signer, before: list[Record], body: dict[str, Plain], time_ms: int
) -> Record:
    return make_record(
        device,
        community=community,
        lane=MARKET,
        seq=len(before) + 1,
        prev=before[-1].id if before else community,
        gov=None,
        kind="receipt",
        time_ms=time_ms,
        salt=bytes(16),
        body=body,
        sign=False,
    )
