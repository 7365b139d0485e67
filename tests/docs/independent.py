"""A second reader of the protocol, written from `docs/protocol.md` alone.

It shares no code with the program: CBOR is read and written by hand, hashes are hashlib's, and
PyNaCl is used for nothing but verifying Ed25519. `Bad` is all that it says of what it refuses.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign_open
from nacl.exceptions import BadSignatureError

GOV, MARKET, TALK = 0, 1, 2
ZERO = bytes(32)


class Bad(Exception):
    """The bytes break the protocol."""


def need(condition: object, why: str) -> None:
    """Bad unless `condition`."""
    if not condition:
        raise Bad(why)


# Values as bytes


def decode(data: bytes) -> Any:
    """The value that strict DAG-CBOR holds."""
    value, end = _item(data, 0, 0)
    need(end == len(data), "bytes after the value")
    return value


def _item(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    need(at < len(data), "cut short")
    major, low = data[at] >> 5, data[at] & 31
    if major == 7:
        need(low in (20, 21, 22), "a float or a simple value")
        return {20: False, 21: True, 22: None}[low], at + 1
    need(major != 6, "a tag")
    number, at = _number(data, at, low)
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        need(at + number <= len(data), "cut short")
        part = data[at : at + number]
        try:
            return (part if major == 2 else part.decode("utf-8")), at + number
        except UnicodeDecodeError as error:
            raise Bad("not UTF-8") from error
    need(depth < 16, "too deep")
    if major == 4:
        items = []
        for _ in range(number):
            item, at = _item(data, at, depth + 1)
            items.append(item)
        return items, at
    found: dict[str, Any] = {}
    before: tuple[int, bytes] | None = None
    for _ in range(number):
        key, at = _item(data, at, depth + 1)
        need(type(key) is str, "a key that is not text")
        order = (len(key.encode()), key.encode())
        need(before is None or before < order, "keys out of order")
        before = order
        found[key], at = _item(data, at, depth + 1)
    return found, at


def _number(data: bytes, at: int, low: int) -> tuple[int, int]:
    if low < 24:
        return low, at + 1
    need(low < 28, "an indefinite length")
    size = 1 << (low - 24)
    need(at + 1 + size <= len(data), "cut short")
    number = int.from_bytes(data[at + 1 : at + 1 + size], "big")
    need(number >= (24, 1 << 8, 1 << 16, 1 << 32)[low - 24], "longer than needed")
    return number, at + 1 + size


def encode(value: Any) -> bytes:
    """Strict DAG-CBOR."""
    if value is None or type(value) is bool:
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if type(value) is int:
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if type(value) is bytes:
        return _head(2, len(value)) + value
    if type(value) is str:
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(encode, value))
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return _head(5, len(keys)) + b"".join(encode(key) + encode(value[key]) for key in keys)


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    for low, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | low]) + number.to_bytes(size, "big")
    raise ValueError("an integer of more than 64 bits")


def verified(key: bytes, signature: bytes, purpose: bytes, *parts: bytes) -> bool:
    """Whether `key` signed purpose and parts."""
    try:
        crypto_sign_open(signature + purpose + b"\0" + b"".join(parts), key)
    except (BadSignatureError, ValueError):
        return False
    return True


# Records and segments


def is_bytes(value: object, size: int) -> bool:
    """Whether this is a byte string of that size."""
    return type(value) is bytes and len(value) == size


def is_whole(value: object, low: int, high: int) -> bool:
    """Whether this is an integer in that range."""
    return type(value) is int and low <= value <= high


class Record(NamedTuple):
    """A record; its header's items by name."""

    id: bytes
    raw: bytes
    signature: bytes | None
    salt: bytes | None
    body: bytes | None
    device: bytes
    lane: int
    seq: int
    prev: bytes
    kind: str
    size: int
    hash: bytes

    def says(self) -> Any:
        """The body, if it is a map."""
        try:
            said = None if self.body is None else decode(self.body)
        except Bad:
            return None
        return said if isinstance(said, dict) else None


