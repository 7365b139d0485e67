"""The recovery file: a person's secret key on paper or a stick, for the day the laptop is gone.

Plain text that can be printed: what it is for, the community's id and the person key's seed in
base32 with a checksum, in groups of four. With a passphrase the seed is sealed as in the
keystore, so the file alone opens nothing. It can be typed in again from paper: case, spaces and
the other lines don't matter, and a slip is noticed.
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from nacl.utils import random

from node.keystore import stretch, write_private
from protocol.errors import Refused
from protocol.keys import Signer

SEED = 32
SEALED = argon2id.SALTBYTES + SecretBox.NONCE_SIZE + SEED + SecretBox.MACBYTES
CHECK = 4  # bytes of SHA-256 over what comes before them

_HEAD = """Moothall recovery file

Keep this away from your computer: print it, or put it on a stick in a drawer.
Whoever holds it can act as {name} in the community below{sealed}.
It proves who you are when this machine is lost. Restoring from it comes with a later version.

Community: {community}
Person:    {person}
"""


def save(path: Path, person: Signer, community: bytes, name: str, passphrase: str | None) -> None:
    """Write the file for `person`, sealed when there is a passphrase."""
    write_private(path, text(person, community, name, passphrase))


def text(person: Signer, community: bytes, name: str, passphrase: str | None) -> str:
    """What the file says. With a passphrase this takes about a second."""
    secret = person.seed
    if passphrase is not None:
        salt = random(argon2id.SALTBYTES)
        key = stretch(passphrase, salt)
        secret = salt + bytes(SecretBox(key).encrypt(secret))
    code = base64.b32encode(secret + sha256(secret).digest()[:CHECK]).decode().rstrip("=")
    groups = [code[n : n + 4] for n in range(0, len(code), 4)]
    lines = [" ".join(groups[n : n + 8]) for n in range(0, len(groups), 8)]
    head = _HEAD.format(
        name=" ".join(name.split()),  # a line of its own would be read as part of the code
        sealed=", with the passphrase" if passphrase is not None else "",
        community=community.hex(),
        person=person.public.hex(),
    )
    sort = "Sealed" if passphrase is not None else "Secret"
    return head + "\n" + "\n".join(f"{sort}: {line}" for line in lines) + "\n"


def read(text: str, passphrase: str | None) -> tuple[bytes, Signer]:
    """(community id, person key) from the file's text. Refused when it is damaged or sealed."""
    community, person, code, sealed = "", "", "", False
    for line in text.splitlines():
        word, _, rest = line.strip().partition(":")
        match word.strip().casefold():
            case "community":
                community = rest.strip()
            case "person":
                person = rest.strip()
            case "secret" | "sealed" as sort:
                code += "".join(rest.split())
                sealed = sort == "sealed"
    try:
        raw = base64.b32decode(code + "=" * (-len(code) % 8), casefold=True)
        found, public = bytes.fromhex(community), bytes.fromhex(person)
    except (binascii.Error, ValueError) as error:
        raise _damaged() from error
    secret, check = raw[:-CHECK], raw[-CHECK:]
    wanted = SEALED if sealed else SEED
    if len(found) != 32 or len(secret) != wanted or sha256(secret).digest()[:CHECK] != check:
        raise _damaged()
    if sealed:
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
    if signer.public != public:
        raise _damaged()
    return found, signer


def _damaged() -> Refused:
    return Refused(
        "bad-recovery",
        "That recovery file is incomplete or was changed; compare it with your copy.",
    )
