"""Changing a running node from its desk, and what it tells about itself."""

from __future__ import annotations

import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.system.people import SAFETY, Person, settle, village
from tests.system.test_first_run import PEERS, Browser


def desk_of(person: Person) -> Browser:
    return Browser(person.ready["desk"])


def test_the_shop_window_is_switched_while_the_node_runs(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Elm Street", "--person", "Ana", "--no-passphrase")
        ana.start(*PEERS)
        assert ana.ready["shop"] is None
        desk = desk_of(ana)

        desk.read("/settings/shop-window")
        desk.send("/settings/shop-window", on="yes", where="machine", port="", address="")
        at = desk.page.split('href="http://127.0.0.1:')[1].split('"')[0]
        shop = f"http://127.0.0.1:{at}"
        with urllib.request.urlopen(shop, timeout=SAFETY) as got:
            assert "Elm Street" in got.read().decode()
        assert ana.stop() == 0

        ana.start(*PEERS)
        assert ana.ready["shop"] == shop  # it stays on, where it was
        desk.read("/settings/shop-window")
        desk.send("/settings/shop-window", where="machine", port="", address="")
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(shop, timeout=SAFETY)
        assert ana.stop() == 0
        ana.start(*PEERS)
        assert ana.ready["shop"] is None


def test_status_and_events_name_people(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)
        watching = subprocess.Popen(
            [part for part in ana.command("watch") if part != "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert watching.stdout is not None
            ana.until(lambda: ana.do("status")["neighbours"], "Ben is in touch")
            (near,) = ana.do("status")["neighbours"]
            assert near["name"] == "Ben"
            text = subprocess.run(
                [part for part in ana.command("status") if part != "--json"],
                capture_output=True,
                text=True,
                timeout=SAFETY,
            ).stdout
            assert "Ana, member of Riverside\n" in text
            assert "in touch with 1 neighbour: Ben (" in text
            assert "Ben" in desk_of(ana).read("/status")

            assert "Ben has made or changed a listing.\n" in told(watching, ben)
        finally:
            watching.kill()
            watching.wait()
            assert watching.stdout is not None
            watching.stdout.close()


def told(watching: subprocess.Popen[str], ben: Person) -> list[str]:
    """What a watcher prints while Ben adds listings, one after the other until it hears of one."""
    heard: list[str] = []

    def listen() -> None:
        assert watching.stdout is not None
        for line in watching.stdout:
            heard.append(line)
            if "listing" in line:
                return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    for number in range(100):
        ben.do("listing", "add", "--title", f"Bread {number}", "--mode", "give")
        listener.join(1)
        if not listener.is_alive():
            break
    return heard


def test_a_store_is_checked_from_the_desk_of_a_running_node(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Elm Street", "--person", "Ana", "--no-passphrase")
        ana.start(*PEERS)
        desk = desk_of(ana)
        desk.read("/settings/check")
        desk.send("/settings/check", work="check")
        tries = 0
        while "all sound" not in desk.read("/settings/check"):
            assert "Under way" in desk.page
            tries += 1
            assert tries < 10_000
        assert ana.stop() == 0


def test_invitations_are_listed_with_notes_and_links(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        ana.do("found", "Elm Street", "--person", "Ana", "--no-passphrase")
        ana.start(*PEERS)
        link = ana.do("invite", "--note", "for Ben")["link"]
        (listed,) = ana.do("invitations")["invitations"]
        assert (listed["note"], listed["status"]) == ("for Ben", "open")
        assert ben.do("join", listed["link"], "--person", "Ben", "--no-passphrase")
        assert listed["link"].startswith(link[:60])
        ana.until(lambda: ana.members().get("Ben") == "member", "Ben is in")

        (listed,) = ana.do("invitations")["invitations"]
        assert (listed["status"], listed["link"]) == ("used", None)
        assert listed["people"] == [ben.do("status")["person"]]