def read_record(raw: Any, signature: Any = None, salt: Any = None, body: Any = None) -> Record:
    """A sound header, with what is beside it."""
    need(type(raw) is bytes and len(raw) <= 512, "header")
    items = decode(raw)
    need(type(items) is list and len(items) == 10, "header")
    version, device, lane, seq, prev, gov, kind, time_ms, size, digest = items
    need(type(version) is int and version == 1, "version")
    need(is_bytes(device, 32) and is_whole(lane, 0, 2) and is_whole(seq, 1, 2**53), "header")
    need(is_bytes(prev, 32) and (gov is None or is_bytes(gov, 32)), "header")
    need(type(kind) is str and 1 <= len(kind) <= 32, "kind")
    need(all(0x20 <= ord(letter) <= 0x7E for letter in kind), "kind")
    need(is_whole(time_ms, 0, 2**48) and is_whole(size, 1, 16384), "header")
    need(is_bytes(digest, 32), "header")
    need(signature is None or is_bytes(signature, 64), "signature")
    need((salt is None) == (body is None), "salt and body")
    if body is not None:
        need(is_bytes(salt, 16) and is_bytes(body, size), "body")
        need(sha256(salt + body).digest() == digest, "body hash")
    return Record(
        sha256(raw).digest(),
        raw,
        signature,
        salt,
        body,
        device,
        lane,
        seq,
        prev,
        kind,
        size,
        digest,
    )


def read_entry(entry: Any) -> Record:
    """A record as it travels."""
    need(type(entry) is list and len(entry) == 4, "entry")
    return read_record(*entry)


def signed(record: Record, community: bytes) -> bool:
    """Whether a record carries its own valid signature."""
    return record.signature is not None and verified(
        record.device, record.signature, b"moothall/record/1", community, record.id
    )


def check_chain(
    records: Sequence[Record],
    community: bytes,
    device: bytes,
    lane: int,
    tips: Collection[bytes] = (),
) -> None:
    """Rules 3 to 6 of segments."""
    before: Record | None = None
    for record in records:
        need((record.device, record.lane) == (device, lane), "another log")
        if record.seq == 1 and record.prev == ZERO:
            need((record.id, lane, record.kind) == (community, GOV, "found"), "founding")
        elif record.seq == 1:
            need(record.prev == community, "another community")
        else:
            need(record.prev != ZERO, "hangs on nothing")
        if before is not None:
            need(record.seq == before.seq + 1, "gap")
            need(record.prev == before.id, "broken chain")
        before = record
    for record in records if lane == GOV else records[-1:]:
        tip = lane != GOV and record.id in tips
        need(tip or signed(record, community), "signature")


def read_segment(
    entries: Any, community: bytes, device: bytes, lane: int, tips: Collection[bytes] = ()
) -> list[Record]:
    """The records of a sound segment."""
    need(type(entries) is list and 1 <= len(entries) <= 1024, "segment")
    records = [read_entry(entry) for entry in entries]
    need(sum(len(r.raw) + len(r.body or b"") + 100 for r in records) <= 262144, "too large")
    need(lane != GOV or all(r.body is not None for r in records), "no body")
    check_chain(records, community, device, lane, tips)
    return records


def check_enrolment(said: Any, community: bytes, device: bytes) -> None:
    """A readable, valid enrolment of this device (32 zero bytes as `community` in a founding)."""
    need(said is not None and is_bytes(said.get("person"), 32), "person")
    need(is_bytes(said.get("proof"), 64), "proof")
    for key in (said["person"], device):
        need(crypto_core_ed25519_is_valid_point(key), "key")
    parts = (community, said["person"], device)
    need(verified(said["person"], said["proof"], b"moothall/enrol/1", *parts), "proof")


# Certificates and the roll


