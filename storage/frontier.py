"""The frontier: where each log in view stands, and its digests for comparing with a peer."""

from __future__ import annotations

from hashlib import sha256

from protocol.messages import Hello, Place
from storage import certificates, sideset
from storage.store import Store

SMALL = 16  # logs a bucket, roughly; 8 bytes a bucket against 72 a place


def places(store: Store) -> list[Place]:
    """(device, lane, seq, id) of every log in view, in the order of (device, lane)."""
    return [
        (key, lane, seq, record_id)
        for key, lane, seq, record_id in store.db.execute(
            "SELECT device.key, lane, prefix_seq, prefix_id FROM log"
            " JOIN device ON device.no = log.device_no"
            " WHERE standing > 0 AND prefix_seq > 0 ORDER BY device.key, lane"
        )
    ]


def digest(store: Store) -> bytes:
    """16 bytes over all places."""
    return digest_of(places(store))


def digest_of(some: list[Place], size: int = 16) -> bytes:
    """A digest of so many bytes over places in order."""
    packed = b"".join(
        device + bytes([lane]) + seq.to_bytes(8, "big") + record_id
        for device, lane, seq, record_id in some
    )
    return sha256(packed).digest()[:size]


def split(all_places: list[Place], count: int) -> list[list[Place]]:
    """Places by bucket: the hash of the device key, modulo `count`."""
    buckets: list[list[Place]] = [[] for _ in range(count)]
    for place in all_places:
        buckets[int.from_bytes(sha256(place[0]).digest()[:4], "big") % count].append(place)
    return buckets


def buckets(store: Store, count: int | None = None) -> bytes:
    """8-byte digests of `count` buckets; by default a power of two that suits the size."""
    return buckets_of(places(store), count)


def buckets_of(everything: list[Place], count: int | None = None) -> bytes:
    """`buckets` of these places."""
    if count is None:
        count = 1
        while count < 1024 and count * SMALL < len(everything):
            count *= 2
    return b"".join(digest_of(bucket, 8) for bucket in split(everything, count))


def differing(store: Store, theirs: bytes) -> list[Place]:
    """Our places in the buckets where a peer's digests differ from ours."""
    return differing_in(places(store), theirs)


def differing_in(everything: list[Place], theirs: bytes) -> list[Place]:
    """Those of these places in buckets whose digests differ from the given ones."""
    chosen: list[Place] = []
    for number, bucket in enumerate(split(everything, len(theirs) // 8)):
        if digest_of(bucket, 8) != theirs[number * 8 : number * 8 + 8]:
            chosen += bucket
    return chosen


def hello(store: Store) -> Hello:
    """What we hold, in the form that opens a conversation.

    Reckoned once for each state of the store: neighbours mostly ask again when nothing is new, and
    with thousands of logs to go through that is what an idle node would do most.
    """
    if store.db.conn.in_transaction:
        return _hello(store)
    now = store.version()
    if store.said is None or store.said[0] != now:
        store.said = now, _hello(store)
    return store.said[1]


def _hello(store: Store) -> Hello:
    height, certificate = certificates.tip(store)
    return Hello(store.community[:8], height, certificate, digest(store), sideset.digest(store))
