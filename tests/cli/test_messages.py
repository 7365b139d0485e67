"""Messages by the command line: written, read by whom they are for, refused with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.council import Council
from tests.cli.people import Person, invited, meet

SECRET = "Meet me behind the bakery at seven."


@pytest.fixture(scope="module")
def elm_street(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("messages"))
    council.found()
    return council


@pytest.fixture
def council(elm_street: Council, tmp_path: Path) -> Council:
    return elm_street.copy(tmp_path)


def texts(person: Person, other: str) -> list[str]:
    return [each["text"] for each in person.do("message", "list", other)["messages"]]


def test_a_message_is_read_by_whom_it_is_for_and_by_nobody_else(council: Council) -> None:
    ana, ben, eva = council.ana, council.ben, council.eva
    sent = ben.do("message", "send", "Eva", SECRET)["message"]
    assert sent["delivery"] == {"state": "sent", "nodes": 0}
    assert texts(ben, "Eva") == [SECRET]
    council.gather()  # by way of Ana, who never meets both at once

    (talk,) = eva.do("message", "list")["conversations"]
    assert (talk["name"], talk["messages"], talk["unread"]) == ("Ben", 1, 1)
    assert talk["newest"]["text"] == SECRET
    (came,) = eva.do("message", "list", "Ben")["messages"]
    assert came["delivery"] is None
    assert not came["mine"]
    assert (came["from"], came["id"]) == (sent["from"], sent["id"])
    assert eva.do("message", "list")["conversations"][0]["unread"] == 0  # they were listed
    assert ana.do("message", "list")["conversations"] == []
    assert ana.refused("message", "show", sent["id"]) == "no-letter"

    for person in (ana, ben, eva):
        for file in sorted(person.folder.iterdir()):
            if file.is_file():
                assert SECRET.encode() not in file.read_bytes(), file


def test_an_answer_is_about_what_the_first_was_about(council: Council) -> None:
    ana, ben, eva = council.ana, council.ben, council.eva
    bread = ben.add("Rye bread")
    council.gather()
    eva.do("message", "send", "Ben", "Is it sour?", "--about", bread["id"][:8])
    council.gather()
    ben.do("message", "send", "Eva", "Very.", "--about", bread["id"])
    council.gather()

    assert texts(eva, "Ben") == texts(ben, "Eva") == ["Is it sour?", "Very."]
    said = eva.text("message", "list", "Ben")
    assert f"about listing {bread['id'][:8]}: Rye bread" in said
    assert "\n  Very.\n" in said
    assert "Ben to Eva" in said
    assert "Ben   1 new  Is it sour?" not in eva.text("message", "list")
    assert ana.text("message", "list") == "There is none.\n"


def test_a_rebuilt_home_opens_its_letters_again(council: Council) -> None:
    ben, eva = council.ben, council.eva
    ben.do("message", "send", "Eva", "First")
    council.gather()
    assert texts(eva, "Ben") == ["First"]
    before = eva.do("message", "list", "Ben")
    digest = eva.do("status")["digest"]

    assert eva.do("rebuild")["digest"] == digest
    assert eva.do("message", "list", "Ben") == before
    assert eva.do("verify")["faults"] == []


def test_a_letter_of_several_lines_from_a_file(council: Council) -> None:
    text = "Dear Eva,\n\nyours,\tBen\n"
    council.ben.do("message", "send", "Eva", "-f", council.ben.file("letter.txt", text))
    assert texts(council.ben, "Eva") == [text.strip("\n")]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("Eva", "x" * 4001), "too-long"),
        (("Eva", " \n "), "empty"),
        (("Eva", "bell \x07"), "bad-text"),
        (("Ben", "to myself"), "oneself"),
        (("Zoe", "hello"), "no-member"),
        (("Eva", "hello", "--about", "0123456789"), "no-topic"),
        (("Eva", "-f", "/nowhere/at/all"), "no-file"),
    ],
)
def test_what_cannot_be_sent_is_refused_and_nothing_written(
    council: Council, arguments: tuple[str, ...], reason: str
) -> None:
    ben = council.ben
    records = ben.do("verify")["records"]
    assert ben.refused("message", "send", *arguments) == reason
    assert ben.do("verify")["records"] == records
    assert ben.do("message", "list")["conversations"] == []


def test_a_file_of_more_than_a_letter_holds_is_refused_in_one_sentence(council: Council) -> None:
    file = council.ben.file("long.txt", "a" * 20_000)
    answer = council.ben.call("message", "send", "Eva", "-f", file)
    assert answer.code == 1
    assert answer.err == ("The message has 20000 characters; 4000 fit. Nothing was written.\n")


def test_sealed_keys_are_asked_for_only_when_there_is_something_to_open(
    council: Council, tmp_path: Path, quick_keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    zoe = Person("Zoe", tmp_path / "zoe")
    invited(council.ben, zoe, "open sesame")
    meet(zoe, council.ben)
    assert zoe.do("message", "list")["conversations"] == []

    council.ben.do("message", "send", "Zoe", "Welcome")
    meet(zoe, council.ben)
    assert zoe.refused("message", "list") == "passphrase-needed"
    (tmp_path / "passphrase").write_text("open sesame")
    monkeypatch.setenv("MOOTHALL_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    assert texts(zoe, "Ben") == ["Welcome"]
