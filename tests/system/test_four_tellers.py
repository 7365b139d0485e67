"""Four tellers between real `moothall run` processes: no single one holds up or bends a decision."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import four
from tests.system.assembly import propose, reaches, status
from tests.system.people import Person, agree


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The homes of a community whose first four people are its tellers."""
    folder = tmp_path_factory.mktemp("four")
    four.grow(folder)
    yield folder
    shutil.rmtree(folder)


def fee(person: Person, folder: Path) -> str:
    """Propose a fee, which four of the six can decide; the proposal's id."""
    return propose(person, folder, "fees", {"type": "set_fees", "default": {"fee_bps": 500}})


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
        assert (told["agrees"], told["winners"]) == (True, ["yes"])
        four.start(leader)
        reaches(question, "in_effect", leader)
        agree(*people)
        for person in people:
            assert person.do("count", question) == told
            assert person.do("verify")["faults"] == []
            assert person.do("status")["fraud"] == []
            assert person.stop() == 0
