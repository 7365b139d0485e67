"""Deciding together by the command line, from the proposal to what every node does by it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from storage import assembly as held
from tests.cli.council import Council
from tests.cli.people import Answer, Person, call, invited, meet

SHOWN = {
    "proposal",
    "kind",
    "status",
    "class",
    "method",
    "options",
    "electorate",
    "opens",
    "closes",
    "effect",
    "outcome",
}


@pytest.fixture(scope="module")
def elm_street_council(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("council"))
    council.found()
    return council


@pytest.fixture
def council(elm_street_council: Council, tmp_path: Path) -> Council:
    """Ana, the teller, Ben and Eva are members by the kitchen table's charter."""
    return elm_street_council.copy(tmp_path)


def test_three_people_decide_a_fee_and_every_node_acts_by_it(
    council: Council, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, eva = council.ana, council.ben, council.eva
    sales = ana.file("sales.csv", "price,referrer\n10.00,Ben\n20.00,\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"For the stall.\n")))
    made = ben.do("proposal", "new", "--title", "A fee of 5%", "--fee", "5%", "--text", "-")
    fee = made["proposal"]

    assert made == {"proposal": fee, "problem": None}
    draft = ben.do("proposal", "show", fee[:8])
    assert set(draft) >= SHOWN
    assert (draft["proposal"], draft["kind"], draft["text"]) == (fee, "fees", "For the stall.")
    assert (draft["status"], draft["opens"], draft["outcome"]) == ("draft", None, None)
    assert draft["effect"]["type"] == "set_fees"
    assert draft["stake"] == ["The fee of a sale is 5% of the price instead of 0%."]
    assert council.turn() == ["open"]
    listed = eva.do("proposal", "list", "--status", "open")
    assert [each["proposal"] for each in listed["proposals"]] == [fee]
    assert (listed["proposals"][0]["may_vote"], listed["proposals"][0]["voted"]) == (True, False)
    assert "your vote is wanted" in eva.text("proposal", "list")
    assert eva.do("rehearse", fee, "--sales", sales) == {
        "sales": 2,
        "currency": "EUR",
        "before": {"referrer": 0, "host": 0, "community": 0, "hardship": 0, "seller": 3000},
        "after": {"referrer": 20, "host": 0, "community": 115, "hardship": 15, "seller": 2850},
        "others": {},
    }

    cast = eva.do("vote", fee[:8], "yes", "--reason", "Tents are dear.")
    assert (cast["version"], cast["choice"], cast["needed"]) == (1, "yes", 1)
    assert (cast["receipts"], cast["safe"]) == (0, False)
    assert council.turn() == []
    assert eva.do("proposal", "show", fee)["mine"]["safe"]
    assert "held by 1 of 1 tellers: it will be counted" in eva.text("proposal", "show", fee)
    assert council.vote(fee, ben="no") == []
    assert eva.do("count", fee)["outcome"] is None
    assert council.vote(fee, ana="yes") == ["close", "effect"]

    for person in (ana, ben, eva):
        count = person.do("count", fee)
        assert (count["electorate"], count["ballots"], count["here"]) == (3, 3, 3)
        assert (count["outcome"], count["agrees"], count["status"]) == ("adopted", True, "equal")
        assert count["steps"][0].startswith("Yes: 2. No: 1.")
        assert [(row["name"], row["text"], row["reason"]) for row in count["voted"]] == [
            ("Ana", "yes", None),
            ("Ben", "no", None),
            ("Eva", "yes", "Tents are dear."),
        ]
        assert person.do("proposal", "show", fee)["status"] == "in_effect"
        charter = person.do("charter", "show")
        assert (charter["fees"]["default"]["fee_bps"], charter["version"]) == (500, 2)
        assert charter["proposal"] == fee
    assert "3 of 3 ballots here" in ben.text("count", fee)
    assert "This node's own count is equal." in ben.text("count", fee)
    rehearsed = ben.do("rehearse", fee, "--sales", sales)
    assert rehearsed["before"] == rehearsed["after"]
    history = ben.do("charter", "history")["versions"]
    assert [(v["version"], v["title"], v["changes"]) for v in history] == [
        (1, "", []),
        (2, "A fee of 5%", draft["stake"]),
    ]
    changes = ben.do("charter", "diff", "1", "2")["changes"]
    assert changes == ben.do("charter", "diff", history[0]["hash"][:8])["changes"]
    assert [(c["path"], c["before"], c["after"]) for c in changes] == [
        ("fees.default.fee_bps", 0, 500)
    ]
    assert ben.refused("charter", "diff", "1", "3") == "no-version"


def test_a_tie_for_an_office_opens_a_run_off_and_the_officer_is_shown(council: Council) -> None:
    ana, ben, eva = council.ana, council.ben, council.eva
    named = ("--office", "treasurer", "--candidate", "Ana", "--candidate", "Ben")
    office = council.propose(eva, "Our treasurer", *named, "--option", "B=Knows books")

    assert [
        (o["id"], o["name"], o["text"]) for o in ben.do("proposal", "show", office)["options"]
    ] == [
        ("B", "Ben", "Knows books"),
        ("A", "Ana", ""),
    ]
    assert council.vote(office, ana="B", ben="A,B", eva="A") == ["close", "open"]
    assert ben.do("proposal", "show", office)["round"] == "run-off"
    assert council.vote(office, ana="B", ben="B", eva="B") == ["close", "effect"]

    count = eva.do("count", office)
    assert (count["round"], count["outcome"], count["winners"]) == ("run-off", "adopted", ["B"])
    assert [(e["outcome"], sorted(e["tied"]), e["agrees"]) for e in count["earlier"]] == [
        ("tie", ["A", "B"], True)
    ]
    told = eva.text("count", office)
    assert told.index("The vote, by approval.") < told.index("The run-off, by approval.")
    assert "B  Ben: Knows books" in told
    assert ana.do("member", "show", "Ben")["offices"] == ["treasurer"]
    assert "Ben  member, treasurer" in ana.text("member", "list")
    officers = ana.do("charter", "show")["officers"]
    assert [each["name"] for each in officers["treasurer"]] == ["Ben"]
    assert [each["name"] for each in officers["teller"]] == ["Ana"]


def test_who_is_to_be_expelled_answers_but_does_not_vote(council: Council) -> None:
    ana, ben, eva = council.ana, council.ben, council.eva
    eva.add("Lamp")
    expel = council.propose(ana, "About Eva", "--expel", "Eva")

    assert eva.refused("vote", expel, "no") == "concerned"
    said = eva.do("proposal", "comment", expel, "I lent it to everybody.")
    council.gather()
    ben.do("proposal", "comment", expel, "True.\nShe did.", "--reply", said["comment"][:8])
    shown = ben.do("proposal", "show", expel)
    assert [each["text"] for each in shown["answers"]] == ["I lent it to everybody."]
    assert [each["name"] for each in shown["concerns"]] == ["Eva"]
    assert shown["electorate"] == 2
    text = ben.text("proposal", "show", expel)
    assert text.index("Eva, whom it is about") < text.index("True.")
    assert ben.refused("proposal", "erase", said["comment"], "--yes") == "no-comment"
    assert eva.do("proposal", "erase", said["comment"][:8], "--yes") == {
        "erased": [said["comment"]]
    }
    council.gather()
    assert [each["text"] for each in ben.do("proposal", "show", expel)["comments"]] == [
        "True.\nShe did."
    ]
    assert ana.do("listing", "list")["total"] == 1

    assert council.vote(expel, ana="yes", ben="yes") == ["close", "remove"]

    statuses = {m["name"]: m["status"] for m in ben.do("member", "list")["members"]}
    assert statuses == {"Ana": "member", "Ben": "member", "Eva": "removed"}
    assert ben.do("listing", "list")["total"] == 0
    assert eva.refused("vote", expel, "no") == "not-member"


def test_ballots_that_could_not_count_are_refused_when_they_are_written(council: Council) -> None:
    ben, eva = council.ben, council.eva
    asked = ("--kind", "advice", "--option", "A=Tea", "--option", "B=Soup")
    draft = ben.do("proposal", "new", "--title", "Tea or soup?", *asked)["proposal"]
    assert ben.refused("vote", draft, "A>B") == "not-open"
    assert ben.refused("count", draft) == "not-counted"
    council.turn()
    value = council.propose(eva, "Mending", "--value", "mend=We mend things.")

    for wrong in ("C", "A>A", "A>", "yes", "A,B"):
        assert ben.refused("vote", draft, wrong) == "bad-choice", wrong
    for wrong in ("yes", "consent!", ""):
        assert ben.refused("vote", value, wrong) == "bad-choice", wrong
    assert ben.refused("vote", value, "object") == "reason-needed"
    assert ben.refused("vote", "0000000000", "yes") == "no-proposal"
    assert ben.refused("vote", value[:7], "consent") == "no-proposal"
    ben.do("vote", value, "object", "--reason", "Costly.")
    assert ben.refused("vote", value, "consent") == "already-voted"
    late = council.vote(draft, ana="A>B=status-quo", ben="B", eva="A")
    assert late == ["close", "effect"]
    assert ben.refused("vote", draft, "B") == "stopped"
    assert [row["text"] for row in eva.do("count", draft)["voted"]] == [
        "A>B=status-quo",
        "B",
        "A",
    ]
    answer = eva.call("vote", value, "aside")
    assert "Ballots are open: everybody" in answer.err
    assert "Your ballot: aside" in answer.out


def test_friends_invited_during_a_vote_have_no_ballot(council: Council) -> None:
    value = council.propose(council.eva, "Mending", "--value", "mend=We mend things.")
    dan = Person("Dan", council.folder / "dan")
    invited(council.ben, dan)
    meet(dan, council.ben)
    assert dan.refused("vote", value, "consent") == "not-member"
    assert dan.refused("proposal", "new", "--title", "Mine", "--fee", "1%") == "not-member"

    assert council.turn() == ["roll"]
    meet(dan, council.ben)

    assert dan.do("status")["status"] == "member"
    assert dan.refused("vote", value, "consent") == "not-in-electorate"
    assert dan.do("proposal", "show", value)["electorate"] == 3


def test_members_vouch_for_newcomers_and_may_take_their_words_back(council: Council) -> None:
    ana, ben, eva = council.ana, council.ben, council.eva
    dan = Person("Dan", council.folder / "dan")
    invited(ben, dan)
    meet(dan, ben)
    meet(ben, eva)

    vouch = ("vouch", "Dan", "--text", "We sang together.")
    assert dan.refused(*vouch) == "not-member"
    assert eva.refused("vouch", "Ana", "--text", "x") == "already-member"
    assert eva.refused("vouch", "Eva", "--text", "x") == "own-vouch"
    assert eva.refused("vouch", "Nobody", "--text", "x") == "no-member"
    assert eva.refused("vouch", "Dan", "--text", " ") == "no-text"
    assert ben.refused(*vouch) == "own-guest"
    made = eva.do(*vouch)
    assert made["person"] == dan.do("status")["person"]
    assert eva.refused(*vouch) == "already-vouched"

    with eva.home() as home:
        (remark,) = held.comments(home.store, [bytes.fromhex(made["vouch"])])
    assert remark.text == "We sang together."
    assert eva.do("proposal", "erase", remark.record.hex(), "--yes")["erased"]
    meet(ana, eva)
    with ana.home() as home:
        assert held.comments(home.store, [bytes.fromhex(made["vouch"])]) == []
        assert len(held.motions(home.store, "vouch")) == 1


FILES: dict[str, object] = {
    "{sum}": {
        "type": "set_fees",
        "default": {
            "fee_bps": 100,
            "table": [{"role": "community", "bps": 9999, "fallback": None}],
        },
    },
    "{fund}": {
        "type": "set_fees",
        "default": {
            "table": [
                {"role": "community", "bps": 5000, "fallback": "host"},
                {"role": "host", "bps": 5000, "fallback": "community"},
            ]
        },
    },
    "{stuck}": {"type": "set_rules", "changes": {"rules": {"rules": {"open_s": 0}}}},
    "{teller}": {"type": "set_rules", "changes": {"offices": {"teller": {"seats": 0}}}},
    "{gone}": {"type": "amend_values", "retire": ["never-was"]},
    "{odd}": {"type": "abolish"},
    "{list}": [],
}


FAULTY: list[tuple[tuple[str, ...], str]] = [
    (("--effect", "{sum}"), "bad-charter"),
    (("--effect", "{fund}"), "bad-charter"),
    (("--effect", "{stuck}"), "bad-charter"),
    (("--effect", "{teller}"), "bad-charter"),
    (("--effect", "{gone}"), "bad-effect"),
    (("--effect", "{odd}"), "bad-effect"),
    (("--effect", "{list}"), "bad-effect"),
    (("--effect", "nowhere.json"), "no-file"),
    (("--effect", "{broken}"), "bad-file"),
    (("--fee", "five"), "bad-percent"),
    (("--fee", "5%", "--kind", "values"), "bad-kind"),
    (("--fee", "0%"), "bad-effect"),
    (("--fee", "5%", "--option", "A=Maybe"), "bad-effect"),
    (("--fee", "5%", "--text", "nowhere.md"), "no-file"),
    (("--fee", "5%", "--text", "{latin}"), "bad-file"),
    (("--fee", "5%", "--text", "{long}"), "too-long"),
    (("--fee", "5%", "--title", " "), "no-title"),
    (("--fee", "5%", "--title", "a" * 121), "too-long"),
    (("--expel", "Nobody"), "no-member"),
    (("--expel", "Ana"), "stale"),
    (("--office", "teller", "--candidate", "Ana", "--candidate", "Ana"), "bad-effect"),
    (("--pick", "0123456789"), "no-listing"),
    (("--spend", "3,50"), "ambiguous-price"),
    (("--kind", "advice"), "bad-effect"),
    (("--kind", "advice", "--option", "status-quo=Nothing"), "bad-option"),
    (("--kind", "advice", "--option", "A=Tea", "--option", "A=Soup"), "bad-option"),
]


def test_what_could_not_be_put_to_the_vote_is_refused_and_nothing_is_written(
    council: Council,
) -> None:
    ben = council.ben
    files = {key: ben.file(f"{key[1:-1]}.json", json.dumps(FILES[key])) for key in FILES}
    files["{broken}"] = ben.file("broken.json", '{"type": ')
    files["{latin}"] = ben.file("latin.md", "Für".encode("latin-1"))
    files["{long}"] = ben.file("long.md", "a" * 8001)
    before = ben.do("status")["records"]

    for options, reason in FAULTY:
        title = () if "--title" in options else ("--title", "Something")
        given = [files.get(each, each) for each in options]
        assert ben.refused("proposal", "new", *title, *given) == reason, options

    assert ben.do("status")["records"] == before


def test_an_effect_is_said_in_exactly_one_way(ana: Person) -> None:
    for options in (
        (),
        ("--fee", "5%", "--expel", "Eva"),
        ("--candidate", "Eva"),
        ("--to", "Eva"),
        ("--value", "mend"),
        ("--kind", "advice", "--option", "Tea"),
    ):
        said = ana.refused("proposal", "new", "--title", "Something", *options, code=2)
        assert said == "usage", options


def test_the_short_forms_say_what_a_file_would(council: Council) -> None:
    ben = council.ben
    bread = ben.add("Bread")["id"]
    eva = ben.do("member", "show", "Eva")["person"]
    picks = ("--pick", bread[:8])
    wanted: list[tuple[tuple[str, ...], dict[str, Any]]] = [
        (("--value", "say-it=We say it all.", "--value", "a=New."), {"type": "amend_values"}),
        (("--spend", "12.50", "--to", "Eva"), {"amount": 1250, "to": eva, "purpose": "Short"}),
        (picks, {"title": "Short", "count": 1, "listings": {"A": bread}}),
        (("--kind", "advice", "--option", "A=Tea"), {"type": "advice"}),
    ]

    for options, expected in wanted:
        made = ben.do("proposal", "new", "--title", "Short", *options)
        effect = ben.do("proposal", "show", made["proposal"])["effect"]
        assert {key: effect[key] for key in expected} == expected
        if effect["type"] == "amend_values":
            assert [each["text"] for each in effect["amend"]] == ["We say it all."]
            assert [each["id"] for each in effect["add"]] == ["a"]


def test_only_its_author_takes_a_proposal_back_and_only_before_the_vote(council: Council) -> None:
    ben, eva = council.ben, council.eva
    draft = ben.do("proposal", "new", "--title", "Early", "--fee", "1%")["proposal"]

    assert ben.do("proposal", "withdraw", draft)["status"] == "withdrawn"
    assert ben.do("proposal", "withdraw", draft)["status"] == "withdrawn"
    assert council.turn() == []
    assert eva.refused("proposal", "withdraw", draft) == "not-yours"
    begun = council.propose(ben, "Begun", "--fee", "2%")
    assert ben.refused("proposal", "withdraw", begun) == "too-late"
    assert eva.refused("proposal", "challenge", begun) == "not-challengeable"
    assert eva.refused("proposal", "appeal", begun) == "no-appeal"
    assert eva.refused("proposal", "comment", begun, "  ") == "no-text"
    assert eva.refused("proposal", "comment", begun, "Yes", "--reply", draft) == "no-comment"
    listed = eva.do("proposal", "list")
    assert [(each["title"], each["status"]) for each in listed["proposals"]] == [
        ("Early", "withdrawn"),
        ("Begun", "open"),
    ]
    assert eva.do("proposal", "list", "--limit", "1")["total"] == 2


def test_rehearsing_needs_fees_and_sales(council: Council) -> None:
    ben = council.ben
    fee = council.propose(ben, "Fee", "--fee", "5%")
    value = ben.do("proposal", "new", "--title", "V", "--value", "a=We are fair.")["proposal"]
    broken = ben.file("broken.csv", "price,currency\n1.234,EUR\n,EUR\n5.00,???\n1.00,EUR\n,\n")

    assert ben.refused("rehearse", fee) == "no-sales"
    assert ben.refused("rehearse", fee, "--sales", ben.file("none.csv", "price\n")) == "no-sales"
    assert ben.refused("rehearse", fee, "--sales", "nowhere.csv") == "no-file"
    assert ben.refused("rehearse", fee, "--sales", broken) == "bad-sales"
    assert "Line 2, price:" in ben.call("rehearse", fee, "--sales", broken).err
    assert ben.refused("rehearse", value) == "no-fees"
    table = ben.text("rehearse", fee, "--sales", ben.file("s.csv", "price,currency\n100,\n1,CHF\n"))
    assert table.splitlines()[0] == "1 sale in EUR"
    assert "seller     100.00  95.00   -5.00" in table
    assert "Left out: 1 sale in CHF." in table


def completed(folder: Path, words: str) -> Answer:
    import os

    os.environ.update(COMP_WORDS=words, COMP_CWORD=str(len(words.split()) - 1))
    os.environ["_MOOTHALL_COMPLETE"] = "bash_complete"
    return call("--home", str(folder))


def test_the_shell_completes_the_ids_of_proposals(
    council: Council, monkeypatch: pytest.MonkeyPatch
) -> None:
    ben = council.ben
    fee = ben.do("proposal", "new", "--title", "Fee", "--fee", "5%")["proposal"]
    for name in ("COMP_WORDS", "COMP_CWORD", "_MOOTHALL_COMPLETE"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("MOOTHALL_HOME", str(ben.folder))

    found = completed(ben.folder, f"moothall vote {fee[:2]}")

    assert found.out == f"plain,{fee[:8]}\n"
