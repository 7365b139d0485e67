"""Segments: unbroken runs of one log, checked as a whole before anything of them is kept.

A record in `market` or `talk` is authentic when it, or a later record in an unbroken chain,
carries a valid signature of its device; so one signature check covers a segment. A chain may also
end at an id that is authentic for another reason: it is named by a certificate, or by the first
headers of a fork proof (a *trusted tip*). In `gov` each record needs its own signature, however it
is known: what rests on one record alone, as a vote does on a ballot, must reach everybody with it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from protocol.errors import Invalid
from protocol.records import GOV, ZERO, Record, read_entry, signed

MAX_RECORDS = 1024
MAX_BYTES = 256 * 1024  # of a segment, where a record counts header + body + OVERHEAD
OVERHEAD = 100  # bytes: salt, signature and their framing


class Segment(NamedTuple):
    """Checked, contiguous records of one log, in order; never empty."""

    device: bytes
    lane: int
    records: Sequence[Record]

    @property
    def first(self) -> int:
        """The first record's seq."""
        return self.records[0].header.seq


def read_segment(
    entries: object,
    *,
    community: bytes,
    device: bytes,
    lane: int,
    tips: Collection[bytes] = (),
) -> Segment:
    """Check what travelled as a segment of (device, lane); Invalid with a reason word otherwise.

    `tips` are ids known to be authentic, for `market` and `talk`. There bodies may be missing;
    whether they may is for the caller, who knows the erase records. In `gov` none is ever erased.
    """
    if type(entries) is not list or not entries:
        raise Invalid("bad-segment", "a segment without records")
    if len(entries) > MAX_RECORDS:
        raise Invalid("too-large", f"a segment of {len(entries)} records; at most {MAX_RECORDS}")
    records = [read_entry(entry) for entry in entries]
    if sum(len(r.raw) + len(r.body or b"") + OVERHEAD for r in records) > MAX_BYTES:
        raise Invalid("too-large", "a segment of too many bytes")
    if lane == GOV and any(record.body is None for record in records):
        raise Invalid("no-body", "a record in gov without its body, which nobody may erase")
    check_chain(records, community=community, device=device, lane=lane, tips=tips)
    return Segment(device, lane, records)


def check_chain(
    records: Sequence[Record],
    *,
    community: bytes,
    device: bytes,
    lane: int,
    tips: Collection[bytes] = (),
) -> None:
    """Invalid unless `records` are one unbroken, authentic run of the log (device, lane)."""
    previous: Record | None = None
    for record in records:
        header = record.header
        if header.device != device or header.lane != lane:
            raise Invalid("wrong-log", "a segment holds a record of another log")
        if previous is None:
            if header.seq == 1:
                _check_first(record, community)
        elif header.seq != previous.header.seq + 1:
            raise Invalid("gap", f"record {header.seq} follows {previous.header.seq}")
        elif header.prev != previous.id:
            raise Invalid("broken-chain", f"record {header.seq} does not follow the one before it")
        if header.seq > 1 and header.prev == ZERO:
            raise Invalid("broken-chain", "only a founding record has nothing before it")
        if lane == GOV and not signed(record, community):
            raise Invalid("bad-signature", f"record {header.seq} in gov is not validly signed")
        previous = record
    last = records[-1]
    if lane != GOV and last.id not in tips and not signed(last, community):
        raise Invalid("bad-signature", "the segment's last record is not validly signed")


def _check_first(record: Record, community: bytes) -> None:
    """The first record of a log hangs on the community id; the founding record is that id."""
    if record.header.prev == ZERO:
        if record.id != community or record.header.lane != GOV or record.header.kind != "found":
            raise Invalid("other-community", "a founding record of another community")
    elif record.header.prev != community:
        raise Invalid("other-community", "a log that belongs to another community")
