"""The recovery file: read back from a stick or typed in from paper, and a slip is noticed."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.pwhash import argon2id

from node import keystore, recovery
from node.network.peer_id import peer_id_of
from node.recovery import Surroundings
from protocol.errors import Refused
from protocol.keys import Signer

COMMUNITY = b"c" * 32
ANA = Signer(b"p" * 32)


@pytest.fixture(autouse=True, scope="module")
def _quick() -> object:
    """Stretch passphrases as little as Argon2id lets us."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keystore, "OPERATIONS", argon2id.OPSLIMIT_MIN)
        patch.setattr(keystore, "MEMORY", argon2id.MEMLIMIT_MIN)
        yield


BEN = Signer(b"b" * 32).public
AROUND = Surroundings(
    name="Ana",
    peers={BEN: ("/ip4/192.0.2.7/tcp/4001", "/dns4/ben.example/tcp/4001")},
    newest=(12, b"n" * 32),
)


def written(folder: Path, passphrase: str | None = None, name: str = "Ana") -> str:
    path = folder / "recovery.txt"
    recovery.save(path, ANA, COMMUNITY, AROUND._replace(name=name), passphrase)
    assert path.stat().st_mode & 0o777 == 0o600
    return path.read_text(encoding="utf-8")


def reason(text: str, passphrase: str | None = None) -> str:
    with pytest.raises(Refused) as caught:
        recovery.read(text, passphrase)
    return caught.value.reason


@pytest.mark.parametrize("passphrase", [None, "three apples"])
def test_it_gives_back_the_community_and_the_key(tmp_path: Path, passphrase: str | None) -> None:
    community, signer = recovery.read(written(tmp_path, passphrase), passphrase)

    assert (community, signer.seed) == (COMMUNITY, ANA.seed)


@pytest.mark.parametrize("passphrase", [None, "three apples"])
def test_typed_in_from_paper_case_spaces_and_lines_do_not_matter(
    tmp_path: Path, passphrase: str | None
) -> None:
    text = written(tmp_path, passphrase)
    lines = [f"  {line.lower()}  " for line in text.splitlines() if ":" in line]

    _, signer = recovery.read("\r\n".join(lines).replace("  ", " "), passphrase)

    assert signer.seed == ANA.seed


def test_it_says_what_it_is_for_in_plain_words(tmp_path: Path) -> None:
    text = written(tmp_path, None)

    assert "print it" in text
    assert "Ana" in text
    assert "with the passphrase" not in text
    assert "with the passphrase" in written(tmp_path, "three apples")
    assert ANA.seed.hex() not in text


def test_a_sealed_one_needs_the_passphrase(tmp_path: Path) -> None:
    text = written(tmp_path, "three apples")

    assert reason(text) == "passphrase-needed"
    assert reason(text, "two apples") == "wrong-passphrase"


def test_a_name_with_lines_cannot_add_to_the_code(tmp_path: Path) -> None:
    text = written(tmp_path, None, name="Ana\nSecret: AAAA AAAA\nCommunity: 00")

    assert recovery.read(text, None)[1].seed == ANA.seed


@pytest.mark.parametrize("passphrase", [None, "three apples"])
def test_any_slip_in_the_code_is_noticed(tmp_path: Path, passphrase: str | None) -> None:
    text = written(tmp_path, passphrase)
    start = text.index("Sealed: " if passphrase else "Secret: ") + 8
    for at in range(start, text.index("\n\nPeer"), 7):
        if text[at] not in string.ascii_uppercase:
            continue
        other = "A" if text[at] != "A" else "B"
        assert reason(text[:at] + other + text[at + 1 :], passphrase) == "bad-recovery"
        assert reason(text[:at] + text[at + 1 :], passphrase) == "bad-recovery"
        assert reason(text[:at], passphrase) == "bad-recovery"


def test_a_slip_in_a_key_is_noticed(tmp_path: Path) -> None:
    text = written(tmp_path)

    assert reason(text.replace(ANA.public.hex(), "00" * 32)) == "bad-recovery"
    assert reason(text.replace(COMMUNITY.hex(), COMMUNITY.hex()[:-2])) == "bad-recovery"
    assert reason(text.replace("Person:", "Somebody:")) == "bad-recovery"


def test_it_names_neighbours_and_the_newest_certificate(tmp_path: Path) -> None:
    text = written(tmp_path)

    assert recovery.surroundings(text) == AROUND
    assert f"/ip4/192.0.2.7/tcp/4001/p2p/{peer_id_of(BEN)}" in text
    moved = Surroundings(name="Ana", peers={ANA.public: ("/ip6/::1/tcp/1",)}, newest=(13, BEN))
    assert recovery.surroundings(recovery.renewed(text, moved)) == moved
    assert recovery.renewed(recovery.renewed(text, moved), AROUND) == text


def test_its_surroundings_are_renewed_without_the_passphrase(tmp_path: Path) -> None:
    """A file of the first version, without neighbours, too."""
    text = written(tmp_path, "three apples")
    early = "".join(
        f"{line}\n" for line in text.splitlines() if not line.startswith(("Peer", "Newest", "Name"))
    )

    assert recovery.surroundings(early) == Surroundings()
    assert recovery.renewed(early, AROUND) == text
    assert recovery.read(early, "three apples")[1].seed == ANA.seed
    assert recovery.is_sealed(text)
    with pytest.raises(Refused):
        recovery.renewed(text.replace("Sealed: ", "Sealed: A", 1), AROUND)


def test_a_slip_in_an_address_costs_that_address_and_one_in_the_certificate_is_noticed(
    tmp_path: Path,
) -> None:
    text = written(tmp_path)
    worse = text.replace("/ip4/192.0.2.7/tcp/4001/p2p/12D3", "/ip4/192.0.2.7/tcp/4001/p2p/02D3")

    assert recovery.surroundings(worse).peers == {BEN: ("/dns4/ben.example/tcp/4001",)}
    for slip in (text.replace("12 6e6e", "13 6e6e"), text.replace("12 6e6e", "12 6e6f")):
        assert reason(slip) == "bad-recovery"


@pytest.mark.parametrize(
    "address", ["", "/ip4/192.0.2.7/tcp/4001", "/p2p/12D3", "192.0.2.7:4001", "/ip4/\n/p2p/x"]
)
def test_an_address_without_its_node_is_refused(address: str) -> None:
    with pytest.raises(Refused) as caught:
        recovery.door(address)
    assert caught.value.reason == "bad-address"
    assert recovery.door(f"/ip4/192.0.2.7/tcp/4001/p2p/{peer_id_of(BEN)}") == (
        BEN,
        "/ip4/192.0.2.7/tcp/4001",
    )


@given(text=st.text())
def test_any_text_gives_only_an_error_of_ours(text: str) -> None:
    assert reason(text) == "bad-recovery"
    assert reason(f"Community: {text}\nPerson: {text}\nSecret: {text}") == "bad-recovery"
