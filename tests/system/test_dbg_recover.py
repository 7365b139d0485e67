"""The teller's laptop is gone for good: the community goes on, and what was said stays."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.system.people import Person, agree, settle, village


def offer(person: Person, title: str) -> str:
    made = person.do("listing", "add", "--title", title, "--mode", "sell", "--price", "3.50")
    return str(made["listing"]["id"])


def devices(person: Person) -> dict[str, str]:
    """Device -> status, of one's own."""
    return {each["device"]: each["status"] for each in person.do("device", "list")["devices"]}


def test_a_community_outlives_its_tellers_laptop(tmp_path: Path) -> None:
    T0=__import__("time").monotonic()
    stick = tmp_path / "stick.txt"
    with village(tmp_path, "Ana", "Ben", "Again", "Cleo", "Phone") as people:
        print(24, round(__import__('time').monotonic()-T0,1), flush=True)
        ana, ben, again, cleo, phone = people
        print(25, round(__import__('time').monotonic()-T0,1), flush=True)
        settle(ana, ben)
        print(26, round(__import__('time').monotonic()-T0,1), flush=True)
        bread = offer(ana, "Bread")
        print(27, round(__import__('time').monotonic()-T0,1), flush=True)
        ben.until(lambda: "Bread" in ben.titles(), "Ben sees the bread")
        print(28, round(__import__('time').monotonic()-T0,1), flush=True)
        assert ana.do("status")["recovery_old"]
        print(29, round(__import__('time').monotonic()-T0,1), flush=True)
        assert ana.do("recovery", str(stick))["peers"] == 1
        print(30, round(__import__('time').monotonic()-T0,1), flush=True)
        assert not ana.do("status")["recovery_old"]
        print(31, round(__import__('time').monotonic()-T0,1), flush=True)
        lost = ana.do("status")
        print(32, round(__import__('time').monotonic()-T0,1), flush=True)
        agree(ana, ben)
        print(33, round(__import__('time').monotonic()-T0,1), flush=True)
        ana.kill()
        shutil.rmtree(ana.home)

        print(36, round(__import__('time').monotonic()-T0,1), flush=True)
        back = again.do("recover", str(stick), "--no-passphrase")
        print(37, round(__import__('time').monotonic()-T0,1), flush=True)
        assert (back["person"], back["community"]) == (lost["person"], lost["community"])
        print(38, round(__import__('time').monotonic()-T0,1), flush=True)
        assert (back["status"], back["teller"]) == ("provisional", True)
        print(39, round(__import__('time').monotonic()-T0,1), flush=True)
        assert back["device"] != lost["device"]
        print(40, round(__import__('time').monotonic()-T0,1), flush=True)
        again.start()
        print(41, round(__import__('time').monotonic()-T0,1), flush=True)
        assert again.refused("teller", "move-seat")["error"] == "not-confirmed"
        print(42, round(__import__('time').monotonic()-T0,1), flush=True)
        assert ben.refused("teller", "move-seat", "--yes")["error"] == "not-teller"
        print(43, round(__import__('time').monotonic()-T0,1), flush=True)
        again.until(lambda: again.do("status")["peers"], "she is in touch")
        print(44, round(__import__('time').monotonic()-T0,1), flush=True)
        moved = again.do("teller", "move-seat", "--yes")
        print(45, round(__import__('time').monotonic()-T0,1), flush=True)
        assert (moved["device"], moved["retired"]) == (back["device"], lost["device"])
        print(46, round(__import__('time').monotonic()-T0,1), flush=True)
        assert (moved["asked"], moved["attempt"]) == (1, 1)
        print(47, round(__import__('time').monotonic()-T0,1), flush=True)
        ben.until(
            lambda: ben.do("teller", "show")["tellers"][0]["device"] == back["device"],
            "Ben sees the seat on the new laptop",
        )
        print(51, round(__import__('time').monotonic()-T0,1), flush=True)
        assert devices(again) == {lost["device"]: "retired", back["device"]: "certified"}
        print(52, round(__import__('time').monotonic()-T0,1), flush=True)
        assert again.do("status")["name"] == "Ana"

        print(54, round(__import__('time').monotonic()-T0,1), flush=True)
        cleo.do("join", again.do("invite")["link"], "--person", "Cleo", "--no-passphrase")
        print(55, round(__import__('time').monotonic()-T0,1), flush=True)
        cleo.start()
        everybody = {"Ana": "member", "Ben": "member", "Cleo": "member"}
        print(57, round(__import__('time').monotonic()-T0,1), flush=True)
        for person in (again, ben, cleo):
            person.until(lambda p=person: p.members() == everybody, "Cleo is a member")  # type: ignore[misc]
        print(59, round(__import__('time').monotonic()-T0,1), flush=True)
        agree(again, ben, cleo)
        print(60, round(__import__('time').monotonic()-T0,1), flush=True)
        assert cleo.titles() == {"Bread"}
        print(61, round(__import__('time').monotonic()-T0,1), flush=True)
        again.do("listing", "edit", bread, "--title", "Rye bread")
        print(62, round(__import__('time').monotonic()-T0,1), flush=True)
        cleo.until(
            lambda: cleo.titles() == {"Rye bread"}, "the old laptop's listing is Ana's still"
        )

        # Ben takes a second device into use, by hand, and gives it up again.
        print(67, round(__import__('time').monotonic()-T0,1), flush=True)
        ben.do("recovery", str(stick))
        bare = "".join(
            f"{text}\n" for text in stick.read_text().splitlines() if not text.startswith("Peer")
        )
        print(71, round(__import__('time').monotonic()-T0,1), flush=True)
        stick.write_text(bare)
        print(72, round(__import__('time').monotonic()-T0,1), flush=True)
        assert phone.refused("recover", str(stick), "--no-passphrase")["error"] == "no-peer"
        at = ben.ready["addresses"][0]
        print(74, round(__import__('time').monotonic()-T0,1), flush=True)
        there = phone.do("recover", str(stick), "--peer", at, "--no-passphrase")
        print(75, round(__import__('time').monotonic()-T0,1), flush=True)
        assert there["teller"] is False
        print(76, round(__import__('time').monotonic()-T0,1), flush=True)
        phone.start()
        print(77, round(__import__('time').monotonic()-T0,1), flush=True)
        phone.until(lambda: phone.do("status")["status"] == "member", "the phone is certified")
        print(78, round(__import__('time').monotonic()-T0,1), flush=True)
        offer(phone, "Jam")
        print(79, round(__import__('time').monotonic()-T0,1), flush=True)
        ben.until(lambda: "Jam" in ben.titles(), "the jam is there")
        print(80, round(__import__('time').monotonic()-T0,1), flush=True)
        assert ben.refused("device", "retire", ben.do("status")["device"], "--yes")["error"] == (
            "this-device"
        )
        print(83, round(__import__('time').monotonic()-T0,1), flush=True)
        ben.do("device", "retire", there["device"][:8], "--yes")
        print(84, round(__import__('time').monotonic()-T0,1), flush=True)
        phone.until(
            lambda: phone.do("status")["status"] == "retired", "the phone knows it is retired"
        )
        print(87, round(__import__('time').monotonic()-T0,1), flush=True)
        assert phone.refused("listing", "add", "--title", "Rolls", "--mode", "give")["error"] == (
            "retired"
        )
        print(90, round(__import__('time').monotonic()-T0,1), flush=True)
        agree(again, ben, cleo)
        print(91, round(__import__('time').monotonic()-T0,1), flush=True)
        for person in (again, ben, cleo):
            assert person.titles() == {"Rye bread", "Jam"}
            assert person.do("verify")["faults"] == []
            assert person.do("status")["seat"] == {"halted": False, "question": None}