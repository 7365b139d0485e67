"""Key files: what is sealed opens again, is private, and says so when it is damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.pwhash import argon2id

from node import keystore
from protocol.errors import MoothallError, Refused, StoreError
from protocol.keys import Signer

COMMUNITY = b"c" * 32
KEYS = keystore.Keys(person=Signer(b"p" * 32), device=Signer(b"d" * 32))


@pytest.fixture(autouse=True, scope="module")
def _quick() -> object:
    """Stretch passphrases as little as Argon2id lets us."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keystore, "OPERATIONS", argon2id.OPSLIMIT_MIN)
        patch.setattr(keystore, "MEMORY", argon2id.MEMLIMIT_MIN)
        yield


def reason(path: Path, passphrase: str | None) -> str:
    with pytest.raises(MoothallError) as caught:
        keystore.read(path)
        keystore.unlock(path, passphrase)
    return caught.value.reason


def same(keys: keystore.Keys) -> bool:
    return (keys.person.seed, keys.device.seed) == (KEYS.person.seed, KEYS.device.seed)


@pytest.mark.parametrize("passphrase", [None, "three apples", "drei Äpfel 🍎", " ", "x" * 10_000])
def test_keys_open_as_they_were_kept(tmp_path: Path, passphrase: str | None) -> None:
    path = tmp_path / "keys.json"

    keystore.save(path, KEYS, COMMUNITY, passphrase)

    told = keystore.read(path)
    assert (told.community, told.sealed) == (COMMUNITY, passphrase is not None)
    assert (told.person, told.device) == (KEYS.person.public, KEYS.device.public)
    assert same(keystore.unlock(path, passphrase))


def test_a_sealed_file_holds_no_secret_in_the_open(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"

    keystore.save(path, KEYS, COMMUNITY, "three apples")

    text = path.read_text()
    for secret in (KEYS.person.seed, KEYS.device.seed):
        assert secret.hex() not in text
    keystore.save(tmp_path / "again.json", KEYS, COMMUNITY, "three apples")
    assert (tmp_path / "again.json").read_text() != text  # a new salt and nonce each time


def test_a_letter_is_the_same_however_the_keyboard_composes_it(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"

    keystore.save(path, KEYS, COMMUNITY, "caf\u00e9")

    assert same(keystore.unlock(path, "cafe\u0301"))


def test_only_the_owner_can_read_it_whatever_was_there_before(tmp_path: Path) -> None:
    path, partial = tmp_path / "keys.json", tmp_path / "keys.partial"
    partial.write_text("left by a start that was cut off")
    partial.chmod(0o644)
    before = os.umask(0)
    try:
        keystore.save(path, KEYS, COMMUNITY, None)
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == 0o600
    assert not partial.exists()


def test_a_link_in_place_of_the_partial_file_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("mine")
    (tmp_path / "keys.partial").symlink_to(target)

    keystore.save(tmp_path / "keys.json", KEYS, COMMUNITY, None)

    assert target.read_text() == "mine"
    assert not (tmp_path / "keys.json").is_symlink()


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="can't be written") as caught:
        keystore.save(tmp_path / "none" / "keys.json", KEYS, COMMUNITY, None)

    assert caught.value.reason == "read-only"


def test_a_passphrase_that_is_missing_or_wrong_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keystore.save(path, KEYS, COMMUNITY, "three apples")

    assert reason(path, None) == "passphrase-needed"
    for wrong in ("", "three apple", "three apples ", "Three apples"):
        assert reason(path, wrong) == "wrong-passphrase"
    assert reason(tmp_path / "none.json", None) == "no-keys"


@pytest.mark.parametrize("passphrase", [None, "three apples"])
@pytest.mark.parametrize("key", ["community", "person", "device", "secret", "salt", "box"])
@pytest.mark.parametrize("value", [None, "", "00", "zz" * 32, 5, [], "0" * 127, "\u0660" * 64])
def test_a_damaged_value_is_told_from_a_wrong_passphrase(
    tmp_path: Path, passphrase: str | None, key: str, value: object
) -> None:
    path = tmp_path / "keys.json"
    keystore.save(path, KEYS, COMMUNITY, passphrase)
    data = json.loads(path.read_text())
    if key not in data:
        return
    for changed in ({**data, key: value}, {k: v for k, v in data.items() if k != key}):
        path.write_text(json.dumps(changed))
        assert reason(path, passphrase) == "damaged-keys"


def test_keys_that_belong_to_other_names_are_damaged(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keystore.save(path, KEYS, COMMUNITY, None)
    data = json.loads(path.read_text())
    path.write_text(json.dumps({**data, "person": data["device"]}))

    assert reason(path, None) == "damaged-keys"


@settings(max_examples=60)
@given(content=st.binary(max_size=200))
def test_any_bytes_give_only_errors_of_ours(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "keys.json"
    path.write_bytes(content)

    assert reason(path, "three apples") == "damaged-keys"


def test_a_wrong_passphrase_is_refused_and_damage_is_not(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keystore.save(path, KEYS, COMMUNITY, "three apples")

    with pytest.raises(Refused):
        keystore.unlock(path, "no")
    path.write_text("{}")
    with pytest.raises(StoreError):
        keystore.unlock(path, "no")
