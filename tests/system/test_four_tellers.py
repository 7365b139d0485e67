"""Four tellers between real `moothall run` processes: no one holds up a decision, or bends it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import four
from tests.system.assembly import decide, propose, reaches
from tests.system.people import Person, agree

HOSTILE = "tests.system.hostile."


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The homes of a community whose first four people are its tellers."""
    folder = tmp_path_factory.mktemp("four")
    four.grow(folder)
    yield folder
    shutil.rmtree(folder)


def fee(person: Person, folder: Path, bps: int = 500) -> str:
    """Propose a fee, which four of the six can decide; the proposal's id."""
    return propose(person, folder, "fees", {"type": "set_fees", "default": {"fee_bps": bps}})


def end_well(*people: Person) -> None:
    """All hold the same, and nothing is wrong with it; their nodes end."""
    agree(*people)
    assert people[0].do("verify")["faults"] == []
    for person in people:
        assert person.stop() == 0


def test_the_leader_is_killed_while_a_vote_closes(grown: Path, tmp_path: Path) -> None:
    with four.community(grown, tmp_path) as people:
        four.start(*people)
        eva, finn = people[4:]
        question = fee(eva, tmp_path)
        reaches(question, "open", *people)
        leader = people[four.leader(eva)]
        here = [person for person in people if person is not leader]
        for person in here[:4]:  # the fourth yes of six decides: the vote closes
            person.do("vote", question, "yes")
        leader.kill()
        reaches(question, "in_effect", *here)
        told = eva.do("count", question)
        assert (told["outcome"], told["agrees"], told["ballots"]) == ("adopted", True, 4)
        four.start(leader)
        reaches(question, "in_effect", leader)
        assert leader.do("count", question) == finn.do("count", question) == told
        assert leader.do("status")["fraud"] == eva.do("status")["fraud"] == []
        end_well(*people)


def test_tellers_who_are_never_there_together_decide(grown: Path, tmp_path: Path) -> None:
    """Eva's node carries what each says to the next: Gil is let in by three who never met."""
    with four.community(grown, tmp_path, "Gil") as people:
        eva, gil = people[4], people[6]
        four.start(eva)
        gil.do("join", eva.do("invite")["link"], "--person", "Gil", "--no-passphrase")
        leader = four.leader(eva)
        first, second, third = (people[(leader + number) % 4] for number in range(3))
        for teller, word in (
            (first, "Finds it right"),  # and has proposed it
            (second, "Finds it right"),
            (third, "Has signed it"),  # since it is the third to find it right
            (second, "Has signed it"),
        ):
            assert eva.members()["Gil"] == "provisional"
            four.start(teller)
            four.said(eva, teller, word)
            assert teller.stop() == 0
        four.start(first)
        eva.until(lambda: eva.members()["Gil"] == "member", "Gil is let in")
        signed = four.tellers(eva)["signed"][0]
        assert {each["name"] for each in signed["by"]} == {first.name, second.name, third.name}
        end_well(eva, first)


def test_two_and_two_decide_nothing_until_they_meet(grown: Path, tmp_path: Path) -> None:
    with four.community(grown, tmp_path) as people:
        ana, ben, cleo, dan, eva, _ = people
        before = four.height(eva)
        questions = fee(ana, tmp_path, 300), fee(eva, tmp_path, 500)
        four.move(ana, ben, proposal=questions[0])
        assert ana.stop() == ben.stop() == 0
        four.move(eva, cleo, dan, proposal=questions[1])
        four.start(ana, ben, port=four.ELSEWHERE)
        for one, other in ((ana, ben), (ben, ana), (cleo, dan), (dan, cleo)):
            four.said(one, other, "Asks that somebody else proposes")
        for half in ((ana, ben), (cleo, dan, eva)):
            names = {person.name for person in half}
            for person in half:
                told = person.do("status")
                assert told["height"] == before
                assert {each["name"] for each in told["neighbours"]} <= names
        ana.stop()
        four.start(ana)  # where the others look for her
        cleo.stop()
        four.start(cleo, port=four.ELSEWHERE)
        reaches(questions[0], "open", *people[:5])
        reaches(questions[1], "open", *people[:5])
        eva.until(lambda: eva.do("status")["compared"]["peers"] >= 3, "eva has compared")
        compared = eva.do("status")["compared"]
        assert (compared["differ"], compared["branch"]) == ([], None)
        end_well(*people[:5])


