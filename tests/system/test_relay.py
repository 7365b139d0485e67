"""Two members whom nobody can dial, and one whose node relays: real `moothall run` processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.system.assembly import decide, propose, reaches
from tests.system.people import LOOPBACK, Person, found, village


def link(person: Person, other: Person) -> dict[str, Any] | None:
    """What `peers` says of the connection with this other; None while there is none."""
    rows = {each["name"]: each for each in person.do("peers")["peers"]}
    return rows.get(other.name)


def test_two_behind_nat_meet_over_a_relay_until_one_is_removed(tmp_path: Path) -> None:
    with village(tmp_path, "Rita", "Ana", "Ben") as (rita, ana, ben):
        rita.options = (*LOOPBACK, "--offer-relay")
        for person in (ana, ben):
            person.build = "tests.system.behind_nat"
        found(rita, ana, ben)  # `settle` copies homes whose old addresses are good
        for person, other in ((ana, ben), (ben, ana)):
            person.until(
                lambda p=person, o=other: (link(p, o) or {}).get("way") == "relay",  # type: ignore[misc]
                "they are in touch over the relay",
            )
        row = link(ana, ben)
        assert row is not None
        assert row["relay"] == rita.ready["peer"]
        assert row["address"].endswith("/p2p-circuit")

        lamp = ("--title", "Old lamp", "--mode", "give", "--value", "say-it=It works")
        ana.do("listing", "add", *lamp)
        ben.until(lambda: "Old lamp" in ben.titles(), "the lamp arrives")

        people = {each["name"]: each["person"] for each in rita.do("member", "list")["members"]}
        effect = {"type": "expel", "person": people["Ben"]}
        expel = propose(rita, tmp_path, "expulsion", effect)
        reaches(expel, "open", rita, ana)
        decide(expel, "yes", rita, ana)

        for person in (rita, ana):
            person.until(lambda p=person: link(p, ben) is None, "Ben is cut off")  # type: ignore[misc]
        assert link(ana, rita) is not None
        jam = ("--title", "Plum jam", "--mode", "give", "--value", "say-it=One jar leaks")
        ana.do("listing", "add", *jam)
        rita.until(lambda: "Plum jam" in rita.titles(), "the jam arrives")
        assert "Plum jam" not in ben.titles()
        for person in (rita, ana, ben):
            assert person.stop() == 0