class Roll:
    """Persons, rounds and cuts, and the hash over them."""

    def __init__(self) -> None:
        self.persons: dict[bytes, list[Any]] = {}  # inviter, since, standing, {device: height}
        self.rounds: dict[tuple[bytes, int], int] = {}
        self.cuts: dict[tuple[bytes, int], tuple[int, bytes]] = {}

    def copy(self) -> Roll:
        """The same roll, to be changed."""
        new = Roll()
        new.persons = {key: [*p[:3], dict(p[3])] for key, p in self.persons.items()}
        new.rounds, new.cuts = dict(self.rounds), dict(self.cuts)
        return new

    def packed(self) -> bytes:
        """What the root is the hash of."""
        persons = [
            [key, inviter, since, standing, [[d, h] for d, h in sorted(devices.items())]]
            for key, (inviter, since, standing, devices) in sorted(self.persons.items())
        ]
        rounds = [[*slot, number] for slot, number in sorted(self.rounds.items())]
        return encode([persons, rounds, [[*log, *cut] for log, cut in sorted(self.cuts.items())]])

    def devices(self) -> Iterator[bytes]:
        """Every device on it."""
        for person in self.persons.values():
            yield from person[3]

    def is_member(self, key: bytes) -> bool:
        """Whether this person is a member."""
        return key in self.persons and self.persons[key][2] == "member"

    def after(self, decision: Any, height: int, community: bytes, teller: list[bytes]) -> Roll:
        """The roll that a `roll` certificate at this height leads to."""
        new = self.copy()
        widths = {"admit": 5, "enrol": 3, "expire": 3, "leave": 3, "retire": 2}
        need(decision and not set(decision) - {*widths, "cite"}, "decision")
        cited = decision.get("cite", [])
        need(type(cited) is list and all(is_bytes(each, 32) for each in cited), "cite")
        for key, width in widths.items():
            lines = decision.get(key, [])
            need(type(lines) is list, "decision")
            for line in lines:
                need(type(line) is list and len(line) == width, "decision")
                self._carry_out(new, key, line, height, community, teller)
        return new

    def _carry_out(
        self, new: Roll, key: str, line: Any, height: int, community: bytes, teller: list[bytes]
    ) -> None:
        match key, line:
            case "admit", (person, device, inviter, slot, record):
                need(all(is_bytes(each, 32) for each in (person, device, record)), "key")
                need(not new.is_member(person) and device not in new.devices(), "admitted before")
                if inviter is None:
                    founder = [[person, device], slot, record] == [teller, None, community]
                    need(founder and not new.persons, "no inviter")
                else:
                    need(self.is_member(inviter), "inviter")
                    where = new.use(slot)
                    need(where in self.persons[inviter][3], "inviter's device")
                    need((where, 0) not in self.cuts, "inviter's device")
                devices = new.persons[person][3] if person in new.persons else {}
                new.persons[person] = [inviter, height, "member", {**devices, device: height}]
            case "enrol", (person, device, record):
                need(all(is_bytes(each, 32) for each in line), "key")
                need(new.is_member(person) and device not in new.devices(), "enrolled before")
                new.persons[person][3][device] = height
            case "expire", slot:
                need(new.use(slot) in new.devices(), "slot")
            case "leave", (person, record, heads):
                need(is_bytes(record, 32) and new.is_member(person), "leaver")
                new.persons[person][2] = "left"
                new.cut(list(new.persons[person][3]), heads)
            case "retire", (device, heads):
                need(device in new.devices(), "device")
                new.cut([device], heads)

    def use(self, slot: Any) -> bytes:
        """Take an open slot; its device."""
        need(type(slot) is list and len(slot) == 3 and is_bytes(slot[0], 32), "slot")
        need(is_whole(slot[1], 0, 999) and type(slot[2]) is int, "slot")
        current = self.rounds.get((slot[0], slot[1]), 0)
        need(slot[2] == current, "round")
        self.rounds[slot[0], slot[1]] = current + 1
        device: bytes = slot[0]
        return device

    def cut(self, devices: list[bytes], heads: Any) -> None:
        """Cut these devices' lanes."""
        need(type(heads) is list and len(heads) <= 64, "heads")
        named = {}
        for place in heads:
            device, lane, seq, record_id = check_place(place)
            named[device, lane] = (seq, record_id) if seq else (0, ZERO)
        for device in devices:
            for lane in (GOV, MARKET, TALK):
                self.cuts.setdefault((device, lane), named.get((device, lane), (0, ZERO)))


