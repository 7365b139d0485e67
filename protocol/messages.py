"""The messages of a sync conversation, each one strict DAG-CBOR array in one frame.

The first item is the message's number, the rest are its fields in order. A message that is not
of this shape raises Invalid, and the conversation ends. Numbers are for good; a new message gets
a new number.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, Protocol

import cbor2

from protocol.codec import decode
from protocol.errors import Invalid
from protocol.shape import head

MAX_FRAME = 512 * 1024  # bytes
MAX_WANTS = 2048  # log places, or ids of objects asked for, in one message
MAX_SIDE_IDS = 8192  # ids in one message
VERSION = 1

Place = tuple[bytes, int, int, bytes]  # device, lane, seq, id; seq 0 with 32 zeros: nothing yet


class Message(Protocol):
    """Every message knows its number and its fields as a tuple."""

    number: ClassVar[int]


class Hello(NamedTuple):
    """What the sender holds. Equal hellos end a conversation: 81 bytes each way."""

    community: bytes  # the first 8 bytes of the community id
    height: int  # of the newest certificate; -1 for none
    certificate: bytes
    frontier: bytes  # 16-byte digest over all places
    side: bytes  # 16-byte digest over the side set
    version: int = VERSION


class WantCertificates(NamedTuple):
    """Certificates from `height` on; from 0 on the founding record comes with them."""

    height: int


class Certificates(NamedTuple):
    """`found` is the founding entry or None; `more`: ask again from the next height."""

    found: list[Any] | None
    certificates: list[Any]
    more: bool


class WantSideIds(NamedTuple):
    """Name the objects of your side set."""


class SideIds(NamedTuple):
    """Ids of the side set; `more`: another `SideIds` follows."""

    ids: list[bytes]
    more: bool


class WantSide(NamedTuple):
    """These objects, each named once, answered by `Side` messages and an `End`."""

    ids: list[bytes]


class Side(NamedTuple):
    """One object."""

    raw: bytes


class Buckets(NamedTuple):
    """My frontier's bucket digests, 8 bytes each, a power of two of them; name your places in
    those buckets where yours differ."""

    digests: bytes


class Places(NamedTuple):
    """Places of the differing buckets; `more`: another `Places` follows."""

    places: list[Place]
    more: bool


class Want(NamedTuple):
    """What follows these places, one a log, answered by `SegmentOf` and `Forked` messages and an
    `End`."""

    places: list[Place]


class SegmentOf(NamedTuple):
    """A run of one log: entries `[header, signature, salt, body]`."""

    device: bytes
    lane: int
    entries: list[Any]


class Forked(NamedTuple):
    """The place you named is not in my log: find out where we part."""

    device: bytes
    lane: int


class End(NamedTuple):
    """Everything asked for has been sent."""


class Probe(NamedTuple):
    """Which ids have you at these seqs of the log?"""

    device: bytes
    lane: int
    seqs: list[int]


class Ids(NamedTuple):
    """The ids asked for by a `Probe` or `ProbeChain`, in order; empty bytes where there is none."""

    ids: list[bytes]


class WantBranch(NamedTuple):
    """Headers from `seq` up to the first signed one."""

    device: bytes
    lane: int
    seq: int


class Branch(NamedTuple):
    """`[[header, signature], ...]`; empty if there is no such branch any more."""

    headers: list[Any]


class Turn(NamedTuple):
    """I have what I wanted; here is what I hold now, your turn to ask."""

    hello: list[Any]


class Bye(NamedTuple):
    """The end, with a reason word: `done`, or why the conversation stops."""

    reason: str


class ProbeChain(NamedTuple):
    """Which certificates have you at these heights? Answered by `Ids`."""

    heights: list[int]


MESSAGES: tuple[type[Any], ...] = (
    Hello,
    WantCertificates,
    Certificates,
    WantSideIds,
    SideIds,
    WantSide,
    Side,
    Buckets,
    Places,
    Want,
    SegmentOf,
    Forked,
    End,
    Probe,
    Ids,
    WantBranch,
    Branch,
    Turn,
    Bye,
    ProbeChain,
)
NUMBERS = {message: number for number, message in enumerate(MESSAGES)}


def pack(message: Any) -> bytes:
    """The frame for a message. Fields are lists, integers and bytes, canonical as they are."""
    return cbor2.dumps([NUMBERS[type(message)], *message])


def unpack(frame: bytes) -> Any:
    """The message in a frame; Invalid `bad-message` unless it is exactly one of ours."""
    value = decode(frame, limit=MAX_FRAME)
    if not isinstance(value, list) or not value or type(value[0]) is not int:
        raise _bad("not a message")
    number, *fields = value
    if not 0 <= number < len(MESSAGES):  # type: ignore[operator]
        raise _bad("a number that no message has")
    kind = MESSAGES[number]  # type: ignore[index]
    if len(fields) != len(kind._fields):
        raise _bad(f"{kind.__name__} with the wrong number of fields")
    message = kind(*fields)
    if not _shaped(message):
        raise _bad(f"{kind.__name__} with fields of the wrong shape")
    if isinstance(message, (Places, Want)):
        places = [_place(item) for item in message.places]
        if len({place[:2] for place in places}) != len(places):
            raise _bad(f"{kind.__name__} with two places of one log")
        return message._replace(places=places)
    return message


def _place(value: object) -> Place:
    try:
        return head(value)
    except Invalid as error:
        raise _bad("a place that is not [device, lane, seq, id]") from error


def _shaped(message: Any) -> bool:
    match message:
        case Hello(community, height, certificate, frontier, side, version):
            return (
                _sized(8, community)
                and type(height) is int
                and -1 <= height < 2**53
                and _sized(32, certificate)
                and _sized(16, frontier, side)
                and type(version) is int
            )
        case WantCertificates(height):
            return type(height) is int and 0 <= height < 2**53
        case Certificates(found, certificates, more):
            return (
                (found is None or type(found) is list)
                and type(certificates) is list
                and type(more) is bool
            )
        case SideIds(ids, more):
            return (
                type(ids) is list
                and len(ids) <= MAX_SIDE_IDS
                and _sized(32, *ids)
                and type(more) is bool
                and (bool(ids) or not more)
            )
        case WantSide(ids):
            return (
                type(ids) is list
                and len(ids) <= MAX_WANTS
                and _sized(32, *ids)
                and len(set(ids)) == len(ids)
            )
        case Side(raw):
            return type(raw) is bytes
        case Buckets(digests):
            return type(digests) is bytes and len(digests) in {8 << n for n in range(13)}
        case Places(places, more):
            return (
                type(places) is list
                and len(places) <= MAX_WANTS
                and type(more) is bool
                and (bool(places) or not more)
            )
        case Want(places):
            return type(places) is list and len(places) <= MAX_WANTS
        case SegmentOf(device, lane, entries):
            return _log(device, lane) and type(entries) is list
        case Forked(device, lane):
            return _log(device, lane)
        case Probe(device, lane, seqs):
            return (
                _log(device, lane)
                and type(seqs) is list
                and 1 <= len(seqs) <= 64
                and all(type(seq) is int and 1 <= seq < 2**53 for seq in seqs)
            )
        case ProbeChain(heights):
            return (
                type(heights) is list
                and 1 <= len(heights) <= 64
                and all(type(height) is int and 0 <= height < 2**53 for height in heights)
            )
        case Ids(ids):
            return (
                type(ids) is list
                and len(ids) <= 64
                and all(type(item) is bytes and len(item) in (0, 32) for item in ids)
            )
        case WantBranch(device, lane, seq):
            return _log(device, lane) and type(seq) is int and 1 <= seq < 2**53
        case Branch(headers):
            return type(headers) is list and len(headers) <= 1024
        case Turn(hello):
            return (
                type(hello) is list and len(hello) == len(Hello._fields) and _shaped(Hello(*hello))
            )
        case Bye(reason):
            return (
                type(reason) is str
                and len(reason) <= 64
                and reason.isascii()
                and reason.isprintable()
            )
    return True


def _sized(size: int, *values: object) -> bool:
    return all(type(value) is bytes and len(value) == size for value in values)


def _log(device: object, lane: object) -> bool:
    return _sized(32, device) and type(lane) is int and 0 <= lane <= 2


def _bad(why: str) -> Invalid:
    return Invalid("bad-message", f"a sync message that can't be read: {why}")
