"""The teller's laptop is gone for good: the community goes on, and what was said stays."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.system.people import Person, agree, settle, village


def offer(person: Person, title: str) -> str:
    made = person.do("listing", "add", "--title", title, "--mode", "sell", "--price", "3.50")
    return str(made["listing"]["id"])


def test_a_community_outlives_its_tellers_laptop(tmp_path: Path) -> None:
    stick = tmp_path / "stick.txt"
    with village(tmp_path, "Ana", "Ben", "Again", "Cleo", "Phone") as people:
        ana, ben, again, cleo, phone = people
        settle(ana, ben)
        bread = offer(ana, "Bread")
        ben.until(lambda: "Bread" in ben.titles(), "Ben sees the bread")
        assert ana.do("recovery", str(stick))["peers"] == 1
        lost = ana.do("status")
        ana.kill()
        shutil.rmtree(ana.home)

        back = again.do("recover", str(stick), "--no-passphrase")
        assert (back["person"], back["community"]) == (lost["person"], lost["community"])
        assert (back["status"], back["teller"]) == ("provisional", True)
        again.start()
        again.until(lambda: again.do("status")["peers"], "she is in touch")
        moved = again.do("teller", "move-seat", "--yes")
        assert (moved["device"], moved["retired"]) == (back["device"], lost["device"])
        assert (moved["asked"], moved["attempt"]) == (1, 1)
        ben.until(
            lambda: ben.do("teller", "show")["tellers"][0]["device"] == back["device"],
            "Ben sees the seat on the new laptop",
        )
        assert {
            each["device"]: each["status"] for each in again.do("device", "list")["devices"]
        } == {
            lost["device"]: "retired",
            back["device"]: "certified",
        }

        cleo.do("join", again.do("invite")["link"], "--person", "Cleo", "--no-passphrase")
        cleo.start()
        everybody = {"Ana": "member", "Ben": "member", "Cleo": "member"}
        ben.until(lambda: ben.members() == everybody, "Cleo is a member")
        again.do("listing", "edit", bread, "--title", "Rye bread")
        cleo.until(lambda: cleo.titles() == {"Rye bread"}, "the lost one's listing is Ana's still")

        # Ben takes a second device into use, with an address typed by hand, and gives it up again.
        ben.do("recovery", str(stick))
        stick.write_text(stick.read_text().partition("\nPeer")[0] + "\n")
        at = ben.ready["addresses"][0]
        there = phone.do("recover", str(stick), "--peer", at, "--no-passphrase")
        assert there["teller"] is False
        phone.start()
        phone.until(lambda: phone.do("status")["status"] == "member", "the phone is certified")
        offer(phone, "Jam")
        ben.until(lambda: "Jam" in ben.titles(), "the jam is there")
        ben.do("device", "retire", there["device"][:8], "--yes")
        phone.until(lambda: phone.do("status")["status"] == "retired", "the phone knows of it")
        refused = phone.refused("listing", "add", "--title", "Rolls", "--mode", "give")
        assert refused["error"] == "retired"
        agree(again, ben, cleo)
        assert cleo.titles() == {"Rye bread", "Jam"}
        assert cleo.do("verify")["faults"] == []