def test_a_false_time_and_a_double_word_come_to_nothing(grown: Path, tmp_path: Path) -> None:
    with four.community(grown, tmp_path) as people:
        *_, eva, _ = people
        liar = people[four.leader(eva)]
        liar.build = f"{HOSTILE}back_dates"
        honest = [person for person in people[:5] if person is not liar]
        four.start(liar, *honest)
        question = fee(eva, tmp_path)
        reaches(question, "open", *honest)  # once others propose it
        shown = eva.do("proposal", "show", question)
        assert shown["opens"] >= shown["made"]
        device = liar.do("status")["device"]
        noted = [each for person in honest for each in person.do("status")["faults"]]
        assert (f"teller {device}", "back-dated") in {(n["who"], n["reason"]) for n in noted}
        liar.stop()
        liar.build = f"{HOSTILE}signs_twice"
        four.start(liar)
        decide(question, "yes", *honest)
        for person in honest:
            (fraud,) = person.until(lambda p=person: p.do("status")["fraud"], "the proof")  # type: ignore[misc]
            assert fraud["what"] == "double"
            at_fault = [each for each in four.tellers(person)["tellers"] if each["doubled"]]
            assert [each["name"] for each in at_fault] == [liar.name]
            assert [each["device"] for each in at_fault] == [fraud["device"]]
        assert eva.do("count", question)["agrees"] is True
        liar.stop()
        end_well(*honest)


def test_who_drops_a_ballot_is_seen_and_it_counts(grown: Path, tmp_path: Path) -> None:
    with four.community(grown, tmp_path) as people:
        ana, ben, cleo, dan, eva, _ = people
        dan.build = f"{HOSTILE}drops_a_ballot"
        four.start(ana, ben, cleo, dan, eva)
        question = fee(eva, tmp_path)
        reaches(question, "open", eva)
        eva.do("vote", question, "yes")
        forked(dan, ana, ben, cleo, eva)
        decide(question, "yes", ana, ben, cleo)
        reaches(question, "in_effect", eva)
        for person in (ana, eva):
            told = person.do("count", question)
            assert (told["agrees"], told["ballots"], told["here"]) == (True, 4, 4)
            assert "Eva" in {each["name"] for each in told["voted"]}
        dan.stop()
        end_well(ana, ben, cleo, eva)


def test_who_lists_a_late_ballot_is_seen_and_it_does_not_count(grown: Path, tmp_path: Path) -> None:
    with four.community(grown, tmp_path) as people:
        ana, ben, cleo, dan, eva, finn = people
        dan.build = f"{HOSTILE}lists_a_late_ballot"
        four.start(*people)
        question = fee(eva, tmp_path)
        reaches(question, "open", finn)
        finn.stop()
        decide(question, "yes", ana, ben, cleo, eva)
        late = finn.do("vote", question, "no")["ballot"]
        four.start(finn)
        forked(dan, ana, ben, cleo, eva, finn)
        for person in (ana, finn):
            told = person.do("count", question)
            assert (told["agrees"], told["ballots"]) == (True, 4)
            assert late not in {each["ballot"] for each in told["voted"]}
        dan.stop()
        end_well(ana, ben, cleo, eva, finn)


def forked(teller: Person, *people: Person) -> None:
    """Wait until everybody's node shows that this teller wrote its log anew."""
    device = teller.do("status")["device"]
    for person in people:
        forks = person.until(lambda p=person: p.do("status")["forks"], "the fork is shown")  # type: ignore[misc]
        assert [(each["device"], each["lane"]) for each in forks] == [(device, "gov")]


def test_two_tellers_are_lost_and_the_members_recall_them(grown: Path, tmp_path: Path) -> None:
    with four.community(grown, tmp_path) as people:
        ana, ben, _, _, eva, finn = people  # Cleo and Dan are gone for good
        here = (ana, ben, eva, finn)
        four.start(*here)
        names = [word for person in here for word in ("--teller", person.name)]
        recall = eva.do("recall", "new", *names, "--yes")["recall"]
        for person in (ana, ben, finn):
            person.until(
                lambda p=person: (
                    recall in {each["recall"] for each in p.do("recall", "list")["recalls"]}
                ),  # type: ignore[misc]
                "the recall arrives",
            )
            person.do("recall", "sign", recall, "--yes")
        wanted = [person.name for person in here]
        for person in here:
            person.until(lambda p=person: four.names_of_tellers(p) == wanted, "they are tellers")  # type: ignore[misc]
        decide(fee(finn, tmp_path), "yes", *here)
        end_well(*here)
