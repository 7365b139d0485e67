"""Letters of the vectors: one record with its box taken apart, and boxes that say nothing."""

from __future__ import annotations

from typing import Any

from nacl.bindings import crypto_secretbox

from protocol import sealing
from protocol.codec import encode
from protocol.keys import Signer
from protocol.letters.message import Message
from protocol.letters.registry import write_letter
from protocol.records import MARKET
from protocol.sealing import COMMIT, HINT, MOST_READERS, PLACE, seal
from tests.protocol.people import ANA, BEN, COMMUNITY, DAN, EVA, Log, h
from tests.protocol.vectors_chain import plain

EPHEMERAL, KEY = h("an ephemeral secret"), h("a content key")
READERS = {"ben device": BEN.device, "eva device": EVA.device}
MESSAGE = Message(to=EVA.person.public, text="Is the bread still there?")


def box(content: bytes, *readers: Signer, author: Signer = BEN.device, key: bytes = KEY) -> Any:
    """A body for these readers."""
    return seal(
        content,
        [each.public for each in readers],
        community=COMMUNITY,
        author=author.public,
        ephemeral=EPHEMERAL,
        key=key,
    )


BODY = box(write_letter("message", MESSAGE.body()), *READERS.values())
SEALED = Log(BEN.device, COMMUNITY, MARKET).add("sealed", BODY)


def letters() -> Any:
    """A box and its letter; then bodies that say nothing to Eva's device."""
    rest = write_letter("message", MESSAGE.body())
    return {
        "record": "sealed",
        "ephemeral": EPHEMERAL.hex(),
        "content_key": KEY.hex(),
        "readers": list(READERS),
        "content": rest.hex(),
        "plain": plain(["message", MESSAGE.body()]),
        "nothing": [
            {"what": what, "body": encode(body).hex()} for what, body in _nothing(rest).items()
        ],
    }


def _nothing(content: bytes) -> dict[str, Any]:
    whole = box(content, EVA.device)
    other = box(content, EVA.device, key=h("another key"))
    commit, cipher = sealing._of_content(KEY, whole["key"], COMMUNITY, BEN.device.public)
    long = crypto_secretbox((500).to_bytes(4, "big") + bytes(60), bytes(24), cipher)
    hints = (whole["to"][:HINT] + bytes(PLACE - HINT)) * MOST_READERS
    return {
        "for others": box(content, ANA.device, DAN.device),
        "copied from another author": box(content, EVA.device, author=ANA.device),
        "a key of small order": {**whole, "key": bytes(32)},
        "sixteen places with her hint": {**whole, "to": hints},
        "another key than the box begins with": {**whole, "to": other["to"]},
        "a length beyond the content": {**whole, "box": commit + long},
        "cut short": {**whole, "box": whole["box"][:-1]},
        "nothing but its beginning": {**whole, "box": whole["box"][:COMMIT] + bytes(20)},
        "no list of kind and body": box(encode({"kind": "message"}), EVA.device),
        "not DAG-CBOR": box(b"\xff\xff", EVA.device),
        "a kind that nobody knows": box(encode(["no-such-kind", {}]), EVA.device),
        "an unreadable body": box(encode(["message", {"text": "hello"}]), EVA.device),
    }
