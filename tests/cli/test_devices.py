"""One's devices, the recovery file and the teller's seat, as far as no network is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from node import recovery
from node.network.peer_id import peer_id_of
from node.peers import Peers
from protocol.cards import make_card
from protocol.invitation import Link
from protocol.keys import Signer
from tests.cli.people import ADDRESS, Person, invited, meet

DOOR = f"{ADDRESS}/p2p/{peer_id_of(Signer(b'e' * 32).public)}"


@pytest.fixture(autouse=True)
def _nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.running.join_once", lambda home: None)


def test_the_founders_device_is_there_and_can_not_be_given_up_or_moved(ana: Person) -> None:
    status = ana.do("status")
    (only,) = ana.do("device", "list")["devices"]
    shown = ana.do("teller", "show")

    assert {**only, "since": ""} == {
        "device": status["device"],
        "since": "",
        "status": "certified",
        "here": True,
        "teller": True,
    }
    (seat,) = shown["tellers"]
    assert (seat["person"], seat["device"]) == (status["person"], status["device"])
    assert (seat["name"], seat["mine"], seat["here"], seat["able"]) == ("Ana", True, True, True)
    assert ana.refused("device", "retire", only["device"], "--yes") == "this-device"
    assert ana.refused("device", "retire", "0" * 64, "--yes") == "no-device"
    assert ana.refused("device", "retire", only["device"]) == "not-confirmed"
    assert ana.refused("teller", "move-seat", "--yes") == "here-already"
    assert ana.refused("teller", "accept", "--yes") == "nothing-asked"


def test_a_recovery_file_is_saved_anew_and_tells_whom_to_ask(ana: Person, tmp_path: Path) -> None:
    ben, stick = Person("Ben", tmp_path / "ben"), tmp_path / "stick.txt"
    assert not ana.do("status")["recovery_old"]  # there is nobody who could be named
    invited(ana, ben)
    meet(ana, ben)
    with ana.home() as home, ben.home() as other, home.store.transaction():
        made = make_card(
            other.unlock().device, home.store.community, (ADDRESS,), home.store.now_ms()
        )
        assert Peers(home.store, lambda: 0.0).keep(made)

    assert ana.do("status")["recovery_old"]
    saved = ana.do("recovery", str(stick))

    assert saved == {"recovery_file": str(stick), "name": "Ana", "peers": 1}
    assert stick.stat().st_mode & 0o777 == 0o600
    assert not ana.do("status")["recovery_old"]
    told = recovery.surroundings(stick.read_text())
    assert [*told.peers.values()] == [(ADDRESS,)]
    assert (told.name, told.newest and told.newest[0]) == ("Ana", ana.do("status")["height"])
    (ana.folder / "recovery.txt").unlink()  # as everybody is told to
    ana.do("recovery")
    assert (ana.folder / "recovery.txt").read_text() == stick.read_text()


def test_a_new_home_from_the_file_alone(ana: Person, tmp_path: Path) -> None:
    stick = tmp_path / "stick.txt"
    ana.do("recovery", str(stick))
    again = Person("Again", tmp_path / "again")
    community = bytes.fromhex(ana.do("status")["community"])
    elsewhere = Link(b"c" * 32, b"s" * 32, b"i" * 32, 0, b"z" * 32, {b"d" * 32: (ADDRESS,)})
    here = elsewhere._replace(community=community)

    def refused(*options: str) -> str:
        reason = again.refused("recover", str(stick), "--no-passphrase", *options)
        assert not again.folder.exists()
        return reason

    assert refused() == "no-peer"
    assert refused("--peer", ADDRESS) == "bad-address"
    assert refused("--link", "moothall:join?i=x") == "bad-link"
    assert refused("--link", elsewhere.text()) == "foreign"
    assert again.refused("recover", str(tmp_path / "none")) == "no-file"
    made = again.do("recover", str(stick), "--peer", DOOR, "--link", here.text(), "--no-passphrase")

    assert made["person"] == ana.do("status")["person"]
    assert made["device"] != ana.do("status")["device"]
    assert (made["status"], made["teller"]) == ("waiting", False)
    named = recovery.surroundings((again.folder / "recovery.txt").read_text())
    assert len(named.peers) == 2
    assert named.name == "Ana"
    assert again.refused("recover", str(stick), "--peer", DOOR) == "home-exists"
    assert [each["status"] for each in again.do("device", "list")["devices"]] == ["waiting"]
    assert again.refused("teller", "move-seat", "--yes") == "not-in-yet"
    assert again.refused("device", "retire", made["device"][:8], "--yes") == "not-member"


@pytest.mark.usefixtures("quick_keys")
def test_a_sealed_file_needs_its_passphrase_which_then_seals_the_new_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("three apples\n")
    monkeypatch.setenv("MOOTHALL_PASSPHRASE_FILE", str(secret))
    ana, again = Person("Ana", tmp_path / "ana"), Person("Again", tmp_path / "again")
    ana.do("found", "Elm Street", "--person", "Ana")
    stick = ana.folder / "recovery.txt"

    secret.write_text("two apples\n")
    reason = again.refused("recover", str(stick), "--peer", DOOR)
    assert reason == "wrong-passphrase"
    assert not again.folder.exists()
    secret.write_text("three apples\n")
    again.do("recover", str(stick), "--peer", DOOR)
    assert again.do("profile", "set", "--name", "Ana")
    secret.write_text("two apples\n")
    assert again.refused("profile", "set", "--name", "Anna") == "wrong-passphrase"