def check_place(place: Any) -> Any:
    """`[device, lane, seq, id]`."""
    need(type(place) is list and len(place) == 4, "place")
    need(is_bytes(place[0], 32) and is_whole(place[1], 0, 2), "place")
    need(is_whole(place[2], 0, 2**53) and is_bytes(place[3], 32), "place")
    return place


KINDS = [
    "roll",
    "open",
    "close",
    "effect",
    "annul",
    "remove",
    "tellers",
    "move-seat",
    "recall",
    "checkpoint",
]


def read_certificate(travel: Any) -> tuple[bytes, int, list[Any], list[Any]]:
    """Body, view, signatures and the body's eight items."""
    need(type(travel) is list and len(travel) == 3, "certificate")
    body, view, signatures = travel
    need(type(body) is bytes and len(body) <= 65536 and is_whole(view, 0, 2**32 - 1), "body, view")
    parts = decode(body)
    need(type(parts) is list and len(parts) == 8, "eight items")
    most, last = (3200, 65535) if parts[3] == "recall" else (7, 6)
    need(type(signatures) is list and len(signatures) <= most, "signatures")
    for item in signatures:
        need(type(item) is list and len(item) == 2, "signature")
        need(is_whole(item[0], 0, last) and is_bytes(item[1], 64), "signature")
    seats = [seat for seat, _ in signatures]
    need(seats == sorted(set(seats)), "seats out of order")
    need(all(is_bytes(parts[n], 32) for n in (0, 2, 4, 5)), "an id")
    need(is_whole(parts[1], 0, 2**53 - 1) and parts[3] in KINDS, "height or kind")
    tellers = parts[6]
    need(type(tellers) is list and len(tellers) in (1, 4, 7), "tellers")
    for seat in tellers:
        need(type(seat) is list and len(seat) == 2, "a teller")
        need(all(is_bytes(key, 32) for key in seat), "a teller")
    need(len({device for _, device in tellers}) == len(tellers), "a device twice")
    need(isinstance(parts[7], dict), "decision")
    return body, view, signatures, parts


