"""Recalls by the command line: begun, signed by others, in force; and what is refused."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from node.cli import completing
from node.cli.main import cli
from node.cli.output import Output
from protocol.certificates import sign_certificate
from storage import certificates, chain
from storage.standing import settle
from tests.cli.council import Council
from tests.cli.people import Person, invited, meet


@pytest.fixture(scope="module")
def elm_street(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("recalls"))
    council.found()
    return council


@pytest.fixture
def council(elm_street: Council, tmp_path: Path) -> Council:
    return elm_street.copy(tmp_path)


def tellers(*people: object) -> list[list[str]]:
    return [[each["name"] for each in one.do("teller", "show")["tellers"]] for one in people]  # type: ignore[attr-defined]


def test_two_of_three_members_put_another_teller_in(council: Council) -> None:
    ben, eva = council.ben, council.eva
    made = ben.do("recall", "new", "--teller", "Eva", "--yes")

    assert (made["signed"], made["needed"], made["persons"]) == (1, 2, 3)
    assert (made["attempt"], made["mine"], made["status"]) == (1, True, "open")
    assert [each["name"] for each in made["tellers"]] == ["Eva"]
    assert [each["name"] for each in made["by"]] == ["Ben"]
    said = ben.text("recall", "show", made["recall"][:8])
    assert "1 of 2 signatures, not enough yet: Ben" in said

    meet(eva, ben)
    assert eva.do("recall", "list")["recalls"] == [{**made, "mine": False}]
    done = eva.do("recall", "sign", made["recall"][:8], "--yes")

    assert (done["signed"], done["status"]) == (2, "in-force")
    council.gather()
    assert tellers(council.ana, ben, eva) == [["Eva"]] * 3
    assert council.act() == []
    assert ben.do("recall", "show", made["recall"])["status"] == "in-force"
    assert council.ana.do("verify")["faults"] == []


def test_who_has_to_sign_and_how_is_said(council: Council) -> None:
    answer = council.ben.call("recall", "new", "--teller", "Eva", "--yes")
    identity = council.ben.do("recall", "list")["recalls"][0]["recall"][:8]
    assert answer.code == 0
    assert (
        f"One more member has to sign, each with `moothall recall sign {identity}`." in answer.out
    )
    meet(council.eva, council.ben)
    assert "they are the tellers now" in council.eva.text("recall", "sign", identity, "--yes")


def test_one_of_each_attempt_is_signed_at_most_and_a_new_one_is_of_the_next(
    council: Council,
) -> None:
    ana, ben, eva = council.ana, council.ben, council.eva
    ours = ben.do("recall", "new", "--teller", "Ben", "--yes")
    theirs = eva.do("recall", "new", "--teller", "Eva", "--yes")
    meet(ben, eva)

    assert ben.refused("recall", "sign", theirs["recall"], "--yes") == "signed-another"
    assert ben.refused("recall", "sign", ours["recall"], "--yes") == "signed-already"
    further = ben.do("recall", "new", "--teller", "Eva", "--yes")
    assert (ours["attempt"], theirs["attempt"], further["attempt"]) == (1, 1, 2)
    meet(eva, ben)
    eva.do("recall", "sign", further["recall"], "--yes")
    meet(ana, eva)
    assert tellers(ana) == [["Eva"]]
    assert ana.refused("recall", "sign", ours["recall"], "--yes") == "no-recall"


def test_the_same_recall_is_joined_and_not_begun_twice(council: Council) -> None:
    made = council.ben.do("recall", "new", "--teller", "Eva", "--yes")
    meet(council.eva, council.ben)
    same = council.eva.do("recall", "new", "--teller", "Eva", "--yes")
    assert same["recall"] == made["recall"]
    assert same["status"] == "in-force"


def test_what_is_refused_writes_nothing(council: Council, tmp_path: Path) -> None:
    ben = council.ben
    before = ben.do("status")["records"]

    assert ben.refused("recall", "new", "--yes", code=2) == "usage"
    assert ben.refused("recall", "new", "--teller", "Ana", "--yes") == "same-tellers"
    assert ben.refused("recall", "new", "--teller", "Nobody", "--yes") == "no-member"
    two = ("--teller", "Eva", "--teller", "Ben")
    assert ben.refused("recall", "new", *two, "--yes") == "how-many"
    twice = ("--teller", "Eva", "--teller", "Eva")
    assert ben.refused("recall", "new", *twice, "--yes") == "twice"
    assert ben.refused("recall", "new", "--teller", "Eva") == "not-confirmed"
    for word in ("sign", "show"):
        yes = ("--yes",) if word == "sign" else ()
        assert ben.refused("recall", word, "12345678", *yes) == "no-recall"
        assert ben.refused("recall", word, "1", *yes) == "no-recall"
    assert ben.do("recall", "list") == {"recalls": [], "reasons": [], "fraud": []}
    assert ben.text("recall", "list") == "No recall is under way.\n"
    assert ben.do("status")["records"] == before


def test_a_newcomer_who_came_later_does_not_sign(council: Council, tmp_path: Path) -> None:
    made = council.ben.do("recall", "new", "--teller", "Eva", "--yes")
    dan = Person("Dan", tmp_path / "dan")
    invited(council.ana, dan)
    meet(dan, council.ana)
    meet(council.ana, dan)
    council.act()
    for other in (council.ana, council.ben):
        meet(dan, other)
    assert dan.refused("recall", "sign", made["recall"], "--yes") == "not-a-signer"


def test_the_shell_completes_recalls(council: Council) -> None:
    made = council.ben.do("recall", "new", "--teller", "Eva", "--yes")
    out = Output(home=council.ben.folder, as_json=False)
    root = cli.make_context("moothall", ["--home", str(council.ben.folder), "recall"], obj=out)
    ctx = click.Context(click.Command("sign"), parent=root)
    param = click.Argument(["recall_id"])

    (item,) = completing.recalls(ctx, param, made["recall"][:4])
    assert (item.value, item.help) == (made["recall"][:8], "Eva")
    assert completing.recalls(ctx, param, "zz") == []


def test_fraud_is_said_wherever_one_looks(council: Council) -> None:
    """Ana's device signs two decisions on one step, and Ben's node hears of both."""
    council.propose(council.ben, "Tea?", "--kind", "advice", "--option", "A=Tea")
    with council.ben.home() as home, council.ana.home() as anas:
        store = home.store
        top = certificates.tip(store)[0]
        before = certificates.at(store, top - 1)
        raw = certificates.body(anas.store, before, "roll", {"cite": [bytes(32)]})
        travel = [raw, 0, [[0, sign_certificate(raw, 0, anas.unlock().device)]]]
        with store.transaction():
            chain.hear(store, travel)
            settle(store)
    ben = council.ben

    (found,) = ben.do("status")["fraud"]
    assert (found["what"], found["height"], found["halted"]) == ("split", top, True)
    assert [each["name"] for each in found["persons"]] == ["Ana"]
    assert "roll" in {each["kind"] for each in found["certificates"]}
    said = ben.text("status")
    assert f"FRAUD: two different decisions at step {top}, signed by Ana" in said
    assert "two certificates contradict each other" in said
    assert ben.do("teller", "show")["halted"]
    assert ben.do("recall", "list")["reasons"] == ["split"]
    assert "The tellers have signed two decisions" in ben.text("recall", "list")
    assert ben.do("verify")["faults"] == []

    made = ben.do("recall", "new", "--teller", "Eva", "--yes")
    assert made["height"] == top - 1
    meet(council.eva, ben)
    assert council.eva.do("recall", "sign", made["recall"], "--yes")["status"] == "in-force"
    meet(ben, council.eva)
    assert tellers(ben, council.eva) == [["Eva"]] * 2
    assert ben.do("recall", "list")["reasons"] == []
    assert [each["halted"] for each in ben.do("status")["fraud"]] == [False]
