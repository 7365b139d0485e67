"""`peers`, `doctor`, `/network` and `/metrics` of real nodes, and what their logs don't say."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from tests.system.people import COMMAND, SAFETY, Person, agree, settle, village
from tests.system.trade import offers, orders, reaches

SECRETS = ("Bring the blue jar to the old mill", "behind the green door", "for a friend of Cleo")
QUIET = 2000  # bytes: what a node logs while all goes well


def desk_of(person: Person) -> str:
    """The address of the desk, with the slash."""
    return str(person.ready["desk"].partition("login/")[0])


def status_of(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request, timeout=SAFETY) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_who_is_in_touch_is_told_by_command_and_number(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)

        (seen,) = ben.do("peers")["peers"]
        assert seen["name"] == "Ana"
        assert seen["peer"] == ana.ready["peer"]
        assert seen["inviter"] is None
        assert seen["address"].startswith("/ip4/127.0.0.1/tcp/")
        assert min(seen["received"], seen["sent"]) > 1000
        (back,) = ana.do("peers")["peers"]
        assert (back["name"], back["inviter"]) == ("Ben", ana.do("status")["person"])
        assert {seen["way"], back["way"]} == {"in", "out"}
        shown = subprocess.run(
            [COMMAND, "--home", str(ana.home), "peers"],
            capture_output=True,
            text=True,
            timeout=SAFETY,
            check=True,
        ).stdout
        assert shown.startswith("Ben, invited by Ana\n  dialled")

        checks = {each["check"]: each for each in ana.do("doctor")["checks"]}
        assert checks["node"]["state"] == "good"
        assert "In touch with 1 node" in checks["neighbours"]["message"]
        assert "on this computer alone" in checks["ports"]["message"]

        metrics = urllib.request.Request(desk_of(ana) + "metrics")
        assert status_of(metrics) == 401
        token = (ana.home / "metrics.token").read_text().strip()
        metrics.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(metrics, timeout=SAFETY) as answer:
            numbers = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines())
        assert float(numbers['moothall_sync_conversations_total{ended="through"}']) >= 1
        assert float(numbers['moothall_network_bytes_total{direction="received"}']) > 1000
        assert float(numbers[f'moothall_peers{{way="{back["way"]}"}}']) == 1

        ben.kill()
        ana.until(lambda: ana.do("peers")["why"] == "no-answer", "Ben is gone")
        assert ben.refused("peers", code=3)["error"] == "no-node"
        assert ben.do("doctor")["checks"][0]["state"] == "warning"


def test_logs_say_nothing_of_what_was_private(tmp_path: Path) -> None:
    letter, word, note = SECRETS
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)
        invited = ana.do("invite", "--note", note)
        ben.do("message", "send", "Ana", letter)
        ana.until(lambda: ana.do("message", "list")["conversations"], "the letter came")
        order = orders(ben, offers(ana), "--text", word)
        reaches(order, "ordered", ana)
        agree(ana, ben)
        logins = [ana.ready["desk"].rpartition("/")[2], ana.do("desk")["desk"].rpartition("/")[2]]
        assert ana.stop() == ben.stop() == 0

        private = [*SECRETS, *logins, invited["link"], str(ana.home), str(ben.home)]
        private += [invited["link"].partition("?")[2][start : start + 20] for start in (0, 40, 80)]
        for person in (ana, ben):
            log = (tmp_path / f"{person.name.lower()}.log").read_text()
            assert len(log) < QUIET, log
            for secret in private:
                assert secret not in log