def check_seals(
    certificate_id: bytes, view: int, signatures: list[Any], tellers: list[Any]
) -> None:
    """A quorum of valid signatures, and no other."""
    for seat, signature in signatures:
        need(seat < len(tellers), "no such seat")
        parts = (certificate_id, view.to_bytes(4, "big"))
        need(verified(tellers[seat][1], signature, b"moothall/certificate/1", *parts), "signature")
    need(len(signatures) >= 2 * ((len(tellers) - 1) // 3) + 1, "quorum")


def check_move(certificate_id: bytes, view: int, signatures: list[Any], person: bytes) -> None:
    """The one signature of a `move-seat`, by the person of the one seat."""
    need(view == 0 and [seat for seat, _ in signatures] == [0], "one signature")
    need(verified(person, signatures[0][1], b"moothall/move-seat/1", certificate_id), "signature")


# The side set, links, cards, digests


def read_object(raw: bytes, community: bytes) -> tuple[bytes, Any]:
    """An object's id and its list, with everything it proves checked."""
    need(len(raw) <= 458752, "too large")
    value = decode(raw)
    need(type(value) is list and value, "no list")
    match value:
        case ["fork", device, lane, seq, one, other]:
            branches = [_branch(each, community, device, lane, seq) for each in (one, other)]
            need(branches[0].prev == branches[1].prev, "another prev")
            need(branches[0].id < branches[1].id, "order of branches")
        case ["contest", one, other]:
            joins = [_joining(each, community) for each in (one, other)]
            need(joins[0].id < joins[1].id, "order of joins")
        case ["seats" | "split" as sort, one, other]:
            _check_rivals(sort, [read_certificate(each) for each in (one, other)], community)
        case ["record", entry]:
            record = read_entry(entry)
            read_segment([entry], community, record.device, GOV)
        case _:
            raise Bad("unknown object")
    return sha256(raw).digest(), value


def by_persons(parts: list[Any]) -> bool:
    """Whether a certificate of these eight items is signed by persons."""
    return parts[3] == "recall" or (parts[3] == "move-seat" and len(parts[6]) == 1)


def _check_rivals(sort: str, both: list[Any], community: bytes) -> None:
    ids = [sha256(body).digest() for body, *_ in both]
    need(ids[0] < ids[1], "order of certificates")
    first = both[0][3]
    for certificate_id, (_, view, signatures, parts) in zip(ids, both, strict=True):
        need(parts[0] == community and parts[1:3] == first[1:3], "another place")
        need(by_persons(parts) == (sort == "seats"), "who signs")
        if sort == "split":
            continue
        attempt = parts[7].get("attempt")
        need(parts[3] == first[3] and type(attempt) is int, "kind")
        need(attempt == first[7].get("attempt"), "attempt")
        if parts[3] == "move-seat":
            check_move(certificate_id, view, signatures, first[6][0][0])


def _branch(branch: Any, community: bytes, device: Any, lane: Any, seq: Any) -> Record:
    need(type(branch) is list and 1 <= len(branch) <= 1024, "branch")
    need(all(type(item) is list and len(item) == 2 for item in branch), "branch")
    records = [read_record(*item) for item in branch]
    need(type(seq) is int and type(lane) is int and records[0].seq == seq, "seq")
    need(lane != GOV or len(records) == 1, "gov")
    need(all(record.signature is None for record in records[:-1]), "goes on")
    check_chain(records, community, device, lane)
    return records[0]


def _joining(pair: Any, community: bytes) -> Record:
    need(type(pair) is list and len(pair) == 2, "pair")
    enrol, join = read_segment(pair, community, read_entry(pair[0]).device, GOV)
    need((enrol.seq, enrol.kind, join.kind) == (1, "enrol", "join"), "kinds")
    check_enrolment(enrol.says(), community, enrol.device)
    said = join.says()
    need(said is not None, "join")
    need(is_bytes(said.get("invite"), 32) and is_bytes(said.get("proof"), 64), "join")
    return join


def read_link(text: str) -> list[Any]:
    """The seven items of an invitation link."""
    need(text.startswith(("moothall:", "http:", "https:")) and "?i=" in text, "no link")
    payload = text.partition("?i=")[2]
    try:
        raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    except ValueError as error:
        raise Bad("no base64") from error
    need(sha256(raw[:-4]).digest()[:4] == raw[-4:], "checksum")
    items = decode(raw[:-4])
    need(type(items) is list and len(items) == 7 and items[0] == 1, "link")
    need(all(is_bytes(items[n], 32) for n in (1, 2, 3, 5)), "link")
    need(is_whole(items[4], -1, 2**53 - 1) and type(items[6]) is list, "link")
    return items


def read_card(travel: Any, community: bytes) -> list[Any]:
    """The four items of an address card."""
    need(type(travel) is list and len(travel) == 2, "card")
    raw, signature = travel
    need(type(raw) is bytes and len(raw) <= 4096 and is_bytes(signature, 64), "card")
    items = decode(raw)
    need(type(items) is list and len(items) == 4 and is_bytes(items[0], 32), "card")
    need(verified(items[0], signature, b"moothall/address/1", community, raw), "signature")
    return items


def digest(places: Sequence[Any], size: int) -> bytes:
    """The digest over some places."""
    packed = b"".join(d + bytes([lane]) + seq.to_bytes(8, "big") + i for d, lane, seq, i in places)
    return sha256(packed).digest()[:size]


def buckets(places: Sequence[Any], count: int) -> bytes:
    """The digests of `count` buckets."""
    return b"".join(
        digest([p for p in places if _bucket(p[0]) % count == number], 8) for number in range(count)
    )


def _bucket(device: bytes) -> int:
    return int.from_bytes(sha256(device).digest()[:4], "big")
