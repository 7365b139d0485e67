"""The main job between real `moothall run` processes over libp2p on loopback."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

from tests.system.people import SAFETY, agree, found, village


def shop_file(path: Path, count: int) -> Path:
    """A Shopify export of `count` products."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Title", "URL handle", "Description", "Price", "Status", "Option1 name"])
        for number in range(count):
            rows.writerow(
                [f"Jar {number}", f"jar-{number}", f"<p>Jar no. {number}</p>", "4.50", "active", ""]
            )
    return path


def test_three_people_found_join_import_are_killed_and_agree(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben", "Eva") as (ana, ben, eva):
        found(ana, ben, eva)
        small = shop_file(tmp_path / "small.csv", 12)
        large = shop_file(tmp_path / "large.csv", 3000)

        result = ana.do("listing", "import", str(small))
        assert (result["created"], result["errors"]) == (12, [])
        ben.until(lambda: "Jar 7" in ben.titles("jar 7"), "Ben finds a jar")
        eva.until(lambda: "Jar 7" in eva.titles("jar 7"), "Eva finds a jar")
        assert "Jar 7" in eva.page("search?q=jar+7")

        # Ben's node is killed while the import's records are on their way to it.
        importing = subprocess.Popen(
            ana.command("listing", "import", str(large)), stdout=subprocess.DEVNULL
        )
        ben.event("record")
        ben.kill()
        assert importing.wait(SAFETY) == 0
        assert ana.do("listing", "list", "--limit", "1")["total"] == 3000

        ben.start()
        ben.until(
            lambda: ben.do("listing", "list", "--limit", "1")["total"] == 3000, "Ben caught up"
        )
        eva.until(lambda: eva.do("listing", "list", "--limit", "1")["total"] == 3000, "Eva has all")
        agree(ana, ben, eva)
        for person in (ana, ben, eva):
            checked = person.do("verify")
            assert checked["faults"] == []
            assert checked["records"] > 3000
            assert person.do("status")["forks"] == []
            assert person.stop() == 0


def test_an_import_killed_at_any_moment_is_whole_or_nothing(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        file = shop_file(tmp_path / "jars.csv", 400)
        for moment in (0.2, 0.3, 0.4, 0.5, 0.6, 0.8):
            importing = subprocess.Popen(
                ana.command("listing", "import", str(file)), stdout=subprocess.DEVNULL
            )
            try:
                importing.wait(moment)  # not to wait for something: any moment will do
            except subprocess.TimeoutExpired:
                importing.kill()
                importing.wait(SAFETY)
            total = ana.do("listing", "list", "--limit", "1")["total"]
            assert total in (0, 400)
            assert ana.do("verify")["faults"] == []
        again = ana.do("listing", "import", str(file))
        assert again["created"] + again["unchanged"] == 400
        assert ana.do("listing", "list", "--limit", "1")["total"] == 400


def test_a_member_who_was_away_catches_up_from_another_than_the_author(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben", "Eva") as (ana, ben, eva):
        found(ana, ben, eva)
        assert eva.stop() == 0
        ben.do("listing", "add", "--title", "Rye bread", "--mode", "sell", "--price", "3.50")
        ana.until(lambda: "Rye bread" in ana.titles(), "Ana has Ben's bread")
        assert ben.stop() == 0

        eva.start()

        eva.until(lambda: "Rye bread" in eva.titles(), "Eva has Ben's bread from Ana")
        agree(ana, eva)


def test_two_commands_and_a_node_append_at_once_to_one_log(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.start()
        adding = [
            subprocess.Popen(
                ana.command("listing", "add", "--title", f"Cup {n}", "--mode", "give"),
                stdout=subprocess.DEVNULL,
            )
            for n in range(6)
        ]
        assert [each.wait(SAFETY) for each in adding] == [0] * 6
        assert ana.titles() == {f"Cup {n}" for n in range(6)}
        status = ana.do("status")
        assert status["forks"] == []
        assert ana.do("verify")["faults"] == []
