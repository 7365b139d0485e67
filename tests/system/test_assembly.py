"""Votes between real `moothall run` processes: what is decided is done, on every node."""

from __future__ import annotations

import json
from pathlib import Path

from tests.system.assembly import decide, proposals, propose, reaches, status
from tests.system.people import Person, agree, settle, village

TABLE = [
    {"role": "community", "bps": 6000, "fallback": None},
    {"role": "host", "bps": 4000, "fallback": "community"},
]


def sales(folder: Path) -> str:
    file = folder / "sales.csv"
    file.write_text("price,category,referrer,host,currency\n20.00,,,ben,EUR\n10.00,,,,EUR\n")
    return str(file)


def test_three_people_decide_and_a_fourth_counts_the_same(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben", "Cleo", "Dan") as (ana, ben, cleo, dan):
        settle(ana, ben, cleo)
        lamp = ("--title", "Old lamp", "--mode", "give", "--value", "say-it=It works")
        cleo.do("listing", "add", *lamp)
        jam = ("--title", "Plum jam", "--mode", "give", "--value", "say-it=One jar leaks")
        jam_id = str(ben.do("listing", "add", *jam)["listing"]["id"])
        ana.until(lambda: "Old lamp" in ana.titles(), "the lamp arrives")

        fee = {"fee_bps": 500, "fee_min": 0, "fee_cap": None, "table": TABLE}
        fees = propose(ben, tmp_path, "fees", {"type": "set_fees", "default": fee})
        reaches(fees, "open", ana, ben)
        before = ben.do("rehearse", fees, "--sales", sales(tmp_path))
        assert before["after"] == {"community": 110, "host": 40, "seller": 2850}
        decide(fees, "yes", ana, ben)  # two of three are certain: it closes early

        value = propose(
            ana,
            tmp_path,
            "values",
            {"type": "amend_values", "amend": [{"id": "say-it", "text": "We say what is wrong."}]},
        )
        decide(value, "consent", ben, cleo, ana)

        people = {each["name"]: each["person"] for each in ana.do("member", "list")["members"]}
        office = propose(
            cleo,
            tmp_path,
            "offices",
            {"type": "elect", "office": "treasurer", "candidates": {"A": "Ben", "B": "Cleo"}},
        )
        decide(office, "A", cleo, ana, ben)

        expel = propose(ana, tmp_path, "expulsion", {"type": "expel", "person": people["Cleo"]})
        reaches(expel, "open", ana, ben, cleo)
        assert cleo.refused("vote", expel, "no")["error"] == "concerned"
        cleo.do("proposal", "comment", expel, "I lent that lamp to everybody.")
        ana.until(lambda: ana.do("proposal", "show", expel)["answers"], "Cleo's answer")
        decide(expel, "yes", ana, ben)

        for person in (ana, ben):
            assert person.members() == {"Ana": "member", "Ben": "member", "Cleo": "removed"}
            assert "Old lamp" not in person.titles()
            claims = person.do("listing", "show", jam_id)["listing"]["values"]
            assert [claim["status"] for claim in claims] == ["changed"]
            charter = person.do("charter", "show")
            assert charter["version"] == 3
            assert [each["name"] for each in charter["officers"]["treasurer"]] == ["Ben"]
            assert charter["fees"]["default"]["fee_bps"] == 500
            after = person.do("rehearse", fees, "--sales", sales(tmp_path))
            assert after["before"] == after["after"] == before["after"]
        history = ana.do("charter", "history")["versions"]
        assert [each["proposal"] for each in history] == [None, fees, value]

        join(ana, dan)
        agree(ana, ben, dan)
        for each in (fees, value, office, expel):
            told = ana.do("count", each)
            assert told["agrees"] is True
            assert dan.do("count", each) == ben.do("count", each) == told
        assert proposals(dan) == proposals(ana)
        for person in (ana, ben, dan):
            assert person.do("verify")["faults"] == []
            digest = person.digest()
            assert person.do("rebuild")["digest"] == digest
            assert person.stop() == 0


def join(member: Person, newcomer: Person) -> None:
    link = member.do("invite")["link"]
    newcomer.do("join", link, "--person", newcomer.name, "--no-passphrase")
    newcomer.start()
    for person in (member, newcomer):
        person.until(
            lambda p=person: p.members().get(newcomer.name) == "member",  # type: ignore[misc]
            f"{newcomer.name} is let in",
        )


def test_the_teller_is_killed_between_any_two_steps_and_goes_on(tmp_path: Path) -> None:
    """Ana's node, which holds the seat, is killed after each step that it takes or is asked for."""
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        charter = ana.do("charter", "template", "kitchen-table")
        rule = {"notice_s": 1, "open_s": 3600, "challenge_s": 1, "delay_s": 1}
        charter["rules"]["advice"] |= rule
        (tmp_path / "charter.json").write_text(json.dumps(charter))
        settle(ana, ben, charter=tmp_path / "charter.json")
        question = propose(ben, tmp_path, "advice", {"type": "advice"}, "--option", "A=Tea")
        seen = []
        for phase in ("notice", "open", "challenge", "in_effect"):
            comes_to(question, phase, ana)
            again(ana)
            seen.append(status(ana, question))
            if phase == "open":
                ana.do("vote", question, "A>status-quo")
                again(ana)
                reaches(question, "open", ben)
                ben.do("vote", question, "A")
                ana.event("record")
                again(ana)
        assert seen[0] in ("notice", "open")
        assert seen[-1] == "in_effect"
        reaches(question, "in_effect", ben)
        told = ana.do("count", question)
        assert (told["ballots"], told["agrees"], told["winners"]) == (2, True, ["A"])
        agree(ana, ben)
        assert ana.do("verify")["faults"] == []


ORDER = ("", "draft", "notice", "open", "counting", "challenge", "in_effect")


def comes_to(proposal: str, phase: str, person: Person) -> None:
    """Wait until the vote has come at least so far."""
    person.until(
        lambda: ORDER.index(status(person, proposal)) >= ORDER.index(phase), f"it is {phase}"
    )


def again(person: Person) -> None:
    """The node is killed, as by a power cut, and started anew."""
    person.kill()
    person.start()
