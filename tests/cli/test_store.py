"""Verifying, rebuilding, and homes that are damaged or can't be written to."""

from __future__ import annotations

import ctypes
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.people import Person, process

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1


def change(ana: Person, statement: str) -> None:
    """Tamper with the database behind everybody's back."""
    connection = sqlite3.connect(ana.folder / "moothall.db", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute(statement)
    connection.close()


def test_a_sound_home_has_no_faults(ana: Person) -> None:
    ana.add()

    checked = ana.do("verify")

    assert checked["faults"] == []
    assert checked["records"] == ana.do("status")["records"]
    assert ana.text("verify") == f"{checked['records']} records, all sound.\n"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET body = zeroblob(length(body)) WHERE kind = 'listing'",
        "UPDATE record SET signature = zeroblob(64) WHERE signature IS NOT NULL",
        "DELETE FROM record WHERE rowid = (SELECT max(rowid) - 1 FROM record)",
    ],
)
def test_a_tampered_home_ends_with_one_and_names_the_fault(ana: Person, statement: str) -> None:
    ana.add()
    ana.add("Cake")
    change(ana, statement.replace("kind = 'listing'", "rowid = (SELECT max(rowid) FROM record)"))

    answer = ana.call("--json", "verify")

    assert (answer.code, answer.err) == (1, "")
    assert answer.data["faults"]
    told = ana.call("verify")
    assert told.code == 1
    assert "Nothing was changed. Make a copy of the home" in told.out


def test_rebuilding_gives_the_same_digest(ana: Person) -> None:
    ana.add()
    before = ana.do("status")["digest"]
    change(ana, "DELETE FROM listing")

    built = ana.do("rebuild")

    assert built["digest"] == before == ana.do("status")["digest"]
    assert built["views"] >= 3
    assert ana.do("listing", "list")["total"] == 1


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100])
def test_a_lost_or_damaged_database_is_said_and_left_as_it_is(ana: Person, content: bytes) -> None:
    database = ana.folder / "moothall.db"
    for extra in ("-wal", "-shm"):
        (ana.folder / f"moothall.db{extra}").unlink(missing_ok=True)
    database.write_bytes(content)

    assert ana.refused("status") == "damaged"
    assert ana.refused("listing", "add", "--title", "Bread", "--mode", "give") == "damaged"


def test_a_page_of_the_database_that_was_overwritten_is_said(ana: Person) -> None:
    for number in range(30):
        ana.add(f"Cup {number}", "--description", "x" * 3000)
    change(ana, "PRAGMA wal_checkpoint(TRUNCATE)")
    database = ana.folder / "moothall.db"
    raw = bytearray(database.read_bytes())
    raw[8192:] = os.urandom(len(raw) - 8192)
    database.write_bytes(raw)

    assert ana.refused("listing", "list") == "damaged"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff"])
def test_a_damaged_key_file_is_said_and_left_as_it_is(ana: Person, content: bytes) -> None:
    keys = ana.folder / "keys.json"
    keys.write_bytes(content)

    assert ana.refused("status") == "damaged-keys"
    assert keys.read_bytes() == content


def _obey_file_rights() -> None:
    """Root may write everywhere; without this capability it may not."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE)


@pytest.fixture
def obedient() -> Callable[[], None] | None:
    """Something to start processes with, so that file rights hold for them."""
    return _obey_file_rights if os.geteuid() == 0 else None


def test_a_read_only_home_is_said_and_nothing_is_changed(
    ana: Person, tmp_path: Path, obedient: Callable[[], None] | None
) -> None:
    files = {path: path.read_bytes() for path in ana.folder.iterdir()}
    for path in (*files, ana.folder):
        path.chmod(0o500 if path.is_dir() else 0o400)

    made = ("found", "Elm Street", "--person", "Ana", "--no-passphrase")
    inside = str(ana.folder / "second")
    answers = [
        process("--home", str(ana.folder), "--json", *command, preexec_fn=obedient)
        for command in (("listing", "add", "--title", "x", "--mode", "give"), ("status",))
    ] + [process("--home", inside, "--json", *made, preexec_fn=obedient)]

    ana.folder.chmod(0o700)
    assert [(each.code, each.reason) for each in answers] == [(1, "read-only")] * 3
    assert {path: path.read_bytes() for path in ana.folder.iterdir()} == files
