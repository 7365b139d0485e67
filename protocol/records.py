"""Signed records, the only thing a member says that reaches another node or the disk.

A record's id is the hash of its header bytes, so nodes that agree on an id agree on the record.
The header commits to the body by a salted hash; the body may be erased later with its salt while
the chain of headers stays verifiable. Bytes are hashed as received and never re-encoded.

Header: the strict DAG-CBOR array
`[version, device, lane, seq, prev, gov, kind, time_ms, body_size, body_hash]`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

import cbor2

from protocol.codec import NO_TAGS, Plain, decode, encode, uint
from protocol.errors import Invalid
from protocol.keys import RECORD, SIGNATURE_BYTES, Signer, verified

VERSION = 1
MAX_HEADER = 512  # bytes
MAX_BODY = 16 * 1024  # bytes
MAX_KIND = 32  # printable ASCII characters
SALT_BYTES = 16
MAX_TIME = 2**48  # milliseconds since 1970; a claim, bounded only so that it can be shown
MAX_SEQ = 2**53
ZERO = bytes(32)
_BYTES_32 = b"\x58\x20"  # how 32 bytes begin

GOV, MARKET, TALK = 0, 1, 2
LANES = {"gov": GOV, "market": MARKET, "talk": TALK}


class Header(NamedTuple):
    """The signed part of a record. `prev` is the id before it in its log; `gov` only a hint."""

    version: int
    device: bytes
    lane: int
    seq: int
    prev: bytes
    gov: bytes | None
    kind: str
    time_ms: int
    body_size: int
    body_hash: bytes


class Record(NamedTuple):
    """A header with what travels beside it; `salt` and `body` are both there or both None."""

    id: bytes
    header: Header
    raw: bytes  # the header's bytes as received
    signature: bytes | None
    salt: bytes | None
    body: bytes | None

    @property
    def log(self) -> tuple[bytes, int]:
        """(device, lane): the log this record belongs to."""
        return self.header.device, self.header.lane

    def entry(self) -> list[Plain]:
        """What travels: `[header, signature, salt, body]`."""
        return [self.raw, self.signature, self.salt, self.body]


def read_header(raw: bytes) -> Header:
    """The header that `raw` encodes; Invalid otherwise."""
    if len(raw) > MAX_HEADER:
        raise Invalid("too-large", f"a header of {len(raw)} bytes; at most {MAX_HEADER}")
    try:
        parts = cbor2.loads(raw, max_depth=2, allow_indefinite=False, semantic_decoders=NO_TAGS)
    except Exception as error:
        raise Invalid("not-cbor", "a header that is not strict DAG-CBOR") from error
    if type(parts) is not list or len(parts) != 10:
        raise Invalid("not-canonical", "a header that is not in canonical form")
    version, device, lane, seq, prev, gov, kind, time_ms, size, digest = parts
    if version != VERSION or type(version) is not int:
        raise Invalid("bad-version", "a record of another version")
    if (
        type(device) is not bytes
        or len(device) != 32
        or type(lane) is not int
        or not 0 <= lane <= 2
        or type(seq) is not int
        or not 1 <= seq <= MAX_SEQ
        or type(prev) is not bytes
        or len(prev) != 32
        or (gov is not None and (type(gov) is not bytes or len(gov) != 32))
        or type(kind) is not str
        or not 1 <= len(kind) <= MAX_KIND
        or not kind.isascii()
        or not kind.isprintable()
        or type(time_ms) is not int
        or not 0 <= time_ms <= MAX_TIME
        or type(size) is not int
        or not 1 <= size <= MAX_BODY
        or type(digest) is not bytes
        or len(digest) != 32
    ):
        raise Invalid("bad-header", "a header whose fields have the wrong shape")
    header = Header(version, device, lane, seq, prev, gov, kind, time_ms, size, digest)
    if _written(header) != raw:
        raise Invalid("not-canonical", "a header that is not in canonical form")
    return header


def _written(header: Header) -> bytes:
    """The canonical bytes of a header whose fields have the right shape.

    What `encode` would write; that takes twice as long, and this is done for every record.
    """
    _, device, lane, seq, prev, gov, kind, time_ms, size, digest = header
    return b"".join(
        (
            b"\x8a\x01",  # ten items, the first of them VERSION
            _BYTES_32,
            device,
            uint(lane),
            uint(seq),
            _BYTES_32,
            prev,
            b"\xf6" if gov is None else _BYTES_32 + gov,
            bytes((0x60 + len(kind),)) if len(kind) < 24 else bytes((0x78, len(kind))),
            kind.encode(),
            uint(time_ms),
            uint(size),
            _BYTES_32,
            digest,
        )
    )


def read_record(
    raw: bytes, signature: bytes | None, salt: bytes | None, body: bytes | None
) -> Record:
    """A record whose header is strict and whose body, where present, is the one it names.

    The signature is not verified here; see `signed` and `segments`.
    """
    header = read_header(raw)
    if signature is not None and (
        type(signature) is not bytes or len(signature) != SIGNATURE_BYTES
    ):
        raise Invalid("bad-signature", "a signature of the wrong length")
    if body is None:
        if salt is not None:
            raise Invalid("bad-body", "a salt without its body")
    else:
        if type(body) is not bytes or type(salt) is not bytes or len(salt) != SALT_BYTES:
            raise Invalid("bad-body", "a body or salt of the wrong shape")
        if len(body) != header.body_size or sha256(salt + body).digest() != header.body_hash:
            raise Invalid("bad-body", "a body that is not the one its header names")
    return Record(sha256(raw).digest(), header, raw, signature, salt, body)


def read_entry(entry: object) -> Record:
    """`read_record` for `[header, signature, salt, body]` as it travels."""
    if type(entry) is not list or len(entry) != 4 or type(entry[0]) is not bytes:
        raise Invalid("bad-entry", "a record that is not [header, signature, salt, body]")
    return read_record(*entry)


def read_body(record: Record) -> dict[str, Plain] | None:
    """The body as a map; None when it is missing or not a strict map (an unreadable body)."""
    if record.body is None:
        return None
    try:
        value = decode(record.body, limit=MAX_BODY)
    except Invalid:
        return None
    return value if isinstance(value, dict) else None


def signed(record: Record, community: bytes) -> bool:
    """Whether the record carries its own valid signature for this community.

    The founding record's own id is the community's, so it needs no rule of its own here.
    """
    return record.signature is not None and verified(
        record.header.device, record.signature, RECORD, community, record.id
    )


def make_record(
    signer: Signer,
    *,
    community: bytes | None,
    lane: int,
    seq: int,
    prev: bytes,
    gov: bytes | None,
    kind: str,
    time_ms: int,
    salt: bytes,
    body: dict[str, Plain],
    sign: bool = True,
) -> Record:
    """A new record of one's own. `community` is None for the founding record alone.

    Without `sign` the record counts only once a later signed one follows it. Raises Invalid
    `too-large` when the body does not fit.
    """
    data = encode(body)
    if len(data) > MAX_BODY:
        raise Invalid("too-large", f"this takes {len(data)} bytes; a record holds {MAX_BODY}")
    digest = sha256(salt + data).digest()
    raw = encode([VERSION, signer.public, lane, seq, prev, gov, kind, time_ms, len(data), digest])
    record = read_record(raw, None, salt, data)
    if not sign:
        return record
    signature = signer.sign(RECORD, record.id if community is None else community, record.id)
    return record._replace(signature=signature)
