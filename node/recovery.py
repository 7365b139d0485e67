"""The recovery file: a person's secret key on paper or a stick, for the day the laptop is gone.

Plain text that can be printed: what it is for, the community's id, the person key's seed in
base32 with a checksum, in groups of four, and where neighbours could be reached when it was saved.
With a passphrase the seed is sealed as in the keystore, so the file alone opens nothing. It can
be typed in again from paper: case, spaces and the other lines don't matter, and a slip is noticed;
in a neighbour's address it only means that this one can't be reached. What stands around the
secret can be brought up to date without opening it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from nacl.utils import random

from node.keystore import stretch, write_private
from node.network.peer_id import device_key_of, peer_id_of
from protocol.errors import Invalid, Refused
from protocol.invitation import MAX_ADDRESS, MAX_ADDRESSES, MAX_PEERS
from protocol.keys import Signer

SEED = 32
SEALED = argon2id.SALTBYTES + SecretBox.NONCE_SIZE + SEED + SecretBox.MACBYTES
CHECK = 4  # bytes of SHA-256 over what comes before them

_HEAD = """Moothall recovery file

Keep this away from your computer: print it, or put it on a stick in a drawer.
Whoever holds it can act as {name} in the community below{sealed}.
When this computer is lost, install Moothall on another one and say `moothall recover` with the
name of this file. Save the file anew now and then: it names neighbours who know the way back.

Community: {community}
Person:    {person}
"""

_DOORS = Mapping[bytes, tuple[str, ...]]  # device key -> multiaddresses without /p2p/...


class Surroundings(NamedTuple):
    """What a file says beside the secret. All of it may be missing, as in early files.

    `peers`: devices of neighbours and where they could be reached; `newest`: (height, id) of the
    newest certificate then.
    """

    name: str = ""
    peers: _DOORS = MappingProxyType({})
    newest: tuple[int, bytes] | None = None


def save(
    path: Path,
    person: Signer,
    community: bytes,
    around: Surroundings,
    passphrase: str | None,
) -> None:
    """Write the file for `person`, sealed when there is a passphrase."""
    write_private(path, text(person, community, around, passphrase))


def text(person: Signer, community: bytes, around: Surroundings, passphrase: str | None) -> str:
    """What the file says. With a passphrase this takes about a second."""
    secret = person.seed
    if passphrase is not None:
        salt = random(argon2id.SALTBYTES)
        key = stretch(passphrase, salt)
        secret = salt + bytes(SecretBox(key).encrypt(secret))
    code = base64.b32encode(secret + sha256(secret).digest()[:CHECK]).decode().rstrip("=")
    return _written(community, person.public, code, passphrase is not None, around)


def renewed(old: str, around: Surroundings) -> str:
    """The same secret with other surroundings; no passphrase is needed. Refused when damaged."""
    found = _parse(old)
    _secret(found)
    name = around.name or found.around.name
    return _written(
        found.community, found.person, found.code, found.sealed, around._replace(name=name)
    )


def _written(community: bytes, person: bytes, code: str, sealed: bool, around: Surroundings) -> str:
    name = " ".join(around.name.split())  # a line of its own would be read as part of the code
    groups = [code[n : n + 4] for n in range(0, len(code), 4)]
    head = _HEAD.format(
        name=name or "its owner",
        sealed=", with the passphrase" if sealed else "",
        community=community.hex(),
        person=person.hex(),
    )
    if name:
        head += f"Name:      {name}\n"
    if around.newest is not None:
        height, newest = around.newest
        head += f"Newest:    {height} {newest.hex()} {_checked(height, newest)}\n"
    sort = "Sealed" if sealed else "Secret"
    lines = [f"{sort}: {' '.join(groups[n : n + 8])}" for n in range(0, len(groups), 8)]
    if around.peers:
        lines += ["", *_peer_lines(around.peers)]
    return head + "\n" + "\n".join(lines) + "\n"


def _checked(height: int, newest: bytes) -> str:
    return sha256(height.to_bytes(8, "big") + newest).digest()[:CHECK].hex()


def _peer_lines(peers: _DOORS) -> list[str]:
    return [
        f"Peer: {address}/p2p/{peer_id_of(device)}"
        for device, addresses in list(peers.items())[:MAX_PEERS]
        for address in addresses[:MAX_ADDRESSES]
        if len(address) <= MAX_ADDRESS
    ]


def read(text: str, passphrase: str | None) -> tuple[bytes, Signer]:
    """(community id, person key) from the file's text. Refused when it is damaged or sealed."""
    found = _parse(text)
    secret = _secret(found)
    if found.sealed:
        if passphrase is None:
            raise Refused("passphrase-needed", "This recovery file is sealed by a passphrase.")
        salt, box = secret[: argon2id.SALTBYTES], secret[argon2id.SALTBYTES :]
        try:
            secret = SecretBox(stretch(passphrase, salt)).decrypt(box)
        except CryptoError as error:
            raise Refused(
                "wrong-passphrase", "That is not the recovery file's passphrase."
            ) from error
    signer = Signer(secret)
    if signer.public != found.person:
        raise _damaged()
    return found.community, signer


