"""Votes between real `moothall run` processes: what is decided is done, on every node."""

from __future__ import annotations

from pathlib import Path

from tests.system.assembly import decide, propose, proposals, reaches, status
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
        cleo.do("listing", "add", "--title", "Old lamp", "--mode", "give", "--value", "say-it=It is")
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
            charter = person.do("charter", "show")
            assert charter["version"] == 3
            assert charter["fees"]["default"]["fee_bps"] == 500
            after = person.do("rehearse", fees, "--sales", sales(tmp_path))
            assert after["before"] == after["after"] == before["after"]
            history = person.do("charter", "history")["versions"]
            assert [each["proposal"] for each in history] == [None, fees, value]
            counts = [person.do("count", each) for each in (fees, value, office, expel)]
            assert all(count["agrees"] is True for count in counts)

        join(ana, dan)
        agree(ana, ben, dan)
        for each in (fees, value, office, expel):
            assert dan.do("count", each) == ben.do("count", each) == ana.do("count", each)
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
    """Ana's node, which holds the seat, is killed as soon as it has told of each step."""
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)
        question = propose(ben, tmp_path, "advice", {"type": "advice"}, "--option", "A=Tea")
        steps = 0
        while status(ana, question) != "in_effect":
            told = ana.event("record" if status(ana, question) == "" else "certificate")
            assert told
            ana.kill()
            ana.start()
            steps += 1
            for person in (ana, ben):
                if status(person, question) == "open" and not mine(person, question):
                    person.do("vote", question, "A>status-quo")
        reaches(question, "in_effect", ben)
        assert steps >= 2
        assert ana.do("count", question)["agrees"] is True
        agree(ana, ben)


def mine(person: Person, proposal: str) -> bool:
    return person.do("proposal", "show", proposal)["mine"] is not None
