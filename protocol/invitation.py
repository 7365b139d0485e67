"""Invitation links: what a newcomer needs to find a community and prove that they were invited.

`moothall:join?i=PAYLOAD`, or the same `i` on an https address ending in `/join`. The payload is
base64url of a DAG-CBOR array `[1, community, secret, invite, height, certificate, peers]` and 4
bytes of its SHA-256, so that a slip in copying is noticed at once. `secret` is the seed of the
one-time key; `invite` the id of the invitation record; height and certificate the newest one the
inviter knew; peers `[[device key, [address, ...]], ...]`.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from protocol.codec import Plain, decode, encode
from protocol.errors import Invalid, Refused, Term

MAX_PEERS = 8
MAX_ADDRESSES = 8
MAX_ADDRESS = 200
MAX_LINK = 24 * 1024  # characters; a link with the most and longest addresses fits


class Link(NamedTuple):
    """What an invitation link says. `peers`: device key -> multiaddresses."""

    community: bytes
    secret: bytes
    invite: bytes
    height: int
    certificate: bytes
    peers: dict[bytes, tuple[str, ...]]

    def payload(self) -> str:
        """The part after `i=`. Peers and addresses beyond what a link holds are left out."""
        peers: list[Plain] = [
            [device, [*[each for each in where if len(each) <= MAX_ADDRESS][:MAX_ADDRESSES]]]
            for device, where in list(self.peers.items())[:MAX_PEERS]
        ]
        data = encode(
            [
                1,
                self.community,
                self.secret,
                self.invite,
                self.height,
                self.certificate,
                peers,
            ]
        )
        return base64.urlsafe_b64encode(data + sha256(data).digest()[:4]).decode().rstrip("=")

    def text(self, shop: str | None = None) -> str:
        """The link, on a shop window's address where one is given."""
        return (
            f"{shop.rstrip('/')}/join?i={self.payload()}"
            if shop
            else (f"moothall:join?i={self.payload()}")
        )


def read_link(text: str) -> Link:
    """The link a person pasted. Refused `bad-link` with a sentence when it is none, or damaged."""
    pasted = text.strip()
    if len(pasted) > MAX_LINK:
        raise _bad(Term("it is far too long"))
    try:
        address = urlsplit(pasted)
        payload = parse_qs(address.query).get("i", [""])[0]
    except ValueError as error:
        raise _bad(Term("it can't be read")) from error
    if address.scheme not in ("moothall", "http", "https") or not payload:
        raise _bad(Term("it does not begin with moothall:join?i= or end in /join?i=..."))
    try:
        raw = base64.b64decode(payload + "=" * (-len(payload) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad(Term("some letters of it are missing or changed")) from error
    data, check = raw[:-4], raw[-4:]
    if sha256(data).digest()[:4] != check:
        raise _bad(Term("some letters of it are missing or changed"))
    try:
        value = decode(data, limit=MAX_LINK)
    except Invalid as error:
        raise _bad(Term("it can't be read")) from error
    if not isinstance(value, list) or len(value) != 7 or type(value[0]) is not int or value[0] != 1:
        raise _bad(Term("it was made by another version of Moothall"))
    _, community, secret, invite, height, certificate, peers = value
    for key in (community, secret, invite, certificate):
        if type(key) is not bytes or len(key) != 32:
            raise _bad(Term("it can't be read"))
    if type(height) is not int or not -1 <= height < 2**53 or not isinstance(peers, list):
        raise _bad(Term("it can't be read"))
    return Link(
        community,  # type: ignore[arg-type]
        secret,  # type: ignore[arg-type]
        invite,  # type: ignore[arg-type]
        height,
        certificate,  # type: ignore[arg-type]
        dict(_peer(item) for item in peers[:MAX_PEERS]),
    )


def _peer(item: Plain) -> tuple[bytes, tuple[str, ...]]:
    if (
        not isinstance(item, list)
        or len(item) != 2
        or type(item[0]) is not bytes
        or len(item[0]) != 32
        or not isinstance(item[1], list)
        or len(item[1]) > MAX_ADDRESSES
    ):
        raise _bad(Term("it can't be read"))
    where: list[str] = []
    for address in item[1]:
        if not isinstance(address, str) or len(address) > MAX_ADDRESS:
            raise _bad(Term("it can't be read"))
        where.append(address)
    return item[0], tuple(where)


def _bad(why: Term) -> Refused:
    return Refused(
        "bad-link",
        "That is not a whole invitation link: %(why)s. Nothing was changed; copy it again.",
        why=why,
    )
