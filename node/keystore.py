"""The two secret keys of a home: sealed under a passphrase, or in a file only the owner reads.

With a passphrase the seeds lie in a NaCl secret box whose key comes from Argon2id. Without one
the file's rights (0600) are the protection, and that is said when the home is made. Secrets never
enter a log, an error text or a backup of the database.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from nacl.utils import random

from protocol.errors import Refused, StoreError
from protocol.keys import Signer


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


def new_keys() -> Keys:
    """Fresh keys from the system's random source."""
    return Keys(person=Signer(os.urandom(32)), device=Signer(os.urandom(32)))


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
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise StoreError(
            "read-only", f"{path} can't be written ({error.strerror}); nothing was changed."
        ) from error


def read(path: Path) -> KeyFile:
    """The public part of the key file. StoreError if it is damaged."""
    data = _load(path)
    try:
        return KeyFile(
            path=path,
            community=bytes.fromhex(data["community"]),
            person=bytes.fromhex(data["person"]),
            device=bytes.fromhex(data["device"]),
            sealed="box" in data,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error


def unlock(path: Path, passphrase: str | None) -> Keys:
    """The keys. Refused `passphrase-needed` or `wrong-passphrase`."""
    data = _load(path)
    try:
        if "box" not in data:
            secret = bytes.fromhex(data["secret"])
        elif passphrase is None:
            raise Refused("passphrase-needed", "This home's keys are sealed by a passphrase.")
        else:
            key = stretch(passphrase, bytes.fromhex(data["salt"]))
            secret = SecretBox(key).decrypt(bytes.fromhex(data["box"]))
        return Keys(person=Signer(secret[:32]), device=Signer(secret[32:]))
    except CryptoError as error:
        raise Refused("wrong-passphrase", "That is not this home's passphrase.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error


def _load(path: Path) -> dict[str, str]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StoreError("no-keys", f"{path} can't be read ({error.strerror}).") from error
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(data, dict):
        raise _damaged(path)
    return data


def stretch(passphrase: str, salt: bytes) -> bytes:
    """A box key from a passphrase, slow on purpose (Argon2id, about a second)."""
    return bytes(
        argon2id.kdf(
            SecretBox.KEY_SIZE,
            passphrase.encode(),
            salt,
            opslimit=argon2id.OPSLIMIT_MODERATE,
            memlimit=argon2id.MEMLIMIT_MODERATE,
        )
    )


def _damaged(path: Path) -> StoreError:
    return StoreError(
        "damaged-keys",
        f"{path} is damaged and was left as it is. Restore it from a copy, or use the recovery "
        "file to join again with a new device.",
    )
