"""Founding, joining, inviting, people and their profiles, as far as no network is needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from protocol.invitation import Link
from protocol.kinds.profile import Profile
from protocol.lobby import Answer
from storage.own import Draft, append
from tests.cli.people import ADDRESS, Person, invited, meet

CONTRACT = {
    "hash",
    "version",
    "values",
    "membership",
    "rules",
    "offices",
    "fees",
    "surplus",
    "disputes",
    "amendment",
}
HEX = set("0123456789abcdef")


def is_id(text: str) -> bool:
    return len(text) == 64 and set(text) <= HEX


def link(community: bytes = b"c" * 32) -> str:
    return Link(community, b"s" * 32, b"i" * 32, 0, b"z" * 32, {b"d" * 32: (ADDRESS,)}).text()


def test_founding_tells_who_one_is_and_where_the_recovery_file_lies(tmp_path: Path) -> None:
    ana = Person("Ana", tmp_path / "ana")

    made = ana.found()

    assert set(made) == {"community", "person", "device", "recovery_file"}
    assert all(is_id(made[key]) for key in ("community", "person", "device"))
    assert Path(made["recovery_file"]).is_file()
    assert made["person"] not in Path(made["recovery_file"]).name


def test_the_founder_is_a_member_of_a_community_with_a_certificate(ana: Person) -> None:
    status = ana.do("status")

    assert set(status) >= {
        "community",
        "person",
        "device",
        "name",
        "records",
        "peers",
        "height",
        "certificate",
        "digest",
        "provisional",
        "forks",
        "faults",
    }
    assert (status["name"], status["status"], status["height"]) == ("Ana", "member", 0)
    assert (status["provisional"], status["forks"], status["faults"]) == (False, [], [])
    assert status["peers"] == 0
    assert is_id(status["certificate"])
    assert is_id(status["digest"])
    person = status["person"]
    assert ana.do("member", "list") == {
        "members": [{"person": person, "name": "Ana", "status": "member", "inviter": None}]
    }


def test_one_folder_holds_one_home(ana: Person) -> None:
    before = ana.do("status")

    found = ("found", "Oak Lane", "--person", "Ana", "--no-passphrase")
    assert ana.refused(*found) == "home-exists"
    assert ana.refused("join", link(), "--person", "Ana", "--no-passphrase") == "home-exists"

    assert ana.do("status") == before


def test_a_community_starts_from_a_template_a_file_or_its_own_values(tmp_path: Path) -> None:
    ana, ben, eva = (Person(name, tmp_path / name) for name in ("Ana", "Ben", "Eva"))
    charter = ana.do("charter", "template", "makers-market")
    mine = ana.file("mine.json", json.dumps(charter | {"name": "Oak Lane", "currency": "CHF"}))
    values = [{"id": "fair", "text": "We are fair.", "rationale": "It lasts."}]
    file = ana.file("values.json", json.dumps(values))

    ana.found("--template", "makers-market", "--currency", "usd")
    ben.found("--charter", mine)
    eva.found("--values", file)

    assert ana.do("charter", "show")["currency"] == "USD"
    assert set(ana.do("charter", "show")) >= CONTRACT
    assert (ben.do("charter", "show")["name"], ben.do("charter", "show")["currency"]) == (
        "Elm Street",
        "CHF",
    )
    assert eva.do("charter", "show")["values"] == values


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("", "--person", "Ana"), "bad-charter"),
        (("a\x1b[2Jb", "--person", "Ana"), "bad-charter"),
        (("Elm Street", "--person", " "), "bad-name"),
        (("Elm Street", "--person", "A" * 101), "bad-name"),
        (("Elm Street", "--person", "Ana\nSecret: AAAA"), "bad-name"),
        (("Elm Street", "--person", "Ana", "--currency", "euro"), "bad-charter"),
        (("Elm Street", "--person", "Ana", "--template", "none"), "no-template"),
        (("Elm Street", "--person", "Ana", "--charter", "/nowhere.json"), "no-file"),
        (("Elm Street", "--person", "Ana", "--charter", "{broken}"), "bad-file"),
        (("Elm Street", "--person", "Ana", "--charter", "{list}"), "bad-charter"),
        (("Elm Street", "--person", "Ana", "--values", "{text}"), "bad-charter"),
        (("Elm Street", "--person", "Ana", "--values", "{deep}"), "bad-file"),
    ],
)
def test_what_cannot_be_founded_leaves_nothing_behind(
    tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    ana = Person("Ana", tmp_path / "ana")
    files = {
        "{broken}": ana.file("broken.json", '{"name": '),
        "{list}": ana.file("list.json", "[]"),
        "{text}": ana.file("text.json", '"fair"'),
        "{deep}": ana.file("deep.json", "[" * 100_000),
    }

    refused = ana.refused("found", *(files.get(each, each) for each in options), "--no-passphrase")

    assert refused == reason
    assert not ana.folder.exists()


def test_keys_without_a_passphrase_need_a_word_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = Person("Ana", tmp_path / "ana")
    found = ("found", "Elm Street", "--person", "Ana")

    assert ana.refused(*found) == "passphrase-needed"
    monkeypatch.setenv("MOOTHALL_PASSPHRASE_FILE", str(tmp_path / "none"))
    assert ana.refused(*found) == "no-passphrase-file"
    monkeypatch.setenv("MOOTHALL_PASSPHRASE_FILE", ana.file("empty", "\n"))
    assert ana.refused(*found) == "no-passphrase-file"
    monkeypatch.setenv("MOOTHALL_PASSPHRASE_FILE", ana.file("bytes", b"\xff\xfe"))
    assert ana.refused(*found) == "no-passphrase-file"
    assert not ana.folder.exists()


def test_sealed_keys_open_with_the_right_passphrase_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_keys: None
) -> None:
    ana = Person("Ana", tmp_path / "ana")
    monkeypatch.setenv("MOOTHALL_PASSPHRASE_FILE", ana.file("right", "drei Äpfel \n"))
    ana.do("found", "Elm Street", "--person", "Ana")
    listing = ("listing", "add", "--title", "Bread", "--mode", "give")
    assert ana.do(*listing)["listing"]["status"] == "open"

    monkeypatch.setenv("MOOTHALL_PASSPHRASE_FILE", ana.file("wrong", "drei Äpfel\n"))
    assert ana.refused(*listing) == "wrong-passphrase"
    monkeypatch.delenv("MOOTHALL_PASSPHRASE_FILE")
    assert ana.refused(*listing) == "passphrase-needed"
    file = ana.file("mug.csv", "Handle,Title,Variant Price\nmug,Mug,12.00\n")
    assert ana.refused("listing", "import", file) == "passphrase-needed"
    assert ana.do("listing", "import", file, "--dry-run")["created"] == 1

    assert ana.do("listing", "list")["total"] == 1  # reading needs no key
    assert ana.do("verify")["faults"] == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "https://example.org/join",
        "moothall:join?i=",
        "moothall:join?i=%%%",
        "moothall:join?i=hwFYIA",
        "moothall:join?i=" + "A" * 100_000,
        link()[:-1],
        link()[:40] + ("A" if link()[40] != "A" else "B") + link()[41:],
        "http://[::1/join?i=x",
    ],
)
def test_a_mistyped_link_is_noticed_before_anything_is_made(tmp_path: Path, text: str) -> None:
    ben = Person("Ben", tmp_path / "ben")

    assert ben.refused("join", text, "--person", "Ben", "--no-passphrase") == "bad-link"

    assert not ben.folder.exists()


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("used", False),
        ("foreign", False),
        ("inviter-gone", False),
        ("contested", True),
        ("unknown", True),
        ("busy", True),
    ],
)
def test_a_link_that_leads_nowhere_leaves_no_home_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str, kept: bool
) -> None:
    answer = Answer(reason, "What a stranger's node says is not shown.")
    monkeypatch.setattr("node.running.join_once", lambda home: answer)
    ben = Person("Ben", tmp_path / "ben")
    join = ("join", link(), "--person", "Ben", "--no-passphrase")

    if not kept:
        assert ben.refused(*join) == reason
        assert not ben.folder.exists()
        assert "stranger" not in ben.call(*join).err
        return
    joined = ben.do(*join)
    assert (joined["status"], joined["reason"]) == ("waiting", reason)
    assert "stranger" not in joined["message"]
    assert (joined["person"] in joined["message"]) == (reason == "contested")
    assert ben.refused(*join) == "home-exists"
    assert "nobody has let in yet" in ben.call(*join).err


def test_a_newcomer_nobody_answered_waits_and_may_write_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.running.join_once", lambda home: None)
    ben = Person("Ben", tmp_path / "ben")

    joined = ben.do("join", link(), "--person", "Ben", "--no-passphrase")

    assert set(joined) == {"community", "person", "device", "status"}
    assert joined["status"] == "waiting"
    (me,) = ben.do("member", "list")["members"]
    assert (me["person"], me["name"], me["status"]) == (joined["person"], "Ben", "waiting")
    assert ben.do("member", "show", "ben")["profile"]["name"] == "Ben"
    assert ben.do("member", "show", joined["person"][:8].upper())["status"] == "waiting"
    assert ben.refused("invite") == "not-member"
    assert ben.refused("leave", "--yes") == "not-member"
    assert ben.refused("charter", "show") == "no-charter"
    shelf = ben.add("Shelf", "--mode", "lend")
    assert shelf["status"] == "waiting"
    assert ben.refused("listing", "add", "--title", "x", "--mode", "sell", "--price", "1") == (
        "no-charter"
    )
    assert ben.do("listing", "edit", shelf["id"][:8], "--place", "Here")["listing"]["version"] == 2
    assert ben.do("listing", "list", "--mine")["total"] == 1
    assert ben.do("listing", "list")["total"] == 0
    assert ben.do("listing", "withdraw", shelf["id"])["listing"]["status"] == "withdrawn"
    assert ben.do("listing", "list", "--mine")["total"] == 0
    assert ben.do("verify")["faults"] == []


def test_nobody_is_invited_to_a_node_without_an_address(ana: Person) -> None:
    assert ana.refused("invite") == "no-address"


def test_invitations_are_links_each_for_one_person(ana: Person, tmp_path: Path) -> None:
    ben = Person("Ben", tmp_path / "ben")
    invited(ana, ben)
    meet(ana, ben)

    made = ana.do("invite", "--uses", "2", "--note", "for the neighbours")
    drawn = ana.text("invite", "--qr")

    assert len(set(made["links"])) == 2
    assert made["link"] == made["links"][0]
    assert all(each.startswith("moothall:join?i=") for each in made["links"])
    assert "█" in drawn
    assert ana.refused("invite", "--uses", "100") == "no-slot"
    statuses = {each["name"]: each["status"] for each in ana.do("member", "list")["members"]}
    assert statuses == {"Ana": "member", "Ben": "provisional"}
    assert ben.do("status")["provisional"] is True


def test_a_person_is_found_by_id_prefix_or_name(ana: Person, tmp_path: Path) -> None:
    ben = Person("Ben", tmp_path / "ben")
    invited(ana, ben)
    meet(ana, ben)
    person = ben.do("status")["person"]

    for text in (person, person[:8], person[:9].upper(), "ben", "BEN"):
        shown = ana.do("member", "show", text)
        assert (shown["person"], shown["inviter"]) == (person, ana.do("status")["person"])
    for text in ("Be", person[:7], "", "*", person + "00"):
        assert ana.refused("member", "show", text) == "no-member"
    assert ana.refused("confirm", person) == "no-contest"
    assert ana.refused("listing", "list", "--person", "Eva") == "no-member"


def test_two_of_a_name_are_told_apart_by_id(ana: Person, tmp_path: Path) -> None:
    ben = Person("ana", tmp_path / "ben")
    invited(ana, ben)
    meet(ana, ben)

    assert ana.refused("member", "show", "Ana") == "ambiguous"


def test_a_profile_keeps_what_is_not_named(ana: Person) -> None:
    ana.do("profile", "set", "--skills", "baking, bicycles", "--skills", "baking", "--place", "X")
    ana.do("profile", "set", "--about", "I **bake**.\r\nDaily.", "--place", "")

    assert ana.do("profile", "show")["profile"] == {
        "name": "Ana",
        "about": "I **bake**.\nDaily.",
        "skills": ["baking", "bicycles"],
        "interests": [],
        "needs": [],
        "place": "",
        "spot": None,
        "away_until": None,
        "away_note": "",
    }
    assert ana.do("profile", "set", "--skills", "")["profile"]["skills"] == []


def test_a_profile_says_until_when_its_owner_is_away(ana: Person) -> None:
    away = ("--away-until", "2099-12-24", "--away-note", "I answer then.")
    gone = ana.do("profile", "set", *away)["profile"]
    assert (gone["away_until"], gone["away_note"]) == ("2099-12-24T00:00:00Z", "I answer then.")
    assert "away      until 2099-12-24: I answer then." in ana.text("profile", "show")

    ana.do("profile", "set", "--place", "Bern")
    assert ana.do("profile", "show")["profile"]["away_until"] == "2099-12-24T00:00:00Z"

    back = ana.do("profile", "set", "--back")["profile"]
    assert (back["away_until"], back["away_note"]) == (None, "")


@pytest.mark.parametrize(
    ("options", "reason", "code"),
    [
        (("--away-until", "2020-12-24"), "past", 1),
        (("--away-until", "1960-01-01"), "past", 1),
        (("--away-until", "soon"), "bad-date", 1),
        (("--away-until", "2099-12-24", "--away-note", "a" * 201), "too-long", 1),
        (("--away-until", "2099-12-24", "--away-note", "a\x07"), "bad-text", 1),
        (("--away-until", "2099-12-24", "--back"), "usage", 2),
        (("--away-note", "Hello"), "usage", 2),
    ],
)
def test_being_away_wrongly_is_refused(
    ana: Person, options: tuple[str, ...], reason: str, code: int
) -> None:
    assert ana.refused("profile", "set", *options, code=code) == reason
    assert ana.do("profile", "show")["profile"]["away_until"] is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--name", ""), "no-name"),
        (("--name", "A" * 101), "too-long"),
        (("--name", "A\nB"), "bad-text"),
        (("--place", "\x1b]0;x\x07"), "bad-text"),
        (("--about", "A" * 4001), "too-long"),
        (("--about", "\x9b31m"), "bad-text"),
        (("--needs", "A" * 81), "too-long"),
        (("--needs", ",".join(map(str, range(31)))), "too-many"),
    ],
)
def test_a_profile_that_cannot_be_kept_changes_nothing(
    ana: Person, options: tuple[str, ...], reason: str
) -> None:
    before = ana.do("status")["digest"]

    assert ana.refused("profile", "set", *options) == reason

    assert ana.do("status")["digest"] == before


def test_leaving_asks_first_and_says_it_to_the_teller(ana: Person) -> None:
    assert ana.refused("leave") == "not-confirmed"

    assert ana.do("leave", "--yes")["status"] == "leaving"


def test_a_name_from_elsewhere_can_neither_steer_a_terminal_nor_fake_a_row(
    ana: Person, tmp_path: Path
) -> None:
    eva = Person("Eva", tmp_path / "eva")
    invited(ana, eva)
    with eva.home() as home:  # her program checks nothing
        profile = Profile(version=2, name="\x1b[2JEva\n00000000  Ben  member", place="\u202ex")
        append(home.store, home.unlock().device, [Draft("profile", profile.body())])
    meet(ana, eva)
    person = eva.do("status")["person"]

    listed = ana.text("member", "list")
    shown = ana.text("member", "show", person)

    assert len(listed.splitlines()) == 2
    assert "\x1b" not in listed + shown
    assert "\u202e" not in shown
    assert ana.do("member", "show", person)["name"] == profile.name
