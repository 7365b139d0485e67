"""The vectors' bytes, as they are and altered, and whether we take them: a JSON object a line.

`altered.mjs` reads the same with the other implementation. The same seed gives the same lines.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import cbor2
from nacl.bindings import crypto_core_ed25519_is_valid_point

from protocol.cards import read_card
from protocol.certificates import read_certificate
from protocol.codec import decode, encode
from protocol.errors import Invalid
from protocol.keys import RECORD, Signer, verified
from protocol.messages import unpack
from protocol.records import read_entry, read_header
from protocol.segments import read_segment

VECTORS = Path(__file__).resolve().parents[2] / "tests" / "vectors" / "protocol.json"
LIMIT = 524_288
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the group
PRIME = 2**255 - 19

DEEP: Any = []
for _ in range(16):
    DEEP = [DEEP]
STRANGE: list[Any] = [
    *(None, True, False, 0, 1, 2, -1, 23, 24, 2**53 - 1, 2**53, 2**53 + 1, 2**64 - 1, -(2**64)),
    *(b"", b"x", bytes(32), b"y" * 32, b"z" * 64, "", "a", "ü", "\ufeffa", "a\0", "\u2028", "🫖"),
    *([], [None], {}, {"": 1}, {"__proto__": {}}, {"__proto__": 1, "constructor": 2}, DEEP),
    *(1.0, 1.5, cbor2.undefined, cbor2.CBORTag(42, b"\0"), cbor2.CBORTag(2, b"\1" * 9)),
]


def readers(community: bytes) -> dict[str, Callable[[bytes], object]]:
    """Name -> what reads such bytes or refuses them."""

    def segment(data: bytes) -> object:
        match decode(data, limit=LIMIT):
            case [bytes(device), int(lane), entries] if not isinstance(lane, bool):
                pass
            case _:
                raise Invalid("bad-segment", "no segment")
        return read_segment(entries, community=community, device=device, lane=lane)

    return {
        "codec": lambda data: decode(data, limit=LIMIT),
        "header": read_header,
        "entry": lambda data: read_entry(decode(data, limit=LIMIT)),
        "segment": segment,
        "certificate": lambda data: read_certificate(decode(data, limit=LIMIT)),
        "message": unpack,
        "card": lambda data: read_card(decode(data, limit=LIMIT), community),
    }


def sources(vectors: Any) -> dict[str, list[bytes]]:
    """Name of a reader -> what it takes as it stands."""
    segments = [
        [
            bytes.fromhex(one["device"]),
            one["lane"],
            decode(bytes.fromhex(one["entries"]), limit=LIMIT),
        ]
        for one in vectors["segments"]
    ]
    card = [bytes.fromhex(vectors["card"][part]) for part in ("raw", "signature")]
    return {
        "codec": [bytes.fromhex(one["hex"]) for one in vectors["codec"]],
        "header": [bytes.fromhex(one["header"]) for one in vectors["records"].values()],
        "entry": [bytes.fromhex(one["entry"]) for one in vectors["records"].values()],
        "segment": [encode(each) for each in segments],
        "certificate": [bytes.fromhex(one["travel"]) for one in vectors["certificates"]],
        "message": [bytes.fromhex(one["frame"]) for one in vectors["messages"]],
        "card": [encode([*card])],
    }


def bend(dice: random.Random, data: bytes) -> bytes:
    """Some bytes changed, left out, put in, said twice, or the end cut off."""
    bent = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        at = dice.randrange(len(bent) + 1)
        match dice.randrange(6):
            case 0 if at < len(bent):
                bent[at] ^= 1 << dice.randrange(8)
            case 1 if at < len(bent):
                bent[at] = dice.randrange(256)
            case 2:
                del bent[at : at + dice.randint(1, 3)]
            case 3:
                bent[at:at] = dice.randbytes(dice.randint(1, 3))
            case 4:
                bent[at:at] = bent[at : at + dice.randint(1, 40)]
            case 5:
                del bent[at:]
    return bytes(bent)


def swap(dice: random.Random, value: Any) -> Any:
    """The value with something in it replaced, left out or said twice."""
    if isinstance(value, list) and value and dice.random() < 0.85:
        changed, at = list(value), dice.randrange(len(value))
        match dice.randrange(8):
            case 0:
                del changed[at]
            case 1:
                changed.insert(at, changed[at])
            case 2:
                other = dice.randrange(len(value))
                changed[at], changed[other] = changed[other], changed[at]
            case _:
                changed[at] = swap(dice, changed[at])
        return changed
    if isinstance(value, dict) and value and dice.random() < 0.85:
        key = dice.choice(list(value))
        return {**value, key: swap(dice, value[key])}
    if isinstance(value, bytes) and dice.random() < 0.6:
        with suppress(Invalid):  # bytes that hold a value of their own
            return cbor2.dumps(swap(dice, decode(value, limit=LIMIT)), canonical=True)
        return bend(dice, value)
    return dice.choice(STRANGE)


def alter(dice: random.Random, data: bytes) -> bytes:
    """What came of it; canonical bytes of another value, or other bytes."""
    if dice.random() < 0.4:
        return bend(dice, data)
    return cbor2.dumps(swap(dice, decode(data, limit=LIMIT)), canonical=dice.random() < 0.8)


def is_taken(read: Callable[[bytes], object], data: bytes) -> bool:
    try:
        read(data)
    except Invalid:
        return False
    return True


def points() -> list[bytes]:
    """Keys on and beside the curve: of small order, not canonical, with a part of small order."""
    some = [Signer(bytes([number]) * 32).public for number in range(1, 4)]
    ys = [0, 1, 2, 3, PRIME - 1, PRIME, PRIME + 1, PRIME + 2, 2**255 - 1]
    ys += [int.from_bytes(bytes.fromhex(text), "little") for text in SMALL]
    return some + [(y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1)]


SMALL = (  # y of the points of order 8
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)


def signatures(dice: random.Random) -> list[dict[str, Any]]:
    """Signatures with keys, points and numbers at the edges, and whether we take them."""
    cases = []
    edges = points()
    for _ in range(400):
        signer = Signer(dice.randbytes(32))
        part = dice.randbytes(8)
        good = signer.sign(RECORD, part)
        r, s = good[:32], int.from_bytes(good[32:], "little")
        key = signer.public
        match dice.randrange(6):
            case 0:
                r = dice.choice(edges)
            case 1:
                key = dice.choice(edges)
            case 2:
                key, r, s = dice.choice(edges), dice.choice(edges), dice.choice((0, 1, 8))
            case 3:
                s = dice.choice((s + ORDER, 0, ORDER, ORDER - 1, s ^ 1 << dice.randrange(252)))
            case 4:
                part = dice.randbytes(8)
        signature = r + (s % 2**256).to_bytes(32, "little")
        cases.append(
            {
                "key": key.hex(),
                "signature": signature.hex(),
                "part": part.hex(),
                "taken": verified(key, signature, RECORD, part),
                "usable": crypto_core_ed25519_is_valid_point(key),
            }
        )
    return cases


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=400, help="altered ones for each reader")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    vectors = json.loads(VECTORS.read_text())
    known = readers(bytes.fromhex(vectors["community"]))
    for reader, originals in sources(vectors).items():
        for number in range(-len(originals), options.each):
            data = originals[number] if number < 0 else alter(dice, dice.choice(originals))
            taken = is_taken(known[reader], data)
            print(json.dumps({"reader": reader, "hex": data.hex(), "taken": taken}))
    for case in signatures(dice):
        print(json.dumps({"reader": "signature", **case}))


if __name__ == "__main__":
    main()
