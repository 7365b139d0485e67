"""Somebody who is new, or comes back, as commands see them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.cli.people import Person, invited, meet
from tests.cli.test_members import link


def test_what_a_newcomer_waits_for_is_told(tmp_path: Path) -> None:
    ana, ben = Person("Ana", tmp_path / "ana"), Person("Ben", tmp_path / "ben")
    charter = ana.do("charter", "template", "makers-market")
    charter["membership"] |= {"vouches": 3, "probation_s": 30 * 86_400}
    ana.found("--charter", ana.file("mine.json", json.dumps(charter)))
    invited(ana, ben)
    meet(ana, ben)

    for person in (ana, ben):
        waits = person.do("member", "show", "Ben")["waits"]
        # Ana is the only member, so her invitation is all that there can be.
        assert (waits["needed"], waits["missing"], waits["vouched"]) == (1, 0, [])
        until = datetime.fromisoformat(waits["until"])
        assert timedelta(days=29) < until - datetime.now(UTC) <= timedelta(days=30)
        day = waits["until"][:10]
        assert f"provisional, invited by Ana, on probation until {day}" in person.text(
            "member", "list"
        )
        assert f"Ben, provisional, on probation until {day}" in person.text("member", "show", "Ben")
        assert "waits" not in person.do("member", "show", "Ana")


def test_who_comes_back_is_the_person_of_their_recovery_file(ana: Person, tmp_path: Path) -> None:
    me = ana.do("status")
    file = str(ana.folder / "recovery.txt")
    back = Person("Back", tmp_path / "back")
    text = link(bytes.fromhex(me["community"]))

    assert back.refused("join", text, "--no-passphrase", code=2) == "usage"
    assert back.refused("join", link(), "--recovery", file, "--no-passphrase") == "foreign"
    assert back.refused("join", text, "--recovery", "/nowhere", "--no-passphrase") == "no-file"
    assert not back.folder.exists()
    joined = back.do("join", text, "--recovery", file, "--no-passphrase")

    assert (joined["person"], joined["status"]) == (me["person"], "waiting")
    assert joined["device"] != me["device"]
    assert back.do("status")["person"] == me["person"]
    assert "Ana" in back.folder.joinpath("recovery.txt").read_text()
