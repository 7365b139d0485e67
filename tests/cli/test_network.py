"""`moothall peers` and `moothall doctor` while the node does not run, and each check by itself."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node import home as homes
from node.cli.network import peers_text
from node.doctor import keeping, machine, network, registry
from node.doctor.finding import Situation
from node.home import Home
from node.metrics_token import TOKEN
from storage.database import set_meta
from tests.cli.people import Person, call, invited, meet

NOW = 1_790_000_000_000
STATES = {"good", "warning", "bad"}
QUIET: dict[str, Any] = {  # of a running node with nobody around
    "peers": [],
    "known": 0,
    "why": "alone",
    "addresses": ["/ip4/192.168.1.4/tcp/4001/p2p/12D3"],
    "relaying": {"offers": False, "reserved_at": [], "reserved": 0, "serving": 0},
    "since": "2026-09-21T14:13:20Z",
    "dialled": {},
    "lan": None,
    "compared": None,
    "version": "0.1.0",
}
ROW = {
    "peer": "12D3KooWBen",
    "person": "ab" * 32,
    "name": "Ben",
    "address": "/ip4/192.168.1.5/tcp/4001",
    "way": "out",
    "relay": "",
    "since": "2026-09-21T14:13:20Z",
    "received": 1,
    "sent": 1,
    "inviter": "cd" * 32,
}


def doctor(person: Person, code: int = 0) -> dict[str, dict[str, str]]:
    """What it says, by check."""
    answer = person.call("--json", "doctor")
    assert answer.code == code, answer
    checks = {each["check"]: each for each in answer.data["checks"]}
    for each in checks.values():
        assert set(each) == {"check", "state", "message", "todo"}
        assert each["state"] in STATES
        assert each["message"].endswith("."), each
        assert bool(each["todo"]) == (each["state"] != "good"), each
    return checks


def test_peers_needs_a_running_node(ana: Person):
    assert ana.refused("peers", code=3) == "no-node"
    assert "moothall run" in ana.call("peers").err


@pytest.mark.parametrize("command", ["peers", "doctor"])
def test_without_a_home_both_say_so(tmp_path: Path, command: str):
    answer = call("--json", "--home", str(tmp_path / "nowhere"), command)

    assert (answer.code, answer.reason) == (1, "no-home")


def test_a_new_home_has_nothing_bad(ana: Person):
    checks = doctor(ana)

    assert {name for name, each in checks.items() if each["state"] == "warning"} <= {
        "node",
        "recovery",
        "disk",
    }
    assert "moothall run" in checks["node"]["todo"]
    assert "certificate 0" in checks["versions"]["message"]
    assert str(ana.folder / "recovery.txt") in checks["recovery"]["todo"]


def test_its_text_says_what_to_do_below_each_line(ana: Person):
    lines = ana.text("doctor").splitlines()

    at = next(n for n, line in enumerate(lines) if line.startswith("warning  node: "))
    assert lines[at + 1].strip() == "-> `moothall run` starts it."


@pytest.mark.parametrize("name", ["keys.json", "recovery.txt"])
def test_keys_that_others_may_read_are_bad(ana: Person, name: str):
    (ana.folder / name).chmod(0o644)

    said = doctor(ana, code=1)["permissions"]
    assert said["state"] == "bad"
    assert name in said["message"]
    assert f"chmod 600 {ana.folder / name}" in said["todo"]


def test_a_folder_that_others_may_read_is_a_warning(ana: Person):
    ana.folder.chmod(0o755)

    assert "chmod 700" in doctor(ana)["permissions"]["todo"]


def test_a_token_that_others_may_read_is_a_warning(ana: Person):
    (ana.folder / TOKEN).write_text("secret")
    (ana.folder / TOKEN).chmod(0o644)

    assert doctor(ana)["permissions"]["state"] == "warning"


def test_a_damaged_store_is_bad_and_the_rest_is_looked_at_all_the_same(ana: Person):
    (ana.folder / "moothall.db").write_bytes(b"nothing like a database" * 400)
    for end in ("-wal", "-shm"):
        (ana.folder / f"moothall.db{end}").unlink(missing_ok=True)

    checks = doctor(ana, code=1)
    assert checks["store"]["state"] == "bad"
    assert "Copy the whole folder" in checks["store"]["todo"]
    assert checks["disk"]["state"] in STATES
    assert checks["permissions"]["state"] == "good"


def test_keys_that_can_not_be_read_are_no_reason_to_begin_again(ana: Person):
    (ana.folder / "keys.json").unlink()
    (ana.folder / "keys.json").mkdir()

    said = doctor(ana, code=1)["store"]
    assert said["state"] == "bad"
    assert "keys.json can't be read" in said["message"]
    assert "recover" not in said["todo"]


def test_a_page_of_the_database_that_was_overwritten_is_found(ana: Person):
    file = ana.folder / "moothall.db"
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = database.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'record_h64'"
        ).fetchone()
        (size,) = database.execute("PRAGMA page_size").fetchone()
    database.close()
    with file.open("r+b") as opened:
        opened.seek((root - 1) * size)
        opened.write(b"\xff" * size)

    said = doctor(ana, code=1)["store"]
    assert said["state"] == "bad"
    assert "moothall verify" in said["todo"] or "Copy the whole folder" in said["todo"]


def test_a_home_of_a_newer_program_is_told(ana: Person):
    with sqlite3.connect(ana.folder / "moothall.db") as database:
        database.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('moothall', '9999_later', '')"
        )
    database.close()

    assert "newer version" in doctor(ana, code=1)["store"]["message"]


def test_a_port_that_somebody_else_has_is_a_warning(ana: Person):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with ana.home() as home:
            set_meta(home.store.db, "listen", json.dumps([f"/ip4/127.0.0.1/tcp/{port}"]))
            set_meta(home.store.db, "desk", f"127.0.0.1:{port}")

        said = doctor(ana)["ports"]
        assert said["state"] == "warning"  # it takes free ones
        assert said["message"].count(f"127.0.0.1:{port}") == 2
        assert "--listen" in said["todo"]

    assert doctor(ana)["ports"]["state"] == "good"


def test_a_shop_window_whose_address_went_elsewhere_is_told(ana: Person):
    with ana.home() as home:
        set_meta(home.store.db, "shop", "192.0.2.77:8080")

    said = doctor(ana)["ports"]
    assert said["state"] == "warning"  # the node serves it on this computer alone
    assert "no address of this computer" in said["message"]


def test_an_address_that_went_elsewhere_is_told(ana: Person):
    with ana.home() as home:
        set_meta(home.store.db, "listen", json.dumps(["/ip4/192.0.2.77/tcp/4001"]))

    said = doctor(ana)["ports"]
    assert said["state"] == "warning"  # the node goes on without
    assert "no address of this computer" in said["message"]


def test_a_recovery_file_that_was_saved_elsewhere_has_an_age(ana: Person, tmp_path: Path):
    ana.do("recovery", str(tmp_path / "stick.txt"))
    (ana.folder / "recovery.txt").unlink()

    assert doctor(ana)["recovery"] == {
        "check": "recovery",
        "state": "good",
        "message": "Your recovery file was saved today.",
        "todo": "",
    }


# Each check by itself


@pytest.fixture
def home(ana: Person) -> Iterator[Home]:
    with ana.home() as opened:
        yield opened


@pytest.fixture
def quiet(ana: Person, home: Home) -> Situation:
    """A running node, alone."""
    return Situation(
        path=ana.folder,
        home=home,
        trouble=None,
        running=True,
        network=QUIET,
        now_ms=NOW,
        free=50 * 10**9,
    )


def beside(situation: Situation, **more: Any) -> Situation:
    assert situation.network is not None
    return replace(situation, network={**situation.network, "why": None, **more})


@pytest.mark.parametrize(
    ("free", "state"), [(99 * 10**6, "bad"), (999 * 10**6, "warning"), (10**9, "good")]
)
def test_a_disk_that_fills_up_is_told_in_time(quiet: Situation, free: int, state: str):
    assert machine.disk(replace(quiet, free=free)).state == state


def test_a_node_that_is_older_than_the_program_should_be_started_again(quiet: Situation):
    assert machine.versions(quiet).state == "good"
    assert "start it again" in machine.versions(beside(quiet, version="0.0.9")).todo


def test_a_node_that_does_not_answer_is_told(quiet: Situation):
    assert machine.node(quiet).state == "good"
    assert "does not answer" in machine.node(replace(quiet, network=None)).message


def test_who_listens_on_loopback_alone_is_told(quiet: Situation):
    def said(*addresses: str):
        return machine.ports(beside(quiet, addresses=list(addresses)))

    assert said("/ip4/127.0.0.1/tcp/1/p2p/12D3", "/ip6/::1/tcp/1/p2p/12D3").state == "warning"
    assert said().state == "warning"
    assert said("/ip4/8.8.8.8/tcp/1/p2p/A/p2p-circuit/p2p/12D3").state == "warning"
    assert said("/ip4/127.0.0.1/tcp/1/p2p/12D3", "/ip4/192.168.1.4/tcp/1/p2p/12D3").state == "good"


def test_alone_in_a_community_nobody_is_missing(quiet: Situation):
    said = network.neighbours(quiet)

    assert said is not None
    assert said.state == "good"
    assert network.reachability(quiet) is None
    assert network.comparison(quiet) is None
    assert network.lan(quiet) is None


@pytest.mark.parametrize("why", ["no-addresses", "no-answer", "not-in"])
def test_nobody_in_touch_is_a_warning_with_what_to_do(quiet: Situation, why: str):
    said = network.neighbours(beside(quiet, why=why, known=3))

    assert said is not None
    assert said.state == "warning"
    assert said.todo.endswith(".")


def test_neighbours_are_counted_with_those_who_brought_them_in(quiet: Situation):
    rows = [ROW, {**ROW, "peer": "12D3KooWEva", "person": "ef" * 32}]
    said = network.neighbours(beside(quiet, peers=rows))

    assert said is not None
    assert said.state == "good"
    assert said.message == "In touch with 2 nodes; 1 member invited their people."


def test_neighbours_of_one_branch_alone_are_a_warning(quiet: Situation, home: Home):
    compared = {"peers": 1, "same": 1, "differ": [], "branch": home.person.hex()}
    said = network.neighbours(beside(quiet, peers=[ROW], compared=compared))

    assert said is not None
    assert said.state == "warning"
    assert "Ana" in said.message


def test_another_certificate_elsewhere_is_a_warning(quiet: Situation):
    same = {"peers": 2, "same": 2, "differ": [], "branch": None}
    other = {**same, "differ": [{"peer": "12D3KooWBen", "height": 4, "certificate": "ab" * 32}]}
    good, differs = (
        network.comparison(beside(quiet, peers=[ROW], compared=each)) for each in (same, other)
    )

    assert good is not None
    assert differs is not None
    assert (good.state, differs.state) == ("good", "warning")
    assert "1 of 2 nodes" in differs.message
    assert "moothall teller show" in differs.todo


def test_a_neighbour_that_is_behind_is_not_counted_as_the_same(quiet: Situation):
    compared = {"peers": 4, "same": 3, "differ": [], "branch": None}
    said = network.comparison(beside(quiet, peers=[ROW], compared=compared))

    assert said is not None
    assert said.state == "good"
    assert "the same at 3, and nobody names another chain" in said.message


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (0, None),
        (1, "The addresses of 1 other node are known here."),
        (2, "The addresses of 2 other nodes are known here."),
    ],
)
def test_peers_says_how_many_addresses_are_known(known: int, told: str | None):
    lines = peers_text({"peers": [], "known": known, "why": "no-answer"}, {}, NOW).splitlines()

    assert lines[2:] == ([] if told is None else [told])


def test_reachability_says_what_is_known_and_no_more(quiet: Situation):
    def said(**more: Any):
        found = network.reachability(beside(quiet, **more))
        assert found is not None
        return found

    at = "2026-09-21T15:00:00Z"
    nobody = said()
    assert nobody.state == "warning"
    assert "is not known" in nobody.message
    assert "--offer-relay" in nobody.todo
    assert "--announce" in nobody.todo
    announces = said(announced=["/dns/node.example.org/tcp/14001"]).todo
    assert "You announce /dns/node.example.org/tcp/14001" in announces
    assert "to TCP port 4001 of this computer" in announces
    assert "local network dial your node" in said(dialled={"lan": at}).message
    assert said(dialled={"internet": at}).state == "good"
    assert said(relaying={**QUIET["relaying"], "reserved_at": ["12D3"]}).state == "good"
    assert network.reachability(beside(quiet, addresses=["/ip4/127.0.0.1/tcp/1/p2p/12D3"])) is None
    public = said(addresses=["/ip4/8.8.8.8/tcp/4001/p2p/12D3"])
    assert "firewall" in public.todo
    assert "4001" in public.todo


def test_a_relay_that_nobody_reaches_is_not_told_to_ask_for_a_relay(quiet: Situation):
    offering = {"offers": True, "reserved_at": [], "reserved": 0, "serving": 0}
    member, helper = (
        network.reachability(beside(quiet, peers=[ROW], why=None, relaying=each))
        for each in (QUIET["relaying"], offering)
    )

    assert member is not None
    assert helper is not None
    assert (member.state, helper.state) == ("warning", "warning")
    assert "--offer-relay" in member.todo
    assert "--offer-relay" not in helper.todo
    assert "--announce" in helper.todo


def test_a_relay_is_named_by_whose_node_it_is(quiet: Situation):
    relaying = {"offers": False, "reserved_at": [ROW["peer"]], "reserved": 0, "serving": 0}
    held = network.relay(beside(quiet, peers=[{**ROW, "person": "ef" * 32}], relaying=relaying))
    offered = network.relay(
        beside(quiet, relaying={**QUIET["relaying"], "offers": True, "reserved": 2, "serving": 1})
    )

    assert held is not None
    assert offered is not None
    assert held.message == "Your node has a place at the relay of efefefef."
    assert offered.message == (
        "Your node relays for others: 2 members' nodes have a place here, and 1 connection goes "
        "through it now."
    )
    idle = network.relay(beside(quiet, relaying={**QUIET["relaying"], "offers": True}))
    assert idle is not None
    assert idle.message == "Your node offers to relay for others; no node has a place here now."
    unused = {**QUIET["relaying"], "offers": True, "reserved": 1}
    held = network.relay(beside(quiet, relaying=unused))
    assert held is not None
    assert held.message == (
        "Your node relays for others: 1 member's node has a place here, to be reached when "
        "somebody calls."
    )
    assert network.relay(quiet) is None


@pytest.mark.parametrize(
    ("why", "state"),
    [("loopback-only", "good"), ("no-network", "warning"), ("something-new", "warning")],
)
def test_a_local_network_that_is_not_looked_at_says_why(quiet: Situation, why: str, state: str):
    said = network.lan(beside(quiet, lan={"on": False, "seen": 0, "why": why}))
    seen = network.lan(beside(quiet, lan={"on": True, "seen": 2, "why": None}))

    assert said is not None
    assert seen is not None
    assert said.state == state
    assert "2 nodes seen" in seen.message


def test_a_recovery_file_of_long_ago_should_be_saved_anew(quiet: Situation, home: Home):
    (quiet.path / "recovery.txt").unlink()
    unknown = keeping.recovery(quiet)
    set_meta(home.store.db, "recovery_saved_at", str(NOW - 400 * 86_400_000))
    old = keeping.recovery(quiet)

    assert unknown is not None
    assert old is not None
    assert (unknown.state, old.state) == ("good", "warning")
    assert "400 days ago" in old.message


def test_a_check_that_fails_is_told_and_keeps_no_other_from_being_made(
    ana: Person, monkeypatch: pytest.MonkeyPatch
):
    def broken(situation: Situation) -> None:
        raise ValueError("a letter's text")

    monkeypatch.setitem(registry.CHECKS, "disk", broken)

    checks = doctor(ana, code=1)
    assert "ValueError" in checks["disk"]["message"]
    assert "letter" not in json.dumps(checks)
    assert "ports" in checks


def test_a_clock_that_others_contradict_is_told(quiet: Situation, home: Home):
    set_meta(home.store.db, "clock_doubt", json.dumps([-26 * 3_600_000, 4, NOW]))
    running, before = machine.clock(quiet), machine.clock(replace(quiet, running=False))

    assert (running.state, before.state) == ("bad", "warning")
    assert "26 hours behind: the nodes of 4 members say so" in running.message
    assert "timedatectl" in running.todo
    assert "ran last" in before.message


def test_newest_entries_far_ahead_of_this_clock_are_a_hint(
    ana: Person, tmp_path: Path, quiet: Situation
):
    for name in ("Ben", "Eva", "Dan"):
        other = Person(name, tmp_path / name.lower())
        invited(ana, other)
        meet(ana, other)
    hour = 3_600_000

    fine = machine.clock(replace(quiet, now_ms=homes.now_ms()))
    behind = machine.clock(replace(quiet, now_ms=homes.now_ms() - 30 * hour))

    assert fine.state == "good"
    assert behind.state == "warning"
    assert "30 hours" in behind.message or "29 hours" in behind.message


def test_times_are_said_as_all_commands_say_them(quiet: Situation):
    day_before = {"since": "2026-09-20T14:13:20Z"}
    shown = peers_text({"peers": [{**ROW, **day_before}], "known": 1, "why": None}, {}, NOW)
    dialled = network.reachability(
        beside(quiet, peers=[ROW], why=None, dialled={"internet": "2026-09-21T12:13:20Z"})
    )
    never = network.reachability(beside(quiet, peers=[ROW], why=None, **day_before))

    assert "since 20 September 2026, 14:13 UTC (1 day ago)\n" in shown
    assert dialled is not None
    assert dialled.message.endswith("last on 21 September 2026, 12:13 UTC (2 hours ago).")
    assert never is not None
    assert "since it started on 20 September 2026, 14:13 UTC (1 day ago);" in never.message