def is_sealed(text: str) -> bool:
    """Whether a passphrase opens this file. Refused when it is damaged."""
    found = _parse(text)
    _secret(found)
    return found.sealed


def community_of(text: str) -> bytes:
    """The id of the community that the file is about. Refused when it is damaged."""
    return _parse(text).community


def surroundings(text: str) -> Surroundings:
    """What the file says beside the secret. Refused when it is damaged."""
    return _parse(text).around


class _Parsed(NamedTuple):
    community: bytes
    person: bytes
    code: str
    sealed: bool
    around: Surroundings


def _parse(text: str) -> _Parsed:
    """The lines of a file, the code not opened yet."""
    said: dict[str, str] = {}
    code, sealed = "", False
    peers: dict[bytes, tuple[str, ...]] = {}
    for line in text.splitlines():
        word, _, rest = line.strip().partition(":")
        match word.strip().casefold():
            case "community" | "person" | "name" | "newest" as key:
                said[key] = rest.strip()
            case "secret" | "sealed" as sort:
                code += "".join(rest.split()).upper()
                sealed = sort == "sealed"
            case "peer":
                _add_door(peers, rest.strip())
    try:
        community, person = (bytes.fromhex(said[key]) for key in ("community", "person"))
    except (KeyError, ValueError) as error:
        raise _damaged() from error
    if len(community) != 32:
        raise _damaged()
    name = said.get("name", "")
    newest = _newest(said["newest"]) if "newest" in said else None
    return _Parsed(community, person, code, sealed, Surroundings(name, peers, newest))


def _secret(found: _Parsed) -> bytes:
    """What the code says, which may still be sealed. Refused after a slip."""
    try:
        raw = base64.b32decode(found.code + "=" * (-len(found.code) % 8))
    except (binascii.Error, ValueError) as error:
        raise _damaged() from error
    secret, check = raw[:-CHECK], raw[-CHECK:]
    wanted = SEALED if found.sealed else SEED
    if len(secret) != wanted or sha256(secret).digest()[:CHECK] != check:
        raise _damaged()
    return secret


def _newest(line: str) -> tuple[int, bytes]:
    """Height and id of a certificate. A slip would look like another community: it is refused."""
    try:
        height, newest, check = line.split()
        found = int(height), bytes.fromhex(newest)
        if check.casefold() != _checked(*found):
            raise ValueError("its check does not fit")
    except (ValueError, OverflowError) as error:
        raise _damaged() from error
    return found


def _add_door(peers: dict[bytes, tuple[str, ...]], address: str) -> None:
    """One more place where somebody can be reached; nothing when it can't be read."""
    try:
        device, where = door(address)
    except Refused:
        return
    if device in peers or len(peers) < MAX_PEERS:
        peers[device] = (*peers.get(device, ()), where)[:MAX_ADDRESSES]


def door(address: str) -> tuple[bytes, str]:
    """(device key, multiaddress without its end) of a full address; Refused `bad-address`."""
    where, _, peer = address.strip().rpartition("/p2p/")
    try:
        device = device_key_of(peer)
    except Invalid as error:
        raise _no_address(address) from error
    if not where.startswith("/") or not where.isprintable() or len(where) > MAX_ADDRESS:
        raise _no_address(address)
    return device, where


def _no_address(address: str) -> Refused:
    return Refused(
        "bad-address",
        "%(address)s is no address of a node: one looks like /ip4/192.0.2.7/tcp/4001/p2p/12D3Ko... "
        "and is what `moothall run` prints when it is ready.",
        address=address,
    )


def _damaged() -> Refused:
    return Refused(
        "bad-recovery",
        "That recovery file is incomplete or was changed; compare it with your copy.",
    )
