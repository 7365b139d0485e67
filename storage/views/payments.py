"""Payments and their payees' answers, as facts; `governance.paying` says which are in effect.

An answer (`got`) carries the payment that it is about. Its signature is checked here once, so that
the answer alone is enough: it does not matter whether the payment's own log is here, or forked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from governance.certified import Certified
from governance.paying import Fact, Payment, payments
from protocol.codec import encode
from protocol.kinds.payment import Payment as Said
from protocol.kinds.registry import content
from protocol.records import Record, signed
from storage.store import Store
from storage.views.view import Item, View


def apply(store: Store, items: Sequence[Item]) -> None:
    """Add each payment, and each answer whose copy of the payment is signed by its author."""
    now = store.now_ms()
    rows = []
    for item in items:
        got = item.said
        if isinstance(got, Said):
            rows.append(_row(item, None, item.record, got, now))
            continue
        paid = content(got.record)
        fits = isinstance(paid, Said) and got.record.id == got.payment
        if fits and signed(got.record, store.community):
            rows.append(_row(item, item.record.id, got.record, paid, now))
    store.db.conn.executemany(
        "INSERT INTO payment (log_no, seq, got, record, device, place, payee, fund, from_fund,"
        " amount, currency, purchase, decision, reference, shown_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def _row(item: Item, got: bytes | None, paid: Record, said: Said, now: int) -> tuple[object, ...]:
    return (
        item.log.no,
        item.record.header.seq,
        got,
        paid.id,
        paid.header.device,
        paid.header.seq,
        said.to,
        said.fund,
        said.from_fund,
        said.amount,
        said.currency,
        said.order,
        said.decision,
        said.reference,
        min(item.record.header.time_ms, now),
    )


def retract(store: Store, log_no: int, after: int) -> None:
    """Take back what a log said after a seq."""
    store.db.execute("DELETE FROM payment WHERE log_no = ? AND seq > ?", [log_no, after])


_IN_VIEW = (
    "FROM payment JOIN log ON log.no = payment.log_no JOIN device AS speaker"
    " ON speaker.no = log.device_no JOIN device AS payer ON payer.key = payment.device"
    " WHERE speaker.standing > 0 AND payer.standing > 0"
)


def read(store: Store, state: Certified, *, order: bytes | None = None) -> list[Payment]:
    """All payments as things stand, or those for an order; oldest first."""
    if order is None:
        return _read(store, state, "", [])
    return _read(store, state, " AND purchase = ?", [order])


def received(store: Store, state: Certified, person: bytes, *, funds: bool) -> list[Payment]:
    """The payments to this person, and to `funds` where asked; oldest first.

    All that is said of a payment names the same payee, so none of it is left out.
    """
    where = " AND (payee = ? OR fund != '')" if funds else " AND payee = ?"
    return _read(store, state, where, [person])


def _read(store: Store, state: Certified, where: str, values: Sequence[bytes]) -> list[Payment]:
    rows = store.db.execute(
        "SELECT got, speaker.person, record, payer.person, payment.device, place, payee, fund,"
        " from_fund, amount, currency, purchase, decision, reference, shown_ms"
        f" {_IN_VIEW}{where}",
        values,
    )
    return payments((Fact(*row) for row in rows.fetchall()), state)


def digest(store: Store) -> Iterator[bytes]:
    """Every payment and answer by devices in view."""
    for row in store.db.execute(
        f"SELECT record, got, speaker.key {_IN_VIEW} ORDER BY record, got, speaker.key"
    ):
        yield encode(list(row))


VIEW = View(
    name="payments",
    kinds=("payment", "got"),
    tables=("payment",),
    apply=apply,
    retract=retract,
    digest=digest,
)
