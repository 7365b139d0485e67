"""The commands of membership and market between real nodes, as a member would use them."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from pathlib import Path

from tests.system import commands
from tests.system.people import COMMAND, SAFETY, Person, agree, read_lines, settle, village


def test_a_listing_is_edited_withdrawn_and_seen_so_by_the_other(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)
        made = ana.do(
            "listing", "add", "--title", "Rye bread", "--mode", "sell", "--price", "3.50",
            "--category", "Food", "--place", "Mill Lane", "--quantity", "4",
            "--variant", "Large=5.00*2", "--value", "say-it=Baked on Monday",
            "--description", "With *seeds*",
        )["listing"]  # fmt: skip
        short = made["id"][:8]
        ben.until(lambda: "Rye bread" in ben.titles("bread"), "Ben finds bread")

        seen = ben.do("listing", "show", short)["listing"]
        assert seen["price"] == {"amount": 350, "currency": "EUR"}
        assert seen["person"] == ana.do("status")["person"]
        claim = {"id": "say-it", "evidence": "Baked on Monday", "status": "held"}
        assert seen["values"] == [claim]
        assert seen["variants"][0]["price"] == {"amount": 500, "currency": "EUR"}
        assert seen["status"] == "open"
        assert ben.do("search", "bread", "--max", "3.00")["total"] == 0
        assert ben.do("search", "bread", "--place", "mill lane", "--value", "say-it")["total"] == 1
        assert ben.refused("listing", "edit", short, "--price", "1.00")["error"] == "not-yours"

        ana.do("listing", "edit", short, "--price", "3.80")
        ben.until(
            lambda: ben.do("listing", "show", short)["listing"]["price"]["amount"] == 380,
            "Ben sees the new price",
        )
        ana.do("listing", "withdraw", short)
        ben.until(
            lambda: ben.do("listing", "show", short)["listing"]["status"] == "withdrawn",
            "Ben sees it withdrawn",
        )
        assert ben.titles() == set()
        agree(ana, ben)


def test_profiles_and_members_are_known_on_both_sides(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)

        ben.do("profile", "set", "--skills", "baking, bees", "--needs", "a van", "--place", "Lea")
        ana.until(
            lambda: ana.do("member", "show", "Ben")["profile"]["skills"] == ["baking", "bees"],
            "Ana sees Ben's skills",
        )

        shown = ana.do("member", "show", ben.do("status")["person"][:10])
        assert shown["status"] == "member"
        assert shown["inviter"] == ana.do("status")["person"]
        assert ben.do("member", "list") == ana.do("member", "list")


def test_an_invitation_that_is_used_mistyped_or_foreign_says_which(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben", "Eva", "Dan", "Fay") as (ana, ben, eva, dan, fay):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        assert ana.refused("invite")["error"] == "no-address"
        ana.start()
        links = ana.do("invite", "--uses", "2")["links"]
        assert len(set(links)) == 2
        ben.do("join", links[0], "--person", "Ben", "--no-passphrase")
        ana.until(lambda: ana.members() == {"Ana": "member", "Ben": "member"}, "Ben is in")

        again = eva.refused("join", links[0], "--person", "Eva", "--no-passphrase")
        assert again["error"] == "used"
        assert "new link" in again["message"]
        broken = links[1][:-7] + "AAAAAAA"
        assert dan.refused("join", broken, "--person", "Dan", "--no-passphrase")["error"] == (
            "bad-link"
        )
        assert not dan.home.exists()

        fay.do("found", "Elsewhere", "--person", "Fay", "--no-passphrase")
        fay.start()
        foreign = fay.do("invite")["link"]
        assert fay.stop() == 0
        lost = dan.do("join", foreign, "--person", "Dan", "--no-passphrase")
        assert lost["status"] == "waiting"


def test_a_newcomer_who_found_nobody_gets_in_when_the_inviter_is_back(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.start()
        link = ana.do("invite")["link"]
        address = ana.ready["addresses"]
        assert ana.stop() == 0
        joined = ben.do("join", link, "--person", "Ben", "--no-passphrase")
        assert joined["status"] == "waiting"
        ben.start()

        ana.start()

        assert ana.ready["addresses"] == address  # ports are kept, so the link stays good
        ben.until(lambda: ben.members() == {"Ana": "member", "Ben": "member"}, "Ben is in")


def test_sealed_keys_are_used_by_the_running_node(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        secret = tmp_path / "passphrase"
        secret.write_text("correct horse battery staple\n")
        ana.secret = secret
        ana.do("found", "Riverside", "--person", "Ana")
        assert "correct horse" not in (ana.home / "keys.json").read_text()
        ana.start()
        ana.secret = None

        made = ana.do("listing", "add", "--title", "Jam", "--mode", "give")["listing"]

        assert ana.do("listing", "show", made["id"])["listing"]["title"] == "Jam"
        assert ana.stop() == 0
        refused = ana.refused("listing", "add", "--title", "Tea", "--mode", "give")
        assert refused["error"] == "passphrase-needed"


def test_a_node_ends_by_sigterm_and_only_one_runs_for_a_home(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.start()
        assert ana.refused("run")["error"] == "already-running"
        assert ana.node is not None
        ana.node.send_signal(signal.SIGTERM)
        assert ana.node.wait(SAFETY) == 0
        assert not (ana.home / "node.sock").exists()
        assert ana.refused("watch", code=3)["error"] == "no-node"


def test_watch_tells_of_records_and_certificates(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)
        with (tmp_path / "watch.log").open("w") as log:
            watching = commands.start(ben.command("watch")[1:], os.environ, log.fileno())
        lines: queue.Queue[str] = queue.Queue()
        reader = threading.Thread(target=read_lines, args=(watching, lines), daemon=True)
        reader.start()
        stop = threading.Timer(SAFETY, watching.kill)
        stop.start()
        try:
            seen: list[dict[str, object]] = []
            number = 0
            while not any(event.get("kind") == "listing" for event in seen):
                # `watch` may not be listening yet, so Ana goes on offering until it speaks.
                number += 1
                ana.do("listing", "add", "--title", f"Jar {number}", "--mode", "give")
                ben.until(lambda n=number: f"Jar {n}" in ben.titles(), "Ben has it")  # type: ignore[misc]
                while not lines.empty():
                    seen.append(json.loads(lines.get()))
        finally:
            stop.cancel()
            watching.kill()
            watching.wait(SAFETY)
            reader.join(SAFETY)


def test_help_and_version_need_no_home(tmp_path: Path) -> None:
    person = Person("Ana", tmp_path)
    for arguments in (["--help"], ["listing", "--help"], ["--version"]):
        done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=SAFETY)
        assert done.returncode == 0
        assert done.stdout
    assert person.refused("status")["error"] == "no-home"
    assert person.refused("listing", "add", code=2)["error"] == "usage"


def test_rebuild_gives_the_same_digest(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)
        ben.do("listing", "add", "--title", "Jam", "--mode", "sell", "--price", "2.00")
        ana.until(lambda: "Jam" in ana.titles(), "Ana has the jam")
        before = agree(ana, ben)

        assert ana.do("rebuild")["digest"] == before
        assert ana.digest() == before
