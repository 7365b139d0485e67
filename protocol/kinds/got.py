"""`got`: the payee says that a payment came; with it the payment is in effect.

It counts by a device of the person who is paid, or, for a payment into a fund, of anybody whom the
members have ever elected treasurer: so it never ceases to count. It carries the payment's record
as its author signed it, so that nobody undoes a confirmed payment by forking their log.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.errors import Invalid
from protocol.kinds.kind import Kind
from protocol.records import MARKET, Record, read_entry
from protocol.shape import Body, key32, unreadable


@dataclass(frozen=True, kw_only=True, slots=True)
class Got:
    """The payment that came, and its record. Whether they belong together is not checked here."""

    payment: bytes
    record: Record


def body(record: Record) -> dict[str, Plain]:
    """The body that confirms the payment `record`, which is signed."""
    return {"payment": record.id, "record": record.entry()}


def read(data: Body) -> Got:
    """What `data` holds."""
    try:
        record = read_entry(data.get("record"))
    except Invalid as error:
        raise unreadable("record") from error
    return Got(payment=key32(data, "payment"), record=record)


KIND = Kind(name="got", lane=MARKET, erasable=False, read=read)
