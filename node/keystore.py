"""The two secret keys of a home: sealed under a passphrase, or in a file only the owner reads.

With a passphrase the seeds lie in a NaCl secret box whose key comes from Argon2id. Without one
the file's rights (0600) are the protection, and that is said when the home is made. Secrets never
enter a log, an error text or a backup of the database. A damaged file is told from a wrong
passphrase as far as that is possible, and is never written over.
"""

from __future__ import annotations

import json
import os
import unicodedata
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from nacl.utils import random

from protocol.errors import Refused, StoreError
from protocol.keys import Signer

OPERATIONS = argon2id.OPSLIMIT_MODERATE
MEMORY = argon2id.MEMLIMIT_MODERATE  # bytes
SECRET = 64  # two seeds
BOX = SecretBox.NONCE_SIZE + SecretBox.MACBYTES + SECRET


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """A person's key and this home's device key."""

    person: Signer
    device: Signer


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyFile:
    """What the file tells without its secrets."""

    path: Path
    community: bytes
    person: bytes
    device: bytes
    sealed: bool


def new_keys(person: Signer | None = None) -> Keys:
    """Fresh keys from the system's random source, or a further device for `person`."""
    return Keys(person=person or Signer(os.urandom(32)), device=Signer(os.urandom(32)))


def save(path: Path, keys: Keys, community: bytes, passphrase: str | None) -> None:
    """Write the key file, readable by its owner alone, and wait until it is on disk."""
    data: dict[str, object] = {
        "version": 1,
        "community": community.hex(),
        "person": keys.person.public.hex(),
        "device": keys.device.public.hex(),
    }
    secret = keys.person.seed + keys.device.seed
    if passphrase is None:
        data["secret"] = secret.hex()
    else:
        salt = random(argon2id.SALTBYTES)
        box = SecretBox(stretch(passphrase, salt))
        data["salt"] = salt.hex()
        data["box"] = bytes(box.encrypt(secret)).hex()
    write_private(path, json.dumps(data, indent=1))


def write_private(path: Path, text: str) -> None:
    """Write a file with rights 0600, on disk on return; StoreError when the folder forbids it."""
    partial = path.with_suffix(".partial")
    try:
        partial.unlink(missing_ok=True)  # a leftover might be readable by others
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # the new name, too
        finally:
            os.close(folder)
    except OSError as error:
        raise StoreError(
            "read-only",
            "%(path)s can't be written to (%(why)s); nothing was changed.",
            path=path,
            why=error.strerror,
        ) from error


def read(path: Path) -> KeyFile:
    """The public part of the key file. StoreError if it is damaged."""
    data = _load(path)
    return KeyFile(
        path=path,
        community=_bytes(path, data, "community", 32),
        person=_bytes(path, data, "person", 32),
        device=_bytes(path, data, "device", 32),
        sealed="box" in data,
    )


def unlock(path: Path, passphrase: str | None) -> Keys:
    """The keys. Refused `passphrase-needed` or `wrong-passphrase`, StoreError if damaged."""
    data = _load(path)
    if "box" not in data:
        secret = _bytes(path, data, "secret", SECRET)
    else:
        salt = _bytes(path, data, "salt", argon2id.SALTBYTES)
        box = _bytes(path, data, "box", BOX)
        if passphrase is None:
            raise Refused("passphrase-needed", "This home's keys are sealed by a passphrase.")
        try:
            secret = SecretBox(stretch(passphrase, salt)).decrypt(box)
        except CryptoError as error:
            raise Refused(
                "wrong-passphrase", "That is not this home's passphrase; nothing was changed."
            ) from error
    keys = Keys(person=Signer(secret[:32]), device=Signer(secret[32:]))
    public = (_bytes(path, data, "person", 32), _bytes(path, data, "device", 32))
    if (keys.person.public, keys.device.public) != public:
        raise _damaged(path)
    return keys


def _bytes(path: Path, data: dict[str, object], key: str, size: int) -> bytes:
    """The hex value under `key`, which has exactly `size` bytes."""
    text = data.get(key)
    try:
        value = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError as error:
        raise _damaged(path) from error
    if len(value) != size:
        raise _damaged(path)
    return value


def _load(path: Path) -> dict[str, object]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StoreError(
            "no-keys", "%(path)s can't be read (%(why)s).", path=path, why=error.strerror
        ) from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path) from error
    if not isinstance(data, dict):
        raise _damaged(path)
    return data


def letters_key(device: Signer, community: bytes) -> bytes:
    """The key under which a home keeps the letters that it has opened."""
    return blake2b(
        community, digest_size=SecretBox.KEY_SIZE, key=device.seed, person=b"moothall/letters"
    ).digest()


def stretch(passphrase: str, salt: bytes) -> bytes:
    """A box key from a passphrase, slow on purpose (Argon2id, RFC 9106; about a second).

    The passphrase is taken in Unicode's form NFC, since keyboards differ in how they write `é`.
    """
    typed = unicodedata.normalize("NFC", passphrase).encode()
    return bytes(
        argon2id.kdf(SecretBox.KEY_SIZE, typed, salt, opslimit=OPERATIONS, memlimit=MEMORY)
    )


def _damaged(path: Path) -> StoreError:
    return StoreError(
        "damaged-keys",
        "%(path)s is damaged and was left as it is. Put a copy of it back; without one, the "
        "recovery file still holds your person key.",
        path=path,
    )
