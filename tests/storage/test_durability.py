"""What was acknowledged is on disk: killed processes, full disks, two writers, damaged files."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from governance.charter import Charter
from governance.templates import template
from node import home as homes
from node.home import Home
from protocol.errors import Invalid, Refused, StoreError
from protocol.keys import Signer
from protocol.kinds.listing import Listing
from protocol.records import MARKET, make_record
from storage import log, own
from storage.digest import digest
from storage.own import Draft
from storage.rows import find_log, insert_records, record_at
from storage.verify import verify
from storage.views.listing_queries import get

APPEND = """
import sys
from pathlib import Path
from node import home as homes, market
from protocol.kinds.listing import Listing
home = homes.open_home(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    made = market.offer(home, Listing(title=f"{sys.argv[3]} {number}", mode="give"))
    print(made.id.hex(), flush=True)
"""


@pytest.fixture
def ana(tmp_path: Path) -> Home:
    charter = Charter.from_data({**template("kitchen-table"), "name": "Riverside"})
    return homes.found(tmp_path / "ana", charter, "Ana", None)


def appending(home: Home, count: int, title: str) -> subprocess.Popen[str]:
    """Another process that offers things in this home and prints each id once it is kept."""
    return subprocess.Popen(
        [sys.executable, "-c", APPEND, str(home.path), str(count), title],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def offer(home: Home, title: str) -> bytes:
    (record_id,) = home.append_here([Draft("listing", Listing(title=title, mode="give").body())])
    return record_id


def test_what_a_killed_process_acknowledged_is_there(ana: Home) -> None:
    acknowledged: list[str] = []
    for kill_after in (1, 3, 7):
        working = appending(ana, 10_000, "Cup")
        assert working.stdout is not None
        with working.stdout:
            acknowledged += [working.stdout.readline().strip() for _ in range(kill_after)]
            working.kill()
            working.wait()
    ana.close()

    again = homes.open_home(ana.path)

    held = {row[0].hex() for row in again.store.db.execute("SELECT id FROM listing")}
    assert set(acknowledged) <= held
    assert verify(again.store)[1] == []
    again.close()


def test_three_processes_at_once_write_one_log_without_a_fork(ana: Home) -> None:
    working = [appending(ana, 15, title) for title in ("Cup", "Jar", "Pot")]
    ids = []
    for each in working:
        said, _ = each.communicate(timeout=60)
        assert each.returncode == 0
        ids += said.split()

    assert len(set(ids)) == 45
    found = find_log(ana.store, ana.device, MARKET)
    assert found is not None
    assert found.head_seq == 46  # and the profile
    assert verify(ana.store)[1] == []
    ana.close()


def test_a_full_disk_is_said_and_costs_nothing_acknowledged(ana: Home) -> None:
    kept = offer(ana, "Bread")
    before = digest(ana.store)
    (pages,) = ana.store.db.execute("PRAGMA page_count").fetchone()
    ana.store.db.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StoreError, match="disk is full") as refusal:
        for number in range(200):
            offer(ana, f"Jar {number} " + "x" * 150)
            before = digest(ana.store)

    assert refusal.value.reason == "disk-full"
    assert digest(ana.store) == before
    assert verify(ana.store)[1] == []
    ana.store.db.execute("PRAGMA max_page_count = 1000000")
    offer(ana, "Room again")
    assert ana.store.db.execute("SELECT 1 FROM listing WHERE id = ?", [kept]).fetchone()
    ana.close()


def test_a_home_that_cannot_be_written_is_said(ana: Home, tmp_path: Path) -> None:
    offer(ana, "Bread")
    ana.store.db.execute("PRAGMA query_only = ON")  # root may write anything, so SQLite refuses

    with pytest.raises(StoreError) as refusal:
        offer(ana, "Jam")

    assert refusal.value.reason == "read-only"
    ana.store.db.execute("PRAGMA query_only = OFF")
    assert verify(ana.store)[1] == []
    ana.close()
    with pytest.raises(StoreError, match="can't be written"):
        homes.prepare(Path("/proc/nowhere/home"))


def test_a_damaged_file_is_left_as_it_is_and_named(ana: Home) -> None:
    database = ana.path / homes.DATABASE
    ana.close()
    for leftover in ("-wal", "-shm"):
        Path(f"{database}{leftover}").unlink(missing_ok=True)
    database.write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    before = database.read_bytes()

    with pytest.raises(StoreError) as refusal:
        homes.open_home(ana.path)

    assert refusal.value.reason == "damaged"
    assert database.read_bytes() == before


def test_a_record_laundered_into_ones_own_log_is_not_signed_over(ana: Home) -> None:
    """Somebody who wrote to the file put words into Ana's log; her signature won't cover them."""
    found = find_log(ana.store, ana.device, MARKET)
    assert found is not None
    fake = make_record(
        Signer(os.urandom(32)),
        community=ana.store.community,
        lane=MARKET,
        seq=found.head_seq + 1,
        prev=found.head_id,
        gov=None,
        kind="listing",
        time_ms=1,
        salt=bytes(16),
        body=Listing(title="Never said", mode="give").body(),
        sign=False,
    )
    with ana.store.transaction():
        insert_records(ana.store, found.no, [fake])
        ana.store.db.execute(
            "UPDATE log SET head_seq = ?, head_id = ? WHERE no = ?",
            [fake.header.seq, fake.id, found.no],
        )

    with pytest.raises(Refused) as refusal:
        offer(ana, "Bread")

    assert refusal.value.reason == "foreign-history"
    assert verify(ana.store)[1] != []
    ana.close()


def test_a_transaction_that_fails_keeps_nothing_of_a_segment(ana: Home) -> None:
    before = digest(ana.store)
    (records,) = ana.store.db.execute("SELECT count(*) FROM record").fetchone()
    device = Signer(os.urandom(32))

    with pytest.raises(Invalid), ana.store.transaction():
        own.append(
            ana.store,
            ana.unlock().device,
            [Draft("listing", {"title": "x", "mode": "give", "version": 1})],
        )
        log.keep_segment(ana.store, device.public, 0, [["nonsense"]])

    assert digest(ana.store) == before
    assert ana.store.db.execute("SELECT count(*) FROM record").fetchone() == (records,)
    head = find_log(ana.store, ana.device, MARKET)
    assert head is not None
    assert record_at(ana.store, head.no, head.head_seq) is not None
    ana.close()


def test_a_home_from_before_opens_and_finds_what_it_held(ana: Home) -> None:
    """An older program kept an index of its own on the ids of listings."""
    bread = offer(ana, "Bread")
    path = ana.store.db.conn.execute("PRAGMA database_list").fetchone()[2]
    ana.close()
    with sqlite3.connect(path) as old:
        old.execute("DROP VIEW listing_version")
        old.execute("CREATE INDEX listing_root ON listing (root64)")
        old.execute("DELETE FROM _sqlite_migrations WHERE name = '0016_versions'")
    old.close()

    again = homes.open_home(ana.path)

    assert get(again.store, bread).listing.title == "Bread"
    names = {row[0] for row in again.store.db.execute("SELECT name FROM sqlite_master")}
    assert "listing_version" in names and "listing_root" not in names
    again.close()


def test_two_that_open_a_new_file_together_make_one_schema(tmp_path: Path) -> None:
    opening = (
        "import sys; from pathlib import Path; from storage.database import open_database;"
        "open_database(Path(sys.argv[1])).close()"
    )
    working = [
        subprocess.Popen(
            [sys.executable, "-c", opening, str(tmp_path / "new.db")], cwd=Path(__file__).parents[2]
        )
        for _ in range(4)
    ]
    assert [each.wait(60) for each in working] == [0] * 4
    with sqlite3.connect(tmp_path / "new.db") as made:
        names = {row[0] for row in made.execute("SELECT name FROM sqlite_master")}
    made.close()
    assert {"record", "log", "certificate", "listing"} <= names
